"""States as a glyph, a word and a tone, so that colour never says anything alone."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from msgspec import Struct

from cwconsole.core.health import Health
from cwconsole.tui.render.cells import Cell, Tone
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.glyphs import Glyphs


class _Look(Struct, frozen=True):
    """glyph: the name of the sign in `Glyphs`."""

    glyph: str
    tone: Tone


_HEALTH: Final = MappingProxyType(
    {
        Health.FRESH: _Look("good", Tone.GOOD),
        Health.UNSENT: _Look("unsent", Tone.BAD),
        Health.HELD: _Look("held", Tone.WARN),
        Health.ASKING: _Look("question", Tone.WARN),
        Health.LATE: _Look("warn", Tone.WARN),
        Health.NEW: _Look("waiting", Tone.BUSY),
        Health.FAILING: _Look("bad", Tone.BAD),
        Health.PARKED: _Look("stuck", Tone.BAD),
        Health.PAUSED: _Look("paused", Tone.MUTED),
        Health.OFF: _Look("off", Tone.MUTED),
    }
)
# Worst first: what somebody must mend, what may pass, what somebody chose, what is well.
_WORST_FIRST: Final = (
    Health.PARKED,
    Health.FAILING,
    Health.UNSENT,
    Health.ASKING,
    Health.LATE,
    Health.HELD,
    Health.NEW,
    Health.PAUSED,
    Health.FRESH,
    Health.OFF,
)
_WORDS: Final = MappingProxyType(
    {
        # deliveries
        "pending": _Look("waiting", Tone.PLAIN),
        "sending": _Look("busy", Tone.BUSY),
        "retrying": _Look("warn", Tone.WARN),
        "delivered": _Look("good", Tone.GOOD),
        "dead": _Look("bad", Tone.BAD),
        "cancelled": _Look("off", Tone.MUTED),
        "held": _Look("held", Tone.WARN),
        # polls and actions
        "running": _Look("busy", Tone.BUSY),
        "ok": _Look("good", Tone.GOOD),
        "done": _Look("good", Tone.GOOD),
        "failed": _Look("bad", Tone.BAD),
        "stopped": _Look("off", Tone.MUTED),
        "interrupted": _Look("warn", Tone.WARN),
        "dropped": _Look("off", Tone.MUTED),
        "refused": _Look("question", Tone.WARN),
        "queued": _Look("waiting", Tone.BUSY),
        "expired": _Look("warn", Tone.WARN),
        # jobs
        "paused": _Look("paused", Tone.MUTED),
    }
)
_UNDER_WAY: Final = ("sending", "running")
_TYPES: Final = MappingProxyType({"CREATED": Tone.GOOD, "UPDATED": Tone.BUSY, "DELETED": Tone.WARN})


def health_cell(state: Health, glyphs: Glyphs) -> Cell:
    """`● fresh`."""
    look = _HEALTH[state]
    return Cell(f"{getattr(glyphs, look.glyph)} {state.value}", look.tone)


def severity(state: Health) -> int:
    """Lower is worse."""
    return _WORST_FIRST.index(state)


def state_cell(word: str, glyphs: Glyphs) -> Cell:
    """`✗ dead`: the state of a delivery, a poll or an action. A word that is not known is shown as it is."""
    look = _WORDS.get(word)
    return Cell(word) if look is None else Cell(f"{getattr(glyphs, look.glyph)} {word}", look.tone)


def state_now(word: str, look: Look, *, engine: bool = True) -> Cell:
    """The same of what an engine does: without one nothing is under way. engine: whether that needs one."""
    if engine and not look.engine_runs and word in _UNDER_WAY:
        return Cell(f"{look.glyphs.warn} no engine", Tone.WARN)
    return state_cell(word, look.glyphs)


def sign_cell(word: str, glyphs: Glyphs) -> Cell:
    """`✗`: the glyph of `state_cell` alone."""
    cell = state_cell(word, glyphs)
    return Cell(cell.text.partition(" ")[0], cell.tone)


def type_cell(event_type: str) -> Cell:
    """`created`, `updated`, `deleted`."""
    return Cell(event_type.lower(), _TYPES.get(event_type, Tone.PLAIN))
