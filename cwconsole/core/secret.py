"""A secret that does not show itself in logs, errors, reprs or f-strings."""

from __future__ import annotations

MASK = "********"


class Secret:
    """Holds a text. Only `reveal()` gives it out; comparing is by value."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call it only where the secret goes onto the wire or into the vault."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)
