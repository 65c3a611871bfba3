"""The header: what the whole fleet does, in one line that says a word only when somebody should act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from msgspec import Struct

from cwconsole.core.health import Health
from cwconsole.store.status import StatusRow
from cwconsole.tui.engine_state import EngineState, EngineWhere
from cwconsole.tui.render.bars import count
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.plain import fit, plain, shorten, width
from cwconsole.tui.render.states import health_cell, severity


class Verdict(Struct, frozen=True, kw_only=True):
    """Counts of resources by health, and of deliveries by what a list shows them as. held: those behind a hold.

    Whatever asks is counted as asking, also where a graver word stands for it.
    """

    health: tuple[tuple[Health, int], ...] = ()
    pending: int = 0
    sending: int = 0
    retrying: int = 0
    dead: int = 0
    held: int = 0


def verdict_of(rows: Collection[StatusRow]) -> Verdict:
    """The fleet, counted; worst first."""
    counted = Counter(row.state for row in rows)
    counted[Health.ASKING] = sum(row.asking is not None for row in rows)
    waiting = [row.standings for row in rows if row.pending or row.sending or row.retrying]  # few have any
    return Verdict(
        health=tuple(sorted((+counted).items(), key=lambda one: severity(one[0]))),
        pending=sum(one["pending"] for one in waiting),
        sending=sum(one["sending"] for one in waiting),
        retrying=sum(one["retrying"] for one in waiting),
        dead=sum(row.dead for row in rows),
        held=sum(one["held"] for one in waiting),
    )


class Heading(Struct, frozen=True, kw_only=True):
    """What the header says. utc, local: to the minute. local_zone: its name, empty if it is UTC too.

    production: whether what is in view belongs to an instance that is tagged so. stale: the verdict is an old one.
    small: how large the terminal is, if that is too small for what screens and dialogs show; else empty.
    """

    host: str
    engine: EngineState
    verdict: Verdict | None
    utc: str
    local: str
    local_zone: str
    read_only: bool = False
    frozen: bool = False
    production: bool = False
    stale: bool = False
    small: str = ""


LEAST: Final = (60, 20)  # columns and lines that screens and dialogs need
_ENGINE_TONES: Final = {EngineWhere.NONE: Tone.WARN, EngineWhere.FAILED: Tone.BAD, EngineWhere.STARTING: Tone.BUSY}
_WEIGHTS: Final = {Health.LATE: 6, Health.UNSENT: 6, Health.HELD: 6, Health.FRESH: 3}
_MENDED_BY_SOMEBODY: Final = (Health.PARKED, Health.FAILING, Health.ASKING)


def heading_line(heading: Heading, cells: int, glyphs: Glyphs) -> Line:
    """The header in exactly so many cells. What says least is left out first when it does not fit; a sign says so."""
    if heading.small:
        return (Cell(fit(f" {heading.small} is too small: {LEAST[0]}x{LEAST[1]}", cells, cut=glyphs.cut), Tone.WARN),)
    verdict, tone = _verdict_cells(heading.verdict, heading.engine.runs, glyphs), _engine_tone(heading.engine)
    left = [
        (9, Cell(" cwconsole", Tone.STRONG)),
        (2, Cell(f" {shorten(plain(heading.host), 20, cut=glyphs.cut)}", Tone.MUTED)),
        (9 if tone is Tone.BAD else 8 if tone else 5, Cell(f"  {heading.engine.words}", tone or Tone.PLAIN)),
        *([(9, Cell("  ")), (9, Cell(" PROD ", Tone.PROD_SIGN))] if heading.production else []),
        *([(9, Cell("  READ-ONLY", Tone.STRONG))] if heading.read_only else []),
        *([(9, Cell("  FROZEN", Tone.WARN))] if heading.frozen else []),
        *([(9, Cell("  STALE", Tone.WARN))] if heading.stale else []),
        *verdict,
    ]
    local = f" {heading.local}{f' {heading.local_zone}' if heading.local_zone else ''}"
    right = [(8, Cell(f"{heading.utc} UTC", Tone.PLAIN)), *([(3, Cell(local, Tone.MUTED))] if local.strip() else [])]
    cut = (9, Cell(f" {glyphs.cut}", Tone.MUTED))
    while (left or right) and _room(left, right, cells) < 1:
        weakest = min((*left, *right), key=lambda one: one[0])
        (left if weakest in left else right).remove(weakest)
        if weakest in verdict and cut not in left:
            left.append(cut)
    space = Cell(" " * max(_room(left, right, cells), 0))
    return (*(cell for _, cell in left), space, *(cell for _, cell in right), Cell(" "))


def _engine_tone(engine: EngineState) -> Tone | None:
    return Tone.BAD if engine.hindrance is not None else _ENGINE_TONES.get(engine.where)


def _room(left: list[tuple[int, Cell]], right: list[tuple[int, Cell]], cells: int) -> int:
    return cells - 1 - sum(width(cell.text) for _, cell in (*left, *right))


def _verdict_cells(verdict: Verdict | None, engine_runs: bool, glyphs: Glyphs) -> list[tuple[int, Cell]]:
    if verdict is None:
        return []
    cells = []
    for state, number in verdict.health:
        look = health_cell(state, glyphs)
        sign, word = look.text.split(" ")
        weight = 8 if state in _MENDED_BY_SOMEBODY else _WEIGHTS.get(state, 4)
        tone = Tone.PLAIN if state is Health.FRESH else look.tone
        cells.append((weight, Cell(f"  {sign} {count(number)} {word}", tone)))
    for number, word, tone, weight in (
        (verdict.dead, "dead", Tone.BAD, 7),
        (verdict.retrying, "retrying", Tone.PLAIN, 6),
        (verdict.pending, "pending", Tone.MUTED, 1),
        (verdict.sending, "sending", Tone.MUTED, 1) if engine_runs else (verdict.sending, "cut off", Tone.WARN, 6),
        (verdict.held, "held", Tone.WARN, 6),
    ):
        if number and not (word == "held" and Health.HELD in dict(verdict.health)):
            cells.append((weight, Cell(f"  {count(number)} {word}", tone)))
    return cells
