"""The console as a program: a screen on the database, and the engine in the same process if nobody else runs one.

The screen comes first, with the fleet in it: the engine and all it needs are loaded, on a thread, after the first
paint. Another process that holds the engine's lock is watched; within a second of its end this console takes over. A
console that may change nothing starts no engine either. Signals leave the screen in order, and the engine is drained
before the process ends.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cwconsole.cli import loop, settings
from cwconsole.cli import operator as who
from cwconsole.cli.clock import now_ms
from cwconsole.cli.door import Failed
from cwconsole.cli.ending import Ending
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.lock import engine_runs, taken_ms
from cwconsole.cli.logs import log_to_file
from cwconsole.cli.text import silence
from cwconsole.core.errors import CwconsoleError, EngineRunningError, UsageError
from cwconsole.log import log
from cwconsole.store import meta, status, wall_clock
from cwconsole.store.database import Store
from cwconsole.tui.terminal import Terminal, look, prepare

if TYPE_CHECKING:
    from cwconsole.store.status import Reading
    from cwconsole.tui.app import ConsoleApp
    from cwconsole.tui.author import Author
    from cwconsole.tui.engine_state import EngineState
    from cwconsole.tui.outside import Outside
    from cwconsole.tui.session import Session

LOOK_SECONDS = 1.0  # between two looks whether the engine's lock is free
RETRY_SECONDS = 30.0  # after an engine has ended by an error
FIRST_LOOK_SECONDS = 1.0  # the screen waits no longer for the fleet


def run(
    invocation: Invocation,
    *,
    read_only: bool | None = None,
    ascii_only: bool = False,
    sixteen: bool = False,
    fresh: bool = False,
) -> int:
    """Show the console until the operator leaves. Returns the exit code, 128 and its number after a signal.

    read_only: None for what the settings say. fresh: it begins anew, and not where the last one was left.
    Raises UsageError for a terminal that cannot show it, StoreError for a database that cannot be used, and whatever
    has ended the console unforeseen.
    """
    terminal = ready_terminal(invocation, ascii_only=ascii_only, sixteen=sixteen)
    made = invocation.prepare() and invocation.named is not None
    with log_to_file(invocation.settings.log_level, settings.log_file(), invocation.vault.given):
        code = loop.run(_shown(invocation, terminal, read_only=read_only, fresh=fresh, made=made))
    if code == 128 + signal.SIGHUP:
        let_go_of_the_terminal()
    return code


def ready_terminal(invocation: Invocation, *, ascii_only: bool = False, sixteen: bool = False) -> Terminal:
    """What this terminal can show, after setting what Textual reads when it is imported.

    Raises UsageError where there is no terminal, or one that cannot show the console.
    """
    if not (sys.stdin.isatty() and sys.__stderr__ is not None and sys.__stderr__.isatty()):
        raise UsageError("The console needs a terminal; in scripts use `cwconsole status` and the other commands.")
    terminal = look(invocation.env, encoding=sys.__stderr__.encoding, ascii_only=ascii_only, sixteen=sixteen)
    prepare(terminal, os.environ)
    return terminal


def let_go_of_the_terminal() -> None:
    """The line has dropped: what Python still holds for it would fail at exit, and hide the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


async def _shown(invocation: Invocation, terminal: Terminal, *, read_only: bool | None, fresh: bool, made: bool) -> int:
    async with Store.open(invocation.path, migrate=False) as store:
        author = _author(invocation, read_only)
        first = await _first_look(store)
        app = app_on(store, invocation, terminal, author=author, begin=_begin(invocation, fresh), first=first)
        if made:
            app.warnings.append(f"{invocation.path} is a new database, without instances; check the path.")
        if author.read_only_instances:
            from cwconsole.store import read_only as guard  # noqa: PLC0415 - only for those who name some

            app.warnings += await store.read(guard.unknown, author.read_only_instances)
        ending = Ending()
        _answer_signals(partial(_leave, app))
        async with asyncio.TaskGroup() as group:
            hosting = group.create_task(_Hosting(invocation, app, store, ending, may_host=not author.read_only).run())
            try:
                await app.run_async()
            finally:
                _answer_signals(ending.signalled)
                hosting.cancel()
                if app.return_code != 128 + signal.SIGHUP:  # there is nobody to say it to
                    saying = group.create_task(ending.say())
                    hosting.add_done_callback(lambda _: saying.cancel())
                await app.export_over()
                await app.keeper.write()
        raise_crash(app, settings.log_file())
        return app.return_code or 0


