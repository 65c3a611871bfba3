"""Commands as they are shown to people: what is shown can be pasted into a shell, whatever names are in it."""

from __future__ import annotations

import shlex


def command_line(*words: str | int) -> str:
    """`cwconsole sweep 'Example Co' contacts`: each word quoted where a shell would take it apart."""
    return shlex.join(["cwconsole", *map(str, words)])
