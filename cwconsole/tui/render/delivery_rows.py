"""Deliveries as rows, one delivery in full, and the callback URLs that get nothing now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from cwconsole.core.counted import counted
from cwconsole.core.delivery import OPEN
from cwconsole.store.callback_list import CallbackRow
from cwconsole.store.delivery_list import AttemptRow, DeliveryDetail, DeliveryRow
from cwconsole.tui.render.bars import count
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.json_lines import json_lines
from cwconsole.tui.render.plain import Align, plain, shorten, width
from cwconsole.tui.render.states import state_now, type_cell
from cwconsole.tui.render.times import ago, both, second, span, until


def _next(row: DeliveryRow, look: Look) -> Cell:
    """When it is tried next: what is held has no time, nor what `waits` for an earlier event of its object."""
    if row.state not in OPEN or row.state == "sending" or row.held:
        return Cell("")
    return Cell("waits", Tone.MUTED) if row.due_ms is None else Cell(until(row.due_ms, look.now_ms))


def _answer(row: DeliveryRow, look: Look) -> Cell:
    if row.status is None and row.error_code is None:
        return Cell(look.glyphs.none if row.attempts else "", Tone.MUTED)
    return Cell(plain(str(row.status or row.error_code)), Tone.PLAIN if row.error_code is None else Tone.BAD)


DELIVERY_COLUMNS: Final[tuple[Column[DeliveryRow], ...]] = (
    Column(id="age", title="Age", cells=4, align=Align.RIGHT,
           draw=lambda row, look: Cell(ago(row.created_ms, look.now_ms))),
    Column(id="state", title="State", cells=11, draw=lambda row, look: state_now(row.standing, look)),
    Column(id="instance", title="Instance", cells=10, grows=2,
           draw=lambda row, _: instance_cell(row.instance, production=row.production)),
    Column(id="resource", title="Resource", cells=10, grows=2, draw=lambda row, _: Cell(plain(row.resource))),
    Column(id="object", title="Object", cells=8, align=Align.RIGHT, draw=lambda row, _: Cell(str(row.object_id))),
    Column(id="type", title="Type", cells=7, draw=lambda row, _: type_cell(row.type)),
    Column(id="attempts", sort=True, title="Try", cells=4, align=Align.RIGHT,
           draw=lambda row, _: Cell(str(row.attempts or ""))),
    Column(id="next", sort=True, title="Next", cells=5, align=Align.RIGHT, draw=_next),
    Column(id="answer", title="Answer", cells=8, grows=1, draw=_answer),
    Column(id="replay", title="", cells=6, from_width=86,
           draw=lambda row, _: Cell("replay" if row.replay else "", Tone.MUTED)),
    Column(id="delivery", title="Delivery", cells=9, align=Align.RIGHT, from_width=96,
           draw=lambda row, _: Cell(str(row.id), Tone.MUTED)),
    Column(id="url", title="Callback URL", cells=20, grows=4, from_width=114,
           draw=lambda row, _: Cell(plain(row.url), Tone.MUTED)),
)  # fmt: skip


def state_tabs(states: Sequence[str], numbers: Sequence[int | None], chosen: int, cells: int, glyphs: Glyphs) -> Line:
    """The states with their numbers, the chosen one in brackets; closer together where they would not fit else."""
    texts = [
        f"{state or 'all'}{'' if number is None else f' {count(number)}'}"
        for state, number in zip(states, numbers, strict=True)
    ]
    tones = [
        Tone.STRONG if at == chosen else Tone.BAD if state == "dead" and numbers[at] else Tone.MUTED
        for at, state in enumerate(states)
    ]
    beside, gap = (" ", "") if 1 + sum(width(text) + 2 for text in texts) <= cells else ("", " ")
    tabs = [f"[{text}]" if at == chosen else f"{beside}{text}{beside}" for at, text in enumerate(texts)]
    margin = " " if 1 + width(gap.join(tabs)) <= cells else ""
    line, left = [], cells
    for before, tab, tone in zip((margin, *[gap] * (len(tabs) - 1)), tabs, tones, strict=True):
        line.append(Cell(shorten(f"{before}{tab}", left, cut=glyphs.cut), tone))
        left -= width(line[-1].text)
    return (*line, Cell(" " * left))


# --- callback URLs --------------------------------------------------------------------------------------------------


_TROUBLED: Final = 3  # so many are named, the rest is counted


def trouble_lines(rows: Sequence[CallbackRow], glyphs: Glyphs, now_ms: int) -> list[Line]:
    """The callback URLs that get nothing now, one line each."""
    lines: list[Line] = [_trouble(row, glyphs, now_ms) for row in rows[:_TROUBLED]]
    if len(rows) > _TROUBLED:
        more = counted(len(rows) - _TROUBLED, "more callback URL that gets", "more callback URLs that get")
        lines.append((Cell(f"  and {more} nothing now", Tone.WARN),))
    return lines


def _trouble(row: CallbackRow, glyphs: Glyphs, now_ms: int) -> Line:
    waiting = f"{row.waiting:,} waiting, " if row.waiting else ""
    sign = glyphs.held if row.held_ms is not None else glyphs.warn
    return (
        Cell(f"{sign} {plain(row.url)}  ", Tone.STRONG),
        Cell(f"{waiting}{callback_words(row, now_ms, way='H on one of them')}", Tone.WARN),
    )


def callback_words(row: CallbackRow | None, now_ms: int, *, way: str = "H") -> str:
    """How a callback URL stands, in words. way: how it is let go from here.

    The breaker's time is absolute: it is half a minute away at most.
    """
    if row is None:
        return "is no instance's callback URL any more"
    if row.held_ms is not None:
        why = plain(row.held_reason or "an operator held it")
        return f"held for {ago(row.held_ms, now_ms)}, {way} lets it go: {why}"
    if row.breaker_until_ms is not None:
        return f"mostly fails, so it is left alone: one try at {_clock(row.breaker_until_ms)}"
    return (
        "has taken nothing yet"
        if row.last_success_ms is None
        else f"took something {ago(row.last_success_ms, now_ms)} ago"
    )


def _clock(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, tz=UTC):%H:%M:%S} UTC"


# --- one delivery ---------------------------------------------------------------------------------------------------


def fact_lines(detail: DeliveryDetail, callback: CallbackRow | None, look: Look, zone: tzinfo = UTC) -> list[Line]:
    """The delivery itself. zone: its instance's."""
    now_ms = look.now_ms
    row = detail.delivery
    kind = ", a replay" if row.replay else ""
    place = instance_cell(row.instance, production=row.production)
    settled = [] if row.settled_ms is None else [("settled", both(row.settled_ms, zone))]
    return facts(
        ("delivery", f"{row.id}{kind}, of event {row.event} ({row.event_id})"),
        ("object", place, f"/{plain(row.resource)} {row.object_id}, {row.type.lower()}"),
        ("state", state_now(row.standing, look), *_outlook(row, look)),
        ("created", f"{both(row.created_ms, zone)}  ({ago(row.created_ms, now_ms)} ago)"),
        *settled,
        ("to", plain(row.url)),
        ("receiver", callback_words(callback, now_ms)),
    )


