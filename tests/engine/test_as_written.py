"""URLs that are run as they stand: paged by number, and still passing over nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cwconsole.core.config import Mode, ResourceConfig
from cwconsole.core.errors import HeavyQueryFault
from cwconsole.engine.actions import sweep_sentence
from tests.engine.rig import contacts, rig


def as_written(**more: Any) -> ResourceConfig:
    template = "/company/contacts?conditions=name = 'x' or lastUpdated >= [${gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}]"
    return contacts(mode=Mode.AS_WRITTEN, template=template, **more)


async def test_as_written_pages_by_number_with_the_overlap(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=as_written(page_size=2)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in (3, 1, 2):
            it.source.put(object_id)
        await it.poll()
        await it.poll()
        assert await it.events() == [(1, "CREATED"), (2, "CREATED"), (3, "CREATED")]


async def test_as_written_sets_a_record_that_is_no_json_aside_and_a_sweep_tries_it_again(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=as_written(page_size=8)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 21):
            it.source.put(object_id, undecodable=object_id in (7, 20))
        assert (await it.poll()).outcome == "ok"
        assert [object_id for object_id, _ in await it.events()] == [*range(1, 7), *range(8, 20)]
        assert await it.rows("SELECT object_id FROM set_aside") == [(7,), (20,)]
        it.source.rows[7].undecodable = False
        await it.sweep()
        assert (7, "CREATED") in await it.events()
        assert await it.rows("SELECT object_id FROM set_aside") == [(20,)]


@pytest.mark.parametrize("poison", range(1, 14))
async def test_as_written_passes_every_record_once_wherever_the_bad_one_is(tmp_path: Path, poison: int) -> None:
    async with rig(tmp_path, resource=as_written(page_size=5)) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 14):
            it.source.put(object_id, undecodable=object_id == poison)
        report = await it.poll()
        assert (report.outcome, report.records) == ("ok", 12)
        assert len(await it.events()) == 12
        assert await it.rows("SELECT object_id FROM set_aside") == [(poison,)]


async def test_as_written_asks_for_less_where_a_page_is_too_much_and_does_not_forget_it(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=as_written()) as it:
        await it.poll()
        it.source.now += 60
        for object_id in range(1, 601):
            it.source.put(object_id)
        it.source.faults = [None, HeavyQueryFault("timeout"), HeavyQueryFault("timeout")]
        assert (await it.poll()).outcome == "ok"
        assert it.source.numbered[:5] == [(1, 250), (2, 250), (3, 125), (6, 50), (6, 60)]
        assert len(await it.events()) == 600
        size = (await it.row()).page_size
        assert 25 <= size < 125
        it.source.numbered.clear()
        await it.poll()
        assert it.source.numbered[0] == (1, size)


async def test_a_sweep_as_written_claims_nothing_of_what_it_does_not_look_for(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=as_written()) as it:
        await it.poll()
        it.source.put(1)
        report = await it.sweep()
        assert sweep_sentence(await it.row(), report).endswith("swept, 1 id compared, none deleted.")
