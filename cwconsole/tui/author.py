"""Who sits at the console."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace


class Author(Struct, frozen=True, kw_only=True):
    """login, origin: as in the audit log (`ada`, `ssh 10.0.0.7`). read_only: may look, and change nothing.

    read_only_instances: those, by ids and names, that may be looked at only.
    """

    login: str
    origin: str
    read_only: bool = False
    read_only_instances: frozenset[str] = frozenset()

    def meeting(self, instances: Iterable[tuple[int, str]]) -> tuple[Author, frozenset[str]]:
        """Those of these (id, name) that may be looked at only, by either; and who remembers their ids.

        Whoever gives one another name, elsewhere, does not take the protection away while this console runs.
        """
        if not self.read_only_instances:
            return self, frozenset()
        both = {(str(number), name) for number, name in instances}
        found = [one for one in both if not self.read_only_instances.isdisjoint(one)]
        remembered = self.read_only_instances.union(number for number, _ in found)
        return replace(self, read_only_instances=remembered), frozenset(word for one in found for word in one)
