"""The signs on the screen, for terminals with Unicode and for those without. Each is one cell wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One set. bar: from empty to full. spark: from low to high, without the blank of zero."""

    good: str
    busy: str
    waiting: str
    warn: str
    bad: str
    stuck: str
    paused: str
    off: str
    question: str
    held: str
    mark: str
    cut: str
    crumb: str
    separator: str
    folded: str
    unfolded: str
    up: str
    down: str
    to: str
    none: str
    bar_full: str
    bar_parts: str
    bar_empty: str
    spark: str


UNICODE: Final = Glyphs(
    good="●",
    busy="◐",
    waiting="○",
    warn="▲",
    bad="✗",
    stuck="■",
    paused="‖",
    off="·",
    question="?",
    held="◇",
    mark="✓",
    cut="…",
    crumb="›",  # noqa: RUF001 - it is meant
    separator="│",
    folded="▸",
    unfolded="▾",
    up="↑",
    down="↓",
    to="→",
    none="—",
    bar_full="█",
    bar_parts="▏▎▍▌▋▊▉",
    bar_empty="·",
    spark="▁▂▃▄▅▆▇█",
)

ASCII: Final = Glyphs(
    good="+",
    busy="*",
    waiting="o",
    warn="!",
    bad="x",
    stuck="#",
    paused="=",
    off=".",
    question="?",
    held="%",
    mark="*",
    cut="~",
    crumb=">",
    separator="|",
    folded=">",
    unfolded="v",
    up="^",
    down="v",
    to=">",
    none="-",
    bar_full="#",
    bar_parts="",
    bar_empty=".",
    spark="_.-=+*%#",
)
