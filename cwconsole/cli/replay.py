"""`cwconsole replay`: send events again, a few by their numbers, or as many as a filter finds."""

from __future__ import annotations

import click
from msgspec import Struct

from cwconsole.cli import output
from cwconsole.cli.asking import ask
from cwconsole.cli.common import REASON, WAIT, Amount, common_options, pass_invocation
from cwconsole.cli.events import HEAD, cells, event_number
from cwconsole.cli.filtering import chosen, word_options
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.job_views import see_through
from cwconsole.core.counted import counted
from cwconsole.core.errors import EngineUnreachableError, RefusedError, UsageError
from cwconsole.core.filters import DEFAULT_LIMIT, Noun
from cwconsole.store import replay_jobs, replay_preview
from cwconsole.store.actions import ActionKind
from cwconsole.store.replay_preview import Preview
from cwconsole.store.requests import ask_replay
from cwconsole.store.selection import Selection

FEW = 20  # events by number that are sent again at once, without a job


class How(Struct, frozen=True, kw_only=True):
    """How a job is ordered, and seen through. token: of the preview; yes: no preview is asked for."""

    token: str | None
    yes: bool
    rate: float | None
    reason: str | None
    wait: bool


@click.command()
@click.argument("words", metavar="[WORD:VALUE]...", nargs=-1)
@click.option("--event", "typed", metavar="ID", multiple=True, help="This event, by number or public id; repeatable.")
@word_options(Noun.EVENTS)
@click.option("--confirm", "token", metavar="TOKEN", help="Do what was shown with this token.")
@click.option("--yes", is_flag=True, help="Confirmed: do it without showing it first.")
@click.option(
    "--rate",
    type=Amount(replay_jobs.LOWEST_RATE, replay_jobs.HIGHEST_RATE),
    metavar="N",
    help=f"So many a second; {replay_jobs.DEFAULT_RATE:g} unless told.",
)
@WAIT
@REASON
@common_options
@pass_invocation
def replay(
    invocation: Invocation,
    /,
    *,
    words: tuple[str, ...],
    typed: tuple[str, ...],
    token: str | None,
    yes: bool,
    rate: float | None,
    wait: bool,
    reason: str | None,
    **given: str | None,
) -> None:
    """Send events again: a new delivery each, with one attempt, behind what its object still has to send.

    A few events named with --event are sent at once. What a filter finds (the words of `events list`; state is that of
    an event's newest delivery) is counted and shown first, and done by a job once it is confirmed.
    """
    filtered = bool(words) or any(value is not None for value in given.values())
    if bool(typed) == filtered:
        raise UsageError("Say which events: either with --event, or with a filter as `cwconsole events list` takes it.")
    how = How(token=token, yes=yes, rate=rate, reason=reason, wait=wait)
    if not typed:
        now_ms = invocation.now_ms if token is None else replay_preview.read_token(token)[0]
        asked_for = chosen(Noun.EVENTS, words, given, limit=DEFAULT_LIMIT, after=None, now_ms=now_ms)
        _job(invocation, Selection(chosen=asked_for), how)
        return
    numbers = list(dict.fromkeys(event_number(invocation, one) for one in typed))  # once each, however often named
    if len(numbers) > FEW or rate is not None or token is not None:
        _job(invocation, Selection(numbers=tuple(numbers)), how)
    else:
        _few(invocation, numbers, how)


def _few(invocation: Invocation, numbers: list[int], how: How) -> None:
    asked = invocation.asked(ActionKind.REPLAY, reason=how.reason)
    ask(
        invocation,
        lambda conn: ask_replay(conn, numbers, asked=asked, now_ms=invocation.now_ms),
        what="The replay",
        wait=how.wait,
    )


def _job(invocation: Invocation, wanted: Selection, how: How) -> None:
    if how.token is not None:
        shown = invocation.read(replay_preview.confirmed, wanted, how.token)
    else:
        shown = invocation.read(replay_preview.preview, wanted, asked_ms=invocation.now_ms)
        if not how.yes:
            _show(invocation, shown)
            return
    job_id = invocation.write(
        replay_jobs.create,
        shown,
        rate=replay_jobs.DEFAULT_RATE if how.rate is None else how.rate,
        asked=invocation.asked(ActionKind.REPLAY, reason=how.reason),
        now_ms=invocation.now_ms,
    )
    if how.wait:
        see_through(invocation, job_id)
    else:
        _told(invocation, job_id, shown)


def _show(invocation: Invocation, shown: Preview) -> None:
    """The numbers and a few of the events; nothing is done before they are confirmed."""
    if not shown.total:
        raise UsageError("There is no such event; nothing would be sent again.")
    if invocation.as_json:
        names = ("total", "exact", "not_newest", "judged", "token", "sample")
        output.print_json({name: getattr(shown, name) for name in names})
    else:
        output.print_table(HEAD, [cells(row) for row in shown.sample], empty="")
        if shown.total > len(shown.sample):
            output.print_line(f"and {shown.total - len(shown.sample):,} more, from the oldest up.")
    raise RefusedError(f"{shown.sentence} Nothing is sent yet: add --confirm {shown.token} to do it.")


def _told(invocation: Invocation, job_id: int, shown: Preview) -> None:
    runs = invocation.engine_runs()
    if invocation.as_json:
        output.print_json({"job": job_id, "state": "queued", "total": shown.total, "engine": runs})
    elif runs:
        output.print_line(
            f"Job {job_id} sends {counted(shown.total, 'event')} again; `cwconsole jobs show {job_id}` says how far."
        )
    if not runs:
        raise EngineUnreachableError(
            f"Job {job_id} is ordered, and no engine runs: it waits for one. Start one with `cwconsole run`."
        )
