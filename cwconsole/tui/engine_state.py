"""Who runs the engine, as whoever hosts the console tells it."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class EngineWhere(Enum):
    """Where the engine is."""

    HERE = "here"  # in this process
    ELSEWHERE = "elsewhere"  # in another process
    NONE = "none"  # nobody runs one
    STARTING = "taking over"  # this process is about to
    FAILED = "failed"  # it ended by an error in this process


class EngineState(Struct, frozen=True, kw_only=True):
    """pid: of the other process if it is known; while STARTING, of the one before. error: a sentence, why it failed.

    hindrance: why it writes nothing, as a sentence; None if it does.
    """

    where: EngineWhere = EngineWhere.NONE
    pid: int | None = None
    error: str | None = None
    hindrance: str | None = None

    @property
    def runs(self) -> bool:
        """Whether there is one."""
        return self.where in {EngineWhere.HERE, EngineWhere.ELSEWHERE}

    @property
    def works(self) -> bool:
        """Whether anything polls and delivers: one that cannot write does neither."""
        return self.runs and self.hindrance is None

    @property
    def words(self) -> str:
        """For the header."""
        if self.hindrance is not None:
            return "CANNOT WRITE" if self.where is EngineWhere.HERE else "ENGINE SILENT"
        if self.where is EngineWhere.ELSEWHERE:
            return "engine elsewhere" if self.pid is None else f"engine in {self.pid}"
        return f"engine {self.where.value}" if self.where is not EngineWhere.NONE else "no engine"


def moved(before: EngineState, now: EngineState) -> str | None:
    """What is said when another process's engine has gone and somebody has taken over, here or elsewhere; else None."""
    if before.pid is None or before.pid == now.pid:
        return None
    if now.where is EngineWhere.HERE:
        return f"The engine in process {before.pid} has ended; this console has taken over."
    if now.where is EngineWhere.ELSEWHERE and now.pid is not None:
        return f"The engine in process {before.pid} has ended; process {now.pid} has taken over."
    return None
