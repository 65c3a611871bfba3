"""ConnectWise's conditions grammar: from text to an expression.

    expression  = term {("and" | "or") term}           "and" binds tighter
    term        = "(" expression ")"
                | name comparison literal               = != < <= > >=
                | name ["not"] ("like" | "contains") string
                | name ["not"] "in" "(" literal {"," literal} ")"
    literal     = "text" | 'text' | 12 | 1.5 | True | False | null | [2026-06-09T21:59:47Z]
    name        = member {"/" member}                   company/id, _info/lastUpdated

Keywords are read in any case. Inside a string `[[]x]` stands for `[x]`. A time has no offset: `Z` or nothing, since the
real API misreads `+00:00`; fractions of a second are read. (reference/connectwise-api.md, sections 2 and 4.)

What is not documented is refused rather than guessed, so that a client does not come to rely on it: names on the right
hand side, quotes inside strings, a bare `not (...)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_DEEPEST = 100


class Operator(StrEnum):
    """What a term asks of a member. The values are ConnectWise's spellings."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "like"
    NOT_LIKE = "not like"
    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    IN = "in"
    NOT_IN = "not in"


COMPARISONS = frozenset({Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE})


@dataclass(frozen=True, slots=True)
class Instant:
    """A time literal, in seconds since the epoch, UTC."""

    epoch: float


Literal = str | int | float | bool | Instant | None


@dataclass(frozen=True, slots=True)
class Term:
    """One question about one member. operand is a tuple for `in` and `not in`."""

    name: str
    operator: Operator
    operand: Literal | tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    parts: tuple[Expression, ...]


Expression = Term | And | Or


class ConditionError(ValueError):
    """The text is no condition. `str(error)` is the message of the 400 answer."""


def parse(text: str) -> Expression | None:
    """Read a condition; None if the text is blank. Raises ConditionError."""
    tokens = _Tokens(text)
    if tokens.kind == "end":
        return None
    expression = _either(tokens, 0)
    if tokens.kind != "end":
        raise tokens.unexpected("the end, 'and' or 'or'")
    return expression


def parse_instant(text: str) -> float | None:
    """Seconds since the epoch of a time as ConnectWise writes it, or None if it is none."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC).timestamp()


_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?Z?)?")
_KEYWORDS = frozenset({"and", "or", "not", "in", "like", "contains", "null", "true", "false"})
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"[^"]*"|'[^']*')
    | (?P<instant>\[[^\]]*\])
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)
    | (?P<symbol><=|>=|!=|[=<>(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


class _Tokens:
    """The token under the reading head, and the way to the next one."""

    def __init__(self, text: str) -> None:
        self._source = self._scan(text)
        self.kind, self.text = next(self._source)

    @staticmethod
    def _scan(text: str) -> Iterator[tuple[str, str]]:
        position = 0
        while True:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise ConditionError(f"String was not recognized as a valid condition near '{text[position:][:20]}'.")
            kind, token = match.lastgroup, match[match.lastgroup]
            if kind == "name" and token.lower() in _KEYWORDS:
                kind, token = "keyword", token.lower()
            yield kind, token
            position = match.end()

    def take(self) -> str:
        """The present token's text; the head moves on."""
        text = self.text
        self.kind, self.text = next(self._source)
        return text

    def skip(self, *texts: str) -> bool:
        """Step over the present token if it is one of these symbols or keywords."""
        found = self.kind in ("symbol", "keyword") and self.text in texts
        if found:
            self.take()
        return found

    def expect(self, text: str) -> None:
        """Step over this symbol, which must be here."""
        if not self.skip(text):
            raise self.unexpected(f"'{text}'")

    def unexpected(self, expected: str) -> ConditionError:
        """What to raise when something else stands here."""
        return ConditionError(f"Syntax error in condition: expected {expected}, found '{self.text or 'the end'}'.")


def _either(tokens: _Tokens, depth: int) -> Expression:
    parts = [_both(tokens, depth)]
    while tokens.skip("or"):
        parts.append(_both(tokens, depth))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _both(tokens: _Tokens, depth: int) -> Expression:
    parts = [_term(tokens, depth)]
    while tokens.skip("and"):
        parts.append(_term(tokens, depth))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _term(tokens: _Tokens, depth: int) -> Expression:
    if depth > _DEEPEST:
        raise ConditionError("Syntax error in condition: parentheses are nested too deeply.")
    if tokens.skip("("):
        inner = _either(tokens, depth + 1)
        tokens.expect(")")
        return inner
    if tokens.kind != "name":
        raise tokens.unexpected("a name")
    name = tokens.take()
    operator = _operator(tokens)
    if operator in (Operator.IN, Operator.NOT_IN):
        return Term(name, operator, _list(tokens))
    operand = _literal(tokens)
    if operator not in COMPARISONS and not isinstance(operand, str):
        raise ConditionError(f"Syntax error in condition: '{operator}' needs a string.")
    if operand is None and operator not in (Operator.EQ, Operator.NE):
        raise ConditionError(f"Syntax error in condition: '{operator}' cannot be used with null.")
    return Term(name, operator, operand)


def _operator(tokens: _Tokens) -> Operator:
    negated = tokens.skip("not")
    words = ("in", "like", "contains") if negated else tuple(Operator)
    if tokens.kind not in ("symbol", "keyword") or tokens.text not in words:
        raise tokens.unexpected("an operator")
    return Operator(f"not {tokens.take()}" if negated else tokens.take())


def _list(tokens: _Tokens) -> tuple[Literal, ...]:
    tokens.expect("(")
    items = [_literal(tokens)]
    while tokens.skip(","):
        items.append(_literal(tokens))
    tokens.expect(")")
    return tuple(items)


def _literal(tokens: _Tokens) -> Literal:
    kind = tokens.kind
    if kind == "keyword" and tokens.text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[tokens.take()]
    if kind not in ("string", "instant", "number"):
        raise tokens.unexpected("a value")
    text = tokens.take()
    if kind == "string":
        return text[1:-1].replace("[[]", "[")
    if kind == "number":
        return float(text) if "." in text else int(text)
    epoch = parse_instant(text[1:-1])
    if epoch is None:
        raise ConditionError(f"String {text} was not recognized as a valid DateTime.")
    return Instant(epoch)
