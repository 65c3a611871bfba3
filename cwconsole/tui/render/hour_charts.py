"""How an instance did hour by hour: polls, the records they read, how long they took, on one time axis.

Its lag is none of them: watermarks are each resource's own, so it stands on the resource's page, poll by poll.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cwconsole.core.counted import counted
from cwconsole.store.polls import HOUR_MS
from cwconsole.store.resource_view import HourPoint
from cwconsole.tui.render.bars import count
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.charts import SCALE, Bar, axis, chart, height_in
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.states import sign_cell
from cwconsole.tui.render.times import ago, span

NEWEST: Final = "this hour"


def hour_lines(hours: Sequence[HourPoint], *, cells: int, room: int, look: Look) -> list[Line]:
    """hours: oldest first, this hour last. room: lines that all of it may take."""
    if not hours:
        return [(Cell("No poll yet.", Tone.MUTED),)]
    sign = sign_cell("failed", look.glyphs)
    shown = hours[-max(cells - SCALE, 1) :]  # there are no cells before the text has been laid out
    marked = f", {sign.text} where one failed" if any(one.failed for one in shown) else ""
    polls = [_polls(one, sign) for one in shown]
    records = [Bar(one.records) for one in shown]
    lasted = [Bar(one.duration_ms / one.polls / 1000 if one.polls else None) for one in shown]
    drawn = [
        chart(
            title, bars, cells=cells, height=height_in((room - 1) // 3), glyphs=look.glyphs, scale=scale, newest=newest
        )
        for title, bars, scale, newest in (
            (f"Polls an hour{marked}", polls, _whole, NEWEST),
            ("Records an hour", records, _whole, NEWEST),
            ("Mean duration of polls", lasted, span, "last"),  # there may be none in this hour
        )
    ]
    first = f"{ago(shown[0].hour * HOUR_MS, look.now_ms)} ago"
    below = axis(first, counted(len(shown), "hour"), NEWEST, len(shown), cells=cells)
    return [*(line for one in drawn for line in one), below]


def _polls(one: HourPoint, sign: Cell) -> Bar:
    """In the colour of failures only if there was nothing else."""
    if not one.failed:
        return Bar(one.polls)
    return Bar(one.polls, sign.tone if one.failed >= one.polls else Tone.BUSY, sign)


def _whole(value: float) -> str:
    return count(int(value))
