"""What a replay of many events would do: counted, a few of them shown, and a token by which it is ordered.

The token binds the question, its moment, the newest event of that moment, and the count. It must come back with the
order; if the numbers have changed since, the order is refused with the new ones.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Final

from msgspec import Struct

from cwconsole.core.counted import counted
from cwconsole.core.errors import OtherNumbersError, UsageError
from cwconsole.store import event_list, selection
from cwconsole.store.event_list import EventRow
from cwconsole.store.selection import Selection

SAMPLE: Final = 5
JUDGED: Final = 20_000  # events that a preview compares with their object's newest


class Preview(Struct, frozen=True, kw_only=True):
    """What a job would do.

    about: the events for people. asked_ms: the moment that relative times were resolved at. upper: the newest event
    then. exact: whether there are `total`, or at least so many. not_newest: how many of the first `judged` are not
    their object's newest event. sample: the first ones to be sent.
    """

    selection: Selection
    about: str
    asked_ms: int
    upper: int
    total: int
    exact: bool
    judged: int
    not_newest: int
    sample: list[EventRow]

    @property
    def token(self) -> str:
        """What has to come back with the order."""
        told = [selection.to_text(self.selection), self.asked_ms, self.upper, self.total, self.exact]
        digest = hashlib.blake2b(json.dumps(told).encode(), digest_size=6).hexdigest()
        return f"{self.asked_ms:x}-{self.upper:x}-{digest}"

    @property
    def sentence(self) -> str:
        """The numbers, for people."""
        what = f"{'' if self.exact else 'At least '}{counted(self.total, 'event')}"
        old = f"{self.not_newest:,}{'' if self.judged >= self.total else f' of the first {self.judged:,}'}"
        return f"{what} would be sent again; {old} not the newest of {'its' if self.total == 1 else 'their'} object."


def preview(conn: sqlite3.Connection, wanted: Selection, *, asked_ms: int, upper: int | None = None) -> Preview:
    """What a replay of these events would do. upper: the newest event of an earlier preview. Changes nothing.

    Raises UsageError for an instance or a resource that there is not.
    """
    about = selection.about(wanted)
    wanted = selection.frozen(conn, wanted)
    upper = selection.highest(conn) if upper is None else upper
    found = selection.upwards(conn, wanted, after=0, upper=upper, limit=selection.EXAMINED)
    counted = len(found.numbers) if found.ended else selection.count(conn, wanted, upper=upper)
    judged = found.numbers[:JUDGED]
    return Preview(
        selection=wanted,
        about=about,
        asked_ms=asked_ms,
        upper=upper,
        total=len(found.numbers) if counted is None else counted,
        exact=counted is not None,
        judged=len(judged),
        not_newest=_not_newest(conn, judged),
        sample=event_list.some(conn, judged[:SAMPLE]),
    )


def read_token(token: str) -> tuple[int, int]:
    """The moment and the newest event of the preview that a token came from. Raises UsageError for what is none."""
    try:
        moment, upper, _ = token.strip().split("-")
        return int(moment, 16), int(upper, 16)
    except ValueError:
        raise UsageError(f"{token!r} is no token of a preview; ask without it, and it is shown.") from None


def confirmed(conn: sqlite3.Connection, wanted: Selection, token: str) -> Preview:
    """The preview that a token came from, made again. Raises OtherNumbersError with the new ones."""
    moment, upper = read_token(token)
    again = preview(conn, wanted, asked_ms=moment, upper=upper)
    if again.token != token.strip():
        fresh = preview(conn, wanted, asked_ms=moment)
        raise OtherNumbersError(
            f"That is not what was shown any more. {fresh.sentence} The token is now {fresh.token}."
        )
    return again


def _not_newest(conn: sqlite3.Connection, numbers: list[int]) -> int:
    sql = """
        SELECT count(*) FROM events e
        WHERE e.id IN (SELECT value FROM json_each(?)) AND e.id IS NOT
            (SELECT o.event_id FROM objects o WHERE o.resource_id = e.resource_id AND o.object_id = e.object_id)
        """
    return int(conn.execute(sql, (json.dumps(numbers),)).fetchone()[0])
