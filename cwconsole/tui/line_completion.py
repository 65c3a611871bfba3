"""A view's line beside the names that there are: what it could become while typed, and whether it can be meant."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import takewhile

from msgspec import Struct

from cwconsole.core.errors import UsageError
from cwconsole.core.filters import STATES, TYPES
from cwconsole.core.health import Health
from cwconsole.tui.viewspec import LEVELS, View, ViewSpec, notation


def unfinished(line: str) -> tuple[str, str]:
    """A line that is being typed: what stands before its last word, and that word. Blanks in quotes part no words."""
    start, quote = 0, ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == " ":
            start = at + 1
    return line[:start], line[start:]


class Known(Struct, frozen=True, kw_only=True):
    """Names of instances and resources."""

    instances: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()

    def of(self, name: str) -> tuple[str, ...]:
        """Those that a word's value may be."""
        return {"instance": self.instances, "resource": self.resources}.get(name, ())


class _Parted(Struct, frozen=True, kw_only=True):
    """A name with blanks of which only the beginning was taken for it. there: whether that is a name too."""

    taken: str
    meant: str
    there: bool


def judge(wanted: ViewSpec, known: Known, *, now_ms: int) -> None:
    """Raises UsageError for values that cannot be, among them the half of a name: `instance:Example Co`."""
    wanted.filter(now_ms=now_ms)
    if (parted := _parted(wanted.words, known)) is not None and not parted.there:
        raise UsageError(f"There is no {parted.taken!r}; put the whole name in quotes: {parted.meant}")


def remark(wanted: ViewSpec, known: Known) -> str | None:
    """What to say of a line that can be, and may not be what was meant."""
    parted = _parted(wanted.words, known)
    if parted is None:
        return None
    return f"What stands behind {parted.taken} is looked for as text; the whole name is {parted.meant}"


def _parted(words: Sequence[str], known: Known) -> _Parted | None:
    for at, word in enumerate(words):
        name, _, value = word.partition(":")
        names, said = known.of(name.removeprefix("!")), value
        for more in takewhile(lambda one: ":" not in one, words[at + 1 :]):
            said = f"{said} {more}"
            if said in names:
                there = value in names or value.isdigit()  # an id
                return _Parted(taken=value, meant=notation(f"{name}:{said}"), there=there)
    return None


def completed(view: View, line: str, known: Known) -> list[str]:
    """What a line could become, nearest first; what it ends in may be a name with blanks, begun without quotes."""
    before, last = unfinished(line)
    return [*_names_with_blanks(before, last, known), *(f"{before}{one}" for one in completions(view, last, known))]


def _names_with_blanks(before: str, last: str, known: Known) -> list[str]:
    while before and ":" not in last:
        before, word = unfinished(before[:-1])
        last = f"{word} {last}"
    name, _, said = last.partition(":")
    names = known.of(name.removeprefix("!")) if " " in said else ()
    return [f"{before}{notation(f'{name}:{one}')}" for one in names if one.startswith(said)]


def completions(view: View, word: str, known: Known) -> list[str]:
    """What the last word of a filter could become, nearest first; nothing if it is text."""
    word = _unquoted(word)
    bang = "!" if word.startswith("!") else ""
    name, colon, value = word.removeprefix("!").partition(":")
    if not colon:
        names = [one for one in (*view.words, *(("sort",) if view.sorts else ())) if one != "text"]
        return [f"{bang}{one}:" for one in names if one.startswith(name)]
    *chosen, last = value.split(",")
    before = f"{bang}{name}:" + "".join(f"{one}," for one in chosen)
    values = [one for one in _values(view, name, known) if one.startswith(last) and one not in chosen]
    return [notation(before + one) for one in values]


def _unquoted(word: str) -> str:
    """The last word of a line without its quotes, though the second one has not been typed yet."""
    for end in ("", '"', "'"):
        try:
            return "".join(shlex.split(word + end))
        except ValueError:
            continue
    return word


def _values(view: View, name: str, known: Known) -> tuple[str, ...]:
    if name == "state":
        return tuple(health.value for health in Health) if view.noun is None else STATES[view.noun]
    if name == "type":
        return () if view.noun is None else TYPES[view.noun]
    named = {
        "level": LEVELS,
        "sort": (*view.sorts, *(f"-{one}" for one in view.sorts)),
        "since": ("15m", "1h", "2h", "8h", "1d", "7d"),
        "until": ("15m", "1h", "2h", "8h", "1d", "7d"),
    }
    return named.get(name, known.of(name))
