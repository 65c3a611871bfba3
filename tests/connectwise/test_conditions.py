"""Text put into conditions and URLs comes out as it went in, and cannot widen a result."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import yarl
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.connectwise.conditions import after_id, among_ids, url_of
from cwconsole.core.records import FROM_THE_FIRST

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_the_cursor_is_added_to_whatever_filter_there_is() -> None:
    assert after_id("", 0) == "id > 0"
    assert after_id("x=1", FROM_THE_FIRST) == "x=1"
    assert after_id('name="a"or name="b"', 7) == '(name="a"or name="b") and id > 7'
    assert among_ids("x=1", [3, 5]) == "(x=1) and id in (3,5)"


@given(texts.filter(bool), st.integers(1, 1000))
def test_a_query_reads_as_it_was_written(conditions: str, size: int) -> None:
    url = url_of("https://cw.test/apis", "/company/contacts", [("conditions", conditions), ("pageSize", size)])
    expected = [("conditions", conditions), ("pageSize", str(size))]
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == expected
    assert not set("&\"'*+% <>[]#") & set(url.partition("conditions=")[2].partition("&pageSize")[0].replace("%", ""))


@given(texts.filter(bool))
def test_a_query_survives_the_requoting_on_its_way(conditions: str) -> None:
    """aiohttp's URLs unquote what they hold for needless."""
    url = yarl.URL(url_of("https://cw.test/apis", "/company/contacts", [("conditions", conditions)]))
    assert parse_qsl(url.raw_query_string, keep_blank_values=True) == [("conditions", conditions)]


def test_members_without_a_value_are_left_out() -> None:
    assert url_of("https://cw.test", "/x", [("conditions", ""), ("page", 0)]) == "https://cw.test/x?page=0"
    assert url_of("https://cw.test", "/x", [("conditions", "")]) == "https://cw.test/x"
