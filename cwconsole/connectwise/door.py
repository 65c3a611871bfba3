"""The one door to ConnectWise: a turn among the company's requests, the request, the fault if there is one, a try more.

Only GETs pass, so that a repeated one does no harm. What is repeated, at most twice, are faults that tend to be gone a
second later. A page that was too much, a body that cannot be read, a wrong key or a wrong filter are not: they need
another question, or a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from urllib.parse import urlsplit

import stamina
from msgspec import Struct
from msgspec.structs import replace

from cwconsole.connectwise.conditions import url_of
from cwconsole.connectwise.faults import fault_of, fault_of_failure, no_date
from cwconsole.connectwise.limits import LONGEST_WAIT, CompanyLimits
from cwconsole.connectwise.question import Question
from cwconsole.core.config import InstanceConfig
from cwconsole.core.errors import PassingFault, RateLimitedFault
from cwconsole.core.retry_after import http_date
from cwconsole.http.authorization import basic_authorization
from cwconsole.http.client import HttpAnswer, HttpClient
from cwconsole.http.errors import HttpFailure

# An old model on purpose: clients in the field send it to clouds and to servers on premises alike, and a pinned model
# keeps an upgrade at ConnectWise from changing every record at once. `cwconsole.api_version = "latest"` pins none.
DEFAULT_API_VERSION = "2020.4"

TOTAL_SECONDS = 60.0
MOST_BODY = 64 * 1024 * 1024

Query = Iterable[tuple[str, str | int]]

# Each try would be a line in the log; the poller tells once that a resource fails, and once that it recovered.
stamina.instrumentation.set_on_retry_hooks(())

# No new try after 90 s, waits for a pause of the company included.
_TRIES = stamina.AsyncRetryingCaller(attempts=3, timeout=90.0, wait_initial=0.5, wait_max=5.0, wait_jitter=0.5)
_WORTH_A_TRY = frozenset(
    {
        *("dns", "refused", "unreachable", "reset", "timeout", "protocol", "proxy"),
        *("cut_short", "empty", "html", "server_error"),
    }
)


class Answered(Struct, frozen=True, kw_only=True):
    """A whole 200.

    question: with ConnectWise's request id. server_time: the answer's `Date` minus the request's duration, in whole
    seconds since the epoch (design 5.3).
    """

    question: Question
    body: bytes
    server_time: int


class Door:
    """One instance's requests."""

    def __init__(
        self,
        config: InstanceConfig,
        http: HttpClient,
        limits: CompanyLimits,
        *,
        client_id: str | None,
        total: float = TOTAL_SECONDS,
    ) -> None:
        """client_id: ConnectWise's clientId for instances that name none. total: seconds for one request."""
        self.base = config.base_url.rstrip("/")
        self.host = urlsplit(self.base).hostname or self.base
        self.company = config.company
        self._requests_per_minute = config.requests_per_minute
        self._http = http
        self._limits = limits
        self._total = total
        self._headers = _headers(config, config.client_id or client_id)

    def question(self, path: str, *, one: bool = False) -> Question:
        """A question about this path below the base URL. one: about a single record."""
        return Question(host=self.host, company=self.company, path=path, one=one)

    async def ask(self, question: Question, query: Query = ()) -> Answered:
        """Ask, and ask again where that may help. Raises `SourceFault`s only."""
        answer = await self._fetched(question, url_of(self.base, question.path, query))
        question = _named(question, answer)
        date = http_date(answer.header("date") or "")
        if date is None:
            raise no_date(question)
        return Answered(question=question, body=answer.body, server_time=math.floor(date - answer.elapsed))

    async def _fetched(self, question: Question, url: str) -> HttpAnswer:
        async def once() -> HttpAnswer:
            async with self._limits.turn(self._requests_per_minute):
                try:
                    answer = await self._http.request("GET", url, self._headers, total=self._total, max_body=MOST_BODY)
                except HttpFailure as failure:
                    raise fault_of_failure(question, failure) from failure
            if (fault := fault_of(_named(question, answer), answer)) is None:
                return answer
            if isinstance(fault, RateLimitedFault):
                self._limits.pause(fault.retry_after)
            raise fault

        return await _TRIES(_worth_a_try, once)


def _named(question: Question, answer: HttpAnswer) -> Question:
    return replace(question, request_id=answer.header("x-cw-request-id"))


def _worth_a_try(error: Exception) -> bool:
    """A rate limit is, if the pause is one that `CompanyLimits` sits out."""
    if isinstance(error, RateLimitedFault):
        return error.retry_after <= LONGEST_WAIT
    return isinstance(error, PassingFault) and error.code in _WORTH_A_TRY


def _headers(config: InstanceConfig, client_id: str | None) -> tuple[tuple[str, str], ...]:
    authorization = basic_authorization(f"{config.company}+{config.public_key}", config.private_key.reveal())
    version = config.api_version or DEFAULT_API_VERSION
    pinned = "" if version == "latest" else f"; version={version}"
    headers = [
        ("Authorization", authorization),
        ("Accept", f"application/vnd.connectwise.com+json{pinned}"),
    ]
    if client_id:
        headers.append(("clientId", client_id))
    return tuple(headers)
