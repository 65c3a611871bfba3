"""What a console needs beside the database (`tui.outside`): ConnectWise's answers, the vault, instance files.

Connections are opened for one question and closed after it, within `SECONDS`: a console asks seldom. What asks is
loaded with the first question, on a thread, and so are keys and files read.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cwconsole.cli.instance_files import draft_of, exported, read_file
from cwconsole.core import catalogue, predicates
from cwconsole.core.config import InstanceConfig, Mode, ResourceConfig
from cwconsole.core.errors import CwconsoleError, SourceFault, UsageError
from cwconsole.core.instance_body import InstanceBody
from cwconsole.core.poll_url import names_the_present, written_conditions
from cwconsole.core.polling import lower_bound
from cwconsole.store import instances
from cwconsole.store.database import Store
from cwconsole.store.instances import Instance
from cwconsole.store.vault import Vault
from cwconsole.tui.outside import Counted, Sealed, Tested

if TYPE_CHECKING:
    from cwconsole.connectwise.client import ConnectWiseClient

SECONDS = 30.0
_NOT_THERE = frozenset({"dns", "refused", "unreachable", "timeout", "protocol", "html"})  # nobody, or somebody else
_ASKS = ("cwconsole.connectwise.client", "cwconsole.connectwise.limits", "cwconsole.http.pool", "cwconsole.cli.wiring")


class ConsoleOutside:
    """See the module. client_id: for instances that name none. now_ms: this machine's clock."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        *,
        client_id: str | None,
        now_ms: Callable[[], int],
        seconds: float = SECONDS,
    ) -> None:
        self._store, self._vault = store, vault
        self._client_id, self._now_ms, self._seconds = client_id, now_ms, seconds

    async def count(self, instance: str, resource: str, since: int) -> int:
        row = await self._store.read(instances.load, instance)
        async with self._limit(), self._client(row.body) as (config, client):
            own = next((one for one in config.resources if one.name == resource), None)
            if own is None:
                raise UsageError(f"{row.name} has no resource {resource!r} any more; look at its configuration.")
            return await client.count(own.path, await _conditions(client, own, since))

    async def test(self, body: InstanceBody) -> Tested:
        sealed = await self.seal(body)
        try:
            async with self._limit(), self._client(sealed.draft.body) as (config, client):
                return await self._tested(config, client)
        except SourceFault as fault:
            return Tested(ok=False, sentence=_of_a_test(fault))
        except CwconsoleError as error:
            return Tested(ok=False, sentence=error.message)

    async def _tested(self, config: InstanceConfig, client: ConnectWiseClient) -> Tested:
        """The clock first, which may answer without keys; a count of each resource proves them."""
        before = self._now_ms()
        info = await client.system_info()
        # The server's second began at most a second before it answered; half of both is the best guess.
        ahead = info.server_time + 0.5 - (before + self._now_ms()) / 2000
        counted = await asyncio.gather(*(_counted(client, one) for one in config.resources or (_some_resource(),)))
        refused = [one for one in counted if one.error is not None]
        answered = f"ConnectWise {info.version} answers" if info.version else "ConnectWise answers"
        if not refused:
            sentence = f"{answered}, and the keys are right."
        elif len(refused) < len(counted):
            sentence = f"{answered}, but not for {', '.join(one.resource for one in refused)}: {refused[0].error}"
        else:
            sentence = f"{answered}, but refuses: {refused[0].error}"
        return Tested(ok=not refused, sentence=sentence, ahead_seconds=ahead, counted=counted)

    async def seal(self, body: InstanceBody) -> Sealed:
        notes: list[str] = []
        draft = await asyncio.to_thread(draft_of, body, self._vault, notes.append)
        return Sealed(draft=draft, notes=notes)

    async def read_file(self, path: str) -> InstanceBody:
        if path == "-":
            raise UsageError("A console has no standard input to read from; name a file.")
        return await asyncio.to_thread(_read, path)

    async def write_file(self, path: str, instance: Instance) -> str:
        return await asyncio.to_thread(_written, path, instance)

    @asynccontextmanager
    async def _limit(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError:
            raise UsageError(
                f"ConnectWise did not answer within {self._seconds:g} s; check the address, or try again."
            ) from None

    @asynccontextmanager
    async def _client(self, body: str) -> AsyncIterator[tuple[InstanceConfig, ConnectWiseClient]]:
        """The way to ConnectWise that a stored body describes. Raises ConfigError if it cannot be used."""
        for module in _ASKS:
            await asyncio.to_thread(importlib.import_module, module)
        from cwconsole.cli.wiring import open_decoder, stored_config  # noqa: PLC0415 - see the module
        from cwconsole.connectwise.client import ConnectWiseClient  # noqa: PLC0415
        from cwconsole.connectwise.limits import LimitsRegistry  # noqa: PLC0415
        from cwconsole.http.pool import open_pool  # noqa: PLC0415

        config = await asyncio.to_thread(stored_config, self._vault, body)
        async with open_pool() as pool, open_decoder() as decoder:
            http = await asyncio.to_thread(pool.client, ca_file=config.ca_file, proxy=config.proxy)
            limits = LimitsRegistry().of(config.base_url, config.company)
            yield config, ConnectWiseClient(config, http, limits, decoder, client_id=self._client_id)


async def _conditions(client: ConnectWiseClient, own: ResourceConfig, since: int) -> str:
    """As the next poll would ask from there."""
    lower = lower_bound(since, own.overlap)
    if own.mode is Mode.FULL:
        return own.filter
    if own.mode is Mode.AS_WRITTEN:
        present = (await client.highest_id(own.path, ""))[1] if names_the_present(own.template) else 0
        return written_conditions(own.template, last_poll_ms=lower * 1000, now_ms=present * 1000)
    return predicates.all_of(own.filter, predicates.updated_since(lower))


async def _counted(client: ConnectWiseClient, resource: ResourceConfig) -> Counted:
    """How many records a resource has; why not, if it cannot be counted."""
    conditions = "" if resource.mode is Mode.AS_WRITTEN else resource.filter
    try:
        return Counted(resource=resource.name, records=await client.count(resource.path, conditions))
    except SourceFault as fault:
        return Counted(resource=resource.name, error=_of_a_test(fault))


def _of_a_test(fault: SourceFault) -> str:
    """What a poll would say, without what only polls do: a test is not tried again."""
    from cwconsole.connectwise.refusals import TRIED_AGAIN  # noqa: PLC0415 - loaded by now, see the module

    what, tried_again, _ = fault.message.partition(f"; {TRIED_AGAIN}")
    if not tried_again:
        return what
    return f"{what}; {'check baseUrl' if fault.code in _NOT_THERE else 'test again'}"


def _some_resource() -> ResourceConfig:
    """To prove the keys where no resource is chosen yet."""
    endpoint = catalogue.ENDPOINTS[0]
    return ResourceConfig(name=endpoint.key, path=endpoint.path)


def _read(typed: str) -> InstanceBody:
    return read_file(str(Path(typed).expanduser()))


def _written(typed: str, instance: Instance) -> str:
    """A new file that only its owner may read. Blocks."""
    path = Path(typed).expanduser()
    text = exported(instance, as_toml=path.suffix.lower() != ".json")
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise UsageError(f"There is a file {path} already; name another.") from None
    except OSError as error:
        raise UsageError(f"The file {path} cannot be written: {error.strerror}; name another.") from error
    return str(path.resolve())
