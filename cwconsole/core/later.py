"""Modules that are loaded when they are first used, so that the first screen does not wait for what comes later.

    if TYPE_CHECKING:
        from cwconsole.store import operations
    else:
        operations = Later("cwconsole.store.operations")

Type checkers and import-linter see the import as ever. What PEP 810 will give us as `lazy import`.
"""

from __future__ import annotations

import importlib
from typing import Any


class Later:
    """Stands for the module of that name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        """What the module has under that name. Raises as its import does, and AttributeError."""
        return getattr(importlib.import_module(self._name), attribute)
