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

from collections.abc import Iterable
from functools import cache
from typing import Final

from msgspec import Struct
from textual.binding import Binding

from cwconsole.core.command_line import command_line
from cwconsole.tui.action import Action, Scope
from cwconsole.tui.checks import (
    asks,
    can_call_off,
    can_cancel,
    can_retry,
    has_watermark,
    held,
    instance_command,
    job_in,
    needs_asked,
    needs_event,
    needs_place,
    needs_thing,
    not_held,
    not_paused,
    number_command,
    paused,
    place_command,
    polled,
    replay_in,
    shown_by,
)


class Mode(Struct, frozen=True):
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
           words=("help",), also=("keys",)),
    Action(id="command", title="Type a command", keys=("colon",), scopes=_APP, label="cmd", priority=60),
    Action(id="palette", title="Find anything by name", keys=("ctrl+p",), scopes=_APP, words=("palette",)),
    Action(id="back", title="One step back", keys=("escape",), scopes=_APP, label="back", priority=69,
           words=("back",)),  # offered only where it does something, and then before what else can be done there
    Action(id="forward", title="Again to where Escape came from", keys=("right_square_bracket",), scopes=_APP,
           label="forward", priority=40, words=("forward",)),
    Action(id="quit", title="Leave the console", keys=("q", "ctrl+q", "ctrl+c"), scopes=_APP, label="quit", priority=50,
           words=("q", "quit"), also=("exit", "close")),
    Action(id="suspend", title="Go to the shell for a while", keys=("ctrl+z",), scopes=_APP, words=("suspend",)),
    Action(id="refresh", title="Read everything again", keys=("ctrl+r",), scopes=_APP, words=("refresh",),
           also=("reload",)),
    Action(id="freeze", title="Stop or go on refreshing", keys=("z",), scopes=_APP, words=("freeze",),
           also=("pause", "stop")),
    Action(id="mouse", title="Give the mouse to the terminal, or take it back", keys=("ctrl+e",), scopes=_APP,
           words=("mouse",)),
    Action(id="theme", title="Use the next theme", keys=("ctrl+t",), scopes=_APP, words=("theme",),
           also=("colours", "colors")),
    Action(id="views", title="Go to a saved view", keys=("V",), scopes=_APP, words=("views",)),
    Action(id="debug", title="What this console runs on", keys=("ctrl+g",), scopes=_APP, words=("debug",)),
    *(Action(id=f"mode.{mode.name}", title=mode.title, keys=(mode.key,), scopes=_APP) for mode in MODES),
    # lists
    Action(id="filter", title="Filter this list", keys=("slash",), scopes=(Scope.LIST,), label="filter", priority=70,
           also=("search", "grep")),
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
    Action(id="table.sort", title="Sort by the next column", keys=("o",), scopes=_TABLE, label="sort", priority=20,
           also=("order",)),
    Action(id="table.sort_reverse", title="Sort the other way round", keys=("O",), scopes=_TABLE),
    Action(id="table.copy", title="Copy a cell, the row, or what else there is of it", keys=("ctrl+y",),
           scopes=_TABLE, words=("copy_cell",), also=("copy", "clipboard")),
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
           check=needs_place),
    # instances and resources
    Action(id="poll.now", title="Poll now", keys=("p",), scopes=_PLACE, label="poll", priority=65, writes=True,
           words=("poll",), check=polled, command=place_command("poll"), also=("fetch", "sync", "read")),
    Action(id="sweep.now", title="Prove that nothing is missing (sweep)", keys=("w",), scopes=_PLACE, writes=True,
           words=("sweep",), check=polled, command=place_command("sweep"),
           also=("verify", "check", "compare", "deleted", "lost")),
    Action(id="sweep.confirm", title="Confirm what a sweep found gone", keys=("K",),
           scopes=_PLACE, writes=True, dangerous=True, words=("confirm",), check=asks,
           command=lambda subject: command_line("sweep", *filter(None, (subject.instance, subject.resource)),
                                                "--confirm-deletes", subject.asking or 0), also=("deleted", "agree")),
    Action(id="polling.pause", title="Pause polling", keys=("x",), scopes=_PLACE, label="pause", priority=45,
           writes=True, dangerous=True, words=("pause",), check=not_paused, command=place_command("pause"),
           also=("stop",)),
    Action(id="polling.resume", title="Resume polling", keys=("R",), scopes=_PLACE, writes=True, words=("resume",),
           check=paused, command=place_command("resume"), also=("continue", "unpause")),
    Action(id="deliveries.hold", title="Hold deliveries", keys=("d",), scopes=_PLACE, writes=True, words=("hold",),
           check=not_held, command=place_command("pause", "--delivery"), also=("pause", "stop")),
    Action(id="deliveries.release", title="Let held deliveries go", keys=("H",), scopes=_PLACE, writes=True,
           words=("release",), check=held, command=place_command("resume", "--delivery"),
           also=("resume", "continue", "unhold")),
    Action(id="place.instance", title="Page of this instance", keys=("I",), scopes=_PLACE, check=needs_place),
    Action(id="place.polls", title="Polls of this", keys=("P",), scopes=_PLACE, check=needs_place),
    Action(id="watermark.set", title="Set the watermark", keys=("W",), scopes=_PLACE, label="watermark", priority=25,
           writes=True, dangerous=True, words=("watermark",), check=has_watermark,
           command=place_command("watermark"), also=("rewind", "backfill")),
    # instances themselves
    Action(id="instance.add", title="Add an instance", keys=("a",), scopes=_INSTANCES, label="add", priority=15,
           writes=True, adds=True, words=("add",), command=lambda _: "cwconsole instances add FILE",
           also=("new", "create")),
    Action(id="instance.import", title="Add an instance from a file", keys=("A",), scopes=_INSTANCES, writes=True,
           adds=True, words=("import",), command=lambda _: "cwconsole instances add FILE"),
    Action(id="instance.edit", title="Edit the instance", keys=("E",), scopes=_INSTANCES, label="edit", priority=24,
           writes=True, words=("edit",), check=needs_place, command=instance_command("edit"),
           also=("change", "configure")),
    Action(id="instance.copy", title="Copy the instance", keys=("C",), scopes=_INSTANCES, writes=True,
           adds=True, words=("copy",), check=needs_place, command=lambda _: "cwconsole instances add FILE",
           also=("duplicate", "clone")),
    Action(id="instance.export", title="Write the instance to a file", keys=("X",), scopes=_INSTANCES,
           words=("export",), check=needs_place, command=instance_command("export"), also=("save", "download")),
    Action(id="instance.enable", title="Switch the instance on", keys=("n",), scopes=_INSTANCES, writes=True,
           words=("enable",), check=needs_place, command=instance_command("enable"), also=("start",)),
    Action(id="instance.disable", title="Switch the instance off", keys=("N",), scopes=_INSTANCES, writes=True,
           dangerous=True, words=("disable",), check=needs_place, command=instance_command("disable"), also=("stop",)),
    Action(id="instance.remove", title="Remove the instance", keys=("D",), scopes=_INSTANCES, writes=True,
           dangerous=True, words=("remove",), check=needs_place, command=instance_command("remove", "--yes"),
           also=("delete",)),
    # events
    Action(id="event.replay", title="Send again", keys=("r",), scopes=(Scope.EVENTS,), label="replay", priority=68,
           writes=True, dangerous=True, words=("replay",), command=number_command("replay --event",
           lambda subject: subject.event),
           check=needs_event, also=("resend", "redeliver")),
    Action(id="event.history", title="All events of this object", keys=("b",), scopes=(Scope.EVENTS,),
           label="object", priority=34, words=("history",), check=needs_event),
    Action(id="event.detail", title="The event in full beside or below the list, or the list alone", keys=("t",),
           scopes=(Scope.EVENT_LIST,), label="detail", priority=36, words=("detail",)),
    # jobs
    Action(id="job.pause", title="Pause the job", keys=("x",), scopes=(Scope.JOBS,), label="pause", priority=68,
           writes=True, words=("pause_job",), check=replay_in("queued", "running"),
           command=number_command("jobs pause", lambda subject: subject.job)),
    Action(id="job.resume", title="Let the job go on", keys=("R",), scopes=(Scope.JOBS,), label="resume", priority=67,
           writes=True, words=("resume_job",), check=replay_in("paused"),
           command=number_command("jobs resume", lambda subject: subject.job)),
    Action(id="job.cancel", title="Cancel the job", keys=("c",), scopes=(Scope.JOBS,), label="cancel", priority=66,
           writes=True, dangerous=True, words=("cancel_job",), check=job_in("queued", "running", "paused"),
           command=number_command("jobs cancel", lambda subject: subject.job)),
    # deliveries
    Action(id="delivery.retry", title="Try again now", keys=("r",), scopes=(Scope.DELIVERY,), label="retry",
           priority=68, writes=True, words=("retry",), check=can_retry,
           command=number_command("deliveries retry", lambda subject: subject.delivery),
           also=("resend", "redeliver", "replay")),
    Action(id="delivery.cancel", title="Give up", keys=("c",), scopes=(Scope.DELIVERY,), label="cancel", priority=67,
           writes=True, dangerous=True, words=("cancel",), check=can_cancel,
           command=number_command("deliveries cancel", lambda subject: subject.delivery), also=("drop", "abandon")),
    Action(id="delivery.event", title="Its event", keys=("E",), scopes=(Scope.DELIVERY,), check=needs_event),
    Action(id="deliveries.state", title="Only those in the next state", keys=("tab",), scopes=(Scope.DELIVERIES,),
           label="state", priority=64),
    Action(id="deliveries.state_before", title="Only those in the state before", keys=("shift+tab",),
           scopes=(Scope.DELIVERIES,)),
    Action(id="deliveries.dead", title="Dead letters by callback URL and error", keys=("D",),
           scopes=(Scope.DELIVERIES,), label="dead letters", priority=63, also=("failed",)),
    # the audit log
    Action(id="action.call_off", title="Call off what is queued", keys=("c",), scopes=(Scope.ACTIONS,),
           label="call off", priority=65, writes=True, words=("cancel_action",), check=can_call_off,
           command=number_command("actions cancel", lambda subject: subject.action), also=("cancel", "undo")),
    # the log
    Action(id="log.level", title="Only what is as grave as the next level", keys=("L",), scopes=(Scope.LOG,),
           label="level", priority=67),
    Action(id="log.follow", title="Go to the newest line and follow", keys=("f",), scopes=(Scope.LOG,), label="follow",
           priority=66, also=("tail",)),
    Action(id="log.pause", title="Let the lines stand still, or go on", keys=("p",), scopes=(Scope.LOG,),
           label="pause", priority=65),
    Action(id="log.matching", title="All lines, those that fit the filter standing out, or only these", keys=("m",),
           scopes=(Scope.LOG,), label="match", priority=62),
    Action(id="log.wrap", title="The line under the cursor in full below the list, or not", keys=("w",),
           scopes=(Scope.LOG,), label="wrap", priority=63),
    Action(id="log.times", title="Times with their dates, no times, or times of day", keys=("t",),
           scopes=(Scope.LOG,), label="times", priority=61),
    # as text and as files
    Action(id="copy.json", title="Copy as JSON; what is marked, as a list", keys=("y",), scopes=(Scope.COPIES,),
           label="copy", priority=33, words=("copy_json",), check=needs_thing, also=("copy", "clipboard")),
    Action(id="copy.command", title="Copy the command that shows it", keys=("Y",), scopes=(Scope.COPIES,),
           words=("copy_command",), check=needs_thing, command=shown_by, also=("copy", "cli")),
    Action(id="copy.asked", title="Copy the command that asked for it", keys=("u",),
           scopes=(Scope.ACTIONS, Scope.JOBS), words=("copy_asked",), check=needs_asked, also=("copy",)),
    Action(id="copy.curl", title="Copy the notification as a curl command, without secrets", keys=("u",),
           scopes=(Scope.EVENTS,), words=("copy_curl",), check=needs_event, also=("copy",)),
    Action(id="list.save", title="Save the list, or what is marked, to a file", keys=("s",),
           scopes=(Scope.WHOLE, Scope.HISTORY), label="save", priority=32, words=("save_list",),
           also=("export", "download", "csv")),
    Action(id="list.save_stop", title="Stop saving", keys=("S",), scopes=(Scope.HISTORY,), words=("save_stop",),
           also=("cancel", "export")),
    # what this console runs on
    Action(id="debug.copy", title="Copy all of it for a support case, without secrets", keys=("y",),
           scopes=(Scope.DEBUG,), label="copy", priority=70, words=("copy_debug",)),
    # details
    Action(id="detail.next", title="Next tab", keys=("tab", "l", "right"), scopes=(Scope.DETAIL,), label="next",
           priority=55),
    Action(id="detail.previous", title="Tab before", keys=("shift+tab", "h", "left"), scopes=(Scope.DETAIL,)),
)  # fmt: skip

BY_ID: Final = {action.id: action for action in REGISTRY}


@cache
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
