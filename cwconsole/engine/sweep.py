"""One sweep: lists every id of a resource and finds what polling cannot see.

It merges the listing with the known ids in id order: unknown ids, versions never seen, rows without a date and what was
set aside are fetched; ids that vanished are judged after the last page, and each is confirmed by asking for it (design
5). One request is in flight. The resource's lock is held only while a batch is fetched and written, so polls go on. The
listing, which is older, cannot gainsay what they record.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from cwconsole.core import page_size
from cwconsole.core.command_line import command_line
from cwconsole.core.config import Mode
from cwconsole.core.errors import (
    HeavyQueryFault,
    RecordMissing,
    SourceFault,
    StaleError,
    StoreError,
    UndecodableFault,
)
from cwconsole.core.page_size import PageSize
from cwconsole.core.polling import PARKED_INTERVAL, Birth, sweep_is_suspicious, vanished_between, wait_after_fault
from cwconsole.core.records import FROM_THE_FIRST, Page, PageRequest, Seen
from cwconsole.engine.crawl import Why
from cwconsole.engine.plan import birth_of, sweep_interval_of
from cwconsole.engine.poller import Poller, log_set_aside
from cwconsole.store import objects, polls, resources, sweeps
from cwconsole.store.objects import Listed
from cwconsole.store.pages import Recording, SetAside
from cwconsole.store.polls import PollStart, Tally
from cwconsole.store.resources import Resource

FETCH_BATCH = 100
KNOWN_BATCH = 10_000  # known ids that are looked at together: a page may lie beside a million of them
FAULTS_IN_A_ROW = 3  # a record that cannot be asked for must not hide other deletions; a source that is down ends it
SHORTEST_BACKOFF, LONGEST_BACKOFF = 60.0, 3600.0  # seconds until a sweep that failed is tried again

_TOO_EARLY = "there is nothing yet to compare with; its first poll reads that, so poll it first."


@dataclass(slots=True, kw_only=True)
class SweepReport:
    """How a sweep went. outcome: ok, failed, stopped or refused (waits for confirmation of `vanished` deletions)."""

    outcome: str = "ok"
    sentence: str = ""
    fault: SourceFault | None = None
    compared: int = 0  # listed ids
    fetched: int = 0  # records that the listing did not show to be known
    gaps: bool = True  # whether it looks for events that polling missed, not for deleted records alone
    events: int = 0
    deleted: int = 0
    vanished: int = 0
    set_aside: int = 0
    newly_aside: int = 0  # of these, those that were not set aside before


@dataclass(slots=True)
class _Findings:
    """vanished: known, and not listed. unread: set aside, and not listed; what is both is among them, too."""

    listed: int = 0
    known: int = 0
    vanished: list[int] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)

    @property
    def in_question(self) -> list[int]:
        """What has to be asked for one by one."""
        return [*self.vanished, *sorted(self.unread.difference(self.vanished))]


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
        self.newest_event = 0  # when it began
        size = page_size.forget_old(resource.size, now_ms=self.start.started_ms)
        self.size: PageSize = page_size.of_listing(size)
        self.report = SweepReport(gaps=self.config.mode is not Mode.AS_WRITTEN)

    async def run(self) -> SweepReport:
        """Sweep to the end, to a fault, or until the guard stops it. Known faults don't raise."""
        if not self.resource.baseline_done:
            self.report.outcome, self.report.sentence = "failed", f"{self.resource.label}: {_TOO_EARLY}"
            return self.report
        self.poll_id = await self.services.store.write(polls.open_poll, self.start, None)
        self.newest_event = await self.services.store.read(objects.newest_event)
        try:
            findings = await self._list_all()
            self.report.compared = 0 if findings is None else findings.listed
            await self._recording(0)  # it may be another company's by now, of which this listing says nothing
            if findings is not None and not await self._guarded(findings):
                return self.report
            if findings is None or not await self._confirm(findings.in_question):
                await self._end("stopped", "The engine was stopped; the next sweep starts over.", wait=0)
            else:
                await self._end("ok", "", wait=sweep_interval_of(self.config))
        except StaleError as stale:
            await self._end("dropped", stale.message, wait=0)
        except SourceFault as fault:
            await self._fail(fault)
        except StoreError:
            raise
        except Exception:
            sentence = "An unexpected error stopped it; see the log."
            await self._end("failed", sentence, wait=PARKED_INTERVAL, code="defect")
            raise
        finally:
            log_set_aside(self.resource, self.report.newly_aside)
        return self.report

    async def _fail(self, fault: SourceFault) -> None:
        self.report.fault = fault
        longest = min(sweep_interval_of(self.config), LONGEST_BACKOFF)
        wait = wait_after_fault(
            fault, interval=longest, failures=self.resource.sweep_failures + 1, chance=self.services.chance()
        )
        await self._end("failed", fault.message, wait=max(wait, SHORTEST_BACKOFF), code=fault.code)

    async def _list_all(self) -> _Findings | None:
        """Merge the listing with the known ids; None if the engine stopped meanwhile."""
        findings, after = _Findings(), FROM_THE_FIRST
        while not self.services.stopping.is_set():
            page = await self._listing(after)
            await self.services.store.write(
                polls.add_tally, self.poll_id, Tally(pages=1, records=len(page.records), bytes=page.size)
            )
            if after == FROM_THE_FIRST:
                await self._hasten_poll()
            await self._beside(page.records, after, findings)
            if not page.records:
                return findings
            after = page.records[-1].object_id
        return None

    async def _hasten_poll(self) -> None:
        """The listing was answered: a poll that waits out a fault need not wait longer, be it for an hour."""
        now_ms = self.services.clock.now_ms()
        if self.resource.failures and await self.services.store.write(resources.hasten, self.resource.id, now_ms):
            self.poller.wake()

    async def _listing(self, after: int) -> Page:
        """Ask for a page of ids, for more while they come easily, and for fewer while that is too much."""
        limit = self.config.page_size
        while True:
            size = page_size.current(self.size, limit=limit)
            request = PageRequest(
                path=self.config.path, conditions=self.config.filter, after=after, size=size, ids_only=True
            )
            try:
                page = await self.source.page(request)
            except HeavyQueryFault:
                await self._remember_heavy(size)
                if page_size.current(self.size, limit=limit) >= size:
                    raise
            else:
                self.size = page_size.after_page(
                    self.size, body_bytes=page.size, limit=limit, records=len(page.records)
                )
                return page

    async def _remember_heavy(self, tried: int) -> None:
        """For polls and later sweeps; with the lock, since a poll stores what it makes of the size at its end."""
        self.size = page_size.after_heavy(self.size, tried=tried, now_ms=self.services.clock.now_ms())
        async with self.poller.lock:
            await self.services.store.write(resources.note_heavy, self.resource.id, self.size)

    async def _beside(self, listed: list[Seen], after: int, findings: _Findings) -> None:
        """Merge what is listed with the known objects of the same range; an empty page's range has no end."""
        store, resource_id = self.services.store, self.resource.id
        up_to = listed[-1].object_id if listed else None
        aside = await store.read(objects.aside_range, resource_id, after, up_to)
        findings.unread |= aside.difference(seen.object_id for seen in listed)
        while True:
            known = await store.read(objects.known_range, resource_id, after, up_to, KNOWN_BATCH)
            if len(known) < KNOWN_BATCH:
                await self._merge(listed, known, aside, findings)
                return
            after = known[-1].object_id
            part = [seen for seen in listed if seen.object_id <= after]
            await self._merge(part, known, aside, findings)
            listed = listed[len(part) :]

    async def _merge(self, listed: list[Seen], known: list[Listed], aside: set[int], findings: _Findings) -> None:
        findings.listed += len(listed)
        believed = [
            one.object_id for one in known if one.presence == "listed" and (one.event_id or 0) <= self.newest_event
        ]
        findings.known += len(believed)
        findings.vanished += vanished_between([seen.object_id for seen in listed], believed)
        if self.config.mode is Mode.AS_WRITTEN:
            # Which records its template takes in only ConnectWise can tell: those set aside it did.
            wanted = [seen.object_id for seen in listed if seen.object_id in aside]
        else:
            wanted = unseen(listed, known, aside, undated=self.config.mode is not Mode.FULL)
        for first in range(0, len(wanted), FETCH_BATCH):
            async with self.poller.lock:
                await self._fetch(wanted[first : first + FETCH_BATCH])

    async def _fetch(self, wanted: list[int]) -> int:
        """Fetch and write some records; halve a batch that is too much or cannot be decoded, down to the single one.

        Returns how many of them the resource's filter takes in, those that cannot be decoded included.
        """
        aside: tuple[SetAside, ...] = ()
        try:
            page = await self.source.by_ids(self.config.path, self.config.filter, wanted, dates=self.config.dates)
        except (UndecodableFault, HeavyQueryFault) as fault:
            if len(wanted) > 1:
                middle = len(wanted) // 2
                return await self._fetch(wanted[:middle]) + await self._fetch(wanted[middle:])
            if isinstance(fault, HeavyQueryFault):
                raise
            page = Page(records=[], server_time=0, size=0)
            aside = (SetAside(object_id=wanted[0], error=fault.message),)
        if not page.records and not aside:
            return 0
        recording = await self._recording(page.server_time)
        tally = await self.services.store.write(objects.record_fetched, recording, page.records, aside)
        self.report.fetched += len(page.records)
        self._count(tally)
        return len(page.records) + len(aside)

    async def _guarded(self, findings: _Findings) -> bool:
        """Whether the vanished ids may be looked at: not if so many are gone that a person must say so."""
        gone = self.report.vanished = len(findings.vanished)
        known = findings.known  # before this sweep added any
        if not gone or gone <= self.confirmed or not sweep_is_suspicious(gone, known):
            return True
        place = (self.resource.instance_name, self.resource.name)
        sentence = (
            f"{self.resource.label}: {gone} of {known} known records are not listed any more. Nothing was deleted. "
            f"If that is right, confirm it: {command_line('sweep', *place, '--confirm-deletes', gone)}"
        )
        await self._end("refused", sentence, wait=sweep_interval_of(self.config), code="needs_confirmation")
        return False

    async def _confirm(self, in_question: list[int]) -> bool:
        """Ask for each id that is not listed. Returns False if the engine stopped meanwhile.

        An answer that proves nothing is a fault of the sweep, raised once the others have been asked for.
        """
        first, in_a_row = None, 0
        for object_id in in_question:
            if self.services.stopping.is_set():
                return False
            try:
                await self._confirm_one(object_id)
                in_a_row = 0
            except SourceFault as fault:
                first, in_a_row = first or fault, in_a_row + 1
                if in_a_row == FAULTS_IN_A_ROW:
                    break
        if first is not None:
            raise first
        return True

    async def _confirm_one(self, object_id: int) -> None:
        """It is deleted only if asking for it says `NotFound`; if it answers, it left the filter.

        First whether it is back in the list: the listing may be many minutes old. No poll comes in between, and one
        that comes later marks it listed when it reads it.
        """
        async with self.poller.lock:
            if await self._fetch([object_id]):
                return
            try:
                with suppress(UndecodableFault):  # it cannot be read, so it is there
                    await self.source.get(self.config.path, object_id)
            except RecordMissing:
                recording = await self._recording(0)
                tally = await self.services.store.write(objects.record_deletion, recording, object_id)
                self.report.deleted += tally.deleted
                self._count(tally)
            else:
                await self.services.store.write(objects.mark_outside, await self._recording(0), object_id)

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
        self.report.set_aside += tally.set_aside
        self.report.newly_aside += tally.newly_aside
        if tally.deliveries and tally.callback_id is not None:
            self.services.nudge(tally.callback_id)

    async def _end(self, outcome: str, sentence: str, *, wait: float, code: str | None = None) -> None:
        self.report.outcome, self.report.sentence = outcome, sentence
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
