"""Instance files as text: both syntaxes, one canonical body, secrets found wherever they stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_body import InstanceBody, map_secrets, masked, restore_secrets
from cwconsole.core.instance_config import to_config
from cwconsole.core.instance_file import export_json, export_toml_tree, parse_instance
from cwconsole.core.secret import MASK

SAMPLES = sorted(
    path for path in (Path(__file__).parents[2] / "sample_instances").iterdir() if path.suffix in {".toml", ".json"}
)
POLLER = "event.poller.configuration"
QUOTED = """
name = "A"
[configuration]
baseUrl = "https://cw.test/v4_6_release/apis/3.0"
company = "exampleco"
"public.key" = "pub"
"private.key" = "priv"
"event.poller.refresh_interval" = 0.5
[configuration."event.poller.configuration".contacts]
url = "/company/contacts"
"""
NESTED = """
name = "A"
[configuration]
baseUrl = "https://cw.test/v4_6_release/apis/3.0"
company = "exampleco"
public.key = "pub"
event.poller.refresh_interval = 0.5
[configuration.private]
key = "priv"
[configuration.event.poller.configuration.contacts]
url = "/company/contacts"
"""
JSON_TEXT = json.dumps(
    {
        "name": "A",
        "configuration": {
            "baseUrl": "https://cw.test/v4_6_release/apis/3.0",
            "company": "exampleco",
            "public.key": "pub",
            "private.key": "priv",
            "event.poller.refresh_interval": 0.5,
            POLLER: ' {"contacts":{"url":"/company/contacts"}}\n',
        },
    }
)


def _body(**configuration: Json) -> InstanceBody:
    return parse_instance(json.dumps({"name": "A", "configuration": configuration}))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.name))
def test_every_sample_is_read_and_written_again_in_both_syntaxes(path: Path) -> None:
    body = parse_instance(path.read_bytes())
    config = to_config(body, lambda text: text.replace("env:", "value-of-"))
    assert config.enabled
    assert config.callback is not None
    assert config.resources
    assert parse_instance(export_json(body), syntax="json") == body
    assert parse_instance(tomli_w.dumps(export_toml_tree(body)), syntax="toml") == body


def test_quoted_nested_and_json_files_read_the_same() -> None:
    quoted, nested, as_json = map(parse_instance, (QUOTED, NESTED, JSON_TEXT))
    assert quoted.configuration == nested.configuration == as_json.configuration
    assert quoted.configuration[POLLER] == {"contacts": {"url": "/company/contacts"}}


def test_the_documented_body_is_kept_whole_stray_members_included() -> None:
    path = next(path for path in SAMPLES if path.name == "open-connectors.json")
    assert parse_instance(path.read_bytes()).document == json.loads(path.read_text("utf-8"))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_instance(b"\xef\xbb\xbf" + QUOTED.encode()).name == "A"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ("", "configuration"),
        ("[]", "file"),
        ("{", "file"),
        ('{"name": NaN}', "file"),
        ('{"a": 1e999}', "a"),
        ('{"a": ' + "9" * 5000 + "}", "file"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "file"),
        ('{"a":' * 100 + "1" + "}" * 100, ".a"),
        ('{"a": "\\ud800"}', "a"),
        ('{"\\ud800": 1}', "file"),
        ('{"name": "A", "name": "B"}', "name"),
        ("name = ", "file"),
        ('name = "A"\nname = "B"', "file"),
        ("a = inf", "a"),
        ("a = " + "[" * 5000, "file"),
        (b"\xff\xfe{\x00}\x00", "file"),
        ('{"name": "A"}', "configuration"),
        ('{"name": "A", "configuration": "x"}', "configuration"),
        ('{"configuration": {}}', "name"),
        ('{"name": "  ", "configuration": {}}', "name"),
        ('{"name": "123", "configuration": {}}', "name"),
        ('{"name": 5, "configuration": {}}', "name"),
        ('{"name": "a\\u001b[2J", "configuration": {}}', "name"),
        ('{"name": "A", "configuration": {}, "tags": [1]}', "tags[0]"),
        ('{"name": "A", "configuration": {}, "element": {"key": "sfdc"}}', "element.key"),
        ('{"name": "A", "configuration": {}, "element": 5}', "element.key"),
        ('{"name": "A", "configuration": {"private.key": []}}', "configuration.private.key"),
        ('{"name": "A", "configuration": {"a.b": 1, "a": {"b": 2}}}', "configuration.a.b"),
        ('{"name": "A", "configuration": {"event.poller.configuration": "[1]"}}', f"configuration.{POLLER}"),
        ('{"name": "A", "configuration": {"event.poller.configuration": "{"}}', f"configuration.{POLLER}"),
        (
            '{"name": "A", "configuration": {"event.notification.callback.headers": "no colon"}}',
            "configuration.event.notification.callback.headers",
        ),
    ],
    ids=range(31),
)
def test_what_is_no_body_is_refused_with_the_key(data: str | bytes, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_instance(data, syntax="json" if data == "[]" else None)
    assert caught.value.key.endswith(key)
    assert len(str(caught.value)) < 1000


SECRETS: dict[str, Json] = {
    "private.key": "one",
    "client.id": "two",
    "event.notification.signature.key": "env:NAME",
    "event.notification.basic.password": "three",
    "event.notification.callback.headers": "Authorization: Bearer four\nX-Other: five",
    "oauth.api.secret": "six",
    "public.key": "shown",
}


def test_every_secret_is_found_and_nothing_else() -> None:
    body = parse_instance(
        json.dumps({"name": "A", "token": "seven", "providerData": {"code": "eight"}, "configuration": SECRETS})
    )
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    assert map_secrets(body, note) == body
    assert sorted(found) == sorted(["one", "two", "env:NAME", "three", "Bearer four", "five", "six", "seven", "eight"])


def test_masks_hide_secrets_but_not_where_they_come_from() -> None:
    text = export_json(masked(_body(**SECRETS)))
    assert not any(secret in text for secret in ("one", "two", "three", "Bearer", "five", "six"))
    assert "env:NAME" in text
    assert "shown" in text


def test_a_numeric_secret_counts_as_text() -> None:
    assert masked(_body(**{"private.key": 12345})).configuration["private.key"] == MASK


def test_an_edited_export_gets_its_secrets_back_and_new_ones_stay() -> None:
    stored = _body(**SECRETS)
    edited = masked(stored)
    changed = InstanceBody(
        document={**edited.document, "configuration": {**edited.configuration, "private.key": "new", "password": MASK}}
    )
    restored = restore_secrets(changed, stored).configuration
    assert restored == {**stored.configuration, "private.key": "new", "password": MASK}


def test_sealing_and_opening_is_the_identity() -> None:
    body = _body(**SECRETS)
    sealed = map_secrets(body, lambda text: text[::-1])
    assert sealed != body
    assert map_secrets(sealed, lambda text: text[::-1]) == body


def test_dates_and_nulls_of_either_syntax_can_be_written_in_the_other() -> None:
    from_toml = parse_instance('name = "A"\n[configuration]\ncwconsole.start = 2026-01-31T08:00:00Z\n')
    assert from_toml.configuration["cwconsole.start"] == "2026-01-31T08:00:00Z"
    from_json = parse_instance('{"name": "A", "configuration": {"a": null, "b": [1, null]}, "x": null}')
    tree = export_toml_tree(from_json)
    assert tree["configuration"] == {"b": [1]}
    assert "x" not in tree


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.text() | st.binary() | json_values.map(json.dumps))
def test_no_text_breaks_the_reader(data: str | bytes) -> None:
    for syntax in (None, "json", "toml"):
        try:
            parse_instance(data, syntax=syntax)
        except ConfigError:
            continue


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=3), st.dictionaries(st.text(max_size=8), json_values))
def test_a_body_that_is_read_is_stored_and_read_again_unchanged(extra: dict[str, Json], inner: dict[str, Json]) -> None:
    try:
        body = parse_instance(json.dumps({**extra, "name": "A", "configuration": inner}))
    except ConfigError:
        return
    assert parse_instance(export_json(body)) == body
