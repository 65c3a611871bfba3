"""Questions to ConnectWise as text: which ids are wanted, and the URL (reference/connectwise-api.md 2)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from cwconsole.core.predicates import all_of
from cwconsole.core.records import FROM_THE_FIRST

# ConnectWise's advice is 2,000 characters in all; longer ones get lost on the way.
LONGEST_URL = 2000

# Legal in a query and left as they are, so that a URL with a hundred ids stays short. `& " ' * % +` are not among them.
_PLAIN = "/,:()=!"


def after_id(conditions: str, after: int) -> str:
    """What satisfies the conditions with an id above this one."""
    return conditions if after == FROM_THE_FIRST else all_of(conditions, f"id > {after}")


def among_ids(conditions: str, object_ids: Iterable[int]) -> str:
    """What satisfies the conditions and is one of these."""
    return all_of(conditions, f"id in ({','.join(map(str, object_ids))})")


def url_of(base: str, path: str, query: Iterable[tuple[str, str | int]]) -> str:
    """The URL of a question; members with an empty value are left out."""
    members = [f"{name}={quote(str(value), safe=_PLAIN)}" for name, value in query if value != ""]
    return f"{base}{path}{'?' if members else ''}{'&'.join(members)}"
