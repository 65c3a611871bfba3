"""Asking the operator: the one way from whatever wants a yes to what is done after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from textual.app import ScreenStackError
from textual.screen import Screen

from cwconsole.tui.widgets.confirm import Answer, Confirm, Question

TYPED_FROM: Final = 20  # so many at once want their number typed


def ask(screen: Screen[Any], question: Question, agreed: Callable[[Answer], object]) -> None:
    """Ask on top of a screen, unless the operator has gone elsewhere meanwhile. agreed: what a yes leads to."""

    def answered(answer: Answer | None) -> None:
        if answer is not None and screen.is_attached:
            agreed(answer)

    if is_in_front(screen):
        screen.app.push_screen(Confirm(question), answered)


def is_in_front(screen: Screen[Any]) -> bool:
    """Whether it has the keys. Textual's `is_current` is true behind a dialog too, until that has its colours."""
    try:
        return screen.app.screen is screen
    except ScreenStackError:  # the console is being taken down
        return False


def typed_for(number: int) -> str | None:
    """What must be typed before something is done to so many at once."""
    return str(number) if number >= TYPED_FROM else None
