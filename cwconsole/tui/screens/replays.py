"""Sending events again, on whichever screen they are: shown in numbers first, one at once, many by a job."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any, Final

from cwconsole.core.command_line import command_line
from cwconsole.core.counted import counted
from cwconsole.core.errors import OtherNumbersError, RefusedError
from cwconsole.core.filters import Filter, line_of
from cwconsole.store import replay_preview
from cwconsole.store.actions import ActionKind
from cwconsole.store.replay_jobs import DEFAULT_RATE, read_rate
from cwconsole.store.replay_preview import Preview
from cwconsole.store.selection import Selection
from cwconsole.store.status import StatusRow
from cwconsole.tui.asking import ask
from cwconsole.tui.outcomes import tell_of_job, tell_of_replay
from cwconsole.tui.render.replay_lines import pace_line, preview_lines
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.widgets.confirm import Answer, Choice, Question
from cwconsole.tui.widgets.virtual_table import VirtualTable

TYPED_ABOVE: Final = 100  # more than so many want their number typed
NAMED: Final = 20  # so many events are named in the command line of the audit log


class Replays(OnScreen):
    """Mixed into screens that have the scope EVENTS."""

    def chosen_events(self) -> Selection | None:
        """The events under the cursor, or marked; None if there are none."""
        raise NotImplementedError

    def do_event_replay(self, reason: str | None) -> None:
        wanted = self.chosen_events()
        if wanted is not None:
            self.prepare(self._ask_to_replay(wanted, Answer(reason=reason)), what="Counting events")

    async def _ask_to_replay(self, wanted: Selection, before: Answer) -> None:
        """Count, and ask with the numbers. before: what is known of the answer, or was answered to other numbers."""
        now_ms = self.console.now_ms()
        shown = await self.console.store.read(replay_preview.preview, wanted, asked_ms=now_ms)
        await self.console.operator.require_events(shown.selection)
        if not shown.total:
            raise RefusedError("There is no such event any more.")
        question = _question(shown, now_ms, before, held=_may_be_held(shown, self.console.fleet.values()))
        ask(self, question, lambda answer: self._send_again(wanted, shown, answer))

    def _send_again(self, wanted: Selection, shown: Preview, answer: Answer) -> None:
        if wanted.numbers is not None and len(wanted.numbers) == 1:
            work = self._replay_one(wanted.numbers[0], answer.reason)
        else:
            work = self._order(wanted, shown, answer)
        self.carry_out(work, what="Sending again")

    async def _replay_one(self, event: int, reason: str | None) -> str:
        console = self.console
        asked = console.operator.asked(ActionKind.REPLAY, f"cwconsole replay --event {event}", reason)
        (number,) = await console.operator.replay(asked, [event])
        tell_of_replay(console, number)
        if console.engine.runs:
            return f"Event {event} is sent again (action {number})."
        return f"Event {event} waits for an engine (action {number}); none runs now, and after an hour it expires."

    async def _order(self, wanted: Selection, shown: Preview, answer: Answer) -> str:
        """What was shown; if the numbers have changed meanwhile, ask again with the new ones."""
        operator = self.console.operator
        rate = read_rate(answer.chosen) if answer.chosen else DEFAULT_RATE
        words, remark = _words(wanted)
        words += ["--rate", f"{rate:g}"] if rate != DEFAULT_RATE else []
        command = command_line("replay", *words)
        asked = operator.asked(ActionKind.REPLAY, command, answer.reason, remark=remark)
        try:
            job_id = await operator.order_replays(asked, shown, rate=rate)
        except OtherNumbersError:
            await self._ask_to_replay(wanted, answer)
            return "The numbers have changed meanwhile; here are the new ones."
        tell_of_job(self.console, job_id)
        self.drop_marks()
        what = counted(shown.total, "event")
        if self.console.engine.runs:
            return f"Job {job_id} sends {what} again; 6 shows how far it is."
        return f"Job {job_id} waits for an engine to send {what} again; none runs now."


def selection_of(table: VirtualTable[Any], listed: Filter) -> Selection | None:
    """What is chosen in a list of events: the marked ones, or the one under the cursor. listed: the list's filter."""
    marks, row = table.marks, table.current
    if row is None:
        return None
    keys = tuple(sorted(int(str(key)) for key in marks.keys))
    if marks.everything:
        return Selection(chosen=listed, but=keys)
    if keys:
        return Selection(numbers=keys)
    return Selection(numbers=(row.id,))


def _may_be_held(shown: Preview, fleet: Iterable[StatusRow]) -> bool:
    """Whether deliveries are held where these events are from. Of many, only the first ones' places are known."""
    if any(row.held for row in shown.sample):
        return True
    known = shown.total == len(shown.sample)
    places = {(row.instance, row.resource) for row in shown.sample}
    return any(row.held and (not known or (row.instance, row.resource) in places) for row in fleet)


def _question(shown: Preview, now_ms: int, before: Answer, *, held: bool) -> Question:
    what = "this event" if shown.total == 1 else f"{'' if shown.exact else 'at least '}{shown.total:,} events"
    rate = Choice(
        name="Events a second",
        value=before.chosen or f"{DEFAULT_RATE:g}",
        told=lambda typed: pace_line(shown, read_rate(typed)),
    )
    return Question(
        title=f"Send {what} again?",
        lines=preview_lines(shown, now_ms, held=held),
        yes="send again",
        typed=str(shown.total) if shown.total > TYPED_ABOVE else None,
        reasoned=True,
        reason=before.reason,
        choice=rate if shown.total > 1 else None,
    )


def _words(wanted: Selection) -> tuple[list[str], str]:
    """The events on the command line, and a remark on what it cannot say, or could only at length."""
    if wanted.numbers is None:
        remark = f"# but {len(wanted.but):,} of them" if wanted.but else ""
        return [*shlex.split(line_of(wanted.chosen) or "type:created,updated,deleted"), "--yes"], remark
    named = [word for number in wanted.numbers[:NAMED] for word in ("--event", str(number))]
    more = len(wanted.numbers) - NAMED
    return [*named, "--yes"], f"# and {more:,} more" if more > 0 else ""
