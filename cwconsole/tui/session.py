"""Where the operator was: the screens, their filters, orders and cursors, and the theme, kept for the next start.

One JSON file for each database, of the operator's own. It is written within a second of a change, so that a dropped
line loses no more than that; a file that cannot be read, or is of another version, counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from cwconsole.core.errors import UsageError
from cwconsole.log import log
from cwconsole.tui.viewspec import ViewSpec, read
from cwconsole.tui.whole_file import write_whole

VERSION: Final = 1


class Place(Struct, frozen=True, kw_only=True):
    """A screen as it was left. line: its view. cursor: the key of the row under the cursor, None for the first row."""

    line: str
    cursor: Hashable = None

    def spec(self, *, now_ms: int) -> ViewSpec | None:
        """Its view; None for one that cannot be shown any more, by another version of the program perhaps."""
        try:
            wanted = read(self.line)
            wanted.filter(now_ms=now_ms)
        except UsageError as error:
            log.info("a remembered view is left out", view=self.line, why=error.message)
            return None
        return wanted


class Session(Struct, frozen=True, kw_only=True):
    """mode: the area in front. bases: the screen of each area that was visited. above: what stood on that in front."""

    mode: str = ""
    theme: str = ""
    bases: Mapping[str, Place] = field(default_factory=dict)
    above: tuple[Place, ...] = ()


def load(path: Path) -> Session:
    """What was kept; an empty session if nothing was, or nothing that can be used."""
    try:
        return _session(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Session()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.info("the last session cannot be read; a new one begins", file=str(path), why=str(error))
        return Session()


def save(path: Path, session: Session) -> None:
    """Keep it, all or nothing. Raises OSError."""
    document = {
        "version": VERSION,
        "mode": session.mode,
        "theme": session.theme,
        "bases": {name: _plain(place) for name, place in session.bases.items()},
        "above": [_plain(place) for place in session.above],
    }
    write_whole(path, json.dumps(document))


def _plain(place: Place) -> dict[str, Any]:
    return {"view": place.line, "cursor": place.cursor}


def _session(document: Mapping[str, Any]) -> Session:
    if document["version"] != VERSION:
        raise ValueError(f"it is of version {document['version']!r}")
    return Session(
        mode=str(document["mode"]),
        theme=str(document["theme"]),
        bases={str(name): _place(place) for name, place in document["bases"].items()},
        above=tuple(_place(place) for place in document["above"]),
    )


def _place(plain: Mapping[str, Any]) -> Place:
    cursor = plain["cursor"]
    return Place(line=str(plain["view"]), cursor=tuple(cursor) if isinstance(cursor, list) else cursor)
