"""The fleet as rows: one for each resource, worst first, or folded by instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.health import Health
from cwconsole.store import patterns
from cwconsole.store.fleet_view import Course, LastPoll
from cwconsole.store.status import BareInstance, StatusRow
from cwconsole.tui.render.instance_names import named
from cwconsole.tui.render.states import severity
from cwconsole.tui.turns import Turn
from cwconsole.tui.viewspec import ViewSpec


class FleetRow(Struct, frozen=True, kw_only=True):
    """A resource, or an instance with its resources when they are folded (`folded`) or stand below it.

    An instance that has none (`bare`) has a row as well: it would be nowhere else.
    resource: empty for an instance. state: the worst of its resources. interval: seconds.
    production: whether the instance is tagged so; its name then begins with the word PROD.
    asking: how many records a sweep found gone and wants to be confirmed, whatever the state.
    pending, retrying, behind_hold: each open delivery is in one of them.
    left_out: whether it is configured no longer, and here for its deliveries alone.
    turn: how its health has turned last, as this console saw it; of several, the last one to such a health.
    """

    instance_id: int
    instance: str
    resource: str
    state: Health
    lag: int | None
    interval: float
    next_poll_ms: int | None
    created: int
    updated: int
    deleted: int
    pending: int
    retrying: int
    dead: int
    held: bool
    error: str | None
    last: LastPoll | None = None
    hours: tuple[int, ...] = ()
    size: int = 0
    folded: bool | None = None
    indent: bool = False
    production: bool = False
    asking: int | None = None
    behind_hold: int = 0
    left_out: bool = False
    turn: Turn | None = None

    @property
    def bare(self) -> bool:
        """Whether it is an instance without resources."""
        return not self.resource and not self.size

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it."""
        return self.instance, self.resource

    @property
    def events(self) -> int:
        """Of the last 24 hours."""
        return self.created + self.updated + self.deleted


def fleet_row(row: StatusRow, course: Course = Course(), turn: Turn | None = None) -> FleetRow:  # noqa: B008 - it cannot change
    """The row of one resource."""
    return FleetRow(
        instance_id=row.instance_id,
        instance=row.instance,
        resource=row.resource,
        state=row.state,
        lag=row.lag_seconds,
        interval=row.interval,
        next_poll_ms=row.next_poll_ms,
        created=row.created,
        updated=row.updated,
        deleted=row.deleted,
        pending=row.waiting.pending,
        retrying=row.waiting.retrying,
        behind_hold=row.waiting.held,
        dead=row.dead,
        held=row.held,
        error=row.last_error,
        last=course.last,
        hours=course.hours,
        production=row.production,
        asking=row.asking,
        left_out=row.left_out,
        turn=turn,
    )


def bare_row(one: BareInstance) -> FleetRow:
    """The row of an instance without resources."""
    return FleetRow(
        instance_id=one.id,
        instance=one.name,
        resource="",
        state=Health.PAUSED if one.paused else Health.NEW if one.enabled else Health.OFF,
        lag=None,
        interval=1,
        next_poll_ms=None,
        created=0,
        updated=0,
        deleted=0,
        pending=0,
        retrying=0,
        dead=0,
        held=False,
        error="Nothing is read: it has no resources. E adds some.",
        production=one.production,
    )


def arranged(rows: Iterable[FleetRow], wanted: ViewSpec, unfolded: frozenset[str] | None = None) -> list[FleetRow]:
    """The rows that a view shows, in its order. unfolded: instances whose resources are shown; None: no grouping."""
    shown = [row for row in rows if _fits(row, wanted)] if wanted.words else list(rows)
    shown.sort(key=_order(wanted), reverse=wanted.descending)
    if unfolded is None:
        return shown
    by_instance: dict[str, list[FleetRow]] = {}
    for row in shown:
        by_instance.setdefault(row.instance, []).append(row)
    grouped = []
    for instance, members in by_instance.items():
        if members[0].bare:
            grouped += members
            continue
        folded = instance not in unfolded
        grouped.append(_group(instance, members, folded))
        if not folded:
            grouped += [replace(row, indent=True) for row in members]
    return grouped


