"""The columns of the fleet, and what each says of a row (`fleet_rows`)."""

from __future__ import annotations

from functools import partial
from typing import Final

from cwconsole.core.counted import counted
from cwconsole.core.health import Health
from cwconsole.tui.render.bars import bar, count, spark
from cwconsole.tui.render.cells import Cell, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.fleet_rows import FleetRow
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.states import health_cell, state_now
from cwconsole.tui.render.times import ago, short, span, until
from cwconsole.tui.turns import Turn

BAR_CELLS: Final = 6


def _health(row: FleetRow, look: Look) -> Cell:
    """The word, and an arrow if it has become that within the last hour."""
    cell, turn = health_cell(row.state, look.glyphs), _told(row, look)
    return cell if turn is None else Cell(f"{cell.text:<9} {getattr(look.glyphs, turn.way.value)}", cell.tone)


def _turned(row: FleetRow, look: Look) -> Cell:
    turn = _told(row, look)
    return Cell("" if turn is None else ago(turn.at_ms, look.now_ms), health_cell(row.state, look.glyphs).tone)


def _told(row: FleetRow, look: Look) -> Turn | None:
    return row.turn if row.turn is not None and row.turn.is_told(look.now_ms) else None


def _instance(row: FleetRow, look: Look) -> Cell:
    if row.folded is not None:
        sign = look.glyphs.folded if row.folded else look.glyphs.unfolded
        return instance_cell(row.instance, production=row.production, before=f"{sign} ", tone=Tone.STRONG)
    if row.indent:
        return instance_cell(row.instance, production=row.production, before="  ", tone=Tone.MUTED)
    return instance_cell(row.instance, production=row.production)


def _resource(row: FleetRow, _: Look) -> Cell:
    if row.bare:
        return Cell("no resources", Tone.WARN)
    return Cell(plain(row.resource)) if row.resource else Cell(counted(row.size, "resource"), Tone.MUTED)


def _lag(row: FleetRow, look: Look) -> Cell:
    if row.lag is None:
        return Cell(look.glyphs.none, Tone.MUTED)
    text = short(row.lag) if row.lag >= 60 else "<1m"
    return Cell(text, Tone.WARN if row.state is Health.LATE else Tone.PLAIN)


def _lag_bar(row: FleetRow, look: Look) -> Cell:
    """Full: two intervals behind, about where it counts as late."""
    if row.lag is None:
        return Cell("")
    minutes = row.lag // 60 * 60  # no finer than what the column beside it says, so that it moves as seldom
    tone = Tone.WARN if row.state is Health.LATE else Tone.MUTED
    return Cell(bar(minutes / (2 * row.interval), BAR_CELLS, look.glyphs), tone)


def _last(row: FleetRow, look: Look) -> Cell:
    if row.bare:
        return Cell("E adds one", Tone.MUTED)
    if row.asking is not None:  # no poll answers it, so it stands before the last one's outcome
        return Cell(f"{look.glyphs.question} {count(row.asking)} gone", Tone.WARN)
    if row.last is None:
        return Cell("")
    cell = state_now(row.last.outcome, look)
    if row.last.finished_ms is None or row.last.outcome != "ok":
        return cell
    return Cell(f"ok {span((row.last.finished_ms - row.last.started_ms) / 1000)}", Tone.MUTED)


def _next(row: FleetRow, look: Look) -> Cell:
    if row.state in {Health.PAUSED, Health.OFF}:
        return Cell(look.glyphs.none, Tone.MUTED)
    return Cell(until(row.next_poll_ms, look.now_ms, none=look.glyphs.none))


def _events(row: FleetRow, _: Look) -> Cell:
    return Cell(count(row.events), Tone.PLAIN if row.events else Tone.MUTED)


def _number(number: int, tone: Tone) -> Cell:
    return Cell(count(number) if number else "", tone)


