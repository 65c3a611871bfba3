"""What can be done to instances, by their keys. How it is done is loaded with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cwconsole.core.later import Later

if TYPE_CHECKING:
    from cwconsole.tui.screens import instance_changes
    from cwconsole.tui.screens.frame import ConsoleScreen
else:
    instance_changes = Later("cwconsole.tui.screens.instance_changes")


class Instances:
    """Mixed into screens that have the scope INSTANCES. The registry has seen to it that there is an instance."""

    @property
    def _instance_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    @property
    def _instance_name(self) -> str:
        return self._instance_screen.subject().instance or ""

    def do_instance_add(self, reason: str | None) -> None:
        instance_changes.add(self._instance_screen, reason)

    def do_instance_import(self, reason: str | None) -> None:
        instance_changes.add_from_file(self._instance_screen, reason)

    def do_instance_edit(self, reason: str | None) -> None:
        screen = self._instance_screen
        instance_changes.begin(screen, instance_changes.editing(screen, self._instance_name, reason))

    def do_instance_copy(self, reason: str | None) -> None:
        screen = self._instance_screen
        instance_changes.begin(screen, instance_changes.copying(screen, self._instance_name, reason))

    def do_instance_export(self) -> None:
        instance_changes.write_to_file(self._instance_screen, self._instance_name)

    def do_instance_enable(self, reason: str | None) -> None:
        instance_changes.switch(self._instance_screen, self._instance_name, reason, enabled=True)

    def do_instance_disable(self, reason: str | None) -> None:
        screen = self._instance_screen
        instance_changes.begin(screen, instance_changes.switching_off(screen, self._instance_name, reason))

    def do_instance_remove(self, reason: str | None) -> None:
        screen = self._instance_screen
        instance_changes.begin(screen, instance_changes.removing(screen, self._instance_name, reason))
