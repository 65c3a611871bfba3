"""The signs on the screen, for terminals with Unicode and for those without. Each is one cell wide."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cwconsole.tui.render.plain import width


class Glyphs(Struct, frozen=True, kw_only=True):
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
    unsent: str
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
    unsent="⊘",
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
    unsent="&",
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

_IN_ASCII: Final = {
    sign: other
    for kind in Glyphs.__struct_fields__
    for sign, other in zip(getattr(UNICODE, kind), getattr(ASCII, kind), strict=False)
}


def as_ascii(text: str) -> str:
    """The text in as many cells of ASCII: our signs by their counterparts, whatever else there is as `?`."""
    if text.isascii():
        return text
    signs = "".join(char if char.isascii() else _IN_ASCII.get(char) or "?" * width(char) for char in text)
    cells = width(text)  # of the whole: some characters change the width of the one before
    return signs[:cells].ljust(cells, "?")
