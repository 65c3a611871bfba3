"""What the look-alike answers: from a path and its parameters to a status, a body and headers. No network here.

Behaviour follows reference/connectwise-api.md, sections 1 to 4 and 7.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cwconsole.simulator.catalogue import CHILDREN, SEARCHABLE, SHAPES
from cwconsole.simulator.projection import reduced
from cwconsole.simulator.query import Listing, Query, listed, read_filter, read_query
from cwconsole.simulator.refusals import (
    Refusal,
    bad_condition,
    method_not_allowed,
    no_such_endpoint,
    record_not_found,
    unknown_member,
)
from cwconsole.simulator.selection import planned
from cwconsole.simulator.world import World

VERSION = "v2026.1.100"
_SEARCH_MEMBERS = frozenset({"conditions", "orderBy", "childConditions", "customFieldConditions"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. link: the value of the `Link` header, None for no such header."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of an authenticated client. path: below the base URL. url: complete, without the query string."""

    method: str
    path: str
    parameters: Mapping[str, str]
    url: str
    forward_only: bool = False
    body: bytes = b""


def answer(world: World, asked: Asked) -> Answer:
    """Answer a request. Raises Refusal."""
    if asked.method == "POST" and asked.path.endswith("/search"):
        return _search(world, asked)
    if asked.path in SHAPES:
        _only_get(asked)
        return _list(world, asked.path, asked, asked.parameters)
    parent, _, last = asked.path.rpartition("/")
    if parent in SHAPES and last == "count":
        _only_get(asked)
        return _count(world, parent, asked)
    if parent in SHAPES and last.isascii() and last.isdigit():
        _only_get(asked)
        return _record(world, parent, int(last), asked)
    return _children(world, asked)


def refused(refusal: Refusal) -> Answer:
    """The answer that a refusal stands for."""
    return Answer(status=refusal.status, body=refusal.body.encode(), content_type=refusal.content_type)


def company_info(company: str, site: str) -> Answer:
    """`/login/companyinfo/{company}`: where this company's API is."""
    info = {
        "CompanyName": company,
        "Codebase": "v4_6_release/",
        "VersionCode": VERSION.rpartition(".")[0],
        "VersionNumber": VERSION,
        "CompanyID": company,
        "IsCloud": False,
        "SiteUrl": site,
    }
    return Answer(body=_json(info))


def system_info() -> Answer:
    """`/system/info`, which answers without credentials."""
    info = {"version": VERSION, "isCloud": False, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA"}
    return Answer(body=_json(info))


def _list(world: World, path: str, asked: Asked, parameters: Mapping[str, str]) -> Answer:
    endpoint = world.endpoint(path)
    forward_only = asked.forward_only and path != "/system/audittrail"
    query = read_query(parameters, endpoint.vocabulary, forward_only=forward_only)
    page = listed(endpoint.collection, endpoint.selector, query)
    return Answer(body=b"[" + b",".join(page.bodies) + b"]", link=_link(asked, query, page))


def _search(world: World, asked: Asked) -> Answer:
    """`POST .../search`: the conditions in the body, the paging in the query string."""
    path = asked.path.removesuffix("/search")
    if path not in SEARCHABLE:
        raise no_such_endpoint()
    try:
        body = json.loads(asked.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise bad_condition("The body is not a JSON object.")
    for name in body.keys() - _SEARCH_MEMBERS:
        raise unknown_member(name)
    return _list(
        world, path, asked, {**asked.parameters, **{name: str(value) for name, value in body.items() if value}}
    )


def _count(world: World, path: str, asked: Asked) -> Answer:
    endpoint = world.endpoint(path)
    plan = planned(read_filter(asked.parameters, endpoint.vocabulary))
    return Answer(body=b'{"count":%d}' % endpoint.selector.count(plan))


def _record(world: World, path: str, number: int, asked: Asked) -> Answer:
    row = world.endpoint(path).collection.rows.get(number)
    if row is None:
        raise record_not_found(SHAPES[path].label, number)
    fields = tuple(name.strip() for name in asked.parameters.get("fields", "").split(",") if name.strip())
    return Answer(body=reduced(row.body, fields) if fields else row.body)


def _children(world: World, asked: Asked) -> Answer:
    """`/company/contacts/5/communications` and its `/count`."""
    path, counting = asked.path.removesuffix("/count"), asked.path.endswith("/count")
    above, _, child = path.rpartition("/")
    parent, _, number = above.rpartition("/")
    if child not in CHILDREN.get(parent, ()) or not (number.isascii() and number.isdigit()):
        raise no_such_endpoint()
    _only_get(asked)
    if int(number) not in world.endpoint(parent).collection.rows:
        raise record_not_found(SHAPES[parent].label, int(number))
    items: list[Any] = []
    if child == "communications":
        items = world.record(parent, int(number)).get("communicationItems", [])
    return Answer(body=_json({"count": len(items)} if counting else items))


def _only_get(asked: Asked) -> None:
    if asked.method != "GET":
        raise method_not_allowed(asked.method)


def _link(asked: Asked, query: Query, page: Listing) -> str | None:
    """The `Link` header. Forward-only: always there, empty on the last page. By number: no next or prev at the ends."""
    if query.after is not None:
        return _relation(asked, "next", pageId=page.last_id, pageSize=query.size) if page.more else ""
    relations = []
    if page.more:
        relations.append(_relation(asked, "next", pageSize=query.size, page=query.page + 1))
    if page.total is not None and page.more:
        relations.append(_relation(asked, "last", pageSize=query.size, page=-(-page.total // query.size)))
    if query.page > 1:
        relations.append(_relation(asked, "first", pageSize=query.size, page=1))
        relations.append(_relation(asked, "prev", pageSize=query.size, page=query.page - 1))
    return ", ".join(relations) or None


def _relation(asked: Asked, name: str, **paging: int) -> str:
    kept = {key: value for key, value in asked.parameters.items() if key not in ("page", "pageId", "pageSize")}
    return f'<{asked.url}?{urlencode({**kept, **paging})}>; rel="{name}"'


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
