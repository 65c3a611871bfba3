"""Every error the program raises on purpose, arranged by what the caller must do about it.

CwconsoleError                 one plain sentence: what happened, to what, what to do next
├── ConfigError                fix the instance file or the settings: names key, found, expected
├── UsageError                 ask differently: an unknown instance, a bad filter (exit 2)
├── RefusedError               confirm first: the numbers of what would happen are in the message (exit 3)
│   ├── LossesError            an edit would lose something: confirm that
│   └── OtherNumbersError      the numbers are not those that were shown: look at the new ones
├── TooLateError               nothing to do: what was to be called off has begun or ended (exit 1)
├── EngineUnreachableError     start an engine, or wait for one (exit 4)
├── StoreError                 look at the database file: locked, foreign, newer, full
│   ├── EngineRunningError     another engine runs on the file: attach to it, or stop it first
│   └── StaleError             nothing was written: the row is no longer what the caller read; read again
└── SourceFault                a request to ConnectWise did not give a usable answer; nothing moved
    ├── PassingFault           try again later: timeouts, resets, 5xx, HTML, cut bodies
    │   ├── RateLimitedFault   try again after `retry_after` seconds
    │   ├── HeavyQueryFault    try again with smaller pages
    │   └── UndecodableFault   the body arrived whole and is not JSON: ask for less at a time
    ├── AccessFault            credentials, address or permission are wrong: probe slowly until somebody mends it
    ├── QueryFault             ConnectWise refused the question itself (400): mend the resource's filter
    └── RecordMissing          404 `NotFound` for one id: the record does not exist

Messages never contain secrets. `code` is the short word that is stored, filtered on and shown beside the message.
"""

from __future__ import annotations

from collections.abc import Sequence


class CwconsoleError(Exception):
    """Base of the tree. `str(error)` is the sentence shown to the operator."""

    exit_code = 1
    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigError(CwconsoleError):
    """A configuration value that cannot be used.

    key: where it stands, dotted (`configuration.event.poller.refresh_interval`).
    found: what stands there, shortened; secrets never appear.
    expected: what would be right.
    """

    code = "config"

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{key}: found {found}, expected {expected}")
        self.key = key
        self.found = found
        self.expected = expected


class UsageError(CwconsoleError):
    """The question cannot be answered as asked."""

    exit_code = 2
    code = "usage"


class RefusedError(CwconsoleError):
    """Would be done only after confirmation."""

    exit_code = 3
    code = "refused"


class LossesError(RefusedError):
    """An edit would lose something, and nobody has agreed to that.

    losses: each in words, without a full stop.
    """

    def __init__(self, name: str, losses: Sequence[str]) -> None:
        super().__init__(f"{name}: {'; '.join(losses)}. Nothing was changed; confirm it with --yes.")
        self.losses = tuple(losses)


class OtherNumbersError(RefusedError):
    """What was shown and agreed to is not so any more; the new numbers are in the message."""


class TooLateError(CwconsoleError):
    """It has begun or ended meanwhile; nothing was changed, and no confirmation would help."""

    code = "too_late"


class EngineUnreachableError(CwconsoleError):
    """Needs an engine, and none answers."""

    exit_code = 4
    code = "no_engine"


class StoreError(CwconsoleError):
    """The database file cannot be used as it is."""

    code = "store"


class EngineRunningError(StoreError):
    """Another process holds the engine's lock."""

    code = "engine_runs"


class StaleError(StoreError):
    """A compare-and-set found another state than expected; the whole unit was rolled back."""

    code = "stale"


class SourceFault(CwconsoleError):
    """A request to ConnectWise failed. Subclasses say what to do.

    request_id: ConnectWise's `x-cw-request-id` of the answer, if there was one.
    """

    code = "source"

    def __init__(self, message: str, *, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.request_id = request_id


class PassingFault(SourceFault):
    """Likely gone by itself: try again after the ordinary back-off."""

    code = "passing"


class RateLimitedFault(PassingFault):
    """429. retry_after: seconds to wait, as the server said or a default."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: float, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.retry_after = retry_after


class HeavyQueryFault(PassingFault):
    """500 "A timeout has occured", or our own total timeout: the page was too much for the server."""

    code = "heavy_query"


class UndecodableFault(PassingFault):
    """The body arrived whole but cannot be decoded."""

    code = "undecodable"


class AccessFault(SourceFault):
    """Credentials, company, address or permission are wrong."""

    code = "access"


class QueryFault(SourceFault):
    """400: the conditions, the fields or the page size were not accepted."""

    code = "query"


class RecordMissing(SourceFault):
    """404 with code `NotFound`, for one record."""

    code = "not_found"
