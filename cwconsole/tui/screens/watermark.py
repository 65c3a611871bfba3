"""Setting a watermark: what the new window would hold, by ConnectWise's own count, comes before the question.

1. A time is typed; how it is understood stands below it while it is.
2. Enter asks ConnectWise. Going back is harmless, so `y` sets it then; going forward skips changes, and wants the
   resource's name typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from cwconsole.core.command_line import command_line
from cwconsole.core.config import DEFAULT_OVERLAP
from cwconsole.core.errors import CwconsoleError, RefusedError
from cwconsole.core.moments import moment
from cwconsole.core.rewinding import consequences, held_by_window
from cwconsole.core.zones import find_zone
from cwconsole.store import operations, resource_view
from cwconsole.store.actions import ActionKind
from cwconsole.store.once import Connection
from cwconsole.store.resource_view import ResourceView
from cwconsole.tui.outside import Outside
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.times import both, span
from cwconsole.tui.screens.configured import configured
from cwconsole.tui.widgets.dialog_keys import DialogKeys, Keys
from cwconsole.tui.widgets.dialog_lines import READ_ON, Dialog, DialogLines
from cwconsole.tui.work import start

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


class Standing(Struct, frozen=True, kw_only=True):
    """Where a resource stands: whole seconds on the server's clock. zone: the instance's. crawling: a poll is open."""

    instance: str
    resource: str
    watermark: int
    server_now: int
    overlap: int
    zone: tzinfo
    crawling: bool

    @property
    def label(self) -> str:
        """`acme/contacts`."""
        return f"{self.instance}/{self.resource}"


class Chosen(Struct, frozen=True, kw_only=True):
    """The new watermark, and why."""

    watermark: int
    reason: str | None = None


def preview(standing: Standing, wanted: int) -> list[str]:
    """What setting it to `wanted` does, a sentence each."""
    back = standing.watermark - wanted
    where = f"{_time(wanted, standing.zone)}, {span(abs(back))} {'back' if back >= 0 else 'forward'}."
    lines = [where]
    return lines + consequences(
        forward=back < 0, span=span(abs(back)), overlap=standing.overlap, crawling=standing.crawling
    )


def _time(seconds: int, zone: tzinfo) -> str:
    return both(seconds * 1000, zone)


class WatermarkDialog(Dialog[Chosen | None]):
    """See the module. outside: None where ConnectWise cannot be asked from here. reason: what stands there at first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("y", "yes", "Set it", show=False),
    ]

    def __init__(self, standing: Standing, outside: Outside | None, reason: str | None) -> None:
        super().__init__()
        self._standing, self._outside, self._reason = standing, outside, reason
        self._wanted: int | None = None
        self._counted = ""
        self._counting = False

    def compose(self) -> ComposeResult:
        standing = self._standing
        behind = span(max(standing.server_now - standing.watermark, 0))
        with Vertical(id="dialog"):
            yield Static(f"Set the watermark of {plain(standing.label)}", id="dialog-title", markup=False)
            yield Static(f"It stands at {_time(standing.watermark, standing.zone)}, {behind} behind the server.",
                         id="dialog-lines", markup=False)  # fmt: skip
            yield self._field("when", "Read again from: 2h, 3d, 2026-09-01T08:00 (UTC)")
            yield DialogLines(id="window")
            yield self._field("reason", "Reason, for the audit log (optional)", self._reason)
            yield self._field("typed", f"It skips changes: type {standing.resource} to set it")
            yield DialogKeys()

    def _field(self, name: str, placeholder: str, value: str | None = None) -> Input:
        field = Input(value, id=name, placeholder=placeholder, compact=True)
        field.cursor_blink = False
        return field

    def on_mount(self) -> None:
        self.query_one("#typed").display = False
        self.set_focus(self.query_one("#when"))
        self.show_keys()

    # --- the time ---------------------------------------------------------------------------------------------------

    def _read(self) -> int | None:
        """The time that is typed, whole seconds, on the server's clock."""
        typed = self.query_one("#when", Input).value.strip()
        ms = moment(typed, self._standing.server_now * 1000) if typed else None
        return None if ms is None else ms // 1000

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "when":
            self._wanted, self._counted, self._counting = None, "", False
            self.query_one("#typed").display = False
            self._show_window(self._read())
            self.show_keys()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        match event.input.id:
            case "when":
                self._choose()
            case "typed" if event.value.strip() == self._standing.resource:
                self._set()
            case "reason":
                self._focus_answer()

    def _choose(self) -> None:
        wanted = self._read()
        if (wrong := self._wrong(wanted)) or wanted is None:
            self._say([wrong])
            return
        self._wanted, self._counting = wanted, True
        self._counted = "ConnectWise is counting..."
        self._show_window(wanted)
        self.query_one("#typed").display = self._forward
        self._focus_answer()
        self.show_keys()
        start(self, self._count(wanted), what="Counting at ConnectWise", group="probe", exclusive=True)

    def _wrong(self, wanted: int | None) -> str:
        if wanted is None:
            return "That is no time; write 2h, 3d or 2026-09-01T08:00."
        if wanted > self._standing.server_now:
            return "That time has not come yet on the server's clock; name an earlier one."
        return ""

    @property
    def _forward(self) -> bool:
        return self._wanted is not None and self._wanted > self._standing.watermark

    def _focus_answer(self) -> None:
        """To the field that confirms; where a key does, to none."""
        if self._forward:
            self.set_focus(self.query_one("#typed"))
        else:
            self.set_focus(None)

    async def _count(self, wanted: int) -> None:
        said = await self._ask(wanted)
        if self._wanted == wanted:
            self._counted, self._counting = said, False
            self._show_window(wanted)
            self.show_keys()

    async def _ask(self, wanted: int) -> str:
        standing = self._standing
        if self._outside is None:
            return "ConnectWise cannot be asked from here, so how many records that is, is not known."
        try:
            held = await self._outside.count(standing.instance, standing.resource, wanted)
            if wanted <= standing.watermark:
                return held_by_window(held)
            present = await self._outside.count(standing.instance, standing.resource, standing.watermark)
        except CwconsoleError as error:
            return f"It cannot be counted: {plain(error.message)}"
        return held_by_window(held, present)

    # --- answers ----------------------------------------------------------------------------------------------------

    def _show_window(self, wanted: int | None) -> None:
        typed = bool(self.query_one("#when", Input).value.strip())
        lines: Sequence[str] = [self._wrong(wanted)] if typed and self._wrong(wanted) else []
        if wanted is not None and not lines:
            lines = [*preview(self._standing, wanted), *([self._counted] if self._counted else [])]
        self._say(lines)

    def _say(self, lines: Sequence[str]) -> None:
        self.query_one(DialogLines).say(lines)
        self.fit()

    def show_keys(self) -> None:
        if self._wanted is None:
            keys: Keys = (("enter", "show what it would do"), ("esc", "go back"))
        elif self._forward:
            keys = (("enter", "set it, once the name is typed"), ("esc", "another time"))
        else:
            keys = (("y", "set it"), ("tab", "reason"), ("esc", "another time"))
        cut = self.query_one(DialogLines).is_cut
        self.query_one(DialogKeys).show(*keys, *([READ_ON] if cut else []))

    def action_yes(self) -> None:
        if self._wanted is not None and not self._forward:
            self._set()

    def _set(self) -> None:
        if self._wanted is None:
            return
        if self._counting:
            self.app.notify("ConnectWise is still counting; wait for it.", severity="warning")
            return
        reason = self.query_one("#reason", Input).value.strip()
        self.dismiss(Chosen(watermark=self._wanted, reason=reason or None))

    def action_back(self) -> None:
        """To the time again, or out."""
        if self._wanted is None:
            self.dismiss(None)
            return
        self._wanted, self._counted, self._counting = None, "", False
        self.query_one("#typed").display = False
        self._show_window(self._read())
        self.show_keys()
        self.set_focus(self.query_one("#when"))


