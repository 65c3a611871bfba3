"""What setting a watermark does, in the words in which it is shown before it is done."""

from __future__ import annotations

from cwconsole.core.counted import counted


def consequences(*, forward: bool, span: str, overlap: int, crawling: bool) -> list[str]:
    """A sentence each. span: how far it is set. overlap: seconds. crawling: whether a poll is open."""
    if forward:
        lines = [f"Changes within these {span} are skipped: no events come of them."]
    else:
        lines = [
            f"The next poll reads again whatever changed since then, and {overlap} s before.",
            "Records that are the same as when they were last seen make no events.",
        ]
    if crawling:
        lines.append("The poll under way is given up; the next begins at once.")
    return lines


def held_by_window(new: int, present: int | None = None) -> str:
    """What ConnectWise counts. present: in the window that there is, for a watermark that is set forward."""
    if present is None:
        return f"ConnectWise counts {counted(new, 'record')} in the new window."
    records = counted(present, "record")
    return f"ConnectWise counts {records} changed since the present watermark, {new:,} since the new one."
