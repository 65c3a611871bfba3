"""Steering a running simulator over HTTP."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from cwconsole.simulator.hosting import loopback_only
from cwconsole.simulator.simulator import Simulator
from tests.simulator.conftest import CONTACTS, NOW, Client


async def test_state_tells_what_it_is_doing(client: Client, simulator: Simulator) -> None:
    simulator.world().touch(CONTACTS, 1)
    await client.control("POST", "faults", {"kind": "timeout", "times": 2})
    assert (await client.get(CONTACTS)).status == 500
    state = (await client.control("GET", "state")).json
    assert state["companies"] == ["demo"]
    assert state["requests"] == 1
    assert (state["changes"], state["uncommitted"]) == ({"updated": 1}, 0)
    assert state["faults"][0]["kind"] == "timeout"
    assert state["struck"] == {"timeout": 1}
    assert (state["rate"], state["skew"], state["now"]) == (0.0, 0.0, "2026-06-09T10:13:20Z")


async def test_faults_go_on_and_off(client: Client) -> None:
    reply = await client.control("POST", "faults", [{"kind": "null"}, {"kind": "html", "path": "/time"}])
    assert [fault["kind"] for fault in reply.json["faults"]] == ["null", "html"]
    assert (await client.get(CONTACTS)).content == b"null"
    assert (await client.control("DELETE", "faults")).json == {"faults": []}
    assert (await client.get(CONTACTS)).status == 200


async def test_random_and_particular_changes(client: Client, simulator: Simulator) -> None:
    done = await client.control("POST", "change", {"count": 7, "kind": "touch", "path": CONTACTS})
    assert done.json == {"touch": 7}
    assert (await client.control("POST", "change", {"count": 3, "company": "demo"})).status == 200
    assert simulator.world().totals.total() == 10
    created = await client.control("POST", "change", {"kind": "create", "path": CONTACTS, "members": {"title": "X"}})
    number = created.json["id"]
    assert (await client.get(f"{CONTACTS}/{number}")).json["title"] == "X"
    for kind in ("update", "touch", "poison", "cure", "delete"):
        reply = await client.control("POST", "change", {"kind": kind, "path": CONTACTS, "id": number})
        assert reply.json == {"id": number}
    assert (await client.get(f"{CONTACTS}/{number}")).status == 404


async def test_versions_tell_what_became_of_changed_records(client: Client, simulator: Simulator) -> None:
    simulator.world().touch(CONTACTS, 3)
    simulator.world().delete(CONTACTS, 4)
    found = (await client.control("GET", f"versions?path={CONTACTS}&record=true")).json
    assert [(version["id"], version["change"]) for version in found] == [(3, 1), (4, 2)]
    assert found[0]["lastUpdated"] == "2026-06-09T10:13:20Z"
    assert found[0]["record"] == (await client.get(CONTACTS + "/3")).json
    assert (found[1]["lastUpdated"], found[1]["digest"], found[1]["record"]) == (None, None, None)
    later = (await client.control("GET", f"versions?path={CONTACTS}&after=1")).json
    assert [version["id"] for version in later] == [4]
    assert "record" not in later[0]


async def test_rate_and_clock_are_set(client: Client, simulator: Simulator) -> None:
    assert (await client.control("POST", "rate", {"rate": 2})).json == {"rate": 2.0}
    assert (await client.control("POST", "clock", {"skew": -90})).json == {"skew": -90.0}
    assert simulator.rate == 2.0
    assert simulator.clock.now() == NOW - 90


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", {"kind": "nonsense"}),
        ("POST", "faults", {"kind": "redirect"}),
        ("POST", "faults", 5),
        ("POST", "change", {"kind": "explode"}),
        ("POST", "change", {"kind": "explode", "id": 1, "path": CONTACTS}),
        ("POST", "change", {"id": 1}),
        ("POST", "change", {"kind": "touch", "id": 999, "path": CONTACTS}),
        ("POST", "change", {"kind": "touch", "id": "x", "path": CONTACTS}),
        ("POST", "change", {"path": "/nowhere"}),
        ("POST", "change", {"company": "nobody"}),
        ("POST", "change", [1]),
        ("POST", "rate", {"speed": 1}),
        ("POST", "rate", {"rate": "fast"}),
        ("GET", "versions", None),
        ("GET", "versions?path=/nowhere", None),
        ("GET", f"versions?path={CONTACTS}&after=x", None),
        ("GET", f"versions?path={CONTACTS}&company=nobody", None),
    ],
)
async def test_what_cannot_be_done_is_said(client: Client, method: str, path: str, body: object) -> None:
    reply = await client.control(method, path, body)
    assert reply.status == 400
    assert reply.content


async def test_a_body_that_is_no_json_is_said(client: Client) -> None:
    url = f"{client.running.root_url}/_simulator/faults"
    assert (await client.fetch("POST", url, data=b"\xff{")).status == 400


async def test_control_is_for_this_machine_alone() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    for remote, allowed in (("127.0.0.1", True), ("::1", True), ("192.0.2.7", False)):
        request = make_mocked_request("GET", "/_simulator/state").clone(remote=remote)
        if allowed:
            assert (await loopback_only(request, handler)).status == 200
        else:
            with pytest.raises(web.HTTPForbidden):
                await loopback_only(request, handler)
