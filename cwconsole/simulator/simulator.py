"""The simulator itself: its companies, what changes them, what goes wrong, and how it is served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from zlib import crc32

from cwconsole.simulator.catalogue import BUSY_PATHS
from cwconsole.simulator.churn import Churn, Mix
from cwconsole.simulator.clock import ServerClock
from cwconsole.simulator.control import CONTROL, add_control
from cwconsole.simulator.faults import Faults
from cwconsole.simulator.hosting import application, hosted
from cwconsole.simulator.records import Generator
from cwconsole.simulator.server import BASE_PATH, SIMULATED, Server, leave_out_date
from cwconsole.simulator.world import World

_TICK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The API keys that every company of a simulator takes."""

    public: str
    private: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A served simulator. base_url is what an instance's `baseUrl` says; root_url is the host alone."""

    simulator: Simulator
    root_url: str
    base_url: str
    port: int


class Simulator:
    """A ConnectWise look-alike for one or many companies.

    companies: the login names it knows; each has records of its own. any_company: every other name is a company too,
    made when first used, all starting with the same records (which they share, so that a thousand cost little).
    records: how many each endpoint starts with, when first used; counts: exceptions by path.
    rate: random changes a second, over all companies in use; may be set while running. paths, mix, late_share and
    late_seconds say what they are like. seed: the same seed gives the same records and the same random changes.
    clock: seconds since the epoch. skew: seconds that the server is ahead of it; `clock.skew` may be set while running.
    """

    def __init__(
        self,
        *,
        companies: Sequence[str] = ("demo",),
        any_company: bool = False,
        public_key: str = "public",
        private_key: str = "private",
        records: int = 1000,
        counts: Mapping[str, int] | None = None,
        rate: float = 0.0,
        paths: Sequence[str] = BUSY_PATHS,
        mix: Mix | None = None,
        late_share: float = 0.0,
        late_seconds: float = 30.0,
        seed: int = 0,
        skew: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.companies = tuple(companies)
        self.any_company = any_company
        self.keys = Keys(public=public_key, private=private_key)
        self.clock = ServerClock(clock, skew)
        self.rate = rate
        self.faults = Faults(SIMULATED, seed)
        self.churn = Churn(seed=seed, paths=paths, mix=mix, late_share=late_share, late_seconds=late_seconds)
        self.requests = 0
        self._owed = 0.0
        self._born = self.clock.now()
        self._seed = seed
        self._records = records
        self._counts = dict(counts or {})
        self._shared = self._generator(seed)
        self._worlds: dict[str, World] = {}

    def knows(self, company: str) -> bool:
        """Whether there is such a company."""
        return bool(company) and (self.any_company or company in self.companies)

    def world(self, company: str = "") -> World:
        """A company's data; of the first one if none is named. Raises KeyError."""
        company = company or self.companies[0]
        if not self.knows(company):
            raise KeyError(company)
        if company not in self._worlds:
            named = company in self.companies
            generator = self._generator(self._seed ^ crc32(company.encode())) if named else self._shared
            self._worlds[company] = World(company=company, clock=self.clock, generator=generator)
        return self._worlds[company]

    def worlds(self) -> list[World]:
        """The companies that hold data: the named ones, and the others once they were used."""
        for company in self.companies:
            self.world(company)
        return list(self._worlds.values())

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Running]:
        """Answer requests, and change records at the rate, until the block is left. Port 0 asks for any free one."""
        app = application(Server(self).handle, CONTROL)
        app.on_response_prepare.append(leave_out_date)
        add_control(app, self)
        async with hosted(app, host, port) as bound:
            # A task group would wrap the errors of the caller's block; a failed ticker is raised when the block ends.
            ticker = asyncio.create_task(self._tick())
            try:
                root = f"http://{host}:{bound}"
                yield Running(simulator=self, root_url=root, base_url=root + BASE_PATH, port=bound)
            finally:
                ticker.cancel()
                with suppress(asyncio.CancelledError):
                    await ticker

    def advance(self, seconds: float) -> None:
        """Make the changes that the rate asks for in so much time, and commit the late ones that are due."""
        self._owed += self.rate * seconds
        count = int(self._owed)
        self._owed -= count
        self.churn.change(self.worlds(), count)
        self.churn.commit_due()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(_TICK)
            now = loop.time()
            self.advance(now - last)
            last = now

    def _generator(self, seed: int) -> Generator:
        return Generator(seed=seed, born=self._born, records=self._records, counts=self._counts)
