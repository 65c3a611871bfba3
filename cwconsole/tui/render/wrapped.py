"""Lines of cells, broken so that they fit."""

from __future__ import annotations

from rich.cells import set_cell_size

from cwconsole.tui.render.cells import Cell, Line
from cwconsole.tui.render.plain import width

HANGING = 2


def wrapped(line: Line, cells: int) -> list[Line]:
    """The line in lines of at most so many cells; what continues stands a little to the right of where it began."""
    if sum(width(cell.text) for cell in line) <= cells:
        return [line]
    first = line[0].text if line else ""
    indent = min(len(first) - len(first.lstrip(" ")) + HANGING, max(cells // 2, 0))
    lines: list[Line] = []
    current: list[Cell] = []
    room = cells
    for cell in line:
        rest = cell.text
        while width(rest) > room:
            piece = _piece(rest, room)
            if _cuts_a_word(rest, piece) and current and width(rest.strip(" ")) <= cells - indent:
                piece, rest = "", rest.lstrip(" ")  # all of it stands together on the next line
            elif piece:
                current.append(Cell(piece, cell.tone))
            elif not current or room == cells - indent:
                piece = rest[0]
                current.append(Cell(piece, cell.tone))
            lines.append(tuple(current))
            rest = rest[len(piece) :].removeprefix(" ")  # the break stands for it
            current, room = [Cell(" " * indent)], max(cells - indent, 1)
        if rest:
            current.append(Cell(rest, cell.tone))
            room -= width(rest)
    lines.append(tuple(current))
    return lines


def _cuts_a_word(text: str, piece: str) -> bool:
    """Whether a text that begins with a space would be broken within a word."""
    return text.startswith(" ") and not piece.endswith(" ") and not text[len(piece) :].startswith(" ")


def _piece(text: str, cells: int) -> str:
    """As much of the text as fits, up to a space if there is one in its second half."""
    piece = set_cell_size(text, cells).rstrip(" ") if cells > 0 else ""
    if not text.startswith(piece):
        return piece[:-1] if text.startswith(piece[:-1]) else ""  # a wide character stood half outside
    space = piece.rfind(" ") + 1
    return piece[:space] if space > len(piece) // 2 and not text[len(piece) :].startswith(" ") else piece
