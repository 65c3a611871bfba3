"""Who sits at the console."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """login, origin: as in the audit log (`ada`, `ssh 10.0.0.7`). read_only: may look, and change nothing.

    read_only_instances: those, by ids and names, that may be looked at only.
    """

    login: str
    origin: str
    read_only: bool = False
    read_only_instances: frozenset[str] = frozenset()

    def looks_only_at(self, instances: Iterable[tuple[int, str]]) -> frozenset[str]:
        """Those of these (id, name) that may be looked at only, by either."""
        if not self.read_only_instances:
            return frozenset()
        both = {(str(number), name) for number, name in instances}
        return frozenset(word for one in both if not self.read_only_instances.isdisjoint(one) for word in one)
