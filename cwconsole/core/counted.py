"""A number and what it counts, as people write it."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`1 event`, `0 events`, `1,204 events`. many: where it is not `one` with an s; verbs may be in both."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def aside_sentence(number: int) -> str:
    """What a poll or a sweep says of records that it could not read."""
    return f"{counted(number, 'record')} could not be decoded and {'was' if number == 1 else 'were'} set aside."
