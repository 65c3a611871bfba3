"""From an answer that is no use to the fault that says what to do about it.

The table is design 5 (Faults) with reference/connectwise-api.md 7 and A.7:

    401, 403                               AccessFault: keys, or the security role
    400 "Cannot route", 404, 3xx           AccessFault: company or address
    "SSL is required", HTML from a cloud   AccessFault: the host without its `api-`
      host that does not begin with api-
    404 `NotFound` for one record          RecordMissing: the only proof that a record is gone
    400 and other 4xx                      QueryFault: the conditions, or the pinned version
    429                                    RateLimitedFault
    500 "timeout", 504, our own limit of   HeavyQueryFault: ask for less
      time or size, for a list
    5xx, HTML, a body cut short, null,     PassingFault
      the wrong shape, no `Date`
    a whole body that is not JSON          UndecodableFault

Every message says what happened, to what, and what to do next. ConnectWise's own words are quoted where they help.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from cwconsole.core.errors import (
    AccessFault,
    HeavyQueryFault,
    PassingFault,
    QueryFault,
    RateLimitedFault,
    RecordMissing,
    SourceFault,
    UndecodableFault,
)
from cwconsole.core.retry_after import http_date, parse_retry_after
from cwconsole.http.client import HttpAnswer
from cwconsole.http.errors import HttpFailure

DEFAULT_RETRY_AFTER = 30.0
MOST_RETRY_AFTER = 24 * 3600.0
MOST_EXPLANATION = 64_000

_CLOUD = (".myconnectwise.net", ".connectwisedev.com")
_AGAIN = "it is tried again"
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, for messages and for what an answer means.

    host: of the base URL. company: the login company. path: below the base URL, with the id for a record.
    one: a single record was asked for, not a list.
    """

    host: str
    company: str
    path: str
    one: bool = False

    def __str__(self) -> str:
        return f"{self.company} {self.path}"

    @property
    def lacks_api_prefix(self) -> bool:
        """Whether the host is one of ConnectWise's cloud that serves pages, not the API."""
        return self.host.endswith(_CLOUD) and not self.host.startswith("api-")


@dataclass(frozen=True, slots=True)
class _Said:
    """What an error answer says for itself. As text: `: "message"`, or nothing."""

    code: str
    message: str

    @classmethod
    def of(cls, answer: HttpAnswer) -> _Said:
        if _is_html(answer) or len(answer.body) > MOST_EXPLANATION:
            return cls("", "")
        try:
            body: Any = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return cls("", _clipped(answer.body[:400].decode(errors="replace")))
        if not isinstance(body, dict):
            return cls("", "")
        parts = [body.get("message")]
        errors = body.get("errors")
        if isinstance(errors, list):
            parts += [error.get("message") for error in errors[:3] if isinstance(error, dict)]
        message = " ".join(part for part in parts if isinstance(part, str))
        return cls(str(body.get("code") or ""), _clipped(message))

    @property
    def words(self) -> str:
        return self.message.lower()

    def names_client_id(self, status: int) -> bool:
        """A missing clientId is reported as 400, 401 and 403 alike."""
        return status in (400, 403) and "clientid" in self.words.replace(" ", "").replace("-", "")

    def is_timeout(self, status: int) -> bool:
        """504 is a gateway that gave up waiting."""
        return status == 504 or (status == 500 and ("timeout" in self.words or "timed out" in self.words))

    def __str__(self) -> str:
        return f': "{self.message}"' if self.message else ""


class _Rule(NamedTuple):
    """What an answer with a status other than 200 and 429 means."""

    applies: Callable[[Question, int, _Said], bool]
    fault: type[SourceFault]
    code: str
    what: str
    advice: str


# The first that applies counts; the last always does.
_RULES: tuple[_Rule, ...] = (
    _Rule(
        *(lambda _, status, said: "ssl is required" in said.words, AccessFault, "not_api_host"),
        what="this host does not serve the API",
        advice="use https:// and ConnectWise's host beginning with api- in baseUrl",
    ),
    _Rule(
        *(lambda _, status, said: status == 401 or said.names_client_id(status), AccessFault, "unauthorized"),
        what="ConnectWise refused the login",
        advice="check company, public.key, private.key and client.id",
    ),
    _Rule(
        *(lambda _, status, said: status == 403, AccessFault, "forbidden"),
        what="the keys may not read this",
        advice="check the security role of the API member, and client.id",
    ),
    _Rule(
        *(lambda ask, status, said: status == 404 and ask.one and said.code == "NotFound", RecordMissing, "not_found"),
        what="no such record at ConnectWise",
        advice="it was deleted, or never existed",
    ),
    _Rule(
        *(lambda _, status, said: "cannot route" in said.words, AccessFault, "no_route"),
        what="ConnectWise does not know the company or the codebase",
        advice="check company and baseUrl",
    ),
    _Rule(
        *(lambda _, status, said: status in (404, 410), AccessFault, "no_endpoint"),
        what="this address does not exist at ConnectWise",
        advice="check baseUrl, the resource's url, and the keys",
    ),
    _Rule(
        *(lambda _, status, said: "accept header" in said.words, QueryFault, "version"),
        what="ConnectWise does not serve the version we ask for",
        advice="set cwconsole.api_version",
    ),
    _Rule(
        *(lambda _, status, said: status in (407, 408), PassingFault, "server_error"),
        what="the request did not get through",
        advice=_AGAIN,
    ),
    _Rule(
        *(lambda _, status, said: 400 <= status < 500, QueryFault, "query"),
        what="ConnectWise refused the question",
        advice="correct the resource's filter or url",
    ),
    _Rule(
        *(lambda _, status, said: 300 <= status < 400, AccessFault, "redirect"),
        what="the host redirects elsewhere, which is not followed",
        advice="correct baseUrl",
    ),
    _Rule(
        *(lambda ask, status, said: not ask.one and said.is_timeout(status), HeavyQueryFault, "heavy_query"),
        what="too much for ConnectWise at once",
        advice="a smaller page is asked for",
    ),
    _Rule(
        *(lambda _, status, said: status >= 500, PassingFault, "server_error"),
        what="ConnectWise is failing",
        advice=_AGAIN,
    ),
    _Rule(
        *(lambda _, status, said: True, PassingFault, "unexpected_status"),
        what="the answer has no records",
        advice=_AGAIN,
    ),
)


