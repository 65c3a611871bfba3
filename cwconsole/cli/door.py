"""The one door through which errors leave: a sentence on stderr and an exit code, never a traceback.

0 done, 1 failed, 2 asked wrongly, 3 refused until confirmed, 4 no engine; a signal ends with 128 and its number.
With `--json` the error is the last line of stderr: {"error": code, "message": sentence, "exit_code": number}.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from types import FrameType
from typing import TextIO

import click

from cwconsole.cli import output, settings
from cwconsole.cli.redaction import Written, redacted
from cwconsole.core.errors import CwconsoleError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Failed(CwconsoleError):
    """The command was carried out, and what it was to do did not work. The sentence says what and why."""

    code = "failed"


class Ended(BaseException):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def guarded(command: Callable[[], object], *, as_json: bool, given: Callable[[], Collection[str]] = tuple) -> int:
    """Run a command that returns nothing or an exit code; returns the exit code.

    given: the secrets that this process holds, which a traceback must not quote.
    """
    try:
        ended = command()
        sys.stdout.flush()
    except BaseException as raised:  # noqa: BLE001 - the last door: whatever came, one exit code leaves
        return _exit_code(raised, as_json, given)
    return ended if isinstance(ended, int) else 0


def _exit_code(raised: BaseException, as_json: bool, given: Callable[[], Collection[str]]) -> int:
    match raised:
        case CwconsoleError():
            code = _told(raised.code, str(raised), raised.exit_code, as_json)
        case click.exceptions.Exit():
            code = raised.exit_code
        case click.ClickException():
            code = _told("usage", _sentence(raised), 2, as_json)
        case KeyboardInterrupt() | click.Abort():
            code = 128 + signal.SIGINT
        case Ended():
            code = 128 + raised.number
        case BrokenPipeError():
            _silence(sys.stdout)
            code = 128 + signal.SIGPIPE
        case OSError() if raised.errno in FULL:
            why = f"Writing failed: {os.strerror(raised.errno)}; make room, and do it again."
            _silence(sys.stdout)
            code = _told("failed", why, 1, as_json)
        case Exception():
            code = _told("defect", _defect_sentence(raised, given()), 1, as_json)
        case _:
            raise raised
    return code


def _silence(stream: TextIO) -> None:
    """Whoever read the output has seen enough; Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def end_in_order(number: int, _: FrameType | None) -> None:
    """A signal handler: leave through the door, so that what is open is closed."""
    raise Ended(number)


def _told(code: str, sentence: str, exit_code: int, as_json: bool) -> int:
    if as_json:
        output.print_json_line({"error": code, "message": sentence, "exit_code": exit_code}, to_stderr=True)
    else:
        for line in sentence.splitlines():
            output.say(line)
    return exit_code


def _sentence(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cwconsole"
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and isinstance(error.ctx.command, click.Group):
        return f"`{path}` wants one of {', '.join(error.ctx.command.commands)}; `{path} --help` says what they do."
    message = (_wrong_number(error) or error.format_message()).rstrip(".")
    joint = " " if message.endswith("?") else "; "
    return f"{message}{joint}`{path} --help` shows what there is."


def _wrong_number(error: click.ClickException) -> str | None:
    """In words what click says with `float range` and `0<=x<=65535`; None if it is about something else."""
    if not isinstance(error, click.BadParameter) or error.param is None:
        return None
    kind = error.param.type
    if not isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return None
    found, joint, _ = error.message.partition(" is not ")
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    number = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
    if least is not None and most is not None:
        number += f" from {least:g} to {most:g}"
    elif least is not None:
        number += f" that is at least {least:g}"
    return f"{error.param.opts[0]}: found {found}, expected {number}" if joint else None


def _defect_sentence(defect: Exception, given: Collection[str]) -> str:
    what = f"An unexpected error ended this ({type(defect).__name__})"
    path = settings.log_file()
    written = Written(given)
    told = "".join(traceback.format_exception(defect))
    told = redacted(told, written.within(told))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv[1:2])}\n{told}\n")
    except OSError:
        said = redacted(str(defect), written.within(str(defect)))
        return f"{what}: {said}. Its traceback could not be written to {path}."
    return f"{what}; its traceback is in {path}, please report it."
