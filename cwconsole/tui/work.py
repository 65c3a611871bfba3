"""Work beside the loop of messages: every worker is started here, so none can fail unseen or end the console."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeAlias

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.message import Message
from textual.worker import Worker

from cwconsole.log import log

QUESTION: Final = "question"  # the group of what ends by asking the operator something


class WorkFailed(Message):
    """A worker ended by an error. what: what it was doing, as the beginning of a sentence (`Reading events`)."""

    def __init__(self, what: str, error: Exception) -> None:
        super().__init__()
        self.what = what
        self.error = error


Work: TypeAlias = Coroutine[Any, Any, Any]


def start(
    node: DOMNode,
    work: Work,
    *,
    what: str,
    group: str,
    exclusive: bool = False,
    through: Callable[[Work], Work] | None = None,
) -> None:
    """Run something beside the messages; it ends with the node. exclusive: it takes the place of its group's others.

    through: what awaits the work instead, and makes something of its outcome.
    """
    worker: Worker[None] = node.run_worker(
        partial(_watched, node, work, what, through),
        group=group,
        description=what,
        exclusive=exclusive,
        exit_on_error=False,
    )
    if worker._task is not None:
        worker._task.add_done_callback(lambda _: work.close())  # it may be called off before it has begun


async def _watched(node: DOMNode, work: Work, what: str, through: Callable[[Work], Work] | None) -> None:
    try:
        await (work if through is None else through(work))
    except Exception as error:  # whatever it is, it is logged and shown, and the console goes on
        if isinstance(error, NoMatches) and _is_gone(node):
            log.debug("what was read has no place any more: its view was closed meanwhile", what=what)
            return
        log.warning("console worker failed", what=what, exc_info=error)
        node.app.post_message(WorkFailed(what, error))


def _is_gone(node: DOMNode) -> bool:
    """Whether the node, or the whole console, is being taken down: its children go first, its workers end last."""
    return not (node.is_attached and node.is_running and node.app.is_running)
