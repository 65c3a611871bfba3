"""What is said where an instance may only be looked at."""

from __future__ import annotations

from collections.abc import Sequence


def read_only_sentence(instances: Sequence[str]) -> str:
    """Why nothing is done to instances of these names."""
    are = "is" if len(instances) == 1 else "are"
    return f"{', '.join(instances)} {are} read-only on this console, by its settings."
