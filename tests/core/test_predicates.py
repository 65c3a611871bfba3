"""Conditions put together: a filter never reaches past our own comparisons."""

from __future__ import annotations

from cwconsole.core.predicates import all_of, updated_since


def test_a_filter_is_parenthesised_whatever_it_says() -> None:
    assert all_of('name="a"or name="b"', "id <= 9") == '(name="a"or name="b") and id <= 9'


def test_our_own_comparisons_stand_bare() -> None:
    assert all_of("", updated_since(1471716266), "id <= 9") == "lastUpdated >= [2016-08-20T18:04:26Z] and id <= 9"


def test_nothing_is_no_condition_and_a_filter_alone_is_itself() -> None:
    assert (all_of("", ""), all_of(" closedFlag = False ")) == ("", "closedFlag = False")
