"""What the words for states mean, for those who read them on a screen or in a table: one table for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cwconsole.core.health import Health

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "resource": MappingProxyType(
            {
                Health.FRESH: "up to date",
                Health.UNSENT: "up to date, but its receiver does not answer",
                Health.HELD: "up to date, deliveries are held",
                Health.ASKING: "a sweep wants to be confirmed",
                Health.LATE: "polls, sweeps or single records are missing",
                Health.NEW: "not read yet",
                Health.FAILING: "the last poll failed; it is tried again",
                Health.PARKED: "keys, address or question must be mended",
                Health.PAUSED: "an operator paused it",
                Health.OFF: "switched off, or left out of the configuration",
            }
        ),
        "delivery": MappingProxyType(
            {
                "pending": "not tried yet; it waits for its turn",
                "sending": "a request is on its way",
                "retrying": "tried in vain; another attempt follows by itself",
                "held": "nothing is sent and nothing lost until it is let go",
                "delivered": "the receiver took it (2xx)",
                "dead": "given up; only an operator sends it again",
                "cancelled": "an operator decided against it",
            }
        ),
        "poll": MappingProxyType(
            {
                "running": "it is under way; its counts rise page by page",
                "ok": "read to its end, and the watermark moved",
                "failed": "the watermark stays; the next poll reads it all again",
                "stopped": "the engine stopped; the next poll goes on from there",
                "interrupted": "the engine's process ended, or its end could not be written; the next poll goes on",
                "dropped": "given up: the watermark was set or the instance edited",
                "refused": "a sweep found too many gone; somebody must confirm it",
            }
        ),
        "action": MappingProxyType(
            {
                "queued": "it waits for an engine, for an hour at most",
                "running": "an engine does it",
                "done": "it was done",
                "failed": "it could not be done; its outcome says why",
                "cancelled": "an operator called it off before it began",
                "expired": "no engine picked it up within an hour",
            }
        ),
        "job": MappingProxyType(
            {
                "queued": "it waits for an engine",
                "running": "an engine goes through its events",
                "paused": "an operator let it stand still; it can go on",
                "done": "it has gone through all of its events",
                "failed": "it could not go on",
                "cancelled": "an operator ended it before its time",
            }
        ),
    }
)
