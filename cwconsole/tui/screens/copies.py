"""The event under the cursor: its object's history; copies of it as JSON, as a command, as the request that is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from cwconsole.store import event_export, event_list, instances
from cwconsole.store.event_list import EventDetail
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.clipboard import copy
from cwconsole.tui.render.curl import curl_command
from cwconsole.tui.render.notification import request_of
from cwconsole.tui.viewspec import spec

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


class Copies:
    """Mixed into screens that have the scope EVENTS. No node of Textual, as `Places` is none."""

    @property
    def _copy_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    async def do_event_history(self) -> None:
        screen = self._copy_screen
        subject = screen.subject()
        await screen.console.drill(
            spec("events", instance=subject.instance, resource=subject.resource, object=subject.object_id)
        )

    def do_copy_json(self) -> None:
        async def work() -> str:
            detail = await self._detail_to_copy()
            document = event_export.document(detail.event, detail.record)
            text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
            return await copy(self._copy_screen.app, text, what=f"Event {detail.event.id} as JSON", ending="json")

        self._copy_screen.carry_out(work(), what="Copying the event as JSON")

    def do_copy_command(self) -> None:
        screen = self._copy_screen
        subject, command = screen.subject(), BY_ID["copy.command"].command
        assert command is not None

        async def work() -> str:
            return await copy(screen.app, command(subject), what=f"`{command(subject)}`", ending="sh")

        screen.carry_out(work(), what="Copying the command")

    def do_copy_curl(self) -> None:
        async def work() -> str:
            detail = await self._detail_to_copy()
            number = str(detail.event.instance_id)
            instance = await self._copy_screen.console.store.read(instances.load, number)
            what = f"The request for event {detail.event.id}, without secrets,"
            return await copy(self._copy_screen.app, curl_command(request_of(detail, instance)), what=what, ending="sh")

        self._copy_screen.carry_out(work(), what="Copying the event as a request")

    async def _detail_to_copy(self) -> EventDetail:
        screen = self._copy_screen
        return await screen.console.store.read(event_list.show, screen.subject().event or 0)
