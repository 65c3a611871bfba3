"""`cwconsole watermark`: up to when everything is known to be recorded."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

import click
from msgspec import Struct

from cwconsole.cli import output
from cwconsole.cli.common import INSTANCE, REASON, RESOURCE, YES, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.steering import steer
from cwconsole.cli.text import server_moment, span
from cwconsole.cli.times import require_time
from cwconsole.core.config import DEFAULT_OVERLAP
from cwconsole.core.errors import ConfigError, CwconsoleError, RefusedError
from cwconsole.core.json_values import server_iso
from cwconsole.core.moments import clock_words
from cwconsole.core.rewinding import consequences, held_by_window
from cwconsole.store import operations
from cwconsole.store.actions import ActionKind
from cwconsole.store.instances import Instance
from cwconsole.store.once import Connection
from cwconsole.store.operations import Watermark


@click.command()
@INSTANCE
@RESOURCE
@click.option("--set", "typed", metavar="TIME", help="Read again from then on: 2h, 3d, 2026-09-01T08:00.")
@YES
@REASON
@common_options
@pass_invocation
def watermark(
    invocation: Invocation, /, *, instance: str, resource: str, typed: str | None, yes: bool, reason: str | None
) -> None:
    """Show a resource's watermark, or --set it.

    Setting it back makes the next poll read everything that changed since then; what was seen already makes no event.
    Setting it forward skips changes. Either is shown first, with how many records ConnectWise counts in the new window,
    and is done with --yes.
    """
    standing = invocation.read(operations.watermark, instance, resource, now_ms=invocation.now_ms)
    if typed is None:
        _show(invocation, standing)
        return
    seconds = require_time(typed, now_ms=standing.server_now * 1000) // 1000
    if not yes:
        _preview(invocation, invocation.read(_asked, instance, resource, seconds, invocation.now_ms))
    steer(
        invocation,
        partial(operations.set_watermark, watermark=seconds),
        kind=ActionKind.WATERMARK,
        instance=instance,
        resource=resource,
        reason=reason,
    )


class _Asked(Struct, frozen=True, kw_only=True):
    """A watermark to be set. before, wanted: whole seconds on the server's clock. crawling: whether a poll is open."""

    instance: Instance
    resource: str
    before: int
    wanted: int
    crawling: bool

    @property
    def place(self) -> tuple[str, str]:
        """The names of the instance and the resource."""
        return self.instance.name, self.resource

    @property
    def forward(self) -> bool:
        """Whether it skips changes."""
        return self.wanted > self.before


def _asked(conn: Connection, instance: str, resource: str, wanted: int, now_ms: int) -> _Asked:
    """Raises UsageError for what cannot be set."""
    target = operations.scope(conn, instance, resource)
    row, before = operations.settable(conn, target, wanted, now_ms=now_ms)
    return _Asked(
        instance=target.instance,
        resource=row.name,
        before=before,
        wanted=wanted,
        crawling=row.crawl_kind is not None,
    )


def _preview(invocation: Invocation, asked: _Asked) -> NoReturn:
    """Show what it would do, ConnectWise's count with it. Raises RefusedError that says how it is done."""
    counts, said = _counts(invocation, asked)
    far = span(abs(asked.before - asked.wanted))
    way = f"{far} {'forward' if asked.forward else 'back'}"
    lines = [
        f"{'/'.join(asked.place)}: from {server_moment(asked.before)} to {server_moment(asked.wanted)}, {way}.",
        *consequences(forward=asked.forward, span=far, overlap=_overlap(asked), crawling=asked.crawling),
        said,
    ]
    if invocation.as_json:
        named = dict(zip(("instance", "resource"), asked.place, strict=True))
        times = {"from": server_iso(asked.before), "to": server_iso(asked.wanted)}
        output.print_json({**named, **times, **counts, "preview": lines})
    else:
        output.print_block("\n".join(lines))
    raise RefusedError("Nothing was changed; confirm it with --yes.")


def _counts(invocation: Invocation, asked: _Asked) -> tuple[dict[str, int | None], str]:
    """How many records ConnectWise counts in the new window and, if it is set forward, in the present one; in words."""
    from cwconsole.cli import loop  # noqa: PLC0415 - what asks ConnectWise
    from cwconsole.cli.outside import ConsoleOutside  # noqa: PLC0415
    from cwconsole.store.database import Store  # noqa: PLC0415

    async def count(*marks: int) -> list[int]:
        async with Store.open(invocation.path, migrate=False) as store:
            outside = ConsoleOutside(
                store, invocation.vault, client_id=invocation.settings.client_id, now_ms=lambda: invocation.now_ms
            )
            return [await outside.count(*asked.place, mark) for mark in marks]

    try:
        new, *present = loop.run(count(asked.wanted, *([asked.before] if asked.forward else [])))
    except CwconsoleError as error:
        return {"records": None}, f"It cannot be counted: {error.message}"
    return {"records": new, **({"records_now": present[0]} if present else {})}, held_by_window(new, *present)


def _overlap(asked: _Asked) -> int:
    """Seconds that each window reads again before its watermark."""
    from cwconsole.core.instance_body import stored_body  # noqa: PLC0415 - only for a preview
    from cwconsole.core.instance_config import hidden, to_config  # noqa: PLC0415

    try:
        config = to_config(stored_body(asked.instance.body), hidden)
    except ConfigError:  # the count says why
        return DEFAULT_OVERLAP
    return next((one.overlap for one in config.resources if one.name == asked.resource), DEFAULT_OVERLAP)


def _show(invocation: Invocation, row: Watermark) -> None:
    if invocation.as_json:
        output.print_json(row)
    elif row.watermark is None:
        output.print_line(f"{row.instance}/{row.resource} has no watermark yet: its first poll sets it.")
    else:
        behind = span(row.server_now - row.watermark)
        clock = clock_words(row.server_ahead_seconds)
        stands = "" if clock is None else f", which is {clock}"
        place = f"{row.instance}/{row.resource}"
        output.print_line(f"{place}: {server_moment(row.watermark)}, {behind} behind ConnectWise's clock{stands}.")
