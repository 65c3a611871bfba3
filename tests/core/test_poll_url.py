"""What a poller's URL means: path, filter, and whether our window can take the date's place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.condition_reader import parse_conditions
from cwconsole.core.condition_tree import Comparison, Negation, Node, join, write_conditions
from cwconsole.core.config import Mode
from cwconsole.core.errors import ConfigError
from cwconsole.core.poll_url import PollUrl, understand, written_conditions, written_until

STOCK = "${gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}"
LAST_POLL = 1534778974827  # 2018-08-20T15:29:34.827Z


def _hub(where: str) -> PollUrl:
    return understand(f"/hubs/crm/contacts?where={where}")


def _own(conditions: str) -> PollUrl:
    return understand(f"/service/tickets?conditions={conditions}")


def test_the_stock_configuration_is_a_window_over_contacts() -> None:
    url = _hub(f"lastUpdated>'{STOCK}'")
    assert (url.path, url.mode, url.filter, url.reason) == ("/company/contacts", Mode.WINDOW, "", "")


TOKENS = [
    STOCK,
    "${gmtDate:yyyy-MM-dd'T'HH:mm:ssXXX}",
    "${gmtDate:yyyy-MM-dd HH:mm:ss}",
    "${date:EEE, dd MMM yyyy HH:mm:ss Z}",
    "${date}",
    "${epoch}",
    "${epoch:s}",
    "${milliseconds}",
    "${dateTimeZone:-8:00:yyyy-MM-dd HH:mm:ss}",
    "${DateTimeZone:PST:yyyy-MM-dd'T'HH:mm:ss.SSS}",
]
SHAPES = [
    "lastUpdated>'%s'",
    "lastUpdated>='%s'",
    "lastUpdated='%s'",
    "lastUpdated>%s",
    "lastUpdated=%s",
    "lastUpdated >= '%s'",
    "lastUpdated gte '%s'",
    "_info.lastUpdated > '%s'",
    '_info/lastUpdated>"%s"',
    "LASTUPDATED > '%s'",
    "(lastUpdated > '%s')",
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_date_is_left_out_in_every_form(shape: str, token: str) -> None:
    where = shape.replace("%s", token)
    for text, rest in (
        (where, ""),
        (f"{where} and status/name = 'New'", "status/name = 'New'"),
        (f"status.name='New' AND {where} And id>5", "status/name = 'New' and id > 5"),
    ):
        url = _hub(text)
        assert (url.mode, url.filter) == (Mode.WINDOW, rest), url.reason


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("status.name='New v1.2'", "status/name = 'New v1.2'"),
        ("budgetHours > 1.5", "budgetHours > 1.5"),
        ("closedDate>='2020-01-31T00:00:00+02:00'", "closedDate >= [2020-01-30T22:00:00Z]"),
        ("mdate>=2017-02-28T16:11:29-06:00", "mdate >= [2017-02-28T22:11:29Z]"),
        ("closedDate < '2020-01-31T10:00:00.123Z'", "closedDate < [2020-01-31T10:00:00Z]"),
        ("closedDate < '2020-01-31'", "closedDate < [2020-01-31]"),
        ("summary = '2020-01-31'", "summary = '2020-01-31'"),
        ("closedDate < '2020-13-31T10:00:00Z'", "closedDate < '2020-13-31T10:00:00Z'"),
        ("lastUpdated > '2017-02-28T16:11:29Z'", "lastUpdated > [2017-02-28T16:11:29Z]"),
        ("name = 'O''Brien & Sons'", "name = 'O''Brien & Sons'"),
        ("name like '%ab% or so'", "name like '%ab% or so'"),
        ("a.b IS NULL and c is not null", "a/b = null and c != null"),
        ("a <> 1 and b == 2", "a != 1 and b = 2"),
        ("id IN (1,2, 3)", "id in (1, 2, 3)"),
        ("name not like 'x%' and id not in (1)", "name not like 'x%' and id not in (1)"),
        ("(a=1 and (b=2 and c=3))", "a = 1 and b = 2 and c = 3"),
        ("a=1 or b=2", "(a = 1 or b = 2)"),
        ("a=1 or b=2 and c=3", "(a = 1 or (b = 2 and c = 3))"),
        (f"lastUpdated>'{STOCK}' and (a=1 or b=2)", "(a = 1 or b = 2)"),
        (f"(lastUpdated>'{STOCK}' and a=1) and not b=2", "a = 1 and not (b = 2)"),
        ("not (a=1 or b=2)", "not (a = 1 or b = 2)"),
        ("", ""),
    ],
)
def test_a_hub_s_condition_is_translated(where: str, expected: str) -> None:
    url = _hub(where)
    assert (url.mode, url.filter) == (Mode.WINDOW, expected), url.reason


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (f"lastUpdated >= [{STOCK}]", ""),
        (f"lastUpdated%20%3E%3D%20%5B{STOCK}%5D%20and%20name%20like%20%22%25A%26B%25%22", 'name like "%A&B%"'),
        (quote(f"lastUpdated > [{STOCK}] and id > 3"), "id > 3"),
        ("status.name='New'", "status.name = 'New'"),  # ConnectWise's own names are nobody's to change
        ("x = '2020-01-31T00:00:00+02:00'", "x = '2020-01-31T00:00:00+02:00'"),
        (f"_info/lastUpdated>[{STOCK}] and lastUpdated<[${{nowTimeZone:GMT:yyyy}}]", ""),
    ],
)
def test_connectwise_s_own_conditions_are_kept(conditions: str, expected: str) -> None:
    url = _own(conditions)
    assert (url.mode, url.filter) == (Mode.WINDOW, expected), url.reason


@pytest.mark.parametrize(
    ("where", "word"),
    [
        (f"lastUpdated>'{STOCK}' or a=1", "`or`"),
        (f"a=1 and (b=2 or lastUpdated>'{STOCK}')", "`or`"),
        (f"not lastUpdated<'{STOCK}'", "`not`"),
        (f"dateEntered>'{STOCK}'", "dateEntered"),
        (f"lastUpdated>'{STOCK}' and dateEntered>'{STOCK}'", "dateEntered"),
        (f"lastUpdated<'{STOCK}'", "`<`"),
        ("lastUpdated>'${nowTimeZone:GMT:HH}'", "`>`"),
        (f"lastUpdated in ('{STOCK}')", "`in`"),
        (f"lastUpdated>'{STOCK}' and", "expected"),
        (f"lastUpdated>'{STOCK}' and (a=1", "')'"),
        (f"'{STOCK}'<lastUpdated", "a name"),
        (f"lastUpdated>'{STOCK}' a", "and, or"),
        (f"lastUpdated>'{STOCK}", "a value"),
        (f"{STOCK}", "a name"),
        ("a is b", "'null'"),
        ("a between 1", "an operator"),
        ("(" * 200 + "a=1" + ")" * 200, "parentheses"),
        ("not " * 5000 + "a=1", "parentheses"),
    ],
)
def test_anything_else_runs_as_written_and_says_why(where: str, word: str) -> None:
    url = _hub(where)
    assert url.mode is Mode.AS_WRITTEN
    assert url.filter == ""
    assert word in url.reason


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/hubs/crm/contacts", "/company/contacts"),
        ("/hubs/crm/organizations?pageSize=100", "/company/companies"),
        ("/hubs/helpdesk/incidents/", "/service/tickets"),
        ("/contacts?where=", "/company/contacts"),
        ("contacts", "/company/contacts"),
        ("company/contacts/", "/company/contacts"),
        ("/company/companies/132/sites", "/company/companies/132/sites"),
        ("https://cw.test/v4_6_release/apis/3.0/service/tickets?orderBy=id asc", "/service/tickets"),
    ],
)
def test_paths(url: str, path: str) -> None:
    assert understand(url, base_url="https://cw.test/v4_6_release/apis/3.0") == PollUrl(path=path)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/hubs/crm/contcts", "contcts"),
        ("/hubs/crm/companies/{id}/updates", "{id}"),
        ("/company/companies/{id}/sites", "{id}"),
        ("/company/../system/members", ".."),
        ("https://elsewhere.test/company/contacts", "elsewhere"),
        ("https://user:pass@elsewhere.test/company/contacts", "a user in it"),
        (f"/company/{STOCK}/contacts", "gmtDate"),
        ("/company/contacts?where=a=1&conditions=b=2", "two conditions"),
        ("/company/contacts?childConditions=a=1", "childConditions"),
        ("/company/contacts?fields=id", "fields"),
        ("/x/y?updated_since=${gmtDate}", "updated_since"),
        ("/company/contacts?conditions=%24%7B518862600%7D", "518862600"),
        ("/company/contacts?where=lastUpdated>'${518862600}'", "518862600"),
        ("/company/contacts?where=lastUpdated>'${gmtDate:yyyy", "${gmtDate:yyyy"),
        ("/", ""),
    ],
)
def test_urls_that_nothing_can_be_done_with_are_refused(url: str, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        understand(url, key="contacts.url")
    assert caught.value.key == "contacts.url"
    assert found in caught.value.found
    assert "pass" not in str(caught.value)


def test_a_near_miss_of_a_resource_is_suggested() -> None:
    with pytest.raises(ConfigError, match=r"\(contacts\?\)"):
        understand("/hubs/crm/contcts")


def test_as_written_is_sent_in_connectwise_s_grammar_with_its_times() -> None:
    url = f"/hubs/crm/contacts?where=dateEntered>'{STOCK}' or status.name='New'"
    conditions = written_conditions(url, last_poll_ms=LAST_POLL, now_ms=LAST_POLL)
    assert conditions == "(dateEntered > [2018-08-20T15:29:34Z] or status/name = 'New')"


def test_a_condition_that_is_not_understood_is_sent_as_it_stands() -> None:
    url = f"/company/contacts?conditions=f(x) > [{STOCK}]"
    assert written_conditions(url, last_poll_ms=0, now_ms=0) == "f(x) > [1970-01-01T00:00:00Z]"


@pytest.mark.parametrize(
    ("token", "filled"),
    [
        ("${dateTimeZone:Asia/Tokyo:yyyy-MM-dd'T'HH:mm:ss'Z'}", "2018-08-20T15:29:34Z"),  # nine hours later than meant
        ("${dateTimeZone:Asia/Tokyo:yyyy-MM-dd'T'HH:mm:ssXXX}", "2018-08-21T00:29:34+09:00"),
        ("${dateTimeZone:America/Denver:yyyy-MM-dd'T'HH:mm:ss'Z'}", "2018-08-20T09:29:34Z"),  # earlier: nothing is lost
        ("${gmtDate:yyyy-MM-dd}", "2018-08-20"),
        ("${milliseconds}", str(LAST_POLL)),
    ],
)
def test_a_lower_bound_in_another_zones_hours_skips_none_of_them(token: str, filled: str) -> None:
    url = f"/company/contacts?conditions=f(x) > [{token}]"
    assert written_conditions(url, last_poll_ms=LAST_POLL, now_ms=LAST_POLL) == f"f(x) > [{filled}]"


CHANGES = [datetime(2026, 3, 29), datetime(2026, 4, 5), datetime(2026, 10, 25), datetime(2026, 11, 1)]
MOMENTS = [
    int((change - timedelta(days=1)).replace(tzinfo=UTC).timestamp()) + 600 * n
    for change in CHANGES
    for n in range(432)
]


def _read(conditions: str) -> float:
    moment = datetime.fromisoformat(conditions[conditions.index("[") + 1 : -1])
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "PST", "Pacific/Auckland", "Australia/Lord_Howe"])
@pytest.mark.parametrize("pattern", ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd"])
def test_neither_a_change_of_clocks_nor_midnight_in_a_zone_leaves_a_gap(zone: str, pattern: str) -> None:
    """A lower bound is read as no later than the last poll, and what an upper one lets through counts as read."""
    lower = f"/company/contacts?conditions=f(x) > [${{dateTimeZone:{zone}:{pattern}}}]"
    upper = f"/company/contacts?conditions=f(x) < [${{nowTimeZone:{zone}:{pattern}}}]"
    for moment in MOMENTS:
        asked = _read(written_conditions(lower, last_poll_ms=moment * 1000, now_ms=moment * 1000))
        assert moment - 2 * 86_400 < asked <= moment
        until = _read(written_conditions(upper, last_poll_ms=0, now_ms=moment * 1000))
        assert moment - 2 * 86_400 < written_until(upper, now=moment) <= min(moment, until)


comparisons = st.builds(
    Comparison,
    name=st.sampled_from(["id", "status/name", "board/id"]),
    operator=st.sampled_from(["=", "!=", ">", "<=", "like", "not contains"]),
    value=st.sampled_from(["1", "1.5", "null", "'a or b'", '"(c"', "[2020-01-01T00:00:00Z]", "True"]),
)
nodes: st.SearchStrategy[Node] = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(lambda part: Negation(part=part), inner)
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)).map(
            lambda pair: join("or" if pair[0] == "or" else "and", pair[1]) or pair[1][0]
        )
    ),
    max_leaves=8,
)


@given(nodes)
def test_what_is_written_reads_back_as_the_same_tree(node: Node) -> None:
    assert parse_conditions(write_conditions(node), hub=False) == node


@given(nodes)
def test_a_window_never_loses_or_widens_the_rest_of_the_filter(node: Node) -> None:
    rest = write_conditions(node)
    assert _own(f"lastUpdated >= [{STOCK}] and {rest}").filter == rest
    assert _own(rest).filter == rest


@given(st.text(st.sampled_from("ab.='\"[]() <>!&?%$,{}/and or not in ${gmtDate}"), max_size=60) | st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    for url in (text, f"/hubs/crm/contacts?where={text}", f"/company/contacts?conditions={text}"):
        try:
            understand(url)
            written_conditions(url, last_poll_ms=0, now_ms=0)
        except ConfigError:
            continue
