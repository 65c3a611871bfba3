"""The name of an instance, wherever it stands: production says so by a word and a tone of its own."""

from __future__ import annotations

from cwconsole.tui.render.cells import Cell, Tone
from cwconsole.tui.render.plain import plain


def named(instance: str, *, production: bool) -> str:
    """PROD comes first, so that a narrow column cannot cut it off."""
    return f"{'PROD ' if production else ''}{plain(instance)}"


def instance_cell(
    instance: str, *, production: bool, before: str = "", after: str = "", tone: Tone = Tone.PLAIN
) -> Cell:
    """The name in a cell; before, after: what stands beside it. tone: of what is no production."""
    return Cell(f"{before}{named(instance, production=production)}{after}", Tone.PROD if production else tone)
