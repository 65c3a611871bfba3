"""The answer to a sweep that found suspiciously many records gone: asked for with the number, which is to be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cwconsole.core.counted import counted
from cwconsole.core.errors import CwconsoleError
from cwconsole.core.later import Later
from cwconsole.store.actions import ActionKind
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.render.plain import plain
from cwconsole.tui.widgets.confirm import Answer, Confirm, Question
from cwconsole.tui.work import QUESTION, start

if TYPE_CHECKING:
    from cwconsole.store import sweeps
    from cwconsole.store.sweeps import SweepQuestion
    from cwconsole.tui import outcomes
    from cwconsole.tui.screens.frame import ConsoleScreen
else:
    sweeps = Later("cwconsole.store.sweeps")
    outcomes = Later("cwconsole.tui.outcomes")


class SweepAnswer:
    """Part of `Places`."""

    @property
    def _answer_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    def do_sweep_confirm(self, reason: str | None) -> None:
        subject = self._answer_screen.subject()
        if subject.instance is not None and subject.resource is not None:
            work = self._ask_to_confirm(subject.instance, subject.resource, reason)
            start(self._answer_screen, work, what="Reading what the sweep found", group=QUESTION)

    async def _ask_to_confirm(self, instance: str, resource: str, reason: str | None) -> None:
        screen = self._answer_screen
        try:
            found = await screen.console.store.read(sweeps.question, instance, resource)
        except CwconsoleError as error:
            screen.app.notify(error.message, severity="warning")
            return

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                work = self._confirm(instance, resource, found.gone, answer.reason)
                screen.carry_out(work, what="Confirming deletes")

        if screen.in_front:
            screen.app.push_screen(Confirm(_question(found, reason)), answered)

    async def _confirm(self, instance: str, resource: str, gone: int, reason: str | None) -> str:
        console, command = self._answer_screen.console, BY_ID["sweep.confirm"].command
        assert command is not None, "it has a twin on the command line"
        twin = command(self._answer_screen.bare_subject(instance=instance, resource=resource, asking=gone))
        asked = console.operator.asked(ActionKind.SWEEP, twin, reason)
        number = await console.operator.confirm_deletes(asked, instance, resource, gone)
        outcomes.tell_of_actions(console, [number])
        told = f"A sweep of {instance}/{resource} that may delete up to {gone:,} is asked for (action {number})"
        if console.engine.runs:
            return f"{told}."
        return f"{told}; none runs now to do it, and after an hour it expires. On 5, c calls it off."


def _question(found: SweepQuestion, reason: str | None) -> Question:
    what = counted(found.gone, f"record of {plain(found.label)} is", f"records of {plain(found.label)} are")
    return Question(
        title=f"Confirm that {what} gone?",
        lines=[
            f"The last sweep that asked did not find {found.gone:,} of {found.listed:,} known records listed any more.",
            "",
            f"It sweeps once more, and asks ConnectWise for each of up to {found.gone:,} by its id.",
            "What is not found there becomes a DELETED event and is delivered;",
            "what answers stays. If more are gone by then, it asks again.",
            "",
            "Do not confirm it if the key's rights, the company or the filter may have changed.",
        ],
        yes="confirm",
        typed=str(found.gone),
        reasoned=True,
        reason=reason,
    )
