"""Commands as they are shown to people: what is shown can be pasted into a shell, whatever names are in it."""

from __future__ import annotations

import shlex


def command_line(*words: str | int) -> str:
    """`cwconsole sweep 'Example Co' contacts`: each word quoted where a shell would take it apart."""
    return shlex.join(["cwconsole", *map(str, words)])


def on_database(command: str, path: str | None) -> str:
    """The same command on the database of a path; None: on the default one, which needs no saying."""
    if path is None or not command.startswith("cwconsole "):
        return command
    return f"{command_line('--db', path)}{command.removeprefix('cwconsole')}"
