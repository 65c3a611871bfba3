"""What the header says at this moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cwconsole.tui.freshness import Phase
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.times import minute
from cwconsole.tui.render.verdict import LEAST, Heading

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp


def heading_of(app: ConsoleApp) -> Heading:
    """The header's words for a console as it is now."""
    now = app.now_ms()
    zone = datetime.fromtimestamp(now / 1000, tz=UTC).astimezone()
    is_utc = zone.utcoffset() == UTC.utcoffset(None)
    about = next((screen.about for screen in reversed(app.console_screens())), None)
    return Heading(
        host=app.host,
        engine=app.engine,
        verdict=app.verdict,
        utc=minute(now),
        local="" if is_utc else minute(now, None),
        local_zone="" if is_utc else plain(zone.tzname() or "local"),
        read_only=app.author.read_only or about in app.read_only_instances,
        frozen=app.frozen,
        production=_is_production(app, about),
        stale=app.fleet_refresher.freshness.phase is Phase.STALE,
        small=_too_small(app.size.width, app.size.height),
    )


def _too_small(columns: int, lines: int) -> str:
    return f"{columns}x{lines}" if columns < LEAST[0] or lines < LEAST[1] else ""


def _is_production(app: ConsoleApp, about: str | None) -> bool:
    """Whether what is shown belongs to one instance, and that is tagged PROD."""
    return about is not None and any(
        row.production and about in {row.instance, str(row.instance_id)} for row in app.fleet.values()
    )
