"""What can be done to deliveries, on whichever screen they are: try again, give up, let held ones go, see the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cwconsole.core.command_line import command_line
from cwconsole.core.counted import counted
from cwconsole.core.delivery import Signal, sources
from cwconsole.core.errors import RefusedError
from cwconsole.store import callback_list, chosen_deliveries, operations, reach
from cwconsole.store.actions import ActionKind
from cwconsole.store.callback_list import Holds
from cwconsole.store.chosen_deliveries import Chosen
from cwconsole.store.delivery_list import DeliveryRow
from cwconsole.tui import things
from cwconsole.tui.action import Subject
from cwconsole.tui.asking import ask, typed_for
from cwconsole.tui.delivery_bulk import CANCEL, RETRY, Verb, change_all
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.reach_lines import release_lines
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.confirm import Answer, Question

_SOURCES: Final = {RETRY.command: sources(Signal.REARMED), CANCEL.command: sources(Signal.CANCELLED)}


class DeliveryKeys(OnScreen):
    """Mixed into screens that have the scope DELIVERY."""

    async def chosen_ids(self) -> Sequence[int]:
        """The deliveries under the cursor or marked. Raises RefusedError if they are too many."""
        raise NotImplementedError

    def delivery(self) -> DeliveryRow | None:
        """The one under the cursor, if it is one."""
        return None

    def delivery_subject(self, **more: Any) -> Subject:
        """What the keys would be done to. What holds a delivery that does not wait, the fleet knows."""
        row = self.delivery()
        if row is None:
            return self.bare_subject()
        held = {"held": True} if row.held else {}
        return self.bare_subject(
            instance=row.instance, resource=row.resource, event=row.event, delivery=row.id, state=row.state,
            thing=things.delivery(row.id), **held, **more,
        )  # fmt: skip

    def do_delivery_retry(self, reason: str | None) -> None:
        """One is tried at once; many are counted and asked about before."""
        row = self.delivery()
        if row is not None and not self.subject().marked:
            self.carry_out(change_all(self.console.operator, RETRY, [row.id], reason), what="Trying again")
        else:
            self._ask_about(RETRY, reason)

    def do_delivery_cancel(self, reason: str | None) -> None:
        self._ask_about(CANCEL, reason)

    async def do_delivery_event(self) -> None:
        row = self.delivery()
        if row is not None:
            await self.console.drill(spec("event", id=row.event))

    # --- retry and cancel -------------------------------------------------------------------------------------------

    def _ask_about(self, verb: Verb, reason: str | None) -> None:
        self.prepare(self._asked_about(verb, reason), what="Counting deliveries")

    async def _asked_about(self, verb: Verb, reason: str | None) -> None:
        ids = await self.chosen_ids()
        await self.console.operator.require_deliveries(ids)
        chosen = await self.console.store.read(chosen_deliveries.preview, ids, _SOURCES[verb.command])
        question = _question(verb, chosen, reason)

        def agreed(answer: Answer) -> None:
            self.carry_out(self._change_all(verb, ids, answer.reason), what=question.title)

        ask(self, question, agreed)

    async def _change_all(self, verb: Verb, ids: Sequence[int], reason: str | None) -> str:
        told = await change_all(self.console.operator, verb, ids, reason)
        self.drop_marks()  # not before it is written: they are what is to be tried again
        return told

    # --- held deliveries --------------------------------------------------------------------------------------------

    def do_deliveries_release(self, reason: str | None) -> None:
        """Let go whatever holds the delivery under the cursor: its callback URL, its instance, its resource."""
        row = self.delivery()
        if row is not None:
            self.prepare(self._asked_to_release(row, reason), what="Reading what is held")

    async def _asked_to_release(self, row: DeliveryRow, reason: str | None) -> None:
        store = self.console.store
        holds = await store.read(callback_list.holds, row.instance_id, row.resource, row.url)
        now_ms = self.console.now_ms()
        places = [(row.instance, resource) for resource in _let_go(row, holds)]
        found = await store.read(reach.release, places, now_ms=now_ms)
        question = Question(
            title="Let held deliveries go?",
            lines=release_lines(found, now_ms),
            yes="let go",
            reasoned=True,
            reason=reason,
        )

        def agreed(answer: Answer) -> None:
            self.carry_out(self._release(row, holds, answer.reason), what=question.title)

        ask(self, question, agreed)

    async def _release(self, row: DeliveryRow, holds: Holds, reason: str | None) -> str:
        operator = self.console.operator
        steps = []
        for resource in _let_go(row, holds):
            command = command_line("resume", *filter(None, (row.instance, resource)), "--delivery")
            steps.append((operator.asked(ActionKind.RELEASE, command, reason), row.instance, resource))
        return " ".join(await operator.do_all(operations.release, steps))


def _question(verb: Verb, chosen: Chosen, reason: str | None) -> Question:
    """What will happen, in numbers. Raises RefusedError if nothing would."""
    states = _SOURCES[verb.command]
    number, others = chosen.among(states), sum(each for state, each in chosen.states if state not in states)
    told = ", ".join(f"{each:,} {state}" for state, each in chosen.states if state in states)
    if not number:
        there = ", ".join(f"{each:,} {state}" for state, each in chosen.states) or "none"
        raise RefusedError(f"Nothing here can be {verb.did} ({there}).")
    what = counted(number, "delivery", "deliveries")
    more = f" and {chosen.callbacks - len(chosen.urls)} more" if chosen.callbacks > len(chosen.urls) else ""
    lines = [*_names(chosen, number), f"{told} to:"]
    lines += [*(f"  {plain(url)}" for url in chosen.urls), *([f"  {more.strip()}"] if more else [])]
    if others:
        left = ", ".join(f"{each:,} {state}" for state, each in chosen.states if state not in states)
        lines.append(f"Left as they are: {left}.")
    if verb is RETRY and (number_held := chosen.held_among(states)):
        held = counted(number_held, "of them is held, and stays", "of them are held, and stay")
        lines.append(f"{held} so until it is let go.")
    lines += ["", *(_RETRIED if verb is RETRY else _CANCELLED)]
    return Question(
        title=f"Try {what} again?" if verb is RETRY else f"Give up {what}?",
        lines=lines,
        yes="try again" if verb is RETRY else "give up",
        typed=typed_for(number),
        reasoned=True,
        reason=reason,
    )


def _names(chosen: Chosen, number: int) -> list[str]:
    """Which ones: a list that is live may have moved on while the key was pressed."""
    lines = [
        f"delivery {one.id}: {one.type} {plain(one.instance)}/{plain(one.resource)} {one.object_id}"
        for one in chosen.named
    ]
    more = number - len(lines)
    return [*lines, *([f"and {more:,} more"] if more else []), ""]


_RETRIED: Final = ("Each is sent as soon as it is its turn, with a fresh schedule of attempts.",)
_CANCELLED: Final = (
    "They are not sent any more; the next event of each object takes its turn.",
    "The events stay, and can be tried again or replayed later.",
)


def _let_go(row: DeliveryRow, holds: Holds) -> list[str | None]:
    """What has to be let go for it to be sent: its instance as a whole (None), its resource, or both."""
    whole: list[str | None] = [None] if holds.instance or holds.callback is not None else []
    return [*whole, *([row.resource] if holds.resource else [])]
