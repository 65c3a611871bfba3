"""What a replay would do, in a dialog's lines."""

from __future__ import annotations

from typing import Final

from cwconsole.store.event_list import EventRow
from cwconsole.store.replay_preview import Preview
from cwconsole.store.selection import about
from cwconsole.tui.render.plain import plain, shorten, width
from cwconsole.tui.render.times import ago, span

_WIDTH: Final = 64  # of the dialog's inside


def preview_lines(shown: Preview, now_ms: int, *, held: bool) -> list[str]:
    """What to know before, then the first events: on a small terminal the end is out of sight.

    held: whether deliveries of some of these may be held.
    """
    warnings = _old(shown)
    if held:
        warnings.append("Where deliveries are held, these wait too until H lets them go.")
    lines = [_row(row, now_ms) for row in shown.sample]
    if (more := shown.total - len(shown.sample)) > 0:
        lines.append(f"  and {'' if shown.exact else 'at least '}{more:,} more, from the oldest up")
    if shown.selection.numbers is None:  # what is meant is fixed from here on, whatever the list's window does
        lines = [f"Which: {plain(about(shown.selection))}", *lines]
    return [
        *warnings,
        *([""] if warnings else []),
        *lines,
        "",
        "Each is one attempt, behind what its object still has to send.",
    ]


def pace_line(shown: Preview, rate: float) -> str:
    """How long it would take."""
    about = "about" if shown.exact else "at least"
    return f"A job sends {rate:g} a second, for {about} {span(shown.total / rate)}; it can be paused."


def _row(row: EventRow, now_ms: int) -> str:
    """`  updated acme/contacts 12, 5m ago, dead`; only a long instance is cut, for the rest must be seen."""
    delivery = f", {row.standing}" if row.standing else ""
    kind = f"  {row.type.lower()} "
    about = f"/{plain(row.resource)} {row.object_id}, {ago(row.seen_ms, now_ms)} ago{delivery}"
    return f"{kind}{shorten(plain(row.instance), max(_WIDTH - width(kind) - width(about), 1))}{about}"


def _old(shown: Preview) -> list[str]:
    if not shown.not_newest:
        return []
    if shown.total == 1:
        return ["It is not its object's newest event: the receiver sees an older record."]
    among = "" if shown.judged >= shown.total else f" of the first {shown.judged:,}"
    verb = "is" if shown.not_newest == 1 else "are"
    return [f"{shown.not_newest:,}{among} {verb} not their object's newest, but older records."]
