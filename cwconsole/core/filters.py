"""What a list shows: the filter words that the command line, the console's views and support notes share.

    instance:acme resource:tickets type:updated,deleted state:dead object:123 since:2h until:1h crash

1. `word:value` narrows, `!word:value` inverts. Whatever has no word is text to be looked for, and so is `text:…`;
   `match:…` is a regular expression (`store.patterns`).
2. `type` and `state` take several values with commas between them; the other words take one.
3. Each noun has its own words, types and states; anything else is an error that names what there is.
4. A word can be given once. Times are those of `core.moments`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from msgspec import Struct

from cwconsole.core.errors import UsageError
from cwconsole.core.moments import iso, moment

DEFAULT_LIMIT: Final = 50
LONGEST_PAGE: Final = 10_000


class Noun(StrEnum):
    """What is listed."""

    POLLS = "polls"  # runs of pollers
    EVENTS = "events"  # what happened to objects
    DELIVERIES = "deliveries"  # duties to get an event to its callback URL
    ACTIONS = "actions"  # what operators asked for

    @property
    def one(self) -> str:
        """The word for a single one."""
        return "delivery" if self is Noun.DELIVERIES else self.value.removesuffix("s")


_EVENT_TYPES = ("created", "updated", "deleted")
# As deliveries are shown: what is pending or retrying behind a hold is `held`, and nothing else.
_DELIVERY_STATES = ("pending", "sending", "retrying", "held", "delivered", "dead", "cancelled")
WORDS: Final = MappingProxyType(
    {
        Noun.POLLS: ("instance", "resource", "type", "state", "object", "since", "until", "text", "match"),
        Noun.EVENTS: ("instance", "resource", "type", "state", "object", "since", "until", "text", "match"),
        Noun.DELIVERIES: ("instance", "resource", "type", "state", "object", "since", "until", "callback", "error"),
        Noun.ACTIONS: ("instance", "resource", "type", "state", "object", "since", "until", "text", "match"),
    }
)
TYPES: Final = MappingProxyType(
    {
        Noun.POLLS: ("baseline", "everything", "window", "full", "sweep"),
        Noun.EVENTS: _EVENT_TYPES,
        Noun.DELIVERIES: _EVENT_TYPES,
        Noun.ACTIONS: (
            "poll",
            "sweep",
            "replay",
            "add",
            "edit",
            "enable",
            "disable",
            "remove",
            "pause",
            "resume",
            "hold",
            "release",
            "watermark",
            "retry",
            "cancel",
            "pause_job",
            "resume_job",
            "cancel_job",
            "export",
        ),
    }
)
STATES: Final = MappingProxyType(
    {
        Noun.POLLS: ("running", "ok", "failed", "stopped", "interrupted", "dropped", "refused"),
        Noun.EVENTS: _DELIVERY_STATES,  # of the event's newest delivery
        Noun.DELIVERIES: _DELIVERY_STATES,
        Noun.ACTIONS: ("queued", "running", "done", "failed", "cancelled", "expired"),
    }
)


T = TypeVar("T")


class Term(Struct, Generic[T], frozen=True):
    """One condition. inverted: everything but."""

    value: T
    inverted: bool = False


class Filter(Struct, frozen=True, kw_only=True):
    """What is listed, newest first.

    type, state: one of several, lower case. since_ms, until_ms: milliseconds since the epoch, UTC; since is in, until
    is out. callback: a callback URL, or a part of it. error: a status or an error code of the last attempt, `503`,
    `refused`. after: only ids below this one, the last of the page before.
    """

    instance: Term[str] | None = None
    resource: Term[str] | None = None
    type: Term[tuple[str, ...]] | None = None
    state: Term[tuple[str, ...]] | None = None
    object: Term[int] | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    callback: Term[str] | None = None
    error: Term[str] | None = None
    text: Term[str] | None = None
    match: Term[str] | None = None
    limit: int = DEFAULT_LIMIT
    after: int | None = None


ReadTime = Callable[[str], int | None]


def parse(noun: Noun, line: str, *, now_ms: int, read_time: ReadTime | None = None) -> Filter:
    """A line of filter words. Raises UsageError that names the word and what would be right.

    read_time: milliseconds of a time that `core.moments` does not understand, or None.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise UsageError(f"The filter {line!r} has a quote that is not closed; close it.") from None
    return from_words(noun, [split(noun, word) for word in words], now_ms=now_ms, read_time=read_time)


