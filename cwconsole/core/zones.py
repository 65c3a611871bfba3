"""Time zones under the names that instance files use, which are Java's.

* Offsets: `-8:00`, `+0530`, `GMT+2`. Region names: `America/Denver`.
* Java's three-letter ids. Three of them are fixed offsets (EST, MST, HST); the others are regions with summer time, so
  PST is Los Angeles all year round. Java reads an unknown id silently as GMT; here it is an error.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cwconsole.core.errors import ConfigError

_FIXED_IDS = {"GMT": 0, "UTC": 0, "UT": 0, "Z": 0, "EST": -5, "MST": -7, "HST": -10}
_REGION_IDS = {
    "ACT": "Australia/Darwin",
    "AET": "Australia/Sydney",
    "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo",
    "AST": "America/Anchorage",
    "BET": "America/Sao_Paulo",
    "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare",
    "CNT": "America/St_Johns",
    "CST": "America/Chicago",
    "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris",
    "IET": "America/Indiana/Indianapolis",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "MIT": "Pacific/Apia",
    "NET": "Asia/Yerevan",
    "NST": "Pacific/Auckland",
    "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix",
    "PRT": "America/Puerto_Rico",
    "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal",
    "VST": "Asia/Ho_Chi_Minh",
}
# Inside a date, an abbreviation states the offset itself: "PST" in July is eight hours, not Los Angeles' seven.
_WRITTEN_OFFSETS = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_OFFSET = re.compile(r"(?:GMT|UTC|UT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)


def find_zone(name: str) -> tzinfo:
    """The zone called `name`. Raises ConfigError if there is none."""
    zone = _look_up(name.strip())
    if zone is None:
        raise ConfigError("time zone", repr(name[:60]), "a zone such as GMT, PST, America/Denver or -8:00")
    return zone


def written_zone(text: str) -> tzinfo | None:
    """The zone that stands inside a date (`Z`, `-0800`, `PDT`), or None."""
    hours = _WRITTEN_OFFSETS.get(text.upper())
    return _look_up(text) if hours is None else _fixed(hours * 60, text.upper())


@lru_cache(maxsize=512)
def _look_up(name: str) -> tzinfo | None:
    upper = name.upper()
    if upper in _FIXED_IDS:
        return _fixed(_FIXED_IDS[upper] * 60, "UTC" if upper == "Z" else upper)
    if match := _OFFSET.fullmatch(name):
        return _from_offset(*match.groups())
    try:
        return ZoneInfo(_REGION_IDS.get(upper, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a name that looks like a path out of the database; OSError: a folder of it, or too long a name.
        return None


def _from_offset(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    if int(hours) > 23 or int(minutes or 0) > 59:
        return None
    total = int(hours) * 60 + int(minutes or 0)
    name = f"GMT{sign}{int(hours):02}:{int(minutes or 0):02}"
    return _fixed(-total if sign == "-" else total, name if total else "GMT")


def _fixed(minutes: int, name: str) -> timezone:
    return timezone(timedelta(minutes=minutes), name)
