"""Dates as Java's SimpleDateFormat reads and writes them; instance files describe dates by such patterns.

* Text in single quotes is literal, two single quotes are one; whatever is no ASCII letter stands for itself.
* `S` counts milliseconds whatever its width: `.SSSSSS` writes 45 ms as `.000045` and reads `.123456` as 123,456 ms.
* As in Java, text after the pattern's end is not looked at, and a number is read to its last digit unless another
  number follows without a gap. Month and day names are English in any locale.
* Milder than Java: any of Z, z and X reads any written offset (`Z`, `+00:00`, `-0800`, `PDT`).
* Stricter than Java: a date that does not exist (30 February) is unreadable and does not roll over; `yy` means 1970 to
  2069 whatever today's date; eras and week dates (G, Y, w, W, F) are refused.
* In an hour that clocks repeat or skip, standard time counts, as in Java's calendar.
* The word `milliseconds` in place of a pattern means milliseconds since the epoch.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from cwconsole.core.errors import ConfigError
from cwconsole.core.zones import find_zone, written_zone

MILLISECONDS = "milliseconds"
ISO_SECONDS = "yyyy-MM-dd'T'HH:mm:ss'Z'"

_EPOCH = datetime(1970, 1, 1)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBERS = frozenset("yMLdDHkKhmsSu")  # M and L only up to two letters
_ZONES = frozenset("zZX")
_LETTERS = _NUMBERS | _ZONES | frozenset("Ea")
_PIECES = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^A-Za-z']+)|(?P<open>')", re.DOTALL
)
_OFFSET_TEXT = r"(?:GMT|UTC)?[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Za-z]+(?:/[A-Za-z_]+)*"
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,17}")


class Field(NamedTuple):
    """A run of one letter in a pattern."""

    letter: str
    width: int

    @property
    def is_number(self) -> bool:
        """Whether it stands for digits."""
        return self.letter in _NUMBERS and not (self.letter in "ML" and self.width > 2)


class DatePattern(Struct, frozen=True, kw_only=True):
    """A pattern, compiled. fields are in the order of the regular expression's groups."""

    pieces: tuple[str | Field, ...]
    fields: tuple[Field, ...]
    regex: re.Pattern[str]


def parse(value: str | int | float, pattern: str, zone: str = "GMT") -> int | None:
    """Milliseconds since the epoch, UTC; None if `value` cannot be read by the pattern.

    zone: of dates that carry none. Raises ConfigError for a pattern or a zone that does not exist.
    """
    if pattern == MILLISECONDS:
        return _parse_milliseconds(value)
    if pattern == ISO_SECONDS and zone == "GMT" and (quick := _parse_iso(value)) is not None:
        return quick
    compiled = compile_pattern(pattern)
    match = compiled.regex.match(str(value))
    if match is None:
        return None
    texts = {field.letter: text for field, text in zip(compiled.fields, match.groups(), strict=True)}
    return _assemble(texts, zone)


