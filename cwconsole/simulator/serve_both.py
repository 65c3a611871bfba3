"""A process with a simulator and receivers in it, for whoever wants them apart from itself (`steering` starts it).

`python -m cwconsole.simulator.serve_both` reads one line from stdin, the `Settings` as a JSON object; answers with one
line on stdout, the `Addresses`; and serves until stdin ends. So it never outlives whoever started it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field

from cwconsole.simulator.churn import Mix
from cwconsole.simulator.receiver import Receiver
from cwconsole.simulator.simulator import Running, Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to serve; all but the last as for `Simulator`, which begins with no changes.

    deletes: of a hundred changes, more or less. receiver_keys: one receiver for each, with this signature key; None for
    one that checks nothing.
    """

    company: str
    public_key: str
    private_key: str = field(repr=False)
    paths: tuple[str, ...]
    records: int
    seed: int = 0
    skew: float = 0.0
    deletes: int = 10
    late_share: float = 0.0
    late_seconds: float = 0.0
    receiver_keys: tuple[str | None, ...] = field(default=(None,), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where it is served. root_url, base_url: as of `Running`. receiver_urls: in the order of their keys."""

    root_url: str
    base_url: str
    receiver_urls: tuple[str, ...]


async def main() -> None:
    """Serve as the one line on stdin says, until stdin ends."""
    asking = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asking), sys.stdin)
    line = await asking.readline()
    if not line:
        return
    settings = Settings(**json.loads(line))
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(_simulator(settings).serve())
        receivers = [Receiver(key=key, seed=settings.seed) for key in settings.receiver_keys]
        listening = [await stack.enter_async_context(receiver.serve()) for receiver in receivers]
        _tell(_addresses(running, [one.url for one in listening]))
        while await asking.read(1024):
            pass  # nothing more is asked; the end is what counts


def _simulator(settings: Settings) -> Simulator:
    return Simulator(
        companies=(settings.company,),
        public_key=settings.public_key,
        private_key=settings.private_key,
        records=settings.records,
        paths=settings.paths,
        mix=Mix(delete=settings.deletes),
        late_share=settings.late_share,
        late_seconds=settings.late_seconds,
        seed=settings.seed,
        skew=settings.skew,
    )


def _addresses(running: Running, receiver_urls: list[str]) -> Addresses:
    return Addresses(root_url=running.root_url, base_url=running.base_url, receiver_urls=tuple(receiver_urls))


def _tell(addresses: Addresses) -> None:
    sys.stdout.write(json.dumps(asdict(addresses)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
