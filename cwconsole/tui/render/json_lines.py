"""A JSON document as indented, coloured lines, without a parser of somebody else's grammar."""

from __future__ import annotations

import json

from cwconsole.core.document import Json
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.plain import plain

INDENT = "  "


def json_lines(document: bytes | str) -> list[Line]:
    """The document, one member a line. What is no JSON, or is nested too deep, is shown as text."""
    try:
        return _Lines().of(json.loads(document))
    except (ValueError, RecursionError):
        text = document.decode("utf-8", "replace") if isinstance(document, bytes) else document
        return [(Cell(plain(line)),) for line in text.split("\n")]


class _Lines:
    """Collects lines while walking a document."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def of(self, value: Json) -> list[Line]:
        self._value(value, "", ())
        return self._lines

    def _value(self, value: Json, indent: str, before: Line, after: str = "") -> None:
        """before: the member's name, already on the line; after: the comma that follows."""
        if isinstance(value, dict) and value:
            self._add(indent, (*before, Cell("{", Tone.MUTED)))
            last = len(value) - 1
            for at, (key, one) in enumerate(value.items()):
                name = (Cell(_quoted(key), Tone.KEY), Cell(": ", Tone.MUTED))
                self._value(one, indent + INDENT, name, "," if at < last else "")
            self._add(indent, (Cell("}" + after, Tone.MUTED),))
        elif isinstance(value, list) and value:
            self._add(indent, (*before, Cell("[", Tone.MUTED)))
            for at, one in enumerate(value):
                self._value(one, indent + INDENT, (), "," if at < len(value) - 1 else "")
            self._add(indent, (Cell("]" + after, Tone.MUTED),))
        else:
            tone = Tone.TEXT if isinstance(value, str) else Tone.NUMBER
            self._add(indent, (*before, Cell(_quoted(value), tone), *((Cell(after, Tone.MUTED),) if after else ())))

    def _add(self, indent: str, cells: Line) -> None:
        self._lines.append((Cell(indent), *cells) if indent else cells)


def _quoted(value: Json) -> str:
    return plain(json.dumps(value, ensure_ascii=False))