def from_words(
    noun: Noun,
    words: list[tuple[str, str, bool]],
    *,
    now_ms: int,
    read_time: ReadTime | None = None,
    limit: int = DEFAULT_LIMIT,
    after: int | None = None,
) -> Filter:
    """Words that are split already: name, value, inverted. Raises UsageError as `parse` does."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise UsageError(f"limit: {limit} is not between 1 and {LONGEST_PAGE}.")
    given: dict[str, tuple[str, bool]] = {}
    for name, value, inverted in words:
        _require_word(noun, name)
        before = given.get(name)
        if before is None:
            given[name] = (value, inverted)
        elif name == "text" and before[1] == inverted:
            given[name] = (f"{before[0]} {value}", inverted)  # several words of text stand side by side
        else:
            raise UsageError(f"{name}: is given twice; give it once.")
    reader = _Reader(noun=noun, given=given, now_ms=now_ms, read_time=read_time)
    since_ms, until_ms = reader.time("since"), reader.time("until")
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        raise UsageError(
            f"since: {iso(since_ms)} is not before until: {iso(until_ms)}, so nothing can lie between; swap them."
        )
    return Filter(
        instance=reader.text("instance"),
        resource=reader.text("resource"),
        type=reader.among("type", TYPES[noun]),
        state=reader.among("state", STATES[noun]),
        object=reader.number("object"),
        since_ms=since_ms,
        until_ms=until_ms,
        callback=reader.text("callback"),
        error=reader.text("error"),
        text=reader.text("text"),
        match=reader.text("match"),
        limit=limit,
        after=after,
    )


def line_of(chosen: Filter) -> str:
    """The filter as words that `parse` reads back; limit and page are not among them."""
    words: list[tuple[str, Term[str] | None]] = [
        ("instance", chosen.instance),
        ("resource", chosen.resource),
        ("type", _joined(chosen.type)),
        ("state", _joined(chosen.state)),
        ("object", None if chosen.object is None else Term(str(chosen.object.value), chosen.object.inverted)),
        ("since", None if chosen.since_ms is None else Term(iso(chosen.since_ms))),
        ("until", None if chosen.until_ms is None else Term(iso(chosen.until_ms))),
        ("callback", chosen.callback),
        ("error", chosen.error),
        ("text", chosen.text),
        ("match", chosen.match),
    ]
    return " ".join(
        shlex.quote(f"{'!' if term.inverted else ''}{name}:{term.value}") for name, term in words if term is not None
    )


def _joined(term: Term[tuple[str, ...]] | None) -> Term[str] | None:
    return None if term is None else Term(",".join(term.value), term.inverted)


def split(noun: Noun, word: str) -> tuple[str, str, bool]:
    """One word of a line: its name, its value, whether it is inverted. Raises UsageError for a name there is not."""
    inverted = word.startswith("!")
    name, colon, value = word.removeprefix("!").partition(":")
    if not colon:
        return "text", name, inverted
    _require_word(noun, name)
    return name, value, inverted


def _require_word(noun: Noun, name: str) -> None:
    if name not in WORDS[noun]:
        raise UsageError(
            f"{name}: is no filter word of {noun}; there are {', '.join(WORDS[noun])} (text with a colon: 'text:a:b')."
        )


class _Reader(Struct, frozen=True, kw_only=True):
    """The given words, read one by one."""

    noun: Noun
    given: dict[str, tuple[str, bool]]
    now_ms: int
    read_time: ReadTime | None

    def text(self, name: str) -> Term[str] | None:
        if name not in self.given:
            return None
        value, inverted = self.given[name]
        if not value.strip():
            raise UsageError(f"{name}: has no value; write {name}:VALUE.")
        return Term(value, inverted)

    def among(self, name: str, allowed: tuple[str, ...]) -> Term[tuple[str, ...]] | None:
        term = self.text(name)
        if term is None:
            return None
        values = tuple(dict.fromkeys(value.strip().lower() for value in term.value.split(",")))
        for value in values:
            if value not in allowed:
                raise UsageError(f"{name}: {self.noun} have no {name} {value!r}; there are {', '.join(allowed)}.")
        return Term(values, term.inverted)

    def number(self, name: str) -> Term[int] | None:
        term = self.text(name)
        if term is None:
            return None
        if not (term.value.isascii() and term.value.isdigit() and len(term.value) < 19):
            raise UsageError(f"{name}: {term.value!r} is no id; ids of ConnectWise are whole numbers.")
        return Term(int(term.value), term.inverted)

    def time(self, name: str) -> int | None:
        term = self.text(name)
        if term is None:
            return None
        if term.inverted:
            raise UsageError(f"{name}: cannot be inverted; use {'until' if name == 'since' else 'since'}.")
        read = moment(term.value, self.now_ms)
        if read is None and self.read_time is not None:
            read = self.read_time(term.value)
        if read is None:
            raise UsageError(f"{name}: {term.value!r} is no time; write 2h, 3d or 2026-09-01T08:00.")
        return read
