"""Lines of the log: read, filtered, and shown as rows and in full.

A line is `name=value` pairs that begin with `timestamp`, `level` and `event`; whatever is not is shown as it stands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from cwconsole.core.errors import UsageError
from cwconsole.core.moments import moment
from cwconsole.store import patterns
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Column
from cwconsole.tui.render.plain import plain
from cwconsole.tui.viewspec import LEVELS, ViewSpec

_PAIR: Final = re.compile(r'([^\s="]+)=("(?:\\.|[^"\\])*"|\S*)')
_ESCAPE: Final = re.compile(r"\\(.)")
_TONES: Final = {"debug": Tone.MUTED, "warning": Tone.WARN, "error": Tone.BAD, "critical": Tone.BAD}
_ALL: Final = (*LEVELS, "critical")


class LogLine(Struct, frozen=True, kw_only=True):
    """number: counts from the first line that was read. time, level: empty where there is none. fields: the rest.

    aside: it does not fit the filter and is shown all the same, for what stands around the others.
    """

    number: int
    raw: str
    time: str = ""
    level: str = ""
    event: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    aside: bool = False


def read_line(number: int, raw: str) -> LogLine:
    """A line as it stands in the file."""
    if not raw.startswith("timestamp="):
        return LogLine(number=number, raw=raw, event=raw)
    pairs = [(name, _value(value)) for name, value in _PAIR.findall(raw)]
    named = dict(pairs)
    return LogLine(
        number=number,
        raw=raw,
        time=named["timestamp"],
        level=named.get("level", ""),
        event=named.get("event", ""),
        fields=tuple((name, value) for name, value in pairs if name not in {"timestamp", "level", "event"}),
    )


def _value(written: str) -> str:
    if not written.startswith('"'):
        return written
    return _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), written[1:-1])


def document(line: LogLine) -> dict[str, Any]:
    """A line as JSON; its fields are text, as they stand in the file."""
    return {
        "timestamp": line.time or None,
        "level": line.level or None,
        "event": line.event,
        "fields": dict(line.fields),
    }


# --- the filter -----------------------------------------------------------------------------------------------------


def chooser(wanted: ViewSpec, now_ms: int) -> Callable[[LogLine], bool]:
    """Whether a line fits: `level:warning` means that and what is worse, and a line without a time is of any time.

    Raises UsageError for a level or a time that is none.
    """
    least, texts, matched = 0, list[tuple[str, bool]](), list[tuple[str, bool]]()
    since, until = (_bound(wanted, word, now_ms) for word in ("since", "until"))
    for word in wanted.words:
        inverted, bare = word.startswith("!"), word.removeprefix("!")
        if bare.startswith(("since:", "until:")):
            continue
        if bare.startswith("level:"):
            level = bare.removeprefix("level:")
            if level not in LEVELS or inverted:
                raise UsageError(f"level: there is no {word!r}; there are {', '.join(LEVELS)}.")
            least = LEVELS.index(level)
        elif bare.startswith("match:"):
            matched.append((bare.removeprefix("match:"), inverted))
        else:
            texts.append((bare.removeprefix("text:").lower(), inverted))

    def fits(line: LogLine) -> bool:
        if least and _ALL.index(line.level if line.level in _ALL else "info") < least:
            return False
        if line.time and not (since <= line.time and (not until or line.time < until)):
            return False
        text = line.raw.lower()
        return all((wanted_text in text) != inverted for wanted_text, inverted in texts) and all(
            patterns.matches(pattern, line.raw) != inverted for pattern, inverted in matched
        )

    return fits


def _bound(wanted: ViewSpec, name: str, now_ms: int) -> str:
    """A time as lines write theirs, so that they can be compared as they stand; empty for none."""
    if any(word.startswith(f"!{name}:") for word in wanted.words):
        raise UsageError(f"{name}: cannot be inverted; since: and until: are each other's opposite.")
    text = wanted.value(name)
    if text is None:
        return ""
    ms = moment(text, now_ms)
    if ms is None:
        raise UsageError(f"{name}: {text!r} is no time; write 2h, 3d or 2026-09-01T08:00 (UTC).")
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}"


# --- rows and details -----------------------------------------------------------------------------------------------


def _tone(line: LogLine, tone: Tone) -> Tone:
    return Tone.MUTED if line.aside else tone


def _rest(line: LogLine) -> str:
    return plain("  ".join(f"{name}={_shown(value)}" for name, value in line.fields))


def _shown(value: str) -> str:
    return shlex.quote(value) if " " in value else value


_TIME: Final[Column[LogLine]] = Column(
    id="time", title="UTC", cells=8, draw=lambda line, _: Cell(plain(line.time[11:19]), Tone.MUTED)
)
_DATE: Final[Column[LogLine]] = Column(
    id="time", title="UTC", cells=14,
    draw=lambda line, _: Cell(plain(line.time[5:19].replace("T", " ")), Tone.MUTED),
)  # fmt: skip
_REST: Final[tuple[Column[LogLine], ...]] = (
    Column(id="level", title="Level", cells=7,
           draw=lambda line, _: Cell(plain(line.level), _tone(line, _TONES.get(line.level, Tone.PLAIN)))),
    Column(id="event", title="What", cells=24, grows=1,
           draw=lambda line, _: Cell(plain(line.event), _tone(line, Tone.STRONG if line.level else Tone.PLAIN))),
    Column(id="fields", title="Details", cells=30, grows=4, draw=lambda line, _: Cell(_rest(line), Tone.MUTED)),
)  # fmt: skip
LOG_COLUMNS: Final = ((_TIME, *_REST), (_DATE, *_REST), _REST)  # by how much of the time is shown


def entry_lines(line: LogLine) -> list[Line]:
    """One entry in full; a traceback line by line."""
    if not line.level:
        return [(Cell(plain(line.raw)),)]
    head: Line = (
        Cell(f"{plain(line.time)}  ", Tone.MUTED),
        Cell(f"{plain(line.level)}  ", _TONES.get(line.level, Tone.PLAIN)),
        Cell(plain(line.event), Tone.STRONG),
    )
    return [head, *(one for name, value in line.fields for one in _field(name, value))]


def _field(name: str, value: str) -> list[Line]:
    first, *more = value.split("\n")
    return [
        (Cell(f"  {plain(name)}  ", Tone.KEY), Cell(plain(first))),
        *((Cell(f"    {plain(each)}"),) for each in more),
    ]
