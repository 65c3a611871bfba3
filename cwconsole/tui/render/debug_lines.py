"""What a console runs on, as lines to read, which are the lines that are copied too."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cwconsole.core.counted import counted
from cwconsole.store.file_facts import FileFacts
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.plain import plain
from cwconsole.tui.surroundings import Surroundings

NAMES_WIDTH = 23


class Screen(Struct, frozen=True, kw_only=True):
    """What is known of the terminal by now. versions: names and versions. warnings: of the start."""

    versions: Sequence[tuple[str, str]]
    terminal: Sequence[tuple[str, str]]
    warnings: Sequence[str] = ()


def debug_lines(around: Surroundings, screen: Screen, file: FileFacts, database: str) -> list[Line]:
    """Group by group: a title, and its facts."""
    stored = (
        ("path", database),
        ("schema", file.schema),
        ("size", f"{file.size:,} bytes, journal {file.journal}"),
        ("holds", f"{counted(file.instances, 'instance')}, {counted(file.resources, 'resource')}"),
    )
    groups = (
        ("Versions", (*screen.versions, ("SQLite", file.sqlite))),
        ("Settings, and where each is from", around.settings),
        ("Database", stored),
        ("Files", around.files),
        ("Terminal", screen.terminal),
        ("Environment", around.variables()),
    )
    return [*_warned(screen.warnings), *(line for title, named in groups if named for line in _group(title, named))]


def _warned(warnings: Sequence[str]) -> list[Line]:
    """First, for they are why somebody looks."""
    if not warnings:
        return []
    return [
        (Cell("Warnings of the start", Tone.STRONG),),
        *((Cell(f"  {plain(warning)}", Tone.WARN),) for warning in warnings),
        (),
    ]


def _group(title: str, named: Sequence[tuple[str, str]]) -> list[Line]:
    shown = facts(*((f"  {name}", plain(value)) for name, value in named), cells=NAMES_WIDTH)
    return [(Cell(title, Tone.STRONG),), *shown, ()]
