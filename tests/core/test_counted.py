"""A number and what it counts."""

from __future__ import annotations

import pytest

from cwconsole.core.counted import counted


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 events"), (1, "1 event"), (2, "2 events"), (1204, "1,204 events")],
)
def test_one_is_singular_and_all_else_plural(number: int, words: str) -> None:
    assert counted(number, "event") == words


def test_what_takes_no_s_and_verbs_are_said_in_both() -> None:
    assert counted(1, "delivery waits", "deliveries wait") == "1 delivery waits"
    assert counted(3, "delivery waits", "deliveries wait") == "3 deliveries wait"