def fault_of(question: Question, answer: HttpAnswer) -> SourceFault | None:
    """The fault that an answer is; None if it is a whole 200 that is not HTML, which is then to be decoded."""
    request_id = answer.header("x-cw-request-id")
    if answer.status == 200:
        return _fault_of_200(question, answer, request_id)
    if answer.status == 429:
        return _rate_limited(question, answer, request_id)
    said = _Said.of(answer)
    rule = next(rule for rule in _RULES if rule.applies(question, answer.status, said))
    message = f"{question}: {rule.what} ({answer.status}){said}; {rule.advice}"
    return rule.fault(message, code=rule.code, request_id=request_id)


def fault_of_failure(question: Question, failure: HttpFailure) -> SourceFault:
    """The fault that a request without an answer is."""
    if failure.code == "timeout" and failure.sent and not question.one:
        return HeavyQueryFault(f"{question}: {failure.message}; a smaller page is asked for")
    advice = {
        "tls": "check the host's certificate, baseUrl, or cwconsole.ca_file",
        "blocked": "allow its network in the settings, or correct baseUrl",
        "invalid_request": "correct baseUrl and client.id",
    }
    if failure.code in advice:
        return AccessFault(f"{question}: {failure.message}; {advice[failure.code]}", code=failure.code)
    hint = "; if it goes on, check the keys" if failure.code == "reset" and question.host.endswith(_CLOUD) else ""
    return PassingFault(f"{question}: {failure.message}; {_AGAIN}{hint}", code=failure.code)


def misshapen(question: Question, code: str, found: str) -> PassingFault:
    """JSON that is not what was asked for."""
    return PassingFault(f"{question}: ConnectWise sent {found}; nothing was taken from it, and {_AGAIN}", code=code)


def undecodable(question: Question, reason: str) -> UndecodableFault:
    """A whole body that cannot be decoded."""
    return UndecodableFault(
        f"{question}: the answer is not readable JSON ({_clipped(reason)}); less is asked for at once"
    )


def no_date(question: Question, request_id: str | None) -> PassingFault:
    """An answer that does not tell ConnectWise's time, without which the watermark cannot move."""
    message = f"{question}: the answer has no usable Date header, so ConnectWise's time is unknown; {_AGAIN}"
    return PassingFault(message, code="no_date", request_id=request_id)


def unknown_company(question: Question) -> AccessFault:
    """The login site knows no such company."""
    message = f"{question.company}: {question.host} knows no company of that name; check company and baseUrl"
    return AccessFault(message, code="no_company")


def _fault_of_200(question: Question, answer: HttpAnswer, request_id: str | None) -> SourceFault | None:
    if answer.cut in ("limit", "timeout") and not question.one:
        what = "is too large" if answer.cut == "limit" else "did not end in time"
        message = f"{question}: the answer {what}; a smaller page is asked for"
        return HeavyQueryFault(message, code="too_large" if answer.cut == "limit" else None, request_id=request_id)
    if answer.cut is not None or not answer.body:
        code = "empty" if answer.cut is None else "cut_short"
        what = "was empty" if answer.cut is None else "broke off before its end"
        message = f"{question}: the answer {what}, so nothing was taken from it; {_AGAIN}"
        return PassingFault(message, code=code, request_id=request_id)
    if (answer.header("content-encoding") or "identity").lower() != "identity":
        message = f"{question}: the answer is compressed although that was not asked for; check what is in between"
        return PassingFault(message, code="compressed", request_id=request_id)
    if not _is_html(answer):
        return None
    if question.lacks_api_prefix:
        return _wrong_host(question, request_id)
    message = f"{question}: {question.host} answered with a web page instead of records; {_AGAIN}"
    return PassingFault(message, code="html", request_id=request_id)


def _rate_limited(question: Question, answer: HttpAnswer, request_id: str | None) -> RateLimitedFault:
    date = answer.header("date") or ""
    wanted = parse_retry_after(answer.header("retry-after"), date=date, now_ms=0)
    # Without the answer's own date, an HTTP date in Retry-After says nothing: our clock is not ConnectWise's.
    if wanted is None or (wanted > MOST_RETRY_AFTER and http_date(date) is None):
        wanted = DEFAULT_RETRY_AFTER
    seconds = min(wanted, MOST_RETRY_AFTER)
    message = f"{question}: too many requests, ConnectWise asks to wait {seconds:g} s; all of {question.company} waits"
    return RateLimitedFault(message, retry_after=seconds, request_id=request_id)


def _wrong_host(question: Question, request_id: str | None) -> AccessFault:
    message = f"{question}: {question.host} serves web pages, not the API; use api-{question.host} in baseUrl"
    return AccessFault(message, code="not_api_host", request_id=request_id)


def _is_html(answer: HttpAnswer) -> bool:
    start = answer.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in (answer.header("content-type") or "").lower() or start.startswith((b"<!", b"<html", b"<?xml"))


def _clipped(text: str) -> str:
    """One printable line of at most 300 characters."""
    return _CONTROL.sub(" ", text).strip()[:300]
