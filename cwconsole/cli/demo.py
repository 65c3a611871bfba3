"""`cwconsole demo`: simulator, receivers and engine together, while records change and faults come and go."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cwconsole.cli import output
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.door import Failed
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError

if TYPE_CHECKING:
    from cwconsole.cli.demo_report import Report

SECONDS = 20.0


@click.command()
@click.option("--headless", is_flag=True, help="Without a screen: progress and a report at the end.")
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=1, max=3600),
    default=SECONDS,
    show_default=True,
    help="How long records change.",
)
@click.option("--seed", metavar="N", type=click.IntRange(min=0), help="The same records, changes and faults again.")
@common_options
@pass_invocation
def demo(invocation: Invocation, /, *, headless: bool, seconds: float, seed: int | None) -> None:
    """Poll a ConnectWise look-alike with the sample instances and deliver to receivers, all on this machine.

    Records are created, changed and deleted while both sides misbehave. Then everything is given a minute to arrive,
    and the receivers are compared with the simulator; the exit code is 1 if anything is missing. Everything is
    forgotten at the end.
    """
    if not headless:
        raise UsageError("The demo has no screen yet; use `cwconsole demo --headless`.")
    if invocation.database is not None:
        raise UsageError("The demo has a database of its own; leave --db out.")
    say = output.say if invocation.as_json else output.print_line
    with _workshop() as folder:
        report = _played(folder, seed=secrets.randbelow(1_000_000) if seed is None else seed, seconds=seconds, say=say)
        _print(report, as_json=invocation.as_json)
        if not report.ok:
            raise Failed(report.verdict)


@contextmanager
def _workshop() -> Iterator[Path]:
    """A folder for everything; it stays if the demo fails, and then the error says where it is."""
    folder = Path(tempfile.mkdtemp(prefix="cwconsole-demo-"))
    try:
        yield folder
    except Failed as failed:
        raise Failed(f"{failed} The database and the logs are in {folder}.") from failed
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _played(folder: Path, *, seed: int, seconds: float, say: Callable[[str], None]) -> Report:
    from cwconsole.cli import loop  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.cli.demo_run import play  # noqa: PLC0415
    from cwconsole.cli.demo_samples import read_samples  # noqa: PLC0415
    from cwconsole.cli.logs import log_to_file  # noqa: PLC0415

    samples = read_samples()
    with log_to_file("info", folder / "engine.log"), (folder / "servers.log").open("wb") as errors:
        return loop.run(play(folder, samples, errors=errors, seed=seed, seconds=seconds, say=say))


def _print(report: Report, *, as_json: bool) -> None:
    from cwconsole.cli import demo_report  # noqa: PLC0415

    if as_json:
        output.print_json(demo_report.as_json(report))
    else:
        output.print_line("")
        output.print_facts(demo_report.facts(report))
