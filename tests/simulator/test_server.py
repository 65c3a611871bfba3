"""The look-alike over HTTP, as a ConnectWise client sees it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from cwconsole.simulator.catalogue import SHAPES
from cwconsole.simulator.simulator import Simulator
from tests.simulator.conftest import CLIENT_ID, CONTACTS, NOW, Client, credentials


def links(header: str) -> dict[str, str]:
    return {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


# Signing in and finding the API


async def test_company_info_needs_no_credentials_and_names_the_codebase(client: Client) -> None:
    reply = await client.fetch("GET", f"{client.running.root_url}/login/companyinfo/demo", headers={})
    assert reply.status == 200
    assert reply.json["Codebase"] == "v4_6_release/"
    assert reply.json["CompanyID"] == "demo"


async def test_company_info_of_an_unknown_company_is_a_literal_null(client: Client) -> None:
    reply = await client.fetch("GET", f"{client.running.root_url}/login/companyinfo/nobody", headers={})
    assert (reply.status, reply.content) == (200, b"null")


async def test_system_info_needs_no_credentials(client: Client) -> None:
    reply = await client.fetch("GET", client.running.base_url + "/system/info", headers={})
    assert reply.status == 200
    assert set(reply.json) == {"version", "isCloud", "serverTimeZone", "cloudRegion"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"clientId": CLIENT_ID},
        {"Authorization": credentials()},
        {"Authorization": credentials(private="wrong"), "clientId": CLIENT_ID},
        {"Authorization": "Bearer x", "clientId": CLIENT_ID},
        {"Authorization": "Basic ???", "clientId": CLIENT_ID},
    ],
)
async def test_missing_or_wrong_credentials_are_401(client: Client, headers: dict[str, str]) -> None:
    reply = await client.get(CONTACTS, headers=headers)
    assert reply.status == 401
    assert reply.json["code"] == "Unauthorized"


async def test_an_unknown_company_cannot_be_routed(client: Client) -> None:
    reply = await client.get(CONTACTS, headers={"Authorization": credentials("nobody"), "clientId": CLIENT_ID})
    assert (reply.status, reply.content) == (400, b"Cannot route. Codebase/company is invalid")
    assert reply.headers["Content-Type"].startswith("text/plain")


async def test_any_company_starts_with_the_same_records_and_then_goes_its_own_way() -> None:
    simulator = Simulator(any_company=True, records=5, clock=lambda: NOW)
    async with simulator.serve() as running, aiohttp.ClientSession() as session:
        client = Client(session, running)
        for company in ("one", "two"):
            client.headers = {"Authorization": credentials(company), "clientId": CLIENT_ID}
            assert await client.ids() == [1, 2, 3, 4, 5]
        simulator.world("one").delete(CONTACTS, 3)
        assert await client.ids() == [1, 2, 3, 4, 5]
        client.headers = {"Authorization": credentials("one"), "clientId": CLIENT_ID}
        assert await client.ids() == [1, 2, 4, 5]


async def test_stray_slashes_in_the_path_do_no_harm(client: Client) -> None:
    assert len(await client.ids("//company/contacts/")) == 25


async def test_every_answer_carries_the_servers_own_date(client: Client, simulator: Simulator) -> None:
    simulator.clock.skew = 3600
    for path in (CONTACTS, CONTACTS + "/1", CONTACTS + "/999", "/nowhere"):
        reply = await client.get(path)
        assert reply.headers["Date"] == "Tue, 09 Jun 2026 11:13:20 GMT"
        assert reply.headers["x-cw-request-id"]


# Lists


@pytest.mark.parametrize("path", sorted(SHAPES))
async def test_every_endpoint_lists_counts_and_gets_records(client: Client, path: str) -> None:
    assert await client.ids(path) == list(range(1, 26))
    assert (await client.get(path + "/count")).json == {"count": 30}
    record = (await client.get(path + "/7")).json
    assert record["id"] == 7
    assert ("_info" in record) is (path not in {"/system/audittrail", "/service/typeSubTypeItemAssociations"})
    assert None not in record.values()


async def test_pages_have_25_records_unless_asked_otherwise(client: Client) -> None:
    assert await client.ids(page=2) == [26, 27, 28, 29, 30]
    assert await client.ids(pageSize=10, page=3) == list(range(21, 31))
    assert await client.ids(pageSize=10, page=0) == list(range(1, 11))


async def test_past_the_end_is_an_empty_list(client: Client) -> None:
    reply = await client.get(CONTACTS, page=9)
    assert (reply.status, reply.content) == (200, b"[]")


@pytest.mark.parametrize("size", [0, 1001, -1])
async def test_a_page_size_out_of_range_is_refused(client: Client, size: int) -> None:
    reply = await client.get(CONTACTS, pageSize=size)
    assert reply.status == 400
    assert reply.json["code"] == "InvalidObject"
    assert reply.json["errors"][0]["code"] == "OutOfRange"


@pytest.mark.parametrize("parameter", ["page", "pageSize"])
async def test_numbers_that_are_none_are_refused(client: Client, parameter: str) -> None:
    reply = await client.fetch("GET", f"{client.running.base_url}{CONTACTS}?{parameter}=many")
    assert (reply.status, reply.json["code"]) == (400, "InvalidObject")


async def test_links_lead_through_all_pages_and_keep_the_conditions(client: Client) -> None:
    reply = await client.get(CONTACTS, pageSize=10, conditions="id > 5 and firstName != 'x & y'")
    assert set(links(reply.headers["Link"])) == {"next", "last"}
    assert parse_qs(urlsplit(links(reply.headers["Link"])["last"]).query)["page"] == ["3"]
    seen = [record["id"] for record in reply.json]
    while "next" in links(reply.headers.get("Link", "")):
        url = links(reply.headers["Link"])["next"]
        reply = await client.fetch("GET", url)
        seen += [record["id"] for record in reply.json]
    assert seen == list(range(6, 31))
    assert set(links(reply.headers["Link"])) == {"first", "prev"}


async def test_a_single_page_has_no_link(client: Client) -> None:
    assert "Link" not in (await client.get(CONTACTS, pageSize=30)).headers


async def test_forward_only_paging_goes_by_id_until_the_link_is_empty(client: Client) -> None:
    client.headers["pagination-type"] = "forward-only"
    reply = await client.get(CONTACTS, pageSize=10, conditions="id > 5", page=3)
    seen = [record["id"] for record in reply.json]
    assert seen[0] == 6
    while reply.headers["Link"]:
        reply = await client.fetch("GET", links(reply.headers["Link"])["next"])
        seen += [record["id"] for record in reply.json]
    assert seen == list(range(6, 31))


async def test_forward_only_paging_loses_no_row_when_one_leaves_the_set(client: Client, simulator: Simulator) -> None:
    client.headers["pagination-type"] = "forward-only"
    assert await client.ids(pageSize=10) == list(range(1, 11))
    simulator.world().delete(CONTACTS, 4)
    assert await client.ids(pageSize=10, pageId=10) == list(range(11, 21))


async def test_paging_by_number_loses_a_row_when_one_leaves_the_set(client: Client, simulator: Simulator) -> None:
    assert await client.ids(pageSize=10) == list(range(1, 11))
    simulator.world().delete(CONTACTS, 4)
    assert await client.ids(pageSize=10, page=2) == list(range(12, 22))


async def test_forward_only_paging_knows_no_order(client: Client) -> None:
    client.headers["pagination-type"] = "forward-only"
    assert (await client.get(CONTACTS, orderBy="id asc")).status == 400


# Conditions, order, fields


async def test_changed_records_are_found_by_last_updated(client: Client, simulator: Simulator) -> None:
    world = simulator.world()
    world.touch(CONTACTS, 9)
    world.touch(CONTACTS, 20, updated=NOW - 60)
    assert await client.ids(conditions="lastUpdated >= [2026-06-09T10:13:20Z]") == [9]
    assert await client.ids(conditions="_info/lastUpdated>[2026-06-09T10:12:19Z] and id > 9") == [20]
    assert await client.ids(conditions="lastUpdated > [2026-06-09T10:12:20]") == [9]


async def test_unknown_names_and_offsets_are_400(client: Client) -> None:
    reply = await client.get(CONTACTS, conditions="note = 'x'")
    assert reply.status == 400
    assert reply.json == {"code": "ApiFindCondition", "message": "note is not a recognized name."}
    offset = await client.get(CONTACTS, conditions="lastUpdated > [2026-06-09T10:12:20+00:00]")
    assert (offset.status, offset.json["code"]) == (400, "ApiFindCondition")


async def test_a_resource_without_info_knows_no_last_updated(client: Client) -> None:
    reply = await client.get("/system/audittrail", conditions="lastUpdated > [2026-06-09T10:12:20Z]")
    assert reply.json["message"] == "lastUpdated is not a recognized name."


async def test_orders_by_several_keys_with_nulls_first(client: Client, simulator: Simulator) -> None:
    world = simulator.world()
    for number, title in ((1, "b"), (2, None), (3, "B"), (4, "a")):
        world.update(CONTACTS, number, {"title": title})
    assert await client.ids(conditions="id <= 4", orderBy="title asc") == [2, 4, 1, 3]
    assert await client.ids(conditions="id <= 4", orderBy="title desc, id desc") == [3, 1, 4, 2]
    assert await client.ids(orderBy="id desc", pageSize=2) == [30, 29]
    world.touch(CONTACTS, 3, updated=NOW + 5)
    assert await client.ids(orderBy="_info/lastUpdated desc", pageSize=2) == [3, 1]
    assert (await client.get(CONTACTS, orderBy="nope")).json["code"] == "ApiFindCondition"
    assert (await client.get(CONTACTS, orderBy="id up")).status == 400


async def test_fields_drop_info_unless_it_is_asked_for(client: Client) -> None:
    whole = (await client.get(CONTACTS + "/1")).json
    bare = (await client.get(CONTACTS, fields="id,company/name,nothing", pageSize=1)).json[0]
    assert bare == {"id": 1, "company": {"name": whole["company"]["name"]}}
    dated = (await client.get(CONTACTS, fields="id,_info/lastUpdated", pageSize=1)).json[0]
    assert dated == {"id": 1, "_info": {"lastUpdated": whole["_info"]["lastUpdated"]}}
    turned = (await client.get(CONTACTS, fields="_info/lastUpdated,id", pageSize=1)).json[0]
    assert turned == dated
    assert (await client.get(CONTACTS + "/1", fields="id")).json == {"id": 1}


async def test_child_and_custom_field_conditions_look_into_arrays(client: Client) -> None:
    email = (await client.get(CONTACTS + "/3")).json["communicationItems"][0]["value"]
    asked = f'communicationItems/value like "{email}" AND communicationItems/communicationType="Email"'
    assert await client.ids(childConditions=asked) == [3]
    assert await client.ids(customFieldConditions='caption="AssetNo" AND value = "A-4"') == [4]
    assert (await client.get(CONTACTS, childConditions="nope/x = 1")).status == 400


async def test_count_takes_the_same_conditions(client: Client) -> None:
    assert (await client.get(CONTACTS + "/count", conditions="id > 10 and id != 12")).json == {"count": 19}
    assert (await client.get(CONTACTS + "/count", conditions="id >")).status == 400


async def test_search_takes_conditions_in_the_body_and_paging_in_the_url(client: Client) -> None:
    url = client.running.base_url + "/service/tickets/search?pageSize=2"
    reply = await client.fetch("POST", url, json={"conditions": "id > 3", "orderBy": "id desc"})
    assert [record["id"] for record in reply.json] == [30, 29]
    wrong = await client.fetch("POST", url, json={"page": 2})
    assert wrong.status == 400
    assert wrong.json == {"message": "Could not find member 'page' on object of type 'FilterValues'"}
    assert (await client.fetch("POST", url, data=b"[")).status == 400
    elsewhere = client.running.base_url + "/company/contacts/search"
    assert (await client.fetch("POST", elsewhere, json={})).status == 404


# One record, and what is not there


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/company/contacts/99999", "Contact 99999 not found"),
        ("/company/companies/404", "company 404 not found"),
        ("/service/tickets/404", "Service Ticket 404 not found"),
        ("/company/contacts/404/notes", "Contact 404 not found"),
    ],
)
async def test_a_missing_record_is_404_not_found(client: Client, path: str, message: str) -> None:
    reply = await client.get(path)
    assert reply.status == 404
    assert reply.json == {"code": "NotFound", "message": message}


@pytest.mark.parametrize(
    "path", ["/company/contact", "/company/contacts/x", "/company/contacts/1/nothing", "/nothing/count", "/"]
)
async def test_a_missing_endpoint_is_404_connectwise_api(client: Client, path: str) -> None:
    reply = await client.get(path)
    assert reply.status == 404
    assert reply.json == {"code": "ConnectWiseApi", "message": "The endpoint does not exist."}


async def test_another_codebase_is_a_missing_endpoint(client: Client) -> None:
    reply = await client.fetch("GET", client.running.root_url + "/v2017_3/apis/3.0/company/contacts")
    assert (reply.status, reply.json["code"]) == (404, "ConnectWiseApi")


async def test_lists_below_a_record(client: Client) -> None:
    items = (await client.get(CONTACTS + "/1/communications")).json
    assert items[0]["communicationType"] == "Email"
    assert (await client.get(CONTACTS + "/1/communications/count")).json == {"count": 1}
    assert (await client.get(CONTACTS + "/1/notes")).json == []


async def test_writing_is_not_offered(client: Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = await client.fetch(method, client.running.base_url + CONTACTS + "/1")
        assert reply.status == 405
