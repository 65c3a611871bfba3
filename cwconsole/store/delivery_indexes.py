"""The conditions of the partial indexes on deliveries, word for word as in `store.schema`.

SQLite uses such an index only for a query that says the same. With an alias: `d.{OPEN}`.
"""

from __future__ import annotations

from typing import Final

OPEN: Final = "state IN ('pending', 'sending', 'retrying')"  # deliveries_open
TROUBLED: Final = "state IN ('sending', 'retrying', 'dead', 'cancelled')"  # deliveries_troubled
