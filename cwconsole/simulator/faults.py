"""Faults that can be switched on while a server runs: which, how often, and for what.

Several may be on at once; the first that applies to a request wins. A fault with `times` goes away by itself.
The simulator and the receiver share this; each says which kinds it can do.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong with an answer."""

    RATE_LIMIT = "rate_limit"  # 429 with Retry-After and ConnectWise's body
    TIMEOUT = "timeout"  # 500 "A timeout has occured. Please try again."
    HTML = "html"  # 200 with an HTML page
    MAINTENANCE = "maintenance"  # 503 with an HTML page
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    CANNOT_ROUTE = "cannot_route"  # 400 as plain text
    NO_ENDPOINT = "no_endpoint"  # 404 ConnectWiseApi, as after a change of codebase
    WRONG_SHAPE = "wrong_shape"  # 200 with a JSON object where a list belongs
    NULL = "null"  # 200 with `null`
    GARBAGE = "garbage"  # 200, the whole body, but one record in it is not valid UTF-8
    NO_DATE = "no_date"  # the right answer without its Date header
    CUT = "cut"  # the right answer, closed before the end of its body
    SLOW = "slow"  # the right answer, `seconds` late
    HANG = "hang"  # no answer for `seconds`, then the connection is closed
    RESET = "reset"  # the connection is reset before any answer
    LOST = "lost"  # what was sent is taken, and the connection is reset before any answer
    STATUS = "status"  # an answer with `status`, and Retry-After if `retry_after` is set
    REDIRECT = "redirect"  # 302 to another path of this server


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault that is on.

    times: for so many requests, None for as long as it is on. probability: of striking a request that it applies to.
    path: only requests whose path starts so (`/company/contacts`). company: only this company's. seconds: for slow and
    hang. retry_after: seconds, for rate_limit and status. status: for status.
    """

    kind: FaultKind
    times: int | None = None
    probability: float = 1.0
    path: str = ""
    company: str = ""
    seconds: float = 3600.0
    retry_after: int | None = None
    status: int = 500

    def applies(self, path: str, company: str) -> bool:
        """Whether it concerns this request."""
        return path.startswith(self.path) and self.company in ("", company)


class Faults:
    """The faults that are on, in the order they were switched on. struck: how often each kind has struck."""

    def __init__(self, kinds: frozenset[FaultKind], seed: int = 0) -> None:
        """kinds: those that this server can do."""
        self._kinds = kinds
        self._random = random.Random(seed)
        self._on: list[tuple[Fault, list[int]]] = []
        self.struck: Counter[FaultKind] = Counter()

    def add(self, *faults: Fault) -> None:
        """Switch faults on. Raises ValueError, and switches none on, for a kind that this server cannot do."""
        for fault in faults:
            if fault.kind not in self._kinds:
                raise ValueError(f"fault {fault.kind}: not one of {', '.join(sorted(self._kinds))}")
        self._on += [(fault, [fault.times] if fault.times is not None else []) for fault in faults]

    def clear(self) -> None:
        """Switch all faults off."""
        self._on.clear()

    def active(self) -> list[Fault]:
        """The faults that are on."""
        return [fault for fault, _ in self._on]

    def draw(self, path: str, company: str = "") -> Fault | None:
        """The fault that strikes this request, if any. Counts it."""
        for fault, left in self._on:
            if fault.applies(path, company) and self._random.random() < fault.probability:
                return self._strike(fault, left)
        return None

    def _strike(self, fault: Fault, left: list[int]) -> Fault:
        self.struck[fault.kind] += 1
        if left:
            left[0] -= 1
            if left[0] <= 0:
                self._on = [(other, rest) for other, rest in self._on if rest is not left]
        return fault


_NUMBERS = {"times": int, "probability": float, "seconds": float, "retry_after": int, "status": int}


def read_fault(body: Any) -> Fault:
    """A fault from a decoded JSON object with Fault's member names. Raises ValueError."""
    if not isinstance(body, Mapping) or "kind" not in body:
        raise ValueError("a fault is an object with at least a kind")
    values: dict[str, Any] = {"kind": FaultKind(body["kind"])}
    for name, value in body.items():
        if name in _NUMBERS:
            values[name] = None if value is None else _NUMBERS[name](value)
        elif name in ("path", "company"):
            values[name] = str(value)
        elif name != "kind":
            raise ValueError(f"a fault has no member {name}")
    return Fault(**values)
