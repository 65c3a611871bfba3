"""The filter of a list on the command line: options, and the same words as everywhere else (`core.filters`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from cwconsole.cli.invocation import Invocation
from cwconsole.cli.times import read_time
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import DEFAULT_LIMIT, STATES, TYPES, WORDS, Filter, Noun, from_words, split
from cwconsole.store.listing import Listing
from cwconsole.store.once import Connection

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")

OPTIONS = ("instance", "resource", "type", "state", "object", "since", "until", "callback", "error")
HELP = {
    "instance": "Of this instance, by id or name.",
    "resource": "Of this resource.",
    "object": "Of the object with this id at ConnectWise.",
    "since": "From this time on: 2h, 3d, 2026-09-01T08:00.",
    "until": "Before this time.",
    "callback": "To this callback URL, or those that contain this.",
    "error": "With this status or error code: 503, refused.",
}


def word_options(noun: Noun) -> Callable[[F], F]:
    """Add the filter's words to a command, one option and argument for each."""

    def add(command: F) -> F:
        for name in reversed(OPTIONS):
            command = click.option(
                f"--{name}",
                metavar=name.upper(),
                multiple=True,
                callback=_once,
                help=_help(noun, name),
                hidden=name not in WORDS[noun],
            )(command)
        return command

    return add


def _once(_: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Raises UsageError for an option that is given twice, of which the last would count and the others be lost."""
    if len(values) > 1:
        raise UsageError(f"{param.opts[0]} is given twice; give it once.")
    return values[0] if values else None


def filter_options(noun: Noun, *, paged: bool = True) -> Callable[[F], F]:
    """Add the filter to a command; it gets `words`, one argument for each option, and if paged `limit` and `after`."""

    def add(command: F) -> F:
        command = word_options(noun)(command)
        if paged:
            command = click.option("--limit", default=DEFAULT_LIMIT, show_default=True, help="At most so many.")(
                command
            )
            command = click.option("--after", metavar="ID", help="Go on below this id, the last one shown.")(command)
        return click.argument("words", metavar="[WORD:VALUE]...", nargs=-1)(command)

    return add


def _help(noun: Noun, name: str) -> str:
    if name in HELP:
        return HELP[name]
    values = TYPES[noun] if name == "type" else STATES[noun]
    return f"Among {', '.join(values)}; several with commas."


def chosen(
    noun: Noun, words: tuple[str, ...], given: dict[str, str | None], *, limit: int, after: int | None, now_ms: int
) -> Filter:
    """The filter that options and words make together. Raises UsageError that names what is wrong."""
    told = [split(noun, word) for word in words]
    told += [(name, value, False) for name, value in given.items() if value is not None]
    return from_words(
        noun,
        told,
        now_ms=now_ms,
        read_time=lambda typed: read_time(typed, now_ms=now_ms),
        limit=limit,
        after=after,
    )


def listed(
    invocation: Invocation,
    noun: Noun,
    page: Callable[[Connection, Filter], Listing[R]],
    words: tuple[str, ...],
    given: dict[str, str | None],
    *,
    limit: int,
    below: int | None,
) -> list[R]:
    """What the filter of one command line finds, newest first. below: only smaller ids. Raises UsageError."""
    asked = chosen(noun, words, given, limit=limit, after=below, now_ms=invocation.now_ms)
    return all_rows(invocation, page, asked)


def nothing(noun: Noun, words: tuple[str, ...], given: Mapping[str, str | None], *, after: str | None = None) -> str:
    """What to say of an empty list: whether there are none at all, or none that fit."""
    narrowed = bool(words) or after is not None or any(value is not None for value in given.values())
    return f"No {noun.one} fits what was asked for." if narrowed else f"There is no {noun.one} yet."


def all_rows(invocation: Invocation, page: Callable[[Connection, Filter], Listing[R]], asked: Filter) -> list[R]:
    """As many rows as were asked for, however many pages that takes; each page is read on its own."""
    rows: list[R] = []
    while True:
        found = invocation.read(page, replace(asked, limit=asked.limit - len(rows)))
        rows += found.rows
        if found.next_after is None or len(rows) >= asked.limit:
            return rows
        asked = replace(asked, after=found.next_after)


def whole_id(typed: str) -> int:
    """An id of ours. Raises UsageError for what is none."""
    if typed.isascii() and typed.isdigit() and len(typed) < 19:
        return int(typed)
    raise UsageError(f"{typed!r} is no id; ids are whole numbers.")
