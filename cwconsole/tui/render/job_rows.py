"""Jobs as rows, this console's exports among them, and one job in full."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from cwconsole.core.filters import Noun
from cwconsole.store.replay_jobs import Job
from cwconsole.tui.render.bars import bar
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.states import state_cell
from cwconsole.tui.render.times import ago, second, short, span

_BAR: Final = 10


class Saving(Struct, frozen=True, kw_only=True):
    """An export as it was a moment ago. id: `s1`. rows: written so far, of a list. outcome: empty while it runs."""

    id: str
    state: str
    created_ms: int
    share: float
    rows: int
    noun: Noun
    path: str
    rows_about: str
    operator: str
    outcome: str

    @property
    def open(self) -> bool:
        """Whether it is being written."""
        return self.state == "running"

    @property
    def about(self) -> str:
        """For the list: where comes first."""
        return f"to {Path(self.path).name}: {self.rows_about}"


JobRow = Job | Saving


def _progress(job: JobRow, look: Look) -> Cell:
    tone = Tone.BUSY if job.open else Tone.GOOD if job.state == "done" else Tone.MUTED
    return Cell(bar(job.share, _BAR, look.glyphs), tone)


def _left(job: JobRow, look: Look) -> Cell:
    if isinstance(job, Saving) or job.seconds_left is None or job.state == "paused":
        return Cell(look.glyphs.none if job.open else "", Tone.MUTED)
    return Cell(short(job.seconds_left))


def _failed(job: JobRow, _: Look) -> Cell:
    return Cell(f"{job.failed:,}" if isinstance(job, Job) and job.failed else "", Tone.BAD)


def _done(job: JobRow, _: Look) -> Cell:
    return Cell(f"{job.rows:,} saved" if isinstance(job, Saving) else done(job))


def _rate(job: JobRow, _: Look) -> Cell:
    return Cell(f"{job.rate:g}/s" if isinstance(job, Job) else "")


def _reason(job: JobRow, _: Look) -> Cell:
    return Cell(plain(job.reason or "") if isinstance(job, Job) else "", Tone.MUTED)


JOB_COLUMNS: Final[tuple[Column[JobRow], ...]] = (
    Column(id="job", title="Job", cells=4, align=Align.RIGHT, draw=lambda job, _: Cell(str(job.id), Tone.MUTED)),
    Column(id="age", title="Age", cells=4, align=Align.RIGHT,
           draw=lambda job, look: Cell(ago(job.created_ms, look.now_ms))),
    Column(id="state", title="State", cells=11, draw=lambda job, look: state_cell(job.state, look.glyphs)),
    Column(id="progress", title="Progress", cells=_BAR, draw=_progress),
    Column(id="done", title="Done", cells=13, draw=_done),
    Column(id="failed", title="Failed", cells=6, align=Align.RIGHT, draw=_failed),
    Column(id="rate", title="Rate", cells=6, align=Align.RIGHT, from_width=90, draw=_rate),
    Column(id="left", title="Left", cells=4, align=Align.RIGHT, draw=_left),
    Column(id="about", title="Events", cells=12, grows=3, draw=lambda job, _: Cell(plain(job.about))),
    Column(id="who", title="Who", cells=8, from_width=90, grows=1, draw=lambda job, _: Cell(plain(job.operator))),
    Column(id="reason", title="Why", cells=10, from_width=110, grows=2, draw=_reason),
)  # fmt: skip


def saving_lines(saving: Saving, glyphs: Glyphs, now_ms: int) -> list[Line]:
    """An export in full."""
    return facts(
        ("file", plain(saving.path)),
        (saving.noun.value, plain(saving.rows_about)),
        ("state", state_cell(saving.state, glyphs), f"  {saving.share:.0%}  {saving.rows:,} saved"),
        ("asked", f"{second(saving.created_ms)}  ({ago(saving.created_ms, now_ms)} ago)"),
        *((("outcome", plain(saving.outcome)),) if saving.outcome else ()),
    )


def done(job: Job) -> str:
    """`12/1,204`, `12/1,204+` where there are at least so many."""
    return f"{job.done + job.failed:,}/{job.total:,}{'' if job.exact else '+'}"


def fact_lines(job: Job, glyphs: Glyphs, now_ms: int) -> list[Line]:
    """The job itself."""
    left = "" if job.seconds_left is None or job.state == "paused" else f"  about {span(job.seconds_left)} left"
    share = f"  {job.share:.0%}" if job.exact else ""
    return facts(
        ("job", f"{job.id}, replay of {plain(job.about)}"),
        ("state", state_cell(job.state, glyphs), f"  {bar(job.share, 20, glyphs)}{share}  {done(job)}{left}"),
        ("asked by", f"{plain(job.operator)}, {plain(job.origin)}"),
        ("asked", f"{second(job.created_ms)}  ({ago(job.created_ms, now_ms)} ago)"),
    )


_STANDINGS: Final = ("delivered", "dead", "cancelled", "held", "pending", "retrying", "sending")


def detail_lines(job: Job, sent: Mapping[str, int], glyphs: Glyphs) -> list[Line]:
    """What became of it. sent: how many of its replays are in which state."""
    shown = [("", Cell(f"{sent[one]:>9,} ", Tone.STRONG), state_cell(one, glyphs)) for one in _STANDINGS if one in sent]
    lines = facts(
        ("replays", f"{job.done:,} made, {job.rate:g} a second"),
        *shown,
        ("failed", Cell(f"{job.failed:,} could not be sent again", Tone.BAD) if job.failed else "none"),
        *((("skipped", f"{job.passed_over:,} that did not fit the filter any more"),) if job.passed_over else ()),
        *((("error", Cell(plain(job.error), Tone.WARN)),) if job.error else ()),
        ("reason", plain(job.reason) if job.reason else Cell("none given", Tone.MUTED)),
        ("started", second(job.started_ms)),
        ("finished", second(job.finished_ms)),
    )
    return [*lines, (), (Cell("The same on the command line", Tone.MUTED),), (Cell(plain(job.command), Tone.KEY),)]
