"""Verifying a notification's signatures with the standard library alone, independent of the code that makes them.

`Elements-Webhook-Signature`: `sha256=` and the base64 of HMAC-SHA256 over the raw body (Open Connectors).
`webhook-signature`: a list of `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks 1.0).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum

_PREFIX = "whsec_"


class Verdict(StrEnum):
    """What verifying found."""

    UNCHECKED = "unchecked"  # the receiver has no key
    GOOD = "good"  # both signatures are there and right
    MISSING = "missing"  # a signature, or a header that it covers, is not there
    BAD = "bad"  # a signature is wrong
    STALE = "stale"  # right, but its timestamp is too far from now


class Verifier:
    """Checks requests against one key. tolerance: seconds that a timestamp may differ from now."""

    def __init__(self, key: str, *, tolerance: float = 300.0) -> None:
        """key: the signature key as configured. Raises ValueError for a `whsec_` key that is not base64."""
        self._elements_key = key.encode()
        self._webhook_key = _webhook_secret(key)
        self._tolerance = tolerance

    def verdict(self, headers: Mapping[str, str], body: bytes, now: float) -> Verdict:
        """Check both signatures. headers: looked up without regard to case by the mapping itself."""
        elements = headers.get("Elements-Webhook-Signature")
        message, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
        signatures = headers.get("webhook-signature")
        if elements is None or message is None or stamp is None or signatures is None:
            return Verdict.MISSING
        if not hmac.compare_digest(elements.encode(), self.elements(body).encode()):
            return Verdict.BAD
        wanted = self.standard(message, stamp, body).encode()
        if not any(hmac.compare_digest(found.encode(), wanted) for found in signatures.split()):
            return Verdict.BAD
        if not stamp.isascii() or not stamp.isdigit() or abs(int(stamp) - now) > self._tolerance:
            return Verdict.STALE
        return Verdict.GOOD

    def elements(self, body: bytes) -> str:
        """The right value of `Elements-Webhook-Signature`."""
        return "sha256=" + _mac(self._elements_key, body)

    def standard(self, message: str, stamp: str, body: bytes) -> str:
        """The right entry of `webhook-signature`. stamp: seconds since the epoch, as sent."""
        return "v1," + _mac(self._webhook_key, f"{message}.{stamp}.".encode() + body)


def _webhook_secret(key: str) -> bytes:
    """A `whsec_` key is base64; any other key is taken as it stands."""
    if not key.startswith(_PREFIX):
        return key.encode()
    try:
        return base64.b64decode(key.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the signature key starts with whsec_ and is not base64 after it") from None


def _mac(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
