"""One attempt: a single POST to an instance's callback URL, and what became of it.

Nothing is followed and nothing is repeated here; what an outcome leads to is decided in `core.delivery`. A status is
believed as soon as it is there: a receiver that answered 200 and then broke off has taken the event.

Configured headers come after our standing ones and replace them, but not those that identify and sign the attempt, nor
those that frame the request: with these wrong, no receiver could read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from cwconsole.callback.envelope import notification
from cwconsole.callback.signing import Headers, Signer
from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.core.config import CallbackConfig
from cwconsole.core.retry_after import parse_retry_after
from cwconsole.http.authorization import basic_authorization
from cwconsole.http.client import EXCERPT_BYTES, HttpAnswer, HttpClient
from cwconsole.http.errors import HttpFailure
from cwconsole.http.policy import ALLOW_ALL, AddressPolicy
from cwconsole.http.pool import HttpPool

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
MOST_HEADERS: Final = 64
MOST_HEADER_TEXT: Final = 1_000

_RESERVED: Final = frozenset(
    {
        *("elements-webhook-id", "elements-webhook-signature"),
        *("webhook-id", "webhook-timestamp", "webhook-signature", "cwconsole-attempt", "cwconsole-replay"),
        *("connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)

# What an operator can do about an answer. Everything else passes, or is the receiver's own affair.
_ADVICE: Final = {
    401: "check the callback's user name, password and headers",
    403: "check the callback's user name, password and headers",
    404: "check the path of the callback URL",
    405: "check the path of the callback URL",
    410: "it wants no more notifications, so ask there which address to use",
    413: "it has to allow larger notifications",
    429: "it asks for fewer at a time",
}
# The same for a request that got none.
_FAILURE_ADVICE: Final = {
    "blocked": "allow its network by callback_networks in the settings, or correct the callback URL",
    "dns": "correct the callback URL, or mend this machine's name service",
    "refused": "see whether the receiver runs, or correct the callback URL",
    "tls": "check the receiver's certificate, or cwconsole.ca_file",
    "proxy": "check cwconsole.proxy",
    "invalid_request": "correct the callback URL and its headers",
}


class Way(Struct, frozen=True, kw_only=True):
    """Where an instance's notifications go, and what the way there needs. It crosses to the sending process."""

    config: CallbackConfig
    policy: AddressPolicy = ALLOW_ALL
    ca_file: str | None = None
    proxy: str | None = None

    def sender(self, pool: HttpPool, clock_ms: Callable[[], int]) -> CallbackSender:
        """What makes attempts there. Raises `ConfigError` if the CA file or the proxy cannot be used."""
        http = pool.client(policy=self.policy, ca_file=self.ca_file, proxy=self.proxy)
        return CallbackSender(self.config, http, clock_ms)


