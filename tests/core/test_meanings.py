"""Every word for a state is explained, and no other."""

from __future__ import annotations

import pytest

from cwconsole.core.filters import STATES, Noun
from cwconsole.core.health import Health
from cwconsole.core.meanings import MEANINGS
from cwconsole.store.schema import SECOND

WORDS = {
    "resource": tuple(Health),
    "delivery": STATES[Noun.DELIVERIES],
    "poll": STATES[Noun.POLLS],
    "action": STATES[Noun.ACTIONS],
}


@pytest.mark.parametrize("noun", WORDS)
def test_every_state_has_a_meaning(noun: str) -> None:
    assert tuple(MEANINGS[noun]) == WORDS[noun]


def test_the_states_of_jobs_are_those_of_their_table() -> None:
    listed = SECOND.split("CHECK (state IN (")[1].split(")")[0]
    assert {word.strip(" '") for word in listed.split(",")} == set(MEANINGS["job"])
    assert set(MEANINGS) == {*WORDS, "job"}
