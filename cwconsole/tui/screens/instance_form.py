"""The form in which an instance is made, edited and copied: fields, the catalogue to tick, a test of the connection."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar, Protocol

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from cwconsole.core.config import InstanceConfig
from cwconsole.core.counted import counted
from cwconsole.core.errors import ConfigError, CwconsoleError, LossesError
from cwconsole.core.instance_body import InstanceBody, restore_secrets
from cwconsole.core.moments import clock_words
from cwconsole.core.secret import MASK
from cwconsole.store.instances import Draft
from cwconsole.tui.asking import ask
from cwconsole.tui.instance_fields import (
    FIELDS,
    Field,
    Filled,
    Offer,
    by_labels,
    field_at,
    fields_of,
    filled_in,
    is_hidden,
    offers_of,
)
from cwconsole.tui.outside import Outside, Tested
from cwconsole.tui.render.cells import Tone
from cwconsole.tui.render.plain import plain
from cwconsole.tui.widgets.confirm import Question
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal
from cwconsole.tui.widgets.secret_input import SecretInput
from cwconsole.tui.widgets.tick_list import TickList
from cwconsole.tui.work import start

POLLED = "enabled"


class ToStore(Struct, frozen=True, kw_only=True):
    """What is to be stored. body: as filled in, for telling what was changed. reason: for the audit log."""

    draft: Draft
    body: InstanceBody
    reason: str | None


class Save(Protocol):
    """Stores what was filled in. Raises LossesError with the numbers, unless `confirmed`."""

    def __call__(self, made: ToStore, *, confirmed: bool) -> Awaitable[None]: ...


class Form(Struct, frozen=True, kw_only=True):
    """What a form is for. shown: where it begins, secrets masked. stored: what masks stand for; None if nothing does.

    warned: what must be typed to confirm losses: the instance's name. reason: what stands in its field at first.
    """

    title: str
    shown: InstanceBody
    save: Save
    stored: InstanceBody | None = None
    warned: str = ""
    reason: str | None = None


class InstanceForm(Modal[bool]):
    """True once it is stored."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Go back", show=False),
        Binding("ctrl+t", "test", "Test the connection", show=False, priority=True),
        Binding("ctrl+s,ctrl+o", "save", "Save", show=False, priority=True),
    ]
    CSS = """
    InstanceForm #dialog { height: 100%; }
    InstanceForm #dialog { width: 78; }
    InstanceForm.-normal #dialog, InstanceForm.-wide #dialog { width: 118; }
    InstanceForm #sides { height: 1fr; }
    InstanceForm #fields { height: 10; scrollbar-size-vertical: 1; }
    InstanceForm.-normal #sides, InstanceForm.-wide #sides { layout: horizontal; }
    InstanceForm.-normal #fields, InstanceForm.-wide #fields { width: 71; height: 1fr; margin-right: 2; }
    InstanceForm #right { height: 1fr; }
    InstanceForm.-normal #right, InstanceForm.-wide #right { width: 1fr; }
    InstanceForm .row { height: 1; }
    InstanceForm .row Static { width: 15; color: $foreground-darken-3; }
    InstanceForm #dialog .row Input { width: 1fr; margin-bottom: 0; }
    InstanceForm #enabled { height: 1; }
    InstanceForm #said { height: auto; max-height: 4; margin-top: 1; }
    InstanceForm #dialog #dialog-title { margin-bottom: 0; }
    InstanceForm #resources-title { text-style: bold; height: 1; }
    InstanceForm #dialog #dialog-keys { margin-top: 0; }
    """

    def __init__(self, form: Form, outside: Outside) -> None:
        super().__init__()
        self._form, self._outside = form, outside
        self._began = fields_of(form.shown)
        self._saving = False
        self._said = ""
        self._refused: tuple[Mapping[str, str], str] | None = None  # the texts that a test was of, and what it said

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(plain(self._form.title), id="dialog-title", markup=False)
            with Container(id="sides"):
                with VerticalScroll(id="fields", can_focus=False):
                    yield from self._rows()
                with Vertical(id="right"):
                    polled = Offer(name=POLLED, title="poll and deliver", ticked=self._began.enabled)
                    yield TickList([polled], id="enabled")
                    yield Static("Resources", id="resources-title", markup=False)
                    yield TickList(offers_of(self._form.shown), id="resources")
            yield Static("", id="said", markup=False)
            yield DialogKeys(("^t", "test"), ("^s", "save"), ("space", "tick"), ("tab", "next"), ("esc", "go back"))

    def _rows(self) -> Iterable[Widget]:
        for field in FIELDS:
            yield self._row(field.label, _input(field, self._began.texts[field.key]))
        reason = Input(self._form.reason, id="reason", placeholder="for the audit log (optional)", compact=True)
        reason.cursor_blink = False
        yield self._row("Reason", reason)

    def _row(self, label: str, field: Input) -> Widget:
        return Horizontal(Static(label, markup=False), field, classes="row")

    def on_mount(self) -> None:
        self.query_one(f"#{FIELDS[0].id}").focus()

    # --- what stands there ------------------------------------------------------------------------------------------

    @property
    def filled(self) -> Filled:
        """What stands in the form."""
        return Filled(
            texts={field.key: self.query_one(f"#{field.id}", Input).value for field in FIELDS},
            resources=self.query_one("#resources", TickList).chosen,
            enabled=bool(self.query_one("#enabled", TickList).chosen),
        )

    def _body(self) -> InstanceBody:
        """The whole body, stored secrets in their places. Raises ConfigError."""
        body = filled_in(self._form.shown, self.filled)
        return body if self._form.stored is None else restore_secrets(body, self._form.stored)

    def on_tick_list_pointed(self, event: TickList.Pointed) -> None:
        """What should be known of a resource stands there in full while the cursor is on it."""
        known = " ".join(filter(None, (event.refused, event.offer.note)))
        self.query_one("#said", Static).update(plain(known) or self._said)

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """What a long text begins with tells it from others; its end is where one types."""
        event.stop()
        event.input.scroll_to(x=0, animate=False, force=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    def _say(self, text: str) -> None:
        self._said = plain(text)
        self.query_one("#said", Static).update(self._said)

    def _wrong(self, error: CwconsoleError) -> None:
        """Say what is wrong, and go to its field."""
        self._say(by_labels(error.message))
        field = field_at(error.key) if isinstance(error, ConfigError) else None
        if field is not None:
            self.query_one(f"#{field.id}").focus()

    # --- testing ----------------------------------------------------------------------------------------------------

    def action_test(self) -> None:
        try:
            body = self._body()
        except ConfigError as error:
            self._wrong(error)
            return
        self._say("Asking ConnectWise...")
        start(self, self._test(body, self.filled.texts), what="Testing the connection", group="probe", exclusive=True)

    async def _test(self, body: InstanceBody, texts: Mapping[str, str]) -> None:
        try:
            tested = await self._outside.test(body)
        except CwconsoleError as error:
            self._wrong(error)
            return
        sentence = f"{by_labels(tested.sentence).rstrip('.')}."
        self._refused = None if tested.ok else (texts, sentence)
        self._say(f"{sentence} {clock_sentence(tested)}".strip())
        notes = {
            one.resource: (one.error, Tone.BAD) if one.error else (counted(one.records or 0, "record"), Tone.GOOD)
            for one in tested.counted
        }
        self.query_one("#resources", TickList).say({name: (text or "", tone) for name, (text, tone) in notes.items()})

    # --- saving -----------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        if self._saving:
            return
        try:
            body = self._body()
        except ConfigError as error:
            self._wrong(error)
            return
        self._begin_to_save(body)

    def _begin_to_save(self, body: InstanceBody, *, agreed: bool = False) -> None:
        """agreed: to what would not be polled."""
        self._saving = True
        self._say("Saving...")
        start(self, self._save(body, agreed=agreed), what="Saving the instance", group="operator")

    async def _save(self, body: InstanceBody, *, agreed: bool) -> None:
        try:
            sealed = await self._outside.seal(body)
            doubt = None if agreed else self._doubt(sealed.draft.config)
            if doubt is not None:
                self._saving = False
                self._ask_about(doubt, body)
                return
            reason = self.query_one("#reason", Input).value.strip() or None
            made = ToStore(draft=sealed.draft, body=body, reason=reason)
            await self._form.save(made, confirmed=False)
        except LossesError as error:
            self._saving = False
            self._ask(error, made)
        except CwconsoleError as error:
            self._saving = False
            self._wrong(error)
        else:
            for note in sealed.notes:
                self.app.notify(note, severity="warning")
            self.dismiss(True)

    def _doubt(self, config: InstanceConfig) -> Question | None:
        """What to ask before something is saved of which nothing would be polled."""
        if not config.resources:
            title = "Save it without resources?"
            lines = "No resource is ticked: nothing of it is polled.", "In the fleet, E on its row adds some later."
        elif self._refused is not None and self._refused[0] == self.filled.texts:
            title = "Save what the test refused?"
            lines = self._refused[1], "What was refused is not polled until that is put right."
        else:
            return None
        return Question(title=title, lines=lines, yes="save it", no="go on filling in")

    def _ask_about(self, doubt: Question, body: InstanceBody) -> None:
        self._say("Nothing is saved yet.")

        ask(self, doubt, lambda _: self._begin_to_save(body, agreed=True))

    def _ask(self, error: LossesError, made: ToStore) -> None:
        self._say("Nothing is changed yet.")
        lines = [f"{plain(loss)}." for loss in error.losses]
        question = Question(title="This loses something", lines=lines, yes="save it", typed=self._form.warned)
        ask(self, question, lambda _: self._begin_to_save_confirmed(made))

    def _begin_to_save_confirmed(self, made: ToStore) -> None:
        self._saving = True
        start(self, self._save_confirmed(made), what="Saving the instance", group="operator")

    async def _save_confirmed(self, made: ToStore) -> None:
        try:
            await self._form.save(made, confirmed=True)
        except CwconsoleError as error:
            self._saving = False
            self._wrong(error)
        else:
            self.dismiss(True)

    # --- leaving ----------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Nothing that was typed is lost without a question."""
        if self.filled == self._began:
            self.dismiss(False)
            return
        question = Question(
            title="Leave the form?",
            lines=("What you have filled in is not saved.",),
            yes="throw it away",
            no="go on filling in",
        )
        ask(self, question, lambda _: self.dismiss(False))


def clock_sentence(tested: Tested) -> str:
    """How the server's clock stands to ours."""
    if tested.ahead_seconds is None:
        return ""
    clock = clock_words(tested.ahead_seconds)
    return "Its clock and this machine's agree." if clock is None else f"Its clock is {clock}."


def _input(field: Field, text: str) -> Input:
    look: dict[str, Any] = {"id": field.id, "placeholder": field.hint, "compact": True}
    if field.secret:
        made: Input = SecretInput(text, hides=partial(is_hidden, field.key), select_on_focus=text == MASK, **look)
    else:
        made = Input(text, select_on_focus=False, **look)
    made.cursor_blink = False
    return made
