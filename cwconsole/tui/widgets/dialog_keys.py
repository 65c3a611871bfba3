"""The last line of a dialog: its keys, looking as they do in the footer."""

from __future__ import annotations

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.widgets.line_bar import LineBar

Keys = tuple[tuple[str, str], ...]  # keys and what they do


class DialogKeys(LineBar):
    """`y  send again     esc  go back`. pairs: what stands there."""

    def __init__(self, *keys: tuple[str, str]) -> None:
        super().__init__(lambda _: self._keys_line(), id="dialog-keys")
        self.pairs: Keys = keys

    def show(self, *keys: tuple[str, str]) -> None:
        """Other keys work now."""
        self.pairs = keys
        self.update()

    def _keys_line(self) -> Line:
        line: list[Cell] = []
        for key, does in self.pairs:
            line += [Cell(key, Tone.KEY), Cell(f" {does}   ")]
        return tuple(line)
