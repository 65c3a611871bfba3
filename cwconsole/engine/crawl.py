"""One poll: read a resource page by page, and commit each page before the next is judged.

While a page is being committed the next is already being fetched. Its cursor is known, and a row that changes
meanwhile stays in the set (design 5.2), so nothing is lost by asking early. The caller holds the resource's lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from cwconsole.core import page_size
from cwconsole.core.config import InstanceConfig, Mode, ResourceConfig
from cwconsole.core.errors import SourceFault, StaleError, StoreError
from cwconsole.core.poll_url import names_the_present, written_conditions, written_until
from cwconsole.core.polling import after_baseline, is_parking, next_on_grid, wait_after_fault
from cwconsole.core.records import Page, PageRequest
from cwconsole.engine.fetchers import AsWrittenFetcher, ByIdFetcher, PageFetcher
from cwconsole.engine.plan import Plan, birth_of, ceiling_of, filter_of, interval_of, plan
from cwconsole.engine.ports import Source
from cwconsole.engine.services import Services, together
from cwconsole.log import log
from cwconsole.store import failures, objects, pages, resources
from cwconsole.store.pages import Finish, PageCommit
from cwconsole.store.polls import PollStart, Tally
from cwconsole.store.resources import Resource


class Target(Struct, frozen=True, kw_only=True):
    """What to poll, and through which source.

    instance_updated_ms: when the instance's row, of which this was made, was last changed.
    """

    config: ResourceConfig
    instance: InstanceConfig
    source: Source
    instance_updated_ms: int = 0

    @property
    def label(self) -> str:
        """How sentences name it: `acme/contacts`."""
        return f"{self.instance.name}/{self.config.name}"

    def fits(self, resource: Resource) -> bool:
        """Whether this is the configuration that the resource's row was written for."""
        return resource.instance_updated_ms == self.instance_updated_ms


class Why(Struct, frozen=True, kw_only=True):
    """Who wants a poll or a sweep: the schedule, an operator's action, or `run --once`."""

    trigger: str = "schedule"
    action_id: int | None = None


@dataclass(slots=True, kw_only=True)
class PollReport:
    """How a poll went. outcome: ok, failed, stopped or dropped. next_poll_ms: when the next is due.

    resumed: it went on with a crawl that an earlier poll had begun. set_aside: records that could not be decoded;
    newly_aside: of these, those that were not set aside before.
    """

    resource: Resource
    resumed: bool = False
    outcome: str = "ok"
    fault: SourceFault | None = None
    next_poll_ms: int = 0
    baselined: bool = False
    records: int = 0
    events: int = 0
    set_aside: int = 0
    newly_aside: int = 0

    @property
    def complete(self) -> bool:
        """Whether it read all there was."""
        return self.outcome == "ok" and not self.set_aside


