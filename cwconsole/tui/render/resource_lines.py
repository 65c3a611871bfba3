"""One resource in full: how it does and why, where its watermark stands, the poll under way, charts poll by poll."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Final

from cwconsole.core.counted import counted
from cwconsole.core.errors import ConfigError
from cwconsole.core.health import Health
from cwconsole.core.moments import clock_words
from cwconsole.core.polling import PARKED_INTERVAL
from cwconsole.store.resource_view import PollPoint, ResourceView
from cwconsole.store.status import StatusRow
from cwconsole.tui.render.bars import bar, count
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.charts import SCALE, Bar, axis, chart
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.plain import fit, plain, width
from cwconsole.tui.render.states import health_cell, sign_cell, state_cell
from cwconsole.tui.render.times import ago, both, second, short, span, until

NAME_CELLS: Final = 11
BAR_CELLS: Final = 16
BESIDE_FROM: Final = 110  # cells of width from which the charts stand beside each other
_KINDS: Final = {
    "baseline": "the baseline, without events",
    "everything": "everything there is",
    "window": "what has changed",
    "full": "everything, to compare it",
}


# --- how it does, and why --------------------------------------------------------------------------------------------


def state_line(view: ResourceView, status: StatusRow | None, look: Look) -> Line:
    """`✗ failing  acme/tickets  polled every 5m, next in 3m`."""
    row = view.resource
    how = {"full": ", read in full", "as_written": ", as written: weaker guarantee"}.get(row.mode, "")
    due = until(row.next_poll_ms, look.now_ms, none="")
    when = f", next {due if due == 'due' else f'in {due}'}" if row.runs and due else ""
    last = f", last good poll {ago(row.last_success_ms, look.now_ms)} ago" if row.last_success_ms else ""
    often = f"every {span(row.interval_s)}{how}{when}" if row.active else "not polled any more"
    head = Cell("") if status is None else health_cell(status.state, look.glyphs)
    asks = status is not None and status.asking is not None and status.state is not Health.ASKING
    return (
        head,
        *([Cell("  "), health_cell(Health.ASKING, look.glyphs)] if asks else []),
        Cell("  "),
        instance_cell(row.instance_name, production=view.production, tone=Tone.STRONG),
        Cell(f"/{plain(row.name)}  ", Tone.STRONG),
        Cell(f"{often}{last}", Tone.MUTED),
    )


def why(view: ResourceView, status: StatusRow, look: Look, *, engine_runs: bool) -> str:
    """What is the matter, and what to do about it, in plain sentences."""
    question = "" if status.asking is None or status.state is Health.ASKING else f" {_asking(status)}"
    if status.state is Health.LATE:
        return _late(view, status, look.now_ms, engine_runs=engine_runs) + question
    if status.state is Health.NEW:
        return _new(view, engine_runs=engine_runs) + question
    return _REASONS[status.state](view, status, look.now_ms) + question


def _asking(status: StatusRow) -> str:
    if status.asking == 1:
        return "A sweep found 1 record gone; it is not deleted before K confirms that."
    return (
        f"A sweep found {status.asking or 0:,} records gone, suspiciously many; none is deleted before K confirms that."
    )


def _parked(view: ResourceView, status: StatusRow, now_ms: int) -> str:
    row = view.resource
    every, since = span(max(row.interval_s, PARKED_INTERVAL)), ago(row.failing_since_ms, now_ms, none="some time")
    last = "" if row.failures == 1 else ", last with this"
    return (
        f"{_error(view, status)} Failing for {since}{last}. E edits the instance; it is asked every {every}, or by p."
    )


def _failing(view: ResourceView, status: StatusRow, now_ms: int) -> str:
    row = view.resource
    tries = "1 poll has" if row.failures == 1 else f"{row.failures} polls in a row have"
    since = ago(row.failing_since_ms, now_ms, none="some time")
    last = "" if row.failures == 1 else ", the last with this"
    return f"{_error(view, status)} {tries} failed, for {since} now{last}; p tries at once."


def _paused(view: ResourceView, status: StatusRow, now_ms: int) -> str:
    row = view.resource
    what = "It is" if row.paused_ms is not None else "Its instance is"
    since = ago(row.paused_ms or row.instance_paused_ms, now_ms, none="some time")
    return f"{what} paused, for {since} now: nothing is read. R resumes it.{_unusable(view, status)}"


def _unusable(view: ResourceView, status: StatusRow) -> str:
    """Where not even deliveries go on."""
    return f" Nor is anything sent: {_error(view, status)}" if view.resource.error_code == ConfigError.code else ""


_REASONS: Final[Mapping[Health, Callable[[ResourceView, StatusRow, int], str]]] = {
    Health.PARKED: _parked,
    Health.FAILING: _failing,
    Health.PAUSED: _paused,
    Health.ASKING: lambda _, status, __: _asking(status),
    Health.HELD: lambda _, status, __: (
        f"It is up to date, but nothing is sent: {(status.held_why or '').rstrip('.')}. H lets it go."
    ),
    Health.UNSENT: lambda _, status, __: f"It is up to date, but: {status.last_error} 3 shows them.",
    Health.OFF: lambda view, status, _: (
        f"{status.last_error} E configures it again; e shows its events."
        if status.left_out
        else f"Its instance is switched off: nothing is read. n switches it on.{_unusable(view, status)}"
    ),
    Health.FRESH: lambda _, status, __: f"Everything up to the watermark is recorded.{_dead(status)}",
}


def _error(view: ResourceView, status: StatusRow) -> str:
    text = plain(view.resource.error or status.last_error or "It fails").strip()
    return text if text[-1:] in {".", "!", "?"} else f"{text}."


def _dead(status: StatusRow) -> str:
    if not status.dead:
        return ""
    some = counted(status.dead, "delivery is", "deliveries are")
    return f" But {some} dead: e shows the events, to send them again."


def _late(view: ResourceView, status: StatusRow, now_ms: int, *, engine_runs: bool) -> str:
    behind = "It" if status.lag_seconds is None else f"The watermark lies {span(status.lag_seconds)} back; it"
    if not engine_runs:
        return f"{behind} is late because no engine runs. Start one: `cwconsole run`, or a console that may change."
    if status.last_error is not None and status.asking is None:  # polls are in time, sweeps are not
        failed_ms = view.sweep_failed_ms
        when = f" That sweep was {ago(failed_ms, now_ms)} ago; w sweeps now." if failed_ms else ""
        return f"{_error(view, status)}{when}"
    if view.resource.crawl_kind is not None:
        return f"{behind} is late because a long poll is under way; it goes on by itself."
    return f"{behind} is late: polls are missing. p polls now; the log says what the engine does."


def _new(view: ResourceView, *, engine_runs: bool) -> str:
    if not engine_runs:
        return "It has not been read yet, and no engine runs. Start one with `cwconsole run`."
    if view.resource.crawl_kind is not None:
        return "It is being read for the first time; events come after that."
    return "It has not been read yet; its first poll comes by itself."


# --- watermark, window, progress -------------------------------------------------------------------------------------


def standing_lines(view: ResourceView, status: StatusRow | None, look: Look, zone: tzinfo = UTC) -> list[Line]:
    """The watermark, the crawl under way, what is under way to the receiver. zone: the instance's."""
    row = view.resource
    lag = "" if status is None or status.lag_seconds is None else f"  {span(status.lag_seconds)} behind"
    mark = "none yet: the first poll sets it" if row.watermark is None else both(row.watermark * 1000, zone) + lag
    lines = [
        _fact("watermark", mark),
        *_clock_lines(row.skew_ms),
        *_crawl_lines(view, look),
        _deliveries_line(status, look),
    ]
    if view.set_aside:
        records = counted(view.set_aside, "record")
        lines.append(_fact("set aside", f"{records} that cannot be decoded; sweeps try again", Tone.WARN))
    swept = f"last {ago(row.swept_ms, look.now_ms)} ago" if row.swept_ms else "none yet"
    due = until(row.next_sweep_ms, look.now_ms, none="")
    ahead = f", next {due if due == 'due' else f'in {due}'}" if row.runs and due else ""
    hint = "; w sweeps now, and finds what is missing" if row.active and row.instance_enabled else ""
    lines.append(_fact("sweep", f"{swept}{ahead}{hint}", Tone.MUTED))
    return lines


