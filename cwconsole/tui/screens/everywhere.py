"""What can be done on every screen: help, commands, palette, going back, leaving."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from cwconsole.core.errors import CwconsoleError, UsageError
from cwconsole.core.later import Later
from cwconsole.tui.action import Action, Scope, Subject, key_name
from cwconsole.tui.actions import BY_ID, REGISTRY, by_word
from cwconsole.tui.line_completion import completed, unfinished
from cwconsole.tui.reason import reason_of
from cwconsole.tui.screens.cell_copies import CellCopies
from cwconsole.tui.screens.view_keys import VIEW_WORDS
from cwconsole.tui.trail import Step
from cwconsole.tui.viewspec import VIEWS, ViewSpec, read, spec
from cwconsole.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from cwconsole.tui.screens import help, palette  # noqa: A004 - the screen
    from cwconsole.tui.screens.palette import Entry
else:
    help = Later("cwconsole.tui.screens.help")  # noqa: A001 - the screen
    palette = Later("cwconsole.tui.screens.palette")

# What one moves with is not looked for by name.
_NO_NEED: Final = ("palette", "text.", *(f"table.{move}" for move in ("down", "up", "page", "half", "top", "g", "end")))
_WHERE: Final = {
    Scope.FLEET: "on the fleet",
    Scope.PLACE: "to an instance or a resource, on the fleet or on its page",
    Scope.INSTANCES: "to an instance, on the fleet or on its page",
    Scope.COPIES: "in every list but the log, and on every page",
    Scope.EVENTS: "to events, in their list or on an event's page",
    Scope.EVENT_LIST: "in the list of events",
    Scope.WHOLE: "in every list",
    Scope.HISTORY: "in the lists of events, deliveries, polls and actions",
    Scope.DELIVERIES: "in the list of deliveries",
    Scope.DELIVERY: "to deliveries, in their list or on a delivery's page",
    Scope.ACTIONS: "among actions",
    Scope.JOBS: "among jobs",
    Scope.LOG: "in the log",
    Scope.DEBUG: "where :debug leads",
}


class Everywhere(CellCopies):
    """Mixed into `ConsoleScreen`."""

    def do_help(self) -> None:
        screen = self._screen
        actions, subject, keys_of = screen.actions(), screen.subject(), screen.console.keys_of
        lines = partial(help.help_lines, actions, subject, keys_of, scopes=screen.SCOPES)
        screen.app.push_screen(help.Help(f"Keys of {screen.spec.view}", lines))

    def do_back(self) -> None:
        """One step: out of the marks, out of the last filter, out of the screen; at last, out of any filter."""
        screen, app = self._screen, self._screen.console
        if screen.drop_marks():
            return
        here, spec, cursor, above = app.here, screen.spec, screen.place().cursor, False
        if not screen.previous_spec():
            if above := len(app.screen_stack) > 1:
                app.pop_screen()
            else:
                screen.clear_filter()
        if app.here != here:  # it may have been another order alone
            app.trail.add(Step(came_from=here, led_to=app.here, spec=spec, cursor=cursor, above=above))
            app.console_screens()[-1].update_frame()

    async def do_forward(self) -> None:
        """Again to where Escape came from, on the row of then; a list keeps the order of now, as it does on Escape."""
        screen, app = self._screen, self._screen.console
        step = app.trail.take(app.here)
        if step is None:
            key = self._keys(BY_ID["forward"])
            app.notify(f"There is nothing forward: {key} goes again to where Escape came from, until you go elsewhere.")
        elif step.above:
            await app.drill(step.spec, step.cursor)
        else:
            screen.begin_at(step.cursor)
            screen.set_spec(step.spec.sorted_by(screen.spec.sort, screen.spec.descending))

    def drop_marks(self) -> bool:
        """Nothing is marked any more; whether anything was."""
        return False

    def has_marks(self) -> bool:
        """Whether anything is."""
        return False

    def leads_back(self) -> bool:
        """Whether a step back does anything."""
        screen = self._screen
        elsewhere = len(screen.console.console_screens()) > 1
        return elsewhere or bool(screen.spec.words) or screen.is_led_elsewhere() or screen.has_marks()

    def leads_somewhere(self, action: Action) -> bool:
        """Whether it is worth a place in the footer: a step back or forward only where there is one."""
        if action.id == "forward":
            app = self._screen.console
            return app.trail.leads_on(app.here)
        return action.id != "back" or self.leads_back()

    def do_quit(self) -> None:
        self._screen.console.ask_to_quit()

    def do_suspend(self) -> None:
        self._screen.console.ask_to_suspend()

    def do_refresh(self) -> None:
        self._screen.console.read_everything_again()

    def do_freeze(self) -> None:
        self._screen.console.freeze()

    def do_mouse(self) -> None:
        self._screen.console.toggle_mouse()

    def do_theme(self) -> None:
        self._screen.console.next_theme()

    async def do_debug(self) -> None:
        if self._screen.spec.view != "debug":
            await self._screen.console.drill(spec("debug"))

    # --- the command line -------------------------------------------------------------------------------------------

    def do_command(self) -> None:
        self._screen.query_one(Prompt).ask(":", "", self._complete_command)

    async def prompt_entered(self, sign: str, text: str) -> None:
        screen = self._screen
        screen.focus_body()
        if sign == ":" and text:
            if await self.run_command(text):
                screen.query_one(Prompt).again(text)
        elif sign == "/":
            screen.filter_typed(text, final=True)

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        prompt = self._screen.query_one(Prompt)
        if event.sign == "/" and prompt.is_open and event.text == prompt.text:
            self._screen.filter_typed(event.text, final=False)

    def prompt_given_up(self, sign: str, text: str) -> None:
        self._screen.focus_body()
        if sign == "/":
            self._screen.filter_typed(text, final=True)

    async def run_command(self, line: str) -> bool:
        """What was typed after `:`: a view, or the word of an action, perhaps with the reason for it.

        Says what is wrong. Returns whether it is to be mended.
        """
        screen = self._screen
        await screen.console.loaded.wait()
        word, _, rest = line.partition(" ")
        said, action = rest.strip(), by_word(word, screen.actions())
        try:
            if word in VIEW_WORDS:
                await self.run_view_command(word, said)
            elif action is not None and not _narrows(word, said):
                await screen.action_do(action.id, self._reason(word, action, said))
            elif word in VIEWS:
                await screen.console.go(_view_of(line, screen.subject()))
            else:
                raise UsageError(f"There is no command {word!r} here; Tab shows what there is.")
        except CwconsoleError as error:
            screen.app.notify(error.message, severity="error")
            return isinstance(error, UsageError)  # anything else is not mended by typing
        return False

    def _reason(self, word: str, action: Action, said: str) -> str | None:
        """What was typed behind the word of an action. Raises UsageError if that is no reason."""
        console = self._screen.console
        places = {*console.known.instances, *console.known.resources}
        places |= {f"{row.instance} {row.resource}" for row in console.fleet.values()}
        return reason_of(action, word, said, places)

    def _complete_command(self, line: str) -> Sequence[str]:
        before, last = unfinished(line)
        if (word := line.split(" ", 1)[0]) in VIEW_WORDS and before:
            return [f"{word} {name}" for name in self.view_names if f"{word} {name}".startswith(line)]
        view = VIEWS.get(word)
        if not before:
            words = [*VIEWS, *VIEW_WORDS, *(word for action in self._screen.actions() for word in action.words)]
            return [word for word in words if word.startswith(last)]
        action = by_word(word, self._screen.actions())
        if view is None or (action is not None and before != f"{word} "):  # a reason is completed by nobody
            return []
        return completed(view, line, self._screen.console.known)

    # --- the palette ------------------------------------------------------------------------------------------------

    def do_palette(self) -> None:
        self._screen.app.push_screen(palette.Palette(self._entries()), self._chosen)

    async def _chosen(self, entry: Entry | None) -> None:
        if entry is None:
            return
        if not entry.command:
            self._screen.app.notify(f"{entry.name}: {entry.refused}", severity="warning")
        elif entry.command.startswith("do "):
            await self._screen.action_do(entry.command.removeprefix("do "))
        else:
            await self.run_command(entry.command)

    def _entries(self) -> list[Entry]:
        screen = self._screen
        subject, known = screen.subject(), screen.console.known
        entries = [
            palette.Entry(
                name=action.title,
                words=action.names,
                command=f"do {action.id}",
                keys=self._keys(action),
                refused=action.why_not(subject) or "",
            )
            for action in screen.actions()
            if not action.id.startswith(_NO_NEED)
        ]
        entries += [
            palette.Entry(name=f"Instance {name}", command=spec("instance", instance=name).line)
            for name in known.instances
        ]
        entries += [
            palette.Entry(name=f"Resource {row.instance}/{row.resource}",
                          command=spec("resource", instance=row.instance, resource=row.resource).line)
            for row in screen.console.fleet.values()
        ]  # fmt: skip
        here = {action.title for action in screen.actions()}
        return entries + [
            palette.Entry(
                name=action.title,
                words=action.names,
                command="",
                keys=self._keys(action),
                refused=f"This is done {where}.",
            )
            for action in REGISTRY
            if action.title not in here and (where := _WHERE.get(action.scopes[0])) is not None
        ]

    def _keys(self, action: Action) -> str:
        return " ".join(key_name(key) for key in self._screen.console.keys_of(action))


def _view_of(line: str, subject: Subject) -> ViewSpec:
    """The view that was named; `event` alone means the one under the cursor. Raises UsageError."""
    view = VIEWS[line.split(" ", 1)[0]]
    here = {"instance": subject.instance, "resource": subject.resource, "id": getattr(subject, view.name, None)}
    words = {name: here[name] for name in view.required}
    return spec(view.name, **words) if line == view.name and words and all(words.values()) else read(line)


def _narrows(word: str, said: str) -> bool:
    """Whether the view of that name is meant, though an action goes by it as well: `poll id:17`."""
    view = VIEWS.get(word)
    return view is not None and said.startswith(tuple(f"{name}:" for name in view.words))
