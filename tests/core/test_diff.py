"""What differs between two versions of a record."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.diff import Difference, differences

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def told(before: object, after: object) -> list[tuple[str, str | None, str | None]]:
    found = differences(json.dumps(before).encode(), json.dumps(after).encode())
    return [(one.path, one.before, one.after) for one in found]


def test_members_are_named_by_their_path() -> None:
    before = {"id": 1, "company": {"name": "A", "id": 2}, "customFields": [{"value": 1}, {"value": 2}], "gone": None}
    after = {"id": 1, "company": {"name": "B", "id": 2}, "customFields": [{"value": 1}, {"value": 3}, 5], "new": "x"}
    assert told(before, after) == [
        ("company.name", '"A"', '"B"'),
        ("customFields[1].value", "2", "3"),
        ("customFields[2]", None, "5"),
        ("gone", "null", None),
        ("new", None, '"x"'),
    ]


def test_awkward_keys_are_quoted() -> None:
    assert told({"a": {"b.c": 1}}, {"a": {"b.c": 2}}) == [('a["b.c"]', "1", "2")]
    assert told({"": 1}, {"": 2}) == [('[""]', "1", "2")]


def test_true_is_not_one_and_a_number_is_not_its_text() -> None:
    assert told({"a": True, "b": 1}, {"a": 1, "b": "1"}) == [("a", "true", "1"), ("b", "1", '"1"')]


def test_what_is_no_json_or_too_deep_is_compared_as_a_whole() -> None:
    assert differences(b"{", b"{") == []
    assert differences(b"{", b"\xff") == [Difference(path="", before="{", after="\ufffd")]
    deep = b"[" * 100_000 + b"]" * 100_000
    assert len(differences(deep, b"[]")) == 1


@given(VALUES)
def test_nothing_differs_from_itself(value: object) -> None:
    assert told(value, value) == []


@given(VALUES, VALUES)
def test_something_differs_whenever_the_values_do(one: object, other: object) -> None:
    assert bool(told(one, other)) == (json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))
