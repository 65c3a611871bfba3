"""Secrets: sealed with a key that is not in the database, or kept elsewhere and only named.

A configured secret is one of
  env:NAME     the value of an environment variable
  file:PATH    the content of a file, without one newline at its end
  sealed:...   encrypted by us (Fernet), the only form in which the database holds a secret itself
  other text   the secret itself, as it stands in an instance file that was not stored yet

The key is `CWCONSOLE_SECRET_KEY`, or else a file in the configuration folder that only its owner may read.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cwconsole.core.errors import ConfigError
from cwconsole.core.secret import Secret
from cwconsole.store.bounded_files import BoundedFiles

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_VARIABLE = "CWCONSOLE_SECRET_KEY"
KEY_FILE = "secret.key"
ENV = "env:"
FILE = "file:"
SEALED = "sealed:"
KEY_SHAPE = "44 characters of URL-safe base64 that stand for 32 random bytes"


class Vault:
    """Seals and opens secrets. Reads files, so call it off the event loop.

    env: the environment. folder: where the key file is, or will be made when the first secret is sealed.
    files: reads what `file:PATH` names. given: every secret that was given out, for logs to leave out.
    """

    def __init__(self, env: Mapping[str, str], folder: Path, files: BoundedFiles | None = None) -> None:
        self._env = env
        self._files = files or BoundedFiles()
        self.given: set[str] = set()
        self._file = folder / KEY_FILE
        self._fernet: Fernet | None = None

    def seal(self, text: str) -> str:
        """Encrypt for the database. Makes the key if there is none. Raises ConfigError if the key is unusable."""
        return SEALED + self._cipher(create=True).encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str, *, key: str = "secret") -> Secret:
        """Undo `seal`. key: the configuration key it belongs to, for the ConfigError if it cannot be opened."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - slow to import, and few commands need it

        try:
            return Secret(self._cipher(create=False).decrypt(sealed.removeprefix(SEALED).encode()).decode())
        except InvalidToken:
            raise ConfigError(
                key,
                f"a stored secret that was not sealed with the key of {self._source()}",
                "the key it was sealed with: bring that key back, or enter the secret anew",
            ) from None

    def resolve(self, text: str, *, key: str = "secret") -> Secret:
        """The secret that a configured text stands for. key: its configuration key, for the ConfigError."""
        secret = self._resolved(text, key)
        self.given.add(secret.reveal())
        return secret

    def _resolved(self, text: str, key: str) -> Secret:
        if text.startswith(SEALED):
            return self.open(text, key=key)
        if text.startswith(ENV):
            return self._from_env(text.removeprefix(ENV), key)
        if text.startswith(FILE):
            return self._from_file(Path(text.removeprefix(FILE)), key)
        return Secret(text)

    def _from_env(self, name: str, key: str) -> Secret:
        value = self._env.get(name, "")
        if not value:
            raise ConfigError(key, f"{ENV}{name}, which is not set", f"the secret in the environment variable {name}")
        return Secret(value)

    def _from_file(self, path: Path, key: str) -> Secret:
        try:
            text = self._files.read(path).decode()
        except OSError as error:
            raise ConfigError(
                key, f"{FILE}{path}, which cannot be read ({error.strerror})", "a readable file"
            ) from error
        except UnicodeDecodeError:
            raise ConfigError(key, f"{FILE}{path}, which is not text", "a file with the secret in UTF-8") from None
        secret = text.removesuffix("\r\n" if text.endswith("\r\n") else "\n")
        if not secret:
            raise ConfigError(key, f"{FILE}{path}, which is empty", "a file with the secret in it")
        return Secret(secret)

    def _cipher(self, *, create: bool) -> Fernet:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - slow to import, and few commands need it

        if self._fernet is None:
            text = self._env.get(KEY_VARIABLE) or _key_from_file(self._file, create=create)
            try:
                self._fernet = Fernet(text)
            except ValueError:
                raise ConfigError("secret key", f"a text that is not a key in {self._source()}", KEY_SHAPE) from None
        return self._fernet

    def _source(self) -> str:
        """Where the key comes from."""
        return KEY_VARIABLE if self._env.get(KEY_VARIABLE) else str(self._file)


def _key_from_file(path: Path, *, create: bool) -> str:
    """Errors find the path itself: whoever asks for a secret names them by the secret's key."""
    try:
        if create and not path.exists():
            _make_key(path)
        with path.open(encoding="ascii", errors="replace") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if os.name == "posix" and mode & 0o077:
                raise ConfigError(
                    "secret key",
                    f"{path}, which others on this machine can read (mode {mode:04o})",
                    f"mode 0600: run `chmod 600 {path}`, and change the secrets if somebody may have read it",
                )
            return file.read().strip()
    except FileNotFoundError:
        raise ConfigError(
            "secret key",
            f"no key file {path}",
            f"the file that the secrets were sealed with put back, its text in {KEY_VARIABLE}, "
            "or all secrets set anew (`cwconsole instances edit`)",
        ) from None
    except OSError as error:
        raise ConfigError(
            "secret key",
            f"the key file {path}, which cannot be used ({error.strerror})",
            f"a file that this user can make and read, or the key in {KEY_VARIABLE}",
        ) from error


def _make_key(path: Path) -> None:
    """Make the key file appear whole, or not at all if another process was faster: then that one's key counts."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 - slow to import, and few commands need it

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())  # secrets sealed with a key that a power cut takes away are lost
        try:
            os.link(draft, path)  # unlike a rename, never replaces a file
        except FileExistsError:
            return
        _flush_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
