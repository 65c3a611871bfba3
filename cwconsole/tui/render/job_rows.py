"""Jobs as rows, and one job in full: replays of many events, and exports of lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cwconsole.store import export_jobs
from cwconsole.store.jobs import Job
from cwconsole.tui.render.bars import bar
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.facts import facts
from cwconsole.tui.render.plain import Align, plain
from cwconsole.tui.render.states import state_now
from cwconsole.tui.render.times import ago, second, short, span

_BAR: Final = 10

Fact = tuple[str | Cell, ...]


def _progress(job: Job, look: Look) -> Cell:
    if export_jobs.is_silent(job, look.now_ms):
        return Cell(f"silent {ago(job.seen_ms, look.now_ms)}", Tone.WARN)
    tone = Tone.BUSY if job.open and _goes_on(job, look) else Tone.GOOD if job.state == "done" else Tone.MUTED
    return Cell(bar(job.share, _BAR, look.glyphs), tone)


def _goes_on(job: Job, look: Look) -> bool:
    """Whether who does it is there: an engine sends, a console writes exports."""
    return look.engine_runs or job.exports


def _seconds_left(job: Job, look: Look) -> float | None:
    """None as long as it stands still."""
    return None if job.state == "paused" or not _goes_on(job, look) else job.seconds_left


def _state(job: Job, look: Look) -> Cell:
    return state_now(job.state, look, engine=not job.exports)


def _left(job: Job, look: Look) -> Cell:
    left = _seconds_left(job, look)
    return Cell(look.glyphs.none if job.open else "", Tone.MUTED) if left is None else Cell(short(left))


def _failed(job: Job, _: Look) -> Cell:
    return Cell(f"{job.failed:,}" if job.failed else "", Tone.BAD)


def _done(job: Job, _: Look) -> Cell:
    return Cell(done(job))


def _rate(job: Job, _: Look) -> Cell:
    return Cell("" if job.exports else f"{job.rate:g}/s")


def _reason(job: Job, _: Look) -> Cell:
    return Cell(plain(job.reason or ""), Tone.MUTED)


JOB_COLUMNS: Final[tuple[Column[Job], ...]] = (
    Column(id="job", sort=True, title="Job", cells=4, align=Align.RIGHT,
           draw=lambda job, _: Cell(str(job.id), Tone.MUTED)),
    Column(id="age", title="Age", cells=4, align=Align.RIGHT,
           draw=lambda job, look: Cell(ago(job.created_ms, look.now_ms))),
    Column(id="state", sort=True, title="State", cells=11, draw=_state),
    Column(id="progress", sort=True, title="Progress", cells=_BAR, draw=_progress),
    Column(id="done", sort=True, title="Done", cells=13, draw=_done),
    Column(id="failed", sort=True, title="Failed", cells=6, align=Align.RIGHT, draw=_failed),
    Column(id="rate", title="Rate", cells=6, align=Align.RIGHT, from_width=90, draw=_rate),
    Column(id="left", sort=True, title="Left", cells=4, align=Align.RIGHT, draw=_left),
    Column(id="about", title="About", cells=12, grows=3, draw=lambda job, _: Cell(plain(about(job)))),
    Column(id="who", sort=True, title="Who", cells=8, from_width=90, grows=1,
           draw=lambda job, _: Cell(plain(job.operator))),
    Column(id="reason", title="Why", cells=10, from_width=110, grows=2, draw=_reason),
)  # fmt: skip


def about(job: Job) -> str:
    """The events that are sent again; of an export first where to."""
    return f"to {Path(job.path).name}: {job.about}" if job.exports else job.about


def done(job: Job) -> str:
    """`12/1,204`, `12/1,204+` where there are at least so many; `12 saved`."""
    if job.exports:
        return f"{job.done:,} saved"
    return f"{job.done + job.failed:,}/{job.total:,}{'' if job.exact else '+'}"


def fact_lines(job: Job, look: Look) -> list[Line]:
    """The job itself."""
    glyphs, now_ms = look.glyphs, look.now_ms
    seconds = _seconds_left(job, look)
    left = "" if seconds is None else f"  about {span(seconds)} left"
    share = f"  {job.share:.0%}" if job.exact or job.exports else ""
    silent = [("", Cell(silence(job, now_ms), Tone.WARN))] if export_jobs.is_silent(job, now_ms) else []
    return facts(
        ("job", f"{job.id}, {'export' if job.exports else 'replay'} of {plain(job.about)}"),
        ("state", _state(job, look), f"  {bar(job.share, 20, glyphs)}{share}  {done(job)}{left}"),
        *silent,
        ("asked by", f"{plain(job.operator)}, {plain(job.origin)}"),
        ("asked", f"{second(job.created_ms)}  ({ago(job.created_ms, now_ms)} ago)"),
    )


def silence(job: Job, now_ms: int) -> str:
    """What is known of an export whose console says nothing any more."""
    return f"silent for {ago(job.seen_ms, now_ms)}: its console is gone or stands still; an engine ends it, or c"


_STANDINGS: Final = ("delivered", "dead", "cancelled", "held", "pending", "retrying", "sending")


def detail_lines(job: Job, sent: Mapping[str, int], look: Look) -> list[Line]:
    """What became of it. sent: how many of its replays are in which state."""
    what = _of_export(job) if job.exports else _of_replay(job, sent, look)
    lines = facts(
        *what,
        *((("error", Cell(plain(job.error), Tone.WARN)),) if job.error else ()),
        ("reason", plain(job.reason) if job.reason else Cell("none given", Tone.MUTED)),
        ("started", second(job.started_ms)),
        ("finished", second(job.finished_ms)),
    )
    return [*lines, (), (Cell("The same on the command line", Tone.MUTED),), (Cell(plain(job.command), Tone.KEY),)]


def _of_export(job: Job) -> list[Fact]:
    left = {"done": "", "running": "  it takes its name when it is complete"}.get(
        job.state, "  it was not written to its end"
    )
    return [
        ("file", plain(job.path), Cell(left, Tone.MUTED)),
        ("rows", f"{job.done:,} {'saved' if job.state == 'done' else 'written'}"),
    ]


def _of_replay(job: Job, sent: Mapping[str, int], look: Look) -> list[Fact]:
    shown: list[Fact] = [
        ("", Cell(f"{sent[one]:>9,} ", Tone.STRONG), state_now(one, look)) for one in _STANDINGS if one in sent
    ]
    return [
        ("replays", f"{job.done:,} made, {job.rate:g} a second"),
        *shown,
        ("failed", Cell(f"{job.failed:,} could not be sent again", Tone.BAD) if job.failed else "none"),
        *((("skipped", f"{job.passed_over:,} that did not fit the filter any more"),) if job.passed_over else ()),
    ]
