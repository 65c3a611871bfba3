"""What can be done to instances, by their keys. How it is done is loaded with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwconsole.core.later import Later
from cwconsole.tui.screens.mixed import OnScreen

if TYPE_CHECKING:
    from cwconsole.tui.screens import instance_changes
else:
    instance_changes = Later("cwconsole.tui.screens.instance_changes")


class Instances(OnScreen):
    """Mixed into screens that have the scope INSTANCES. The registry has seen to it that there is an instance."""

    @property
    def _instance_name(self) -> str:
        return self.subject().instance or ""

    def do_instance_add(self, reason: str | None) -> None:
        instance_changes.add(self, reason)

    def do_instance_import(self, reason: str | None) -> None:
        instance_changes.add_from_file(self, reason)

    def do_instance_edit(self, reason: str | None) -> None:
        self.prepare(instance_changes.editing(self, self._instance_name, reason), what="Reading the instance")

    def do_instance_copy(self, reason: str | None) -> None:
        self.prepare(instance_changes.copying(self, self._instance_name, reason), what="Reading the instance")

    def do_instance_export(self) -> None:
        instance_changes.write_to_file(self, self._instance_name)

    def do_instance_enable(self, reason: str | None) -> None:
        instance_changes.switch(self, self._instance_name, reason, enabled=True)

    def do_instance_disable(self, reason: str | None) -> None:
        self.prepare(instance_changes.switching_off(self, self._instance_name, reason), what="Counting what stops")

    def do_instance_remove(self, reason: str | None) -> None:
        self.prepare(instance_changes.removing(self, self._instance_name, reason), what="Counting what is lost")
