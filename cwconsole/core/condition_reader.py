"""Reading filter expressions: Open Connectors' `where` and ConnectWise's own `conditions`.

The two differ in this: a hub's `where` writes names with dots (`status.name`), dates in quotes, and has operators in
words (`gte`, `is null`); ConnectWise wants slashes, dates in brackets, UTC with `Z` and whole seconds, and symbols.
`and` binds tighter than `or` in both; keywords may be in any case. Tokens of a URL template (`${…}`) may stand wherever
a value may.

Not a full grammar of either: what is not understood is a ConfigError, and the caller decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from cwconsole.core.condition_tree import Comparison, Negation, Node, join
from cwconsole.core.errors import ConfigError
from cwconsole.core.templates import TOKEN

_DEEPEST = 40
_LEXEMES = re.compile(
    rf"""(?P<blank>\s+)
    |(?P<value>'(?:''|{TOKEN}|(?!\$\{{)[^'])*'|"(?:{TOKEN}|(?!\$\{{)[^"])*"|\[(?:{TOKEN}|(?!\$\{{)[^\]])*\]|{TOKEN})
    |(?P<operator>>=|<=|<>|!=|==|=|<|>)
    |(?P<mark>[(),])
    |(?P<word>[^\s()'"\[\],=<>!$]+)""",
    re.VERBOSE | re.DOTALL,
)
_WORD_OPERATORS = {"eq": "=", "ne": "!=", "gt": ">", "gte": ">=", "ge": ">=", "lt": "<", "lte": "<=", "le": "<="}
_OPERATORS = {"==": "=", "<>": "!="} | _WORD_OPERATORS
_RESERVED = frozenset({"and", "or", "not", "in", "like", "contains", "is", "null"}) | frozenset(_WORD_OPERATORS)
_LISTING = frozenset({"in", "like", "contains"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


def parse_conditions(text: str, *, hub: bool) -> Node | None:
    """The expression's tree, None for a blank text.

    hub: the text is a hub's `where` and is translated; otherwise it is ConnectWise's own and kept as it is.
    Raises ConfigError for what is not understood.
    """
    lexemes = list(_lexemes(text))
    if not lexemes:
        return None
    reader = _Reader(lexemes, hub=hub)
    node = reader.disjunction(0)
    reader.expect_end()
    return node


class _Lexeme(Struct, frozen=True):
    kind: str
    text: str

    @property
    def word(self) -> str:
        """For comparing with keywords and marks; empty for quoted values."""
        return "" if self.kind == "value" else self.text.casefold()


_END = _Lexeme("end", "")


def _misplaced(text: str, expected: str) -> ConfigError:
    return ConfigError("condition", repr(text[:20]) if text else "its end", expected)


def _lexemes(text: str) -> Iterator[_Lexeme]:
    position = 0
    while position < len(text):
        match = _LEXEMES.match(text, position)
        if match is None or match.lastgroup is None:
            raise _misplaced(text[position : position + 20], "a name, an operator or a value")
        if match.lastgroup != "blank":
            yield _Lexeme(match.lastgroup, match[0])
        position = match.end()


class _Reader:
    """Recursive descent over the lexemes; each method reads one rule and leaves the position behind it."""

    def __init__(self, lexemes: list[_Lexeme], *, hub: bool) -> None:
        self._lexemes = lexemes
        self._position = 0
        self._hub = hub

    def disjunction(self, depth: int) -> Node:
        return self._joined("or", lambda: self._joined("and", lambda: self._unary(depth)))

    def expect_end(self) -> None:
        if self._next is not _END:
            raise _misplaced(self._next.text, "and, or, or the end")

    @property
    def _next(self) -> _Lexeme:
        return self._lexemes[self._position] if self._position < len(self._lexemes) else _END

    def _take(self) -> _Lexeme:
        lexeme = self._next
        self._position += 1
        return lexeme

    def _taken(self, word: str) -> bool:
        if self._next.word != word:
            return False
        self._position += 1
        return True

    def _joined(self, word: Literal["and", "or"], read: Callable[[], Node]) -> Node:
        first = read()
        parts = [first]
        while self._taken(word):
            parts.append(read())
        return join(word, parts) or first

    def _unary(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise ConfigError("condition", "deep nesting", f"at most {_DEEPEST} parentheses in one another")
        if self._taken("not"):
            return Negation(part=self._unary(depth + 1))
        if not self._taken("("):
            return self._comparison()
        node = self.disjunction(depth + 1)
        self._expect(")")
        return node

    def _expect(self, mark: str) -> None:
        if not self._taken(mark):
            raise _misplaced(self._next.text, repr(mark))

    def _comparison(self) -> Comparison:
        name = self._take()
        if name.kind != "word" or name.word in _RESERVED or not _NAME.fullmatch(name.text):
            raise _misplaced(name.text, "a name")
        operator = self._operator()
        value = "null" if operator.endswith("= null") else self._operand(operator)
        name_text = name.text.replace(".", "/") if self._hub else name.text
        return Comparison(name=name_text, operator=operator.removesuffix(" null"), value=value)

    def _operator(self) -> str:
        """In ConnectWise's spelling; `is null` and `is not null` as `= null` and `!= null`."""
        if self._taken("is"):
            sign = "!=" if self._taken("not") else "="
            self._expect("null")
            return f"{sign} null"
        prefix = "not " if self._taken("not") else ""
        lexeme = self._take()
        if lexeme.word in _LISTING:
            return prefix + lexeme.word
        if prefix or not (lexeme.kind == "operator" or lexeme.word in _WORD_OPERATORS):
            raise _misplaced(lexeme.text, "an operator")
        return _OPERATORS.get(lexeme.word, lexeme.text)

    def _operand(self, operator: str) -> str:
        if not (operator.endswith("in") and self._taken("(")):
            return self._value(operator)
        values = [self._value(operator)]
        while self._taken(","):
            values.append(self._value(operator))
        self._expect(")")
        return f"({', '.join(values)})"

    def _value(self, operator: str) -> str:
        lexeme = self._take()
        if lexeme.kind not in {"value", "word"} or (lexeme.word in _RESERVED and lexeme.word != "null"):
            raise _misplaced(lexeme.text, "a value")
        return _translated_value(lexeme.text, operator) if self._hub else lexeme.text


def _translated_value(text: str, operator: str) -> str:
    """A hub's value for ConnectWise: dates and poll times in brackets, all else as it is."""
    quoted = text[0] in "'\""
    inner = text[1:-1] if quoted else text
    if re.fullmatch(TOKEN, inner, re.DOTALL):
        return f"[{inner}]"
    if not _ISO_DATE.fullmatch(inner) or ("T" not in inner and not operator.startswith(("<", ">"))):
        return text  # a day alone, compared for equality, may as well be a text
    try:
        moment = datetime.fromisoformat(inner)
        if "T" not in inner:
            return f"[{inner}]"
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return text
    return f"[{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z]"
