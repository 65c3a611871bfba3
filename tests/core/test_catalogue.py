"""The catalogue: adding a resource is a pick."""

from __future__ import annotations

import pytest

from cwconsole.core.catalogue import ENDPOINTS, Endpoint, lookup, names


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("contacts", "/company/contacts"),
        ("organizations", "/company/companies"),
        ("companies", "/company/companies"),
        ("Account", "/company/companies"),
        ("incidents", "/service/tickets"),
        ("tickets", "/service/tickets"),
        ("activities", "/sales/activities"),
        ("opportunities", "/sales/opportunities"),
        ("time_entries", "/time/entries"),
        ("Time Entries", "/time/entries"),
        ("/finance/accounting/unpostedInvoices/", "/finance/accounting/unpostedinvoices"),
    ],
)
def test_hub_names_and_other_spellings_lead_to_the_path(name: str, path: str) -> None:
    endpoint = lookup(name)
    assert endpoint is not None
    assert endpoint.path == path


def test_what_is_not_there_is_none() -> None:
    assert lookup("leads") is None
    assert lookup("") is None


def test_every_name_and_path_leads_to_one_endpoint_alone() -> None:
    every = names() + [endpoint.path for endpoint in ENDPOINTS]
    assert len(every) == len({name.replace("-", "").strip("/") for name in every})
    for endpoint in ENDPOINTS:
        for name in (endpoint.key, endpoint.path, *endpoint.aliases):
            assert lookup(name) is endpoint


def test_only_entities_that_carry_a_created_date_name_one() -> None:
    assert {endpoint.key: endpoint.created for endpoint in ENDPOINTS if endpoint.created} == {
        "companies": "_info.dateEntered",
        "tickets": "_info.dateEntered",
        "project-tickets": "_info.dateEntered",
        "time-entries": "dateEntered",
        "audit-trail": "enteredDate",
    }


def test_only_the_audit_trail_has_no_date_of_change() -> None:
    assert [endpoint.key for endpoint in ENDPOINTS if endpoint.updated is None] == ["audit-trail"]
    assert all(isinstance(endpoint, Endpoint) and endpoint.title for endpoint in ENDPOINTS)
