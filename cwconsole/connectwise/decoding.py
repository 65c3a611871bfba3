"""The process that takes large pages apart for `decoder`: `python -m cwconsole.connectwise.decoding FD`.

FD is a connection to the engine. A request is two messages: the reading function with the question, and the body. The
answer is the records as plain tuples, or nothing if reading raised: then the engine reads the body itself and says what
is wrong with it. It ends when the engine closes the connection or dies, and when it has been idle for a minute.
"""

from __future__ import annotations

import gc
import marshal
import pickle
import sys
from multiprocessing.connection import Connection
from typing import Final

IDLE_SECONDS: Final = 60.0


def serve(connection: Connection) -> None:
    """Answer until the other end is closed, or nobody asks."""
    while connection.poll(IDLE_SECONDS):
        try:
            read, question = pickle.loads(connection.recv_bytes())
            body = connection.recv_bytes()
        except EOFError:
            return
        try:
            answer = marshal.dumps([tuple(seen) for seen in read(question, body)])
        except Exception:  # noqa: BLE001 - whatever it is, the engine meets it again and tells
            answer = b""
        connection.send_bytes(answer)


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # records are trees without cycles, and no key waits for this process
    with Connection(int(sys.argv[1])) as opened:
        serve(opened)
