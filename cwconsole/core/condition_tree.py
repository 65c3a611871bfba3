"""Filter expressions as a tree, and how ConnectWise wants them written. Reading them is `core.condition_reader`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Comparison(Struct, frozen=True, kw_only=True):
    """`name operator value`, in ConnectWise's spelling; a list is one value with its parentheses."""

    name: str
    operator: str
    value: str


class Negation(Struct, frozen=True, kw_only=True):
    """`not (…)`."""

    part: Node


class Group(Struct, frozen=True, kw_only=True):
    """Two or more parts, joined by one word. A part never is a Group of the same word."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]


Node = Comparison | Negation | Group


def join(word: Literal["and", "or"], parts: list[Node]) -> Node | None:
    """The parts joined by `word`, nested groups of the same word flattened; None for no parts."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, Group) and part.word == word else [part]
    if len(flat) < 2:
        return flat[0] if flat else None
    return Group(word=word, parts=tuple(flat))


def write_conditions(node: Node | None) -> str:
    """The tree in ConnectWise's grammar, safe to be joined with `and`: an `or` is always in parentheses."""
    match node:
        case None:
            return ""
        case Comparison():
            return f"{node.name} {node.operator} {node.value}"
        case Negation():
            inner = write_conditions(node.part)
            return f"not {inner}" if _is_guarded(node.part) else f"not ({inner})"
        case Group(word="and"):
            return " and ".join(write_conditions(part) for part in node.parts)
        case Group():
            return "(" + " or ".join(_alternative(part) for part in node.parts) + ")"


def _alternative(part: Node) -> str:
    text = write_conditions(part)
    return f"({text})" if isinstance(part, Group) else text


def _is_guarded(node: Node) -> bool:
    return isinstance(node, Group) and node.word == "or"
