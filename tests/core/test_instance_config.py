"""The values of an instance body: defaults, loose types, and errors that name the key and never a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.config import Classify, InstanceConfig
from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_config import REFUSED_HEADERS, to_config
from cwconsole.core.instance_file import parse_instance
from cwconsole.core.known_keys import CWCONSOLE
from cwconsole.core.secret import MASK, Secret

SAMPLES = Path(__file__).parents[2] / "sample_instances"
URL = "event.notification.callback.url"
HEADERS = "event.notification.callback.headers"
USERNAME, PASSWORD = "event.notification.basic.username", "event.notification.basic.password"
REQUIRED: dict[str, Json] = {
    "baseUrl": "https://cw.test/v4_6_release/apis/3.0",
    "company": "exampleco",
    "public.key": "pub",
    "private.key": "top-secret",
}


def _config(configuration: dict[str, Json] | None = None) -> InstanceConfig:
    return to_config(parse_instance(json.dumps({"name": "A", "configuration": {**REQUIRED, **(configuration or {})}})))


def _refused(configuration: dict[str, Json]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _config(configuration)
    assert "secret-" not in str(caught.value)
    return caught.value


def test_the_least_body_gets_the_documented_defaults() -> None:
    assert _config() == InstanceConfig(
        name="A",
        base_url="https://cw.test/v4_6_release/apis/3.0",
        company="exampleco",
        public_key="pub",
        private_key=Secret("top-secret"),
    )
    assert _config().requests_per_minute == 900


def test_the_documented_body_means_what_open_connectors_would_do() -> None:
    config = to_config(parse_instance((SAMPLES / "open-connectors.json").read_bytes()))
    assert (config.name, config.element_key, config.tags) == ("API_Polling", "connectwisecrmrest", ("Test",))
    assert config.enabled
    assert config.drop_nulls
    assert config.callback is not None and config.callback.url == "http://mycoolapp.example.com"
    assert [(resource.name, resource.path, resource.interval) for resource in config.resources] == [
        ("contacts", "/company/contacts", 900.0)
    ]


def test_booleans_and_numbers_may_be_texts() -> None:
    config = _config(
        {
            "event.notification.enabled": " True ",
            "filter.response.nulls": "false",
            "cwconsole.requests_per_minute": "120",
            "company": 42,
            URL: "http://127.0.0.1:8787/events",
            HEADERS: {"X-Number": 5},
        }
    )
    assert (config.enabled, config.drop_nulls, config.requests_per_minute, config.company) == (True, False, 120, "42")
    assert config.callback is not None and config.callback.headers == (("X-Number", "5"),)


@pytest.mark.parametrize("absent", ["false", "FALSE", "", " ", None, False], ids=repr)
def test_no_callback_url_means_record_only(absent: Json) -> None:
    assert _config({URL: absent, "event.notification.enabled": True}).callback is None


def test_our_own_keys() -> None:
    config = _config(
        {
            "cwconsole.start": "2026-01-31T08:00:00Z",
            "cwconsole.classify": "dates",
            "cwconsole.timezone": "America/Denver",
            "cwconsole.api_version": "2025.1",
            "cwconsole.requests_per_minute": 0,
            "cwconsole.ca_file": "/etc/ssl/own-ca.pem",
            "cwconsole.proxy": "http://proxy.example.com:3128",
            "cwconsole.retry": "open-connectors",
            "client.id": "some-id",
        }
    )
    assert config.start == 1769846400
    assert config.classify is Classify.DATES
    assert (config.timezone, config.api_version, config.requests_per_minute) == ("America/Denver", "2025.1", 0)
    assert (config.ca_file, config.proxy) == ("/etc/ssl/own-ca.pem", "http://proxy.example.com:3128")
    assert (config.retry, config.client_id) == ("open-connectors", "some-id")


@pytest.mark.parametrize("start", ["now", "everything"])
def test_a_start_in_words_stays_a_word(start: str) -> None:
    assert _config({"cwconsole.start": start}).start == start


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ({"X-A": "1", "Authorization": "Bearer x"}, (("X-A", "1"), ("Authorization", "Bearer x"))),
        ('{"X-A": "1"}', (("X-A", "1"),)),
        ("X-A: 1\r\n\n X-B:a:b ", (("X-A", "1"), ("X-B", "a:b"))),
        ("", ()),
        (None, ()),
    ],
    ids=range(5),
)
def test_headers_come_as_an_object_its_text_or_lines(text: Json, headers: tuple[tuple[str, str], ...]) -> None:
    callback = _config({URL: "https://receiver.test", HEADERS: text}).callback
    assert callback is not None and callback.headers == headers


def test_a_callback_url_may_have_a_query_and_any_path() -> None:
    url = "https://receiver.test:8443/users/@me?key=a@b"
    callback = _config({URL: url}).callback
    assert callback is not None and callback.url == url


def test_the_callback_s_secrets() -> None:
    callback = _config(
        {URL: "https://r.test", USERNAME: "user", PASSWORD: "pass", "event.notification.signature.key": "sign"}
    ).callback
    assert callback is not None
    assert (callback.username, callback.password, callback.signature_key) == ("user", Secret("pass"), Secret("sign"))


def test_secrets_are_resolved_by_the_caller_and_lose_a_file_s_line_break() -> None:
    body = parse_instance(json.dumps({"name": "A", "configuration": {**REQUIRED, "private.key": "file:/run/key"}}))
    assert to_config(body, {"file:/run/key": "opened\n"}.__getitem__).private_key == Secret("opened")


def test_a_resolver_s_error_is_told_under_the_configuration_s_key() -> None:
    def resolve(text: str) -> str:
        raise ConfigError("secret", f"no variable for {text}", "CW_KEY in the environment")

    body = parse_instance(json.dumps({"name": "A", "configuration": {**REQUIRED, "private.key": "env:CW_KEY"}}))
    with pytest.raises(ConfigError, match=r"^configuration\.private\.key: found no variable for env:CW_KEY"):
        to_config(body, resolve)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api-na.myconnectwise.net/v4_6_release/apis/3.0",
        "https://api-staging.connectwisedev.com/v4_6_release/apis/3.0",
        "https://sandbox-na.myconnectwise.net/v4_6_release/apis/3.0",
        "https://api-cloudelements/v4_6_release/apis/3.0",
        "https://cw.example.com:8443/v2025_1/apis/3.0",
        "http://127.0.0.1:8085/v4_6_release/apis/3.0",
        "http://localhost:8085",
        "http://[::1]:8085/x",
    ],
)
def test_base_urls_that_are_taken(base_url: str) -> None:
    assert _config({"baseUrl": base_url + "/"}).base_url == base_url


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (None, "address"),
        ("", "address"),
        (5, "address"),
        ("na.myconnectwise.net", "address"),
        ("ftp://cw.test", "address"),
        ("https://", "address"),
        ("https://[::1", "address"),
        ("https://cw.test:99999/", "address"),
        ("https://cw.test/a b", "address"),
        ("https://cw..test/", "address"),
        (f"https://{'a' * 64}.test/", "address"),
        ("https://user:secret-x@cw.test/", "keys of their own"),
        ("https://cw.test/?a=b", "without ? and #"),
        ("http://cw.test/v4_6_release/apis/3.0", "https://"),
        ("http://10.0.0.1/v4_6_release/apis/3.0", "https://"),
        ("https://na.myconnectwise.net/v4_6_release/apis/3.0", "'api-na.myconnectwise.net'"),
        ("https://api-na.myconnectwise.net", "/apis/3.0"),
    ],
)
def test_base_urls_that_would_not_work_are_refused(base_url: Json, expected: str) -> None:
    error = _refused({"baseUrl": base_url})
    assert error.key == "configuration.baseUrl"
    assert expected in error.expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("company", None),
        ("company", "a b"),
        ("company", "a+b"),
        ("company", True),
        ("public.key", "a:b"),
        ("public.key", ""),
        ("private.key", None),
        ("private.key", MASK),
        ("private.key", "secret-\u0007"),
        ("event.notification.enabled", "yes"),
        ("event.notification.enabled", 1),
        ("filter.response.nulls", []),
        (URL, "mycoolapp.com"),
        (URL, "https://user:secret-x@r.test/"),
        (URL, "https://user:secret-x@[r.test/"),
        (URL, "secret-x@r.test?secret-x"),
        (URL, "https://r.test/#x"),
        (URL, {}),
        ("event.poller.refresh_interval", 0),
        ("event.poller.refresh_interval", -1),
        ("event.poller.refresh_interval", "0,5"),
        ("event.poller.refresh_interval", True),
        ("event.poller.refresh_interval", 10**400),
        ("event.poller.configuration", 5),
        ("cwconsole.start", "yesterday"),
        ("cwconsole.start", "2026-01-31T08:00:00"),
        ("cwconsole.start", "2026-01-31"),
        ("cwconsole.start", "1960-01-31T08:00:00Z"),
        ("cwconsole.start", 5),
        ("cwconsole.classify", "guess"),
        ("cwconsole.timezone", "Mars/Olympus"),
        ("cwconsole.api_version", "latest"),
        ("cwconsole.requests_per_minute", -1),
        ("cwconsole.requests_per_minute", 1.5),
        ("cwconsole.ca_file", []),
        ("cwconsole.proxy", "proxy"),
        ("cwconsole.proxy", "http://[proxy"),
        ("cwconsole.proxy", "http://user:secret-x@proxy.test"),
        ("cwconsole.retry", "often"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_each_error_names_its_key_and_shows_no_secret(key: str, value: Json) -> None:
    assert _refused({key: value}).key == f"configuration.{key}"


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ({PASSWORD: "secret-x"}, USERNAME),
        ({PASSWORD: "secret-x", USERNAME: "a:b"}, USERNAME),
        ({PASSWORD: MASK, USERNAME: "a"}, PASSWORD),
        ({USERNAME: "a", HEADERS: {"authorization": "secret-x"}}, HEADERS),
        ({HEADERS: {"Bad Name": "secret-x"}}, HEADERS),
        ({HEADERS: {"X-A": "secret-x", "x-a": "secret-y"}}, HEADERS),
        ({HEADERS: {"X-A": "secret-x\r\nEvil: 1"}}, f"{HEADERS}.X-A"),
        ({HEADERS: {"X-A": MASK}}, f"{HEADERS}.X-A"),
        ({HEADERS: {"X-A": ["secret-x"]}}, f"{HEADERS}.X-A"),
        ({HEADERS: ["secret-x"]}, HEADERS),
        ({HEADERS: "secret-x"}, HEADERS),
        ({"event.notification.signature.key": MASK}, "event.notification.signature.key"),
    ],
    ids=range(12),
)
def test_a_callback_that_would_fail_is_refused(extra: dict[str, Json], key: str) -> None:
    assert _refused({URL: "https://r.test", **extra}).key == f"configuration.{key}"


@pytest.mark.parametrize("name", sorted(REFUSED_HEADERS))
def test_headers_that_requests_set_themselves_are_refused(name: str) -> None:
    assert _refused({URL: "https://r.test", HEADERS: {name.title(): "x"}}).key.endswith(name.title())


def test_a_slip_under_cwconsole_is_answered_with_the_nearest_key() -> None:
    error = _refused({"cwconsole.requestsperminute": 5})
    assert error.key == "configuration.cwconsole.requestsperminute"
    assert error.expected.startswith("cwconsole.requests_per_minute")
    assert _refused({"cwconsole": "now"}).key == "configuration.cwconsole"
    assert _refused({"cwconsole": {"strat": "now"}}).expected.startswith("cwconsole.start")


def test_unknown_and_stray_keys_elsewhere_are_ignored() -> None:
    assert (
        _config({"oauth.api.secret": MASK, "event.vendor.type": "polling", "whatever": [1, {"a": None}]}) == _config()
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    *REQUIRED,
    *CWCONSOLE,
    *(URL, HEADERS, USERNAME, PASSWORD, "client.id", "filter.response.nulls", "event.notification.enabled"),
    *("event.notification.signature.key", "event.poller.refresh_interval", "event.poller.configuration"),
    *("event.poller.urls", "event.objects", "event.metadata"),
]


@given(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=4), json_values, json_values)
def test_no_value_anywhere_raises_anything_but_a_config_error(
    configuration: dict[str, Json], element: Json, tags: Json
) -> None:
    document = {"name": "A", "element": element, "tags": tags, "configuration": {**REQUIRED, **configuration}}
    try:
        to_config(parse_instance(json.dumps(document)))
    except ConfigError as error:
        str(error).encode()


@given(st.sampled_from(KEYS), json_values, st.sampled_from(["", "\n\n", "\u0007", "\u2028x"]))
def test_a_secret_is_in_no_error_and_no_repr(broken: str, value: Json, ending: str) -> None:
    secret = f"secret-zq{ending}"
    secrets: dict[str, Json] = {
        **{"private.key": secret, URL: "https://r.test", USERNAME: "user", PASSWORD: secret},
        "event.notification.signature.key": secret,
    }
    try:
        config = _config({**secrets, broken: value})
    except ConfigError as error:
        assert "zq" not in str(error)
    else:
        assert "zq" not in repr(config)
