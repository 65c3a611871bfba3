"""A notification as a curl command: enough to try a receiver with."""

from __future__ import annotations

import shlex

from cwconsole.core.secret import MASK
from cwconsole.tui.render.notification import Request


def curl_command(request: Request) -> str:
    """The command, a header a line."""
    words = ["curl -sS -X POST", *(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers)]
    if request.username is not None:
        words.append(f"-u {shlex.quote(f'{request.username}:{MASK}')}")
    body = request.body.decode("utf-8", "backslashreplace")
    return " \\\n  ".join([*words, f"--data-binary {shlex.quote(body)}", shlex.quote(request.url)]) + "\n"
