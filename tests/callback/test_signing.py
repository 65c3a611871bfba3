"""The headers of an attempt, against known vectors and the library's own verifier."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from cwconsole.callback.envelope import notification
from cwconsole.callback.signing import Signer, elements_signature, standard_secret
from cwconsole.core.secret import Secret
from tests.callback.samples import CONTACT, contact, parcel

BODY = notification(CONTACT)
NOW_MS = 1772359300999
STANDARD_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def headers_of(signer: Signer, *, now_ms: int = NOW_MS, attempt: int = 1, replay: int | None = None) -> dict[str, str]:
    return dict(signer.headers(parcel(attempt=attempt, replay=replay), BODY, now_ms))


def test_open_connectors_vector() -> None:
    signature = elements_signature(b"MySecretEventSignatureKey", b"<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>")
    assert signature == "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="


def test_standard_webhooks_vector() -> None:
    one = parcel(facts=contact(event_id="msg_p5jXN8AQM9LWM0D4loKWxJek"))
    headers = dict(Signer(Secret(STANDARD_KEY)).headers(one, b'{"test": 2432232314}', 1614265330_000))
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_both_families_sign_the_same_bytes_with_the_same_key() -> None:
    headers = headers_of(Signer(Secret("plain key, ünïcode")))
    assert headers["Elements-Webhook-Signature"] == elements_signature("plain key, ünïcode".encode(), BODY)
    assert headers["Elements-Webhook-Id"] == headers["webhook-id"] == CONTACT.event_id
    assert headers["webhook-signature"].startswith("v1,")
    assert " " not in headers["webhook-signature"]


@pytest.mark.parametrize("key", ["MySecretEventSignatureKey", STANDARD_KEY, "whsec_not base64!", "k"])
def test_a_receiver_with_the_library_accepts_every_attempt_and_no_other_key(key: str) -> None:
    now_ms = int(time.time() * 1000)
    for attempt, replay in ((1, None), (2, None), (3, 77)):
        headers = headers_of(Signer(Secret(key)), now_ms=now_ms, attempt=attempt, replay=replay)
        assert Webhook(standard_secret(key)).verify(BODY, headers)["id"] == "42"
        with pytest.raises(WebhookVerificationError):
            Webhook(standard_secret("another key")).verify(BODY, headers)


@given(st.text(min_size=1))
def test_any_key_becomes_a_secret_that_the_library_takes(key: str) -> None:
    Webhook(standard_secret(key.encode(errors="replace").decode()))


def test_a_standard_secret_is_left_alone_and_anything_else_is_encoded() -> None:
    assert standard_secret(STANDARD_KEY) == STANDARD_KEY
    assert standard_secret("whsec_YWI") == "whsec_YWI"  # unpadded, as the library allows
    for key in ("plain", "whsec_", "whsec_not base64!", "whsec_ä", "whsec_a"):
        assert standard_secret(key) == "whsec_" + base64.b64encode(key.encode()).decode()


def test_the_id_stays_while_timestamp_and_signature_are_new_each_attempt() -> None:
    signer = Signer(Secret("key"))
    first, second = headers_of(signer), headers_of(signer, now_ms=NOW_MS + 5000, attempt=2)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["Elements-Webhook-Signature"] == second["Elements-Webhook-Signature"]
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1772359300", "1772359305")
    assert first["webhook-signature"] != second["webhook-signature"]
    assert (first["cwconsole-attempt"], second["cwconsole-attempt"]) == ("1", "2")


def test_only_a_replay_says_so() -> None:
    signer = Signer(None)
    assert "cwconsole-replay" not in headers_of(signer)
    assert headers_of(signer, replay=31)["cwconsole-replay"] == "31"


@pytest.mark.parametrize("key", [None, Secret("")])
def test_without_a_key_nothing_is_signed_but_the_event_is_still_named(key: Secret | None) -> None:
    assert set(headers_of(Signer(key))) == {
        "Elements-Webhook-Id",
        "webhook-id",
        "webhook-timestamp",
        "cwconsole-attempt",
    }
