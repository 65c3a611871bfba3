"""What is copied goes to the terminal's clipboard (OSC 52), which works through SSH; what is too long becomes a file.

Terminals and tmux drop what is longer than they like without a word, so the limit is a careful one. The file is its
owner's alone, in the folder for temporary files, and stays until it is removed there.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final

from textual.app import App

from cwconsole.core.errors import UsageError

MOST_ENCODED: Final = 75_000  # characters of base64


def encoded_length(text: str) -> int:
    """How long the text is for the terminal."""
    return -(-len(text.encode("utf-8", "backslashreplace")) // 3) * 4


async def copy(app: App[None], text: str, *, what: str, ending: str) -> str:
    """Copy something. what: its name, the beginning of a sentence. Returns where it is now, as a sentence.

    ending: of the file it may become. Raises UsageError if that cannot be written.
    """
    if encoded_length(text) <= MOST_ENCODED:
        app.copy_to_clipboard(text.encode("utf-8", "backslashreplace").decode())
        return f"{what} is in the terminal's clipboard."
    path = await asyncio.to_thread(_written, text, ending)
    return f"{what} is too long for the terminal's clipboard; it is in {path}"


def _written(text: str, ending: str) -> Path:
    try:
        number, name = tempfile.mkstemp(prefix="cwconsole-", suffix=f".{ending}")  # for its owner alone
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"The clipboard cannot take so much, and no file can be written: {error.strerror}.") from error
    return Path(name)
