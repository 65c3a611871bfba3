"""What polls record while a sweep lists and confirms: the listing is older, and must not gainsay them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cwconsole.core.records import Page, PageRequest, Seen
from tests.engine.rig import Rig, contacts, rig


def when_listed(it: Rig, then: Callable[[], Awaitable[Any]]) -> None:
    """Once the last answer of a listing is made, something happens before the sweep has it."""
    ask = it.source.page

    async def page(request: PageRequest) -> Page:
        answer = await ask(request)
        if request.ids_only and not answer.records:
            it.source.page = ask  # type: ignore[method-assign]
            await then()
        return answer

    it.source.page = page  # type: ignore[method-assign]


async def presence(it: Rig, object_id: int) -> str:
    rows = await it.rows("SELECT presence FROM objects WHERE object_id = ?", object_id)
    return str(rows[0][0])


async def test_what_came_back_after_it_was_listed_is_not_outside_and_its_deletion_is_found(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter="listed = true")) as it:
        await it.poll()
        for object_id in (1, 2, 3):
            it.source.put(object_id)
        await it.poll()
        it.source.now += 600
        await it.poll()
        it.source.put(2, listed=False)

        async def reopened_and_polled() -> None:
            it.source.now += 60
            it.source.put(2)
            await it.poll()

        when_listed(it, reopened_and_polled)
        assert (await it.sweep()).outcome == "ok"
        assert await presence(it, 2) == "listed"
        it.source.now += 600
        await it.poll()
        del it.source.rows[2]
        assert (await it.sweep()).deleted == 1
        assert (await it.events())[-1] == (2, "DELETED")


async def test_what_came_back_while_the_vanished_are_asked_for_is_not_outside(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter="listed = true")) as it:
        await it.poll()
        for object_id in range(1, 6):
            it.source.put(object_id)
        await it.poll()
        it.source.now += 600
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id, listed=False)
        get = it.source.get

        async def reopens(path: str, object_id: int) -> Seen:
            it.source.get = get  # type: ignore[method-assign]
            it.source.now += 60
            it.source.put(2)
            return await get(path, object_id)

        it.source.get = reopens  # type: ignore[method-assign]
        report = await it.sweep()
        assert (report.outcome, report.events) == ("ok", 1), "the sweep reads it itself if no poll did"
        assert [await presence(it, object_id) for object_id in (1, 2)] == ["outside", "listed"]


async def test_what_comes_back_unchanged_and_is_polled_is_not_outside(tmp_path: Path) -> None:
    """A filter on the parent takes a record in and out without touching it: the poll has nothing to write."""
    async with rig(tmp_path, resource=contacts(filter="listed = true")) as it:
        await it.poll()
        for object_id in (1, 2, 3):
            it.source.put(object_id)
        await it.poll()
        it.source.rows[2].listed = False

        async def back() -> None:
            it.source.rows[2].listed = True
            await it.poll()

        when_listed(it, back)
        assert (await it.sweep()).outcome == "ok"
        assert await presence(it, 2) == "listed"


async def test_the_first_records_of_an_empty_resource_are_not_missed_by_a_listing_that_is_older(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 60

        async def created_and_polled() -> None:
            for object_id in (1, 2):
                it.source.put(object_id)
            await it.poll()

        when_listed(it, created_and_polled)
        report = await it.sweep()
        assert (report.outcome, report.vanished) == ("ok", 0)
        del it.source.rows[1]
        assert (await it.sweep()).deleted == 1, "what was recorded before the next sweep began is judged by it"


async def test_what_polls_record_while_it_is_listed_does_not_count_against_the_guard(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 5):
            it.source.put(object_id)
        await it.poll()

        async def many_are_created() -> None:
            for object_id in range(100, 150):
                it.source.put(object_id)
            await it.poll()

        when_listed(it, many_are_created)
        assert ((await it.sweep()).outcome, (await it.row()).sweep_vanished) == ("ok", None)


async def test_a_listing_of_the_company_before_says_nothing_of_the_one_after(tmp_path: Path) -> None:
    """It would be taken for one whose deletions are all known, and its first sweep would be a day away."""
    async with rig(tmp_path) as it:
        for object_id in (1, 2, 3):
            it.source.put(object_id)
        await it.poll()

        async def edited() -> None:
            await it.execute("UPDATE resources SET source = 'elsewhere', swept_ms = NULL")
            await it.execute("DELETE FROM objects")

        when_listed(it, edited)
        assert (await it.sweep()).outcome == "dropped"
        assert (await it.row()).swept_ms is None
