"""How many records to ask for at once (design 5, Manners).

The size begins at 250 and doubles while pages stay under 500 kB, up to 1000 or the configured page size. A page that
was too much for the server ("timeout") halves it, down to 25, and that size is not tried again for 24 hours. A page
that came out above 500 kB shrinks the size in proportion: pages stay small so that the screen stays quick.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.config import LARGEST_PAGE

FIRST = 250
SMALLEST = 25
COMFORTABLE_BYTES = 500_000
REMEMBER_MS = 24 * 3600 * 1000


class PageSize(Struct, frozen=True, kw_only=True):
    """What is remembered about a resource's page size.

    size: the size to ask for next.
    failed_size: the smallest size that was too much within the last 24 hours, or None.
    failed_at_ms: when that was, milliseconds since the epoch.
    """

    size: int = FIRST
    failed_size: int | None = None
    failed_at_ms: int | None = None


def current(state: PageSize, *, limit: int = LARGEST_PAGE) -> int:
    """The size to ask for now. limit: the configured page size, which is never exceeded, not even by `SMALLEST`."""
    return max(1, min(state.size, limit, LARGEST_PAGE))


def after_page(state: PageSize, *, body_bytes: int, limit: int = LARGEST_PAGE, records: int | None = None) -> PageSize:
    """The state after a page arrived.

    records: how many it held; None counts as a full page. A short page says nothing about the next size.
    """
    size = current(state, limit=limit)
    if records is not None and records < size:
        return state
    fitting = size * COMFORTABLE_BYTES // max(body_bytes, 1)
    if fitting < size:
        return replace(state, size=max(fitting, min(SMALLEST, size)))
    grown = min(2 * size, fitting, limit, LARGEST_PAGE)
    if grown <= size or (state.failed_size is not None and grown >= state.failed_size):
        return state
    return replace(state, size=grown)


def after_heavy(state: PageSize, *, tried: int, now_ms: int) -> PageSize:
    """The state after a page of `tried` records was too much for the server. It does not fall below `SMALLEST`."""
    return PageSize(size=max(tried // 2, min(SMALLEST, state.size)), failed_size=tried, failed_at_ms=now_ms)


def of_listing(state: PageSize) -> PageSize:
    """Where a sweep's listing begins: it grows by itself, since a row of it is a small part of a record.

    What is too much does not differ: a page takes the server long by the rows it has to find, and a size that failed
    for one counts for both.
    """
    if state.failed_size is None or state.failed_size > FIRST:
        return replace(state, size=FIRST)
    return replace(state, size=max(state.failed_size // 2, min(SMALLEST, state.size)))


def forget_old(state: PageSize, *, now_ms: int) -> PageSize:
    """The state without a failure older than 24 hours, or dated in the future by a clock that was set back."""
    if state.failed_at_ms is None or 0 <= now_ms - state.failed_at_ms < REMEMBER_MS:
        return state
    return PageSize(size=state.size)
