"""Questions to ConnectWise as text: what `core.predicates` does not need to know, and the URL that carries it.

The grammar is reference/connectwise-api.md 2. A filter is somebody else's text: it stands in parentheses wherever
something is added to it, since an `or` in it would otherwise widen the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

# ConnectWise's advice is 2,000 characters in all; longer ones get lost on the way.
LONGEST_URL = 2000

# Legal in a query and left as they are, so that a URL with a hundred ids stays short. `& " ' * % +` are not among them.
_PLAIN = "/,:()=!"


def and_join(*conditions: str) -> str:
    """The conditions joined by `and`, each in parentheses; empty ones are left out, a single one stays as it is."""
    given = [condition for condition in conditions if condition.strip()]
    if len(given) == 1:
        return given[0]
    return " and ".join(f"({condition})" for condition in given)


def after_id(conditions: str, after: int) -> str:
    """What satisfies the conditions with an id above this one."""
    return and_join(conditions, f"id > {after}")


def among_ids(conditions: str, object_ids: Iterable[int]) -> str:
    """What satisfies the conditions and is one of these."""
    return and_join(conditions, f"id in ({','.join(map(str, object_ids))})")


def url_of(base: str, path: str, query: Iterable[tuple[str, str | int]]) -> str:
    """The URL of a question; members with an empty value are left out."""
    members = [f"{name}={quote(str(value), safe=_PLAIN)}" for name, value in query if value != ""]
    return f"{base}{path}{'?' if members else ''}{'&'.join(members)}"
