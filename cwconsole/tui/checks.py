"""Why an action cannot be done to what the cursor stands on, and what the same is on the command line."""

from __future__ import annotations

from collections.abc import Callable

from cwconsole.core.command_line import command_line
from cwconsole.core.health import Health
from cwconsole.tui.action import Check, Subject


def needs_place(subject: Subject) -> str | None:
    return None if subject.instance else "There is no instance or resource under the cursor."


def configured(subject: Subject) -> str | None:
    if not (subject.left_out and subject.resource):
        return None
    return (
        f"{subject.place} is left out of the configuration of {subject.instance}: it is neither polled nor steered by "
        "itself. E configures it again; its deliveries can be tried again or cancelled one by one."
    )


def has_watermark(subject: Subject) -> str | None:
    if subject.resource is None:
        return "A watermark belongs to one resource; there is none under the cursor."
    return configured(subject)


def _switched_on(subject: Subject) -> str | None:
    if subject.state != Health.OFF or subject.left_out:
        return None
    return f"{subject.instance} is switched off, so nothing of it is polled; n switches it on."


def one_place(why: Check) -> Check:
    """Where many are marked, each is looked at when it is its turn."""
    return lambda subject: None if subject.places else needs_place(subject) or configured(subject) or why(subject)


polled = one_place(_switched_on)
not_paused = one_place(lambda subject: f"{subject.place} is paused already; R resumes it." if subject.paused else None)
paused = one_place(lambda subject: None if subject.paused else f"{subject.place} is not paused.")
not_held = one_place(
    lambda subject: f"Deliveries of {subject.place} are held already; H lets them go." if subject.held else None
)
held = one_place(lambda subject: None if subject.held else f"Deliveries of {subject.place} are not held.")


def asks(subject: Subject) -> str | None:
    """Whether a sweep of the one resource under the cursor waits for an answer."""
    if subject.places > 1:
        return "What a sweep found gone is confirmed for one resource at a time; Escape drops the marks."
    if subject.resource is None:
        return "What a sweep found gone is confirmed for one resource; there is none under the cursor."
    if not subject.asking:
        return f"No sweep of {subject.place} asks for anything."
    return _switched_on(subject)


def can_retry(subject: Subject) -> str | None:
    if subject.delivery is None and not subject.marked:
        return "There is no delivery under the cursor."
    if subject.marked or subject.state in {None, "retrying", "dead", "cancelled"}:
        return None
    return f"Delivery {subject.delivery} is {subject.state}; what is dead, cancelled or retrying can be tried again."


def can_cancel(subject: Subject) -> str | None:
    if subject.delivery is None and not subject.marked:
        return "There is no delivery under the cursor."
    if subject.marked or subject.state in {None, "pending", "retrying"}:
        return None
    return f"Delivery {subject.delivery} is {subject.state}; only what waits can be cancelled."


def can_call_off(subject: Subject) -> str | None:
    if subject.action is None:
        return "There is no action under the cursor."
    if subject.state == "queued":
        return None
    return f"Action {subject.action} is {subject.state}; only what is queued can be called off."


def job_in(*states: str) -> Check:
    """Whether there is a job in one of these states."""

    def check(subject: Subject) -> str | None:
        if subject.job is None:
            return "There is no job under the cursor."
        return None if subject.state in states else f"Job {subject.job} is {subject.state}."

    return check


def replay_in(*states: str) -> Check:
    """Whether there is a job in one of these states, and one that can stand still."""
    in_state = job_in(*states)
    return lambda subject: "An export cannot be paused; c cancels it." if subject.saving else in_state(subject)


def number_command(words: str, number: Callable[[Subject], int | None]) -> Callable[[Subject], str]:
    """`cwconsole deliveries retry 17`."""
    return lambda subject: f"cwconsole {words} {number(subject)}"


def needs_event(subject: Subject) -> str | None:
    return None if subject.event else "There is no event under the cursor."


def needs_thing(subject: Subject) -> str | None:
    return None if subject.thing is not None else "There is nothing under the cursor."


def needs_asked(subject: Subject) -> str | None:
    return None if subject.asked else "There is nothing under the cursor that somebody asked for."


def shown_by(subject: Subject) -> str:
    """The command that shows what is under the cursor."""
    return "" if subject.thing is None else subject.thing.command


def place_command(*words: str) -> Callable[[Subject], str]:
    """`cwconsole poll acme contacts`."""
    before, after = [word for word in words if word[0] != "-"], [word for word in words if word[0] == "-"]

    def command(subject: Subject) -> str:
        place = [part for part in (subject.instance, subject.resource) if part]
        return command_line(*before, *place, *after)

    return command


def instance_command(*words: str) -> Callable[[Subject], str]:
    """`cwconsole instances remove acme --yes`."""

    def command(subject: Subject) -> str:
        first, *rest = words
        return command_line("instances", first, *([subject.instance] if subject.instance else []), *rest)

    return command
