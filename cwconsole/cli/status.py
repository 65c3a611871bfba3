"""`cwconsole status`: how every resource does."""

from __future__ import annotations

from collections.abc import Sequence

import click

from cwconsole.cli import output
from cwconsole.cli.common import OPTIONAL_INSTANCE, OPTIONAL_RESOURCE, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.text import maybe, moment, server_moment, silence, span
from cwconsole.core.meanings import MEANINGS
from cwconsole.core.moments import clock_words
from cwconsole.store import meta
from cwconsole.store import status as fleet
from cwconsole.store.meta import EngineProcess
from cwconsole.store.once import Connection
from cwconsole.store.status import StatusRow

HEAD = (
    "INSTANCE", "RESOURCE", "STATE", "LAG", "WATERMARK", "LAST POLL", "NEXT", "24H",
    "PENDING", "RETRY", "DEAD", "HELD", "WHY",
)  # fmt: skip


HELP = f"""Say how every resource does, or those of an INSTANCE, or one RESOURCE.

STATE: {", ".join(f"{state} ({meaning})" for state, meaning in MEANINGS["resource"].items())}.
LAST POLL: when one last ended, well or not; sweeps are no polls. NEXT: until the next one.
24H: events created/updated/deleted in the last 24 hours. PENDING, RETRY, DEAD, HELD: deliveries that wait, wait to
be tried again, are given up, wait behind a hold. WHY: what is wrong, and what holds deliveries.
"""


@click.command(help=HELP)
@OPTIONAL_INSTANCE
@OPTIONAL_RESOURCE
@common_options
@pass_invocation
def status(invocation: Invocation, instance: str | None, resource: str | None) -> None:
    """See `HELP`."""
    runs = invocation.engine_runs()
    silent = invocation.silent_since() if runs else None
    works = runs and silent is None
    rows = invocation.read(_rows, instance, resource, now_ms=invocation.now_ms, engine_runs=works)
    if invocation.as_json:
        output.print_json([fleet.document(row) for row in rows])
        if silent is not None:
            output.say(silence(silent))
        return
    output.print_table(HEAD, [_cells(row, invocation.now_ms) for row in rows], empty="There is nothing to poll yet.")
    for line in clock_lines(rows):
        output.print_line(line)
    output.print_line(engine_line(invocation.read(meta.engine) if runs else None, runs=runs))
    if silent is not None:
        output.print_line(silence(silent))


def _rows(
    conn: Connection, instance: str | None, resource: str | None, *, now_ms: int, engine_runs: bool
) -> list[StatusRow]:
    if instance is None:
        return fleet.fleet(conn, now_ms=now_ms, engine_runs=engine_runs)
    from cwconsole.store import resource_view  # noqa: PLC0415 - with it come all operations

    return resource_view.status_of(conn, instance, resource, now_ms=now_ms, engine_runs=engine_runs)


def clock_lines(rows: Sequence[StatusRow]) -> list[str]:
    """Where ConnectWise's clock, which WATERMARK is on, is another than this machine's: a line an instance."""
    ahead = {row.instance: clock_words(row.server_ahead_seconds) for row in rows}
    return [
        f"{instance}: ConnectWise's clock is {clock}; WATERMARK is on that clock, LAST POLL on this machine's."
        for instance, clock in ahead.items()
        if clock is not None
    ]


def engine_line(engine: EngineProcess | None, *, runs: bool) -> str:
    """Which engine works on the database."""
    if not runs:
        return "No engine runs; start one with `cwconsole run`."
    if engine is None:
        return "An engine is just starting."
    return f"The engine runs on {engine.host}, process {engine.pid}, since {moment(engine.started_ms)}."


def _cells(row: StatusRow, now_ms: int) -> list[str]:
    wait = None if row.next_poll_ms is None else (row.next_poll_ms - now_ms) / 1000
    why = [row.last_error or "", f"held: {row.held_why}" if row.held else ""]
    return [
        row.instance,
        row.resource,
        str(row.state),
        span(row.lag_seconds),
        server_moment(row.watermark),
        moment(row.last_poll_ms),
        "due" if wait is not None and wait <= 0 else span(wait),
        f"{row.created}/{row.updated}/{row.deleted}",
        str(row.waiting.pending),
        str(row.waiting.retrying),
        str(row.dead),
        str(row.waiting.held),
        maybe("; ".join(filter(None, why))),
    ]
