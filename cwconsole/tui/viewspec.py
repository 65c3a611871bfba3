"""What is on the screen, as one line that people can read, type after `:`, keep and send to each other.

    events instance:acme type:deleted since:2h
    fleet state:failing,late sort:-lag
    resource instance:acme resource:contacts

1. The first word is the view; the others are the filter's words (`core.filters`), as they were typed: `since:2h` stays
   two hours ago whenever it is used.
2. `sort:column`, or `sort:-column` from high to low, where the view can be sorted.
3. A line that is not right is refused with what would be.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.errors import UsageError
from cwconsole.core.filters import WORDS, Filter, Noun, parse
from cwconsole.core.moments import duration
from cwconsole.store import patterns


class View(Struct, frozen=True, kw_only=True):
    """A kind of screen. noun: what is listed, if it is a history. required: words without which there is no view.

    mode: the area that it belongs to.
    """

    name: str
    mode: str
    words: tuple[str, ...]
    noun: Noun | None = None
    sorts: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


_TAKEN_APART: Final = frozenset(" \t\r\n'\"\\")
LEVELS: Final = ("debug", "info", "warning", "error")
HISTORY_SORTS: Final = MappingProxyType(
    {Noun.POLLS: ("records", "changes", "duration"), Noun.DELIVERIES: ("attempts", "next")}
)
FLEET_SORTS: Final = ("health", "instance", "resource", "lag", "next", "events", "open", "dead")
JOB_SORTS: Final = ("job", "state", "progress", "done", "failed", "left", "who")
DEAD_SORTS: Final = ("count", "error", "url", "instance", "first", "last")
_VIEWS: Final = (
    View(name="fleet", mode="fleet", words=("instance", "resource", "state", "text", "match"), sorts=FLEET_SORTS),
    *(View(name=noun.value, mode=noun.value, words=WORDS[noun], noun=noun, sorts=HISTORY_SORTS.get(noun, ()))
      for noun in (Noun.EVENTS, Noun.DELIVERIES, Noun.POLLS, Noun.ACTIONS)),
    View(name="jobs", mode="jobs", words=("text",), sorts=JOB_SORTS),
    View(name="job", mode="jobs", words=("id",), required=("id",)),
    View(name="log", mode="log", words=("level", "since", "until", "text", "match")),
    View(name="dead", mode="deliveries", words=("instance", "resource"), noun=Noun.DELIVERIES, sorts=DEAD_SORTS),
    View(name="instance", mode="fleet", words=("instance",), required=("instance",)),
    View(name="resource", mode="fleet", words=("instance", "resource"), required=("instance", "resource")),
    View(name="event", mode="events", words=("id",), required=("id",)),
    View(name="delivery", mode="deliveries", words=("id",), required=("id",)),
    View(name="poll", mode="polls", words=("id",), required=("id",)),
    View(name="action", mode="actions", words=("id",), required=("id",)),
    View(name="debug", mode="log", words=()),
)  # fmt: skip
VIEWS: Final = MappingProxyType({view.name: view for view in _VIEWS})


class ViewSpec(Struct, frozen=True, kw_only=True):
    """One line, read. words: as typed, without the sort. sort: a column, or nothing for the view's own order."""

    view: str
    words: tuple[str, ...] = ()
    sort: str = ""
    descending: bool = False

    @property
    def kind(self) -> View:
        """What kind of screen it is."""
        return VIEWS[self.view]

    @property
    def line(self) -> str:
        """The line that `read` reads back."""
        sort = [f"sort:{'-' if self.descending else ''}{self.sort}"] if self.sort else []
        return " ".join((self.view, *map(notation, self.words), *sort))

    @property
    def filter_line(self) -> str:
        """The words of the filter alone."""
        return " ".join(map(notation, self.words))

    def value(self, name: str) -> str | None:
        """The value of a word that is not inverted, or None."""
        return next((word.partition(":")[2] for word in self.words if word.startswith(f"{name}:")), None)

    @property
    def slides(self) -> bool:
        """Whether it means another stretch of time with every minute: `since:2h`."""
        return any(duration(self.value(name) or "") is not None for name in ("since", "until"))

    def filtered(self, line: str) -> ViewSpec:
        """The same view with another filter. Raises UsageError."""
        return read(f"{self.view} {line}") if "sort:" in line else replace(self, words=read_words(self.kind, line))

    def sorted_by(self, sort: str, descending: bool) -> ViewSpec:
        """The same view in another order; without a sort in its own."""
        return replace(self, sort=sort, descending=descending and bool(sort))

    def filter(self, *, now_ms: int) -> Filter:
        """The filter of a view that lists a history. Raises UsageError for values that cannot be."""
        noun = self.kind.noun
        return Filter() if noun is None else parse(noun, self.filter_line, now_ms=now_ms)


