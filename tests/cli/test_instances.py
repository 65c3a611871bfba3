"""`instances`: files in, masked files out, and what wrong files and names get."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cwconsole.core.secret import MASK
from cwconsole.store.connection import reader
from tests.cli.conftest import Cli, body

SAMPLES = Path(__file__).parents[2] / "sample_instances"


def stored(cli: Cli, name: str) -> Any:
    """A stored body, as it lies in the database."""
    conn = sqlite3.connect(cli.path)
    (text,) = conn.execute("SELECT body FROM instances WHERE name = ?", (name,)).fetchone()
    conn.close()
    return json.loads(text)


def configured(cli: Cli, name: str = "acme") -> Any:
    return cli.good("instances", "show", name)["body"]["configuration"]


@pytest.mark.parametrize("sample", ["connectwise.toml", "multi-resource.toml", "open-connectors.json"])
def test_every_sample_can_be_added(cli: Cli, sample: str) -> None:
    added = cli.good("instances", "add", SAMPLES / sample)
    assert added["id"] == 1
    assert added["name"]
    assert len(added["token"]) >= 40


def test_adding_creates_the_database_and_says_what_was_added(cli: Cli, write_body: Callable[..., Path]) -> None:
    result = cli("instances", "add", write_body())
    assert result.code == 0
    assert "acme as instance 1, with contacts, tickets" in result.out
    assert "No engine runs" in result.out
    assert cli.path.stat().st_mode & 0o777 == 0o600


def test_a_body_may_come_by_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "in").write_text(json.dumps(body("piped")))
    with (tmp_path / "in").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert cli.good("instances", "add", "-")["name"] == "piped"


def test_secrets_are_sealed_in_the_database_and_masked_everywhere_else(cli: Cli, acme: Any) -> None:
    kept = stored(cli, "acme")["configuration"]["private.key"]
    assert kept.startswith("sealed:")
    for args in (["show", "acme"], ["show", "acme", "--json"], ["export", "acme"], ["export", "acme", "--json"]):
        shown = cli("instances", *args)
        assert shown.code == 0
        assert "********" in shown.out
        assert "sealed:" not in shown.out
        assert acme["token"] not in shown.out


def test_references_stay_references(cli: Cli, write_body: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    result = cli("instances", "add", write_body(**{"private.key": "env:CW_KEY_THAT_IS_NOT_SET"}))
    assert result.code == 0
    assert "env:CW_KEY_THAT_IS_NOT_SET gives nothing here" in result.err
    assert stored(cli, "acme")["configuration"]["private.key"] == "env:CW_KEY_THAT_IS_NOT_SET"
    assert configured(cli)["private.key"] == "env:CW_KEY_THAT_IS_NOT_SET"


@pytest.mark.parametrize("style", ["toml", "json"])
def test_an_export_reads_back_and_masked_secrets_stay(cli: Cli, acme: Any, home: Path, style: str) -> None:
    before = stored(cli, "acme")
    text = cli("instances", "export", "acme", "--format", style).out
    assert (tomllib.loads(text) if style == "toml" else json.loads(text))["name"] == "acme"
    path = home / f"out.{style}"
    path.write_text(text)
    assert cli("instances", "edit", "acme", path).code == 0
    assert stored(cli, "acme") == before
    refused = cli("instances", "add", path, "--db", home / "other.db")
    assert refused.code == 1
    assert "masked secret" in refused.err


def test_edits_of_single_keys(cli: Cli, acme: Any) -> None:
    changed = cli.good(
        "instances",
        "edit",
        "acme",
        "--set",
        "event.poller.refresh_interval=5",
        "--set",
        "event.poller.configuration.contacts.pageSize=100",
        "--set",
        "name=acme two",
        "--set",
        'tags=["a", "b"]',
    )
    assert changed["name"] == "acme two"
    document = cli.good("instances", "show", "acme two")["body"]
    assert document["tags"] == ["a", "b"]
    assert document["configuration"]["event.poller.refresh_interval"] == "5"
    assert document["configuration"]["event.poller.configuration"]["contacts"] == {"pageSize": "100"}
    assert cli("instances", "edit", "1", "--unset", "event.poller.refresh_interval").code == 0
    assert "event.poller.refresh_interval" not in configured(cli, "1")


@pytest.mark.parametrize("typed", ["1e5", "2020.10", "0012", "true", "null", "1_000", "Infinity"])
def test_what_is_set_stands_as_it_was_typed(cli: Cli, acme: Any, typed: str) -> None:
    cli.good("instances", "edit", "acme", "--yes", "--set", f"company={typed}")
    assert configured(cli, "acme")["company"] == typed
    cli.good("instances", "edit", "acme", "--yes", "--set", 'company="quoted"')
    assert configured(cli, "acme")["company"] == "quoted"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("event.poller.refresh_intervall", "found an unknown key, expected event.poller.refresh_interval"),
        ("Company", "configuration.Company: found an unknown key, expected company"),
        (
            "event.poller.configuration.contacts.pagesizes",
            "contacts.pagesizes: found an unknown key, expected pageSize",
        ),
        ("event.poller.configuration.contacts.datesConfiguration.created", "expected createdDateField"),
        ("event.notification.callback.headers.X", "expected event.notification.callback.headers"),
    ],
)
def test_a_key_that_nothing_reads_is_not_set(cli: Cli, acme: Any, key: str, said: str) -> None:
    before = configured(cli)
    refused = cli("instances", "edit", "acme", "--set", f"{key}=5")
    assert refused.code == 1
    assert said in refused.err
    assert configured(cli) == before


def test_keys_that_are_there_and_keys_of_open_connectors_are_set(cli: Cli, write_body: Callable[..., Path]) -> None:
    assert cli("instances", "add", write_body(**{"our.own": 1})).code == 0
    dates = "event.poller.configuration.contacts.datesConfiguration"
    sets = ["our.own=2", "event.vendor.type=polling", f"{dates}.createdDateField=entered", "element.key=connectwisex"]
    assert cli("instances", "edit", "acme", *(f"--set={one}" for one in sets)).code == 0
    document = cli.good("instances", "show", "acme")["body"]
    configuration = document["configuration"]
    assert (configuration["our.own"], configuration["event.vendor.type"]) == ("2", "polling")
    contacts = configuration["event.poller.configuration"]["contacts"]
    assert contacts == {"datesConfiguration": {"createdDateField": "entered"}}
    assert document["element"] == {"key": "connectwisex"}


def test_a_key_that_is_set_leaves_the_others_of_a_resource_that_came_as_a_text(cli: Cli, write_body: Any) -> None:
    dates = {"createdDateField": "_info.dateEntered"}
    resource = {"url": "/company/contacts?conditions=inactiveFlag=false", "DatesConfiguration": json.dumps(dates)}
    cli.good("instances", "add", write_body(**{"event.poller.configuration": {"contacts": json.dumps(resource)}}))
    key = "event.poller.configuration.contacts"
    sets = (f"--set={key}.refresh_interval=5", f"--set={key}.datesConfiguration.createdDateTimezone=UTC")
    assert cli("instances", "edit", "acme", *sets).code == 0
    stored = cli.good("instances", "export", "acme")["configuration"]["event.poller.configuration"]
    assert stored == {
        "contacts": {
            "url": resource["url"],
            "DatesConfiguration": {**dates, "createdDateTimezone": "UTC"},
            "refresh_interval": "5",
        }
    }


def test_a_key_that_is_set_leaves_resources_that_an_older_key_names(cli: Cli, write_body: Any) -> None:
    url = "/company/contacts?conditions=inactiveFlag=false"
    older = {"event.poller.configuration": {}, "event.poller.urls": f"contacts|{url}\ncompanies"}
    cli.good("instances", "add", write_body(**older))
    key = "event.poller.configuration.companies.refresh_interval"
    assert cli("instances", "edit", "acme", f"--set={key}=5").code == 0
    stored = cli.good("instances", "export", "acme")["configuration"]
    assert "event.poller.urls" not in stored
    pollers = stored["event.poller.configuration"]
    assert (pollers["contacts"]["url"], pollers["companies"]) == (url, {"refresh_interval": "5"})


def test_a_misspelt_key_of_a_file_is_named_with_the_right_one(cli: Cli, write_body: Callable[..., Path]) -> None:
    refused = cli("instances", "add", write_body(**{"base.url ": "https://api.example.com"}))
    assert refused.code == 1
    assert refused.err == "configuration.'base.url ': found an unknown key, expected baseUrl\n"


def test_a_new_secret_is_sealed_and_never_reaches_the_audit_log(cli: Cli, acme: Any) -> None:
    assert cli("instances", "edit", "acme", "--set", "private.key=s3cret!", "--set=client.id=s3cret!").code == 0
    assert "s3cret!" not in json.dumps(stored(cli, "acme"))
    audit = cli.good("actions", "list")[0]
    assert audit["kind"] == "edit"
    assert "s3cret!" not in json.dumps(audit)
    assert "private.key=********" in audit["command"]


def test_the_audit_log_names_the_keys_that_an_edit_by_file_changes_and_none_of_their_values(
    cli: Cli, acme: Any, write_body: Callable[..., Path]
) -> None:
    """In the morning somebody asks who entered other keys in the night; the file's name does not say."""
    another = write_body(**{"private.key": "s3cret!", "event.poller.refresh_interval": 9})
    edited = cli("instances", "edit", "acme", another)
    assert edited.out == "Edited acme (private.key, event.poller.refresh_interval).\n"
    assert cli.good("actions", "list")[0]["outcome"] == edited.out.strip()
    same = write_body(**{"private.key": MASK, "event.poller.refresh_interval": 9})
    assert cli("instances", "edit", "acme", same).out == "Edited acme; it is the same as before.\n"


