"""The header of basic authorization."""

from __future__ import annotations

import base64

from cwconsole.http.authorization import basic_authorization


def test_basic_credentials_are_utf8() -> None:
    assert basic_authorization("ada", "pässword") == "Basic " + base64.b64encode("ada:pässword".encode()).decode()
