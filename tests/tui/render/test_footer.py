"""The footer is one line of exactly the width there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.actions import of
from cwconsole.tui.render.footer import footer_line
from cwconsole.tui.render.glyphs import ASCII, UNICODE, Glyphs
from cwconsole.tui.render.plain import width


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@given(cells=st.integers(1, 250), scopes=st.sets(st.sampled_from(Scope)))
def test_it_fits_any_width_exactly(glyphs: Glyphs, cells: int, scopes: set[Scope]) -> None:
    line = footer_line(of(*scopes), Subject(), cells, glyphs)
    assert sum(width(cell.text) for cell in line) == cells
