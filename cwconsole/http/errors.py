"""What went wrong on the wire, in one vocabulary.

httpx-aiohttp reports refused connections, failed lookups, bad certificates and dropped answers all as
`httpx.ConnectTimeout`, and lets several aiohttp exceptions through unchanged (reference/libraries.md). The table below
says for each cause which httpx exception it should have been, and the short code that callers store and show:

    dns              the name does not resolve
    blocked          the address policy refuses the address
    refused          nothing listens there
    unreachable      no route, no network, not permitted
    tls              certificate or handshake not accepted
    timeout          not connected, or not answered, within the time
    reset            the connection was dropped before a status arrived
    unknown_outcome  the same, for a request that must not be sent twice: it may have been taken
    cut_short        the status arrived, the body did not arrive whole
    protocol         the answer is not HTTP
    proxy            the proxy refused
    invalid_request  the URL or a header cannot be sent at all
    closed           this program is shutting down
"""

from __future__ import annotations

import errno
from typing import NamedTuple

import aiohttp
import httpx

from cwconsole.core.errors import CwconsoleError
from cwconsole.http.policy import AddressBlocked

_SAYINGS = {
    "dns": "is a name that does not resolve ({detail})",
    "blocked": "is refused by the address policy: {detail}",
    "refused": "refused the connection",
    "unreachable": "cannot be reached ({detail})",
    "tls": "did not pass the TLS check ({detail})",
    "timeout": "did not accept the connection in time",
    "reset": "dropped the connection before answering",
    "unknown_outcome": "dropped the connection after the request was sent, so it may or may not have been taken",
    "protocol": "gave an answer that is not HTTP ({detail})",
    "proxy": "could not be reached through the proxy ({detail})",
    "invalid_request": "cannot be asked: the URL or a header is not usable ({detail})",
    "closed": "was not asked: the program is stopping",
}

# Repeating these methods changes nothing at the other side, so a dropped connection leaves no doubt worth recording.
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})

_BY_ERRNO = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ECONNABORTED: "reset",
    errno.EPIPE: "reset",
    errno.ETIMEDOUT: "timeout",
}


class HttpFailure(CwconsoleError):
    """No status arrived. `message` says what happened and to which host; never a path, a query or a header.

    code: a word of the table above. sent: whether the other side may have received the request.
    peer: the address connected to, `127.0.0.1:8080`, if it came to that.
    """

    code = "http"

    def __init__(self, code: str, message: str, *, sent: bool, peer: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.sent = sent
        self.peer = peer


class TransportClosed(Exception):
    """A request after the end: the program is stopping."""


class Diagnosis(NamedTuple):
    """What a foreign exception should have been."""

    kind: type[httpx.TransportError]
    code: str


# First match wins: subclasses stand before their bases.
_CAUSES: tuple[tuple[type[BaseException], Diagnosis], ...] = (
    (TransportClosed, Diagnosis(httpx.ConnectError, "closed")),
    (AddressBlocked, Diagnosis(httpx.ConnectError, "blocked")),
    (aiohttp.ClientConnectorDNSError, Diagnosis(httpx.ConnectError, "dns")),
    (aiohttp.ClientSSLError, Diagnosis(httpx.ConnectError, "tls")),
    (aiohttp.ClientProxyConnectionError, Diagnosis(httpx.ProxyError, "proxy")),
    (aiohttp.ClientHttpProxyError, Diagnosis(httpx.ProxyError, "proxy")),
    (aiohttp.ConnectionTimeoutError, Diagnosis(httpx.ConnectTimeout, "timeout")),
    (aiohttp.SocketTimeoutError, Diagnosis(httpx.ReadTimeout, "timeout")),
    (aiohttp.ServerDisconnectedError, Diagnosis(httpx.RemoteProtocolError, "reset")),
    (aiohttp.ClientPayloadError, Diagnosis(httpx.RemoteProtocolError, "cut_short")),
    (aiohttp.ClientResponseError, Diagnosis(httpx.RemoteProtocolError, "protocol")),
    (aiohttp.InvalidURL, Diagnosis(httpx.UnsupportedProtocol, "invalid_request")),
    (aiohttp.NonHttpUrlClientError, Diagnosis(httpx.UnsupportedProtocol, "invalid_request")),
    (aiohttp.ClientConnectionError, Diagnosis(httpx.ReadError, "reset")),
    (aiohttp.ClientError, Diagnosis(httpx.RemoteProtocolError, "protocol")),
    (UnicodeError, Diagnosis(httpx.ConnectError, "dns")),  # a host label over 63 characters
    (ValueError, Diagnosis(httpx.LocalProtocolError, "invalid_request")),
    # What a transport without aiohttp raises, which is what tests put in its place.
    (httpx.TimeoutException, Diagnosis(httpx.ReadTimeout, "timeout")),
    (httpx.ConnectError, Diagnosis(httpx.ConnectError, "unreachable")),
    (httpx.ProxyError, Diagnosis(httpx.ProxyError, "proxy")),
    (httpx.NetworkError, Diagnosis(httpx.ReadError, "reset")),
    (httpx.RemoteProtocolError, Diagnosis(httpx.RemoteProtocolError, "protocol")),
    (Exception, Diagnosis(httpx.LocalProtocolError, "invalid_request")),
)


def root_of(error: BaseException) -> BaseException:
    """The exception that tells what happened: aiohttp's own behind httpx's, ours behind aiohttp's."""
    if isinstance(error, httpx.TransportError) and error.__cause__ is not None:
        return root_of(error.__cause__)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressBlocked):
        return error.os_error
    return error


def diagnose(root: BaseException) -> Diagnosis:
    """What `root_of` an exception should have been."""
    if type(root) is aiohttp.ClientConnectorError:
        return Diagnosis(httpx.ConnectError, _BY_ERRNO.get(root.os_error.errno or 0, "unreachable"))
    return next(diagnosis for cause, diagnosis in _CAUSES if isinstance(root, cause))


def failure_of(
    error: httpx.TransportError, request: httpx.Request, *, sent: bool, peer: str | None = None
) -> HttpFailure:
    """What to tell the caller of an exception that came instead of a status."""
    root = root_of(error)
    code = diagnose(root).code
    if code == "cut_short":  # the head of an answer is no answer
        code = "protocol"
    if code == "reset" and sent and request.method not in REPEATABLE:
        code = "unknown_outcome"
    message = f"{subject_of(request)} {_SAYINGS[code].format(detail=_detail(root))}"
    return HttpFailure(code, message, sent=sent, peer=peer)


def subject_of(request: httpx.Request) -> str:
    """Host and port. The rest of a URL stays out of messages: it may hold a token."""
    return f"{request.url.host}:{request.url.port or (443 if request.url.scheme == 'https' else 80)}"


def _detail(root: BaseException) -> str:
    """The system's own words; aiohttp's would quote the URL, and its parser's show the bytes on further lines."""
    inner = getattr(root, "os_error", root)
    for name in ("verify_message", "reason", "strerror", "message"):
        if words := getattr(inner, name, None):
            return str(words).strip().partition("\n")[0].rstrip(":.")[:200]
    return type(inner).__name__
