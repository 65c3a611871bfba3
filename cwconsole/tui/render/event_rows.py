"""Events as rows, and one event in full."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Final

from cwconsole.core.diff import Difference
from cwconsole.store.delivery_list import AttemptRow, DeliveryDetail, DeliveryRow
from cwconsole.store.event_list import EventDetail, EventRow
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.json_lines import json_lines
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.states import state_now, type_cell
from cwconsole.tui.render.times import ago, both, compact, second, span


def _delivery(row: EventRow, look: Look) -> Cell:
    return Cell("recorded", Tone.MUTED) if row.standing is None else state_now(row.standing, look)


EVENT_COLUMNS: Final[tuple[Column[EventRow], ...]] = (
    Column(id="age", title="Age", cells=4, align=Align.RIGHT,
           draw=lambda row, look: Cell(ago(row.seen_ms, look.now_ms))),
    Column(id="seen", title="Seen (UTC)", cells=11, from_width=100,
           draw=lambda row, look: Cell(compact(row.seen_ms, look.now_ms), Tone.MUTED)),
    Column(id="type", title="Type", cells=7, draw=lambda row, _: type_cell(row.type)),
    Column(id="instance", title="Instance", cells=12, grows=2,
           draw=lambda row, _: instance_cell(row.instance, production=row.production)),
    Column(id="resource", title="Resource", cells=12, grows=2, draw=lambda row, _: Cell(plain(row.resource))),
    Column(id="object", title="Object", cells=9, align=Align.RIGHT, draw=lambda row, _: Cell(str(row.object_id))),
    Column(id="delivery", title="Delivery", cells=11, draw=_delivery),
    Column(id="event", title="Event", cells=9, align=Align.RIGHT, from_width=76,
           draw=lambda row, _: Cell(str(row.id), Tone.MUTED)),
)  # fmt: skip


def record_lines(detail: EventDetail) -> list[Line]:
    """The record."""
    return json_lines(detail.record) if detail.record else [(Cell("The record is gone.", Tone.MUTED),)]


def change_lines(detail: EventDetail, glyphs: Glyphs) -> list[Line]:
    """What changed since the object's event before."""
    if detail.changes is None:
        why = (
            "This is the first event of the object."
            if detail.event.previous_id is None
            else "The version before is gone."
        )
        return [(Cell(f"Nothing to compare with. {why}", Tone.MUTED),)]
    if not detail.changes:
        return [
            (
                Cell(
                    "No field differs: the record was touched, as ConnectWise does when its children change.",
                    Tone.MUTED,
                ),
            )
        ]
    return [line for change in detail.changes for line in _change(change, glyphs)]


def _change(change: Difference, glyphs: Glyphs) -> list[Line]:
    before, after = (glyphs.none if value is None else plain(value) for value in (change.before, change.after))
    return [
        (Cell(plain(change.path) or "(the whole record)", Tone.KEY),),
        (Cell(f"  - {before}", Tone.WARN),),
        (Cell(f"  + {after}", Tone.GOOD),),
    ]


def delivery_lines(detail: EventDetail, reasons: Mapping[str, str], look: Look) -> list[Line]:
    """Deliveries and their attempts, as a timeline. reasons: why callback URLs are held, by the URL."""
    if not detail.deliveries:
        return [(Cell("No delivery: the instance only records.", Tone.MUTED),)]
    lines: list[Line] = []
    for one in detail.deliveries:
        lines += [*_delivery_lines(one, reasons, look), ()]
    return lines[:-1]


def _delivery_lines(one: DeliveryDetail, reasons: Mapping[str, str], look: Look) -> list[Line]:
    row, now_ms = one.delivery, look.now_ms
    why = reasons.get(row.url) if row.held else None
    kind = "replay" if row.replay else "delivery"
    due = (
        (Cell(f"  next try in {span((row.due_ms - now_ms) / 1000)}", Tone.MUTED),)
        if row.due_ms and row.due_ms > now_ms and not row.held
        else ()
    )
    lines: list[Line] = [
        (Cell(f"{kind} {row.id}  ", Tone.STRONG), state_now(row.standing, look), *due),
        (Cell(f"  to {plain(row.url)}", Tone.MUTED),),
        *([(Cell(f"  held: {plain(why)}", Tone.WARN),)] if why else []),
    ]
    return lines + [line for attempt in one.attempts for line in _attempt_lines(attempt)]


def _attempt_lines(attempt: AttemptRow) -> list[Line]:
    good = attempt.delivered
    answer = plain(str(attempt.status or attempt.error_code or "no answer"))
    head: Line = (
        Cell(f"  {attempt.number:>2}  {second(attempt.started_ms)}  ", Tone.MUTED),
        Cell(f"{answer:<14}", Tone.GOOD if good else Tone.BAD),
        Cell(f"  {span(attempt.duration_ms / 1000)}  {attempt.trigger}", Tone.MUTED),
    )
    return [head, *([(Cell(f"      {plain(attempt.error)}", Tone.WARN),)] if attempt.error and not good else [])]


def fact_lines(detail: EventDetail, look: Look, zone: tzinfo = UTC) -> list[Line]:
    """The event itself. zone: the instance's, in which times are given beside UTC."""
    event, now_ms = detail.event, look.now_ms
    record = None if event.record_date is None else event.record_date * 1000
    place = instance_cell(event.instance, production=event.production)
    return facts(
        ("object", place, f"/{plain(event.resource)} {event.object_id}  ", type_cell(event.type)),
        ("delivery", *_arrival(detail, look)),
        ("seen", f"{both(event.seen_ms, zone)}  {ago(event.seen_ms, now_ms)} ago"),
        ("dated", both(record, zone) + ("  in the future of its poll" if event.future else "")),
        ("event", f"{event.id}  {event.event_id}, by poll {event.poll_id}"),
        cells=9,
    )


def _arrival(detail: EventDetail, look: Look) -> list[Cell]:
    """Whether the receiver has it, by the newest delivery, and what one can do if not."""
    if not detail.deliveries:
        return [Cell("recorded only, nothing is sent", Tone.MUTED)]
    one = max(detail.deliveries, key=lambda each: each.delivery.id)
    row = one.delivery
    cells = [state_now(row.standing, look)]
    if row.state not in {"delivered", "cancelled"} and one.attempts:
        last = max(one.attempts, key=lambda attempt: attempt.number)
        cells.append(Cell(f"  {last.status or plain(last.error_code or 'no answer')}", Tone.BAD))
    said = f"  {plain(_outlook(row, look.now_ms))}"
    return [*cells, Cell(said, Tone.WARN if row.held else Tone.MUTED)] if said.strip() else cells


def _outlook(row: DeliveryRow, now_ms: int) -> str:
    if row.state in {"dead", "cancelled"}:
        return "nothing is tried any more; r sends it again"
    if row.state == "delivered":
        return "" if row.settled_ms is None else second(row.settled_ms)
    if row.held:
        return f"{row.state}, but nothing is sent; H lets it go"
    if row.due_ms is None:
        return "an earlier event of the object comes first"
    return f"next try in {span((row.due_ms - now_ms) / 1000)}" if row.due_ms > now_ms else "due now"
