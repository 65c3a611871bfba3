"""What every screen has: header, crumbs, footer, prompt, its place in the stack, and what can be done on it.

A screen names its `SCOPES`, composes its `body`, reads in `load`, and says in `subject` what the cursor stands on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from cwconsole.core.health import Health
from cwconsole.tui.action import Action, Scope, Subject
from cwconsole.tui.actions import bindings, of
from cwconsole.tui.asking import is_in_front
from cwconsole.tui.freshness import Freshness
from cwconsole.tui.heading import heading_of
from cwconsole.tui.refresh import Refresher
from cwconsole.tui.render.cells import Line
from cwconsole.tui.render.crumbs import crumbs_line, notice_line
from cwconsole.tui.render.footer import footer_line
from cwconsole.tui.render.verdict import heading_line
from cwconsole.tui.screens.doing import Doing
from cwconsole.tui.screens.everywhere import Everywhere
from cwconsole.tui.session import Place
from cwconsole.tui.viewspec import ViewSpec
from cwconsole.tui.widgets.line_bar import LineBar
from cwconsole.tui.widgets.notice_bar import NoticeBar
from cwconsole.tui.widgets.prompt import Prompt
from cwconsole.tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp

_FLAGS: Final = frozenset({"paused", "held"})


class ConsoleScreen(Everywhere, Doing, Screen[None]):
    """One screen. spec: what it shows."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    AUTO_FOCUS = None

    def __init_subclass__(cls, **options: Any) -> None:
        own = [scope for scope in (Scope.APP, *cls.SCOPES) if scope not in {Scope.TABLE, Scope.TEXT}]
        keys: list[BindingType] = [*bindings(*own)]
        cls.BINDINGS = keys
        super().__init_subclass__(**options)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__()
        self.spec = spec
        self._put_together = False
        self.refresher = Refresher(
            self,
            self.load,
            what=f"Reading {spec.view}",
            now_ms=self._now_ms,
            active=lambda: self.ready and self.in_front,
            frozen=lambda: self.console.frozen,
            changed=self.update_frame,
        )
        self._past: list[tuple[ViewSpec, Hashable]] = []  # what was shown before, and the row under the cursor then
        self.begins_at: Hashable = None  # the row to put the cursor on, once it has been read
        self._seen_version = -1

    @property
    def console(self) -> ConsoleApp:
        """The app."""
        return cast("ConsoleApp", self.app)

    @property
    def ready(self) -> bool:
        """Whether it has been put together, and is not being taken down."""
        return self._put_together and self.is_attached

    @property
    def in_front(self) -> bool:
        """Whether it has the keys."""
        return is_in_front(self)

    def _now_ms(self) -> int:
        return self.console.now_ms()

    # --- for the screens to say -------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """What stands between crumbs and footer."""
        return ()

    async def load(self) -> None:
        """Read and show. Called once at first, and again whenever somebody has written."""

    def subject(self) -> Subject:
        """What the cursor stands on, or what is marked."""
        return self.bare_subject()

    def title_of(self) -> str:
        """This screen's crumb; the view's line unless there is something shorter."""
        return self.spec.line

    @property
    def about(self) -> str | None:
        """The instance that all of this belongs to, if it is one."""
        return self.spec.value("instance") or (self.subject().instance if Scope.DETAIL in self.SCOPES else None)

    @property
    def freshness(self) -> Freshness:
        """How what is shown stands to the file."""
        return self.refresher.freshness

    def badge(self) -> str:
        """What the crumbs say at the right: marked rows, new rows."""
        return ""

    def minute(self) -> None:
        """A minute has turned: relative times read differently."""

    def fleet_changed(self) -> None:
        """The app has read the fleet, or had done so before this screen came."""

    def show_spec(self) -> None:
        """`spec` is another one now."""
        self.refresher.ask("other view")

    def has_just_moved(self) -> bool:
        """Whether another row stands under the cursor since a moment ago, and nobody has moved it there."""
        return False

    def focus_body(self) -> None:
        """Keys go to the list again."""

    def filter_typed(self, text: str, *, final: bool) -> None:
        """The filter reads like this now. final: Enter was pressed, or it was given up; say what is wrong with it."""

    # --- frame ------------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        app = self.console
        yield LineBar(lambda cells: heading_line(heading_of(app), cells, app.glyphs), id="header")
        yield LineBar(self._crumbs, id="crumbs")
        yield NoticeBar(self._notice, id="notice")
        yield from self.body()
        yield LineBar(self._footer, id="footer")
        yield Prompt()

    def on_mount(self) -> None:
        self._put_together = True
        self._seen_version = self.console.version
        if self.console.fleet_is_known:
            self.fleet_changed()
        self.refresher.ask("first look")

    def on_screen_resume(self) -> None:
        """In front again: catch up with what has happened meanwhile."""
        if not self.ready:
            return
        if self._seen_version != self.console.version:
            self.store_changed()
        self.refresher.wake()
        self.console.wake()
        self.minute()
        self.update_frame()

    def store_changed(self) -> None:
        """Somebody has written."""
        self._seen_version = self.console.version
        self.refresher.follow()

    def read_again(self) -> None:
        """Something of it could not be read."""
        self.refresher.follow()

    def set_spec(self, wanted: ViewSpec) -> None:
        """Show something else of the same kind; Escape leads back to what was shown before, on the row of then."""
        if wanted != self.spec:
            self._past.append((self.spec, self.place().cursor))
            self.spec = wanted
            self.show_spec()
            self.update_frame()

    def previous_spec(self) -> bool:
        """Show again what was shown before, in the order of now; whether there was anything."""
        if not self._past:
            return False
        before, self.begins_at = self._past.pop()
        self.spec = before.sorted_by(self.spec.sort, self.spec.descending)
        self.show_spec()
        self.update_frame()
        return True

    def is_led_elsewhere(self) -> bool:
        """Whether something else was shown here before."""
        return bool(self._past)

    def clear_filter(self) -> None:
        """Show all of it: nothing was shown before that could be led back to."""
        if self.spec.words:
            self.spec = replace(self.spec, words=())
            self.show_spec()
            self.update_frame()

    def begin_at(self, cursor: Hashable, before: ViewSpec | None = None) -> None:
        """Begin as it was left: on a row, with what Escape leads back to."""
        self.begins_at = cursor
        if before is not None and before != self.spec:
            self._past.append((before, None))

    def place(self) -> Place:
        """Where the operator is, to come back to."""
        return Place(line=self.spec.line)

    def update_frame(self) -> None:
        """Header, crumbs and footer, as far as they read differently."""
        if self.ready:
            for bar in self.children:
                if isinstance(bar, LineBar):
                    bar.update()
            if self.in_front:
                self.console.keeper.look()

    def _crumbs(self, cells: int) -> Line:
        app = self.console
        names = [screen.title_of() for screen in app.screen_stack if isinstance(screen, ConsoleScreen)]
        return crumbs_line(names, self.badge(), self.freshness, cells, glyphs=app.glyphs, now_ms=app.now_ms())

    def _notice(self, _: int) -> Line:
        app = self.console
        return notice_line(self.freshness, app.glyphs, app.now_ms(), hindrance=app.engine.hindrance)

    def _footer(self, cells: int) -> Line:
        return footer_line(self.offered(), self.subject(), cells, self.console.glyphs, self.console.keys_of)

    # --- actions ----------------------------------------------------------------------------------------------------

    def actions(self) -> tuple[Action, ...]:
        """What can be done on this screen; most lists have one order only."""
        sorts = bool(self.spec.kind.sorts)
        return tuple(one for one in of(Scope.APP, *self.SCOPES) if sorts or not one.id.startswith("table.sort"))

    def offered(self) -> Sequence[Action]:
        """What stands in the footer, if there is room."""
        return [one for one in self.actions() if self.leads_somewhere(one)]

    def bare_subject(self, **more: Any) -> Subject:
        """A subject with what is the same everywhere, and what the fleet knows of its place unless `more` says all."""
        app = self.console
        if more.get("instance") is not None and not more.keys() >= _FLAGS:
            more = {**self._flags(more["instance"], more.get("resource")), **more}
        return Subject(
            read_only=app.author.read_only,
            read_only_instances=app.read_only_instances,
            engine_runs=app.engine.runs,
            **more,
        )

    def _flags(self, instance: str, resource: str | None) -> dict[str, bool]:
        rows = [
            row for row in self.console.fleet.values() if row.instance == instance and resource in {None, row.resource}
        ]
        return {
            "paused": any(row.state is Health.PAUSED for row in rows),
            "held": any(row.held for row in rows),
        }

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        """Enter was pressed on a row of a table."""
