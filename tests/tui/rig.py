"""A console on a real database file, with a clock of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from cwconsole.store import export_file, list_export
from cwconsole.store.database import Store, prepared
from cwconsole.tui.app import ConsoleApp
from cwconsole.tui.author import Author
from cwconsole.tui.engine_state import EngineState, EngineWhere
from cwconsole.tui.freshness import Phase
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.terminal import Colours, Terminal
from tests.fair_clock import fair_clock
from tests.store.rows import NOW, add, add_delivery, add_events, config, resource, resource_id

PLAIN_TERMINAL = Terminal(colours=Colours.ALL, unicode=True, remote=False)
HERE = EngineState(where=EngineWhere.HERE)
SECONDS = 15.0  # within which everything has to come about, however busy the machine is
READING = {"history", "history-jump", "operator", "question", "drill", "beside"}  # what a key may have asked for


@cache
def _empty() -> bytes:
    """A file without rows; making its tables takes longer than many a test."""
    with TemporaryDirectory() as folder:
        prepared(Path(folder) / "cw.db").close()
        return (Path(folder) / "cw.db").read_bytes()


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A file for rows to be put in, a fresh one if there is none."""
    if not path.exists():
        path.write_bytes(_empty())
    conn = prepared(path)
    conn.execute("PRAGMA synchronous = OFF")  # no test needs these rows to survive a power cut
    try:
        yield conn
    finally:
        conn.close()


