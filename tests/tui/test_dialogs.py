"""Every dialog by its real key: whole on both sizes, in ASCII and without colour; none is answered by accident.

Names, addresses and reasons are long here: what pushes a key out of a low screen does so with such.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList

from cwconsole.core.filters import Noun, parse
from cwconsole.store import replay_jobs, replay_preview
from cwconsole.store.selection import Selection
from cwconsole.tui.render.plain import width
from cwconsole.tui.screens.palette import Palette
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.viewspec import ViewSpec, read, spec
from cwconsole.tui.widgets.confirm import Confirm
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.dialog_lines import DialogLines
from cwconsole.tui.widgets.secret_input import SecretInput
from tests.store.rows import NOW, add_delivery, add_events, asked, resource_id
from tests.tui.instance_rows import add_stored
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database

NAME: Final = "Example Managed Services of the Upper Valley"
HOOK: Final = f"https://hooks.example.org/tenants/{'0123456789abcdef' * 6}/connectwise?source=cwconsole"
HELD: Final = (
    "The receiver answered 410 (gone): nobody listens there any more; ask those who run it what has become of it"
)
FLEET, EVENTS, DELIVERIES, JOBS = map(read, ("fleet", "events", "deliveries", "jobs"))
PAGE, RESOURCE = spec("instance", instance=NAME), spec("resource", instance=NAME, resource="contacts")
ASKED: Final = "SELECT kind FROM actions WHERE origin <> 'tty'"
ENTER, ESC, Y = ("enter",), ("esc",), ("y",)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A dialog. at: where it is asked for. keys: that open it, the last one asks. shown: what has to stand in it.

    named: keys that it must name, beside the one that leaves. leave: the way out.
    """

    name: str
    at: ViewSpec
    keys: tuple[str, ...]
    shown: tuple[str, ...]
    named: tuple[str, ...] = Y
    leave: tuple[str, ...] = ("escape",)


