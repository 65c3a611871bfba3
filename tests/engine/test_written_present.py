"""A URL run as written that names the present: the window ends by ConnectWise's clock, never by this machine's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from cwconsole.core.config import Mode, ResourceConfig
from cwconsole.core.poll_url import understand
from cwconsole.simulator.simulator import Simulator
from tests.connectwise.tenant import CONFIG, CONTACTS, connect
from tests.engine.rig import Rig, contacts, rig
from tests.fakes import SERVER_EPOCH, FakeClock
from tests.http.clients import open_http

HOUR, DAY = 3600, 86_400


def until(present: str) -> ResourceConfig:
    """Run as written, since the window stands beside an `or`; it ends at the present."""
    template = (
        f"{CONTACTS}?conditions=(lastUpdated >= [${{gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}}] "
        f"and lastUpdated <= [{present}]) or firstName = 'nobody'"
    )
    assert understand(template).mode is Mode.AS_WRITTEN
    return contacts(mode=Mode.AS_WRITTEN, template=template)


PRECISE = until("${nowTimeZone:Z:yyyy-MM-dd'T'HH:mm:ss'Z'}")
BY_DAY = until("${nowTimeZone:Z:yyyy-MM-dd}")
NEW_YORK = until("${nowTimeZone:America/New_York:yyyy-MM-dd'T'HH:mm:ss'Z'}")


@asynccontextmanager
async def tenant(folder: Path, resource: ResourceConfig, *, ahead: int) -> AsyncIterator[tuple[Rig, Simulator]]:
    """A rig that polls the simulator by the real client. ahead: seconds that the server's clock is."""
    async with rig(folder, resource=resource) as it:
        simulator = Simulator(
            companies=("acme",),
            public_key="pub",
            private_key="s3cr3t",
            counts={CONTACTS: 3},
            clock=lambda: it.clock.now_ms() / 1000,
            skew=ahead,
        )
        async with (
            simulator.serve() as running,
            open_http() as http,
            connect(http, replace(CONFIG, base_url=running.base_url)) as client,
        ):
            it.poller.target = replace(it.poller.target, source=client)
            yield it, simulator


def pass_time(clock: FakeClock, seconds: int) -> None:
    clock.time_ms += seconds * 1000


@pytest.mark.parametrize("ahead", [0, HOUR, -HOUR])
async def test_a_change_is_seen_whatever_the_difference_between_the_clocks(tmp_path: Path, ahead: int) -> None:
    async with tenant(tmp_path, PRECISE, ahead=ahead) as (it, simulator):
        await it.poll()
        pass_time(it.clock, 60)
        number = simulator.world().create(CONTACTS)
        for _ in range(3):
            pass_time(it.clock, 60)
            assert (await it.poll()).outcome == "ok"
        assert await it.events() == [(number, "CREATED")]
        assert SERVER_EPOCH + ahead + 235 <= ((await it.row()).watermark or 0) <= SERVER_EPOCH + ahead + 240


async def test_a_clock_that_is_set_wrong_between_two_polls_costs_nothing(tmp_path: Path) -> None:
    async with tenant(tmp_path, PRECISE, ahead=0) as (it, simulator):
        await it.poll()
        pass_time(it.clock, -2 * HOUR)
        simulator.clock.skew = 2 * HOUR + 60
        number = simulator.world().create(CONTACTS)
        simulator.clock.skew += 60
        await it.poll()
        assert await it.events() == [(number, "CREATED")]


@pytest.mark.parametrize("resource", [BY_DAY, NEW_YORK], ids=["day", "new-york"])
async def test_the_watermark_goes_no_further_than_the_window_as_connectwise_reads_it(
    tmp_path: Path, resource: ResourceConfig
) -> None:
    """A day's bound ends at its midnight, another zone's hours earlier: what came since must not count as read."""
    async with tenant(tmp_path, resource, ahead=0) as (it, simulator):
        await it.poll()
        baselined = (await it.row()).watermark
        pass_time(it.clock, 600)
        number = simulator.world().create(CONTACTS)
        for _ in range(2):
            pass_time(it.clock, 600)
            await it.poll()
            assert (await it.events(), (await it.row()).watermark) == ([], baselined)
        pass_time(it.clock, DAY)
        await it.poll()
        assert await it.events() == [(number, "CREATED")]
