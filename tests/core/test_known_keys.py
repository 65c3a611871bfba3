"""Slips of the pen in an instance's keys are refused by name; what is Open Connectors' own, or anybody's, is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_file import parse_instance
from cwconsole.core.known_keys import CONFIGURATION, DOCUMENT, RESOURCE, refuse_slips

SAMPLES = sorted((Path(__file__).parents[2] / "sample_instances").glob("*.[jt]*"))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("baseurl", "baseUrl"),
        ("base.url ", "baseUrl"),
        ("baseUr", "baseUrl"),
        ("Company", "company"),
        ("publicKey", "public.key"),
        ("event.notification.enable", "event.notification.enabled"),
        ("event.poller.refreshInterval", "event.poller.refresh_interval"),
    ],
)
def test_an_unknown_key_that_is_nearly_one_of_ours_is_refused_with_what_was_meant(key: str, meant: str) -> None:
    with pytest.raises(ConfigError) as raised:
        refuse_slips({key: "x"}, {})
    assert (raised.value.found, raised.value.expected) == ("an unknown key", meant)
    assert key in raised.value.key


@pytest.mark.parametrize(
    ("resource", "key", "meant"),
    [
        ({"page_size": 5}, "contacts.page_size", "pageSize"),
        ({"overlp": 5}, "contacts.overlp", "overlap"),
        ({"DatesConfiguration": {"updatedDateFeild": "x"}}, "datesConfiguration.updatedDateFeild", "updatedDateField"),
    ],
)
def test_a_slip_in_a_resource_is_refused_with_its_place(resource: dict[str, Json], key: str, meant: str) -> None:
    with pytest.raises(ConfigError) as raised:
        refuse_slips({}, {"contacts": resource})
    assert raised.value.key.endswith(key)
    assert raised.value.expected == meant


def test_a_slip_on_top_of_a_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="Name: found an unknown key, expected name"):
        parse_instance('{"Name": "acme", "configuration": {}}')


@pytest.mark.parametrize(
    "key",
    [
        *("providerData", "companyId", "site", "oauth.basic.header", "oauth.callback.url", "event.vendor.type"),
        *("event.metadata", "event.raw.enabled", "event.notification.type", "event.notification.subscription.id"),
        *("event.notification.instance.finder", "event.helper.key", "notification.webhook.failure.policy"),
    ],
)
def test_keys_that_are_not_ours_are_their_owners_business(key: str) -> None:
    refuse_slips({key: "x"}, {})


def test_a_resources_names_in_any_case_and_its_legacy_names_are_no_slips() -> None:
    dates: dict[str, Json] = {"UpdatedDateTimezone": "GMT", "createdCheckTolerance": 2}
    resource: dict[str, Json] = {
        **{"URL": "/x", "idfield": "id", "filterByUpdateDate": True, "xPath": "", "updatedDateTimezone": "MST"},
        **{"batchSize": 5, "objectName": "x", "datesConfiguration": dates},
    }
    refuse_slips({}, {"contacts": resource})


@pytest.mark.parametrize("file", SAMPLES, ids=lambda path: path.name)
def test_the_samples_have_no_slips(file: Path) -> None:
    body = parse_instance(file.read_bytes())
    pollers = body.configuration["event.poller.configuration"]
    assert isinstance(pollers, dict)
    refuse_slips(body.configuration, pollers)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("cwconsole.intervall", "event.poller.refresh_interval"),
        ("event.notification.webhook.url", "event.notification.callback.url"),
        ("cwconsole.foo", "one of cwconsole.start, cwconsole.classify"),
        ("foo", "one of baseUrl, company"),
    ],
)
def test_a_key_that_is_set_by_itself_must_mean_something(key: str, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        CONFIGURATION.require(key, "configuration.")
    assert raised.value.expected.startswith(expected)


def test_what_is_read_and_what_is_open_connectors_may_be_set() -> None:
    for keys in (DOCUMENT, CONFIGURATION, RESOURCE):
        for name in (*keys.read, *keys.foreign):
            keys.require(name, "")
    CONFIGURATION.require("oauth.api.key", "")


def test_a_long_or_unprintable_key_is_quoted_and_cut() -> None:
    with pytest.raises(ConfigError) as raised:
        CONFIGURATION.require("x" * 500 + "\x1b[31m", "")
    assert len(raised.value.key) < 80
    assert "\x1b" not in raised.value.key
    assert json.dumps(raised.value.key)
