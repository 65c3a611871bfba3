"""The answer to a sweep that found suspiciously many records gone: asked for with the number, which is to be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwconsole.core.counted import counted
from cwconsole.core.later import Later
from cwconsole.store.actions import ActionKind
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.asking import ask
from cwconsole.tui.render.plain import plain
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.widgets.confirm import Answer, Question

if TYPE_CHECKING:
    from cwconsole.store import sweeps
    from cwconsole.store.sweeps import SweepQuestion
    from cwconsole.tui import outcomes
else:
    sweeps = Later("cwconsole.store.sweeps")
    outcomes = Later("cwconsole.tui.outcomes")


class SweepAnswer(OnScreen):
    """Part of `Places`."""

    def do_sweep_confirm(self, reason: str | None) -> None:
        subject = self.subject()
        if subject.instance is not None and subject.resource is not None:
            work = self._ask_to_confirm(subject.instance, subject.resource, reason)
            self.prepare(work, what="Reading what the sweep found")

    async def _ask_to_confirm(self, instance: str, resource: str, reason: str | None) -> None:
        found = await self.console.store.read(sweeps.question, instance, resource)

        def agreed(answer: Answer) -> None:
            work = self._confirm(instance, resource, found.gone, answer.reason)
            self.carry_out(work, what="Confirming deletes")

        ask(self, _question(found, reason), agreed)

    async def _confirm(self, instance: str, resource: str, gone: int, reason: str | None) -> str:
        operator = self.console.operator
        subject = self.bare_subject(instance=instance, resource=resource, asking=gone)
        asked = operator.asked(ActionKind.SWEEP, BY_ID["sweep.confirm"].command_for(subject), reason)
        number = await operator.confirm_deletes(asked, instance, resource, gone)
        told = f"A sweep of {instance}/{resource} that may delete up to {gone:,} is asked for (action {number})"
        return outcomes.ordered(self.console, told, [number])


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
