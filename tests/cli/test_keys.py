"""Keys of the console: listed with the operator's own, wrong ids named with what was meant."""

from __future__ import annotations

from cwconsole.cli import settings
from tests.cli.conftest import Cli


def test_keys_are_listed_with_the_operators_own_and_a_wrong_id_is_a_warning(cli: Cli) -> None:
    folder = settings.config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text('[keys]\n"poll.now" = "p, ctrl+x"\n"pol.later" = "k"\n"quitt" = "k"\n')
    result = cli("keys", "--json")
    assert result.code == 0
    assert {one["id"]: one["keys"] for one in result.json}["poll.now"] == ["p", "ctrl+x"]
    assert "quitt, which is no action; did you mean quit?" in result.err


def test_keys_that_are_none_are_refused(cli: Cli) -> None:
    folder = settings.config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for text in ("keys = 5", '[keys]\n"poll.now" = 5', '[keys]\n"poll.now" = " "'):
        (folder / "settings.toml").write_text(text)
        assert cli("keys").code != 0
