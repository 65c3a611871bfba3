"""From an answer that is no use to the fault that says what to do about it (design 5, Faults).

    other statuses                         see `refusals`
    429                                    RateLimitedFault
    our own limit of time or size, a list  HeavyQueryFault: ask for less
    200 with HTML from a cloud host that   AccessFault: the host lacks its `api-`
      does not begin with api-
    200 with HTML, cut short, empty, null, PassingFault: a fault of the poll, never "no changes"
      the wrong shape, without `Date`
    200, whole, but not JSON               UndecodableFault: the poller asks for less, down to the bad record
    no answer: TLS, a refused address      AccessFault
    no answer: anything else               PassingFault with the code of `http.errors`

Every message says what happened, to what, and what to do next. ConnectWise's own words are quoted where they help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwconsole.connectwise.question import Question
from cwconsole.connectwise.refusals import TRIED_AGAIN, clipped, fault_of_refusal, is_html
from cwconsole.core.errors import (
    AccessFault,
    HeavyQueryFault,
    PassingFault,
    RateLimitedFault,
    SourceFault,
    UndecodableFault,
)
from cwconsole.core.retry_after import http_date, parse_retry_after

if TYPE_CHECKING:  # the decoding process reads this module too, and needs no HTTP
    from cwconsole.http.client import HttpAnswer
    from cwconsole.http.errors import HttpFailure

DEFAULT_RETRY_AFTER = 30.0
# A request an hour burdens nobody; a wrong clock, or milliseconds for seconds, must not silence a company for days.
MOST_RETRY_AFTER = 3600.0

_ADVICE = {
    "tls": "check the host's certificate, baseUrl, or cwconsole.ca_file",
    "blocked": "allow its network in the settings, or correct baseUrl",
    "invalid_request": "correct baseUrl and client.id",
}


def fault_of(question: Question, answer: HttpAnswer) -> SourceFault | None:
    """The fault that an answer is; None if it is a whole 200 that is not HTML, which is then to be decoded."""
    if answer.status == 429:
        return _rate_limited(question, answer)
    if answer.status != 200:
        return fault_of_refusal(question, answer)
    if answer.cut is not None:
        return _incomplete(question, answer.cut)
    if not answer.body:
        return _passing(question, "empty", "the answer was empty")
    if (answer.header("content-encoding") or "identity").lower() != "identity":
        return _passing(question, "compressed", "something in between compressed the answer, which was not asked for")
    return _web_page(question) if is_html(answer) else None


def fault_of_failure(question: Question, failure: HttpFailure) -> SourceFault:
    """The fault that a request without an answer is."""
    if failure.code == "timeout" and failure.sent and not question.one:
        return HeavyQueryFault(f"{question}: {failure.message}; a smaller page is asked for")
    if failure.code in _ADVICE:
        return AccessFault(f"{question}: {failure.message}; {_ADVICE[failure.code]}", code=failure.code)
    # The cloud may drop connections that come with wrong keys (reference/connectwise-api.md 1).
    hint = "; if it goes on, check the keys" if failure.code == "reset" and question.to_cloud else ""
    return PassingFault(f"{question}: {failure.message}; {TRIED_AGAIN}{hint}", code=failure.code)


def misshapen(question: Question, code: str, found: str) -> PassingFault:
    """JSON that is not what was asked for."""
    return _passing(question, code, f"ConnectWise sent {found}, so nothing was taken from it")


def undecodable(question: Question, reason: str) -> UndecodableFault:
    """A whole body that cannot be decoded."""
    message = f"{question}: the answer is not readable JSON ({clipped(reason)}); less is asked for at once"
    return UndecodableFault(message, request_id=question.request_id)


def no_date(question: Question) -> PassingFault:
    """An answer that does not tell ConnectWise's time, without which the watermark cannot move."""
    return _passing(question, "no_date", "the answer has no usable Date header, so ConnectWise's time is unknown")


def _passing(question: Question, code: str, what: str) -> PassingFault:
    return PassingFault(f"{question}: {what}; {TRIED_AGAIN}", code=code, request_id=question.request_id)


def _incomplete(question: Question, cut: str) -> PassingFault:
    what = {"limit": "the answer is too large", "timeout": "the answer did not end in time"}.get(cut)
    if what is None or question.one:
        return _passing(question, "cut_short", f"{what or 'the answer broke off'}, so nothing was taken from it")
    message = f"{question}: {what}; a smaller page is asked for"
    return HeavyQueryFault(message, code="too_large" if cut == "limit" else None, request_id=question.request_id)


def _web_page(question: Question) -> SourceFault:
    if question.lacks_api_prefix:
        message = f"{question}: {question.host} serves web pages, not the API; use api-{question.host} in baseUrl"
        return AccessFault(message, code="not_api_host", request_id=question.request_id)
    return _passing(question, "html", f"{question.host} answered with a web page instead of records")


def _rate_limited(question: Question, answer: HttpAnswer) -> RateLimitedFault:
    asked, date = answer.header("retry-after") or "", answer.header("date") or ""
    wanted = parse_retry_after(asked, date=date, now_ms=0)
    # Without the answer's own date, an HTTP date in Retry-After says nothing: our clock is not ConnectWise's.
    if wanted is None or (http_date(date) is None and http_date(asked) is not None):
        wanted = DEFAULT_RETRY_AFTER
    seconds = min(wanted, MOST_RETRY_AFTER)
    longer = " (it asked for more)" if wanted > seconds else ""
    message = f"{question}: too many requests; all of {question.company} waits {seconds:g} s{longer}"
    return RateLimitedFault(message, retry_after=seconds, request_id=question.request_id)
