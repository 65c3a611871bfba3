"""What is the matter with a resource, in sentences: from a row of `store.status`, for whoever reads the fleet."""

from __future__ import annotations

from typing import Any, TypeAlias

from cwconsole.core.command_line import command_line
from cwconsole.core.counted import counted
from cwconsole.core.errors import ConfigError
from cwconsole.core.health import Vitals, misses_deletes
from cwconsole.core.moments import iso

Row: TypeAlias = dict[str, Any]  # by the names of `status`'s columns


def what_is_wrong(row: Row, vitals: Vitals, now_ms: int) -> str | None:
    """The fault of the polls, what cannot be read, a sweep's question, what is not sent: none must hide another."""
    question = _sweep_question(row)
    trouble = row["error"] or (None if question else _sweep_trouble(row, vitals, now_ms))
    return " ".join(part for part in (trouble, _aside(row), question, unsent_why(row)) if part) or None


def what_is_left(row: Row) -> str:
    """Of a resource that is left out: its deliveries, for nothing else of it goes on, and why they stand still."""
    waiting = row["pending"] + row["sending"] + row["retrying"]
    numbers, stuck = ((waiting, "still to be sent"), (row["dead"], "dead")), row["error_code"] == ConfigError.code
    told = [f"{counted(number, 'delivery is', 'deliveries are')} {what}" for number, what in numbers if number]
    why = f" Nothing is sent: {row['error']}" if waiting and stuck else ""
    return f"Left out of the configuration, so it is not polled; {' and '.join(told)}.{why}"


def _aside(row: Row) -> str | None:
    number, first = row["set_aside"], row["first_aside"]
    if not number:
        return None
    which, its = (f"Record {first}", "it") if number == 1 else (f"{number:,} records (the first is {first})", "them")
    return (
        f"{which} cannot be decoded: what changes in {its} is not delivered. Mend {its} at ConnectWise; each sweep "
        f"tries again. To try at once: {command_line('sweep', row['instance'], row['resource'])}"
    )


def held_why(row: Row) -> str | None:
    """What holds its deliveries; None if nothing does."""
    if row["callback_held"]:
        return row["held_reason"] or "its callback URL is held"
    if row["instance_held"]:
        return "deliveries of the instance are held by an operator"
    return "deliveries of the resource are held by an operator" if row["resource_held"] else None


def unsent_why(row: Row) -> str | None:
    """Why deliveries do not get out that nothing holds; None if they may."""
    waiting = row["pending"] + row["sending"] + row["retrying"]
    if not waiting or not row["breaker_open"] or held_why(row) is not None:
        return None
    wait = counted(waiting, "delivery waits", "deliveries wait")
    return f"The receiver does not answer as it should: {wait}, and one is tried every half a minute."


def _sweep_question(row: Row) -> str | None:
    gone = row["sweep_vanished"]
    if not gone:
        return None
    return (
        f"A sweep found {gone} records gone, which is suspiciously many; if that is right, confirm it: "
        f"{command_line('sweep', row['instance'], row['resource'], '--confirm-deletes', gone)}"
    )


def _last_sweep(row: Row) -> str:
    """What became of it: its fault is none of the polls, which may have gone well since."""
    if row["sweep_error"] is None:
        return "They were cut short, or not begun"
    return f"The last sweep failed: {row['sweep_error'].rstrip('.')}"


def _sweep_trouble(row: Row, vitals: Vitals, now_ms: int) -> str | None:
    if not misses_deletes(vitals, now_ms):
        return None
    since = "yet" if vitals.listed_ms is None else f"since {iso(vitals.listed_ms)[:16].replace('T', ' ')} UTC"
    return (
        f"No sweep has completed {since}: deletes may be missing. {_last_sweep(row)}. "
        f"To try at once: {command_line('sweep', row['instance'], row['resource'])}"
    )