class CallbackSender:
    """The way to one instance's callback URL (`engine.ports.Sender`). Built anew when the configuration changes."""

    def __init__(
        self,
        config: CallbackConfig,
        http: HttpClient,
        clock_ms: Callable[[], int],
        *,
        connect: float = CONNECT_SECONDS,
        total: float = TOTAL_SECONDS,
    ) -> None:
        """clock_ms: this machine's time, milliseconds since the epoch, UTC. connect, total: limits in seconds."""
        self._http = http
        self._clock_ms = clock_ms
        self._limits = (connect, total)
        self._signer = Signer(config.signature_key)
        self._url, from_url = split_credentials(config.url)
        self._standing = _standing_headers(config, from_url)

    async def send(self, parcel: Parcel) -> Outcome:
        """Make one attempt. Never raises for what the network or the receiver does; cancellation passes through."""
        body = notification(parcel.facts)
        started_ms, began = self._clock_ms(), asyncio.get_running_loop().time()
        headers = self._standing + self._signer.headers(parcel, body, started_ms)
        connect, total = self._limits
        try:
            answer = await self._http.request(
                "POST", self._url, headers, body, connect=connect, total=total, max_body=EXCERPT_BYTES
            )
        except HttpFailure as failure:
            return self._unanswered(failure, started_ms, _since(began))
        return self._answered(answer, started_ms, _since(began))

    def lost(self, started_ms: int) -> Outcome:
        """The outcome of an attempt of which nobody knows whether it was made. started_ms: when it was asked for."""
        return Outcome(
            started_ms=started_ms,
            duration_ms=max(self._clock_ms() - started_ms, 0),
            url=self._url,
            error_code="interrupted",
            error="The process that sent this ended meanwhile; it is sent again, perhaps for the second time.",
        )

    def _unanswered(self, failure: HttpFailure, started_ms: int, duration_ms: int) -> Outcome:
        return Outcome(
            started_ms=started_ms,
            duration_ms=duration_ms,
            url=self._url,
            error_code=_failure_code(failure),
            error=_failure_sentence(failure),
            peer=failure.peer,
        )

    def _answered(self, answer: HttpAnswer, started_ms: int, duration_ms: int) -> Outcome:
        code = answer_code(answer.status)
        return Outcome(
            started_ms=started_ms,
            duration_ms=duration_ms,
            url=self._url,
            status=answer.status,
            error_code=code,
            error=_sentence(answer.status, code),
            peer=answer.peer,
            headers=_bounded(answer.headers),
            body=answer.body,
            truncated=answer.truncated,
            retry_after=self._retry_after(answer),
        )

    def _retry_after(self, answer: HttpAnswer) -> float | None:
        value, date = answer.header("retry-after"), answer.header("date")
        return parse_retry_after(value, date=date, now_ms=self._clock_ms())


def answer_code(status: int) -> str | None:
    """The error code of an answer; None for 2xx."""
    if status == HTTPStatus.GONE:
        return "gone"
    return {2: None, 3: "redirect", 4: "http_4xx", 5: "http_5xx"}.get(status // 100, "protocol")


def split_credentials(url: str) -> tuple[str, str | None]:
    """The URL without `user:password@`, and these as an Authorization header.

    Text work only: a URL that is none comes back as it is, and the attempt says what is wrong with it.
    """
    scheme, slashes, rest = url.partition("//")
    end = min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))
    credentials, at, host = rest[:end].rpartition("@")
    if not (slashes and at):
        return url, None
    username, _, password = credentials.partition(":")
    return f"{scheme}//{host}{rest[end:]}", basic_authorization(unquote(username), unquote(password))


def _standing_headers(config: CallbackConfig, authorization: str | None) -> Headers:
    """The headers that are the same in every attempt."""
    if config.username is not None or config.password is not None:
        password = config.password.reveal() if config.password else ""
        authorization = basic_authorization(config.username or "", password)
    custom = tuple((name, value) for name, value in config.headers if name.lower() not in _RESERVED)
    given = {name.lower() for name, _ in custom}
    ours = [("Content-Type", "application/json")]
    if authorization is not None:
        ours.append(("Authorization", authorization))
    return (*(pair for pair in ours if pair[0].lower() not in given), *custom)


def _failure_code(failure: HttpFailure) -> str:
    """The outcome's word for a failure without a status.

    closed: our own end, which is no verdict on the receiver. cut_short: an answer had begun, so it may have been taken.
    """
    return {"closed": "interrupted", "cut_short": "unknown_outcome"}.get(failure.code, failure.code)


def _failure_sentence(failure: HttpFailure) -> str:
    advice = _FAILURE_ADVICE.get(failure.code)
    return f"{failure.message.rstrip('.')}{'; ' + advice if advice else ''}."


def _sentence(status: int, code: str | None) -> str | None:
    if code is None:
        return None
    if code == "redirect":
        return f"The receiver answered {_named(status)}: redirects are not followed, so correct the callback URL."
    advice = _ADVICE.get(status)
    return f"The receiver answered {_named(status)}{': ' + advice if advice else ''}."


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _bounded(headers: Headers) -> Headers:
    """An answer's headers, so many and so long that the history can hold them."""
    return tuple((name[:MOST_HEADER_TEXT], value[:MOST_HEADER_TEXT]) for name, value in headers[:MOST_HEADERS])


def _since(began: float) -> int:
    return round((asyncio.get_running_loop().time() - began) * 1000)