def _answer_signals(answer: Callable[[int], None]) -> None:
    running = asyncio.get_running_loop()
    for number in loop.SIGNALS:
        running.add_signal_handler(number, answer, number)


async def _first_look(store: Store) -> Reading | None:
    """The fleet, before the screen is loaded: beside that, reading would wait for the interpreter at every row.

    None if it cannot be read, or not that soon: the console tries again, and says so.
    """
    with suppress(TimeoutError, CwconsoleError):
        reading = store.read(status.reread, None, now_ms=now_ms(), engine_runs=False)
        return await asyncio.wait_for(reading, FIRST_LOOK_SECONDS)
    return None


def raise_crash(app: ConsoleApp, written: Path) -> None:
    """What has ended the console unforeseen, if anything: the screen is gone, so that it can be said. written: the log.

    Raises it, for the last door; or Failed for an error of ours, of which that door would tell the sentence alone.
    """
    if isinstance(app.crashed, CwconsoleError):
        log.error("console crashed", exc_info=app.crashed)
        raise Failed(
            f"The console ended unexpectedly: {app.crashed.message} Its log, {written}, says where; please report it."
        )
    if app.crashed is not None:
        raise app.crashed


def app_on(
    store: Store,
    invocation: Invocation,
    terminal: Terminal,
    *,
    author: Author | None = None,
    engine: EngineState | None = None,
    begin: Session | None = None,
    first: Reading | None = None,
    log_file: Path | None = None,
) -> ConsoleApp:
    """The console of this invocation's operator on a store. engine: who runs the engine, if that is known already.

    author: None for one who may change everything. begin: the session to go on with, which is then kept; None for a
    console that ends with nothing to come back to.
    first: the fleet, if it has been read. log_file: what this process logs to, if it is not the user's log.
    """
    log_path = log_file or settings.log_file()
    from cwconsole.tui.app import ConsoleApp  # noqa: PLC0415 - Textual reads its settings when it is imported
    from cwconsole.tui.surroundings import Surroundings  # noqa: PLC0415

    app = ConsoleApp(
        store,
        author or _author(invocation, read_only=False),
        terminal,
        host=socket.gethostname(),
        now_ms=now_ms,
        theme=invocation.settings.theme,
        own_themes=invocation.settings.themes,
        engine=engine,
        reading=first,
        keymap=invocation.settings.keys,
        log_file=log_path,
        session=begin,
        session_file=None if begin is None else settings.session_file(invocation.path),
        views_file=settings.views_file(),
        reach=partial(_outside, store, invocation),
    )
    app.surroundings = Surroundings(
        settings=tuple((one.name, f"{one.value}  ({one.source})") for one in invocation.described()),
        files=(("settings", str(settings.settings_file())), ("log", str(log_path))),
        database=None if invocation.path == settings.default_database() else str(invocation.path.absolute()),
        env=invocation.env,
    )
    return app


def _author(invocation: Invocation, read_only: bool | None) -> Author:
    """Who sits here. read_only: an option, which goes before what the settings say, of all instances or of some."""
    from cwconsole.tui.author import Author  # noqa: PLC0415

    chosen = invocation.settings
    return Author(
        login=who.operator(invocation.env),
        origin=who.origin(invocation.env),
        read_only=chosen.read_only if read_only is None else read_only,
        read_only_instances=chosen.read_only_instances if read_only is None else frozenset(),
    )


