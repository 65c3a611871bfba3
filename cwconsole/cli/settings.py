"""Where things are on this machine, and the settings file.

`settings.toml` in the user's configuration folder, all of it optional:

    client_id = "…"                        # ConnectWise's clientId for instances that have none
    callback_networks = ["10.1.0.0/16"]    # private networks that instances from the HTTP API may deliver to
    retention_days = 90                    # how long history is kept; the last version of each record stays
    log_level = "info"                     # debug, info, warning or error
    read_only = true                       # consoles change nothing and run no engine, unless told --no-read-only;
                                           # ["acme", "17"]: they change nothing of these instances, by name or id
    theme = "cwconsole-light"              # that consoles begin with, instead of the one that was left
    [keys]                                 # of the console, by the ids that `cwconsole keys` lists
    "poll.now" = "p,ctrl+x"
    [themes.dusk]                          # a theme of one's own, on top of one of ours
    primary = "#5f87d7"

Precedence: option, environment variable, file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cwconsole.core.errors import ConfigError
from cwconsole.core.later import Later

if TYPE_CHECKING:
    import tomllib

    import platformdirs

    from cwconsole.tui import themes
    from cwconsole.tui.themes import Palette
else:
    platformdirs, tomllib, themes = Later("platformdirs"), Later("tomllib"), Later("cwconsole.tui.themes")

APP = "cwconsole"
CLIENT_ID_VARIABLE = "CWCONSOLE_CLIENT_ID"
LEVELS = ("debug", "info", "warning", "error")
KNOWN = ("client_id", "callback_networks", "retention_days", "log_level", "read_only", "theme", "keys", "themes")
DEFAULT_DAYS, MOST_DAYS = 90, 36_500


class Settings(Struct, frozen=True, kw_only=True):
    """client_id: the default for instances without one. callback_networks: CIDR texts. named: what the file sets.

    read_only: whether consoles may only look. read_only_instances: by ids and names, of which they may only look at.
    theme: that consoles begin with; None for the one that was left. themes: the operator's own.
    """

    client_id: str | None = None
    callback_networks: tuple[str, ...] = ()
    retention_days: int = DEFAULT_DAYS
    log_level: str = "info"
    read_only: bool = False
    read_only_instances: frozenset[str] = frozenset()
    theme: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    themes: tuple[Palette, ...] = ()
    named: frozenset[str] = frozenset()


def default_database() -> Path:
    """The database if none is named."""
    return platformdirs.user_data_path(APP, appauthor=False) / "cwconsole.db"


def config_folder() -> Path:
    """Where the settings and the key of the sealed secrets are."""
    return platformdirs.user_config_path(APP, appauthor=False)


def settings_file() -> Path:
    """The settings, if there are any."""
    return config_folder() / "settings.toml"


def views_file() -> Path:
    """The console's saved views."""
    return config_folder() / "views.toml"


def session_file(database: Path) -> Path:
    """Where the operator was on a database when the console ended."""
    from hashlib import sha256  # noqa: PLC0415 - of no use but here

    name = sha256(str(database.resolve()).encode()).hexdigest()[:16]
    return platformdirs.user_state_path(APP, appauthor=False) / f"session-{name}.json"


def log_file() -> Path:
    """Where engines and consoles of this user log to, and where tracebacks go."""
    return platformdirs.user_log_path(APP, appauthor=False) / "cwconsole.log"


def load(env: Mapping[str, str]) -> Settings:
    """The settings that count. Raises ConfigError that names the file's key."""
    path = settings_file()
    table = _table(path)
    for name in table:
        if name not in KNOWN:
            raise ConfigError(f"{path}: {name}", "an unknown name", f"one of {', '.join(KNOWN)}")
    client_id = _text(table, "client_id", path)
    own = themes.own_palettes(table["themes"], f"{path}: themes") if "themes" in table else ()
    return Settings(
        client_id=env.get(CLIENT_ID_VARIABLE) or client_id,
        callback_networks=_networks(table, path),
        retention_days=_days(table, path),
        log_level=_level(table, path),
        read_only=table.get("read_only") is True,
        read_only_instances=_read_only_instances(table, path),
        theme=themes.theme_named(table["theme"], own, f"{path}: theme") if "theme" in table else None,
        keys=_keys(table, path),
        themes=own,
        named=frozenset(table),
    )


