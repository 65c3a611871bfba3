"""Views with a name, in a TOML file that people can edit as well:

    "last night" = "events state:dead since:12h"

The file is the one place: it is read whenever views are listed or chosen, for another console may have saved one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.later import Later
from cwconsole.tui.viewspec import ViewSpec, read
from cwconsole.tui.whole_file import write_whole

if TYPE_CHECKING:
    import tomllib

    import tomli_w
else:
    tomllib, tomli_w = Later("tomllib"), Later("tomli_w")

NAME: Final = re.compile(r"[^\W_][\w .-]{0,39}")


class SavedViews:
    """path: the file; None for views that end with the console."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.seen: dict[str, str] = {}  # as last read or written

    def all(self) -> dict[str, str]:
        """Lines by name. Raises ConfigError for a file that cannot be used."""
        if self._path is not None:
            self.seen = self._read(self._path)
        return dict(self.seen)

    def _read(self, path: Path) -> dict[str, str]:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(str(path), f"what cannot be read ({error})", 'lines such as name = "events"') from error
        for name, line in table.items():
            if not isinstance(line, str):
                raise ConfigError(f"{path}: {name}", "no text", 'a view such as "events state:dead"')
        return {name: str(line) for name, line in table.items()}

    def named(self, name: str) -> ViewSpec:
        """One of them. Raises UsageError for a name or a line that is none; ConfigError as `all`."""
        views = self.all()
        if name not in views:
            there_are = f"there are {', '.join(views)}" if views else "none is saved yet"
            raise UsageError(f"There is no saved view {name!r}; {there_are}.")
        return read(views[name])

    def save(self, name: str, line: str) -> bool:
        """Give a view a name. Returns whether it had one that now means something else.

        Raises UsageError for what is no name, ConfigError for a file that cannot be used.
        """
        if not NAME.fullmatch(name):
            raise UsageError(
                "A view's name has letters, digits, spaces, dots and hyphens, at most 40: `:save last night`."
            )
        views = self.all()
        before = views.get(name)
        self._write({**views, name: line})
        return before is not None and before != line

    def forget(self, name: str) -> None:
        """Raises UsageError if there is none of that name, ConfigError for a file that cannot be used."""
        views = self.all()
        if views.pop(name, None) is None:
            raise UsageError(f"There is no saved view {name!r}.")
        self._write(views)

    def _write(self, views: dict[str, str]) -> None:
        if self._path is not None:
            try:
                write_whole(self._path, tomli_w.dumps(views))
            except OSError as error:
                raise ConfigError(
                    str(self._path), f"what cannot be written ({error.strerror})", "a file that can"
                ) from error
        self.seen = views
