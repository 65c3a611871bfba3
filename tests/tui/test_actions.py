"""The table of actions: no key means two things in one place, and what is refused says why."""

from __future__ import annotations

from itertools import combinations

import pytest

from cwconsole.tui.action import Action, Scope, Subject, key_name
from cwconsole.tui.actions import BY_ID, MODES, REGISTRY, bindings, by_word, of

SCREENS = {
    "fleet": (Scope.APP, Scope.WHOLE, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.FLEET, Scope.PLACE, Scope.INSTANCES),
    "events": (Scope.APP, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.EVENTS, Scope.HISTORY, Scope.PLACE),
    "deliveries": (Scope.APP, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.DELIVERIES, Scope.DELIVERY, Scope.PLACE),
    "dead letters": (Scope.APP, Scope.WHOLE, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.DELIVERY),
    "delivery": (Scope.APP, Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.DELIVERY, Scope.PLACE),
    "event": (Scope.APP, Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.EVENTS, Scope.PLACE),
    "action": (Scope.APP, Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.ACTIONS),
    "job": (Scope.APP, Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.JOBS),
    "page with a text": (Scope.APP, Scope.COPIES, Scope.DETAIL, Scope.PLACE, Scope.INSTANCES, Scope.TEXT),
    "polls": (Scope.APP, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.POLLS, Scope.PLACE),
    "actions": (Scope.APP, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.ACTIONS),
    "jobs": (Scope.APP, Scope.WHOLE, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.JOBS),
    "log": (Scope.APP, Scope.WHOLE, Scope.LIST, Scope.TABLE, Scope.LOG),
    "detail": (Scope.APP, Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.PLACE),
}


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: str) -> None:
    for one, other in combinations(of(*SCREENS[screen]), 2):
        assert not set(one.keys) & set(other.keys), (one.id, other.id)


def test_ids_and_words_are_unique() -> None:
    assert len(BY_ID) == len(REGISTRY)
    words = [word for action in REGISTRY for word in action.words]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("action", REGISTRY, ids=lambda action: action.id)
def test_keys_get_through_ssh_and_tmux(action: Action) -> None:
    for key in action.keys:
        assert not key.startswith(("f1", "ctrl+shift", "alt+"))
        assert key not in {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+s"}, "plain terminals cannot tell them apart"
        assert key != "ctrl+z" or action.id == "suspend", "it means one thing everywhere"


@pytest.mark.parametrize("action", [one for one in REGISTRY if one.writes], ids=lambda action: action.id)
def test_what_changes_something_is_refused_read_only_with_the_reason(action: Action) -> None:
    subject = Subject(read_only=True, instance="acme", resource="contacts", paused=True, held=True)
    assert action.why_not(subject) == f"{action.title}: this console is read-only."
    assert action.command is not None, "whatever changes something can be done on the command line too"


def test_a_refused_key_says_why() -> None:
    subject = Subject(instance="acme", resource="contacts", paused=True)
    assert BY_ID["polling.pause"].why_not(subject) == "acme/contacts is paused already; R resumes it."
    assert BY_ID["polling.resume"].why_not(subject) is None
    assert BY_ID["deliveries.release"].why_not(subject) == "Deliveries of acme/contacts are not held."
    assert BY_ID["poll.now"].why_not(Subject()) == "There is no instance or resource under the cursor."


def test_the_command_line_twin_is_quoted() -> None:
    subject = Subject(instance="acme east", resource="contacts")
    command = BY_ID["deliveries.hold"].command
    assert command is not None
    assert command(subject) == "cwconsole pause 'acme east' contacts --delivery"


def test_every_mode_has_its_number() -> None:
    assert [mode.key for mode in MODES] == ["1", "2", "3", "4", "5", "6", "7"]
    assert {f"mode.{mode.name}" for mode in MODES} <= set(BY_ID)


def test_bindings_words_and_key_names_come_from_the_table() -> None:
    (binding,) = [one for one in bindings(Scope.APP) if one.id == "quit"]
    assert (binding.key, binding.action) == ("q,ctrl+q,ctrl+c", "do('quit')")
    assert by_word("quit", REGISTRY) is BY_ID["quit"]
    assert by_word("melt", REGISTRY) is None
    assert [key_name(key) for key in ("question_mark", "ctrl+r", "q", "escape")] == ["?", "^r", "q", "esc"]
