"""What the console asks of the world beside its database, of a played ConnectWise and of real files."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli.outside import ConsoleOutside
from cwconsole.core.config import Origin
from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.instance_body import InstanceBody, canonical
from cwconsole.simulator.simulator import Running, Simulator
from cwconsole.store import instances
from cwconsole.store.database import Store
from cwconsole.store.vault import Vault
from tests.cli.conftest import body
from tests.store.rows import asked

SKEW = 90.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
async def connectwise() -> AsyncIterator[Running]:
    async with Simulator(records=20, skew=SKEW).serve() as running:
        yield running


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "cw.db", migrate=True) as store:
        yield store


@pytest.fixture
def outside(store: Store, tmp_path: Path) -> ConsoleOutside:
    return ConsoleOutside(store, Vault({}, tmp_path / "config"), client_id="client", now_ms=now_ms)


@pytest.fixture
def make(connectwise: Running) -> Callable[..., InstanceBody]:
    def made(**configuration: Any) -> InstanceBody:
        return canonical(body(**{"baseUrl": connectwise.base_url, **configuration}))

    return made


async def test_a_test_tells_the_keys_the_clock_and_the_number_of_records(
    outside: ConsoleOutside, make: Callable[..., InstanceBody]
) -> None:
    tested = await outside.test(make())
    assert tested.ok
    assert "the keys are right" in tested.sentence
    assert tested.ahead_seconds == pytest.approx(SKEW, abs=2)
    assert {one.resource: one.records for one in tested.counted} == {"contacts": 20, "tickets": 20}


async def test_wrong_keys_are_said_in_a_sentence(outside: ConsoleOutside, make: Callable[..., InstanceBody]) -> None:
    tested = await outside.test(make(**{"private.key": "wrong"}))
    assert not tested.ok
    assert "check company, public.key, private.key" in tested.sentence
    assert "wrong" not in tested.sentence.replace("private.key", "")


async def test_keys_are_proved_where_no_resource_is_chosen(
    outside: ConsoleOutside, make: Callable[..., InstanceBody]
) -> None:
    bare: dict[str, Any] = {"event.poller.configuration": {}}
    assert (await outside.test(make(**bare))).ok
    assert not (await outside.test(make(**bare, **{"public.key": "nobody"}))).ok


async def test_nobody_there_is_said_in_a_sentence(outside: ConsoleOutside, make: Callable[..., InstanceBody]) -> None:
    tested = await outside.test(make(baseUrl="http://127.0.0.1:9/v4_6_release/apis/3.0"))
    assert (tested.ok, tested.ahead_seconds) == (False, None)
    assert tested.sentence.endswith("127.0.0.1:9 refused the connection; check baseUrl")


async def test_silence_ends_within_the_limit(
    store: Store, tmp_path: Path, connectwise: Running, make: Callable[..., InstanceBody]
) -> None:
    hurried = ConsoleOutside(store, Vault({}, tmp_path), client_id=None, now_ms=now_ms, seconds=0.0)
    tested = await hurried.test(make())
    assert not tested.ok
    assert "did not answer within 0 s" in tested.sentence


async def test_a_window_is_counted_by_its_filter_and_overlap(
    outside: ConsoleOutside, store: Store, make: Callable[..., InstanceBody], connectwise: Running
) -> None:
    sealed = await outside.seal(make())
    await store.write(instances.add, sealed.draft, origin=Origin.LOCAL, token="t", asked=asked(), now_ms=1)
    assert await outside.count("acme", "contacts", 0 + 120) == 20
    future = int(connectwise.simulator.clock.now()) + 121
    assert await outside.count("acme", "contacts", future) == 0
    with pytest.raises(UsageError, match="no resource 'boards'"):
        await outside.count("acme", "boards", 0)


async def test_secrets_are_sealed_and_missing_ones_are_noted(
    outside: ConsoleOutside, make: Callable[..., InstanceBody]
) -> None:
    sealed = await outside.seal(make(**{"event.notification.signature.key": "env:NOWHERE"}))
    stored = json.loads(sealed.draft.body)["configuration"]
    assert stored["private.key"].startswith("sealed:")
    assert stored["event.notification.signature.key"] == "env:NOWHERE"
    assert "env:NOWHERE gives nothing here" in sealed.notes[0]


async def test_what_cannot_be_is_named_by_its_key(outside: ConsoleOutside, make: Callable[..., InstanceBody]) -> None:
    with pytest.raises(ConfigError) as raised:
        await outside.seal(make(company="a b"))
    assert raised.value.key == "configuration.company"


@pytest.mark.parametrize("ending", ["toml", "json"])
async def test_a_file_holds_everything_but_secrets_and_is_read_back(
    outside: ConsoleOutside, store: Store, make: Callable[..., InstanceBody], tmp_path: Path, ending: str
) -> None:
    sealed = await outside.seal(make())
    await store.write(instances.add, sealed.draft, origin=Origin.LOCAL, token="t", asked=asked(), now_ms=1)
    row = await store.read(instances.load, "acme")
    path = tmp_path / f"acme.{ending}"
    assert await outside.write_file(str(path), row) == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = await outside.read_file(str(path))
    assert again.configuration["company"] == "demo"
    assert again.configuration["private.key"] == "********"
    with pytest.raises(UsageError, match="already"):
        await outside.write_file(str(path), row)


async def test_files_that_are_not_there_are_said(outside: ConsoleOutside, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        await outside.read_file(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="no standard input"):
        await outside.read_file("-")
