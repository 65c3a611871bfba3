"""Facts of one thing: a name and what it is, one line each."""

from __future__ import annotations

from cwconsole.tui.render.cells import Cell, Line, Tone


def facts(*named: tuple[str | Cell, ...], cells: int = 9) -> list[Line]:
    """Each fact is its name and then pieces of text. cells: the width of the names' column."""
    return [
        (
            Cell(f"{name if isinstance(name, str) else name.text:<{cells}}", Tone.MUTED),
            *(Cell(piece) if isinstance(piece, str) else piece for piece in pieces),
        )
        for name, *pieces in named
    ]
