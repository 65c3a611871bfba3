"""The header of basic authorization."""

from __future__ import annotations

import base64


def basic_authorization(username: str, password: str) -> str:
    """The Authorization header for these credentials, in UTF-8 (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
