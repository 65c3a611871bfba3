"""The public id of an event: 20 characters of [0-9a-z], the same over retries, replays and restarts.

Eight characters name the database, twelve the event's number in it, so ids of two databases never meet
and an id can be turned back into a number without a look-up. Open Connectors' ids have 20 characters as well.
"""

from __future__ import annotations

from cwconsole.core.errors import UsageError

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TAG_LENGTH = 8
_NUMBER_LENGTH = 12


def public_id(tag: str, number: int) -> str:
    """The public id of event `number` in the database called `tag`."""
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 36)
        digits.append(DIGITS[digit])
    return tag + "".join(reversed(digits)).rjust(_NUMBER_LENGTH, "0")


def number_of(tag: str, text: str) -> int:
    """The event number that `text` names: a plain number, or a public id of this database.

    Raises UsageError for anything else, an id of another database included.
    """
    if text.isascii() and text.isdigit() and len(text) < TAG_LENGTH + _NUMBER_LENGTH:
        return int(text)
    rest = text.removeprefix(tag)
    if rest == text or len(rest) != _NUMBER_LENGTH or not all(c in DIGITS for c in rest):
        raise UsageError(f"{text!r} is no event of this database; `cwconsole events list` shows the ids")
    return int(rest, 36)
