"""In ASCII mode nothing but ASCII is drawn, on any screen, whatever the rows hold."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cwconsole.tui.freshness import Phase
from cwconsole.tui.render.glyphs import ASCII, UNICODE, as_ascii
from cwconsole.tui.render.plain import width
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.viewspec import VIEWS, read
from tests.store.rows import NOW, resource_id
from tests.tui.instance_rows import add_polls, add_stored
from tests.tui.rig import Rig, console, database, small_fleet
from tests.tui.test_deliveries_screen import add_attempt
from tests.tui.test_jobs_screen import go, order

PLAIN = Terminal(colours=Colours.ALL, unicode=False, remote=False)
REMOTE = "Zoë → 漢字 🚒 “x” · \xd7"
LINES = {
    "instance": "instance instance:acme",
    "resource": "resource instance:acme resource:tickets",
    "event": "event id:40",
    "delivery": "delivery id:38",
    "poll": "poll id:2",
    "action": "action id:3",
    "job": "job id:1",
}


def fill(conn: sqlite3.Connection) -> None:
    """Rows in every list, some of whose fields are missing, and remote text in all of them."""
    small_fleet(conn)
    add_stored(conn, "initech", company="initech_c")
    tickets = resource_id(conn, 1, "tickets")
    add_polls(conn, tickets, 40, failed=frozenset({2, 40}))
    conn.execute("UPDATE polls SET error = ? WHERE error IS NOT NULL", (REMOTE,))
    conn.execute("UPDATE polls SET finished_ms = NULL, outcome = 'running' WHERE id = 39")
    conn.execute("UPDATE events SET record = ? WHERE id > 20", (f'{{"id": 1, "name": "{REMOTE}"}}'.encode(),))
    conn.execute("UPDATE resources SET error = ? WHERE error IS NOT NULL", (REMOTE,))
    conn.execute("UPDATE resources SET watermark = NULL WHERE name = 'companies'")
    add_attempt(conn, 38, 503, "http_5xx")
    add_attempt(conn, 39, None, "refused")
    go(conn, order(conn, "instance:acme", reason=REMOTE), 20)
    order(conn, "type:updated since:30m", rate=0.5)
    conn.execute(
        "INSERT INTO actions (kind, operator, origin, command, state, asked_ms, params, outcome)"
        " VALUES ('poll', ?, 'tty', 'cwconsole poll acme', 'failed', ?, '{}', ?)",
        (REMOTE, NOW, REMOTE),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        fill(conn)
    (tmp_path / "cw.log").write_text(f'timestamp=2026-09-21T14:00:00Z level=warning event="a snag" why="{REMOTE}"\n')
    return tmp_path / "cw.db"


def check(rig: Rig) -> None:
    wrong = [line for line in rig.lines() if not line.isascii()]
    assert not wrong, (rig.screen, wrong)


@pytest.mark.parametrize("size", [(80, 24), (170, 40)])
@pytest.mark.parametrize("view", VIEWS)
async def test_every_screen_and_each_of_its_tabs(path: Path, view: str, size: tuple[int, int]) -> None:
    async with console(path, size=size, terminal=PLAIN, log_file=path.with_name("cw.log")) as rig:
        await rig.app.go(read(LINES.get(view, view)))
        await rig.settle()
        assert rig.screen.freshness.phase is Phase.CURRENT
        if view == "log":
            await rig.until(lambda: "a snag" in rig.text())
        check(rig)
        for _ in range(4):
            await rig.press("tab")
            check(rig)
        await rig.press("end")
        check(rig)


@pytest.mark.parametrize(
    "keys",
    [
        ("question_mark",),
        ("ctrl+p",),
        ("colon", *"ev", "tab"),
        ("slash", "é"),
        ("x",),  # pause
        ("a",),  # the form of an instance
        ("q",),
        ("f",),  # folded
        ("asterisk", "p"),
        ("2", "asterisk", "r"),
        ("2", "s"),
        ("3", "D"),
        ("3", "H"),
        ("6", "c"),
        ("7", "enter"),
        ("R",),  # refused with a sentence
        ("W",),
    ],
    ids="+".join,
)
async def test_dialogs_the_prompt_and_what_is_said(path: Path, keys: tuple[str, ...]) -> None:
    async with console(path, size=(120, 40), terminal=PLAIN, log_file=path.with_name("cw.log")) as rig:
        await rig.press(*keys)
        check(rig)


def test_signs_have_counterparts_and_every_text_keeps_its_width() -> None:
    assert as_ascii(f"{UNICODE.none} {UNICODE.cut} {UNICODE.to} {UNICODE.held}") == f"{ASCII.none} {ASCII.cut} > %"
    assert as_ascii("Zoë 漢字") == "Zo? ????"
    for text in (REMOTE, "e\u0301", "\U0001f469\u200d\U0001f692", "\u2601\ufe0f", "\u3000"):
        assert as_ascii(text).isascii()
        assert len(as_ascii(text)) == width(text)
