"""Other Python processes at work on the same file."""

from __future__ import annotations

import subprocess
import sys


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a program text with its own arguments; its standard streams are pipes."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def go(process: subprocess.Popen[str], line: str = "") -> None:
    """Let a program that waits for a line go on."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str]) -> str:
    """Wait for the next line it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for its end, which must be a good one; gives the rest of what it printed."""
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    return output.strip()


def killed(process: subprocess.Popen[str]) -> None:
    """End it as a power cut would."""
    process.kill()
    process.communicate(timeout=30)