def spec(view: str, **words: str | int | None) -> ViewSpec:
    """A view with words that are known to be right; those without a value are left out."""
    return ViewSpec(view=view, words=tuple(f"{name}:{value}" for name, value in words.items() if value is not None))


def notation(word: str) -> str:
    """A word as people type it: only a value that a line would take apart is quoted, `instance:"Example Co"`."""
    name, colon, value = word.partition(":")
    if not set(word) & _TAKEN_APART and word:
        return word
    if not colon or set(name) & _TAKEN_APART:  # text, which may have a colon somewhere
        name, colon, value = "", "", word
    return f"{name}{colon}" + (shlex.quote(value) if set(value) & set('"\\') else f'"{value}"')


def read(line: str) -> ViewSpec:
    """A line. Raises UsageError that names what there is. Values of a history's filter are judged by `filter`."""
    words = _split(line)
    if not words or words[0] not in VIEWS:
        raise UsageError(f"There is no view {words[0] if words else ''!r}; there are {', '.join(VIEWS)}.")
    view, rest = VIEWS[words[0]], words[1:]
    sorts = [word for word in rest if word.startswith("sort:")]
    column = sorts[-1].removeprefix("sort:") if sorts else ""
    descending, column = column.startswith("-"), column.removeprefix("-")
    if sorts and column not in view.sorts:
        order = f"it can be sorted by {', '.join(view.sorts)}" if view.sorts else "its order is newest first"
        raise UsageError(f"sort: {view.name} cannot be sorted by {column!r}; {order}.")
    kept = _checked(view, [word for word in rest if not word.startswith("sort:")])
    return ViewSpec(view=view.name, words=kept, sort=column, descending=descending)


def read_words(view: View, line: str) -> tuple[str, ...]:
    """The words of a filter. Raises UsageError for a word that the view does not have."""
    return _checked(view, _split(line))


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(f"{line!r} has a quote that is not closed; close it.") from None


def _checked(view: View, words: Iterable[str]) -> tuple[str, ...]:
    kept = tuple(words)
    for at, word in enumerate(kept):
        name, colon, value = word.removeprefix("!").partition(":")
        if colon and name not in view.words:
            raise UsageError(f"{name}: is no word of {view.name}; there are {', '.join(view.words)}.")
        if name == "match" and value:
            patterns.compiled(value)
        if not colon and "text" not in view.words:
            raise UsageError(
                f"{view.name} cannot be searched for {word!r}; it takes {', '.join(view.words)}.{_to_quote(kept, at)}"
            )
    for name in view.required:
        if not any(word.startswith(f"{name}:") for word in kept):
            example = spec(view.name, **{one: "42" if one == "id" else "NAME" for one in view.required}).line
            raise UsageError(f"{view.name} needs {name}: to say which, as in {example}")
    return kept


def _to_quote(words: tuple[str, ...], at: int) -> str:
    """How to write a value with blanks, if that is what was meant."""
    before = next((word for word in reversed(words[:at]) if ":" in word), None)
    if before is None or words[at].startswith("!"):
        return ""
    rest = takewhile(lambda word: ":" not in word, words[at:])
    whole = " ".join((*words[words.index(before) : at], *rest))
    return f" If that belongs to {before}, put the value in quotes: {notation(whole)}"
