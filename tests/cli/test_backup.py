"""Going back to a backup as docs/backup.md says: no event gets an id that a receiver may know already."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from cwconsole.simulator.receiver import Listening
from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage
from tests.cli.test_engine import create

DOCUMENT = Path(__file__).parents[2] / "docs" / "backup.md"
COMMANDS = re.findall(r"^ *(python3 -c .+)$", DOCUMENT.read_text(), re.MULTILINE)


def typed(cli: Cli, command: str) -> None:
    """As somebody types it in the database's folder."""
    subprocess.run([sys.executable, *shlex.split(command)[1:]], cwd=cli.folder, check=True, timeout=30)


def ids(cli: Cli) -> set[str]:
    return {event["event_id"] for event in cli.good("events", "list")}


def test_events_after_a_backup_was_restored_have_ids_that_were_never_used(
    cli: Cli, played: Any, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    make, skip = COMMANDS
    cli.good("run", "--once")
    create(stage, connectwise, "Ada")
    cli.good("run", "--once")
    typed(cli, make)
    kept = ids(cli)
    create(stage, connectwise, "Grace")
    cli.good("run", "--once")
    used = ids(cli)
    assert (len(kept), len(used)) == (1, 2)

    for leftover in ("cw.db-wal", "cw.db-shm"):
        (cli.folder / leftover).unlink(missing_ok=True)
    (cli.folder / "backup.db").replace(cli.path)
    typed(cli, skip)
    create(stage, connectwise, "Joan")
    cli.good("run", "--once")
    after = ids(cli)
    assert after & used == kept
    assert len(after - kept) == 2, "Grace once more, and Joan"
    assert len(receiver.receiver.seen) == 4
