"""The line in which one types: completion, what was typed before, giving up, editing. In an app of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from cwconsole.tui.widgets.prompt import Prompt

WORDS = ["events", "event", "exports", "fleet"]


def complete(text: str) -> list[str]:
    before, space, last = text.rpartition(" ")
    return [f"{before}{space}{word}" for word in WORDS if last and word.startswith(last)]


class AskingScreen(Screen[None]):
    """told: what came of it, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str, str]] = []

    def compose(self) -> ComposeResult:
        yield Prompt()

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        self.told.append(("typed", event.sign, event.text))

    async def prompt_entered(self, sign: str, text: str) -> None:
        self.told.append(("entered", sign, text))

    def prompt_given_up(self, sign: str, text: str) -> None:
        self.told.append(("given up", sign, text))


class Asking(App[None]):
    """told: what came of it, in words."""

    def get_default_screen(self) -> AskingScreen:
        return AskingScreen()

    @property
    def told(self) -> list[tuple[str, str, str]]:
        assert isinstance(self.screen, AskingScreen)
        return self.screen.told

    @property
    def prompt(self) -> Prompt:
        return self.screen.query_one(Prompt)

    @property
    def text(self) -> str:
        return self.prompt.text


@asynccontextmanager
async def asked(sign: str = ":", text: str = "") -> AsyncIterator[Asking]:
    app = Asking()
    async with app.run_test():
        app.prompt.ask(sign, text, complete)
        yield app


async def press(app: Asking, *keys: str) -> None:
    """Press keys, each once nobody has a message left at two looks."""
    nodes = (app, app.screen, *app.screen.walk_children())
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))
        calm = 0
        while calm < 2:
            await asyncio.sleep(0.005)
            calm = 0 if any(node.message_queue_size for node in nodes) else calm + 1


async def enter(app: Asking, *lines: str, sign: str = ":") -> None:
    for line in lines:
        app.prompt.ask(sign, "", complete)
        await press(app, *line, "enter")


async def test_tab_goes_round_through_what_the_last_word_could_become() -> None:
    async with asked() as app:
        await press(app, *"x e")
        seen = []
        for _ in range(4):
            await press(app, "tab")
            seen.append(app.text)
        assert seen == ["x events", "x event", "x exports", "x events"]
        assert app.query_one(Input).cursor_position == len("x events")


async def test_what_is_typed_on_after_a_completion_is_completed_anew() -> None:
    async with asked() as app:
        await press(app, "e", "tab", "backspace", "backspace", "backspace", "backspace", "backspace", "x", "tab")
        assert app.text == "exports"


async def test_tab_with_nothing_to_offer_changes_nothing() -> None:
    async with asked() as app:
        await press(app, "z", "tab")
        assert app.text == "z"
        assert app.prompt.is_open


async def test_tab_right_behind_a_letter_completes_with_it() -> None:
    async with asked() as app:
        await press(app, "e", "tab")
        for key, character in (("space", " "), ("f", "f"), ("tab", "\t")):  # at once, as a slow line brings them
            app.post_message(Key(key, character))
        for _ in range(200):
            await asyncio.sleep(0.01)
            if app.text in {"events fleet", "eventsfleet"}:
                break
        assert app.text == "events fleet"


async def test_what_changed_without_a_word_yet_is_completed_and_no_defect() -> None:
    async with asked() as app:
        await press(app, "e", "tab")
        with app.prompt.prevent(Input.Changed):
            app.query_one(Input).value = "fl"
        app.prompt.action_complete()
        assert app.text == "fleet"


async def test_up_and_down_go_through_what_was_typed_and_back_to_what_stood_there() -> None:
    async with asked() as app:
        await enter(app, "one", "two", "two")
        app.prompt.ask(":", "", complete)
        await press(app, *"thr")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await press(app, key)
            seen.append(app.text)
        assert seen == ["two", "one", "one", "two", "thr", "thr"], "the same twice is kept once; what was begun is kept"


async def test_commands_and_filters_have_histories_of_their_own() -> None:
    async with asked() as app:
        await enter(app, "quit")
        await enter(app, "state:dead", sign="/")
        for sign, last in ((":", "quit"), ("/", "state:dead")):
            app.prompt.ask(sign, "", complete)
            await press(app, "up")
            assert app.text == last


async def test_nothing_typed_before_is_nothing_to_go_back_to() -> None:
    async with asked(text="kept") as app:
        await press(app, "up", "down")
        assert app.text == "kept"


async def test_escape_gives_up_and_tells_what_stood_there_before() -> None:
    async with asked("/", "state:dead") as app:
        await press(app, "x", "escape")
        assert app.told[-1] == ("given up", "/", "state:dead")
        assert not app.prompt.is_open
        app.prompt.ask("/", "", complete)
        await press(app, "up")
        assert app.text == "", "what was given up was not typed"


async def test_enter_tells_the_line_without_the_blanks_around_it() -> None:
    async with asked() as app:
        await press(app, *"  quit ", "enter")
        assert app.told[-1] == ("entered", ":", "quit")
        assert not app.prompt.is_open


async def test_it_is_edited_as_any_line_is_and_every_change_is_told() -> None:
    async with asked("/", "ab") as app:
        assert app.told == [], "what it is opened with is no change"
        await press(app, "home", "x", "end", "y", "left", "backspace")
        assert app.text == "xay"
        await press(app, "ctrl+u")
        assert app.text == "y"
        assert app.told[-1] == ("typed", "/", "y")
