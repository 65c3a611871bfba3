"""Times as people read them: relative in lists, absolute in UTC and the instance's zone in details."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def span(seconds: float) -> str:
    """A duration in at most two units: `340ms`, `12s`, `5m`, `2h 5m`, `3d 4h`."""
    if 0 < seconds < 1:
        return f"{max(round(seconds * 1000), 1)}ms"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f}s"
    rest = max(int(seconds), 0)
    if rest < 60:
        return f"{rest}s"
    parts: list[tuple[int, str]] = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append((count, unit))
        if len(parts) == 2:
            break
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


def short(seconds: float) -> str:
    """A duration in one unit, the largest, for narrow columns: `12s`, `5m`, `2h`, `3d`."""
    rest = max(int(seconds), 0)
    for unit, size in _UNITS:
        if rest >= size:
            return f"{rest // size}{unit}"
    return "0s"


def ago(ms: int | None, now_ms: int, *, none: str = "—") -> str:
    """How long ago, for lists: `<1m`, `5m`, `2h`, `3d`. Never in seconds: lists are drawn anew once a minute."""
    if ms is None:
        return none
    seconds = (now_ms - ms) / 1000
    return "<1m" if seconds < 60 else short(seconds)


def until(ms: int | None, now_ms: int, *, none: str = "—") -> str:
    """How long from now, in minutes as pollers think: `due`, `<1m`, `4m`, `2h`."""
    if ms is None:
        return none
    seconds = (ms - now_ms) / 1000
    if seconds <= 0:
        return "due"
    return "<1m" if seconds < 60 else short(seconds)


def minute(ms: int, zone: tzinfo | None = UTC) -> str:
    """`14:05`. zone: None for this machine's."""
    return f"{datetime.fromtimestamp(ms / 1000, tz=UTC).astimezone(zone):%H:%M}"


def second(ms: int | None, zone: tzinfo = UTC) -> str:
    """`2026-09-01 08:00:00 UTC`."""
    if ms is None:
        return "—"
    return f"{datetime.fromtimestamp(ms // 1000, tz=UTC).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def both(ms: int | None, zone: tzinfo) -> str:
    """UTC and, where its clocks show another time, the zone: `2026-09-01 08:00:00 UTC  2026-09-01 02:00:00 MDT`."""
    if ms is None or not datetime.fromtimestamp(ms // 1000, tz=zone).utcoffset():
        return second(ms)
    return f"{second(ms)}  {second(ms, zone)}"


def compact(ms: int, now_ms: int) -> str:
    """UTC for a list's wide column: the time of day within 20 hours, else day and minute."""
    when = datetime.fromtimestamp(ms // 1000, tz=UTC)
    return f"{when:%H:%M:%S}" if abs(now_ms - ms) < 72_000_000 else f"{when:%m-%d %H:%M}"
