"""What operators queued: poll, sweep, replay. Picked up, carried out, and answered with an outcome."""

from __future__ import annotations

import asyncio
import traceback

from cwconsole.core.counted import aside_sentence, counted
from cwconsole.core.errors import CwconsoleError, StoreError, UsageError
from cwconsole.engine.crawl import PollReport, Why
from cwconsole.engine.fleet import Fleet
from cwconsole.engine.poller import Poller
from cwconsole.engine.services import Services
from cwconsole.engine.sweep import Sweep, SweepReport
from cwconsole.log import log
from cwconsole.store import actions, replays, requests, resources
from cwconsole.store.actions import Action, ActionKind
from cwconsole.store.resources import Resource

_CUT_SHORT = {
    "dropped": "its watermark or configuration was changed while it was polled; poll again.",
    "stopped": "the engine was stopped while it was polled; the next poll goes on from there.",
}


class Actions:
    """Carries out queued actions.

    only: the id of the one action this engine is here for; None for whatever is queued.
    """

    def __init__(self, services: Services, fleet: Fleet, *, only: int | None = None) -> None:
        self.services = services
        self.fleet = fleet
        self.only = only

    async def pick_up(self, group: asyncio.TaskGroup) -> None:
        """Start whatever is queued now."""
        store = self.services.store
        if await store.read(actions.has_queued, self.only):
            for action in await store.write(actions.pick, self.services.clock.now_ms(), only=self.only):
                group.create_task(self._carry_out(action))

    async def _carry_out(self, action: Action) -> None:
        try:
            if action.kind is ActionKind.REPLAY:
                await self._replay(action)
                return
            state, outcome = await self._do(action)
            if self.services.stopping.is_set() and state != "done":
                return  # it was cut off: the next engine does it
        except CwconsoleError as error:
            state, outcome = "failed", error.message
        except Exception as defect:  # noqa: BLE001 - one action's defect must not end the engine
            log.error("action broke", action=action.id, traceback=traceback.format_exc())
            state, outcome = "failed", f"An unexpected error ended it ({type(defect).__name__}); see the log."
        await self._finish(action, state, outcome)

    async def _finish(self, action: Action, state: str, outcome: str) -> None:
        now_ms = self.services.clock.now_ms()
        try:
            await self.services.write_patiently(actions.finish, action.id, state, outcome, now_ms)
        except StoreError as error:  # somebody ended it, or the engine stops, and the next one does it again
            log.warning("outcome not written", action=action.id, outcome=outcome, error=error.message)

    async def _do(self, action: Action) -> tuple[str, str]:
        if action.kind is ActionKind.POLL:
            return await self._poll(action)
        if action.kind is ActionKind.SWEEP:
            return await self._sweep(action)
        raise UsageError(f"action {action.id} is of a kind this engine does not know: {action.kind}")

    async def _poll(self, action: Action) -> tuple[str, str]:
        why = Why(trigger="operator", action_id=action.id)
        targets = await self._targets(action)
        reports = await asyncio.gather(*(poller.poll_now(why) for _, poller in targets))
        unwell = [report for report in reports if not report.complete]
        return ("failed" if unwell else "done"), " ".join(poll_sentence(report) for report in reports)

    async def _sweep(self, action: Action) -> tuple[str, str]:
        why = Why(trigger="operator", action_id=action.id)
        confirmed = int(action.params.get("confirm_deletes") or 0)
        state, sentences = "done", []
        for _, poller in await self._targets(action):
            resource, _ = await poller.aimed()
            report = await Sweep(poller, resource, why, confirmed=confirmed).run()
            state = state if report.outcome == "ok" and not report.set_aside else "failed"
            sentences.append(sweep_sentence(resource, report))
        return state, " ".join(sentences)

    async def _replay(self, action: Action) -> None:
        with self.services.underway:
            callback_id = await self.services.write_patiently(replays.replay, action, self.services.clock.now_ms())
            self.services.nudge(callback_id)

    async def _targets(self, action: Action) -> list[tuple[Resource, Poller]]:
        """The resources an action is about, with their pollers. Paused ones too; none of a disabled instance."""
        store = self.services.store
        if action.resource_id is not None:
            row = await store.read(resources.load, action.resource_id)
            rows = [] if row is None else [row]
        else:
            rows = await store.read(resources.of_instance, action.instance_id or 0)
        if rows and not rows[0].instance_enabled:  # since it was asked for
            raise UsageError(requests.disabled_sentence(rows[0].instance_name))
        found = [(row, self.fleet.pollers[row.id]) for row in rows if row.id in self.fleet.pollers]
        if not found:
            raise UsageError(f"action {action.id}: nothing there can be polled; `cwconsole status` says why")
        return found


def poll_sentence(report: PollReport) -> str:
    """One poll's outcome for people."""
    label = report.resource.label
    if report.fault is not None:
        return f"{label}: {report.fault.message.rstrip('.')}."
    if report.outcome != "ok":
        return f"{label}: {_CUT_SHORT.get(report.outcome, f'the poll was {report.outcome}.')}"
    if report.baselined and not report.events:
        done = f"baseline read, {counted(report.records, 'record')}; events begin with the next poll"
    else:
        nothing = "nothing new" if report.complete else "0 events"  # what could not be read may be new
        news = counted(report.events, "event") if report.events else nothing
        done = f"polled, {counted(report.records, 'record')} read, {news}"
    return f"{label}: {done}.{_aside(report.set_aside)}"


def sweep_sentence(resource: Resource, report: SweepReport) -> str:
    """One sweep's outcome for people."""
    if report.outcome == "ok":
        compared = counted(report.compared, "id compared", "ids compared")
        compared += f", {counted(report.fetched, 'record')} fetched" if report.fetched else ""
        return f"{resource.label}: swept, {compared}, {_found(report)}.{_aside(report.set_aside)}"
    if report.fault is not None:
        return f"{resource.label}: {report.fault.message.rstrip('.')}."
    return report.sentence or f"{resource.label}: the sweep was {report.outcome}."


def _found(report: SweepReport) -> str:
    """Nothing is called missing or not missing but what was looked for and could be read."""
    if report.events:
        missed = counted(report.events, "event that no poll had recorded", "events that no poll had recorded")
        return f"{missed} ({report.deleted:,} DELETED)" if report.deleted else missed
    if not report.gaps:
        return "none deleted"
    return "nothing else is missing" if report.set_aside else "nothing missing"


def _aside(number: int) -> str:
    return f" {aside_sentence(number)}" if number else ""