class Crawl:
    """A poll in the making."""

    def __init__(self, services: Services, target: Target, resource: Resource, why: Why) -> None:
        self.services = services
        self.target = target
        self.resource = resource
        self.plan: Plan = plan(resource, target.config, target.instance)
        self.start = PollStart(
            resource_id=resource.id,
            kind=self.plan.kind,
            trigger=why.trigger,
            action_id=why.action_id,
            crawl_id=resource.crawl_id,
            started_ms=services.clock.now_ms(),
            window_from=self.plan.window_from,
        )
        self.poll_id: int | None = None
        self.report = PollReport(resource=resource, resumed=self.plan.resumes)
        self.fetcher: PageFetcher | None = None
        self.present = 0  # on ConnectWise's clock, for a URL that names it
        self.ceiling: int | None = None

    async def run(self) -> PollReport:
        """Poll to the end, to a fault, to a stop, or until somebody drops the crawl. Known faults don't raise."""
        try:
            await self._prepare()
            await self._pages()
        except SourceFault as fault:
            await self._fail(fault)
        except StaleError:
            await self._end("dropped", "The watermark or the configuration changed while it ran.")
        except StoreError:
            raise
        except Exception:
            await self._end("failed", "An unexpected error stopped it; see the log.", code="defect")
            raise
        await self._keep_page_size()
        return self.report

    async def _prepare(self) -> None:
        """Before the first page: fix what later pages must agree on.

        For a baseline, where events begin, and above which id everything is young. For a URL that names the present,
        when that is: by ConnectWise's clock, never by ours, which may lie hours behind the watermark.
        """
        if self.resource.start_at is None:
            await self._fix_the_start()
        if self.plan.baseline:
            known = await self.services.store.read(objects.highest_known, self.resource.id)
            self.ceiling = ceiling_of(self.resource, self.target.config, highest_known=known)
        if self._names_the_present:
            _, self.present = await self.target.source.highest_id(self.target.config.path, "")
        self.fetcher = self._open_fetcher()

    async def _fix_the_start(self) -> None:
        """Once and for good: a baseline that breaks before its first page, or is read again, does not move it."""
        config, wanted = self.target.config, self.target.instance.start
        highest, server_time = await self.target.source.highest_id(config.path, config.filter)
        start_at = min(wanted, server_time) if isinstance(wanted, int) else server_time
        self.resource = await self.services.store.write(
            resources.fix_start,
            self.resource,
            start_at=start_at,
            highest_id=highest,
            skew_ms=server_time * 1000 - self.services.clock.now_ms(),
        )

    @property
    def _as_written(self) -> bool:
        return self.target.config.mode is Mode.AS_WRITTEN and self.plan.kind == "window"

    @property
    def _names_the_present(self) -> bool:
        return self._as_written and names_the_present(self.target.config.template)

    def _open_fetcher(self) -> PageFetcher:
        config = self.target.config
        size = page_size.forget_old(self.resource.size, now_ms=self.services.clock.now_ms())
        if self._as_written:
            return AsWrittenFetcher(
                source=self.target.source,
                path=config.path,
                conditions=written_conditions(
                    config.template, last_poll_ms=(self.plan.window_from or 0) * 1000, now_ms=self.present * 1000
                ),
                dates=config.dates,
                size=size,
                limit=config.page_size,
                services=self.services,
            )
        return ByIdFetcher(
            source=self.target.source,
            request=PageRequest(
                path=config.path,
                conditions=filter_of(self.plan, config, self.ceiling),
                ids_only=self.plan.ids_only,
                dates=config.dates,
            ),
            size=size,
            limit=config.page_size,
            services=self.services,
            cursor=self.plan.after,
        )

    async def _pages(self) -> None:
        fetcher = self.fetcher
        assert fetcher is not None
        page, cursor, done = await fetcher.next(), fetcher.cursor, fetcher.done
        while not done:
            commit = self._commit(page, cursor, finish=False)
            if self.services.stopping.is_set():
                await commit
                await self._end("stopped", "The engine was stopped; the next poll goes on from here.")
                return
            page, _ = await together(fetcher.next(), commit)
            cursor, done = fetcher.cursor, fetcher.done
        await self._commit(page, cursor, finish=True)

    async def _commit(self, page: Page, cursor: int, *, finish: bool) -> None:
        fetcher = self.fetcher
        assert fetcher is not None
        now_ms = self.services.clock.now_ms()
        aside, fetcher.set_aside = tuple(fetcher.set_aside), []
        self.poll_id, tally = await self.services.store.write(
            pages.commit_page,
            PageCommit(
                resource=self.resource,
                start=self.start,
                poll_id=self.poll_id,
                birth=birth_of(self.resource, self.target.config, self.target.instance),
                page=page,
                last_id=cursor,
                now_ms=now_ms,
                finish=self._finish(now_ms, page.server_time) if finish else None,
                baseline=self.plan.baseline,
                set_aside=aside,
            ),
        )
        self._count(tally)

    def _count(self, tally: Tally) -> None:
        self.report.records += tally.records
        self.report.events += tally.created + tally.updated + tally.deleted
        self.report.set_aside += tally.set_aside
        self.report.newly_aside += tally.newly_aside
        if tally.set_back:
            log.warning("the server's clock was set back", resource=self.resource.label, seconds=tally.set_back)
        if tally.deliveries and tally.callback_id is not None:
            self.services.nudge(tally.callback_id)  # not the one of when the poll began: it may have been edited

    def _finish(self, now_ms: int, server_time: int) -> Finish:
        report, interval = self.report, interval_of(self.target.config)
        report.next_poll_ms = next_on_grid(self.resource.next_poll_ms, interval=interval, now_ms=now_ms)
        report.baselined = self.plan.kind in ("baseline", "everything")
        if report.baselined:
            report.next_poll_ms = after_baseline(interval=interval, now_ms=now_ms, chance=self.services.chance())
        if self.plan.kind == "baseline" and isinstance(self.target.instance.start, int):
            report.next_poll_ms = now_ms  # events have been waiting since the start
        if self.plan.resumes and server_time - (self.resource.crawl_server_time or server_time) > interval:
            report.next_poll_ms = now_ms  # it ended a window of the past: what came meanwhile has waited long enough
        return Finish(next_poll_ms=report.next_poll_ms, watermark=self._watermark(), baselined=report.baselined)

    def _watermark(self) -> int | None:
        """What is complete, if that is not all up to the first answer: a URL that names the present read up to it."""
        if self._names_the_present:
            return written_until(self.target.config.template, now=self.present)
        return self.resource.start_at if self.plan.kind == "baseline" else None

    async def _fail(self, fault: SourceFault) -> None:
        """Record the fault with its next try. The crawl stays open: the next poll goes on where this one broke."""
        interval = interval_of(self.target.config)
        wait = wait_after_fault(
            fault, interval=interval, failures=self.resource.failures + 1, chance=self.services.chance()
        )
        now_ms = self.services.clock.now_ms()
        self.report.outcome, self.report.fault = "failed", fault
        self.report.next_poll_ms = now_ms + int(wait * 1000)
        await self.services.store.write(
            failures.fail_poll,
            self.start,
            self.poll_id,
            configured_ms=self.resource.instance_updated_ms,
            code=fault.code,
            error=fault.message,
            parked=is_parking(fault),
            next_poll_ms=self.report.next_poll_ms,
            now_ms=now_ms,
        )

    async def _end(self, outcome: str, sentence: str, *, code: str | None = None) -> None:
        now_ms = self.services.clock.now_ms()
        self.report.outcome, self.report.next_poll_ms = outcome, now_ms
        await self.services.store.write(
            failures.end_poll, self.start, self.poll_id, outcome=outcome, code=code, error=sentence, now_ms=now_ms
        )

    async def _keep_page_size(self) -> None:
        if self.fetcher is not None and self.fetcher.size != self.resource.size:
            await self.services.store.write(resources.keep_page_size, self.resource.id, self.fetcher.size)
