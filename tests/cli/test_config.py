"""`cwconsole config`: where each setting is from, what is wrong with them, a file to begin with."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli import settings
from tests.cli.conftest import Cli


@pytest.fixture
def file() -> Path:
    path = settings.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _by_name(cli: Cli) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in cli.good("config", "show")}


def test_each_setting_says_where_it_is_from(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CWCONSOLE_CLIENT_ID", raising=False)
    file.write_text('client_id = "from-file"\nlog_level = "debug"\n[keys]\n"poll.now" = "K"\n')
    rows = _by_name(cli)
    assert rows["log_level"] == {"name": "log_level", "value": "debug", "source": str(file)}
    assert rows["keys"]["value"] == "poll.now = K"
    assert rows["callback_networks"]["source"] == "default"
    assert rows["client_id"]["source"] == str(file)
    monkeypatch.setenv("CWCONSOLE_CLIENT_ID", "from-variable")
    assert _by_name(cli)["client_id"] == {"name": "client_id", "value": "set", "source": "CWCONSOLE_CLIENT_ID"}


@pytest.mark.parametrize("typed", ["0", "true", '"90"', "1.5", "36501"])
def test_a_retention_that_is_no_number_of_days_is_named(cli: Cli, file: Path, typed: str) -> None:
    file.write_text(f"retention_days = {typed}\n")
    refused = cli("config", "validate")
    assert refused.code == 1
    assert "retention_days: found " in refused.err
    assert "a whole number of days" in refused.err


def test_a_client_id_is_not_shown(cli: Cli, file: Path) -> None:
    file.write_text('client_id = "11111111-2222"\n')
    shown = cli("config", "show")
    assert shown.code == 0
    assert "11111111" not in shown.out + shown.err


def test_the_database_says_what_named_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWCONSOLE_DB", "/nowhere/a.db")
    assert _by_name(cli)["database"] == {"name": "database", "value": "/nowhere/a.db", "source": "CWCONSOLE_DB"}
    named = {row["name"]: row for row in cli.good("config", "show", "--db", "/nowhere/b.db")}
    assert named["database"] == {"name": "database", "value": "/nowhere/b.db", "source": "--db"}
    monkeypatch.delenv("CWCONSOLE_DB")
    assert _by_name(cli)["database"]["source"] == "default"


def test_validating_names_keys_that_do_nothing_and_refuses_what_cannot_be_used(cli: Cli, file: Path) -> None:
    assert not cli.good("config", "validate")["exists"]
    file.write_text('[keys]\n"poll.nwo" = "K"\n"sweep.now" = "p"\n')
    warned = cli("config", "validate")
    assert warned.code == 0
    assert "poll.nwo, which is no action; did you mean poll.now?" in warned.err
    assert "The key p is for two actions on one screen" in warned.err
    file.write_text('read_only = "yes"\n')
    refused = cli("config", "validate")
    assert (refused.code, "read_only: found 'yes', expected true, false, or instances" in refused.err) == (1, True)
    file.write_text("read_only = [17]\n")
    assert "read_only: found [17], expected true, false, or instances" in cli("config", "validate").err
    file.write_text('log_level = "loud"\n')
    refused = cli("config", "validate")
    assert refused.code == 1
    assert "log_level" in refused.err
    assert "loud" in refused.err


def test_a_theme_of_ones_own_is_checked_and_shown(cli: Cli, file: Path) -> None:
    assert (_by_name(cli)["theme"]["value"], _by_name(cli)["themes"]["value"]) == ("as it was left", "ours")
    file.write_text('theme = "dusk"\n[themes.dusk]\nprimary = "#af87d7"\n')
    rows = _by_name(cli)
    assert rows["theme"] == {"name": "theme", "value": "dusk", "source": str(file)}
    assert rows["themes"] == {"name": "themes", "value": "ours, dusk", "source": str(file)}
    file.write_text('theme = "dawn"\n[themes.dusk]\nprimary = "#af87d7"\n')
    refused = cli("config", "validate")
    assert refused.code == 1
    assert f"{file}: theme: found 'dawn', expected one of cwconsole-dark, " in refused.err
    file.write_text('[themes.dusk]\nprimary = "mauve"\n')
    refused = cli("config", "validate")
    assert refused.code == 1
    assert f"{file}: themes.dusk.primary: found 'mauve', expected a colour such as #5f87d7" in refused.err


def test_read_only_instances_are_shown_and_a_slip_in_their_names_is_told(cli: Cli, file: Path, acme: Any) -> None:
    file.write_text('read_only = ["acmee", "acme", "1"]\n')
    assert _by_name(cli)["read_only"]["value"] == "1, acme, acmee"
    (warning,) = cli.good("config", "validate")["warnings"]
    assert warning == "read_only: there is no instance 'acmee'; did you mean acme?"
    nothing = file.with_name("no.db")
    nothing.write_text("no database")
    (warning,) = cli.good("config", "validate", "--db", str(nothing))["warnings"]
    assert warning.startswith("read_only: which instances there are is not known: ")
    file.write_text("read_only = []\n")
    assert _by_name(cli)["read_only"] == {"name": "read_only", "value": "false", "source": str(file)}


def test_commands_are_nobodys_console_and_obey_no_read_only(cli: Cli, file: Path, acme: Any) -> None:
    for says in ('["acme"]', "true"):
        file.write_text(f"read_only = {says}\n")
        assert cli("pause", "acme", "contacts").code == 0


def test_a_new_file_explains_everything_sets_nothing_and_is_never_overwritten(cli: Cli) -> None:
    path = settings.settings_file()
    assert cli.good("config", "init")["file"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(path.read_text()) == {}
    uncommented = "\n".join(
        line.removeprefix("# ") for line in path.read_text().splitlines() if " = " in line or line.startswith("# [")
    )
    path.write_text(uncommented)
    assert cli.good("config", "validate")["warnings"] == [], "what it suggests can be used as it stands"
    again = cli("config", "init")
    assert again.code == 2
    assert "already" in again.err
    assert path.read_text() == uncommented


def test_validating_says_in_words_whether_there_is_a_file_and_whether_it_is_well(cli: Cli, file: Path) -> None:
    assert f"There is no {file}" in cli("config", "validate").out
    file.write_text('log_level = "debug"\n')
    assert cli("config", "validate").out == f"All is well in {file}.\n"
    file.write_text('[keys]\n"poll.nwo" = "K"\n')
    warned = cli("config", "validate")
    assert (warned.out, warned.err.count("\n")) == ("", 1)


def test_a_folder_that_takes_no_file_is_a_sentence(cli: Cli) -> None:
    folder = settings.config_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")
    refused = cli("config", "init")
    assert refused.code == 1
    assert "settings.toml: found what cannot be written" in refused.err
