"""The second line: where one is, and how fresh what stands there is."""

from __future__ import annotations

from collections.abc import Sequence

from cwconsole.tui.freshness import Freshness, Phase
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.plain import fit, plain, width
from cwconsole.tui.render.times import ago


def crumbs_line(
    names: Sequence[str], badge: str, freshness: Freshness | None, cells: int, *, glyphs: Glyphs, now_ms: int
) -> Line:
    """The names of the stack, the last one last and whole as long as there is room; badges at the right."""
    badges = [one for one in (plain(badge), _freshness(freshness, now_ms)) if one]
    right = "  ".join(badges)
    room = max(cells - width(right) - 3, 0)
    *before, last = [plain(name) for name in names] or [""]
    while before and width(f" {glyphs.crumb} ".join((*before, last))) > room:
        before.pop(0)
    lead = "".join(f"{name} {glyphs.crumb} " for name in before)
    shown = fit(last, max(room - width(lead), 0), cut=glyphs.cut)
    bad = freshness is not None and freshness.phase in {Phase.STALE, Phase.UNAVAILABLE}
    return (
        Cell(f" {lead}", Tone.MUTED),
        Cell(f"{shown} ", Tone.STRONG),
        Cell(f"{right} ", Tone.WARN if bad else Tone.KEY),
    )


def _freshness(freshness: Freshness | None, now_ms: int) -> str:
    if freshness is None or freshness.phase is Phase.CURRENT:
        return ""
    if freshness.phase is Phase.STALE:
        return f"STALE since {ago(freshness.since_ms, now_ms)}"
    return "loading" if freshness.phase is Phase.LOADING else "UNAVAILABLE"


def notice_line(freshness: Freshness, glyphs: Glyphs, now_ms: int, *, hindrance: str | None = None) -> Line:
    """What stands above a view that could not be read, in full; else why the engine writes nothing, if that is so."""
    error = plain(freshness.error or "")
    if freshness.phase is Phase.STALE:
        since = ago(freshness.since_ms, now_ms)
        return (Cell(f"{glyphs.warn} This is as it was {since} ago; it cannot be read now: {error}", Tone.WARN),)
    if freshness.phase is Phase.UNAVAILABLE:
        return (Cell(f"{glyphs.bad} This cannot be shown: {error}", Tone.BAD),)
    if hindrance is not None:
        return (Cell(f"{glyphs.bad} {plain(hindrance)}", Tone.BAD),)
    return ()
