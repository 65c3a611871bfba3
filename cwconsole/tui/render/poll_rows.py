"""Polls as rows, and one poll in full."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from cwconsole.core.counted import counted
from cwconsole.core.meanings import MEANINGS
from cwconsole.store.poll_list import PollRow, sweep_found
from cwconsole.tui.render.bars import count
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.states import state_now
from cwconsole.tui.render.times import ago, both, compact, span


def took(row: PollRow) -> float | None:
    """Its duration in seconds, None while it runs."""
    return None if row.finished_ms is None else (row.finished_ms - row.started_ms) / 1000


def _took(row: PollRow, look: Look) -> Cell:
    seconds = took(row)
    return Cell(look.glyphs.none if seconds is None else span(seconds))


def _news(row: PollRow, look: Look) -> Cell:
    """Created, updated, deleted."""
    if not (row.created or row.updated or row.deleted):
        return Cell(look.glyphs.off, Tone.MUTED)
    return Cell(f"{count(row.created)}/{count(row.updated)}/{count(row.deleted)}", Tone.STRONG)


def _window(row: PollRow, look: Look) -> Cell:
    """From where to where it read, on ConnectWise's clock."""
    if row.server_time is None:
        return Cell("")
    start = "beginning" if row.window_from is None else compact(row.window_from * 1000, look.now_ms)
    return Cell(f"{start} {look.glyphs.to} {compact(row.server_time * 1000, look.now_ms)}", Tone.MUTED)


POLL_COLUMNS: Final[tuple[Column[PollRow], ...]] = (
    Column(id="age", title="Age", cells=4, align=Align.RIGHT,
           draw=lambda row, look: Cell(ago(row.started_ms, look.now_ms))),
    Column(id="outcome", title="Outcome", cells=13, draw=lambda row, look: state_now(row.outcome, look)),
    Column(id="instance", title="Instance", cells=10, grows=2,
           draw=lambda row, _: instance_cell(row.instance, production=row.production)),
    Column(id="resource", title="Resource", cells=10, grows=2, draw=lambda row, _: Cell(plain(row.resource))),
    Column(id="kind", title="Type", cells=10, draw=lambda row, _: Cell(row.kind, Tone.MUTED)),
    Column(id="records", sort=True, title="Read", cells=5, align=Align.RIGHT,
           draw=lambda row, _: Cell(count(row.records))),
    Column(id="changes", sort=True, title="C/U/D", cells=10, align=Align.RIGHT, draw=_news),
    Column(id="duration", sort=True, title="Took", cells=6, align=Align.RIGHT, draw=_took),
    Column(id="pages", title="Pages", cells=5, align=Align.RIGHT, from_width=86,
           draw=lambda row, _: Cell(count(row.pages))),
    Column(id="trigger", title="Trigger", cells=8, from_width=96, draw=lambda row, _: Cell(row.trigger, Tone.MUTED)),
    Column(id="window", title="Window (server's clock, UTC)", cells=25, from_width=116, draw=_window),
    Column(id="error", title="Error", cells=16, grows=4, from_width=150,
           draw=lambda row, _: Cell(plain(row.trouble), Tone.WARN)),
)  # fmt: skip


def fact_lines(row: PollRow, look: Look, zone: tzinfo = UTC) -> list[Line]:
    """The poll itself. zone: its instance's."""
    by = f" of action {row.action_id}" if row.action_id is not None else ""
    seconds = took(row)
    unended = "it still runs" if look.engine_runs else "its end was not written"
    ended = unended if seconds is None else f"took {span(seconds)}"
    return facts(
        ("poll", f"{row.id}, {row.kind}, by {row.trigger}{by}"),
        ("of", instance_cell(row.instance, production=row.production), f"/{plain(row.resource)}"),
        ("outcome", state_now(row.outcome, look)),
        ("started", f"{both(row.started_ms, zone)}  ({ago(row.started_ms, look.now_ms)} ago), {ended}"),
    )


def detail_lines(row: PollRow, zone: tzinfo = UTC) -> list[Line]:
    """What it read and found, and what its outcome means. zone: its instance's."""
    swept = row.kind == "sweep"
    asked = facts(("compared", "all ids with what is known")) if swept else _window_lines(row, zone)
    read = counted(row.records, "id" if swept else "record")
    lines = [
        *asked,
        *facts(
            ("pages", f"{row.pages:,}, with {read}, {counted(row.bytes, 'byte')}"),
            ("events", f"{row.created:,} created, {row.updated:,} updated, {row.deleted:,} deleted"),
            ("learned", f"{counted(row.learned, 'record')} without an event: versions that the start leaves out"),
        ),
    ]
    if row.trouble:
        code = f"{plain(row.error_code)}: " if row.error_code else ""
        lines += [(), (Cell(code, Tone.KEY), Cell(plain(row.trouble), Tone.BAD))]
    return [*lines, (), (Cell(_meaning(row), Tone.MUTED),)]


def _window_lines(row: PollRow, zone: tzinfo) -> list[Line]:
    start = "from the beginning" if row.window_from is None else f"from {both(row.window_from * 1000, zone)}"
    end = f"to   {both(row.server_time * 1000, zone)}" if row.server_time is not None else "there was no answer"
    return facts(("window", start), ("", end), ("", Cell("on the server's clock", Tone.MUTED)))


def _meaning(row: PollRow) -> str:
    if row.kind == "sweep" and row.outcome == "ok":
        return sweep_found(row)
    meaning = MEANINGS["poll"][row.outcome]
    return f"{meaning[0].upper()}{meaning[1:]}."
