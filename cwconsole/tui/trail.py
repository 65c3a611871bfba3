"""Where Escape came from, so that one can go there again until one goes elsewhere.

Each step back is kept with where it came from and where it led to. Going forward takes the last one, from just where it
led to. A step back that begins anywhere else begins anew: the operator has gone elsewhere since. The areas are apart,
as their screens are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from cwconsole.tui.viewspec import ViewSpec

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen

Where = tuple[tuple[str, tuple[str, ...]], ...]  # the views on the stack and their filters; an order is no other place


class Step(Struct, frozen=True, kw_only=True):
    """One step back. spec, cursor: what was left. above: that was a screen of its own, not another filter."""

    came_from: Where
    led_to: Where
    spec: ViewSpec
    cursor: Hashable
    above: bool


class Trail:
    """The steps that can be gone forward, those of each area apart."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Step]] = {}

    def add(self, step: Step) -> None:
        """A step back was made."""
        steps = self._of(step.came_from)
        if steps and steps[-1].led_to != step.came_from:
            steps.clear()
        steps.append(step)

    def leads_on(self, here: Where) -> bool:
        """Whether there is a step forward from here."""
        steps = self._of(here)
        return bool(steps) and steps[-1].led_to == here

    def take(self, here: Where) -> Step | None:
        """The step forward from here, which is being made."""
        return self._of(here).pop() if self.leads_on(here) else None

    def _of(self, where: Where) -> list[Step]:
        area = where[0][0] if where else ""  # the first screen of an area bears its name
        return self._steps.setdefault(area, [])


def where(screens: Iterable[ConsoleScreen]) -> Where:
    """Where one is, by the screens of the area in front."""
    return tuple((screen.spec.view, screen.spec.words) for screen in screens)
