"""Saving a list that is here as a whole: what it shows, or what is marked of it, written at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from cwconsole.core.counted import counted
from cwconsole.core.later import Later
from cwconsole.tui.rows import Marks, MemoryRows

if TYPE_CHECKING:
    from cwconsole.store import export_file
    from cwconsole.tui.screens import file_asking
    from cwconsole.tui.screens.file_asking import Target
    from cwconsole.tui.screens.listing import ListScreen

    OnList: TypeAlias = ListScreen
else:
    export_file = Later("cwconsole.store.export_file")
    file_asking = Later("cwconsole.tui.screens.file_asking")
    OnList = object  # as `mixed.OnScreen`


class WholeSaves(OnList):
    """Mixed into lists with the scope WHOLE. saves: the words for one row and for several."""

    saves: ClassVar[tuple[str, str]]

    @staticmethod
    def document(row: Any, /) -> dict[str, Any]:
        """A row as it is saved: the one that the list's command shows with `--json`, if there is such a command."""
        raise NotImplementedError

    def rows_to_save(self) -> Sequence[Any]:
        """The marked ones; if none is, all that are shown; in the order of the list."""
        marks, rows = self.table.marks, cast("MemoryRows[Any]", self.table.rows)
        return [row for row in rows.rows if marks.none or rows.key(row) in marks]

    def do_list_save(self) -> None:
        """What is saved is what stands there now, however long the path is thought about."""
        rows = self.rows_to_save()
        one, many = self.saves
        if not rows:
            self.app.notify(f"There are no {many} here to save.")
            return
        marks = self.table.marks
        which = f"{'what is shown' if marks.none else 'what is marked'} of `{self.spec.line}`, in that order"
        what = file_asking.ToSave(title=f"Save {counted(len(rows), one, many)} to a file", which=which)

        async def write(target: Target) -> str:
            said = await asyncio.to_thread(self._written, rows, target)
            if self.table.marks == marks:
                self.table.set_marks(Marks())  # what was marked has been dealt with
            return said

        file_asking.ask_for_file(
            self, what, self.spec.view, lambda target: self.carry_out(write(target), what=f"Saving to {target.path}")
        )

    def _written(self, rows: Sequence[Any], target: Target) -> str:
        """Blocks. Raises UsageError as `ExportFile` does."""
        documents = [self.document(row) for row in rows]
        names = tuple(documents[0])
        with export_file.ExportFile(
            target.path, target.how, names=names, said=self._said, overwrite=target.overwrite
        ) as file:
            text = export_file.written(documents, target.how, names, first=True)
            file.add(export_file.Piece(text=text, rows=len(documents), next_after=None))
        return f"{self._said(len(documents))} in {file.path}"

    def _said(self, number: int) -> str:
        one, many = self.saves
        return counted(number, f"{one} is", f"{many} are")
