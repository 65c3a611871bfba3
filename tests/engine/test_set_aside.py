"""Records that cannot be read: set aside, flagged, tried again, and in nobody's way."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from cwconsole.core.config import Mode
from cwconsole.core.filters import Filter
from cwconsole.core.health import Health
from cwconsole.engine.actions import poll_sentence, sweep_sentence
from cwconsole.store import poll_list, polls
from tests.engine.rig import contacts, rig


async def test_an_undecodable_record_is_set_aside_and_blocks_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 5
        for object_id in range(1, 30):
            it.source.put(object_id)
        it.source.rows[17].undecodable = True
        report = await it.poll()
        assert report.outcome == "ok"
        assert [object_id for object_id, _ in await it.events()] == [n for n in range(1, 30) if n != 17]
        assert await it.rows("SELECT object_id, tries FROM set_aside") == [(17, 1)]
        it.source.rows[17].undecodable = False
        await it.sweep()
        assert (17, "CREATED") in await it.events()
        assert await it.rows("SELECT object_id FROM set_aside") == []


async def test_what_changes_behind_many_that_cannot_be_read_is_in_the_next_window(tmp_path: Path) -> None:
    """A window of bad records alone takes long; its time is that of its beginning, not of the first good page."""

    def tick(asked: int) -> None:
        it.source.now += 1
        if asked == first + 250:
            it.source.put(3)

    async with rig(tmp_path) as it:
        for object_id in range(1, 400):
            it.source.put(object_id, updated=it.source.now - 10_000)
        await it.poll()
        it.source.now += 60
        for object_id in range(100, 350):
            it.source.put(object_id, undecodable=True)
        first, it.source.before_page = len(it.source.asked), tick
        report = await it.poll()
        assert (report.outcome, report.set_aside) == ("ok", 250)
        assert len(it.source.asked) - first < 600, "what follows a bad one is asked for singly"
        await it.poll()
        assert await it.events() == [(3, "UPDATED")]


async def test_a_record_that_is_set_aside_is_flagged_until_a_sweep_can_read_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 5
        it.source.put(7, undecodable=True)
        with capture_logs() as logs:
            report = await it.poll()
            again = await it.poll()
        assert (report.outcome, report.set_aside, report.complete) == ("ok", 1, False)
        assert (again.set_aside, again.newly_aside) == (1, 0)
        assert poll_sentence(report).endswith(
            "0 records read, 0 events. 1 record could not be decoded and was set aside."
        )
        assert [(one["event"], one["log_level"], one["resource"]) for one in logs] == [
            ("records were set aside", "warning", "acme/contacts")
        ], "once, when it breaks"
        rows = (await it.store.read(poll_list.page, Filter())).rows
        assert [(row.set_aside, row.trouble) for row in rows] == [
            (1, "1 record could not be decoded and was set aside."),
            (1, "1 record could not be decoded and was set aside."),
            (0, ""),
        ]
        assert (await it.status()).state is Health.LATE
        swept = await it.sweep()
        assert "1 record could not be decoded" in sweep_sentence(await it.row(), swept)
        assert (await it.status()).state is Health.LATE, "a sweep that could not read it either mends nothing"
        it.source.rows[7].undecodable = False
        await it.sweep()
        row = await it.status()
        assert (row.state, row.last_error) == (Health.FRESH, None)


async def test_a_poll_that_set_a_record_aside_is_not_thinned_as_one_without_news(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 5
        it.source.put(7, undecodable=True)
        await it.poll()
        it.source.now += 600
        for _ in range(3):  # the first of them begins where the last one ended, and meets it again
            await it.poll()
        await it.store.write(polls.thin, it.clock.now_ms() + polls.KEEP_QUIET_POLLS_MS + 1)
        assert await it.rows("SELECT id, set_aside FROM polls ORDER BY id") == [(2, 1), (3, 1), (5, 0)]


async def test_a_record_that_can_be_decoded_again_is_not_set_aside_any_more(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 5
        it.source.put(6)
        it.source.put(7, undecodable=True)
        await it.poll()
        assert await it.rows("SELECT object_id FROM set_aside") == [(7,)]
        it.source.rows[7].undecodable = False
        await it.poll()
        assert (7, "CREATED") in await it.events()
        assert await it.rows("SELECT object_id FROM set_aside") == []


async def test_what_is_set_aside_is_not_made_known_by_a_baseline_for_another_filter(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(mode=Mode.FULL)) as it:
        it.source.put(1, dated=False)
        await it.poll()
        it.source.put(2, dated=False, undecodable=True)
        it.source.put(3, dated=False)
        await it.poll()
        it.source.rows[2].undecodable = False
        await it.execute("UPDATE resources SET baseline_done = 0, crawl_id = crawl_id + 1, filter = ''")
        await it.poll()
        await it.poll()
        assert await it.events() == [(3, "CREATED"), (2, "CREATED")]
        assert await it.rows("SELECT object_id FROM set_aside") == []


async def test_a_body_that_nothing_helps_to_read_is_a_fault_of_the_poll(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=2)) as it:
        await it.poll()
        it.source.put(1, undecodable=True)
        it.source.before_page = lambda _: it.source.rows.clear() if it.source.asked[-1].ids_only else None
        assert (await it.poll()).outcome == "failed"
        assert (await it.poll()).outcome == "ok"
