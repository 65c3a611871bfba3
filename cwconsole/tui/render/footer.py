"""The footer: the keys that work here, the most useful ones first, in exactly one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cwconsole.tui.action import Action, Subject, key_name
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.plain import width


def footer_line(
    actions: Sequence[Action],
    subject: Subject,
    cells: int,
    glyphs: Glyphs,
    keys_of: Callable[[Action], Sequence[str]] = lambda action: action.keys,
) -> Line:
    """Keys and labels. What does not fit is left out, and help says so; what cannot be done here is dimmed."""
    wanted = sorted((action for action in actions if action.label), key=lambda action: -action.priority)
    used, kept = 1, []
    for action in wanted:
        needed = width(_text(action, keys_of)) + 2
        if used + needed > cells:
            break
        used += needed
        kept.append(action)
    line: list[Cell] = [Cell(" ")]
    for action in kept:
        key, label = key_name(keys_of(action)[0]), action.label
        off = action.why_not(subject) is not None
        line.append(Cell(key, Tone.MUTED if off else Tone.KEY))
        line.append(Cell(f" {label}  ", Tone.MUTED if off else Tone.PLAIN))
    if len(kept) < len(wanted) and used < cells:
        line.append(Cell(glyphs.cut, Tone.MUTED))
        used += 1
    return (*line, Cell(" " * (cells - used)))


def _text(action: Action, keys_of: Callable[[Action], Sequence[str]]) -> str:
    return f"{key_name(keys_of(action)[0])} {action.label}"
