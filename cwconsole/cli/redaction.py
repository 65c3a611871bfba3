"""Text without secrets, for logs: neither those that this process was given, nor what looks like one. Pure.

Messages of the program never hold any; a traceback may quote whatever an unexpected failure was about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from cwconsole.core.secret import MASK

SHORTEST: Final = 4  # shorter ones are no secrets, and occur in every other word
_LOOKS_SECRET: Final = re.compile(
    r"""
    (?P<scheme> \b(?:Basic|Bearer)\s )[A-Za-z0-9+/=._~-]{8,}     # an Authorization header
    | (?P<user> ://[^\s/:@]*: )[^\s/@]+(?=@)                     # an address with a password
    | (?P<sealed> \bsealed: )[A-Za-z0-9_=-]+
    """,
    re.VERBOSE,
)


def redacted(text: str, given: Iterable[str]) -> str:
    """The text with `********` for secrets. given: the secrets that this process holds."""
    for secret in sorted(given, key=len, reverse=True):  # one may be part of another
        if len(secret) >= SHORTEST:
            for written in {secret, repr(secret)[1:-1], quote(secret, safe="")}:
                text = text.replace(written, MASK)
    return _LOOKS_SECRET.sub(lambda found: f"{found[found.lastgroup or 0]}{MASK}", text)
