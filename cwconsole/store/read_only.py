"""Instances that a console may only look at: whatever would change one of them is undone as a whole.

1. What a unit has changed stands in the audit log, whose rows name the instance. So the rows that it wrote are looked
   at, in its own transaction, and nobody has to say beforehand what it will touch.
2. A job that may send events of several instances names none there; what it has chosen says which.
3. Two changes write no row of the instance's own: a callback URL that it shares is let go, and what is queued for it is
   called off.
4. A filter that does not leave an instance out means its events too, whether it finds any now or not: the state of a
   delivery is looked at when an event's turn comes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Concatenate, Final, ParamSpec, TypeVar

from cwconsole.core.errors import RefusedError
from cwconsole.core.read_only import read_only_sentence
from cwconsole.store import selection
from cwconsole.store.actions import OPEN
from cwconsole.store.selection import Selection

P = ParamSpec("P")
R = TypeVar("R")

Names = Mapping[int, str]  # of instances, by their ids
_NARROWER: Final = " Narrow the filter to what may be sent again: instance:NAME, or !instance:NAME."


def guarded(
    conn: sqlite3.Connection,
    read_only: Collection[str],
    unit: Callable[Concatenate[sqlite3.Connection, P], R],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run a unit. read_only: ids (digits) or names of instances.

    Raises RefusedError, so that nothing is written, if the unit has changed one of them.
    """
    names = _names(conn, read_only)  # before the unit may give them others
    newest, beside = _newest(conn), _beside(conn, names)
    result = unit(conn, *args, **kwargs)
    _refuse(names, _written(conn, newest, names))
    after = _beside(conn, names)
    _refuse(names, [one for one in names if after[one] != beside[one]])
    return result


def refuse_deliveries(conn: sqlite3.Connection, read_only: Collection[str], deliveries: Collection[int]) -> None:
    """Raises RefusedError if one of these belongs to such an instance. None ever goes to another."""
    _refuse(_names(conn, read_only), _instances_of(conn, "deliveries", deliveries))


def refuse_selection(conn: sqlite3.Connection, read_only: Collection[str], chosen: Selection) -> None:
    """Raises RefusedError if an event of such an instance may be among these. chosen: frozen."""
    names = _names(conn, read_only)
    _refuse(names, _among(conn, chosen, names), hint="" if chosen.numbers is not None else _NARROWER)


def unknown(conn: sqlite3.Connection, read_only: Collection[str]) -> list[str]:
    """A sentence for each of these ids and names that is nobody's: a slip protects nothing."""
    there = _there(conn)
    wrong = sorted({*read_only} - {*there.values(), *map(str, there)})
    return [f"read_only: there is no instance {one!r}{_nearest(one, there.values())}" for one in wrong]


def _nearest(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, [*names], n=1)
    return f"; did you mean {close[0]}?" if close else "."


def _there(conn: sqlite3.Connection) -> dict[int, str]:
    return dict(conn.execute("SELECT id, name FROM instances WHERE removed_ms IS NULL").fetchall())


def _names(conn: sqlite3.Connection, read_only: Collection[str]) -> Names:
    return {one: name for one, name in _there(conn).items() if name in read_only or str(one) in read_only}


def _refuse(names: Names, touched: Collection[int], *, hint: str = "") -> None:
    found = [name for one, name in names.items() if one in touched]
    if found:
        raise RefusedError(f"{read_only_sentence(found)} Nothing was changed.{hint}")


def _newest(conn: sqlite3.Connection) -> int:
    (newest,) = conn.execute("SELECT coalesce(max(id), 0) FROM actions").fetchone()
    return int(newest)


def _written(conn: sqlite3.Connection, newest: int, names: Names) -> set[int]:
    """The instances of the actions that were recorded since, and of the jobs that these are about."""
    rows = conn.execute("SELECT DISTINCT instance_id FROM actions WHERE id > ?", (newest,)).fetchall()
    jobs = conn.execute(
        """
        SELECT chosen FROM jobs WHERE kind = 'replay' AND (action_id > :newest OR id IN (
            SELECT target_id FROM actions WHERE id > :newest AND kind IN ('pause_job', 'resume_job', 'cancel_job')))
        """,
        {"newest": newest},
    ).fetchall()
    touched = {row[0] for row in rows}
    return touched.union(*(_among(conn, selection.from_text(chosen), names) for (chosen,) in jobs))


def _beside(conn: sqlite3.Connection, names: Names) -> dict[int, object]:
    """What may change of each without an action of its own: its callback URL's hold, and what is queued for it."""
    return {one: (_held(conn, one), _queued(conn, one)) for one in names}


def _held(conn: sqlite3.Connection, instance_id: int) -> bool:
    sql = "SELECT c.held_ms FROM callbacks c JOIN instances i ON i.callback_id = c.id WHERE i.id = ?"
    row = conn.execute(sql, (instance_id,)).fetchone()
    return row is not None and row[0] is not None


def _queued(conn: sqlite3.Connection, instance_id: int) -> list[int]:
    sql = f"SELECT id FROM actions WHERE {OPEN} AND state = 'queued' AND instance_id = ? ORDER BY id"
    return [row[0] for row in conn.execute(sql, (instance_id,))]


def _among(conn: sqlite3.Connection, chosen: Selection, names: Names) -> set[int]:
    """The instances of which events are, or may be, among these."""
    if chosen.numbers is not None:
        return _instances_of(conn, "events", chosen.numbers)
    term = chosen.chosen.instance
    return {one for one in names if term is None or (term.value == str(one)) != term.inverted}


def _instances_of(conn: sqlite3.Connection, table: str, numbers: Collection[int]) -> set[int]:
    sql = f"SELECT DISTINCT instance_id FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0] for row in conn.execute(sql, (json.dumps([*numbers]),))}