def test_an_edit_names_the_resource_whose_settings_it_changes(cli: Cli, acme: Any) -> None:
    overlap = "event.poller.configuration.contacts.overlap=300"
    edited = cli.good("instances", "edit", "acme", "--set", overlap)
    assert edited["settings"] == ["event.poller.configuration.contacts"]


def test_another_company_is_refused_until_confirmed(cli: Cli, acme: Any) -> None:
    conn = sqlite3.connect(cli.path)
    conn.execute("UPDATE resources SET watermark = 1000")
    conn.commit()
    conn.close()
    refused = cli("instances", "edit", "acme", "--set", "company=other", "--json")
    assert refused.code == 3
    assert "would start anew" in json.loads(refused.err)["message"]
    done = cli.good("instances", "edit", "acme", "--set", "company=other", "--yes")
    assert [change["step"] for change in done["changes"]] == ["restart", "restart"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--set", "baseUrl"], "is no assignment"),
        (["--unset", "nothing.there"], "is not set"),
        (["--set", "event.poller.refresh_interval=never"], "event.poller.refresh_interval"),
        ([], "no terminal for an editor"),
    ],
)
def test_an_edit_that_cannot_be_made_changes_nothing(
    cli: Cli, acme: Any, args: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(cli, "acme")
    result = cli("instances", "edit", "acme", *args)
    assert result.code in {1, 2}
    assert sentence in result.err
    assert result.err.count("\n") == 1
    assert stored(cli, "acme") == before


def test_switching_off_and_on(cli: Cli, acme: Any) -> None:
    assert cli.good("instances", "disable", "acme")["enabled"] is False
    assert cli.good("status")[0]["state"] == "off"
    assert configured(cli)["event.notification.enabled"] is False
    assert cli.good("instances", "enable", "1")["enabled"] is True
    assert cli.good("instances", "list")[0]["state"] == "on"


def test_removing_wants_to_be_confirmed(cli: Cli, acme: Any) -> None:
    refused = cli("instances", "remove", "acme")
    assert refused.code == 3
    assert "--yes" in refused.err
    assert cli.good("instances", "remove", "acme", "--yes")["name"] == "acme"
    assert cli.good("instances", "list") == []
    assert cli("instances", "show", "acme").code == 2


def broken(base: dict[str, Any], **configuration: object) -> str:
    return json.dumps({**base, "configuration": {**base["configuration"], **configuration}})


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.json", "", "a.json: found"),
        ("a.json", "{", "not JSON"),
        ("a.toml", "name = ", "a.toml: found text that is not TOML"),
        ("a.json", "[]", "a JSON object"),
        ("a.json", "{}", "configuration"),
        ("a.json", '{"a":' * 100_000, "nesting without end"),
        ("a.json", broken(body(), baseUrl="ftp://x"), "baseUrl"),
        ("a.json", broken(body(), baseUrl="http://na.example.com/x"), "baseUrl"),
        ("a.json", broken(body(), **{"private.key": "********"}), "masked secret"),
        ("a.json", broken(body("123")), "name"),
        ("a.json", "\x00" * 5_000_000, "found more than 4 MB"),
    ],
)
def test_a_broken_file_is_one_sentence_and_adds_nothing(
    cli: Cli, home: Path, name: str, text: str, sentence: str
) -> None:
    (home / name).write_text(text)
    result = cli("instances", "add", home / name)
    assert result.code == 1
    assert sentence in result.err
    assert result.err.count("\n") == 1
    assert not cli.path.exists() or cli.good("instances", "list") == []


