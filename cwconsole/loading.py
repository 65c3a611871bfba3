"""While the program loads, the garbage collector waits, and Ctrl-C ends it at once, without a traceback."""

import gc
import signal


def begin() -> None:
    """Let the collector wait, and the system answer Ctrl-C; whoever has it ignored goes on doing so."""
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def main_begins() -> None:
    """Ctrl-C raises KeyboardInterrupt again: there is somebody now who leaves in order."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def done() -> None:
    """What has been loaded stays: it is never looked through again, and the collector begins."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
