"""Fixtures that every test shares."""

from __future__ import annotations

import compileall
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

# How long an example takes, or its making, tells about the machine and not about the program.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Textual's many objects are looked through again and again: an eighth of the time that the console's tests take.
gc.set_threshold(50_000, 20, 100)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the program once. Where Python leaves no bytecode, each process that a test starts would do it anew."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(__file__).parent.parent / "cwconsole", quiet=1)


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio only, as the program does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def no_blocking() -> Iterator[BlockBuster]:
    """Fail a test whose code under cwconsole/ blocks the event loop."""
    with blockbuster_ctx("cwconsole") as guard:
        guard.functions["io.TextIOWrapper.read"].can_block_in("importlib/metadata/__init__.py", {"read_text"})
        yield guard
