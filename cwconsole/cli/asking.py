"""What `poll`, `sweep` and `replay` share: an action is queued, and with `--wait` seen through to its end.

With `--wait` and no engine, this process hosts one for the action and the deliveries that result. A replay is done when
the event has arrived: what is dead, held, or waits for something else ends the command with 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from cwconsole.cli import output, settings
from cwconsole.cli.door import Failed
from cwconsole.cli.invocation import Invocation
from cwconsole.core.delivery import OPEN
from cwconsole.core.errors import EngineUnreachableError, RefusedError
from cwconsole.store import poll_list, replays
from cwconsole.store.actions import Action
from cwconsole.store.delivery_list import DeliveryRow
from cwconsole.store.once import Connection

NOTHING_RUNS: Final = "No engine runs: nothing is tried again before one does. Start one with `cwconsole run`."

Queue = Callable[[Connection], list[int]]


def ask(invocation: Invocation, queue: Queue, *, what: str, wait: bool) -> None:
    """Queue the actions of one command. Raises what the exit code needs."""
    numbers = invocation.write(queue)
    if wait:
        _see_through(invocation, numbers)
        return
    runs = invocation.engine_runs()
    if invocation.as_json:
        output.print_json({"actions": numbers, "state": "queued", "engine": runs})
    elif runs:
        output.print_line(f"{what} is queued as action {_listed(numbers)}; the engine picks it up at once.")
    if not runs:
        raise EngineUnreachableError(
            f"{what} is queued as action {_listed(numbers)}, and no engine runs: it waits for one hour. "
            "Start one with `cwconsole run`, or add --wait."
        )


def _see_through(invocation: Invocation, numbers: list[int]) -> None:
    ended = [_carried_out(invocation, number) for number in numbers]
    sent = {one.id: row for one in ended if (row := invocation.read(replays.sent, one)) is not None}
    if invocation.as_json:
        output.print_json([_document(one, sent.get(one.id)) for one in ended])
    failed = [one for one in ended if not _is_well(one, sent.get(one.id))]
    for one in ended:
        if one not in failed and not invocation.as_json:
            output.print_line(_sentence(one, sent.get(one.id)))
    if not failed:
        return
    sentence = "\n".join(_sentence(one, sent.get(one.id)) for one in failed)
    if any(invocation.read(poll_list.any_ended, one.id, "refused") for one in failed):
        raise RefusedError(sentence)
    broke = any(invocation.read(poll_list.any_ended, one.id, "failed") for one in failed)
    waits = any(row.state in OPEN for row in sent.values())
    if (broke or waits) and not invocation.engine_runs():  # what cannot be polled at all no engine tries again
        sentence += f"\n{NOTHING_RUNS}"
    raise Failed(sentence)


def _document(action: Action, sent: DeliveryRow | None) -> dict[str, object]:
    told: dict[str, object] = {"id": action.id, "state": action.state, "outcome": action.outcome}
    return told if sent is None else {**told, "delivery": {"id": sent.id, "state": sent.standing}}


def _is_well(action: Action, sent: DeliveryRow | None) -> bool:
    return action.state == "done" and (sent is None or sent.state == "delivered")


def _sentence(action: Action, sent: DeliveryRow | None) -> str:
    if sent is not None:
        return replays.arrival(sent) or f"Event {sent.event} is not sent yet: delivery {sent.id} waits."
    return action.outcome or ("Done." if action.state == "done" else f"Action {action.id} was {action.state}.")


def _carried_out(invocation: Invocation, number: int) -> Action:
    from cwconsole.cli import hosting, loop  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.cli.logs import log_to_file  # noqa: PLC0415

    with log_to_file(invocation.settings.log_level, settings.log_file(), invocation.vault.given):
        return loop.run(hosting.carry_out(invocation.path, host(invocation), number))


def host(invocation: Invocation) -> partial:  # type: ignore[type-arg]
    """What hosts an engine on this invocation's database."""
    from cwconsole.cli.wiring import hosted_engine  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.http.policy import public_only  # noqa: PLC0415

    return partial(
        hosted_engine,
        invocation.path,
        invocation.vault,
        client_id=invocation.settings.client_id,
        api_policy=public_only(invocation.settings.callback_networks),
        keep_days=invocation.settings.retention_days,
    )


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
