"""The headers that tell a receiver which event this is, which attempt, and that it comes from us.

Two families side by side, so that old receivers and new ones both find what they check:

* Open Connectors': `Elements-Webhook-Id`, and `Elements-Webhook-Signature`, which is `sha256=` and the base64 HMAC of
  the body under the key as it is written in the instance file. (`reference/open-connectors-events.md` 3.5)
* Standard Webhooks': `webhook-id`, `webhook-timestamp` and `webhook-signature`, over id, timestamp and body. Its secret
  is base64, so a key that is not written as `whsec_...` is put into that form first.
  (`reference/delivery-and-pull.md` 1.1)

Both ids are the event's, the same over retries and replays, so that receivers can drop what they had. Receivers refuse
a timestamp more than five minutes off, so timestamp and signature are new each time. `cwconsole-attempt` and
`cwconsole-replay` tell the attempts apart.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime

from standardwebhooks import Webhook

from cwconsole.core.attempts import Parcel
from cwconsole.core.secret import Secret

Headers = tuple[tuple[str, str], ...]

PREFIX = "whsec_"


class Signer:
    """Makes the headers of each attempt. Built once per key; without a key nothing is signed."""

    def __init__(self, key: Secret | None) -> None:
        text = key.reveal() if key else ""
        self._key = text.encode()
        self._webhook = Webhook(standard_secret(text)) if text else None

    def headers(self, parcel: Parcel, body: bytes, now_ms: int) -> Headers:
        """The headers of one attempt. now_ms: milliseconds since the epoch, UTC."""
        event_id = parcel.facts.event_id
        headers: Headers = (
            ("Elements-Webhook-Id", event_id),
            ("webhook-id", event_id),
            ("webhook-timestamp", str(now_ms // 1000)),
            ("cwconsole-attempt", str(parcel.attempt)),
        )
        if parcel.replay is not None:
            headers += (("cwconsole-replay", str(parcel.replay)),)
        return headers + self._signatures(event_id, body, now_ms)

    def _signatures(self, event_id: str, body: bytes, now_ms: int) -> Headers:
        if self._webhook is None:
            return ()
        moment = datetime.fromtimestamp(now_ms // 1000, UTC)  # the library takes any zone for UTC
        return (
            ("Elements-Webhook-Signature", elements_signature(self._key, body)),
            ("webhook-signature", self._webhook.sign(event_id, moment, body.decode())),
        )


def elements_signature(key: bytes, body: bytes) -> str:
    """Open Connectors' signature of a body."""
    return "sha256=" + base64.b64encode(hmac.digest(key, body, "sha256")).decode()


def standard_secret(key: str) -> str:
    """The key in Standard Webhooks' form. `whsec_` before what is not base64 is part of an ordinary key."""
    if key.startswith(PREFIX) and _is_base64(key.removeprefix(PREFIX)):
        return key
    return PREFIX + base64.b64encode(key.encode()).decode()


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        return False