@pytest.mark.parametrize(("name", "why"), [("none.toml", "No such file or directory"), ("", "Is a directory")])
def test_a_file_that_cannot_be_read_ends_as_a_broken_one_does(
    cli: Cli, acme: Any, home: Path, name: str, why: str
) -> None:
    for command in (["add"], ["edit", "acme"]):
        result = cli("instances", *command, home / name)
        said = f"{home / name}: found what cannot be read ({why}), expected the path of an instance file\n"
        assert (result.code, result.err) == (1, said)
        as_json = cli("instances", *command, home / name, "--json")
        assert (as_json.code, as_json.out, json.loads(as_json.err)["error"]) == (1, "", "config")


def test_a_database_that_is_open_is_not_read_as_an_instance(cli: Cli, acme: Any) -> None:
    with closing(reader(cli.path)):
        assert "found a database that is open" in cli("instances", "add", cli.path).err


def test_a_name_that_is_taken_and_a_name_that_is_unknown(cli: Cli, acme: Any, write_body: Callable[..., Path]) -> None:
    taken = cli("instances", "add", write_body())
    assert taken.code == 2
    assert "already is an instance 'acme'" in taken.err
    unknown = cli("instances", "show", "acne")
    assert unknown.code == 2
    assert "did you mean acme?" in unknown.err


def test_remote_text_cannot_steer_the_terminal(cli: Cli, acme: Any, home: Path) -> None:
    conn = sqlite3.connect(cli.path)
    conn.execute("UPDATE resources SET failures = 1, error = ?", ("\x1b[31mred\x07\u202e\nnext",))
    conn.commit()
    conn.close()
    shown = cli("status").out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("\n") == 4


def test_remote_text_cannot_steer_the_terminal_that_json_is_printed_on(cli: Cli, acme: Any) -> None:
    hostile = "\x00\x1b[31m \x7f \x9b2J \u202e \u2028 \u2066 é 界 \U0001f600 \\u0041"
    with closing(sqlite3.connect(cli.path)) as conn:
        conn.execute("UPDATE resources SET failures = 1, error = ?", (hostile,))
        conn.commit()
    shown = cli("status", "--json")
    assert not set(shown.out) & set("\x00\x1b\x7f\x9b\u202e\u2028\u2066")
    assert "é 界 \U0001f600" in shown.out
    assert [row["last_error"] for row in shown.json] == [hostile, hostile]
