"""The dates that stand in a record, in whole seconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from cwconsole.core import java_dates
from cwconsole.core.config import DateField

_STOCK: Final = DateField(path="")
# The years 1 to 9999: what lies beyond, by a zone or in a number, could be written in no notification.
_WRITABLE: Final = range(-62_135_596_800, 253_402_300_800)


def date_at(record: Any, field: DateField) -> int | None:
    """The date at a member's place; None if there is none that can be read."""
    value = record
    for name in field.path.split("."):
        if type(value) is not dict:
            return None
        value = value.get(name)
    if (field.format, field.zone) == (_STOCK.format, _STOCK.zone):
        return seconds(value)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    moment = java_dates.parse(value, field.format, field.zone)
    return moment // 1000 if moment is not None and moment // 1000 in _WRITABLE else None


def seconds(value: Any) -> int | None:
    """A date as ConnectWise writes it; a date without a zone is UTC.

    Dates before 1970 are none: the year 1 is how its language writes "never".
    """
    if type(value) is not str:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        whole = int(moment.timestamp() // 1)
    except (ValueError, OverflowError):
        return None
    return whole if whole >= 0 and whole in _WRITABLE else None
