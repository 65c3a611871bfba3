"""Ids of 0 and below: nobody has seen one at ConnectWise, and nobody has promised that there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cwconsole.simulator.simulator import Simulator
from tests.connectwise.tenant import CONFIG, CONTACTS, connect
from tests.engine.rig import contacts, rig
from tests.http.clients import open_http

LOW = (-7, -1, 0)
SIZES = pytest.mark.parametrize("size", [1, 2, 250])


@SIZES
async def test_they_are_polled_swept_and_missed_like_others(tmp_path: Path, size: int) -> None:
    async with rig(tmp_path, resource=contacts(page_size=size)) as it:
        for number in (-9, -7, 5):
            it.source.put(number, updated=it.source.now - 5000)
        await it.poll()
        it.source.now += 60
        for number in LOW:
            it.source.put(number)
        await it.poll()
        assert await it.events() == [(number, "UPDATED") for number in LOW]
        del it.source.rows[0], it.source.rows[-9]
        it.source.put(-8, updated=it.source.now - 5000)  # behind the window: a sweep's to find
        await it.sweep()
        assert sorted((await it.events())[3:]) == [(-9, "DELETED"), (-8, "UPDATED"), (0, "DELETED")]


@SIZES
async def test_a_crawl_that_broke_among_them_goes_on_there(tmp_path: Path, size: int) -> None:
    async with rig(tmp_path, resource=contacts(page_size=size), start="everything") as it:
        for number in (*LOW, 1):
            it.source.put(number)
        for _ in range(4):
            it.source.faults = [
                None,
                None,
                ConnectionError(),
            ]  # a question ahead, a page, and then the end of a process
            try:
                await it.poll()
            except ConnectionError:
                continue
        it.source.faults = []
        await it.poll()
        assert [number for number, _ in await it.events()] == [*LOW, 1]


@SIZES
async def test_connectwise_is_asked_for_them(tmp_path: Path, size: int) -> None:
    simulator = Simulator(companies=("acme",), public_key="pub", private_key="s3cr3t", counts={CONTACTS: 3})
    for number in LOW:
        simulator.world().put(CONTACTS, {"id": number, "_info": {"lastUpdated": "2023-01-01T00:00:00Z"}})
    async with (
        rig(tmp_path, resource=contacts(page_size=size), start="everything") as it,
        simulator.serve() as running,
        open_http() as http,
        connect(http, replace(CONFIG, base_url=running.base_url)) as client,
    ):
        it.poller.target = replace(it.poller.target, source=client)
        await it.poll()
        assert [number for number, _ in await it.events()] == [*LOW, 1, 2, 3]
