"""The sweep: lists every id of a resource and finds what polling cannot see.

It merges the listing with the known ids in id order: unknown ids, versions never seen, rows without a date and what was
set aside are fetched; ids that vanished are judged after the last page, and each is confirmed by asking for it (design
5). One request is in flight. The resource's lock is held only while a batch is fetched and written, so polls go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cwconsole.core.config import Mode
from cwconsole.core.errors import RecordMissing, SourceFault, StaleError, UndecodableFault
from cwconsole.core.polling import Birth, sweep_is_suspicious, vanished_between, wait_after_fault
from cwconsole.core.records import Page, PageRequest, Seen
from cwconsole.engine.crawl import Why
from cwconsole.engine.plan import birth_of, sweep_interval_of
from cwconsole.engine.poller import Poller
from cwconsole.store import objects, polls, resources, sweeps
from cwconsole.store.objects import Listed
from cwconsole.store.pages import Recording, SetAside
from cwconsole.store.polls import PollStart, Tally
from cwconsole.store.resources import Resource

LISTING_SIZE = 1000
FETCH_BATCH = 100


@dataclass(slots=True, kw_only=True)
class SweepReport:
    """How a sweep went. outcome: ok, failed, stopped or refused (waits for confirmation of `vanished` deletions)."""

    outcome: str = "ok"
    sentence: str = ""
    fault: SourceFault | None = None
    fetched: int = 0
    events: int = 0
    deleted: int = 0
    vanished: int = 0


@dataclass(slots=True)
class _Findings:
    listed: int = 0
    vanished: list[int] = field(default_factory=list)


class Sweep:
    """One sweep of one resource."""

    def __init__(self, poller: Poller, resource: Resource, why: Why, *, confirmed: int = 0) -> None:
        self.services = poller.services
        self.poller = poller
        self.source = poller.target.source
        self.config = poller.target.config
        self.resource = resource
        self.confirmed = confirmed
        self.birth: Birth = birth_of(resource, self.config, poller.target.instance)
        self.start = PollStart(
            resource_id=resource.id,
            kind="sweep",
            trigger=why.trigger,
            crawl_id=resource.crawl_id,
            started_ms=self.services.clock.now_ms(),
            window_from=None,
            action_id=why.action_id,
        )
        self.poll_id = 0
        self.report = SweepReport()

    async def run(self) -> SweepReport:
        """Sweep to the end, to a fault, or until the guard stops it. Known faults don't raise."""
        self.poll_id = await self.services.store.write(polls.open_poll, self.start, None)
        try:
            findings = await self._list_all()
            if findings is None:
                await self._end("stopped", "The engine was stopped; the next sweep starts over.", wait=0)
            elif await self._guarded(findings):
                await self._confirm(findings.vanished)
                await self._end("ok", "", wait=sweep_interval_of(self.config))
        except StaleError as stale:
            await self._end("dropped", stale.message, wait=0)
        except SourceFault as fault:
            self.report.fault = fault
            wait = wait_after_fault(fault, interval=self.config.interval, failures=1, chance=self.services.chance())
            await self._end("failed", fault.message, wait=max(wait, 60.0), code=fault.code)
        return self.report

    async def _list_all(self) -> _Findings | None:
        """Merge the listing with the known ids; None if the engine stopped meanwhile."""
        findings, after = _Findings(), 0
        while not self.services.stopping.is_set():
            page = await self.source.page(
                PageRequest(
                    path=self.config.path,
                    conditions=self.config.filter,
                    after=after,
                    size=LISTING_SIZE,
                    ids_only=True,
                )
            )
            up_to = page.records[-1].object_id if page.records else None
            known = await self.services.store.read(objects.known_range, self.resource.id, after, up_to)
            aside = await self.services.store.read(objects.aside_range, self.resource.id, after, up_to)
            await self._merge(page, known, aside, findings)
            if up_to is None:
                return findings
            after = up_to
        return None

    async def _merge(self, page: Page, known: list[Listed], aside: set[int], findings: _Findings) -> None:
        findings.listed += len(page.records)
        await self.services.store.write(
            polls.add_tally, self.poll_id, Tally(pages=1, records=len(page.records), bytes=page.size)
        )
        believed = [one.object_id for one in known if one.presence == "listed"]
        findings.vanished += vanished_between([seen.object_id for seen in page.records], believed)
        if self.config.mode is Mode.AS_WRITTEN:
            return  # which records its template takes in only ConnectWise can tell: a sweep finds its deletes alone
        wanted = unseen(page.records, known, aside, undated=self.config.mode is not Mode.FULL)
        for first in range(0, len(wanted), FETCH_BATCH):
            async with self.poller.lock:
                await self._fetch(wanted[first : first + FETCH_BATCH])

    async def _fetch(self, wanted: list[int]) -> None:
        """Fetch and write some records; halve the batch if it cannot be decoded, down to the single one."""
        aside: tuple[SetAside, ...] = ()
        try:
            page = await self.source.by_ids(self.config.path, self.config.filter, wanted)
        except UndecodableFault as fault:
            if len(wanted) > 1:
                middle = len(wanted) // 2
                await self._fetch(wanted[:middle])
                await self._fetch(wanted[middle:])
                return
            page = Page(records=[], server_time=0, size=0)
            aside = (SetAside(object_id=wanted[0], error=fault.message),)
        recording = await self._recording(page.server_time)
        tally = await self.services.store.write(objects.record_fetched, recording, page.records, aside)
        self.report.fetched += len(page.records)
        self._count(tally)

    async def _guarded(self, findings: _Findings) -> bool:
        """Whether the vanished ids may be looked at: not if so many are gone that a person must say so."""
        gone = self.report.vanished = len(findings.vanished)
        known = await self.services.store.read(objects.count_listed, self.resource.id)
        if not gone or gone <= self.confirmed or not sweep_is_suspicious(gone, known):
            return True
        sentence = (
            f"{self.resource.label}: {gone} of {known} known records are not listed any more. Nothing was deleted. "
            f"If that is right, confirm it: cwconsole sweep {self.resource.instance_name} {self.resource.name} "
            f"--confirm-deletes {gone}"
        )
        await self._end("refused", sentence, wait=sweep_interval_of(self.config), code="needs_confirmation")
        return False

    async def _confirm(self, vanished: list[int]) -> None:
        """A vanished id is deleted only if asking for it says `NotFound`; if it answers, it left the filter."""
        for object_id in vanished:
            async with self.poller.lock:
                try:
                    await self.source.get(self.config.path, object_id)
                except RecordMissing:
                    recording = await self._recording(0)
                    tally = await self.services.store.write(objects.record_deletion, recording, object_id)
                    self.report.deleted += tally.deleted
                    self._count(tally)
                else:
                    await self.services.store.write(objects.mark_outside, self.resource.id, object_id)

    async def _recording(self, server_time: int) -> Recording:
        """For the resource as it is now, so that holds and callbacks count, if it still is the one we list."""
        current = await self.services.store.read(resources.load, self.resource.id)
        if current is None or (current.source, current.filter) != (self.resource.source, self.resource.filter):
            raise StaleError(f"{self.resource.label}: its configuration changed while it was swept.")
        return Recording(
            resource=current,
            birth=self.birth,
            poll_id=self.poll_id,
            server_time=server_time,
            now_ms=self.services.clock.now_ms(),
        )

    def _count(self, tally: Tally) -> None:
        self.report.events += tally.created + tally.updated + tally.deleted
        if tally.deliveries and self.resource.callback_id is not None:
            self.services.nudge(self.resource.callback_id)

    async def _end(self, outcome: str, sentence: str, *, wait: float, code: str | None = None) -> None:
        self.report = replace(self.report, outcome=outcome, sentence=sentence)
        now_ms = self.services.clock.now_ms()
        await self.services.store.write(
            sweeps.end_sweep,
            self.resource.id,
            self.poll_id,
            outcome=outcome,
            code=code,
            error=sentence or None,
            vanished=self.report.vanished if outcome == "refused" else None,
            next_sweep_ms=now_ms + int(wait * 1000),
            now_ms=now_ms,
        )


def unseen(listed: list[Seen], known: list[Listed], aside: set[int], *, undated: bool) -> list[int]:
    """The listed ids whose record must be fetched: unknown, of another date, back in the list, or set aside.

    undated: rows without a date as well; a resource that is read in full needs no sweep for them.
    """
    dates = {one.object_id: one.updated for one in known if one.presence == "listed"}
    return [
        seen.object_id
        for seen in listed
        if (undated and seen.updated is None)
        or dates.get(seen.object_id, seen) != seen.updated
        or seen.object_id in aside
    ]