def small_fleet(conn: sqlite3.Connection, *, now_ms: int = NOW) -> None:
    """acme with a failing and a fresh resource, globex with a late and a paused one, and some events and deliveries."""
    add(conn, config("acme", resource("contacts"), resource("tickets", path="/service/tickets")))
    add(conn, config("globex", resource("companies"), resource("projects"), company="globex_c"), now_ms=now_ms + 1)
    conn.execute(
        "UPDATE resources SET watermark = ?, baseline_done = 1, next_poll_ms = ?",
        (now_ms // 1000 - 90, now_ms + 240_000),
    )
    conn.execute(
        "UPDATE resources SET failures = 3, failing_since_ms = ?, error_code = 'refused', error = ?"
        " WHERE name = 'tickets'",
        (now_ms - 600_000, "ConnectWise refused the connection; it is tried again."),
    )
    conn.execute("UPDATE resources SET watermark = watermark - 7000 WHERE name = 'companies'")
    conn.execute("UPDATE resources SET paused_ms = 5 WHERE name = 'projects'")
    contacts = resource_id(conn, 1, "contacts")
    made = add_events(conn, contacts, range(1, 31), seen_ms=now_ms - 3_600_000, record='{"id": 1, "name": "Ada"}')
    made += add_events(conn, contacts, range(1, 11), seen_ms=now_ms - 60_000, record='{"id": 1, "name": "Ada L."}')
    for event in made[:-3]:
        add_delivery(conn, event, state="delivered")
    for event, state in zip(made[-3:], ("dead", "retrying", "pending"), strict=True):
        add_delivery(conn, event, state=state)
    hour = now_ms // 3_600_000
    conn.executemany(
        "INSERT INTO hours (resource_id, hour, created, updated) VALUES (?, ?, ?, ?)",
        [(contacts, hour - 2, 30, 0), (contacts, hour - 1, 0, 4), (contacts, hour, 0, 6)],
    )


@dataclass
class Clock:
    """A clock that stands still until it is moved. ms: milliseconds since the epoch."""

    ms: int = NOW

    def __call__(self) -> int:
        return self.ms


def is_typed(key: str) -> bool:
    """Whether a field takes it as a sign."""
    return len(key) == 1 or key == "space"


@dataclass
class Rig:
    """What a test holds."""

    app: ConsoleApp
    pilot: Pilot[Any]
    store: Store
    clock: Clock
    path: Path

    @property
    def screen(self) -> Any:
        return self.app.screen

    async def settle(self) -> None:
        """Until everything that was asked for has been read and shown.

        Pilot's pause lets all messages be worked off. It takes most of a test's time, so that it has to be calm first.
        """
        taken = asyncio.Event()  # whatever the app was sent before; the last of it may be in the midst of being done
        self.app.call_later(taken.set)
        deadline = fair_clock() + SECONDS
        while fair_clock() < deadline:
            await asyncio.sleep(0.005)
            if taken.is_set() and self._is_calm():
                await self.pilot.pause(0)
                if self._is_calm():
                    return
        raise AssertionError(f"it does not come to rest:\n{self.text()}")

    def _is_calm(self) -> bool:
        """Whether nothing is being read, all is painted, and nobody has a message or a key left."""
        app = self.app
        if app._in_turn or self._waits_to_paint():
            return False
        waits = app.frozen or not isinstance(app.screen, ConsoleScreen)  # behind a dialog the fleet is not read
        if any(worker.group in READING for worker in app.workers) or (app.fleet_refresher.wanted and not waits):
            return False
        if not (app.fleet_is_known and self._is_shown()):
            return False
        return not any(node.message_queue_size for node in (app, app.screen, *app.screen.walk_children()))

    def _waits_to_paint(self) -> bool:
        """Textual paints at most sixty times a second."""
        screen = self.app.screen
        return screen._layout_required or screen._repaint_required or bool(screen._dirty_widgets)

    def _is_shown(self) -> bool:
        """Whether the screen in front has been put together, and has read what was asked for."""
        screen = self.app.screen
        if not isinstance(screen, ConsoleScreen):
            return True
        refresher = screen.refresher
        return screen.ready and refresher.freshness.phase is not Phase.LOADING and not refresher.busy

    async def press(self, *keys: str) -> None:
        """Press keys one after another, each when what the one before asked for is shown; in a field, type them.

        Pilot's own press waits for the processor to be idle, twice for each key, which takes most of a test's time.
        """
        for key, following in zip_longest(keys, keys[1:]):
            await self.until(lambda: self.app.screen.is_mounted)  # what is in front can be read
            self.send(key)
            typing = is_typed(key) and following and is_typed(following) and isinstance(self.app.focused, Input)
            if not typing:
                await self.settle()

    def send(self, key: str) -> None:
        """Press a key and wait for nothing: the one that ends the console leaves nothing to wait for."""
        self.app.post_message(Key(key, " " if key == "space" else key if len(key) == 1 else None))

    async def until(self, holds: Callable[[], bool], *, seconds: float = SECONDS) -> None:
        """Wait until it is as wanted."""
        deadline = fair_clock() + seconds
        while not holds():
            assert fair_clock() < deadline, f"it does not get there:\n{self.text()}"
            await asyncio.sleep(0.02)

    def lines(self) -> list[str]:
        """What stands on the screen; empty lines before it was first painted."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips] or [""] * self.app.size.height

    def text(self) -> str:
        return "\n".join(self.lines())

    async def write(self, sql: str, *params: object) -> None:
        await self.store.write(lambda conn: conn.execute(sql, params).rowcount)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.store.read(lambda conn: conn.execute(sql).fetchall())]


@asynccontextmanager
async def console(path: Path, **more: Any) -> AsyncIterator[Rig]:
    """A console that runs, on a file that is prepared. more: as for `console_on`."""
    async with Store.open(path, migrate=False) as store, console_on(store, **more) as rig:
        yield rig


@asynccontextmanager
async def console_on(
    store: Store,
    *,
    size: tuple[int, int] = (80, 24),
    engine: EngineState = HERE,
    terminal: Terminal = PLAIN_TERMINAL,
    readable: bool = True,
    **more: Any,
) -> AsyncIterator[Rig]:
    """A console that runs on an open store. readable: whether its file is there, so that it has read it by now."""
    clock = Clock()
    author = Author(
        login=more.pop("login", "ada"),
        origin="ssh 10.0.0.7",
        read_only=more.pop("read_only", False),
        read_only_instances=frozenset(more.pop("read_only_instances", ())),
    )
    app = ConsoleApp(store, author, terminal, host="db-1", now_ms=clock, engine=engine, **more)
    async with app.run_test(size=size, notifications=True) as pilot:
        rig = Rig(app=app, pilot=pilot, store=store, clock=clock, path=store.path)
        if readable:
            await rig.settle()
        yield rig
    await app.export_over()


def export_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row a piece, and a while for each: an export can be looked at before it is done."""
    real = list_export.piece

    def slowly(*args: Any, **kwargs: Any) -> export_file.Piece:
        time.sleep(0.1)  # on a reading thread
        return real(*args, **kwargs)

    monkeypatch.setattr(list_export, "PAGE", 1)
    monkeypatch.setattr(list_export, "piece", slowly)
