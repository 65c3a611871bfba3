"""The only place that builds the parts: the engine with its store, its connections, its clock and its lock."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from cwconsole.callback.sender import Way
from cwconsole.callback.senders import Senders, open_senders
from cwconsole.cli.clock import now_ms
from cwconsole.cli.lock import take_lock
from cwconsole.cli.settings import DEFAULT_DAYS
from cwconsole.connectwise.client import ConnectWiseClient
from cwconsole.connectwise.decoder import Decoder
from cwconsole.connectwise.limits import LimitsRegistry
from cwconsole.core.config import InstanceConfig, Origin
from cwconsole.core.errors import ConfigError
from cwconsole.core.event_id import DIGITS, TAG_LENGTH
from cwconsole.core.instance_body import stored_body
from cwconsole.core.instance_config import to_config
from cwconsole.engine.ports import ConnectedInstance
from cwconsole.engine.supervisor import Engine, running
from cwconsole.http.policy import ALLOW_ALL, AddressPolicy
from cwconsole.http.pool import HttpPool, open_pool
from cwconsole.store import meta
from cwconsole.store.bounded_files import BoundedFiles
from cwconsole.store.completion import completed
from cwconsole.store.database import Store
from cwconsole.store.instances import Instance
from cwconsole.store.meta import EngineProcess
from cwconsole.store.retention import DAY_MS
from cwconsole.store.vault import Vault


class SystemClock:
    """This machine's time."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return now_ms()


class Connector:
    """Makes instances' connections (`engine.ports.Connect`). What they share lives as long as the engine."""

    def __init__(
        self,
        pool: HttpPool,
        vault: Vault,
        decoder: Decoder,
        senders: Senders,
        *,
        client_id: str | None,
        api_policy: AddressPolicy,
    ) -> None:
        """api_policy: for instances that came in by the API."""
        self._pool = pool
        self._vault = vault
        self._decoder = decoder
        self._senders = senders
        self._client_id = client_id
        self._api_policy = api_policy
        self._limits = LimitsRegistry()
        self._files = BoundedFiles()

    async def __call__(self, instance: Instance) -> ConnectedInstance:
        """Raises ConfigError if the body or a secret cannot be used."""
        config = await asyncio.to_thread(stored_config, self._vault, instance.body)
        if config.ca_file is not None:
            await asyncio.to_thread(self._look_at, config.ca_file)
        policy = self._api_policy if instance.origin is Origin.API else ALLOW_ALL
        source_http = self._pool.client(policy=ALLOW_ALL, ca_file=config.ca_file, proxy=config.proxy)
        limits = self._limits.of(config.base_url, config.company)
        sender = None
        if config.callback is not None:
            way = Way(config=config.callback, policy=policy, ca_file=config.ca_file, proxy=config.proxy)
            sender = self._senders.sender(way)
        return ConnectedInstance(
            config=config,
            source=ConnectWiseClient(config, source_http, limits, self._decoder, client_id=self._client_id),
            sender=sender,
        )

    def _look_at(self, ca_file: str) -> None:
        """Whether it can be read at all: the pool reads it on the event loop, where a dead mount would stop all."""
        try:
            self._files.read(Path(ca_file))
        except OSError as error:
            found = f"{ca_file} ({error.strerror})"
            raise ConfigError("cwconsole.ca_file", found, "a file of PEM certificates") from error


def stored_config(vault: Vault, body: str) -> InstanceConfig:
    """What a stored body says, its secrets resolved. Reads files. Raises ConfigError."""
    return to_config(stored_body(body), lambda text: vault.resolve(text).reveal())


@asynccontextmanager
async def hosted_engine(
    path: Path,
    vault: Vault,
    *,
    client_id: str | None = None,
    api_policy: AddressPolicy,
    scheduled: bool = True,
    only: int | None = None,
    job: int | None = None,
    keep_days: int = DEFAULT_DAYS,
) -> AsyncIterator[Engine]:
    """Run an engine on a database around a block, under the engine's lock; drained and stopped at the end.

    Raises EngineRunningError if another engine runs on it.
    """
    clock = SystemClock()
    _tune_interpreter()
    async with (
        _locked(path),
        open_decoder() as decoder,
        Store.open(path, migrate=True) as store,
        open_pool() as pool,
        open_senders(pool, clock.now_ms) as senders,
    ):
        tag = await store.write(meta.ensure_tag, fresh_tag())
        me = EngineProcess(pid=os.getpid(), host=socket.gethostname(), started_ms=clock.now_ms())
        await store.write(meta.note_engine, me)
        connector = Connector(pool, vault, decoder, senders, client_id=client_id, api_policy=api_policy)
        engine = Engine(
            store,
            connector,
            clock,
            random.random,
            tag=tag,
            scheduled=scheduled,
            only=only,
            job=job,
            keep_ms=keep_days * DAY_MS,
        )
        async with running(engine):
            yield engine


@asynccontextmanager
async def open_decoder() -> AsyncIterator[Decoder]:
    """What takes answers apart; its thread and its process are waited for at the end without holding up the loop."""
    thread = ThreadPoolExecutor(1, "cwconsole-decode")
    decoder = Decoder(thread)
    try:
        yield decoder
    finally:
        await completed(asyncio.ensure_future(decoder.close()))
        await completed(asyncio.ensure_future(asyncio.to_thread(thread.shutdown)))


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold the engine's lock; taking it may wait, so it is done on a thread."""
    taking = asyncio.ensure_future(asyncio.to_thread(take_lock, path))
    try:
        lock = await completed(taking)
    except asyncio.CancelledError:
        if taking.exception() is None:
            taking.result().release()
        raise
    try:
        yield
    finally:
        lock.release()


def _tune_interpreter() -> None:
    """For two threads that share one interpreter with the operator's keys.

    Pages of records are many small objects without cycles: the collector's default of one pass per 700 objects costs
    a tenth of a first full read. Large steps hold up the operator's keys instead: with 50,000 or 5,000 objects and the
    default of the older ones, a pass took up to 108 ms while 500 events a second were recorded; with these, mostly less
    than 15, and the read is as fast. A short switch interval lets the event loop have its turn while a page is decoded.
    """
    gc.freeze()
    gc.set_threshold(2_000, 5, 1_000)
    sys.setswitchinterval(0.001)


def fresh_tag() -> str:
    """A random tag for a new database."""
    return "".join(secrets.choice(DIGITS) for _ in range(TAG_LENGTH))
