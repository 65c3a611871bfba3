"""The command line beside a console: what a command prints, on a thread, for a console has the loop."""

from __future__ import annotations

import asyncio
import io
import json
import shlex
from contextlib import redirect_stdout
from typing import Any

from cwconsole.cli.main import invoke


async def printed(command: str) -> Any:
    """What the command prints with `--json`, as the command line itself has it."""

    def run() -> Any:
        with redirect_stdout(io.StringIO()) as out:
            assert invoke([*shlex.split(command)[1:], "--json"]) == 0
        return json.loads(out.getvalue())

    return await asyncio.to_thread(run)
