"""Sweeps on a real file: deletes found, confirmed and guarded; what polling cannot see is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cwconsole.core.config import Mode
from cwconsole.core.errors import AccessFault, HeavyQueryFault
from cwconsole.core.health import Health
from cwconsole.core.records import Page, PageRequest
from cwconsole.store import status, sweeps
from cwconsole.store.status import StatusRow
from tests.engine.rig import Rig, contacts, rig
from tests.fakes import SERVER_EPOCH, fault


async def fleet(it: Rig) -> StatusRow:
    """How the only resource does."""
    (row,) = await it.store.read(status.fleet, now_ms=it.clock.now_ms(), engine_runs=True)
    return row


async def test_sweeps_that_keep_failing_make_the_resource_late_until_one_completes(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        baselined_ms = it.clock.now_ms()
        assert (await fleet(it)).state is Health.FRESH
        for failures in (1, 2, 3):
            it.clock.time_ms += 1000
            it.source.faults = [fault("the listing broke")]
            assert (await it.sweep()).outcome == "failed"
            assert ((await fleet(it)).state is Health.LATE) == (failures == 3)
        row = await fleet(it)
        assert row.listed_ms == baselined_ms
        assert "deletes may be missing. The last sweep failed: the listing broke" in (row.last_error or "")
        await it.sweep()
        row = await fleet(it)
        assert (row.state, row.last_error, row.listed_ms) == (Health.FRESH, None, it.clock.now_ms())


async def test_a_poll_that_waits_out_a_fault_is_due_at_once_when_the_sweep_is_answered(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(interval=3600.0)) as it:
        await it.poll()
        it.source.faults = [AccessFault("the keys are wrong"), AccessFault("the keys are wrong")]
        parked = await it.poll()
        assert parked.next_poll_ms == it.clock.now_ms() + 3_600_000
        assert (await it.sweep()).outcome == "failed"
        assert (await it.row()).next_poll_ms == parked.next_poll_ms, "it is not answered yet"
        it.clock.time_ms += 1000
        it.source.faults = [None, fault("the next page broke")]
        it.source.put(1)
        assert (await it.sweep()).outcome == "failed"
        row = await it.row()
        assert (row.next_poll_ms, row.parked) == (it.clock.now_ms(), 1), "the poll is the judge, and has not come yet"
        await it.poll()
        assert (await fleet(it)).state is Health.FRESH


async def test_a_sweep_leaves_the_schedule_of_a_resource_that_is_well_alone(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        due_ms = (await it.poll()).next_poll_ms
        assert (await it.sweep()).outcome == "ok"
        assert (await it.row()).next_poll_ms == due_ms


async def test_a_sweep_that_never_comes_to_its_end_makes_the_resource_late(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.services.stopping.set()
        assert (await it.sweep()).outcome == "stopped"
        it.services.stopping.clear()
        it.clock.time_ms += int(2 * it.poller.target.config.sweep_interval * 1000) + 60_001
        it.source.now += int(2 * it.poller.target.config.sweep_interval) + 60
        await it.poll()
        row = await fleet(it)
        assert row.state is Health.LATE
        assert "No sweep has completed since" in (row.last_error or "")


async def test_a_vanished_record_is_deleted_once_with_its_last_known_record(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        del it.source.rows[1]
        report = await it.sweep()
        assert (report.outcome, report.deleted) == ("ok", 1)
        assert (await it.events())[-1] == (1, "DELETED")
        records = await it.rows("SELECT record FROM events WHERE object_id = 1 ORDER BY id")
        assert records[0] == records[1]
        await it.sweep()
        assert len(await it.events()) == 3


async def test_a_record_known_by_its_date_alone_is_deleted_with_its_id(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in (1, 2):
            it.source.put(object_id, updated=SERVER_EPOCH - 500)
        await it.poll()
        del it.source.rows[2]
        await it.sweep()
        assert await it.rows("SELECT type, record, future FROM events") == [("DELETED", b'{"id":2}', 0)]


async def test_a_record_that_left_the_filter_is_outside_and_no_deletion(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter="listed = true")) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        it.source.put(2, listed=False)
        report = await it.sweep()
        assert (report.outcome, report.deleted) == ("ok", 0)
        assert await it.rows("SELECT object_id, presence FROM objects") == [(1, "listed"), (2, "outside")]
        assert (await it.sweep()).vanished == 0, "it is not asked for again until it is listed"
        it.source.put(2)
        await it.poll()
        assert await it.rows("SELECT presence FROM objects WHERE object_id = 2") == [("listed",)]


async def test_anything_but_not_found_is_no_proof_of_a_deletion(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        del it.source.rows[1]
        it.source.faults = [None, None, AccessFault("The endpoint does not exist.")]
        report = await it.sweep()
        assert (report.outcome, report.deleted) == ("failed", 0)
        assert (await it.sweep()).deleted == 1


async def test_an_empty_listing_deletes_nothing_and_asks(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(1)
        await it.poll()
        it.source.rows.clear()
        report = await it.sweep()
        row = await it.row()
        assert (report.outcome, report.deleted, row.sweep_vanished) == ("refused", 0, 1)
        assert "--confirm-deletes 1" in report.sentence
        assert (await it.sweep(confirmed=1)).deleted == 1
        assert (await it.row()).sweep_vanished is None


async def test_more_than_a_tenth_and_more_than_twenty_stops_the_sweep(tmp_path: Path) -> None:
    async with rig(tmp_path, start="everything") as it:
        for object_id in range(1, 201):
            it.source.put(object_id)
        await it.poll()
        for object_id in range(1, 22):
            del it.source.rows[object_id]
        assert (await it.sweep()).outcome == "refused"
        it.source.put(1)
        assert (await it.sweep()).deleted == 20


async def test_a_sweep_finds_what_the_window_missed(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 9000)
        await it.poll()
        it.source.now += 600
        await it.poll()
        it.source.put(1, updated=SERVER_EPOCH - 8000)  # far behind the watermark
        it.source.put(2, updated=SERVER_EPOCH - 8000)
        it.source.put(3, dated=False)
        await it.poll()
        assert await it.events() == []
        report = await it.sweep()
        assert report.fetched == 3
        assert await it.events() == [(1, "UPDATED"), (2, "CREATED"), (3, "CREATED")]
        await it.sweep()
        assert len(await it.events()) == 3


async def test_the_first_change_of_a_record_without_a_date_is_no_baseline(tmp_path: Path) -> None:
    """One whose date is filtered by and not shown comes by the window; one without any, by a sweep that is due soon."""
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 9000, tells_date=False)
        it.source.put(2, dated=False)
        await it.poll()
        assert await it.store.read(sweeps.due_sweeps, it.clock.now_ms()) == [1]
        await it.sweep()
        assert await it.store.read(sweeps.due_sweeps, it.clock.now_ms()) == []
        it.source.now += 600
        it.source.put(2, dated=False)
        await it.sweep()
        assert await it.events() == [(2, "UPDATED")]


async def test_what_shows_no_date_and_changes_before_any_sweep_is_an_event_of_the_window(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 9000, tells_date=False)
        await it.poll()
        it.source.now += 600
        await it.poll()
        it.source.put(1, tells_date=False)
        await it.poll()
        assert await it.events() == [(1, "UPDATED")]


async def test_what_was_set_aside_is_fetched_although_its_date_is_known(tmp_path: Path) -> None:
    """The second change of one second cannot be decoded, and can again when no window reads it any more."""
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 5
        it.source.put(7)
        await it.poll()
        it.source.put(7, undecodable=True)
        for _ in range(3):
            await it.poll()
            it.source.now += 300
        assert await it.events() == [(7, "CREATED")]
        it.source.rows[7].undecodable = False
        await it.sweep()
        assert await it.events() == [(7, "CREATED"), (7, "UPDATED")]
        assert await it.rows("SELECT object_id FROM set_aside") == []


async def test_what_a_sweep_alone_cannot_decode_is_logged_once_as_a_poll_does(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(7, updated=it.source.now - 3600, undecodable=True)  # dated before any window
        it.source.put(8, updated=it.source.now - 3600, undecodable=True)
        with capture_logs() as logs:
            await it.poll()
            swept = await it.sweep()
            again = await it.sweep()
        assert (swept.set_aside, swept.newly_aside) == (2, 2)
        assert (again.set_aside, again.newly_aside) == (2, 0)
        assert logs == [
            {
                "event": "records were set aside",
                "log_level": "warning",
                "resource": "acme/contacts",
                "records": 2,
                "error": "They cannot be decoded; what changes in them is not delivered.",
            }
        ]


@pytest.mark.parametrize("mode", [Mode.WINDOW, Mode.AS_WRITTEN])
async def test_what_was_set_aside_and_never_known_ends_when_it_is_deleted_or_leaves_the_filter(
    tmp_path: Path, mode: Mode
) -> None:
    template = "/company/contacts?conditions=a = 1 or lastUpdated >= [${gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}]"
    filters = "listed = true" if mode is Mode.WINDOW else ""
    async with rig(tmp_path, resource=contacts(filter=filters, mode=mode, template=template)) as it:
        await it.poll()
        it.source.now += 5
        for object_id in (6, 7, 8, 9):
            it.source.put(object_id, undecodable=object_id != 6)
        await it.poll()
        assert await it.rows("SELECT object_id FROM set_aside") == [(7,), (8,), (9,)]
        del it.source.rows[7]
        it.source.rows[8].listed = False
        report = await it.sweep()
        assert (report.outcome, report.deleted) == ("ok", 0)
        left = [(9,)] if mode is Mode.WINDOW else [(8,), (9,)]
        assert await it.rows("SELECT object_id FROM set_aside") == left
        assert await it.events() == [(6, "CREATED")], "nobody was told of them"


async def test_what_was_set_aside_stays_while_nothing_proves_that_it_is_gone(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(7, undecodable=True)
        await it.poll()
        del it.source.rows[7]
        it.source.faults = [None, AccessFault("The endpoint does not exist.")]
        assert (await it.sweep()).outcome == "failed"
        assert await it.rows("SELECT object_id FROM set_aside") == [(7,)]
        assert (await it.sweep()).outcome == "ok"
        assert await it.rows("SELECT object_id FROM set_aside") == []


async def test_a_known_record_that_left_the_filter_and_cannot_be_read_is_outside(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter="listed = true")) as it:
        await it.poll()
        for object_id in (7, 8):
            it.source.put(object_id)
        await it.poll()
        it.source.put(7, undecodable=True, listed=False)
        assert (await it.sweep()).outcome == "ok"
        assert await it.rows("SELECT object_id, presence FROM objects") == [(7, "outside"), (8, "listed")]


async def test_a_failed_sweep_is_recorded_and_tried_again_later(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.faults = [fault()]
        await it.sweep()
        assert await it.rows("SELECT kind, outcome, error_code FROM polls ORDER BY id DESC LIMIT 1") == [
            ("sweep", "failed", "server_error")
        ]
        assert ((await it.row()).next_sweep_ms or 0) - it.clock.now_ms() == 60_000


async def test_a_sweep_that_was_refused_is_due_again_once_a_poll_gets_through(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        refused = AccessFault("no rights")
        it.source.faults = [refused, refused]
        await it.poll()
        await it.sweep()
        assert await it.store.read(sweeps.due_sweeps, it.clock.now_ms()) == []
        await it.poll()
        assert await it.store.read(sweeps.due_sweeps, it.clock.now_ms()) == [1]
        await it.sweep()
        await it.poll()
        assert await it.store.read(sweeps.due_sweeps, it.clock.now_ms()) == []


async def sweep_sizes(it: Rig, *, too_much: int | None = None) -> list[int]:
    """The sizes that a sweep lists by. too_much: from which size on the server gives up."""
    ask, sizes = it.source.page, list[int]()

    async def page(request: PageRequest) -> Page:
        if request.ids_only:
            sizes.append(request.size)
            if too_much is not None and request.size >= too_much:
                raise HeavyQueryFault("timeout")
        return await ask(request)

    it.source.page = page  # type: ignore[method-assign]
    assert (await it.sweep()).outcome == "ok"
    it.source.page = ask  # type: ignore[method-assign]
    return sizes


async def test_a_listing_begins_small_and_grows_to_the_configured_size(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=600)) as it:
        for object_id in range(1, 1501):
            it.source.put(object_id, updated=1000)
        await it.poll()
        assert await sweep_sizes(it) == [250, 500, 600, 600, 600]
        row = await it.row()
        assert await sweep_sizes(it) == [250, 500, 600, 600, 600]
        assert (await it.row()).size == row.size, "records are larger: it is no measure for polls"


async def test_a_size_that_is_too_much_for_a_listing_is_not_tried_again_within_a_day(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 401):
            it.source.put(object_id, updated=1000)
        await it.poll()
        assert (await sweep_sizes(it, too_much=200))[:2] == [250, 125]
        assert max(await sweep_sizes(it, too_much=200)) == 125
        it.source.asked.clear()
        await it.poll()
        assert it.source.asked[0].size == 125, "nor by a poll"
        it.clock.time_ms += 24 * 3600 * 1000
        assert (await sweep_sizes(it))[0] == 250


async def test_a_size_that_was_too_much_for_a_poll_is_not_tried_by_a_listing(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 401):
            it.source.put(object_id, updated=1000)
        await it.poll()
        it.source.faults = [HeavyQueryFault("timeout")]
        await it.poll()
        assert (await it.row()).page_size_failed == 500
        assert await sweep_sizes(it) == [250, 250, 250]


async def test_a_deleted_record_that_comes_back_is_news(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        row = it.source.rows.pop(1)
        await it.sweep()
        it.source.rows[1] = row
        await it.poll()
        assert await it.events() == [(1, "CREATED"), (2, "CREATED"), (1, "DELETED"), (1, "CREATED")]
