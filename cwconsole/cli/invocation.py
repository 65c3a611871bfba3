"""One invocation of the program: its database, its settings, who asks, and reading and writing once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from cwconsole.cli import clock, settings
from cwconsole.cli.lock import engine_lock, engine_runs, taken_ms
from cwconsole.cli.settings import Setting, Settings
from cwconsole.core.errors import ConfigError, EngineRunningError, StoreError
from cwconsole.core.later import Later
from cwconsole.store import once, wall_clock
from cwconsole.store.once import Connection

if TYPE_CHECKING:
    from cwconsole.cli import operator
    from cwconsole.store import actions
    from cwconsole.store.actions import ActionKind, Asked
    from cwconsole.store.vault import Vault
else:
    operator, actions = Later("cwconsole.cli.operator"), Later("cwconsole.store.actions")

DATABASE_VARIABLE = "CWCONSOLE_DB"
PREPARING_SECONDS = 5.0

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Invocation:
    """args: as typed. database, as_json: set by the options, wherever they stand.

    now_ms: when the command began; all of its times are relative to that.
    """

    args: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    database: str | None = None
    as_json: bool = False
    now_ms: int = field(default_factory=clock.now_ms)

    @property
    def path(self) -> Path:
        """The database's file: the option, the environment, or the user's data folder."""
        return Path(self.named).expanduser() if self.named else settings.default_database()

    @property
    def named(self) -> str | None:
        """The database as somebody has named it, who may have mistyped it; None for the user's own."""
        return self.database or self.env.get(DATABASE_VARIABLE) or None

    @cached_property
    def settings(self) -> Settings:
        """The settings file. Raises ConfigError."""
        return settings.load(self.env)

    def broken_settings(self) -> str | None:
        """What is wrong with the settings file, if the command has not looked at it itself."""
        try:
            _ = self.settings
        except ConfigError as error:
            return error.message
        return None

    def described(self) -> list[Setting]:
        """Every setting that counts, the database first, and where each is from. Raises ConfigError."""
        source = "--db" if self.database else DATABASE_VARIABLE if self.env.get(DATABASE_VARIABLE) else "default"
        database = Setting(name="database", value=str(self.path), source=source)
        return [database, *settings.described(self.settings, self.env)]

    def asked(self, kind: ActionKind, *, reason: str | None = None) -> Asked:
        """What the audit log says of this command."""
        return actions.Asked(
            kind=kind,
            operator=operator.operator(self.env),
            origin=operator.origin(self.env),
            command=operator.typed_again(self.args),
            reason=reason,
        )

    @cached_property
    def vault(self) -> Vault:
        """The secrets of this machine."""
        from cwconsole.store.vault import Vault  # noqa: PLC0415 - only commands with secrets need it

        return Vault(self.env, settings.config_folder())

    @property
    def given_secrets(self) -> tuple[str, ...]:
        """The secrets that this process holds."""
        return tuple(self.vault.given) if "vault" in self.__dict__ else ()

    def engine_runs(self) -> bool:
        """Whether an engine works on the database."""
        return engine_runs(self.path)

    def silent_since(self) -> int | None:
        """Since when the engine that runs has written nothing; None if it has lately."""
        return self.read(wall_clock.silent_since, taken_ms=taken_ms(self.path), now_ms=self.now_ms)

    def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, ...)` on one state of the file. Raises StoreError for a file that cannot be used."""
        return once.read_once(self.path, fn, *args, **kwargs)

    def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, ...)` in a transaction of its own. A file of an older program is brought up to date first."""
        if not self.path.exists():
            raise StoreError(f"There is no database {self.path}; check the path, or add an instance, which creates it.")
        self.prepare()
        return once.write_once(self.path, fn, *args, **kwargs)

    def prepare(self) -> bool:
        """Create or upgrade the file, under the engine's lock, if it needs that. Returns whether there was none.

        Raises StoreError for a named one whose folder is not there: it will have been mistyped.
        """
        if once.is_ready(self.path):
            return False
        is_new = not self.path.exists()
        if self.named and not self.path.parent.exists():
            raise StoreError(
                f"There is no folder {self.path.parent} for a database; check the path, or make the folder first."
            )
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {self.path.parent} cannot be made: {error.strerror}; name another."
            ) from error
        deadline = time.monotonic() + PREPARING_SECONDS
        while not self._migrated() and time.monotonic() < deadline:
            time.sleep(0.05)
        return is_new

    def _migrated(self) -> bool:
        """Whether the file is ready, after doing what can be done for it."""
        from cwconsole.store.database import prepared  # noqa: PLC0415 - only new and old files need it

        try:
            with engine_lock(self.path):
                prepared(self.path).close()
        except EngineRunningError:
            # Whoever holds the lock prepares the file itself; if it does not, the command will hear what is wrong.
            return once.is_ready(self.path)
        return True
