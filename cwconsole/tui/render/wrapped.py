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
            piece = set_cell_size(rest, room).rstrip(" ") if room > 0 else ""
            if not rest.startswith(piece):
                piece = ""  # a wide character does not fit into what is left
            if piece:
                current.append(Cell(piece, cell.tone))
            elif not current or room == cells - indent:
                piece = rest[0]
                current.append(Cell(piece, cell.tone))
            lines.append(tuple(current))
            rest = rest[len(piece) :]
            current, room = [Cell(" " * indent)], max(cells - indent, 1)
        if rest:
            current.append(Cell(rest, cell.tone))
            room -= width(rest)
    lines.append(tuple(current))
    return lines
