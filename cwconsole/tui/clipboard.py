"""What is copied is sent to the terminal's clipboard (OSC 52), which works through SSH, and lies in a file as well.

Terminals and tmux drop what they don't take, or what is longer than they like, without a word: nobody can know. So the
limit is a careful one, and the file is named. It is its owner's alone, in the folder for temporary files: the last copy
of a process in one file that the next replaces; what is too long for a clipboard in one of its own.

The last copy outlives its console, for whoever left it to paste in the shell; the next console takes it away.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from textual.app import App

from cwconsole.core.errors import UsageError

MOST_ENCODED: Final = 75_000  # characters of base64
_KEPT: Final = "cwconsole-copied-"


def encoded_length(text: str) -> int:
    """How long the text is for the terminal."""
    return -(-len(text.encode("utf-8", "backslashreplace")) // 3) * 4


async def copy(app: App[None], text: str, *, what: str, ending: str) -> str:
    """Copy something. what: its name, the beginning of a sentence. Returns where it went, as a sentence.

    ending: of the file. Raises UsageError if what is too long cannot be written to one.
    """
    if encoded_length(text) > MOST_ENCODED:
        path = await asyncio.to_thread(_written, text, ending)
        return f"{what} is too long for the terminal's clipboard; it is in {path}"
    app.copy_to_clipboard(text.encode("utf-8", "backslashreplace").decode())
    sent = f"{what} was sent to the terminal's clipboard"
    try:
        path = await asyncio.to_thread(_kept, text, ending)
    except (UsageError, OSError):
        return f"{sent}."
    return f"{sent}; if it does not take it: {path}"


def _written(text: str, ending: str) -> Path:
    try:
        number, name = tempfile.mkstemp(prefix="cwconsole-", suffix=f".{ending}")  # for its owner alone
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"The clipboard cannot take so much, and no file can be written: {error.strerror}.") from error
    return Path(name)


def _kept(text: str, ending: str) -> Path:
    """In place of this process's last copy. The new file is made first: nobody else's is ever written to."""
    path = Path(tempfile.gettempdir()) / f"{_KEPT}{os.getpid()}.{ending}"
    _written(text, ending).replace(path)
    return path


def take_away() -> None:
    """Remove the last copies of consoles that have ended; customers' records stand in them. Blocks."""
    for path in Path(tempfile.gettempdir()).glob(f"{_KEPT}*.*"):
        number = path.stem.removeprefix(_KEPT)
        if number.isdecimal() and not _runs(int(number)):
            with suppress(OSError):  # somebody else's, or gone by now
                path.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # another user's
    return True
