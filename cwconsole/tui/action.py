"""What an action is: where it can be done, to what, by which keys, and how keys are written."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from msgspec import Struct

from cwconsole.core.read_only import read_only_sentence
from cwconsole.tui.things import Thing


class Scope(Enum):
    """Where an action can be done."""

    APP = auto()  # on every screen
    LIST = auto()  # on screens with a filter
    TABLE = auto()  # within a table
    TEXT = auto()  # within a text to read
    FLEET = auto()  # resources of all instances
    COPIES = auto()  # whatever has something under the cursor that a command shows as well
    EVENTS = auto()  # events
    EVENT_LIST = auto()  # the list of events
    WHOLE = auto()  # a short list, that can be saved as a file at once
    HISTORY = auto()  # a list of any length, that can be saved as a file by a job
    DELIVERIES = auto()  # the list of deliveries
    DELIVERY = auto()  # wherever deliveries are under the cursor
    POLLS = auto()  # polls
    ACTIONS = auto()  # the audit log
    JOBS = auto()  # what runs for long
    LOG = auto()  # the engine's log
    DETAIL = auto()  # one thing, in full
    DEBUG = auto()  # what this console runs on
    PLACE = auto()  # whatever has an instance, and perhaps a resource, under the cursor
    INSTANCES = auto()  # where instances are made and looked after


class Subject(Struct, frozen=True, kw_only=True):
    """What an action would be done to: the row under the cursor, or the marked ones.

    paused, held: whether its own flag is set. left_out: whether it is configured no longer. asking: how many records a
    sweep found gone and wants to be confirmed. marked: how many rows are chosen, 0 for the one under the cursor alone;
    places: how many of them are instances or resources; instances: of these. read_only_instances: all that this console
    may only look at. saving: the job is an export. thing: what is copied of it. asked: the command that
    asked for it.
    """

    read_only: bool = False
    engine_runs: bool = True
    instance: str | None = None
    resource: str | None = None
    paused: bool = False
    held: bool = False
    left_out: bool = False
    asking: int | None = None
    event: int | None = None
    object_id: int | None = None
    delivery: int | None = None
    action: int | None = None
    job: int | None = None
    saving: bool = False
    state: str | None = None
    marked: int = 0
    places: int = 0
    instances: frozenset[str] = frozenset()
    read_only_instances: frozenset[str] = frozenset()
    thing: Thing | None = None
    asked: str | None = None

    @property
    def place(self) -> str:
        """`acme`, or `acme/contacts`."""
        return "/".join(part for part in (self.instance, self.resource) if part)

    def is_same(self, other: Subject) -> bool:
        """Whether it is the same thing, or as many, in whatever state."""
        return (self.thing, self.marked) == (other.thing, other.marked)


Check = Callable[[Subject], str | None]


class Action(Struct, frozen=True, kw_only=True):
    """One thing to do.

    title: for help and palette. label: for the footer, where a lower priority is cut off first; no label, not there.
    writes: changes something, so not in read-only mode. adds: but nothing that is there. dangerous: asks before.
    words: names after `:`. also: what people call it who do not know its name here, for help and palette.
    check: why it cannot be done here, as a sentence. command: the same on the command line.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    scopes: tuple[Scope, ...]
    label: str = ""
    priority: int = 0
    writes: bool = False
    adds: bool = False
    dangerous: bool = False
    words: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    check: Check | None = None
    command: Callable[[Subject], str] | None = None

    @property
    def method(self) -> str:
        """The method that runs it."""
        return "do_" + self.id.replace(".", "_")

    @property
    def names(self) -> tuple[str, ...]:
        """Words that it is looked for by, beside its title."""
        return (*self.words, *((self.label,) if self.label else ()), *self.also)

    def command_for(self, subject: Subject) -> str:
        """The same on the command line; nothing where that has no such command."""
        return "" if self.command is None else self.command(subject)

    def is_locked(self, subject: Subject) -> bool:
        """Whether this console may not do it, to anything or to these instances."""
        return self._lock(subject) is not None

    def why_not(self, subject: Subject) -> str | None:
        """Why it cannot be done to this, as a sentence; None if it can."""
        if (lock := self._lock(subject)) is not None:
            return f"{self.title}: {lock}"
        return None if self.check is None else self.check(subject)

    def _lock(self, subject: Subject) -> str | None:
        if not self.writes:
            return None
        if subject.read_only:
            return "this console is read-only."
        names = sorted(self._touched(subject) & subject.read_only_instances)
        return read_only_sentence(names) if names else None

    def _touched(self, subject: Subject) -> frozenset[str]:
        """The instances that it would change, as far as the screen knows: whose all marked events are, it does not."""
        if self.adds or (subject.marked and not {Scope.EVENTS, Scope.DELIVERY}.isdisjoint(self.scopes)):
            return frozenset()
        if subject.places and Scope.INSTANCES not in self.scopes:
            return subject.instances
        return frozenset() if subject.instance is None else frozenset({subject.instance})


_NAMES: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "asterisk": "*",
    "right_square_bracket": "]",
    "escape": "esc",
    "space": "space",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


_CODES: Final = {name: code for code, name in _NAMES.items()}


def key_code(key: str) -> str:
    """A key as Textual writes it, whichever way it was written: `question_mark` for `?`."""
    return _CODES.get(key, key)


def key_name(key: str) -> str:
    """A key as people write it: `?`, `esc`, `^r`."""
    return _NAMES.get(key, key.replace("ctrl+", "^"))
