"""`fields=`: the cheap way of cutting out id and date gives what the ordinary way gives."""

from __future__ import annotations

import pytest

from cwconsole.simulator.collection import Row
from cwconsole.simulator.projection import projected, reduced
from cwconsole.simulator.records import encoded

DATE = "2026-06-09T21:59:47Z"
LISTING = ("id", "_info/lastUpdated")


@pytest.mark.parametrize(
    ("record", "dated"),
    [
        ({"id": 5, "name": "x", "_info": {"lastUpdated": DATE, "updatedBy": "me"}}, True),
        ({"id": 5, "_info": {"lastUpdated": DATE}}, True),
        ({"_info": {"lastUpdated": DATE}, "id": 5}, True),
        ({"id": 5, "note": '"lastUpdated":"', "_info": {"lastUpdated": DATE}}, True),
        ({"id": 5, "_info": {"lastUpdated": DATE}, "site": {"_info": {"lastUpdated": "2001-01-01T00:00:00Z"}}}, True),
        ({"id": 5, "_info": {"updatedBy": "me"}}, False),
        ({"id": 5}, False),
    ],
)
def test_a_listing_of_ids_and_dates(record: dict[str, object], dated: bool) -> None:
    row = Row(1_781_042_387 if dated else None, encoded(record))
    expected = {"id": 5, "_info": {"lastUpdated": DATE}} if dated else {"id": 5}
    assert projected([row], LISTING) == [encoded(expected)]
    assert sorted(reduced(row.body, LISTING)) == sorted(encoded(expected))