def _kinds(row: FleetRow, look: Look) -> list[tuple[str, Tone]]:
    """What of its deliveries wants attention, most of all first."""
    waiting: list[tuple[str, Tone]] = []
    if row.dead:
        waiting.append((f"{look.glyphs.bad} {count(row.dead)} dead", Tone.BAD))
    if row.held:
        number = f" {count(row.behind_hold)}" if row.behind_hold else ""
        waiting.append((f"{look.glyphs.held} held{number}", Tone.WARN))
    if row.retrying:
        waiting.append((f"{look.glyphs.warn} {count(row.retrying)} retry", Tone.WARN))
    if row.pending:
        waiting.append((f"{count(row.pending)} pending", Tone.MUTED))
    return waiting


def _open(at: int, row: FleetRow, look: Look) -> Cell:
    """One of these kinds, in few cells; a sign behind it says that there is more."""
    waiting = _kinds(row, look)
    if at >= len(waiting):
        return Cell("")
    text, tone = waiting[at]
    return Cell(text + (look.glyphs.cut if len(waiting) > at + 1 else ""), tone)


def _hours(cells: int, row: FleetRow, look: Look) -> Cell:
    """Its events in each of the last hours."""
    return Cell(spark(row.hours, cells, look.glyphs), Tone.BUSY)


def _waiting(name: str, tone: Tone, row: FleetRow, _: Look) -> Cell:
    return _number(getattr(row, name), tone)


def _why(row: FleetRow, _: Look) -> Cell:
    return Cell(plain(row.error or ""), Tone.MUTED)


FLEET_COLUMNS: Final[tuple[Column[FleetRow], ...]] = (
    Column(id="health", title="Health", cells=11, draw=_health, sort=True),
    Column(id="turned", title="Ago", cells=3, draw=_turned, from_width=81),
    Column(id="instance", title="Instance", cells=11, grows=2, draw=_instance, sort=True),
    Column(id="resource", title="Resource", cells=13, grows=2, draw=_resource, sort=True),
    Column(id="lag", title="Lag", cells=5, draw=_lag, align=Align.RIGHT, sort=True),
    Column(id="behind", title="", cells=BAR_CELLS, draw=_lag_bar, from_width=100),
    Column(id="last", title="Last poll", cells=10, draw=_last),
    Column(id="next", title="Next", cells=4, draw=_next, align=Align.RIGHT, sort=True, from_width=72),
    Column(id="events", title="24h", cells=4, draw=_events, align=Align.RIGHT, sort=True, from_width=77),
    Column(id="open", title="Deliveries", cells=12, grows=1, draw=partial(_open, 0), from_width=67),
    Column(id="more", title="", cells=12, draw=partial(_open, 1), from_width=126, to_width=159),
    *(Column(id=name, title=title, cells=5, align=Align.RIGHT, from_width=160, draw=partial(_waiting, name, tone))
      for name, title, tone in (("pending", "Pend", Tone.MUTED), ("retrying", "Retry", Tone.WARN),
                                ("dead", "Dead", Tone.BAD), ("behind_hold", "Held", Tone.WARN))),
    Column(id="created", title="New", cells=4, align=Align.RIGHT, from_width=150,
           draw=lambda row, _: _number(row.created, Tone.GOOD)),
    Column(id="updated", title="Upd", cells=4, align=Align.RIGHT, from_width=150,
           draw=lambda row, _: _number(row.updated, Tone.BUSY)),
    Column(id="deleted", title="Del", cells=4, align=Align.RIGHT, from_width=150,
           draw=lambda row, _: _number(row.deleted, Tone.WARN)),
    Column(id="hours", title="By hour", cells=12, from_width=112, to_width=125, draw=partial(_hours, 12)),
    Column(id="hours", title="Events by hour", cells=24, from_width=126, draw=partial(_hours, 24)),
    Column(id="why", title="Why", cells=10, grows=6, from_width=150, draw=_why),
)  # fmt: skip