def format_date(ms: int, pattern: str, zone: str = "GMT") -> str:
    """The moment `ms` (milliseconds since the epoch, UTC; years 1 to 9999) by the pattern, on that zone's clock.

    Raises ConfigError for a pattern or a zone that does not exist.
    """
    if pattern == MILLISECONDS:
        return str(ms)
    moment = (_EPOCH.replace(tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(find_zone(zone))
    pieces = compile_pattern(pattern).pieces
    return "".join(piece if isinstance(piece, str) else _write(piece, moment) for piece in pieces)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> DatePattern:
    """Raises ConfigError for what Java would refuse, and for a pattern without a single date letter."""
    pieces = tuple(_split(pattern))
    fields = tuple(piece for piece in pieces if isinstance(piece, Field))
    if not fields:
        raise _refused(pattern, "there is no date letter in this one")
    parts = [
        re.escape(piece) if isinstance(piece, str) else _field_regex(piece, following)
        for piece, following in zip(pieces, (*pieces[1:], ""), strict=True)
    ]
    return DatePattern(pieces=pieces, fields=fields, regex=re.compile("".join(parts)))


def _refused(pattern: str, reason: str) -> ConfigError:
    expected = f"{MILLISECONDS}, or a Java date pattern such as {ISO_SECONDS} ({reason})"
    return ConfigError("date format", repr(pattern[:60]), expected)


def _split(pattern: str) -> list[str | Field]:
    pieces: list[str | Field] = []
    for match in _PIECES.finditer(pattern):
        if match["open"]:
            raise _refused(pattern, "single quotes come in pairs")
        if letters := match["letters"]:
            pieces.append(_checked_field(pattern, Field(letters[0], len(letters))))
        else:
            quoted = match["quoted"]
            pieces.append(match["other"] if quoted is None else quoted.replace("''", "'") or "'")
    return pieces


def _checked_field(pattern: str, field: Field) -> Field:
    if field.letter not in _LETTERS or field.width > 9:
        raise _refused(pattern, f"{field.letter * min(field.width, 10)} is not known")
    if field.letter in "Xz" and field.width > 3:
        raise _refused(pattern, f"at most three {field.letter} are known")
    return field


def _field_regex(field: Field, following: str | Field) -> str:
    """Java passes over blanks before each part."""
    if field.is_number:
        abutting = isinstance(following, Field) and following.is_number
        longest = 4 if field.letter == "y" else 9
        return r"[ \t]*([0-9]{%s})" % (field.width if abutting else f"1,{longest}")
    if field.letter in _ZONES:
        return rf"[ \t]*({_OFFSET_TEXT})"
    names = {"M": _MONTHS, "L": _MONTHS, "E": _DAYS, "a": ("AM", "PM")}[field.letter]
    return rf"[ \t]*((?i:{'|'.join([*names, *(name[:3] for name in names)])}))"


def _parse_iso(value: str | int | float) -> int | None:
    """The stock format six times faster, since a first full read parses every record's date."""
    if not isinstance(value, str) or len(value) != 20 or value[4::3] != "--T::Z":
        return None
    try:
        since = datetime.fromisoformat(value[:19]) - _EPOCH
    except ValueError:
        return None
    return (since.days * 86_400 + since.seconds) * 1000


def _parse_milliseconds(value: str | int | float) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE_NUMBER.fullmatch(value) else None
    return int(value) if abs(value) < 10**17 else None


def _assemble(texts: dict[str, str], zone: str) -> int | None:
    try:
        year = _year(texts.get("y"))
        local = datetime(
            year, _month(texts), int(texts.get("d", 1)), _hour(texts), int(texts.get("m", 0)), int(texts.get("s", 0))
        )
        if "D" in texts:
            local += timedelta(days=int(texts["D"]) - 1)
    except (ValueError, OverflowError):
        return None
    if local.year != year:
        return None
    written = next((texts[letter] for letter in _ZONES if letter in texts), None)
    place = find_zone(zone) if written is None else written_zone(written)
    if place is None:
        return None
    since = local - _EPOCH - _offset(local, place)
    return (since.days * 86_400 + since.seconds) * 1000 + int(texts.get("S", 0))


def _year(text: str | None) -> int:
    if text is None:
        return 1970
    number = int(text)
    if len(text) == 2:
        return number + (1900 if number >= 70 else 2000)
    return number


def _month(texts: dict[str, str]) -> int:
    text = texts.get("M") or texts.get("L") or "1"
    if text.isdigit():
        return int(text)
    return next(number for number, name in enumerate(_MONTHS, 1) if name[:3].lower() == text[:3].lower())


def _hour(texts: dict[str, str]) -> int:
    """Of the day. H: 0 to 23, k: 1 to 24, K: 0 to 11, h: 1 to 12; a adds half a day to the last two."""
    if "H" in texts:
        return int(texts["H"])
    if "k" in texts:
        return _within(int(texts["k"]), 1, 24) % 24
    half = _within(int(texts["h"]), 1, 12) % 12 if "h" in texts else _within(int(texts.get("K", 0)), 0, 11)
    return half + (12 if texts.get("a", "").upper() == "PM" else 0)


def _within(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise ValueError(number)
    return number


def _offset(local: datetime, zone: tzinfo) -> timedelta:
    """The zone's offset at that local time; where clocks change there are two, and the smaller is standard time."""
    if isinstance(zone, timezone):
        return zone.utcoffset(None)
    early, late = local.replace(tzinfo=zone, fold=0).utcoffset(), local.replace(tzinfo=zone, fold=1).utcoffset()
    return min(early or timedelta(), late or timedelta())


def _write(field: Field, moment: datetime) -> str:
    letter, width = field
    if field.is_number:
        if letter == "y" and width == 2:
            return f"{moment.year % 100:02}"
        return str(_number(letter, moment)).rjust(width, "0")
    if letter in _ZONES:
        return _write_zone(letter, width, moment)
    if letter == "a":
        return "AM" if moment.hour < 12 else "PM"
    name = _DAYS[moment.weekday()] if letter == "E" else _MONTHS[moment.month - 1]
    return name if width > 3 else name[:3]


def _number(letter: str, moment: datetime) -> int:
    numbers = {
        "y": moment.year,
        "M": moment.month,
        "L": moment.month,
        "d": moment.day,
        "D": moment.timetuple().tm_yday,
        "H": moment.hour,
        "k": moment.hour or 24,
        "K": moment.hour % 12,
        "h": moment.hour % 12 or 12,
        "m": moment.minute,
        "s": moment.second,
        "S": moment.microsecond // 1000,
        "u": moment.isoweekday(),
    }
    return numbers[letter]


def _write_zone(letter: str, width: int, moment: datetime) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign, hours, rest = "-" if minutes < 0 else "+", *divmod(abs(minutes), 60)
    if letter == "z":
        name = moment.tzname() or "GMT"
        return name if name[0].isalpha() else f"GMT{sign}{hours:02}:{rest:02}"
    if letter == "X" and minutes == 0:
        return "Z"
    if letter == "X" and width == 1:
        return f"{sign}{hours:02}"
    return f"{sign}{hours:02}:{rest:02}" if letter == "X" and width == 3 else f"{sign}{hours:02}{rest:02}"
