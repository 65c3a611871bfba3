"""What is typed behind the word of an action: why it is done, as in `:poll the customer misses ticket 17`.

An action is done to what is under the cursor or marked, whatever is typed. So what looks like the name of something
else (`:resume globex`, `:retry 17`) or like an option is refused: it would be done to the wrong thing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from cwconsole.core.errors import UsageError
from cwconsole.tui.action import Action, Scope

_DONE_TO: Final = "it is done to what is under the cursor or marked"


def reason_of(action: Action, word: str, said: str, places: Collection[str]) -> str | None:
    """The reason, None if nothing was said. places: names of instances and resources, and `acme contacts`.

    Raises UsageError where nothing can follow the word, and for what is no reason.
    """
    if not said:
        return None
    if Scope.APP in action.scopes:
        raise UsageError(f":{word} takes nothing after it; type it alone.")
    if not action.writes:
        raise UsageError(f":{word} takes nothing after it: {_DONE_TO}, and asks for the rest.")
    if said.startswith("-") or said.replace("/", " ") in places or all(map(_is_no_word, said.split())):
        raise UsageError(f":{word} takes a reason after it, and {said!r} is none: {_DONE_TO}.")
    return said


def _is_no_word(part: str) -> bool:
    """`17`, `2h`, `id:17`, `acme/contacts`, `acme.toml`."""
    return part[0].isdigit() or not set(":/.").isdisjoint(part[:-1])
