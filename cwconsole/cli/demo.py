"""`cwconsole demo`: simulator, receiver and engine in one process, on a database of their own."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cwconsole.cli import output
from cwconsole.cli.asking import host
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.core.config import Origin
from cwconsole.core.document import Json
from cwconsole.core.instance_body import InstanceBody, canonical
from cwconsole.store import instances, status
from cwconsole.store.actions import ActionKind

if TYPE_CHECKING:
    from cwconsole.cli.hosting import Ended
    from cwconsole.simulator.receiver import Delivery, Receiver

INTERVAL_MINUTES = 0.05
RECORDS = 500
RATE = 2.0


@click.command()
@click.option("--headless", is_flag=True, help="Without a screen: print what arrives.")
@click.option("--for", "seconds", metavar="SECONDS", type=click.FloatRange(min=0), help="Stop after so long.")
@common_options
@pass_invocation
def demo(invocation: Invocation, /, *, headless: bool, seconds: float | None) -> int:
    """Poll a simulated ConnectWise every few seconds and deliver to a receiver on this machine, until it is stopped.

    Everything is forgotten at the end, unless --db names a database to keep.
    """
    from cwconsole.cli import loop  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.cli.logs import log_to_stderr  # noqa: PLC0415

    log_to_stderr("warning")
    with tempfile.TemporaryDirectory(prefix="cwconsole-demo-") as folder:
        if invocation.database is None:
            invocation.database = str(Path(folder) / "demo.db")
        invocation.prepare()
        ended, receiver = loop.run(_play(invocation, seconds))
        _sum_up(invocation, receiver)
    return 0 if ended.signal is None else 128 + ended.signal


async def _play(invocation: Invocation, seconds: float | None) -> tuple[Ended, Receiver]:
    import asyncio  # noqa: PLC0415 - only here, with the engine

    from cwconsole.cli import hosting  # noqa: PLC0415
    from cwconsole.simulator.receiver import Keep, Receiver  # noqa: PLC0415
    from cwconsole.simulator.simulator import Simulator  # noqa: PLC0415

    def show(delivery: Delivery) -> None:
        if not invocation.as_json:
            output.print_line(delivery.line())

    key = secrets.token_hex(16)
    simulator = Simulator(companies=("demo",), records=RECORDS, rate=RATE)
    receiver = Receiver(key=key, keep=Keep.FACTS, on_delivery=show)
    async with simulator.serve() as running, receiver.serve() as listening:
        await asyncio.to_thread(_add_instance, invocation, running.base_url, listening.url, key)
        output.say(f"ConnectWise is played at {running.base_url}, the receiver at {listening.url}.")
        output.say(f"Look on with: cwconsole status --db {invocation.path}")
        return await hosting.run(host(invocation), seconds=seconds), receiver


def _add_instance(invocation: Invocation, base_url: str, callback: str, key: str) -> None:
    from cwconsole.cli.instance_files import draft_of  # noqa: PLC0415 - with it comes reading files

    draft = draft_of(_body(base_url, callback, key), invocation.vault())
    invocation.write(
        instances.add,
        draft,
        origin=Origin.LOCAL,
        token=secrets.token_urlsafe(32),
        asked=invocation.asked(ActionKind.ADD),
        now_ms=invocation.now_ms,
    )


def _body(base_url: str, callback: str, key: str) -> InstanceBody:
    pollers: dict[str, Json] = {name: {} for name in ("contacts", "companies", "tickets")}
    return canonical(
        {
            "name": f"demo {secrets.token_hex(3)}",
            "tags": ["demo"],
            "configuration": {
                "baseUrl": base_url,
                "company": "demo",
                "public.key": "public",
                "private.key": "private",
                "client.id": "demo",
                "event.notification.enabled": True,
                "event.notification.callback.url": f"{callback}/events",
                "event.notification.signature.key": key,
                "event.poller.refresh_interval": INTERVAL_MINUTES,
                "event.poller.configuration": pollers,
            },
        }
    )


def _sum_up(invocation: Invocation, receiver: Receiver) -> None:
    rows = invocation.read(status.fleet, now_ms=invocation.now_ms, engine_runs=True)
    counts = {
        "events": sum(row.created + row.updated + row.deleted for row in rows),
        "received": receiver.accepted,
        "duplicates": receiver.duplicates,
        "pending": sum(row.pending + row.sending + row.retrying for row in rows),
        "dead": sum(row.dead for row in rows),
    }
    if invocation.as_json:
        output.print_json(counts)
    else:
        output.print_line(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
