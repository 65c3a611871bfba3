"""What came of what was asked for here: said where it was asked for, whatever screen is shown by then.

It is looked for when somebody has written, and until it is known or the console ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cwconsole.store import actions, jobs, replay_jobs, replays
from cwconsole.store.once import Connection
from cwconsole.tui.work import start

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from cwconsole.tui.app import ConsoleApp


class Told(Struct, frozen=True, kw_only=True):
    """What is said. severity: as Textual has it."""

    sentence: str
    severity: SeverityLevel = "information"


Find = Callable[[Connection], Told | None]  # None: it is not known yet
_SEVERITIES: Final[dict[str, SeverityLevel]] = {"dead": "error", "held": "warning", "cancelled": "warning"}
_ARRIVED: Final = {"delivered": "arrived", "dead": "dead", "held": "held", "cancelled": "cancelled"}


def tell_of_actions(console: ConsoleApp, numbers: Sequence[int]) -> None:
    """What an engine does, such as polls: one sentence if it was one, else how many failed."""
    _tell(console, partial(_of_actions, numbers=numbers))


def ordered(console: ConsoleApp, told: str, numbers: Sequence[int]) -> str:
    """What to say of queued actions now. What comes of them is said when it is known. told: what is asked for."""
    tell_of_actions(console, numbers)
    if console.engine.runs:
        return f"{told}."
    return f"{told}; none runs now to do it, and after an hour it expires. On 5, c calls it off."


def tell_of_replay(console: ConsoleApp, number: int) -> None:
    """An event that is sent again by this action: whether it has arrived."""
    _tell(console, partial(_of_replay, number=number))


def tell_of_job(console: ConsoleApp, job_id: int) -> None:
    """Events that are sent again by a job: how many have arrived, once all are settled or held."""
    _tell(console, partial(_of_job, job_id=job_id))


def _tell(console: ConsoleApp, find: Find) -> None:
    start(console, _told(console, find), what="Waiting for what was asked for", group="outcomes")


async def _told(console: ConsoleApp, find: Find) -> None:
    while True:
        change = console.next_change  # taken before the look: nothing that is written after it is missed
        told = await console.store.read(find)
        if told is not None:
            console.notify(told.sentence, severity=told.severity)
            return
        await change.wait()


def _of_actions(conn: Connection, *, numbers: Sequence[int]) -> Told | None:
    asked = [one for number in numbers if (one := actions.load(conn, number)) is not None]
    if any(one.open for one in asked):
        return None
    bad = [one for one in asked if one.state != "done"]
    told = (bad or asked)[0]
    outcome = told.outcome or f"Action {told.id} is {told.state}."
    if len(asked) > 1:
        outcome = f"{len(bad)} of {len(asked):,} failed. {outcome}" if bad else f"All {len(asked):,} are done."
    return Told(sentence=outcome, severity="error" if bad else "information")


def _of_replay(conn: Connection, *, number: int) -> Told | None:
    action = actions.load(conn, number)
    row = None if action is None else replays.sent(conn, action)
    if row is None:
        return _of_actions(conn, numbers=[number])
    said = replays.arrival(row)
    return None if said is None else Told(sentence=said, severity=_SEVERITIES.get(row.standing, "information"))


def _of_job(conn: Connection, *, job_id: int) -> Told | None:
    job = jobs.load(conn, job_id)
    if job.open or replay_jobs.goes_on_sending(conn, job_id):
        return None
    sent = jobs.sent(conn, job_id)
    parts = [f"{sent[state]:,} {word}" for state, word in _ARRIVED.items() if sent.get(state)]
    parts += [f"{job.failed:,} could not be sent again"] if job.failed else []
    parts += [f"{job.passed_over:,} did not fit the filter any more"] if job.passed_over else []
    why = f" {job.error}" if job.error else ""
    worst = [_SEVERITIES[state] for state in _SEVERITIES if sent.get(state)]
    return Told(
        sentence=f"Job {job_id} is {job.state}: {', '.join(parts) or 'nothing was sent'}.{why}",
        severity="error" if job.failed or job.state == "failed" else (worst or ["information"])[0],
    )
