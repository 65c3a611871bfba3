"""Where a resource's events begin is fixed once: what was created since then is CREATED, whatever breaks meanwhile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from cwconsole.core.config import Mode, ResourceConfig
from cwconsole.core.reconfiguration import Step, source_of
from cwconsole.store import reconfigure
from cwconsole.store.reconfigure import changes_of
from tests.engine.rig import Rig, acme, contacts, rig
from tests.fakes import SERVER_EPOCH, Crash, fault

LISTED = "listed = true"


async def edit_filter(it: Rig, config: ResourceConfig) -> None:
    """As `instances edit` does."""
    edited = acme(config)
    await it.execute("UPDATE resources SET source = ?", source_of(edited, config))  # the rig's own is made up
    (change,) = await it.store.read(changes_of, 1, edited)
    assert change.step is Step.REBASELINE
    await it.store.write(reconfigure.apply, 1, change, it.clock.now_ms())
    it.poller.retarget(replace(it.poller.target, config=config, instance=edited))


@pytest.mark.parametrize("breaks", [fault(), Crash()])
async def test_what_is_created_after_a_baseline_broke_before_its_first_page_is_created(
    tmp_path: Path, breaks: BaseException
) -> None:
    async with rig(tmp_path) as it:
        it.source.put(1, updated=SERVER_EPOCH - 5000)
        it.source.faults = [None, breaks]
        with suppress(Crash):
            await it.poll()
        it.source.now += 3600
        it.source.put(5)
        await it.poll()
        await it.poll()
        row = await it.row()
        assert await it.events() == [(5, "CREATED")]
        assert (row.start_at, row.baseline_id) == (SERVER_EPOCH, 1)


@pytest.mark.parametrize("mode", [Mode.WINDOW, Mode.FULL])
async def test_what_was_created_and_not_yet_polled_when_the_filter_is_edited_is_created(
    tmp_path: Path, mode: Mode
) -> None:
    dated = mode is Mode.WINDOW
    async with rig(tmp_path, resource=contacts(filter=LISTED, mode=mode)) as it:
        for object_id in (1, 2, 4):
            it.source.put(object_id, updated=SERVER_EPOCH - 5000, dated=dated, listed=object_id != 2)
        await it.poll()
        it.source.now += 600
        it.source.put(5, dated=dated)
        await edit_filter(it, contacts(mode=mode))
        await it.poll()
        assert await it.events() == [], "what the new filter brings in is no news"
        await it.poll()
        assert await it.events() == [(5, "CREATED")]
        it.source.now += 600
        for object_id in (1, 2):
            it.source.put(object_id, dated=dated)
        await it.poll()
        assert await it.events() == [(5, "CREATED"), (1, "UPDATED"), (2, "UPDATED")]


async def test_what_a_new_filter_brings_in_is_listed_however_young_it_is(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter=LISTED)) as it:
        it.source.put(1, updated=SERVER_EPOCH - 5000)
        await it.poll()
        it.source.now += 600
        it.source.put(2, listed=False)
        it.source.now += 600
        await it.poll()
        await edit_filter(it, contacts())
        await it.poll()
        await it.poll()
        assert (await it.sweep()).fetched == 0, "the baseline has it"
        assert await it.events() == []


async def test_what_had_left_the_old_filter_is_listed_by_the_new_one_and_its_deletion_is_found(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter=LISTED)) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        it.source.now += 600
        await it.poll()
        it.source.rows[2].listed = False
        await it.sweep()
        assert await it.rows("SELECT presence FROM objects WHERE object_id = 2") == [("outside",)]
        await edit_filter(it, contacts())
        await it.poll()
        del it.source.rows[2]
        assert (await it.sweep()).deleted == 1
        assert (await it.events())[-1] == (2, "DELETED")