# --- from a screen ---------------------------------------------------------------------------------------------------


def ask_watermark(screen: ConsoleScreen, reason: str | None) -> None:
    """Ask for another watermark of the resource under the cursor, and set it."""
    subject = screen.subject()
    work = _asked(screen, subject.instance or "", subject.resource or "", reason)
    screen.prepare(work, what="Reading the watermark")


async def _asked(screen: ConsoleScreen, instance: str, resource: str, reason: str | None) -> None:
    app = screen.console
    standing = await app.store.read(_standing, instance, resource, now_ms=app.now_ms())
    if standing is None:
        raise RefusedError(f"{instance}/{resource} has no watermark yet: its first poll sets it.")
    if screen.in_front:
        dialog = WatermarkDialog(standing, app.outside, reason)
        app.push_screen(dialog, lambda chosen: _chosen(screen, standing, chosen))


def _standing(conn: Connection, instance: str, resource: str, *, now_ms: int) -> Standing | None:
    view: ResourceView = resource_view.resource(conn, instance, resource)
    row = view.resource
    if row.watermark is None:
        return None
    config, own = configured(view)
    return Standing(
        instance=row.instance_name,
        resource=row.name,
        watermark=row.watermark,
        server_now=operations.server_now(conn, row.id, now_ms),
        overlap=DEFAULT_OVERLAP if own is None else own.overlap,
        zone=UTC if config is None else find_zone(config.timezone),
        crawling=row.crawl_kind is not None,
    )


def _chosen(screen: ConsoleScreen, standing: Standing, chosen: Chosen | None) -> None:
    if chosen is None:
        return
    operator = screen.console.operator
    when = f"{datetime.fromtimestamp(chosen.watermark, UTC):%Y-%m-%dT%H:%M:%SZ}"
    command = command_line("watermark", standing.instance, standing.resource, "--set", when, "--yes")

    async def work() -> str:
        asked = operator.asked(ActionKind.WATERMARK, command, chosen.reason)
        return await operator.set_watermark(asked, standing.instance, standing.resource, chosen.watermark)

    screen.carry_out(work(), what=f"Setting the watermark of {standing.label}")
