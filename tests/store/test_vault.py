"""Secrets are sealed, opened and resolved; every refusal names what to mend, and none shows a secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.errors import ConfigError
from cwconsole.core.secret import Secret
from cwconsole.store.bounded_files import BoundedFiles
from cwconsole.store.database import prepared
from cwconsole.store.vault import KEY_FILE, KEY_VARIABLE, Vault
from tests.store.processes import finished, go, said, start

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
PLACE = "configuration.private.key"

SEAL_FIRST = """
import sys
from pathlib import Path
import cryptography.fernet
from cwconsole.store.vault import Vault
print("ready", flush=True)
for folder in sys.stdin:
    print(Vault({}, Path(folder.strip())).seal("mine"), flush=True)
"""


@given(st.text())
def test_what_was_sealed_opens_again(text: str) -> None:
    vault = Vault({KEY_VARIABLE: KEY}, Path("unused"))
    sealed = vault.seal(text)
    assert sealed.startswith("sealed:")
    assert vault.open(sealed) == vault.resolve(sealed) == Secret(text)


def test_the_first_seal_makes_a_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "config"
    sealed = Vault({}, folder).seal("hush")
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert Vault({}, folder).open(sealed) == Secret("hush")


def test_processes_that_race_for_the_first_key_end_with_the_same_one(tmp_path: Path) -> None:
    processes = [start(SEAL_FIRST) for _ in range(4)]
    assert [said(process) for process in processes] == ["ready"] * 4
    for race in range(10):
        folder = tmp_path / str(race)
        for process in processes:
            go(process, str(folder))
        sealed = [said(process) for process in processes]
        assert [Vault({}, folder).open(text) for text in sealed] == [Secret("mine")] * 4
        assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    for process in processes:
        finished(process)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    vault = Vault({}, tmp_path)
    sealed = vault.seal("hush")
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(ConfigError, match=r"mode 0640.*chmod 600"):
        Vault({}, tmp_path).open(sealed)


def test_opening_never_makes_a_key(tmp_path: Path) -> None:
    sealed = Vault({KEY_VARIABLE: KEY}, tmp_path).seal("hush")
    with pytest.raises(ConfigError, match=f"no key file {tmp_path / KEY_FILE}, expected .* put back"):
        Vault({}, tmp_path).open(sealed)
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_in_an_impossible_place_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=rf"file/config/{KEY_FILE}, which cannot be used.*{KEY_VARIABLE}"):
        Vault({}, tmp_path / "file" / "config").seal("hush")


def test_the_variable_wins_over_the_file(tmp_path: Path) -> None:
    Vault({}, tmp_path).seal("hush")
    sealed = Vault({KEY_VARIABLE: KEY}, tmp_path).seal("hush")
    assert Vault({KEY_VARIABLE: KEY}, Path("unused")).open(sealed) == Secret("hush")


@pytest.mark.parametrize(
    ("key", "source"), [({KEY_VARIABLE: OTHER_KEY}, KEY_VARIABLE), ({}, KEY_FILE)], ids=["variable", "file"]
)
def test_another_key_is_named_with_the_place_of_the_secret(tmp_path: Path, key: dict[str, str], source: str) -> None:
    sealed = Vault({KEY_VARIABLE: KEY}, tmp_path).seal("hush")
    vault = Vault(key, tmp_path)
    vault.seal("makes the file")
    with pytest.raises(ConfigError, match=rf"{PLACE}.*{source}.*enter the secret anew"):
        vault.resolve(sealed, key=PLACE)


@pytest.mark.parametrize("damage", ["sealed:", "sealed:abc", "sealed:ä", "sealed:gAAAAA=="])
def test_a_damaged_sealed_text_is_refused(damage: str) -> None:
    with pytest.raises(ConfigError, match=PLACE):
        Vault({KEY_VARIABLE: KEY}, Path("unused")).resolve(damage, key=PLACE)


def test_a_key_that_is_none_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="44 characters") as caught:
        Vault({KEY_VARIABLE: "my passphrase"}, tmp_path).seal("hush")
    assert "my passphrase" not in str(caught.value)


def test_env_gives_the_value_of_the_variable() -> None:
    assert Vault({"CW_KEY": "hush"}, Path("unused")).resolve("env:CW_KEY") == Secret("hush")


@pytest.mark.parametrize("env", [{}, {"CW_KEY": ""}], ids=["missing", "empty"])
def test_env_without_a_value_is_refused_by_name(env: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=rf"{PLACE}.*CW_KEY, which is not set"):
        Vault(env, Path("unused")).resolve("env:CW_KEY", key=PLACE)


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"hush", "hush"),
        (b"hush\n", "hush"),
        (b"hush\r\n", "hush"),
        (b"hush\n\n", "hush\n"),
        (b" h\xc3\xbc \n", " hü "),
    ],
)
def test_file_gives_the_content_without_one_newline(tmp_path: Path, content: bytes, secret: str) -> None:
    (tmp_path / "key").write_bytes(content)
    assert Vault({}, tmp_path).resolve(f"file:{tmp_path / 'key'}").reveal() == secret


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"", "empty"), (b"\n", "empty"), (b"\xff", "not text")]
)
def test_file_without_a_usable_secret_is_refused_by_name(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{PLACE}.*{path}.*{why}"):
        Vault({}, tmp_path).resolve(f"file:{path}", key=PLACE)


def test_a_secret_file_that_never_answers_is_a_plain_fault_and_so_is_its_neighbour_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "key").write_text("hush")
    vault = Vault({}, tmp_path, BoundedFiles(seconds=1))
    with pytest.raises(ConfigError, match=rf"{PLACE}.*pipe, which cannot be read \(no answer within 1 s"):
        vault.resolve(f"file:{tmp_path / 'pipe'}", key=PLACE)
    with pytest.raises(ConfigError, match="still hangs"):
        vault.resolve(f"file:{tmp_path / 'key'}", key=PLACE)
    os.close(os.open(tmp_path / "pipe", os.O_WRONLY))  # its reader comes to an end
    for thread in threading.enumerate():
        if thread.name == "reading pipe":
            thread.join(5)
    assert vault.resolve(f"file:{tmp_path / 'key'}").reveal() == "hush", "the folder answers again"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no file without an end")
def test_a_secret_file_without_an_end_is_not_read_into_memory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than 1,000,000 bytes"):
        Vault({}, tmp_path).resolve("file:/dev/zero", key=PLACE)


def test_a_secret_is_not_read_out_of_a_database_that_is_open(tmp_path: Path) -> None:
    with closing(prepared(tmp_path / "cw.db")), pytest.raises(ConfigError, match="a database that is open"):
        Vault({}, tmp_path).resolve(f"file:{tmp_path / 'cw.db'}", key=PLACE)


def test_other_text_is_the_secret_itself() -> None:
    assert Vault({}, Path("unused")).resolve("hush") == Secret("hush")


def test_the_vault_does_not_load_cryptography_before_it_needs_it() -> None:
    code = "import cwconsole.store.vault, sys; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
