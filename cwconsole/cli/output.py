"""What commands print: tables and facts for people, one JSON document with `--json`.

What is said beside it goes to stderr: lines for people, with `--json` one object a line.

JSON has names without units: `seen_ms` becomes `seen`, an ISO time in UTC; so do the times on ConnectWise's clock.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import click

from cwconsole.cli import text
from cwconsole.cli.invocation import Invocation
from cwconsole.core.moments import iso

PLAIN = frozenset({str, int, float, bool, type(None)})
# Beyond what JSON escapes itself: DEL and C1, and what breaks lines or turns the reading direction around.
_STEERS = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SERVER_TIMES = frozenset({"watermark", "window_from", "server_time", "record_date", "server_now"})


def as_json(value: object) -> Any:
    """Dataclasses, lists and scalars as plain values for JSON."""
    if type(value) in PLAIN:  # nearly always
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return dict(_member(field.name, getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.value if isinstance(value, Enum) else value


def _member(name: str, value: object) -> tuple[str, Any]:
    if name.endswith("_ms") and name != "duration_ms":
        return name.removesuffix("_ms"), None if value is None else iso(int(str(value)))
    if name in SERVER_TIMES:
        return name, None if value is None else server_iso(int(str(value)))
    return name, as_json(value)


def server_iso(seconds: int) -> str:
    """A time on ConnectWise's clock, as ConnectWise writes it: `2026-09-01T08:00:00Z`."""
    return iso(seconds * 1000).replace(".000Z", "Z")


def print_json(value: object) -> None:
    """One JSON document."""
    click.echo(_json_text(value, indent=2))


def print_json_line(value: object, *, to_stderr: bool = False) -> None:
    """One JSON value on a line of its own, for whoever reads line by line."""
    click.echo(_json_text(value, indent=None), err=to_stderr)


def _json_text(value: object, *, indent: int | None) -> str:
    """Half characters in remote text become escapes, which JSON knows as well, and so does what steers a terminal."""
    document = json.dumps(as_json(value), ensure_ascii=False, indent=indent)
    document = _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
    return document.encode("utf-8", "backslashreplace").decode()


def print_line(line: str) -> None:
    """One line for people. Remote text in it must be harmless already, or is made so here."""
    click.echo(text.harmless(line))


def print_block(lines: str) -> None:
    """Several lines for people."""
    click.echo(text.harmless_lines(lines))


def say(line: str) -> None:
    """A word beside the data, on stderr."""
    context = click.get_current_context(silent=True)
    invocation = None if context is None else context.find_object(Invocation)
    if invocation is not None and invocation.as_json:
        print_json_line({"note": line}, to_stderr=True)
    else:
        click.echo(text.harmless(line), err=True)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """A table that fits the terminal, or whole if the output goes elsewhere; `empty` on stderr if there are no rows."""
    if not rows:
        say(empty)
        return
    click.echo(text.table(head, rows, columns=terminal_columns()))


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Names and values, one a line, values aligned."""
    room = max(len(name) for name, _ in facts)
    for name, value in facts:
        click.echo(f"{name:<{room}}  {text.harmless(value)}")


def terminal_columns() -> int | None:
    """The terminal's width; None if the output is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
