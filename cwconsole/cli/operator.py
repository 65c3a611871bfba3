"""Who asks, from where, and with which command: for the audit log."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence

from cwconsole.core.command_line import command_line
from cwconsole.core.instance_body import SECRET_KEYS
from cwconsole.core.secret import MASK


def operator(env: Mapping[str, str]) -> str:
    """The login name; under sudo, who that was."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"  # a container without a user table
    real = env.get("SUDO_USER")
    return f"{real} (as {name})" if real and real != name else name


def origin(env: Mapping[str, str]) -> str:
    """`ssh 10.0.0.7` in an SSH session, else the terminal, if there is one."""
    client = env.get("SSH_CONNECTION", "").split(" ")[0]
    if client:
        return f"ssh {client}"
    try:
        return f"tty {os.ttyname(0).removeprefix('/dev/')}"
    except OSError:
        return "no terminal"


def typed_again(args: Sequence[str]) -> str:
    """The command as it could be typed again, without secrets and without the path of the database."""
    kept: list[str] = []
    for at, arg in enumerate(args):
        before = args[at - 1] if at else ""
        if arg in {"--json", "--db"} or before == "--db" or arg.startswith("--db="):
            continue
        kept.append(_without_secret(arg) if before == "--set" or arg.startswith("--set=") else arg)
    return command_line(*kept)


def _without_secret(assignment: str) -> str:
    prefix = "--set=" if assignment.startswith("--set=") else ""
    key, equals, value = assignment.removeprefix(prefix).partition("=")
    name = key.removeprefix("configuration.")
    hidden = name in SECRET_KEYS or name.startswith("event.notification.callback.headers")
    return f"{prefix}{key}{equals}{MASK if hidden else value}"
