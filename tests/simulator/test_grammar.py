"""The conditions grammar, from text to expression."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.simulator.grammar import (
    And,
    ConditionError,
    Expression,
    Instant,
    Operator,
    Or,
    Term,
    parse,
    parse_instant,
)

ID = Term("id", Operator.EQ, 1)
NAME = Term("name", Operator.EQ, "x")
FLAG = Term("flag", Operator.NE, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id=1", ID),
        ("  id  =  1  ", ID),
        ("id >= -3", Term("id", Operator.GE, -3)),
        ("price < 1.5", Term("price", Operator.LT, 1.5)),
        ('name = "x"', NAME),
        ("name = 'x'", NAME),
        ("flag != True", FLAG),
        ("flag!=true", FLAG),
        ("flag = FALSE", Term("flag", Operator.EQ, False)),
        ("closed = null", Term("closed", Operator.EQ, None)),
        ("closed != NULL", Term("closed", Operator.NE, None)),
        ('board/name LIKE "a*"', Term("board/name", Operator.LIKE, "a*")),
        ('name not like "%b"', Term("name", Operator.NOT_LIKE, "%b")),
        ("name contains 'it''s'".replace("''", " "), Term("name", Operator.CONTAINS, "it s")),
        ('name Not Contains "z"', Term("name", Operator.NOT_CONTAINS, "z")),
        ("board/id in (3,2, 4)", Term("board/id", Operator.IN, (3, 2, 4))),
        ('name not in ("a",null)', Term("name", Operator.NOT_IN, ("a", None))),
        ('name = "[[]x] and [[]"', Term("name", Operator.EQ, "[x] and [")),
        ("_info/lastUpdated > [2016-08-20T18:04:26Z]", Term("_info/lastUpdated", Operator.GT, Instant(1471716266))),
        ("lastUpdated<=[2016-08-20]", Term("lastUpdated", Operator.LE, Instant(1471651200))),
        ("id=1 and name='x' or flag!=true", Or((And((ID, NAME)), FLAG))),
        ("id=1 OR name='x' AND flag!=true", Or((ID, And((NAME, FLAG))))),
        ("(id=1 or name='x') and flag!=true", And((Or((ID, NAME)), FLAG))),
        ("((id=1))", ID),
        ("", None),
        ("   ", None),
    ],
)
def test_reads(text: str, expected: Expression | None) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "id",
        "id =",
        "= 1",
        "id == 1",
        "id = 1 and",
        "id = 1 name = 'x'",
        "(id = 1",
        "id = 1)",
        "id in 1",
        "id in ()",
        "id in (1,)",
        "not (id = 1)",
        "id not = 1",
        "name like 5",
        "name like null",
        "id > null",
        "name = 'x",
        "name = name",
        "id = 12abc",
        "id = 1 & 2",
        "lastUpdated > [yesterday]",
        "lastUpdated > [2016-02-30T00:00:00Z]",
        "lastUpdated > [2016-08-20T18:04:26+00:00]",
        "lastUpdated > [2016-08-20T18:04:26 00:00]",
        "(" * 200 + "id = 1" + ")" * 200,
    ],
)
def test_refuses_what_is_no_condition(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)


@given(st.text(alphabet=st.sampled_from(list("id= 1()'\"[]<>!,-/TZ:anor\\%*")), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except ConditionError as error:
        assert str(error)


def test_reads_fractions_and_times_without_zone_as_utc() -> None:
    assert parse_instant("2016-08-20T18:04:26.250000") == 1471716266.25
    assert parse_instant("2016-08-20T18:04:26Z") == 1471716266
    assert parse_instant("20 August") is None
