"""Everything one can do on the console, in one table.

The table makes the key bindings, the footer, the help, the palette and the words after `:`. An action is run by the
method of its name on the screen (or table) it belongs to: `poll.now` by `do_poll_now`. What an action would change is
judged in two places: `why_not` says on the screen why a key does nothing here, and `tui.operator`, where actions are
written, refuses whatever a read-only console must not do.

1. Keys are single characters or ctrl with a letter, for function keys and ctrl+shift do not get through SSH and tmux.
2. Lower case looks or asks for something harmless; upper case undoes it, or does more.
3. The key that asks for something dangerous never confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from textual.binding import Binding

from cwconsole.core.command_line import command_line


class Scope(Enum):
    """Where an action can be done."""

    APP = auto()  # on every screen
    LIST = auto()  # on screens with a filter
    TABLE = auto()  # within a table
    TEXT = auto()  # within a text to read
    FLEET = auto()  # resources of all instances
    EVENTS = auto()  # events
    EVENT_LIST = auto()  # the list of events
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an action would be done to: the row under the cursor, or the marked ones.

    paused, held: whether its own flag is set. asking: how many records a sweep found gone and wants to be confirmed.
    marked: how many rows are chosen, 0 for the one under the cursor alone; places: how many of them are instances or
    resources. saving: it is an export of this console.
    """

    read_only: bool = False
    engine_runs: bool = True
    instance: str | None = None
    resource: str | None = None
    paused: bool = False
    held: bool = False
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

    @property
    def place(self) -> str:
        """`acme`, or `acme/contacts`."""
        return "/".join(part for part in (self.instance, self.resource) if part)


