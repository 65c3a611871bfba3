"""Polling on a real file: what is news, what is not, and that nothing falls between two polls."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cwconsole.core.config import Mode
from cwconsole.core.errors import AccessFault, HeavyQueryFault, RateLimitedFault
from cwconsole.core.polling import CLOCK_SLACK
from cwconsole.core.records import FROM_THE_FIRST
from cwconsole.engine.actions import poll_sentence
from cwconsole.store import operations, resources
from cwconsole.store.actions import ActionKind
from tests.engine.rig import contacts, rig
from tests.fakes import SERVER_EPOCH, Crash, fault
from tests.store.rows import asked


async def test_the_first_poll_builds_a_baseline_without_events(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 1000)
        report = await it.poll()
        row = await it.row()
        assert (report.outcome, report.baselined, await it.events()) == ("ok", True, [])
        assert (row.watermark, row.start_at, row.baseline_id) == (SERVER_EPOCH, SERVER_EPOCH, 1)
        assert all(request.ids_only for request in it.source.asked)


async def test_created_updated_and_untouched_records_after_the_baseline(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 1000)
        it.source.put(2, updated=SERVER_EPOCH - 1000)
        await it.poll()
        it.source.now += 10
        it.source.put(1)
        it.source.put(3)
        await it.poll()
        assert await it.events() == [(1, "UPDATED"), (3, "CREATED")]
        await it.poll()
        assert len(await it.events()) == 2, "the overlap was read again, and nothing was sent twice"


async def test_two_changes_within_one_second_are_two_events(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(1)
        await it.poll()
        it.source.put(1)
        await it.poll()
        assert await it.events() == [(1, "CREATED"), (1, "UPDATED")]


async def test_everything_sends_every_record_as_created(tmp_path: Path) -> None:
    async with rig(tmp_path, start="everything") as it:
        it.source.put(1, updated=SERVER_EPOCH - 99999)
        it.source.put(2, dated=False)
        report = await it.poll()
        assert (report.events, await it.events()) == (2, [(1, "CREATED"), (2, "CREATED")])
        assert (await it.row()).watermark == SERVER_EPOCH


async def test_a_start_in_the_past_sends_what_changed_since(tmp_path: Path) -> None:
    async with rig(tmp_path, start=SERVER_EPOCH - 500) as it:
        it.source.put(1, updated=SERVER_EPOCH - 1000)
        it.source.put(2, updated=SERVER_EPOCH - 400, created=SERVER_EPOCH - 2000)
        it.source.put(3, updated=SERVER_EPOCH - 300, created=SERVER_EPOCH - 300)
        baseline = await it.poll()
        assert baseline.next_poll_ms == it.clock.now_ms(), "events have been waiting since the start"
        await it.poll()
        assert await it.events() == [(2, "UPDATED"), (3, "CREATED")]


async def test_a_record_created_while_the_baseline_is_read_becomes_created(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 1000)

        def create(_: int) -> None:
            it.source.before_page = lambda _: None
            it.source.now += 5
            it.source.put(2)

        it.source.before_page = create
        await it.poll()
        await it.poll()
        assert await it.events() == [(2, "CREATED")]


async def test_a_late_commit_behind_the_watermark_is_seen_within_the_overlap(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 300
        await it.poll()
        it.source.put(7, updated=SERVER_EPOCH + 190)  # became visible after the poll, dated 110 s before it
        await it.poll()
        assert await it.events() == [(7, "CREATED")]


async def test_a_future_date_neither_blocks_nor_moves_the_watermark(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 60
        it.source.put(1, updated=SERVER_EPOCH + 10**8)
        await it.poll()
        assert (await it.row()).watermark == SERVER_EPOCH + 60
        assert await it.rows("SELECT future FROM events") == [(1,)]
        it.source.now += 60
        it.source.put(2)
        await it.poll()
        assert await it.events() == [(1, "CREATED"), (2, "CREATED")]


async def test_a_failed_poll_moves_nothing_and_the_next_goes_on_where_it_broke(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 6):
            it.source.put(object_id)
        it.source.faults = [None, None, fault()]
        failed = await it.poll()
        row = await it.row()
        assert (failed.outcome, row.watermark, row.failures, row.error_code) == (
            "failed",
            SERVER_EPOCH,
            1,
            "server_error",
        )
        assert row.crawl_last_id == 4
        it.source.asked.clear()
        it.source.now += 60
        await it.poll()
        row = await it.row()
        assert it.source.asked[0].after == 4
        assert row.watermark == SERVER_EPOCH + 60, "the crawl keeps the server time of its first answer"
        assert [object_id for object_id, _ in await it.events()] == [1, 2, 3, 4, 5]
        assert (row.failures, row.error) == (0, None)
        outcomes = await it.rows("SELECT outcome FROM polls ORDER BY id")
        assert outcomes == [("ok",), ("failed",), ("ok",)]


@pytest.mark.parametrize(("broken_for", "at_once"), [(61, True), (60, False)])
async def test_what_came_while_a_crawl_was_broken_for_long_is_polled_at_once(
    tmp_path: Path, broken_for: int, at_once: bool
) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        for object_id in range(1, 6):
            it.source.put(object_id)
        it.source.faults = [None, None, fault()]
        assert (await it.poll()).outcome == "failed"
        it.source.now += broken_for
        it.clock.time_ms += broken_for * 1000
        resumed = await it.poll()
        assert (resumed.resumed, (await it.row()).watermark) == (True, SERVER_EPOCH)
        assert (resumed.next_poll_ms == it.clock.now_ms()) == at_once
        assert (await it.poll()).next_poll_ms > it.clock.now_ms()


async def test_a_crash_between_pages_is_resumed_and_sends_nothing_twice(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 6):
            it.source.put(object_id)
        it.source.faults = [None, None, Crash()]
        with pytest.raises(Crash):
            await it.poll()
        await it.poll()
        assert [object_id for object_id, _ in await it.events()] == [1, 2, 3, 4, 5]


async def test_answers_that_seem_a_little_earlier_take_the_watermark_back_by_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 600
        await it.poll()
        it.source.now -= CLOCK_SLACK
        await it.poll()
        assert (await it.row()).watermark == SERVER_EPOCH + 600


@pytest.mark.parametrize("resource", [None, "contacts"])
async def test_a_pause_keeps_the_place_of_a_crawl(tmp_path: Path, resource: str | None) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 6):
            it.source.put(object_id)
        it.source.faults = [None, None, fault()]
        assert (await it.poll()).outcome == "failed"
        for kind, change in ((ActionKind.PAUSE, operations.pause), (ActionKind.RESUME, operations.resume)):
            scope = await it.store.read(operations.scope, "acme", resource)
            await it.store.write(change, scope, asked=asked(kind), now_ms=it.clock.now_ms())
        it.source.asked.clear()
        assert (await it.poll()).resumed
        assert [request.after for request in it.source.asked] == [4, 5]
        assert (await it.row()).watermark == SERVER_EPOCH + 60
        assert [object_id for object_id, _ in await it.events()] == [1, 2, 3, 4, 5]


async def test_setting_the_watermark_meanwhile_drops_the_crawl_and_writes_nothing_more(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 60
        it.source.put(1)
        drop = await it.row()

        async def rewind() -> None:
            await it.store.write(resources.drop_crawl, drop.id)

        crawl_page = it.source.page

        async def page(request: object) -> object:
            answer = await crawl_page(request)  # type: ignore[arg-type]
            if it.source.rows and len(it.source.asked) == 2:
                await rewind()
            return answer

        it.source.page = page  # type: ignore[method-assign,assignment]
        report = await it.poll()
        assert (report.outcome, await it.events()) == ("dropped", [])
        assert poll_sentence(report).endswith("changed while it was polled; poll again.")
        assert (await it.row()).watermark == SERVER_EPOCH


async def test_wrong_credentials_are_probed_slowly_and_recover_by_themselves(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.faults = [AccessFault("acme: the keys are wrong")]
        report = await it.poll()
        row = await it.row()
        assert (row.parked, report.next_poll_ms - it.clock.now_ms()) == (1, 15 * 60 * 1000)
        await it.poll()
        assert ((await it.row()).parked, (await it.row()).failures) == (0, 0)


async def test_retry_after_lengthens_the_wait(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.faults = [RateLimitedFault("too many", retry_after=240)]
        report = await it.poll()
        assert report.next_poll_ms - it.clock.now_ms() == 240_000


async def test_a_heavy_query_is_asked_again_in_smaller_pages(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(1)
        it.source.faults = [HeavyQueryFault("timeout")]
        report = await it.poll()
        row = await it.row()
        assert (report.outcome, row.page_size, row.page_size_failed) == ("ok", 125, 250)


async def test_a_resource_without_dates_is_read_whole_and_compared(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(mode=Mode.FULL)) as it:
        it.source.put(1, dated=False)
        it.source.put(2, dated=False)
        await it.poll()
        it.source.put(2, dated=False)
        it.source.put(3, dated=False)
        await it.poll()
        assert await it.events() == [(2, "UPDATED"), (3, "CREATED")]


async def test_without_a_callback_events_are_recorded_and_nothing_is_due(tmp_path: Path) -> None:
    async with rig(tmp_path, callback=False, start="everything") as it:
        it.source.put(1)
        await it.poll()
        assert await it.rows("SELECT count(*) FROM deliveries") == [(0,)]
        assert await it.events() == [(1, "CREATED")]


async def test_only_an_objects_first_open_delivery_has_a_due_time(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(1)
        await it.poll()
        it.source.now += 5
        it.source.put(1)
        await it.poll()
        assert await it.rows("SELECT due_ms IS NOT NULL, state FROM deliveries ORDER BY id") == [
            (1, "pending"),
            (0, "pending"),
        ]
        assert it.nudged == [1, 1]
        assert await it.rows("SELECT pending FROM resources") == [(2,)]


async def test_a_changed_filter_baselines_the_unknown_ids_and_keeps_the_watermark(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter="listed = true")) as it:
        it.source.put(1, updated=SERVER_EPOCH - 1000)
        it.source.put(2, updated=SERVER_EPOCH - 1000, listed=False)
        await it.poll()
        await it.execute("UPDATE resources SET baseline_done = 0, crawl_id = crawl_id + 1, filter = ''")
        it.poller.retarget(replace(it.poller.target, config=contacts()))
        it.source.now += 30
        it.source.put(1)
        await it.poll()
        await it.poll()
        assert await it.events() == [(1, "UPDATED")]
        assert (await it.row()).start_at == SERVER_EPOCH


async def test_the_next_page_is_asked_for_while_one_is_read(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 6):
            it.source.put(object_id)
        it.source.tells_ahead = True
        before = len(it.source.asked)
        assert (await it.poll()).outcome == "ok"
        assert [request.after for request in it.source.asked[before:]] == [FROM_THE_FIRST, 2, 4, 5], "each once"
        assert [object_id for object_id, _ in await it.events()] == [1, 2, 3, 4, 5]


async def test_a_fault_of_the_page_ahead_does_not_cost_the_one_in_hand(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 6):
            it.source.put(object_id)
        it.source.tells_ahead = True
        for expected in ([1, 2], [1, 2, 3, 4]):
            it.source.faults = [None, fault()]
            assert (await it.poll()).outcome == "failed"
            assert [object_id for object_id, _ in await it.events()] == expected
        await it.poll()
        assert [object_id for object_id, _ in await it.events()] == [1, 2, 3, 4, 5]


async def test_what_was_asked_ahead_is_dropped_where_the_page_in_hand_cannot_be_read(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=4)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 10):
            it.source.put(object_id, undecodable=object_id == 6)
        it.source.tells_ahead = True
        assert (await it.poll()).outcome == "ok"
        assert [object_id for object_id, _ in await it.events()] == [1, 2, 3, 4, 5, 7, 8, 9]
