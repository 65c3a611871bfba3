"""Stands where a view has no screen."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from cwconsole.tui.screens.frame import ConsoleScreen


class UnbuiltScreen(ConsoleScreen):
    """Says so, and leads back with Escape."""

    def body(self) -> Iterable[Widget]:
        yield Static(f"There is no screen for {self.spec.view}.", id="unbuilt", markup=False)