Check = Callable[[Subject], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do.

    title: for help and palette. label: for the footer, where a lower priority is cut off first; no label, not there.
    writes: changes something, so not in read-only mode. dangerous: asks before. words: names after `:`.
    check: why it cannot be done here, as a sentence. command: the same on the command line.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    scopes: tuple[Scope, ...]
    label: str = ""
    priority: int = 0
    writes: bool = False
    dangerous: bool = False
    words: tuple[str, ...] = ()
    check: Check | None = None
    command: Callable[[Subject], str] | None = None

    @property
    def method(self) -> str:
        """The method that runs it."""
        return "do_" + self.id.replace(".", "_")

    def why_not(self, subject: Subject) -> str | None:
        """Why it cannot be done to this, as a sentence; None if it can."""
        if self.writes and subject.read_only and not subject.saving:
            return f"{self.title}: this console is read-only."
        return None if self.check is None else self.check(subject)


def _needs_place(subject: Subject) -> str | None:
    return None if subject.instance else "There is no instance or resource under the cursor."


def _needs_resource(subject: Subject) -> str | None:
    return None if subject.resource else "A watermark belongs to one resource; there is none under the cursor."


def _one_place(why: Check) -> Check:
    """Where many are marked, each is looked at when it is its turn."""
    return lambda subject: None if subject.places else _needs_place(subject) or why(subject)


_not_paused = _one_place(
    lambda subject: f"{subject.place} is paused already; R resumes it." if subject.paused else None
)
_paused = _one_place(lambda subject: None if subject.paused else f"{subject.place} is not paused.")
_not_held = _one_place(
    lambda subject: f"Deliveries of {subject.place} are held already; H lets them go." if subject.held else None
)
_held = _one_place(lambda subject: None if subject.held else f"Deliveries of {subject.place} are not held.")


def _asks(subject: Subject) -> str | None:
    """Whether a sweep of the one resource under the cursor waits for an answer."""
    if subject.places > 1:
        return "What a sweep found gone is confirmed for one resource at a time; Escape drops the marks."
    if subject.resource is None:
        return "What a sweep found gone is confirmed for one resource; there is none under the cursor."
    return None if subject.asking else f"No sweep of {subject.place} asks for anything."


def _can_retry(subject: Subject) -> str | None:
    if subject.delivery is None and not subject.marked:
        return "There is no delivery under the cursor."
    if subject.marked or subject.state in {None, "retrying", "dead", "cancelled"}:
        return None
    return f"Delivery {subject.delivery} is {subject.state}; what is dead, cancelled or retrying can be tried again."


def _can_cancel(subject: Subject) -> str | None:
    if subject.delivery is None and not subject.marked:
        return "There is no delivery under the cursor."
    if subject.marked or subject.state in {None, "pending", "retrying"}:
        return None
    return f"Delivery {subject.delivery} is {subject.state}; only what waits can be cancelled."


def _can_call_off(subject: Subject) -> str | None:
    if subject.action is None:
        return "There is no action under the cursor."
    if subject.state == "queued":
        return None
    return f"Action {subject.action} is {subject.state}; only what is queued can be called off."


def _job_in(*states: str) -> Check:
    """Whether there is a job in one of these states."""

    def check(subject: Subject) -> str | None:
        if subject.saving:
            return "An export cannot be paused; c stops it."
        if subject.job is None:
            return "There is no job under the cursor."
        return None if subject.state in states else f"Job {subject.job} is {subject.state}."

    return check


def _number_command(words: str, number: Callable[[Subject], int | None]) -> Callable[[Subject], str]:
    """`cwconsole deliveries retry 17`."""
    return lambda subject: f"cwconsole {words} {number(subject)}"


def _can_stop(subject: Subject) -> str | None:
    """Whether there is a job or an export that goes on."""
    if subject.saving:
        return None if subject.state == "running" else f"That export is {subject.state}."
    return _job_in("queued", "running", "paused")(subject)


def _needs_event(subject: Subject) -> str | None:
    return None if subject.event else "There is no event under the cursor."


def _place_command(*words: str) -> Callable[[Subject], str]:
    """`cwconsole poll acme contacts`."""
    before, after = [word for word in words if word[0] != "-"], [word for word in words if word[0] == "-"]

    def command(subject: Subject) -> str:
        place = [part for part in (subject.instance, subject.resource) if part]
        return command_line(*before, *place, *after)

    return command


def _instance_command(*words: str) -> Callable[[Subject], str]:
    """`cwconsole instances remove acme --yes`."""

    def command(subject: Subject) -> str:
        first, *rest = words
        return command_line("instances", first, *([subject.instance] if subject.instance else []), *rest)

    return command


@dataclass(frozen=True, slots=True)
class Mode:
    """A top-level area: its name among Textual's modes, its title, its key."""

    name: str
    title: str
    key: str


MODES: Final = (
    Mode("fleet", "Fleet", "1"),
    Mode("events", "Events", "2"),
    Mode("deliveries", "Deliveries", "3"),
    Mode("polls", "Polls", "4"),
    Mode("actions", "Actions", "5"),
    Mode("jobs", "Jobs", "6"),
    Mode("log", "Log", "7"),
)

_APP = (Scope.APP,)
_TABLE = (Scope.TABLE,)
_TEXT = (Scope.TEXT,)
_PLACE = (Scope.PLACE,)
_INSTANCES = (Scope.INSTANCES,)

REGISTRY: Final[tuple[Action, ...]] = (
    # everywhere
    Action(id="help", title="Help for this screen", keys=("question_mark",), scopes=_APP, label="help", priority=100,
           words=("help",)),
    Action(id="command", title="Type a command", keys=("colon",), scopes=_APP, label="cmd", priority=60),
    Action(id="palette", title="Find anything by name", keys=("ctrl+p",), scopes=_APP, words=("palette",)),
    Action(id="back", title="One step back", keys=("escape",), scopes=_APP, label="back", priority=40,
           words=("back",)),
    Action(id="quit", title="Leave the console", keys=("q", "ctrl+q", "ctrl+c"), scopes=_APP, label="quit", priority=50,
           words=("q", "quit")),
    Action(id="refresh", title="Read everything again", keys=("ctrl+r",), scopes=_APP, words=("refresh",)),
    Action(id="freeze", title="Stop or go on refreshing", keys=("z",), scopes=_APP, words=("freeze",)),
    Action(id="mouse", title="Give the mouse to the terminal, or take it back", keys=("ctrl+e",), scopes=_APP,
           words=("mouse",)),
    Action(id="theme", title="Use the next theme", keys=("ctrl+t",), scopes=_APP, words=("theme",)),
    Action(id="views", title="Go to a saved view", keys=("V",), scopes=_APP, words=("views",)),
    Action(id="debug", title="What this console runs on", keys=("ctrl+g",), scopes=_APP, words=("debug",)),
    *(Action(id=f"mode.{mode.name}", title=mode.title, keys=(mode.key,), scopes=_APP) for mode in MODES),
    # lists
    Action(id="filter", title="Filter this list", keys=("slash",), scopes=(Scope.LIST,), label="filter", priority=70),
    # tables
    Action(id="table.open", title="Open", keys=("enter", "l", "right"), scopes=_TABLE, label="open", priority=80),
    Action(id="table.down", title="Down", keys=("down", "j"), scopes=_TABLE),
    Action(id="table.up", title="Up", keys=("up", "k"), scopes=_TABLE),
    Action(id="table.page_down", title="Page down", keys=("pagedown", "ctrl+f"), scopes=_TABLE),
    Action(id="table.page_up", title="Page up", keys=("pageup", "ctrl+b"), scopes=_TABLE),
    Action(id="table.half_down", title="Half a page down", keys=("ctrl+d",), scopes=_TABLE),
    Action(id="table.half_up", title="Half a page up", keys=("ctrl+u",), scopes=_TABLE),
    Action(id="table.top", title="First row (also gg)", keys=("home",), scopes=_TABLE),
    Action(id="table.g", title="Twice: first row", keys=("g",), scopes=_TABLE),
    Action(id="table.end", title="Last row", keys=("end", "G"), scopes=_TABLE),
    Action(id="table.mark", title="Mark this row", keys=("space",), scopes=_TABLE, label="mark", priority=30),
    Action(id="table.mark_range", title="Mark from the last marked row to here", keys=("v",), scopes=_TABLE),
    Action(id="table.mark_invert", title="Mark the others instead", keys=("i",), scopes=_TABLE),
    Action(id="table.mark_all", title="Mark everything that the filter shows, or nothing", keys=("asterisk",),
           scopes=_TABLE),
    Action(id="table.sort", title="Sort by the next column", keys=("o",), scopes=_TABLE, label="sort", priority=20),
    Action(id="table.sort_reverse", title="Sort the other way round", keys=("O",), scopes=_TABLE),
    # texts to read
    Action(id="text.down", title="Down", keys=("down", "j"), scopes=_TEXT),
    Action(id="text.up", title="Up", keys=("up", "k"), scopes=_TEXT),
    Action(id="text.page_down", title="Page down", keys=("pagedown", "ctrl+f"), scopes=_TEXT),
    Action(id="text.page_up", title="Page up", keys=("pageup", "ctrl+b"), scopes=_TEXT),
    Action(id="text.half_down", title="Half a page down", keys=("ctrl+d",), scopes=_TEXT),
    Action(id="text.half_up", title="Half a page up", keys=("ctrl+u",), scopes=_TEXT),
    Action(id="text.top", title="Beginning", keys=("home", "g"), scopes=_TEXT),
    Action(id="text.end", title="End", keys=("end", "G"), scopes=_TEXT),
    # the fleet
    Action(id="fleet.fold", title="Fold or unfold by instance", keys=("f",), scopes=(Scope.FLEET,), label="fold",
           priority=35),
    Action(id="fleet.events", title="Events of this resource", keys=("e",), scopes=_PLACE, label="events", priority=66,
           check=_needs_place),
    # instances and resources
    Action(id="poll.now", title="Poll now", keys=("p",), scopes=_PLACE, label="poll", priority=65, writes=True,
           words=("poll",), check=_needs_place, command=_place_command("poll")),
    Action(id="sweep.now", title="Look for deleted records now", keys=("w",), scopes=_PLACE, writes=True,
           words=("sweep",), check=_needs_place, command=_place_command("sweep")),
    Action(id="sweep.confirm", title="Confirm the deletes that a sweep asks about", keys=("K",),
           scopes=_PLACE, writes=True, dangerous=True, words=("confirm",), check=_asks,
           command=lambda subject: command_line("sweep", *filter(None, (subject.instance, subject.resource)),
                                                "--confirm-deletes", subject.asking or 0)),
    Action(id="polling.pause", title="Pause polling", keys=("x",), scopes=_PLACE, label="pause", priority=45,
           writes=True, dangerous=True, words=("pause",), check=_not_paused, command=_place_command("pause")),
    Action(id="polling.resume", title="Resume polling", keys=("R",), scopes=_PLACE, writes=True, words=("resume",),
           check=_paused, command=_place_command("resume")),
    Action(id="deliveries.hold", title="Hold deliveries", keys=("d",), scopes=_PLACE, writes=True, words=("hold",),
           check=_not_held, command=_place_command("pause", "--delivery")),
    Action(id="deliveries.release", title="Let held deliveries go", keys=("H",), scopes=_PLACE, writes=True,
           words=("release",), check=_held, command=_place_command("resume", "--delivery")),
    Action(id="place.instance", title="Page of this instance", keys=("I",), scopes=_PLACE, check=_needs_place),
    Action(id="place.polls", title="Polls of this", keys=("P",), scopes=_PLACE, check=_needs_place),
    Action(id="watermark.set", title="Set the watermark", keys=("W",), scopes=_PLACE, label="watermark", priority=25,
           writes=True, dangerous=True, words=("watermark",), check=_needs_resource,
           command=_place_command("watermark")),
    # instances themselves
    Action(id="instance.add", title="Add an instance", keys=("a",), scopes=_INSTANCES, label="add", priority=15,
           writes=True, words=("add",), command=lambda _: "cwconsole instances add FILE"),
    Action(id="instance.import", title="Add an instance from a file", keys=("A",), scopes=_INSTANCES, writes=True,
           words=("import",), command=lambda _: "cwconsole instances add FILE"),
    Action(id="instance.edit", title="Edit the instance", keys=("E",), scopes=_INSTANCES, label="edit", priority=24,
           writes=True, words=("edit",), check=_needs_place, command=_instance_command("edit")),
    Action(id="instance.copy", title="Copy the instance", keys=("C",), scopes=_INSTANCES, writes=True,
           words=("copy",), check=_needs_place, command=lambda _: "cwconsole instances add FILE"),
    Action(id="instance.export", title="Write the instance to a file", keys=("X",), scopes=_INSTANCES,
           words=("export",), check=_needs_place, command=_instance_command("export")),
    Action(id="instance.enable", title="Switch the instance on", keys=("n",), scopes=_INSTANCES, writes=True,
           words=("enable",), check=_needs_place, command=_instance_command("enable")),
    Action(id="instance.disable", title="Switch the instance off", keys=("N",), scopes=_INSTANCES, writes=True,
           dangerous=True, words=("disable",), check=_needs_place, command=_instance_command("disable")),
    Action(id="instance.remove", title="Remove the instance", keys=("D",), scopes=_INSTANCES, writes=True,
           dangerous=True, words=("remove",), check=_needs_place, command=_instance_command("remove", "--yes")),
    # events
    Action(id="event.replay", title="Send again", keys=("r",), scopes=(Scope.EVENTS,), label="replay", priority=68,
           writes=True, dangerous=True, words=("replay",), command=_number_command("replay --event",
           lambda subject: subject.event),
           check=_needs_event),
    Action(id="event.history", title="All events of this object", keys=("b",), scopes=(Scope.EVENTS,),
           label="object", priority=34, words=("history",), check=_needs_event),
    # jobs
    Action(id="job.pause", title="Pause the job", keys=("x",), scopes=(Scope.JOBS,), label="pause", priority=68,
           writes=True, words=("pause_job",), check=_job_in("queued", "running"),
           command=_number_command("jobs pause", lambda subject: subject.job)),
    Action(id="job.resume", title="Let the job go on", keys=("R",), scopes=(Scope.JOBS,), label="resume", priority=67,
           writes=True, words=("resume_job",), check=_job_in("paused"),
           command=_number_command("jobs resume", lambda subject: subject.job)),
    Action(id="job.cancel", title="Cancel the job", keys=("c",), scopes=(Scope.JOBS,), label="cancel", priority=66,
           writes=True, dangerous=True, words=("cancel_job",), check=_can_stop,
           command=_number_command("jobs cancel", lambda subject: subject.job)),
    # deliveries
    Action(id="delivery.retry", title="Try again now", keys=("r",), scopes=(Scope.DELIVERY,), label="retry",
           priority=68, writes=True, words=("retry",), check=_can_retry,
           command=_number_command("deliveries retry", lambda subject: subject.delivery)),
    Action(id="delivery.cancel", title="Give up", keys=("c",), scopes=(Scope.DELIVERY,), label="cancel", priority=67,
           writes=True, dangerous=True, words=("cancel",), check=_can_cancel,
           command=_number_command("deliveries cancel", lambda subject: subject.delivery)),
    Action(id="delivery.event", title="Its event", keys=("E",), scopes=(Scope.DELIVERY,), check=_needs_event),
    Action(id="deliveries.state", title="Only those in the next state", keys=("tab",), scopes=(Scope.DELIVERIES,),
           label="state", priority=64),
    Action(id="deliveries.state_before", title="Only those in the state before", keys=("shift+tab",),
           scopes=(Scope.DELIVERIES,)),
    Action(id="deliveries.dead", title="Dead letters by callback URL and error", keys=("D",),
           scopes=(Scope.DELIVERIES,), label="dead letters", priority=63),
    # the audit log
    Action(id="action.call_off", title="Call off what is queued", keys=("c",), scopes=(Scope.ACTIONS,),
           label="call off", priority=65, writes=True, words=("cancel_action",), check=_can_call_off,
           command=_number_command("actions cancel", lambda subject: subject.action)),
    # the log
    Action(id="log.level", title="Only what is as grave as the next level", keys=("L",), scopes=(Scope.LOG,),
           label="level", priority=67),
    Action(id="log.follow", title="Go to the newest line and follow", keys=("f",), scopes=(Scope.LOG,), label="follow",
           priority=66),
    Action(id="log.pause", title="Let the lines stand still, or go on", keys=("p",), scopes=(Scope.LOG,),
           label="pause", priority=65),
    Action(id="log.matching", title="All lines, those that fit the filter standing out, or only these", keys=("m",),
           scopes=(Scope.LOG,), label="match", priority=62),
    Action(id="log.wrap", title="The line under the cursor in full below the list, or not", keys=("w",),
           scopes=(Scope.LOG,), label="wrap", priority=63),
    Action(id="log.times", title="Times with their dates, no times, or times of day", keys=("t",),
           scopes=(Scope.LOG,), label="times", priority=61),
    # events as text and as files
    Action(id="copy.json", title="Copy the event as JSON", keys=("y",), scopes=(Scope.EVENTS,), label="copy",
           priority=33, words=("copy_json",), check=_needs_event),
    Action(id="copy.command", title="Copy the command that shows the event", keys=("Y",), scopes=(Scope.EVENTS,),
           check=_needs_event, command=_number_command("events show", lambda subject: subject.event)),
    Action(id="copy.curl", title="Copy the notification as a curl command, without secrets", keys=("u",),
           scopes=(Scope.EVENTS,), words=("copy_curl",), check=_needs_event),
    Action(id="events.save", title="Save these events to a file", keys=("s",), scopes=(Scope.EVENT_LIST,),
           label="save", priority=32, words=("save_events",), command=lambda _: "cwconsole events export FILE"),
    Action(id="events.save_stop", title="Stop saving", keys=("S",), scopes=(Scope.EVENT_LIST,), words=("save_stop",)),
    # what this console runs on
    Action(id="debug.copy", title="Copy all of it for a support case, without secrets", keys=("y",),
           scopes=(Scope.DEBUG,), label="copy", priority=70, words=("copy_debug",)),
    # details
    Action(id="detail.next", title="Next tab", keys=("tab", "l", "right"), scopes=(Scope.DETAIL,), label="next",
           priority=55),
    Action(id="detail.previous", title="Tab before", keys=("shift+tab", "h", "left"), scopes=(Scope.DETAIL,)),
)  # fmt: skip

BY_ID: Final = {action.id: action for action in REGISTRY}


def of(*scopes: Scope) -> tuple[Action, ...]:
    """The actions of some scopes, in the order of the table."""
    return tuple(action for action in REGISTRY if set(action.scopes) & set(scopes))


def bindings(*scopes: Scope) -> list[Binding]:
    """Key bindings of the actions of some scopes; operators can remap them by the actions' ids."""
    return [
        Binding(",".join(action.keys), f"do({action.id!r})", action.title, show=False, id=action.id)
        for action in of(*scopes)
    ]


def by_word(word: str, actions: Iterable[Action]) -> Action | None:
    """The action that a word after `:` names."""
    return next((action for action in actions if word in action.words), None)


_NAMES: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "asterisk": "*",
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
