"""ConnectWise's polled endpoints, so that adding a resource is a pick and not a look-up.

From the list of commonly polled resources and the table of dates in the ConnectWise reference (sections 8 and 4). Left
out is what has no global list (sites, notes, communications, additions, purchase order lines: one request per parent)
and documents, which are listed for one record at a time.

Most entities carry no created date; for those CREATED is told by the ids we know.
"""

from __future__ import annotations

import re

from msgspec import Struct

LAST_UPDATED = "_info.lastUpdated"
_DATE_ENTERED = "_info.dateEntered"


class Endpoint(Struct, frozen=True, kw_only=True):
    """One collection.

    key: the resource name we propose. path: below the base URL.
    updated: dotted member with the date of the last change; None if there is none, so it is read whole and compared.
    created: dotted member with the created date, if records carry one.
    aliases: other names, the hub's included.
    note: what someone who picks it should know.
    """

    key: str
    path: str
    title: str
    updated: str | None = LAST_UPDATED
    created: str | None = None
    aliases: tuple[str, ...] = ()
    note: str = ""


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        key="contacts",
        path="/company/contacts",
        title="Contacts",
        aliases=("contact", "people"),
    ),
    Endpoint(
        key="companies",
        path="/company/companies",
        title="Companies",
        created=_DATE_ENTERED,
        aliases=("company", "organizations", "organization", "accounts", "account"),
        note="A deleted company stays listed with deletedFlag true.",
    ),
    Endpoint(
        key="configurations",
        path="/company/configurations",
        title="Configurations",
        aliases=("configuration", "assets"),
    ),
    Endpoint(
        key="tickets",
        path="/service/tickets",
        title="Service tickets",
        created=_DATE_ENTERED,
        aliases=("ticket", "incidents", "incident", "service-tickets"),
        note="Without project tickets, which are a resource of their own.",
    ),
    Endpoint(
        key="project-tickets",
        path="/project/tickets",
        title="Project tickets",
        created=_DATE_ENTERED,
        aliases=("project-ticket",),
    ),
    Endpoint(
        key="projects",
        path="/project/projects",
        title="Projects",
        aliases=("project",),
    ),
    Endpoint(
        key="activities",
        path="/sales/activities",
        title="Activities",
        aliases=("activity",),
    ),
    Endpoint(
        key="opportunities",
        path="/sales/opportunities",
        title="Opportunities",
        aliases=("opportunity",),
    ),
    Endpoint(
        key="orders",
        path="/sales/orders",
        title="Sales orders",
        aliases=("order", "sales-orders"),
    ),
    Endpoint(
        key="time-entries",
        path="/time/entries",
        title="Time entries",
        created="dateEntered",
        aliases=("time-entry",),
        note="Heavy: ConnectWise often times out on pages of 1000.",
    ),
    Endpoint(
        key="time-sheets",
        path="/time/sheets",
        title="Time sheets",
        aliases=("time-sheet",),
    ),
    Endpoint(
        key="expense-entries",
        path="/expense/entries",
        title="Expense entries",
        aliases=("expense-entry", "expenses"),
    ),
    Endpoint(
        key="agreements",
        path="/finance/agreements",
        title="Agreements",
        aliases=("agreement",),
    ),
    Endpoint(
        key="invoices",
        path="/finance/invoices",
        title="Invoices",
        aliases=("invoice",),
    ),
    Endpoint(
        key="unposted-invoices",
        path="/finance/accounting/unpostedinvoices",
        title="Unposted invoices",
    ),
    Endpoint(
        key="catalog-items",
        path="/procurement/catalog",
        title="Catalog items",
        aliases=("catalog", "catalog-item"),
    ),
    Endpoint(
        key="products",
        path="/procurement/products",
        title="Products",
        aliases=("product",),
    ),
    Endpoint(
        key="purchase-orders",
        path="/procurement/purchaseorders",
        title="Purchase orders",
        aliases=("purchase-order",),
    ),
    Endpoint(
        key="schedule-entries",
        path="/schedule/entries",
        title="Schedule entries",
        aliases=("schedule-entry", "schedules"),
    ),
    Endpoint(
        key="members",
        path="/system/members",
        title="Members",
        aliases=("member", "users"),
        note="Some system members are never listed.",
    ),
    Endpoint(
        key="boards",
        path="/service/boards",
        title="Service boards",
        aliases=("board", "service-boards"),
    ),
    Endpoint(
        key="callbacks",
        path="/system/callbacks",
        title="Callbacks registered at ConnectWise",
        aliases=("callback",),
    ),
    Endpoint(
        key="audit-trail",
        path="/system/audittrail",
        title="Audit trail",
        updated=None,
        created="enteredDate",
        note="Records carry no date of change; they are read whole.",
    ),
)


def lookup(name: str) -> Endpoint | None:
    """The endpoint with this key, alias or path; hub names and any spelling of case, `-` and `_` included."""
    return _INDEX.get(_folded(name))


def names() -> list[str]:
    """Every key and alias, for suggestions."""
    return [name for endpoint in ENDPOINTS for name in (endpoint.key, *endpoint.aliases)]


def _folded(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).strip("/").casefold()


_INDEX = {
    _folded(name): endpoint for endpoint in ENDPOINTS for name in (endpoint.key, endpoint.path, *endpoint.aliases)
}
