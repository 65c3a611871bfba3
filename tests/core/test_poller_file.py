"""The pollers of an instance body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.config import DateField, Mode, ResourceConfig
from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_config import to_config
from cwconsole.core.instance_file import parse_instance

POLLER = "event.poller.configuration"
BASE = "https://cw.test/v4_6_release/apis/3.0"
T = "yyyy-MM-dd'T'HH:mm:ss"
STOCK_URL = f"/hubs/crm/contacts?where=lastUpdated>'${{gmtDate:{T}'Z'}}'"
STOCK_DATES: dict[str, Json] = {
    "updatedDateField": "_info.lastUpdated",
    "updatedDateFormat": f"{T}'Z'",
    "updatedDateTimezone": "GMT",
    "createdDateField": "_info.lastUpdated",
    "createdDateFormat": f"{T}'Z'",
    "createdDateTimezone": "GMT",
}


def _resources(pollers: Json, **more: Json) -> tuple[ResourceConfig, ...]:
    configuration: dict[str, Json] = {
        **{"baseUrl": BASE, "company": "exampleco", "public.key": "pub", "private.key": "priv", POLLER: pollers},
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    return to_config(parse_instance(json.dumps({"name": "A", "configuration": configuration}))).resources


def _resource(entry: Json, name: str = "contacts", **more: Json) -> ResourceConfig:
    (resource,) = _resources({name: entry}, **more)
    return resource


def test_the_stock_entry_is_a_window_without_a_created_date() -> None:
    entry: Json = {"url": STOCK_URL, "idField": "id", "datesConfiguration": STOCK_DATES}
    assert _resource(entry) == ResourceConfig(name="contacts", path="/company/contacts", template=STOCK_URL)


@pytest.mark.parametrize(
    ("entry", "mode"),
    [
        ({"url": "/company/contacts/1/usages"}, Mode.WINDOW),
        ({"url": "/company/contacts/1/usages", "filterByUpdatedDate": "false"}, Mode.FULL),
        ({"url": "/company/contacts?conditions=inactiveFlag = false", "filterByUpdatedDate": False}, Mode.FULL),
        ({"url": STOCK_URL, "filterByUpdatedDate": False}, Mode.WINDOW),  # it filters by the date itself
    ],
)
def test_a_resource_that_is_not_filtered_by_its_date_is_read_in_full(entry: Json, mode: Mode) -> None:
    assert _resource(entry).mode is mode


def test_an_object_its_text_and_an_entry_s_text_read_the_same() -> None:
    entry: Json = {"url": STOCK_URL, "pageSize": "100"}
    assert (
        _resources({"contacts": entry})
        == _resources(f" {json.dumps({'contacts': entry})}\n")
        == _resources({"contacts": json.dumps(entry)})
    )


@pytest.mark.parametrize("empty", [{}, "{}", "", None, " \n"], ids=repr)
def test_no_pollers_is_no_resources(empty: Json) -> None:
    assert _resources(empty) == ()


@pytest.mark.parametrize("entry", [{}, None, {"url": ""}, {"idField": " ", "datesConfiguration": {}}], ids=repr)
def test_naming_a_resource_of_the_catalogue_is_enough(entry: Json) -> None:
    resource = _resource(entry, "time-entries")
    assert resource == ResourceConfig(
        name="time-entries", path="/time/entries", template="/time/entries", created=DateField(path="dateEntered")
    )


def test_created_equal_to_updated_counts_only_by_open_connectors_rule() -> None:
    entry: Json = {"url": "/company/companies", "datesConfiguration": STOCK_DATES}
    assert _resource(entry).created == DateField(path="_info.dateEntered")
    assert _resource(entry, cwconsole__classify="dates").created == DateField(path="_info.lastUpdated")


def test_dates_in_every_loose_form() -> None:
    resource = _resource(
        {
            "url": "/company/contacts",
            "datesConfiguration": {
                "UpdatedDateField": "$.info['Modified Time']",
                "updatedDateFormat": "milliseconds",
                "UpdatedDateTimezone": "PST",
                "createdDateField": "_info/dateEntered",
                "createdCheckTolerance": "10",
            },
        }
    )
    assert resource.updated == DateField(path="info.Modified Time", format="milliseconds", zone="PST")
    assert resource.created == DateField(path="_info.dateEntered", format="milliseconds")
    assert resource.created_tolerance == 10


@pytest.mark.parametrize(
    "date_format",
    [
        f"{T}XXX",
        "milliseconds",
        f"{T}'Z'",
        "yyyy-MM-dd HH:mm:ss",
        f"{T}.SSSZ",
        f"{T}.SSS'Z'",
        "EEE, dd MMM yyyy HH:mm:ss Z",
        f"{T}.SSS",
        T,
        f"{T}.SSSX",
        f"{T}.SSSSSSXXX",
        "yyyy-MM-dd",
        "yyyy-MM-dd' 'HH:mm:ss",
    ],
)
def test_every_date_format_in_use_is_taken(date_format: str) -> None:
    dates: Json = {"updatedDateField": "x", "updatedDateFormat": date_format}
    assert _resource({"datesConfiguration": dates}).updated == DateField(path="x", format=date_format)


@pytest.mark.parametrize(
    "date_format",
    ["milliseconds'", f"{T}'", f"{T}.SSSX'", "10 digit integer Unix time", "10 digit integer Unix time'", "518862600"],
)
def test_every_malformed_date_format_in_use_is_refused_by_its_key(date_format: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _resource({"datesConfiguration": {"createdDateField": "x", "createdDateFormat": date_format}})
    assert caught.value.key == f"configuration.{POLLER}.contacts.datesConfiguration.createdDateFormat"
    assert date_format in caught.value.found


def test_a_zone_may_be_a_value_of_the_configuration() -> None:
    resource = _resource(
        {
            "url": "/hubs/crm/contacts?where=dateEntered>'${dateTimeZone:{TimeZone}:yyyy-MM-dd HH:mm:ss}'",
            "datesConfiguration": {"updatedDateTimezone": "{TimeZone}"},
        },
        TimeZone="America/Denver",
    )
    assert resource.updated.zone == "America/Denver"
    assert resource.mode is Mode.AS_WRITTEN
    assert "${dateTimeZone:America/Denver:yyyy" in resource.template


def test_a_template_cannot_reach_for_a_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        _resource({"url": "/company/contacts?conditions=x='${dateTimeZone:{private.key}:HH}'"})
    assert "'private.key'" in caught.value.expected


def test_intervals_are_minutes_with_decimals_and_a_resource_may_have_its_own() -> None:
    first, second = _resources(
        {"contacts": {}, "tickets": {"refresh_interval": "0.5", "sweep_interval": 60}},
        event__poller__refresh_interval="1.25",
    )
    assert (first.interval, first.sweep_interval) == (75.0, 86400)
    assert (second.interval, second.sweep_interval) == (30.0, 3600.0)


def test_the_documented_way_to_say_never_is_taken() -> None:
    assert _resource({}, event__poller__refresh_interval="999999999").interval == 999_999_999 * 60


@pytest.mark.parametrize(
    ("entry", "overlap"),
    [({}, 120), ({"pollDelay": 30}, 120), ({"pollDelay": "300.5"}, 301), ({"overlap": 10, "pollDelay": 60}, 60)],
    ids=range(4),
)
def test_the_overlap_is_never_less_than_the_poll_delay(entry: Json, overlap: int) -> None:
    assert _resource(entry).overlap == overlap


def test_page_sizes_written_for_other_vendors_are_capped() -> None:
    assert _resource({"pageSize": 10000}).page_size == 1000
    assert _resource({"pageSize": "200"}).page_size == 200


def test_sample_with_all_possible_parameters() -> None:
    resource = _resource(
        {
            "url": "/company/contacts?where=mdate>=2017-02-28T16:11:29-06:00",
            "idField": "user.id",
            "filterByUpdatedDate": "false",
            "filterByCurrentDate": True,
            "xPath": "",
            "updatedDateTimezone": "MST",
            "createdCheckTolerance": 60,
            "pageSize": 20,
            "pollDelay": 60,
        },
        name="deals",
    )
    assert resource.filter == "mdate >= [2017-02-28T22:11:29Z]"
    assert (resource.id_field, resource.created_tolerance, resource.page_size) == ("user.id", 60, 20)


def test_a_resource_without_a_date_of_change_is_read_in_full() -> None:
    assert _resource({"url": "/system/audittrail"}, "audit").mode is Mode.FULL


def test_an_absolute_url_below_the_base_is_connectwise_s_own() -> None:
    assert _resource({"url": f"{BASE}/service/tickets"}).path == "/service/tickets"


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"url": 5.5}, "url"),
        ({"url": ["x"]}, "url"),
        ({"url": "/hubs/crm/nonsense"}, "url"),
        ({"URL": "/hubs/crm/nonsense"}, "URL"),
        ({"url": "/company/contacts?where=lastUpdated>'${518862600}'"}, "url"),
        ({"idField": []}, "idField"),
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": "many"}, "pageSize"),
        ({"pollDelay": -1}, "pollDelay"),
        ({"overlap": 1.5}, "overlap"),
        ({"refresh_interval": "soon"}, "refresh_interval"),
        ({"sweep_interval": 0}, "sweep_interval"),
        ({"filterByUpdatedDate": "maybe"}, "filterByUpdatedDate"),
        ({"createdCheckTolerance": "x"}, "createdCheckTolerance"),
        ({"datesConfiguration": 5}, "datesConfiguration"),
        ({"datesConfiguration": {"createdCheckTolerance": "x"}}, "datesConfiguration.createdCheckTolerance"),
        ({"datesConfiguration": {"UpdatedDateTimezone": "X/Y"}}, "datesConfiguration.UpdatedDateTimezone"),
        ({"datesConfiguration": {"updatedDateTimezone": "{None}"}}, "datesConfiguration.updatedDateTimezone"),
    ],
    ids=range(18),
)
def test_each_error_names_its_key_as_the_file_spells_it(entry: Json, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _resource(entry)
    assert caught.value.key == f"configuration.{POLLER}.contacts.{key}"


def test_an_unknown_name_without_a_url_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match=r"contacts\.url: found nothing, expected .*\(contacts\?\)") as caught:
        _resource({}, "xcontacts")
    assert caught.value.key.endswith("xcontacts.url")


@pytest.mark.parametrize("name", ["", " ", "a\n", "x" * 101], ids=repr)
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="a resource's name"):
        _resource({"url": "/company/contacts"}, name)


def test_legacy_lines_with_bars() -> None:
    urls = (
        f"contacts|/hubs/crm/contacts?where=lastUpdated>=${{date}}||_info.lastUpdated|{T}Z||dateEntered|{T}Z|PST\n"
        "tickets|/service/tickets\n"
    )
    contacts, tickets = _resources({}, event__poller__urls=urls)
    assert (contacts.path, contacts.filter, contacts.mode) == ("/company/contacts", "", Mode.WINDOW)
    assert contacts.updated == DateField(path="_info.lastUpdated", format=f"{T}Z")
    assert contacts.created == DateField(path="dateEntered", format=f"{T}Z", zone="PST")
    assert tickets.path == "/service/tickets"


def test_legacy_bare_list_and_event_objects() -> None:
    assert [resource.name for resource in _resources({}, event__poller__urls="contacts|activities")] == [
        "contacts",
        "activities",
    ]
    assert [resource.path for resource in _resources({}, event__objects="Contact, Account")] == [
        "/company/contacts",
        "/company/companies",
    ]
    assert [resource.name for resource in _resources({"contacts": {}}, event__objects="Account")] == ["contacts"]


@pytest.mark.parametrize("name", ["event__poller__urls", "event__objects"])
def test_a_legacy_name_that_is_unknown_is_refused_by_its_key(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _resources({}, **{name: "leads"})
    assert caught.value.key == f"configuration.{name.replace('__', '.')}.leads.url"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
names = st.sampled_from(
    [
        *("url", "idField", "pageSize", "pollDelay", "overlap", "refresh_interval", "sweep_interval"),
        *("filterByUpdatedDate", "datesConfiguration", "createdCheckTolerance"),
        *("updatedDateField", "updatedDateFormat", "updatedDateTimezone", "createdDateField"),
    ]
)
entries = st.dictionaries(names, values | st.dictionaries(names, values, max_size=3), max_size=4)


@given(values | st.dictionaries(st.sampled_from(["contacts", "x"]) | st.text(max_size=4), values | entries, max_size=2))
def test_no_poller_configuration_raises_anything_but_a_config_error(pollers: Json) -> None:
    try:
        _resources(pollers)
    except ConfigError as error:
        str(error).encode()
