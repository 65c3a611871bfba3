"""What can be done to the instance or resource under the cursor, or to the marked ones, on whichever screen they are.

Stopping something asks first, with the numbers of what stops, and so does letting deliveries go, with what is sent;
polling goes on at once. Many want their number typed, whatever is done to them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cwconsole.core.errors import RefusedError
from cwconsole.core.later import Later
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.once import Connection
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.asking import TYPED_FROM, ask, typed_for
from cwconsole.tui.screens.place_pages import PlacePages
from cwconsole.tui.screens.sweep_answer import SweepAnswer
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.confirm import Question

if TYPE_CHECKING:
    from cwconsole.store import operations, reach, requests
    from cwconsole.store.reach import Reach
    from cwconsole.tui import outcomes
    from cwconsole.tui.operator import Operation
    from cwconsole.tui.render import reach_lines
else:
    operations, reach = Later("cwconsole.store.operations"), Later("cwconsole.store.reach")
    requests = Later("cwconsole.store.requests")
    reach_lines = Later("cwconsole.tui.render.reach_lines")
    outcomes = Later("cwconsole.tui.outcomes")

Place = tuple[str, str | None]  # an instance, and perhaps a resource of it
Change = Callable[[Sequence[Place], str | None], Coroutine[Any, Any, str]]


class _Verb(Struct, frozen=True, kw_only=True):
    """An action on places. did: what is so afterwards, of one and of many. asks: the lines of the question, if any."""

    action: str
    kind: ActionKind
    title: str
    yes: str
    did: str
    asks: Callable[[Sequence[Reach]], list[str]] | None = None


_POLL = _Verb(action="poll.now", kind=ActionKind.POLL, title="Poll {}?", yes="poll", did="A poll of {} is asked for")
_SWEEP = _Verb(
    action="sweep.now", kind=ActionKind.SWEEP, title="Sweep {}?", yes="sweep", did="A sweep of {} is asked for"
)
_PAUSE = _Verb(
    action="polling.pause",
    kind=ActionKind.PAUSE,
    title="Pause {}?",
    yes="pause",
    did="{} stand still",
    asks=lambda reaches: reach_lines.pause_lines(reaches),  # noqa: PLW0108 - not loaded yet
)
_RESUME = _Verb(action="polling.resume", kind=ActionKind.RESUME, title="Resume {}?", yes="resume", did="{} go on")
_HOLD = _Verb(
    action="deliveries.hold",
    kind=ActionKind.HOLD,
    title="Hold deliveries of {}?",
    yes="hold them",
    did="Deliveries of {} are held",
    asks=lambda reaches: reach_lines.hold_lines(reaches),  # noqa: PLW0108 - not loaded yet
)
_RELEASE = _Verb(
    action="deliveries.release",
    kind=ActionKind.RELEASE,
    title="Let deliveries of {} go?",
    yes="let go",
    did="Deliveries of {} go on",
)  # asks for itself, with what would be sent


class Places(PlacePages, SweepAnswer):
    """Mixed into screens that have the scope PLACE. The registry has seen to it that there is an instance."""

    def chosen_places(self) -> Sequence[Place]:
        """The place under the cursor; screens whose rows are places say which are marked."""
        subject = self.subject()
        return [(subject.instance, subject.resource)] if subject.instance is not None else []

    def do_poll_now(self, reason: str | None) -> None:
        self._begin_with(_POLL, self._asking(_POLL, requests.ask_poll), reason)

    def do_sweep_now(self, reason: str | None) -> None:
        self._begin_with(_SWEEP, self._asking(_SWEEP, requests.ask_sweep), reason)

    def do_polling_pause(self, reason: str | None) -> None:
        self._begin_with(_PAUSE, self._steering(_PAUSE, operations.pause), reason)

    def do_polling_resume(self, reason: str | None) -> None:
        self._begin_with(_RESUME, self._steering(_RESUME, operations.resume), reason)

    def do_deliveries_hold(self, reason: str | None) -> None:
        self._begin_with(_HOLD, self._steering(_HOLD, operations.hold), reason)

    def do_deliveries_release(self, reason: str | None) -> None:
        self.prepare(self._ask_to_release(self.chosen_places(), reason), what="Counting what is held")

    def do_fleet_events(self) -> Coroutine[Any, Any, None]:
        subject = self.subject()
        return self.console.drill(spec("events", instance=subject.instance, resource=subject.resource))

    # --- asking before ----------------------------------------------------------------------------------------------

    def _begin_with(self, verb: _Verb, work: Change, reason: str | None) -> None:
        """Do it, or ask before."""
        places = self.chosen_places()
        if verb.asks is None and len(places) < TYPED_FROM:
            self._do_to(verb, work, places, reason)
        else:
            self.prepare(self._ask_before(verb, work, places, reason), what="Counting")

    async def _ask_before(self, verb: _Verb, work: Change, places: Sequence[Place], reason: str | None) -> None:
        def read(conn: Connection) -> list[Reach]:
            return [reach.reach(conn, *place) for place in places]

        reaches = await self.console.store.read(read)
        lines = reach_lines.named(one.label for one in reaches) if verb.asks is None else verb.asks(reaches)
        self._ask_for(verb, work, places, _question(verb, reach_lines.places_words(reaches), lines, places, reason))

    def way_to_whole(self, instance: str) -> str:
        """How an instance that is held as a whole is let go from here."""
        return f"I opens {instance}; there Tab, then H lets them go."

    async def _ask_to_release(self, places: Sequence[Place], reason: str | None) -> None:
        now_ms = self.console.now_ms()
        found = await self.console.store.read(reach.release, places, now_ms=now_ms)
        if found.barred is not None:
            raise RefusedError(f"Deliveries of {found.barred} are held as a whole: {self.way_to_whole(found.barred)}")
        what = found.labels[0] if len(places) == 1 else f"{len(places):,} places"
        lines = reach_lines.release_lines(found, now_ms)
        work = self._steering(_RELEASE, operations.release)
        self._ask_for(_RELEASE, work, places, _question(_RELEASE, what, lines, places, reason))

    def _ask_for(self, verb: _Verb, work: Change, places: Sequence[Place], question: Question) -> None:
        ask(self, question, lambda answer: self._do_to(verb, work, places, answer.reason))

    # --- doing ------------------------------------------------------------------------------------------------------

    def _do_to(self, verb: _Verb, work: Change, places: Sequence[Place], reason: str | None) -> None:
        async def done() -> str:
            told = await work(places, reason)
            if len(places) > 1:
                self.drop_marks()  # not before it is written: they are what is to be tried again
            return told

        self.carry_out(done(), what=BY_ID[verb.action].title)

    def _steering(self, verb: _Verb, operation: Operation[str]) -> Change:
        """What only changes state."""

        async def work(places: Sequence[Place], reason: str | None) -> str:
            steps = [(self._asked(verb, place, reason), *place) for place in places]
            outcomes = await self.console.operator.do_all(operation, steps)
            return outcomes[0] if len(outcomes) == 1 else f"{verb.did.format(f'{len(outcomes):,} places')}."

        return work

    def _asking(self, verb: _Verb, request: Operation[int]) -> Change:
        """What an engine does."""

        async def work(places: Sequence[Place], reason: str | None) -> str:
            steps = [(self._asked(verb, place, reason), *place) for place in places]
            numbers = await self.console.operator.do_all(request, steps)
            many = len(places) > 1
            what = f"{len(places):,} places" if many else "/".join(part for part in places[0] if part)
            told = f"{verb.did.format(what)} (action{'s' if many else ''} {_range(numbers)})"
            return outcomes.ordered(self.console, told, numbers)

        return work

    def _asked(self, verb: _Verb, place: Place, reason: str | None) -> Asked:
        command = BY_ID[verb.action].command_for(self.bare_subject(instance=place[0], resource=place[1]))
        return self.console.operator.asked(verb.kind, command, reason)


def _question(verb: _Verb, what: str, lines: Sequence[str], places: Sequence[Place], reason: str | None) -> Question:
    return Question(
        title=verb.title.format(what),
        lines=lines,
        yes=verb.yes,
        typed=typed_for(len(places)),
        reasoned=True,
        reason=reason,
    )


def _range(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
