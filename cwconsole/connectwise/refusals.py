"""What an answer with another status than 200 and 429 means: one table, the first row that applies counts.

From reference/connectwise-api.md 7 and A.7. ConnectWise uses one status for many things (400, 401 and 403 may each be
a missing clientId; a 404 is a deleted record, a wrong path or, in the cloud, a wrong key), so that its words count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from msgspec import Struct

from cwconsole.connectwise.question import Question
from cwconsole.core.errors import AccessFault, HeavyQueryFault, PassingFault, QueryFault, RecordMissing, SourceFault

if TYPE_CHECKING:  # the decoding process reads this module too, and needs no HTTP
    from cwconsole.http.client import HttpAnswer

MOST_EXPLANATION = 64_000
TRIED_AGAIN = "it is tried again"

_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


class Refusal(Struct, frozen=True, kw_only=True):
    """An answer that is an error. code, message: ConnectWise's own, empty where the body has none."""

    question: Question
    status: int
    code: str
    message: str

    def says(self, words: str) -> bool:
        """Whether these words, in lower case, are in the message."""
        return words in self.message.lower()

    @property
    def names_client_id(self) -> bool:
        return self.status in (400, 403) and "clientid" in re.sub("[ -]", "", self.message.lower())

    @property
    def is_timeout(self) -> bool:
        """504 is a gateway that gave up waiting."""
        return self.status == 504 or (self.status == 500 and (self.says("timeout") or self.says("timed out")))


class Row(NamedTuple):
    """A row of the table. code: the fault's. what, advice: make the message."""

    applies: Callable[[Refusal], bool]
    fault: type[SourceFault]
    code: str
    what: str
    advice: str


TABLE: tuple[Row, ...] = (
    Row(
        applies=lambda refusal: refusal.says("ssl is required"),
        fault=AccessFault,
        code="not_api_host",
        what="this host does not serve the API",
        advice="use https:// and ConnectWise's host beginning with api- in baseUrl",
    ),
    Row(
        applies=lambda refusal: refusal.status == 401 or refusal.names_client_id,
        fault=AccessFault,
        code="unauthorized",
        what="ConnectWise refused the login",
        advice="check company, public.key, private.key and client.id",
    ),
    Row(
        applies=lambda refusal: refusal.status == 403,
        fault=AccessFault,
        code="forbidden",
        what="the keys may not read this",
        advice="check the security role of the API member, and client.id",
    ),
    Row(
        # The only proof that a record is gone. For a list it would mean a wrong path.
        applies=lambda refusal: refusal.status == 404 and refusal.question.one and refusal.code == "NotFound",
        fault=RecordMissing,
        code="not_found",
        what="no such record at ConnectWise",
        advice="it was deleted, or never existed",
    ),
    Row(
        applies=lambda refusal: refusal.says("cannot route"),
        fault=AccessFault,
        code="no_route",
        what="ConnectWise does not know the company or the codebase",
        advice="check company and baseUrl",
    ),
    Row(
        applies=lambda refusal: refusal.status in (404, 410),
        fault=AccessFault,
        code="no_endpoint",
        what="this address does not exist at ConnectWise",
        advice="check baseUrl, the resource's url, and the keys",
    ),
    Row(
        applies=lambda refusal: refusal.says("accept header"),
        fault=QueryFault,
        code="version",
        what="ConnectWise does not serve the version we ask for",
        advice="set cwconsole.api_version",
    ),
    Row(
        applies=lambda refusal: refusal.status in (407, 408),
        fault=PassingFault,
        code="server_error",
        what="the request did not get through",
        advice=TRIED_AGAIN,
    ),
    Row(
        applies=lambda refusal: refusal.code == "ApiFindCondition" and refusal.says("lastupdated"),
        fault=QueryFault,
        code="query",
        what="ConnectWise refused the question",
        advice="what has no lastUpdated is read in full if the resource says filterByUpdatedDate: false",
    ),
    Row(
        applies=lambda refusal: 400 <= refusal.status < 500,
        fault=QueryFault,
        code="query",
        what="ConnectWise refused the question",
        advice="correct the resource's filter or url",
    ),
    Row(
        applies=lambda refusal: 300 <= refusal.status < 400,
        fault=AccessFault,
        code="redirect",
        what="the host redirects elsewhere, which is not followed",
        advice="correct baseUrl",
    ),
    Row(
        applies=lambda refusal: refusal.is_timeout and not refusal.question.one,
        fault=HeavyQueryFault,
        code="heavy_query",
        what="too much for ConnectWise at once",
        advice="a smaller page is asked for",
    ),
    Row(
        applies=lambda refusal: refusal.status >= 500,
        fault=PassingFault,
        code="server_error",
        what="ConnectWise is failing",
        advice=TRIED_AGAIN,
    ),
    Row(
        applies=lambda refusal: True,
        fault=PassingFault,
        code="unexpected_status",
        what="the answer has no records",
        advice=TRIED_AGAIN,
    ),
)


def fault_of_refusal(question: Question, answer: HttpAnswer) -> SourceFault:
    """The fault that the table says."""
    refusal = _read(question, answer)
    row = next(row for row in TABLE if row.applies(refusal))
    said = f': "{refusal.message}"' if refusal.message else ""
    message = f"{question}: {row.what} ({answer.status}){said}; {row.advice}"
    return row.fault(message, code=row.code, request_id=question.request_id)


def _read(question: Question, answer: HttpAnswer) -> Refusal:
    code, message = ("", "") if is_html(answer) else _said(answer.body)
    return Refusal(question=question, status=answer.status, code=code, message=clipped(message))


def _said(body: bytes) -> tuple[str, str]:
    """Code and message of an error body, which is JSON, plain text, or anything."""
    if len(body) > MOST_EXPLANATION:
        return "", ""
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", body[:400].decode(errors="replace")
    if not isinstance(said, dict):
        return "", ""
    errors = said.get("errors")
    details = [error for error in errors[:3] if isinstance(error, dict)] if isinstance(errors, list) else []
    messages = [part.get("message") for part in (said, *details)]
    return str(said.get("code") or ""), " ".join(message for message in messages if isinstance(message, str))


def is_html(answer: HttpAnswer) -> bool:
    """Whether a web page came, whatever it calls itself."""
    start = answer.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in (answer.header("content-type") or "").lower() or start.startswith((b"<!", b"<html", b"<?xml"))


def clipped(text: str) -> str:
    """One printable line of at most 300 characters."""
    return _CONTROL.sub(" ", text).strip()[:300]
