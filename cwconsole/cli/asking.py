"""What `poll`, `sweep` and `replay` share: an action is queued, and with `--wait` seen through to its end.

With `--wait` and no engine, this process hosts one for the action and the deliveries that result.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from cwconsole.cli import output, settings
from cwconsole.cli.door import Failed
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import EngineUnreachableError, RefusedError
from cwconsole.store import poll_list
from cwconsole.store.actions import Action
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
    if invocation.as_json:
        output.print_json([{"id": one.id, "state": one.state, "outcome": one.outcome} for one in ended])
    for one in ended:
        if one.state == "done" and not invocation.as_json:
            output.print_line(one.outcome or "Done.")
    failed = [one for one in ended if one.state != "done"]
    if not failed:
        return
    sentence = "\n".join(one.outcome or f"Action {one.id} was {one.state}." for one in failed)
    if any(invocation.read(poll_list.any_ended, one.id, "refused") for one in failed):
        raise RefusedError(sentence)
    broke = any(invocation.read(poll_list.any_ended, one.id, "failed") for one in failed)
    if broke and not invocation.engine_runs():  # what cannot be polled at all is not tried again by any engine
        sentence += f"\n{NOTHING_RUNS}"
    raise Failed(sentence)


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
