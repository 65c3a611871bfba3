"""The console: modes, themes, keys, what happens when something goes wrong. What is on the screen is in `screens/`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.message import Message
from textual.scrollbar import ScrollBar, ScrollBarRender

from cwconsole import loading
from cwconsole.core.later import Later
from cwconsole.store.database import Store
from cwconsole.store.status import Reading
from cwconsole.tui import routes
from cwconsole.tui.action import Action
from cwconsole.tui.actions import MODES
from cwconsole.tui.author import Author
from cwconsole.tui.bridge import StoreChanged, follow
from cwconsole.tui.engine_state import EngineState, moved
from cwconsole.tui.freshness import Freshness
from cwconsole.tui.going import Going
from cwconsole.tui.keeper import Keeper
from cwconsole.tui.keymap import keymap_warnings, keys_after
from cwconsole.tui.keys_in_turn import KeysInTurn
from cwconsole.tui.known_fleet import KnownFleet
from cwconsole.tui.leaving import Leaving
from cwconsole.tui.refresh import Refresher
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.glyphs import ASCII, UNICODE
from cwconsole.tui.render.plain import plain
from cwconsole.tui.saved_views import SavedViews
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.session import Session
from cwconsole.tui.surroundings import Surroundings
from cwconsole.tui.switches import Switches
from cwconsole.tui.terminal import Terminal
from cwconsole.tui.themes import Palette
from cwconsole.tui.widgets.ascii_scrollbar import AsciiScrollBar
from cwconsole.tui.widths import BREAKPOINTS
from cwconsole.tui.work import WorkFailed, start

if TYPE_CHECKING:
    from cwconsole.tui import clipboard
    from cwconsole.tui.exporting import Export
    from cwconsole.tui.operator import Operator
    from cwconsole.tui.outside import Outside
else:
    clipboard = Later("cwconsole.tui.clipboard")

EXPORT_ENDS_SECONDS: Final = 5.0


class ConsoleApp(KeysInTurn, KnownFleet, Going, Leaving, Switches, inherit_bindings=False):
    """One console on one database.

    now_ms: this machine's clock. reading: the fleet, if it has been read. keymap: keys by the ids of actions, as the
    operator set them, comma-separated. theme: to begin with; None for the session's. session: where to begin.
    session_file, views_file: where this session and saved views are kept; None for nowhere.
    reach: makes what the console needs beside the database; None for a console that has no more.
    """

    CSS_PATH = "styles/base.tcss"
    DEFAULT_MODE = MODES[0].name
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS

    class EngineChanged(Message):
        """The engine is somewhere else now."""

        def __init__(self, engine: EngineState) -> None:
            super().__init__()
            self.engine = engine

    def __init__(
        self,
        store: Store,
        author: Author,
        terminal: Terminal,
        *,
        host: str,
        now_ms: Callable[[], int],
        engine: EngineState | None = None,
        reading: Reading | None = None,
        keymap: Mapping[str, str] | None = None,
        theme: str | None = None,
        own_themes: Sequence[Palette] = (),
        log_file: Path | None = None,
        session_file: Path | None = None,
        session: Session | None = None,
        views_file: Path | None = None,
        reach: Callable[[], Outside] | None = None,
    ) -> None:
        super().__init__(ansi_color=True if terminal.ansi else None)
        self.store, self.author, self.terminal = store, author, terminal
        self.host, self.now_ms = host, now_ms
        self.engine = engine or EngineState()
        self.log_file = log_file
        self.glyphs = UNICODE if terminal.unicode else ASCII
        if not terminal.unicode:
            self.add_class("-ascii")
        ScrollBar.renderer = ScrollBarRender if terminal.unicode else AsciiScrollBar  # of all apps of this process
        self.frozen = False
        self.export: Export | None = None  # the last one of this console, which may still run
        self.surroundings = Surroundings()  # given by whoever starts the console
        self.warnings: list[str] = []  # what is wrong with the settings, though it keeps nobody from starting
        self.painted = asyncio.Event()  # the fleet has been sent, or why it cannot be read
        self.loaded = asyncio.Event()  # no thread loads screens: what is asked for meanwhile waits, and blocks nothing
        self.loaded.set()
        self.version = 0
        self.next_change = asyncio.Event()  # set once somebody has written; the one after it is another
        self._keys, self._reach = dict(keymap or {}), reach
        self.keeper = Keeper(self, session_file, session or Session())
        self.saved_views = SavedViews(views_file)
        self.begin_with_theme(theme or self.keeper.theme, own_themes)
        for mode in MODES:
            self.add_mode(mode.name, partial(self._base, mode.name))
        self.fleet_refresher = Refresher(
            self,
            self._read_fleet,
            what="Reading the fleet",
            now_ms=now_ms,
            active=lambda: len(self.console_screens()) == len(self.screen_stack),
            frozen=lambda: self.frozen,
            changed=self._fleet_looked_at,
        )
        if reading is not None:
            self.take_fleet(reading)
            self.fleet_refresher.freshness = Freshness().succeeded(now_ms())

    def _base(self, mode: str) -> ConsoleScreen:
        """The first screen of an area. It is styled when it is mounted: no sheet has to be read again for it, twice."""
        screen = self.keeper.base(mode)
        screen._css_update_count = self._css_update_count
        return screen

    def on_mount(self) -> None:
        self.set_keymap(self._keys)
        self.switch_mode(self.keeper.mode)
        self.call_next(self._go_back_up)
        self.fleet_refresher.ask("first look")
        if self.fleet_is_known:
            self._fleet_looked_at()
        start(self, follow(self.store, lambda: self.post_message(StoreChanged())), what="Following the database",
              group="bridge")  # fmt: skip
        self._arm_minute()

    def wake(self) -> None:
        """Catch up with the fleet, which is not read behind a dialog."""
        self.fleet_refresher.wake()

    def _fleet_looked_at(self) -> None:
        self._update_frames()
        if not self.painted.is_set():
            self.call_after_refresh(self._load_the_rest)

    def _load_the_rest(self) -> None:
        """What the first screen did not need, on a thread; then, what the operator's keys mean on each of them."""
        if self.painted.is_set():
            return

        async def load() -> None:
            try:
                await asyncio.to_thread(routes.load)
                await asyncio.to_thread(clipboard.take_away)
            finally:
                loading.done()
                self.loaded.set()
            self.warnings += keymap_warnings(self._keys, routes.rooms()) if self._keys else []
            self.say_warnings()

        self.loaded.clear()
        self.painted.set()
        start(self, load(), what="Loading the screens", group="loading")

    async def _go_back_up(self) -> None:
        """The screens that stood on the first one when the last session ended."""
        for wanted, place in self.keeper.above():
            await self.drill(wanted, place.cursor)

    @cached_property
    def operator(self) -> Operator:
        """Where changes are written."""
        from cwconsole.tui.operator import Operator  # noqa: PLC0415 - loaded when something is to be done

        return Operator(store=self.store, author=self.author, now_ms=self.now_ms)

    @cached_property
    def outside(self) -> Outside | None:
        """What the console needs beside the database."""
        return None if self._reach is None else self._reach()

    # --- what everybody shows ---------------------------------------------------------------------------------------

    def look(self) -> Look:
        """What rows look like at this moment."""
        return Look(glyphs=self.glyphs, now_ms=self.now_ms(), engine_runs=self.engine.runs)

    def keys_of(self, action: Action) -> Sequence[str]:
        """The keys of an action, the operator's own if there are any."""
        return keys_after(action, self._keys)

    def _update_frames(self) -> None:
        for screen in self.console_screens():
            screen.update_frame()

    async def _read_fleet(self) -> None:
        if await self.read_fleet():
            self.show_fleet()

    def show_fleet(self) -> None:
        """In the area in front; the others show it when they come to the front."""
        for screen in self.console_screens():
            if screen.ready:  # one that is being put together or taken down has nothing to show it in
                screen.fleet_changed()
                screen.update_frame()

    def _arm_minute(self) -> None:
        """Wake when the minute turns, and not before: nothing that is shown changes in between."""
        self.set_timer((60_000 - self.now_ms() % 60_000) / 1000 + 0.02, self._minute_turned)

    @property
    def running_export(self) -> Export | None:
        """The one that is being written."""
        return None if self.export is None or self.export.ended else self.export

    async def export_over(self) -> None:
        """After the console's end: wait until the export that this broke off has said so in its job."""
        if (export := self.running_export) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(EXPORT_ENDS_SECONDS):
                    await export.over.wait()

    def exports_changed(self) -> None:
        """An export has begun, gone on or ended."""
        for screen in self.console_screens()[-1:]:
            screen.update_frame()

    def _minute_turned(self) -> None:
        self._arm_minute()
        self.fleet_refresher.follow()  # being late comes with time alone
        for screen in self.console_screens():
            screen.minute()
            screen.update_frame()

    # --- what happens -----------------------------------------------------------------------------------------------

    def on_store_changed(self, _: StoreChanged) -> None:
        self.version += 1
        self.next_change.set()
        self.next_change = asyncio.Event()
        self.fleet_refresher.follow()
        for screen in self.console_screens()[-1:]:
            screen.store_changed()

    def on_console_app_engine_changed(self, event: EngineChanged) -> None:
        before, self.engine = self.engine, event.engine
        if before != event.engine:
            self.fleet_refresher.follow()
            self._update_frames()
            if before.runs != event.engine.runs:  # what was under way stands still, or goes on
                self.on_store_changed(StoreChanged())
                for screen in self.console_screens():
                    screen.minute()
            if (said := moved(before, event.engine)) is not None:
                self.notify(said)
            if event.engine.error:
                self.notify(event.engine.error, title="The engine stopped", severity="error")

    @property
    def crashed(self) -> Exception | None:
        """What ended the console though nobody had foreseen it: for whoever runs it to say, once the screen is gone."""
        return self._exception

    def _handle_exception(self, error: Exception) -> None:
        """End in order. Textual's own way prints the values of all variables, in which records and secrets stand."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def on_work_failed(self, event: WorkFailed) -> None:
        self.notify(f"{event.what} failed: {plain(str(event.error))[:300]}", severity="error")
