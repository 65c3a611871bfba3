"""What pausing or holding places would stop, or letting them go would send, in a dialog's lines.

A place is an instance, or a resource of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cwconsole.core.counted import counted
from cwconsole.store.reach import Reach, Release
from cwconsole.tui.render.delivery_rows import callback_words
from cwconsole.tui.render.plain import plain, shorten

NAMED: Final = 5  # so many are named, the rest is counted
_WIDTH: Final = 64  # of the dialog's inside


def places_words(reaches: Sequence[Reach]) -> str:
    """`acme/contacts`, or `3 places`."""
    return plain(reaches[0].label) if len(reaches) == 1 else f"{len(reaches):,} places"


def pause_lines(reaches: Sequence[Reach]) -> list[str]:
    """What is not polled any more."""
    polled = list(dict.fromkeys(name for one in reaches for name in one.polled))
    stop = counted(len(polled), "resource is", "resources are")
    return [
        f"{stop} not polled any more until R resumes {'it' if len(polled) == 1 else 'them'}{':' if polled else '.'}",
        *named(polled),
        "",
        "Nothing is lost: watermarks stay, and the first polls afterwards catch up.",
        *sent_lines(reaches),
    ]


def sent_lines(reaches: Sequence[Reach]) -> list[str]:
    """What becomes of the deliveries that wait, though nothing is polled."""
    held = sum(one.held for one in reaches)
    free = _waiting(reaches) - held
    if not free and not held:
        return ["No delivery waits."]
    lines = [_deliveries(free, "go on being sent.", "goes on being sent.")] if free else []
    return [*lines, *([_deliveries(held, "stay held.", "stays held.")] if held else [])]


def hold_lines(reaches: Sequence[Reach]) -> list[str]:
    """What is not sent any more."""
    return [
        _deliveries(
            _waiting(reaches),
            "wait now, and are not sent until H lets them go:",
            "waits now, and is not sent until H lets it go:",
        ),
        *named(one.label for one in reaches),
        "",
        "Nor is anything that comes after them; events are still recorded.",
        "Nothing is lost: what was held is sent in order.",
    ]


def release_lines(found: Release, now_ms: int) -> list[str]:
    """What is sent, and what else is let go."""
    lines = [_let_go(found), *named(found.labels)]
    for one in found.callbacks:
        lines += ["", "The callback URL is let go as well:", f"  {plain(one.url)}", f"  {callback_words(one, now_ms)}"]
        there = counted(one.instances, "instance delivers", "instances deliver")
        lines += [f"  {there} there; {_deliveries(one.waiting, 'wait', 'waits')}."]
    if found.stay:
        lines += ["", f"{_deliveries(found.stay, 'stay held', 'stays held')} by something else."]
    return [*lines, "", "What comes after them is sent as it comes."]


def _let_go(found: Release) -> str:
    """What is waiting for its next try goes on waiting for it."""
    now = found.sent - found.later
    if not found.sent:
        return "Nothing waits there now:"
    if not found.later:
        return _deliveries(now, "are sent now, in order:", "is sent now:")
    if not now:
        return _deliveries(found.later, "are sent at their next try:", "is sent at its next try:")
    sent = _deliveries(now, "are sent now, in order", "is sent now")
    return f"{sent}, {found.later:,} at {'their' if found.later > 1 else 'its'} next try:"


def _waiting(reaches: Sequence[Reach]) -> int:
    return sum(one.waiting for one in reaches)


def _deliveries(number: int, many: str, one: str) -> str:
    return counted(number, f"delivery {one}", f"deliveries {many}")


def named(names: Iterable[str]) -> list[str]:
    """Some names, a line each; how many there are more."""
    names = list(names)
    lines = [shorten(f"  {plain(name)}", _WIDTH) for name in names[:NAMED]]
    return [*lines, *([f"  and {len(names) - NAMED:,} more"] if len(names) > NAMED else [])]