def _outside(store: Store, invocation: Invocation) -> Outside:
    from cwconsole.cli.outside import ConsoleOutside  # noqa: PLC0415 - loaded when it is asked for

    return ConsoleOutside(store, invocation.vault, client_id=invocation.settings.client_id, now_ms=now_ms)


def _begin(invocation: Invocation, fresh: bool) -> Session:
    from cwconsole.tui import session  # noqa: PLC0415 - commands need no sessions

    return session.Session() if fresh else session.load(settings.session_file(invocation.path))


def _leave(app: ConsoleApp, number: int) -> None:
    log.info("console ends by a signal", signal=number)
    app.exit(return_code=128 + number)


class _Hosting:
    """Sees to it that somebody runs the engine, and tells the console who does."""

    def __init__(
        self, invocation: Invocation, app: ConsoleApp, store: Store, ending: Ending, *, may_host: bool
    ) -> None:
        self._invocation, self._app, self._store, self._may_host = invocation, app, store, may_host
        self._ending = ending  # which is told what engine runs here
        self._other: int | None = None  # the process that ran the engine last, if it was another

    async def run(self) -> None:
        """Until it is cancelled; an engine that runs here is drained then."""
        from cwconsole.tui.engine_state import EngineState, EngineWhere  # noqa: PLC0415

        await self._app.painted.wait()
        while True:
            try:
                await self._look()
            except Exception as error:
                log.exception("engine failed")
                await self._tell(EngineState(where=EngineWhere.FAILED, error=_sentence(error)))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Is there an engine? If not, run one until it ends."""
        from cwconsole.tui.engine_state import EngineState, EngineWhere  # noqa: PLC0415

        if await asyncio.to_thread(engine_runs, self._invocation.path):
            self._other, silent = await self._signs()
            why = None if silent is None else silence(silent)
            await self._tell(EngineState(where=EngineWhere.ELSEWHERE, pid=self._other, hindrance=why))
        elif self._may_host:
            await self._tell(EngineState(where=EngineWhere.STARTING, pid=self._other))
            await self._host(EngineState(where=EngineWhere.HERE))
        else:
            await self._tell(EngineState())

    async def _host(self, here: EngineState) -> None:
        for module in ("cwconsole.cli.asking", "cwconsole.cli.wiring"):
            await asyncio.to_thread(importlib.import_module, module)  # a third of a second, not on the loop
        from cwconsole.cli.asking import host  # noqa: PLC0415

        try:
            async with host(self._invocation)() as engine:
                self._ending.engine = engine
                if self._other is not None:
                    log.warning("engine taken over", ended_process=self._other)
                self._other = None
                await self._tell(here)
                while True:
                    await asyncio.sleep(LOOK_SECONDS)
                    before, why = here, engine.hindrance
                    here = replace(here, hindrance=why and f"This console's engine cannot write: {why}")
                    if here != before:  # else the app would be woken for nothing
                        await self._tell(here)
        except EngineRunningError:
            return  # somebody was faster

    async def _tell(self, engine: EngineState) -> None:
        self._app.post_message(self._app.EngineChanged(engine))

    async def _signs(self) -> tuple[int | None, int | None]:
        """The process of the engine that runs elsewhere, and since when it has written nothing, if it has not."""
        taken = taken_ms(self._invocation.path)
        try:
            known, silent = await self._store.read(
                lambda conn: (meta.engine(conn), wall_clock.silent_since(conn, taken_ms=taken, now_ms=now_ms()))
            )
        except CwconsoleError:  # that it runs is known all the same
            return None, None
        return None if known is None else known.pid, silent


def _sentence(error: BaseException) -> str:
    error = loop.first_error(error)
    return error.message if isinstance(error, CwconsoleError) else f"{type(error).__name__}: {error}"
