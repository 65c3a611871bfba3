"""Who runs the engine, as whoever hosts the console tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class EngineWhere(Enum):
    """Where the engine is."""

    HERE = "here"  # in this process
    ELSEWHERE = "elsewhere"  # in another process
    NONE = "none"  # nobody runs one
    STARTING = "starting"  # this process is about to
    FAILED = "failed"  # it ended by an error in this process


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """pid: of the other process, if it is known. error: why it failed, as a sentence."""

    where: EngineWhere = EngineWhere.NONE
    pid: int | None = None
    error: str | None = None

    @property
    def runs(self) -> bool:
        """Whether anything polls and delivers."""
        return self.where in {EngineWhere.HERE, EngineWhere.ELSEWHERE}

    @property
    def words(self) -> str:
        """For the header."""
        if self.where is EngineWhere.ELSEWHERE:
            return "engine elsewhere" if self.pid is None else f"engine in {self.pid}"
        return f"engine {self.where.value}" if self.where is not EngineWhere.NONE else "no engine"
