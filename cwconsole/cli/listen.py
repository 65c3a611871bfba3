"""`cwconsole listen`: a callback receiver that prints what comes in."""

from __future__ import annotations

import asyncio
import os

import click

from cwconsole.cli import output
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError

PORT = 8787  # the one in sample_instances


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 for any free one.")
@click.option("--key", metavar="KEY", help="The signature key; without one, signatures are not checked.")
@common_options
@pass_invocation
def listen(invocation: Invocation, /, *, port: int, key: str | None) -> None:
    """Take notifications at http://127.0.0.1:PORT/ and print one line each until it is stopped.

    With --json, one JSON object a line: first the address, then each notification. It can be told to fail while it
    runs: POST /_receiver/faults; GET /_receiver/state counts what came in.
    """
    from cwconsole.cli import loop  # noqa: PLC0415 - asyncio and the server
    from cwconsole.simulator.receiver import Delivery, Keep, Receiver  # noqa: PLC0415

    def show(delivery: Delivery) -> None:
        if invocation.as_json:
            output.print_json_line(delivery._asdict())
        else:
            output.print_line(delivery.line())

    async def serve(receiver: Receiver) -> None:
        try:
            async with receiver.serve(port=port) as listening:
                if invocation.as_json:
                    output.print_json_line({"url": listening.url, "port": listening.port})
                else:
                    output.say(f"Listening at {listening.url}. Stop with Ctrl-C.")
                await asyncio.Event().wait()
        except OSError as error:
            raise UsageError(
                f"Port {port} cannot be used: {os.strerror(error.errno or 0)}; name another with --port."
            ) from error

    try:
        receiver = Receiver(key=key, keep=Keep.FACTS, limit=100_000, on_delivery=show)
    except ValueError:
        raise UsageError("The key begins with whsec_ and is not base64 after that; correct it.") from None
    loop.run(serve(receiver))
