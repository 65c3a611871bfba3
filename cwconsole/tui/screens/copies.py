"""Copies of what is under the cursor or marked: as JSON, as the command that shows it, as the one that asked for it.

What the JSON is, and which command, `tui.things` says.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from cwconsole.core.command_line import on_database
from cwconsole.core.errors import RefusedError
from cwconsole.core.json_values import json_text
from cwconsole.core.later import Later
from cwconsole.store.once import Connection
from cwconsole.tui.render.plain import plain
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from cwconsole.store import event_list, instances
    from cwconsole.store.event_list import EventDetail
    from cwconsole.tui import clipboard
    from cwconsole.tui.render import curl, notification
    from cwconsole.tui.widgets.history_table import HistoryTable
else:
    clipboard = Later("cwconsole.tui.clipboard")
    event_list, instances = Later("cwconsole.store.event_list"), Later("cwconsole.store.instances")
    curl, notification = Later("cwconsole.tui.render.curl"), Later("cwconsole.tui.render.notification")

MOST: Final = 200  # things that are copied at once


class Copies(OnScreen):
    """Mixed into screens that have the scope COPIES."""

    def marked_in(self) -> VirtualTable[Any] | None:
        """The table whose marked rows are copied, if there is one now."""
        return None

    def thing_at(self, key: Hashable) -> Thing | None:
        """What the row of a key in that table stands for; None if it cannot be copied."""
        raise NotImplementedError

    def do_copy_json(self) -> None:
        async def work() -> str:
            things, marked = await self._things()
            text = await self.console.store.read(_documents, things, as_list=marked)
            what = f"A list of {len(things)} as JSON" if marked else f"{plain(things[0].name)} as JSON"
            return await clipboard.copy(self.app, text, what=what, ending="json")

        self.carry_out(work(), what="Copying as JSON")

    def do_copy_command(self) -> None:
        async def work() -> str:
            things, marked = await self._things()
            commands = [self._here(thing.command) for thing in things]
            what = f"A list of {len(things)} commands" if marked else f"`{plain(commands[0])}`"
            return await clipboard.copy(self.app, "\n".join(commands), what=what, ending="sh")

        self.carry_out(work(), what="Copying the command")

    def do_copy_asked(self) -> None:
        command = self._here(self.subject().asked or "")
        copied = clipboard.copy(self.app, command, what=f"`{plain(command)}`", ending="sh")
        self.carry_out(copied, what="Copying the command")

    def _here(self, command: str) -> str:
        """The command as it means the database that is shown."""
        return on_database(command, self.console.surroundings.database)

    async def _things(self) -> tuple[Sequence[Thing], bool]:
        """What is to be copied, and whether it was marked. Raises RefusedError if that is nothing, or too much."""
        table = self.marked_in()
        if table is None or table.marks.none:
            thing = self.subject().thing
            things, marked = [] if thing is None else [thing], False
        else:
            keys = await _marked(table)
            things, marked = [thing for key in keys if (thing := self.thing_at(key)) is not None], True
        if not things:
            raise RefusedError("There is nothing here to copy.")
        if len(things) > MOST:
            raise RefusedError(
                f"More than {MOST} are marked, too many to copy; mark fewer, or let a list's command print them."
            )
        return things, marked


class RowCopies(Copies):
    """Mixed into lists: their marked rows are copied."""

    def marked_in(self) -> VirtualTable[Any] | None:
        table: VirtualTable[Any] = self.query_one("#list", VirtualTable)
        return table


class EventCopies(OnScreen):
    """What else is copied of events: mixed into screens that have the scope EVENTS."""

    async def do_event_history(self) -> None:
        subject = self.subject()
        await self.console.drill(
            spec("events", instance=subject.instance, resource=subject.resource, object=subject.object_id)
        )

    def do_copy_curl(self) -> None:
        async def work() -> str:
            detail = await self._detail_to_copy()
            instance = await self.console.store.read(instances.load, str(detail.event.instance_id))
            what = f"The request for event {detail.event.id}, without secrets,"
            text = curl.curl_command(notification.request_of(detail, instance))
            return await clipboard.copy(self.app, text, what=what, ending="sh")

        self.carry_out(work(), what="Copying the event as a request")

    async def _detail_to_copy(self) -> EventDetail:
        return await self.console.store.read(event_list.show, self.subject().event or 0)


def _documents(conn: Connection, things: Sequence[Thing], *, as_list: bool) -> str:
    documents = [thing.read(conn) for thing in things]
    return json_text(documents if as_list else documents[0], indent=2) + "\n"


async def _marked(table: VirtualTable[Any]) -> Sequence[Hashable]:
    """The keys of the marked rows as the list shows them; one more than can be copied stands for all that follow."""
    rows = table.rows
    if isinstance(rows, MemoryRows):
        return [key for row in rows.rows if (key := rows.key(row)) in table.marks]
    return await cast("HistoryTable[Any]", table).marked_keys(MOST + 1)
