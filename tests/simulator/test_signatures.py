"""Signatures, against published vectors."""

from __future__ import annotations

import pytest

from cwconsole.simulator.signatures import Verdict, Verifier

ID, STAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def signed(verifier: Verifier, **changes: str) -> dict[str, str]:
    headers = {
        "Elements-Webhook-Signature": verifier.elements(BODY),
        "webhook-id": ID,
        "webhook-timestamp": STAMP,
        "webhook-signature": verifier.standard(ID, STAMP, BODY),
    }
    return headers | changes


def test_open_connectors_vector() -> None:
    verifier = Verifier("MySecretEventSignatureKey")
    wanted = "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="
    assert verifier.elements(b"<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>") == wanted


def test_standard_webhooks_vector() -> None:
    assert Verifier(SECRET).standard(ID, STAMP, BODY) == SIGNATURE


def test_a_plain_key_signs_as_its_utf8_bytes() -> None:
    plain, encoded = Verifier("schlüssel"), Verifier("whsec_c2NobMO8c3NlbA==")
    assert plain.standard(ID, STAMP, BODY) == encoded.standard(ID, STAMP, BODY)


def test_both_signatures_must_be_right() -> None:
    verifier = Verifier(SECRET)
    now = float(STAMP)
    assert verifier.verdict(signed(verifier), BODY, now) is Verdict.GOOD
    assert verifier.verdict(signed(verifier), BODY + b" ", now) is Verdict.BAD
    assert verifier.verdict(signed(verifier, **{"Elements-Webhook-Signature": "sha256=x"}), BODY, now) is Verdict.BAD
    assert verifier.verdict(signed(verifier, **{"webhook-signature": "v1,x"}), BODY, now) is Verdict.BAD
    assert verifier.verdict(signed(verifier, **{"webhook-id": "other"}), BODY, now) is Verdict.BAD
    assert verifier.verdict(signed(verifier, **{"webhook-signature": f"v1,x {SIGNATURE}"}), BODY, now) is Verdict.GOOD
    for name in signed(verifier):
        rest = {key: value for key, value in signed(verifier).items() if key != name}
        assert verifier.verdict(rest, BODY, now) is Verdict.MISSING


@pytest.mark.parametrize(("age", "verdict"), [(300, Verdict.GOOD), (-300, Verdict.GOOD), (301, Verdict.STALE)])
def test_old_timestamps_are_stale(age: int, verdict: Verdict) -> None:
    verifier = Verifier(SECRET)
    assert verifier.verdict(signed(verifier), BODY, float(STAMP) + age) is verdict


def test_a_timestamp_that_is_no_number_is_stale_however_well_signed() -> None:
    verifier = Verifier(SECRET)
    headers = signed(verifier, **{"webhook-timestamp": "now", "webhook-signature": verifier.standard(ID, "now", BODY)})
    assert verifier.verdict(headers, BODY, 0) is Verdict.STALE


def test_a_broken_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        Verifier("whsec_!")