class Setting(Struct, frozen=True, kw_only=True):
    """A setting as it counts. source: an option, a variable, the path of the file, or `default`."""

    name: str
    value: str
    source: str


def described(found: Settings, env: Mapping[str, str]) -> list[Setting]:
    """The settings that count, and where each is from. Whatever opens a door is said to be set, not shown."""

    def one(name: str, value: str) -> Setting:
        return Setting(name=name, value=value, source=str(settings_file()) if name in found.named else "default")

    client_id = one("client_id", "set" if found.client_id else "not set")
    if env.get(CLIENT_ID_VARIABLE):
        client_id = Setting(name="client_id", value="set", source=CLIENT_ID_VARIABLE)
    return [
        client_id,
        one("callback_networks", ", ".join(found.callback_networks) or "none"),
        one("retention_days", str(found.retention_days)),
        one("log_level", found.log_level),
        one("read_only", ", ".join(sorted(found.read_only_instances)) or str(found.read_only).lower()),
        one("theme", found.theme or "as it was left"),
        one("keys", ", ".join(f"{name} = {keys}" for name, keys in found.keys.items()) or "ours"),
        one("themes", ", ".join(["ours", *(palette.name for palette in found.themes)])),
    ]


def _table(path: Path) -> dict[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text)  # loaded only where there is a file
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(str(path), f"a file that cannot be read ({error.strerror})", "a readable file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), f"text that is not TOML ({error})", "valid TOML") from error


def _text(table: dict[str, object], name: str, path: Path) -> str | None:
    value = table.get(name)
    if value is not None and not (isinstance(value, str) and value.isprintable()):
        raise ConfigError(f"{path}: {name}", "no plain text", "a text")
    return value or None


def _days(table: dict[str, object], path: Path) -> int:
    days = table.get("retention_days", DEFAULT_DAYS)
    if type(days) is not int or not 1 <= days <= MOST_DAYS:
        raise ConfigError(f"{path}: retention_days", repr(days), f"a whole number of days, 1 to {MOST_DAYS}")
    return days


def _level(table: dict[str, object], path: Path) -> str:
    level = (_text(table, "log_level", path) or "info").lower()
    if level not in LEVELS:
        raise ConfigError(f"{path}: log_level", level, f"one of {', '.join(LEVELS)}")
    return level


def _read_only_instances(table: dict[str, object], path: Path) -> frozenset[str]:
    """None where all are meant, or none."""
    value = table.get("read_only", False)
    if isinstance(value, bool):
        return frozenset()
    if not (isinstance(value, list) and all(isinstance(one, str) and one for one in value)):
        raise ConfigError(f"{path}: read_only", repr(value), 'true, false, or instances such as ["acme", "globex"]')
    return frozenset(value)


def _keys(table: dict[str, object], path: Path) -> dict[str, str]:
    """Which ids there are is known to the console alone: a wrong one is a warning there."""
    value = table.get("keys", {})
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: keys", "no table", 'a table such as [keys] with "poll.now" = "p"')
    for name, keys in value.items():
        if not (isinstance(keys, str) and keys.strip()):
            raise ConfigError(f"{path}: keys.{name}", "no keys", 'keys with commas between them, such as "p,ctrl+x"')
    return {name: keys.replace(" ", "") for name, keys in value.items()}


def _networks(table: dict[str, object], path: Path) -> tuple[str, ...]:
    value = table.get("callback_networks", [])
    if not isinstance(value, list):
        raise ConfigError(f"{path}: callback_networks", "no list", 'a list such as ["10.1.0.0/16"]')
    return tuple(_network(item, path) for item in value)


def _network(item: object, path: Path) -> str:
    from ipaddress import ip_network  # noqa: PLC0415 - only settings that allow networks need it

    try:
        return str(ip_network(str(item)))
    except ValueError as error:
        raise ConfigError(f"{path}: callback_networks", str(item), "a network such as 10.1.0.0/16") from error