CASES: Final = (
    Case(name="help", at=FLEET, keys=("question_mark",), shown=("Keys of fleet", "Poll now"), named=("/", "j k")),
    Case(name="palette", at=FLEET, keys=("ctrl+p",), shown=("Find anything by name",), named=("enter", "up down")),
    Case(name="saved views", at=FLEET, keys=("V",), shown=("Saved views", "last night"), named=ENTER),
    Case(name="quit", at=FLEET, keys=("q",), shown=("Leave, and stop the engine?", "at most 10 seconds")),
    Case(name="pause many", at=FLEET, keys=("asterisk", "x"), shown=("Pause 22 places?", "Type 22"), named=ENTER),
    Case(name="add", at=FLEET, keys=("a",), shown=("Add an instance", "Base URL", "[ ] contacts"), named=("^t", "^s")),
    Case(name="import", at=FLEET, keys=("A",), shown=("Add an instance from a file",), named=ENTER),
    Case(name="edit", at=PAGE, keys=("E",), shown=(f"Edit {NAME}", "[x] contacts", HOOK[:40]), named=("^t", "^s")),
    Case(
        name="leave the form",
        at=PAGE,
        keys=("E", "x", "escape"),
        shown=("Leave the form?", "is not saved"),
        leave=("escape", "escape", "y"),
    ),
    Case(name="copy", at=PAGE, keys=("C",), shown=(f"Copy {NAME}", "is not polled"), named=("^s",)),
    Case(name="export", at=PAGE, keys=("X",), shown=(f"Write {NAME} to a file", "masked"), named=ENTER),
    Case(name="switch off", at=PAGE, keys=("N",), shown=("2 resources are not polled", "3 deliveries stay held.")),
    Case(
        name="remove",
        at=PAGE,
        keys=("D",),
        shown=("12 known records", "3 open deliveries", f"Type {NAME} to remove it"),
        named=ENTER,
    ),
    Case(name="pause", at=RESOURCE, keys=("x",), shown=(f"Pause {NAME}/contacts?", "3 deliveries stay held.")),
    Case(name="release", at=RESOURCE, keys=("H",), shown=("3 deliveries are sent", "1 instance", HELD, HOOK)),
    Case(name="sweep answer", at=RESOURCE, keys=("K",), shown=("34 records", "Type 34"), named=ENTER),
    Case(name="watermark", at=RESOURCE, keys=("W",), shown=("Set the watermark of", "1m 30s behind"), named=ENTER),
    Case(
        name="watermark back",
        at=RESOURCE,
        keys=("W", "2", "h", "enter"),
        shown=("1h 58m back", "4,321 records"),
        leave=("escape", "escape"),
    ),
    Case(
        name="watermark forward",
        at=RESOURCE,
        keys=("W", "1", "m", "enter"),
        shown=("30s forward", "are skipped", "type contacts to set it"),
        named=ENTER,
        leave=("escape", "escape"),
    ),
    Case(
        name="replay",
        at=EVENTS,
        keys=("r",),
        shown=("Send this event again?", "/contacts 12, 1m ago, held", "one attempt"),
    ),
    Case(name="replay many", at=EVENTS, keys=("asterisk", "r"), shown=("Send 12 events again?", "Events a second: 10")),
    Case(name="save", at=EVENTS, keys=("s",), shown=("Save these events to a file", ".ndjson"), named=ENTER),
    Case(name="replace", at=EVENTS, keys=("s", "enter"), shown=("Replace the file?", "is there already, 3 bytes")),
    Case(name="give up", at=DELIVERIES, keys=("c",), shown=("Give up 1 delivery?", "delivery 12:", HOOK)),
    Case(
        name="retry many",
        at=DELIVERIES,
        keys=("asterisk", "r"),
        shown=("Try 2 deliveries again?", "1 dead, 1 retrying", "8 delivered, 2 pending", "2 of them are held"),
    ),  # too high for 24 lines
    Case(name="release one", at=DELIVERIES, keys=("H",), shown=("Let held deliveries go?", "1 instance", HELD)),
    Case(name="cancel job", at=JOBS, keys=("c",), shown=("Cancel job 1?", "0/12 done")),
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events-20260921-1413.ndjson").write_text("{}\n")
    (tmp_path / "views.toml").write_text('"last night" = "events state:dead"\n')
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn, NAME, **{"event.notification.callback.url": HOOK})
        contacts = resource_id(conn, 1, "contacts")
        made = add_events(conn, contacts, range(1, 13), seen_ms=NOW - 60_000)
        for event, state in zip(made, ("delivered",) * 8 + ("dead", "retrying", "pending", "pending"), strict=True):
            add_delivery(conn, event, state=state)
        conn.execute("UPDATE resources SET sweep_vanished = 34 WHERE id = ?", (contacts,))
        conn.execute("UPDATE callbacks SET held_ms = ?, held_reason = ?", (NOW - 60_000, HELD))
        for number in range(10):
            add_stored(conn, f"{NAME} {number}")
        everything = Selection(chosen=parse(Noun.EVENTS, "", now_ms=NOW))
        shown = replay_preview.preview(conn, everything, asked_ms=NOW)
        replay_jobs.create(conn, shown, rate=1, asked=asked(), now_ms=NOW - 1000)
    return tmp_path / "cw.db"