def _fact(name: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return (Cell(f"{name:<{NAME_CELLS}}", Tone.MUTED), Cell(text, tone))


def _clock_lines(skew_ms: int | None) -> list[Line]:
    """Why watermark, window and record dates may lie in this machine's future, or further back than the lag."""
    clock = None if skew_ms is None else clock_words(skew_ms / 1000)
    return (
        [] if clock is None else [_fact("clock", f"ConnectWise's clock is {clock}; the watermark is on it", Tone.MUTED)]
    )


def _crawl_lines(view: ResourceView, look: Look) -> list[Line]:
    row = view.resource
    if row.crawl_kind is None:
        running = view.running
        text = "no poll under way" if running is None else f"asking, since {ago(running.started_ms, look.now_ms)}"
        return [_fact("window", text, Tone.MUTED)]
    lower = "the beginning" if row.crawl_from is None else second(row.crawl_from * 1000)
    upper = "now" if row.crawl_server_time is None else second(row.crawl_server_time * 1000)
    lines = [_fact("window", f"{lower} {look.glyphs.to} {upper}: {_KINDS.get(row.crawl_kind, row.crawl_kind)}")]
    since = ago(row.crawl_started_ms, look.now_ms, none="just now")
    read = f"{counted(row.crawl_records, 'record')} in {since}, up to id {row.crawl_last_id or 0}"
    share = progress(view)
    if share is None:
        return [*lines, _fact("progress", read)]
    drawn = bar(share, BAR_CELLS, look.glyphs)
    return [*lines, (*_fact("progress", drawn, Tone.BUSY), Cell(f" about {share:.0%}  {read}"))]


def progress(view: ResourceView) -> float | None:
    """How far the crawl has come, by ids, since it reads in their order; None if that cannot be known."""
    row = view.resource
    last = max(view.highest_id, row.baseline_id or 0)
    return None if not last else min((row.crawl_last_id or 0) / last, 1.0)


def _deliveries_line(status: StatusRow | None, look: Look) -> Line:
    cells = [Cell(f"{'deliveries':<{NAME_CELLS}}", Tone.MUTED)]
    if status is None:
        return tuple(cells)
    for number, word in (
        (status.dead, "dead"),
        (status.waiting.retrying, "retrying"),
        (status.waiting.pending, "pending"),
    ):
        if number:
            sign, _, _ = state_cell(word, look.glyphs).text.partition(" ")
            cells.append(Cell(f"{sign} {number:,} {word}  ", state_cell(word, look.glyphs).tone))
    if status.held:
        held = f"{status.waiting.held:,} held" if status.waiting.held else "held"
        cells.append(Cell(f"{look.glyphs.held} {held}: {plain(status.held_why or '')}", Tone.WARN))
    elif len(cells) == 1:
        cells.append(Cell("nothing waits", Tone.MUTED))
    return tuple(cells)


# --- charts ----------------------------------------------------------------------------------------------------------


def chart_lines(
    points: Sequence[PollPoint], *, overlap: int, cells: int, height: int, glyphs: Glyphs, now_ms: int
) -> list[Line]:
    """Lag, records and duration, poll by poll. overlap: seconds that each window reads again. height: of each chart."""
    if not points:
        return [(Cell("No poll yet.", Tone.MUTED),)]
    beside = cells >= BESIDE_FROM
    each = (cells - 4) // 3 if beside else cells
    drawn = [
        chart(title, [_bar(point, value(point, overlap), glyphs) for point in points],
              cells=each, height=height, glyphs=glyphs, scale=scale)
        for title, value, scale in (
            ("Lag at the poll", _lag, short),
            ("Records", lambda point, _: point.records, lambda value: count(int(value))),
            ("Duration", lambda point, _: _duration(point), span),
        )
    ]  # fmt: skip
    below = _axis(points, cells=each, now_ms=now_ms)
    if not beside:
        return [*(line for one in drawn for line in one), below]
    return [_across(lines, each) for lines in zip(*([*one, below] for one in drawn), strict=True)]


def _axis(points: Sequence[PollPoint], *, cells: int, now_ms: int) -> Line:
    """When the first and the last poll shown began, and how many there are."""
    shown = points[-(cells - SCALE) :]
    first, last = (f"{ago(point.started_ms, now_ms)} ago" for point in (shown[0], shown[-1]))
    return axis(first, counted(len(shown), "poll"), last, len(shown), cells=cells)


def _lag(point: PollPoint, overlap: int) -> float | None:
    """How far the watermark lay behind when the poll began."""
    if point.window_from is None or point.server_time is None:
        return None
    return max(point.server_time - point.window_from - overlap, 0)


def _duration(point: PollPoint) -> float | None:
    return None if point.finished_ms is None else max(point.finished_ms - point.started_ms, 0) / 1000


def _bar(point: PollPoint, value: float | None, glyphs: Glyphs) -> Bar:
    if point.outcome in {"ok", "running"}:
        return Bar(value, Tone.BUSY)
    sign = sign_cell(point.outcome, glyphs)
    return Bar(value, sign.tone, sign)


def _across(lines: Sequence[Line], cells: int) -> Line:
    joined: list[Cell] = []
    for at, line in enumerate(lines):
        used = sum(width(cell.text) for cell in line)
        joined += [*line, Cell(fit("", max(cells - used, 0) + (2 if at < len(lines) - 1 else 0)))]
    return tuple(cell for cell in joined if cell.text)
