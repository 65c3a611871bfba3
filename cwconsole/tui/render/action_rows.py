"""The audit log as rows, and one action in full."""

from __future__ import annotations

from typing import Final

from cwconsole.store.action_list import ActionRow
from cwconsole.store.actions import ActionKind
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.states import state_now
from cwconsole.tui.render.times import ago, second, span

_TARGETS: Final = {
    "replay": "event",
    "retry": "delivery",
    "cancel": "delivery",
    "pause_job": "job",
    "resume_job": "job",
    "cancel_job": "job",
}


def about(row: ActionRow) -> str:
    """What it was done to: `acme/contacts delivery 17`."""
    place = "/".join(name for name in (row.instance, row.resource) if name)
    target = row.action.target_id
    named = "" if target is None else f"{_TARGETS.get(row.action.kind, '')} {target}".strip()
    return plain(" ".join(one for one in (named, place) if one))


def _about(row: ActionRow, look: Look) -> Cell:
    return Cell(about(row) or look.glyphs.none)


ACTION_COLUMNS: Final[tuple[Column[ActionRow], ...]] = (
    Column(id="age", title="Age", cells=4, align=Align.RIGHT,
           draw=lambda row, look: Cell(ago(row.action.asked_ms, look.now_ms))),
    Column(id="state", title="State", cells=11, draw=lambda row, look: state_now(row.action.state, look)),
    Column(id="who", title="Who", cells=8, grows=1, draw=lambda row, _: Cell(plain(row.action.operator))),
    Column(id="from", title="From", cells=14, from_width=100, grows=1,
           draw=lambda row, _: Cell(plain(row.action.origin), Tone.MUTED)),
    Column(id="kind", title="Type", cells=10, draw=lambda row, _: Cell(row.action.kind.value, Tone.STRONG)),
    Column(id="about", title="About", cells=18, grows=2, draw=_about),
    Column(id="outcome", title="Outcome", cells=20, grows=4,
           draw=lambda row, _: Cell(plain(row.action.outcome or ""), Tone.MUTED)),
    Column(id="command", title="On the command line", cells=30, grows=3, from_width=140,
           draw=lambda row, _: Cell(plain(row.action.command), Tone.KEY)),
)  # fmt: skip


def fact_lines(row: ActionRow, look: Look) -> list[Line]:
    """The action itself."""
    action = row.action
    return facts(
        ("action", f"{action.id}, {action.kind.value} {about(row)}"),
        (
            "state",
            state_now(action.state, look),
            "  c calls it off" if action.state == "queued" else "",
        ),
        ("asked by", f"{plain(action.operator)}, {plain(action.origin)}"),
        ("asked", f"{second(action.asked_ms)}  ({ago(action.asked_ms, look.now_ms)} ago)"),
    )


def detail_lines(row: ActionRow) -> list[Line]:
    """How it went, and how to do the same from a shell."""
    action = row.action
    lines = facts(
        ("outcome", plain(action.outcome) if action.outcome else Cell("none yet", Tone.MUTED)),
        ("reason", plain(action.reason) if action.reason else Cell("none given", Tone.MUTED)),
        ("started", second(action.started_ms)),
        ("finished", f"{second(action.finished_ms)}{_took(row)}"),
        *((f"{plain(name)} ", _parameter(action.kind, value)) for name, value in action.params.items()),
    )
    return [*lines, (), (Cell("The same on the command line", Tone.MUTED),), (Cell(plain(action.command), Tone.KEY),)]


def _parameter(kind: ActionKind, value: object) -> str:
    """A watermark's are times on ConnectWise's clock, in seconds."""
    return second(value * 1000) if kind is ActionKind.WATERMARK and isinstance(value, int) else plain(str(value))


def _took(row: ActionRow) -> str:
    start, end = row.action.started_ms, row.action.finished_ms
    return "" if start is None or end is None or end <= start else f", took {span((end - start) / 1000)}"
