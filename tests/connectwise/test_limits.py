"""A company's budget, pause and registry."""

from __future__ import annotations

import asyncio
import gc

import pytest

from cwconsole.connectwise.limits import CompanyLimits, LimitsRegistry
from cwconsole.core.errors import RateLimitedFault
from tests.connectwise.tenant import FakeTime


def limits_by(clock: FakeTime) -> CompanyLimits:
    return CompanyLimits("acme", now=clock.now, sleep=clock.sleep)


async def turns(limits: CompanyLimits, number: int, requests_per_minute: int) -> float:
    """Seconds that so many turns took."""
    began = asyncio.get_running_loop().time()
    for _ in range(number):
        async with limits.turn(requests_per_minute):
            pass
    return asyncio.get_running_loop().time() - began


async def test_a_second_lets_its_share_of_the_minute_through_and_no_more() -> None:
    assert min([await turns(CompanyLimits("acme"), 15, 900) for _ in range(3)]) < 0.6
    assert 0.3 < await turns(CompanyLimits("acme"), 20, 900) < 3


async def test_a_budget_below_one_a_second_is_kept_too() -> None:
    assert 1.5 < await turns(CompanyLimits("acme"), 2, 40) < 6


async def test_zero_means_no_limit() -> None:
    assert await turns(CompanyLimits("acme"), 1000, 0) < 3


async def test_instances_with_different_budgets_share_the_same_seconds() -> None:
    limits = CompanyLimits("acme")
    both = await turns(limits, 30, 3600) + await turns(limits, 10, 600)
    assert 0.3 < both < 4


async def test_all_turns_wait_for_a_short_pause() -> None:
    clock = FakeTime()
    limits = limits_by(clock)
    limits.pause(30)
    await turns(limits, 3, 0)
    assert clock.slept == [30]


async def test_a_later_shorter_pause_does_not_shorten_the_first() -> None:
    clock = FakeTime()
    limits = limits_by(clock)
    limits.pause(50)
    limits.pause(10)
    await turns(limits, 1, 0)
    assert clock.slept == [50]


async def test_a_pause_that_grows_while_somebody_waits_is_waited_for_in_full() -> None:
    clock = FakeTime()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 1:
            limits.pause(20)

    limits = CompanyLimits("acme", now=clock.now, sleep=sleep)
    limits.pause(10)
    await turns(limits, 1, 0)
    assert clock.slept == [10, 20]


async def test_a_long_pause_refuses_at_once_and_names_what_is_left() -> None:
    clock = FakeTime()
    limits = limits_by(clock)
    limits.pause(61)
    with pytest.raises(RateLimitedFault, match="acme") as caught:
        await turns(limits, 1, 0)
    assert caught.value.retry_after == 61
    clock.moment += 2
    await turns(limits, 1, 0)
    assert clock.slept == [59]


async def test_a_failed_or_cancelled_turn_is_given_back() -> None:
    limits = CompanyLimits("acme")

    async def hold() -> None:
        async with limits.turn(0):
            await asyncio.Event().wait()

    holders = [asyncio.create_task(hold()) for _ in range(6)]
    await asyncio.sleep(0)
    for holder in holders:
        holder.cancel()
    await asyncio.gather(*holders, return_exceptions=True)
    assert await turns(limits, 8, 0) < 3


def test_a_company_at_a_host_has_one_set_of_limits_as_long_as_somebody_uses_it() -> None:
    registry = LimitsRegistry()
    first = registry.of("https://api-na.myconnectwise.net/v4_6_release/apis/3.0", "Acme")
    assert registry.of("https://API-NA.myconnectwise.net/v2026_1/apis/3.0", "acme") is first
    assert registry.of("https://api-eu.myconnectwise.net/v4_6_release/apis/3.0", "acme") is not first
    gc.collect()
    assert len(registry) == 1
    del first
    gc.collect()
    assert len(registry) == 0
