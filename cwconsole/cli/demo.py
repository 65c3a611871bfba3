"""`cwconsole demo`: simulator, receivers and engine together, while records change and faults come and go."""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cwconsole.cli import output
from cwconsole.cli.common import Amount, common_options, pass_invocation
from cwconsole.cli.door import Ended, Failed
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError

if TYPE_CHECKING:
    from cwconsole.cli.demo_report import Report
    from cwconsole.cli.demo_samples import Samples
    from cwconsole.tui.terminal import Terminal

SECONDS = 20.0
LOG_NAME = "engine.log"


@click.command()
@click.option("--headless", is_flag=True, help="Without the console: progress and a report at the end.")
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=Amount(min=1, max=3600),
    help=f"How long records change; headless {SECONDS:g}, else until you leave the console.",
)
@click.option("--seed", metavar="N", type=click.IntRange(min=0), help="The same records, changes and faults again.")
@common_options
@pass_invocation
def demo(invocation: Invocation, /, *, headless: bool, seconds: float | None, seed: int | None) -> None:
    """Poll a ConnectWise look-alike with the sample instances and deliver to receivers, all on this machine.

    Records are created, changed and deleted while both sides misbehave. The console shows it, and you are the operator:
    what was refused is polled again, and what is held goes on, when you say so. Once you leave (q), or with --headless
    after the time, everything is given a minute to arrive, and the receivers are compared with the simulator; the exit
    code is 1 unless everything arrived. Everything is forgotten at the end.
    """
    if invocation.database is not None:
        raise UsageError("The demo has a database of its own; leave --db out.")
    terminal = None if headless else _terminal(invocation)
    say = output.say if invocation.as_json else output.print_line
    with _workshop() as folder:
        report = _played(
            invocation,
            folder,
            terminal,
            seed=secrets.randbelow(1_000_000) if seed is None else seed,
            seconds=SECONDS if headless and seconds is None else seconds,
            say=say,
        )
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


def _terminal(invocation: Invocation) -> Terminal:
    from cwconsole.cli.console import ready_terminal  # noqa: PLC0415 - only where there is a screen

    return ready_terminal(invocation)


def _played(
    invocation: Invocation,
    folder: Path,
    terminal: Terminal | None,
    *,
    seed: int,
    seconds: float | None,
    say: Callable[[str], None],
) -> Report:
    from cwconsole.cli import loop  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.cli.demo_run import play  # noqa: PLC0415
    from cwconsole.cli.demo_samples import read_samples  # noqa: PLC0415
    from cwconsole.cli.logs import log_to_file  # noqa: PLC0415

    samples = read_samples()
    inside = _invocation(invocation, samples, folder)
    screen = None if terminal is None else partial(_shown, inside, terminal)
    with log_to_file("info", folder / LOG_NAME, inside.vault.given), (folder / "servers.log").open("wb") as errors:
        playing = play(
            inside.path, samples, inside.vault, errors=errors, seed=seed, seconds=seconds, say=say, screen=screen
        )
        try:
            return loop.run(playing)
        except Ended as ended:
            if terminal is not None and ended.number == signal.SIGHUP:
                from cwconsole.cli.console import let_go_of_the_terminal  # noqa: PLC0415

                let_go_of_the_terminal()
            raise


def _invocation(invocation: Invocation, samples: Samples, folder: Path) -> Invocation:
    """The same operator on the demo's database, with the secrets that the samples name, and a key of its own."""
    from cwconsole.store.vault import KEY_VARIABLE  # noqa: PLC0415

    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    env = {**invocation.env, **samples.environment, KEY_VARIABLE: key}
    return Invocation(args=invocation.args, env=env, database=str(folder / "demo.db"))


async def _shown(invocation: Invocation, terminal: Terminal) -> None:
    """Show the console until the person leaves it."""
    from cwconsole.cli.console import app_on, raise_crash  # noqa: PLC0415 - the screen, and all it needs
    from cwconsole.store.database import Store  # noqa: PLC0415
    from cwconsole.tui.engine_state import EngineState, EngineWhere  # noqa: PLC0415
    from cwconsole.tui.widgets.confirm import Question  # noqa: PLC0415

    async with Store.open(invocation.path, migrate=False) as store:
        here = EngineState(where=EngineWhere.HERE)
        app = app_on(store, invocation, terminal, engine=here, log_file=invocation.path.with_name(LOG_NAME))
        app.leaving = Question(
            title="Leave the demo?",
            lines=(
                "Records change no more and nothing fails any more. Whatever is held or paused goes on, every resource "
                "is swept, and everything has a minute to arrive.",
                "Then the report follows: which changed records arrived as they are now, which are still open, which "
                "wait for an answer, and which are missing.",
                "The look-alike, the receivers, the engine and the demo's database end with it.",
            ),
            yes="leave",
            no="stay",
        )
        await app.run_async()
        raise_crash(app, invocation.path.with_name(LOG_NAME))


def _print(report: Report, *, as_json: bool) -> None:
    from cwconsole.cli import demo_report  # noqa: PLC0415

    if as_json:
        output.print_json(demo_report.as_json(report))
    else:
        output.print_line("")
        output.print_facts(demo_report.facts(report), to_read=True)
