"""What is wrong with the keys that an operator has set: ids that name no action, and one key for two actions.

1. An id that is none is named with the nearest one there is.
2. Two actions clash when they have a key in common that is not ours for both, and can be done on one screen. Keys count
   as they are after the operator's own have taken the place of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from itertools import combinations

from cwconsole.tui.action import Action, Scope, key_code, key_name
from cwconsole.tui.actions import BY_ID, REGISTRY
from cwconsole.tui.render.plain import plain


def keys_after(action: Action, own: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action, the operator's own if there are any."""
    wanted = own.get(action.id)
    return tuple(wanted.split(",")) if wanted else action.keys


def keymap_warnings(own: Mapping[str, str], rooms: Iterable[Collection[Scope]]) -> list[str]:
    """One sentence for each thing that is wrong. rooms: the scopes that stand together on a screen."""
    return [*_unknown(own), *_clashes(own, [frozenset(room) for room in rooms])]


def _unknown(own: Mapping[str, str]) -> list[str]:
    found = []
    for name in own:
        if name not in BY_ID:
            close = get_close_matches(name, BY_ID, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; `cwconsole keys` lists them."
            found.append(f"The settings name keys for {plain(name)}, which is no action{hint}")
    return found


def _clashes(own: Mapping[str, str], rooms: list[frozenset[Scope]]) -> list[str]:
    changed = [action for action in REGISTRY if action.id in own]
    found = []
    for one, other in combinations(REGISTRY, 2):
        if (one in changed or other in changed) and _meet(one, other, rooms):
            ours = _codes(one, {}) & _codes(other, {})  # shared on purpose: whichever has the focus takes it
            for key in sorted((_codes(one, own) & _codes(other, own)) - ours):
                where = one if one in changed else other
                found.append(
                    f"The key {key_name(key)} is for two actions on one screen, {one.id} and {other.id}; only one of"
                    f" them gets it. Give {where.id} another."
                )
    return found


def _meet(one: Action, other: Action, rooms: list[frozenset[Scope]]) -> bool:
    return any(room & set(one.scopes) and room & set(other.scopes) for room in rooms)


def _codes(action: Action, own: Mapping[str, str]) -> set[str]:
    return {key_code(key) for key in keys_after(action, own)}