def same_place(before: FleetRow, after: FleetRow, wanted: ViewSpec) -> bool:
    """Whether a newer version of a row stands where the older one does in a list that is not grouped."""
    order = _order(wanted)
    return order(before) == order(after) and _fits(before, wanted) == _fits(after, wanted)


def _group(instance: str, members: Sequence[FleetRow], folded: bool) -> FleetRow:
    worst = min(members, key=lambda row: severity(row.state))
    lags = [row.lag for row in members if row.lag is not None]
    nexts = [row.next_poll_ms for row in members if row.next_poll_ms is not None]
    hours = [row.hours for row in members if row.hours]
    turns = [row.turn for row in members if row.turn is not None and row.state is worst.state]
    return FleetRow(
        instance_id=worst.instance_id,
        instance=instance,
        resource="",
        state=worst.state,
        lag=max(lags, default=None),
        interval=worst.interval,
        next_poll_ms=min(nexts, default=None),
        created=sum(row.created for row in members),
        updated=sum(row.updated for row in members),
        deleted=sum(row.deleted for row in members),
        pending=sum(row.pending for row in members),
        retrying=sum(row.retrying for row in members),
        behind_hold=sum(row.behind_hold for row in members),
        dead=sum(row.dead for row in members),
        held=any(row.held for row in members),
        error=worst.error,
        hours=tuple(sum(hour) for hour in zip(*hours, strict=True)),
        size=len(members),
        folded=folded,
        production=worst.production,
        left_out=all(row.left_out for row in members),
        asking=sum(row.asking or 0 for row in members) or None,
        turn=max(turns, key=lambda turn: turn.at_ms, default=None),
    )


# --- which, and in which order ---------------------------------------------------------------------------------------


def _fits(row: FleetRow, wanted: ViewSpec) -> bool:
    return all(_word_fits(row, word) for word in wanted.words)


def _word_fits(row: FleetRow, word: str) -> bool:
    inverted = word.startswith("!")
    name, colon, value = word.removeprefix("!").partition(":")
    if not colon:
        name, value = "text", name
    if name == "match":
        return patterns.matches(value, _text(row)) != inverted
    value = value.lower()
    if name == "state":
        states = value.split(",")
        fits = row.state.value in states or (row.asking is not None and Health.ASKING.value in states)
    elif name == "instance":
        fits = row.instance.lower() == value or str(row.instance_id) == value
    elif name == "resource":
        fits = row.resource.lower() == value
    else:
        fits = value in _text(row).lower()
    return fits != inverted


def _text(row: FleetRow) -> str:
    """What words without a name, and `match:`, are looked for in."""
    waits = {"pending": row.pending, "retrying": row.retrying, "held": row.behind_hold, "dead": row.dead}
    words = " ".join((row.state.value, *(word for word, number in waits.items() if number)))
    return f"{named(row.instance, production=row.production)} {row.resource} {words} {row.error or ''}"


_ORDERS: Final[Mapping[str, Callable[[FleetRow], Any]]] = {
    "health": lambda row: severity(row.state),
    "instance": lambda row: row.instance.lower(),
    "resource": lambda row: row.resource.lower(),
    "lag": lambda row: -1 if row.lag is None else row.lag,
    "next": lambda row: row.next_poll_ms or 0,
    "events": lambda row: row.events,
    "open": lambda row: row.pending + row.retrying + row.behind_hold,
    "dead": lambda row: row.dead,
}


def _order(wanted: ViewSpec) -> Callable[[FleetRow], Any]:
    chosen = _ORDERS[wanted.sort or "health"]
    sign = -1 if wanted.descending else 1
    # Within the same health: what is dead, then by name; names stay in their order when the rest is turned round.
    return lambda row: (chosen(row), -sign * row.dead if not wanted.sort else 0, row.instance, row.resource)