@pytest.mark.timeout(240)  # all of them, one after another
@pytest.mark.parametrize(
    ("size", "plain"),
    [((80, 24), True), ((120, 40), False)],  # signs in ASCII are as wide as the others, and so are the lines
    ids=["80x24 in ascii without colour", "120x40"],
)
async def test_every_dialog_is_whole_and_does_nothing_unasked(
    path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], plain: bool
) -> None:
    terminal = Terminal(colours=Colours.NONE if plain else Colours.ALL, unicode=not plain, remote=False)
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    async with console(path, size=size, terminal=terminal, views_file=path.with_name("views.toml")) as rig:
        rig.app.outside = FakeOutside()
        for case in CASES:
            await opened(rig, case)
            assert_whole(rig, case)
            if plain:
                assert_plain(rig, case)
            if isinstance(rig.screen, Confirm):
                await rig.press("enter", case.keys[-1] if case.keys[-1] != "escape" else "enter")
                assert isinstance(rig.screen, Confirm), f"{case.name}: neither Enter nor the asking key confirms"
            await rig.press(*case.leave)
            assert not isinstance(rig.screen, ModalScreen), f"{case.name} is not left by {case.leave}"
            await rig.press("escape")  # marks
        assert await rig.rows(ASKED) == []
        assert rig.app.export is None


async def opened(rig: Rig, case: Case) -> None:
    """By its keys, on its screen."""
    await rig.app.go(case.at)
    await rig.until(lambda: rig.screen.spec.view == case.at.view and rig.screen.ready)
    await rig.settle()
    for key in case.keys:
        await rig.press(key)
    await rig.until(lambda: all(words in said(rig) for words in case.shown))


def said(rig: Rig) -> str:
    """What the dialog in front says, read through its line breaks; all of what can be scrolled for, too."""
    if not isinstance(rig.screen, ModalScreen) or not rig.screen.query("#dialog"):
        return ""
    shown = [line.strip().strip("│|").strip() for line in rig.lines()]
    return "\n".join([" ".join(shown), "".join(shown), *(lines.text for lines in rig.screen.query(DialogLines))])


def assert_whole(rig: Rig, case: Case) -> None:
    dialog, name = rig.screen.query_one("#dialog"), case.name
    assert rig.screen.region.contains_region(dialog.region), name
    inside = dialog.content_region
    for widget in dialog.walk_children(Widget):
        if not shown(widget):
            continue
        scrolls = next(
            (one for one in [widget, *widget.ancestors] if isinstance(one, Widget) and one.max_scroll_y), None
        )
        if scrolls is not None:
            bar = scrolls.vertical_scrollbar
            assert scrolls.show_vertical_scrollbar, f"{name}: {scrolls} has no scroll bar"
            assert inside.contains_region(bar.region) and bar.region.area, f"{name}: the bar of {scrolls} is not seen"
        assert inside.contains_region((scrolls or widget).region), f"{name}: {widget} is cut\n{rig.text()}"
        if isinstance(widget, Input) and not isinstance(widget, SecretInput) and not widget.value:
            assert width(str(widget.placeholder)) <= widget.content_size.width, f"{name}: the hint of {widget} is cut"
    keys = rig.screen.query_one(DialogKeys)
    line = rig.lines()[keys.region.y][keys.region.x : keys.region.right]
    assert line.rstrip() == "".join(f"{key} {does}   " for key, does in keys.pairs).rstrip(), f"{name}: keys are cut"
    cut = any(lines.max_scroll_y for lines in rig.screen.query(DialogLines))
    assert cut == ("up down" in dict(keys.pairs)) or isinstance(rig.screen, Palette), (
        f"{name}: how to read on is not said"
    )
    assert {*case.named, *ESC} <= {key for key, _ in keys.pairs}, name


def shown(widget: Widget) -> bool:
    return all(one.display for one in (widget, *widget.ancestors) if isinstance(one, Widget))


def assert_plain(rig: Rig, case: Case) -> None:
    """ASCII, in the terminal's own colours; and where the cursor is, is seen all the same."""
    assert rig.text().isascii(), case.name
    strips: Any = rig.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    assert all(colour is None or colour.is_default for one in styles for colour in (one.color, one.bgcolor)), case.name
    marked = len(rig.screen.query(OptionList)) + isinstance(rig.screen.focused, Input)
    lines = sum(any(one.style and (one.style.reverse or one.style.underline) for one in strip) for strip in strips)
    assert lines >= marked, f"{case.name}: nothing shows where the cursor is"
