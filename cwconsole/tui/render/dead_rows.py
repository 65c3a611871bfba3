"""Groups of dead letters as rows."""

from __future__ import annotations

from typing import Final

from cwconsole.core.counted import counted
from cwconsole.store.dead_letters import DeadGroup, DeadLetters
from cwconsole.tui.render.cells import Cell, Tone
from cwconsole.tui.render.columns import Column
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.times import ago


def _instances(row: DeadGroup) -> Cell:
    more = f" +{row.instances - 1}" if row.instances > 1 else ""
    return instance_cell(row.instance, production=row.production, after=more)


DEAD_COLUMNS: Final[tuple[Column[DeadGroup], ...]] = (
    Column(id="count", sort=True, title="Dead", cells=7, align=Align.RIGHT,
           draw=lambda row, _: Cell(f"{row.count:,}", Tone.BAD)),
    Column(id="error", sort=True, title="Error", cells=15,
           draw=lambda row, look: Cell(plain(row.error) if row.error else look.glyphs.none, Tone.STRONG)),
    Column(id="url", sort=True, title="Callback URL", cells=22, grows=4, draw=lambda row, _: Cell(plain(row.url))),
    Column(id="instance", sort=True, title="Instance", cells=12, grows=1, draw=lambda row, _: _instances(row)),
    Column(id="first", sort=True, title="First", cells=5, align=Align.RIGHT,
           draw=lambda row, look: Cell(ago(row.first_ms, look.now_ms, none=look.glyphs.none), Tone.MUTED)),
    Column(id="last", sort=True, title="Last", cells=5, align=Align.RIGHT,
           draw=lambda row, look: Cell(ago(row.last_ms, look.now_ms, none=look.glyphs.none))),
)  # fmt: skip


def badge(letters: DeadLetters) -> str:
    """How many there are, and how many of them are in the groups."""
    if letters.counted < letters.total:
        return f"the newest {letters.counted:,} of {letters.total:,} dead letters"
    return counted(letters.counted, "dead letter")
