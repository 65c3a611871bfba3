"""The regular expressions of `match:`.

They are RE2's, which take time in proportion to the text, whatever the pattern: those of Python take minutes for some,
and hold up the whole process meanwhile, keys and engine. No look-around and no references to groups, therefore.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cwconsole.core.errors import UsageError

SAME_PATTERNS = 16


@lru_cache(maxsize=SAME_PATTERNS)
def compiled(pattern: str) -> Any:
    """Looked for anywhere in a text, whatever the case of letters. Raises UsageError for a pattern that is none."""
    import re2  # noqa: PLC0415 - few lists are filtered so

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(_bytes(pattern), options)
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace")
        raise UsageError(f"match: {pattern!r} is no regular expression of RE2: {why}.") from None


def matches(pattern: str, text: str | bytes | None) -> bool:
    """Whether a text, or a record's bytes, has it somewhere. None has nothing."""
    if text is None:
        return False
    return compiled(pattern).search(text if isinstance(text, bytes) else _bytes(text)) is not None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
