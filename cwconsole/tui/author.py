"""Who sits at the console."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """login, origin: as in the audit log (`ada`, `ssh 10.0.0.7`). read_only: may look, and change nothing."""

    login: str
    origin: str
    read_only: bool = False
