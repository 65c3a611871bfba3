"""A number and what it counts, as people write it."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`1 event`, `0 events`, `1,204 events`. many: where it is not `one` with an s; verbs may be in both."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
