"""`cwconsole simulate`: a ConnectWise look-alike, for whoever has none at hand."""

from __future__ import annotations

import asyncio
import os

import click

from cwconsole.cli import output
from cwconsole.cli.common import Amount, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError

PORT = 8085  # the one in sample_instances
CLIENT_ID = "00000000-0000-4000-8000-000000000000"  # the simulator wants one, and takes any


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 for any free one.")
@click.option(
    "--company",
    "companies",
    metavar="NAME",
    multiple=True,
    help="Know this one only; repeatable; default any.",
)
@click.option("--public-key", default="demo-public-key", show_default=True)
@click.option("--private-key", default="demo-private-key", show_default=True)
@click.option("--records", type=click.IntRange(0), default=1000, show_default=True, help="Of each endpoint at first.")
@click.option("--rate", type=Amount(0), default=1.0, show_default=True, help="Random changes a second.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same records.")
@common_options
@pass_invocation
def simulate(
    invocation: Invocation,
    /,
    *,
    port: int,
    companies: tuple[str, ...],
    public_key: str,
    private_key: str,
    records: int,
    rate: float,
    seed: int,
) -> None:
    """Serve a ConnectWise look-alike on 127.0.0.1 until it is stopped.

    It lets in whoever has these two keys, names a company that it knows, and sends a clientId, whatever it is. Like
    ConnectWise, it answers 401 to other keys and to none, and 400 "Cannot route" to another company.

    It can be steered while it runs: POST /_simulator/faults, /_simulator/change, /_simulator/rate; GET
    /_simulator/state.
    """
    if not all(companies):
        raise UsageError("--company: found nothing, expected a company's name.")
    from cwconsole.cli import loop  # noqa: PLC0415 - asyncio and the server
    from cwconsole.simulator.simulator import Simulator  # noqa: PLC0415

    simulator = Simulator(
        companies=companies or ("exampleco",),
        any_company=not companies,
        public_key=public_key,
        private_key=private_key,
        records=records,
        rate=rate,
        seed=seed,
    )

    async def serve() -> None:
        try:
            async with simulator.serve(port=port) as running:
                if invocation.as_json:
                    # One line, so that whoever starts it can read it and go on.
                    facts = {
                        "base_url": running.base_url,
                        "port": running.port,
                        "company": simulator.companies[0],
                        "public_key": public_key,
                        "private_key": private_key,
                        "client_id": CLIENT_ID,
                    }
                    output.print_json_line(facts)
                else:
                    known = " or ".join(companies) or "any"
                    output.print_line(
                        f"baseUrl is {running.base_url}; company {known}; public key {public_key}; any clientId. "
                        "Stop with Ctrl-C."
                    )
                await asyncio.Event().wait()
        except OSError as error:
            raise UsageError(
                f"Port {port} cannot be used: {os.strerror(error.errno or 0)}; name another with --port."
            ) from error

    loop.run(serve())