def _outlook(row: DeliveryRow, look: Look) -> list[Cell]:
    """What will happen next, and what the operator can do about it."""
    now_ms = look.now_ms
    if row.state == "sending" and not look.engine_runs:
        return [Cell("  its request may have arrived; the next engine sends it again", Tone.WARN)]
    if row.state == "dead":
        return [Cell("  nothing is tried any more; r tries again", Tone.MUTED)]
    if row.state not in OPEN or row.state == "sending":
        return []
    if row.held:
        return [Cell(f"  {row.state}, but nothing is sent until it is let go (H)", Tone.WARN)]
    if row.due_ms is None:
        return [Cell("  waits until an earlier event of the object is settled", Tone.MUTED)]
    when = "is due now" if row.due_ms <= now_ms else f"is tried in {until(row.due_ms, now_ms)}, {second(row.due_ms)}"
    return [Cell(f"  {when}", Tone.MUTED)]


def attempt_lines(detail: DeliveryDetail) -> list[Line]:
    """The attempts as a timeline, oldest first."""
    if not detail.attempts:
        return [(Cell("Nothing has been sent yet.", Tone.MUTED),)]
    return [line for attempt in detail.attempts for line in _attempt(attempt)]


def _attempt(attempt: AttemptRow) -> list[Line]:
    good = attempt.delivered
    answer = plain(str(attempt.status or attempt.error_code or "no answer"))
    peer = f"  from {plain(attempt.peer)}" if attempt.peer else ""
    lines: list[Line] = [
        (
            Cell(f"{attempt.number:>3}  {second(attempt.started_ms)}  ", Tone.MUTED),
            Cell(f"{answer:<15} ", Tone.GOOD if good else Tone.BAD),
            Cell(f"{span(attempt.duration_ms / 1000):>6}  {attempt.trigger}{peer}", Tone.MUTED),
        )
    ]
    if attempt.error and not good:
        lines.append((Cell(f"     {plain(attempt.error)}", Tone.WARN),))
    if attempt.next_ms is not None:
        lines.append((Cell(f"     next try {second(attempt.next_ms)}", Tone.MUTED),))
    return lines


def answer_lines(detail: DeliveryDetail) -> list[Line]:
    """What was answered: status, latency, headers, body. Newest first, for that is what counts."""
    if not detail.attempts:
        return [(Cell("Nothing has been sent yet.", Tone.MUTED),)]
    lines: list[Line] = []
    for attempt in reversed(detail.attempts):
        lines += [*_attempt(attempt)[:1], *_headers(attempt), *_body(attempt), ()]
    return lines[:-1]


def _headers(attempt: AttemptRow) -> list[Line]:
    return [(Cell(f"     {plain(name)}: ", Tone.KEY), Cell(plain(value))) for name, value in attempt.headers]


def _body(attempt: AttemptRow) -> list[Line]:
    if attempt.status is None:
        return [(Cell(f"     {plain(attempt.error or 'There was no answer.')}", Tone.WARN),)]
    if not attempt.body:
        return [(Cell("     (no body)", Tone.MUTED),)]
    cut = [(Cell("     (cut off here)", Tone.MUTED),)] if attempt.truncated else []
    return [(), *((Cell("     "), *line) for line in json_lines(attempt.body)), *cut]
