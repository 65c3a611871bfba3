"""Text without secrets, for logs: neither those that this process was given, nor what looks like one. Pure.

Messages of the program never hold any; a traceback may quote whatever an unexpected failure was about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
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


class Written:
    """How the secrets of this process may stand in a text: as they are, quoted by Python, quoted in an address.

    given: the secrets, as they come; none is taken away. There may be thousands, and every entry of the log is looked
    through, on the event loop too: so the forms are kept until there is one more secret.
    """

    def __init__(self, given: Collection[str]) -> None:
        self._given = given
        self._count = 0
        self._forms: tuple[str, ...] = ()

    def within(self, text: str) -> list[str]:
        """The forms that occur in a text, the longest first: one secret may be part of another."""
        if len(self._given) != self._count:
            secrets = [secret for secret in tuple(self._given) if len(secret) >= SHORTEST]
            self._count = len(self._given)
            self._forms = tuple({form for one in secrets for form in (one, repr(one)[1:-1], quote(one, safe=""))})
        return sorted((form for form in self._forms if form in text), key=len, reverse=True)


def redacted(text: str, forms: Iterable[str]) -> str:
    """The text with `********` for these, and for what looks like a secret. forms: as `Written.within` finds them."""
    for form in forms:
        text = text.replace(form, MASK)
    return _LOOKS_SECRET.sub(lambda found: f"{found[found.lastgroup or 0]}{MASK}", text)
