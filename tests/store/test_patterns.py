"""`match:`: what is found, what is refused, and that no pattern takes longer than others."""

from __future__ import annotations

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.store.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("time.?out", "the Time-out of a poll", True),
        ("^poll", "a poll", False),
        ("\u00fcber", '{"name": "\u00dcBER"}'.encode(), True),
        ("a", None, False),
        ("x", "\ud800x", True),
        ("\ud800", "y", False),
        ("a.b", b"a\xffb", False),
    ],
)
def test_it_is_looked_for_anywhere_whatever_the_case(pattern: str, text: str | bytes | None, found: bool) -> None:
    assert matches(pattern, text) is found


@pytest.mark.parametrize("pattern", ["(a", "a{9999}", "(?<=a)b", "[z-a]", "*"])
def test_what_is_no_pattern_is_named_with_what_is_wrong(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as told:
        matches(pattern, "text")
    assert told.value.message.startswith(f"match: {pattern!r} is no regular expression of RE2: ")
    assert capfd.readouterr().err == "", "nothing is written across the screen"


@pytest.mark.timeout(20)
def test_no_pattern_holds_up_the_process() -> None:
    """One that takes Python's own expressions longer than anybody waits."""
    assert not matches("^(a+)+$", "a" * 100_000 + "!")
