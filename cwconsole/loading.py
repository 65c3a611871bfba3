"""The garbage collector waits while the program loads."""

import gc


def begin() -> None:
    """Let the collector wait."""
    gc.disable()


def done() -> None:
    """What has been loaded stays: it is never looked through again, and the collector begins."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
