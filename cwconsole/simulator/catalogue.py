"""The endpoints of the look-alike: path to shape (reference/connectwise-api.md, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cwconsole.simulator import shapes
from cwconsole.simulator.shapes import Shape

BUSY_PATHS = (
    "/company/contacts",
    "/company/companies",
    "/service/tickets",
    "/project/tickets",
    "/sales/activities",
    "/sales/opportunities",
    "/time/entries",
)
"""The endpoints whose records change by themselves."""

_REFERENCE = {"id": "{#small}", "name": "{company_name}"}
_MEMBER = {"id": "{#member_id}", "identifier": "{member}", "name": "{member_name}"}
_OPEN = {"id": 1, "name": "Open"}


def _plain(label: str, changing: Mapping[str, tuple[Any, ...]], **members: Any) -> Shape:
    example = {"id": "{#id}", **members, "_info": {"lastUpdated": "{updated}", "updatedBy": "{member}"}}
    return Shape(label=label, example=example, changing=changing)


def _texts(member: str) -> Mapping[str, tuple[Any, ...]]:
    return {member: ("First", "Second", "Third")}


SHAPES: Mapping[str, Shape] = {
    "/company/contacts": shapes.CONTACT,
    "/company/companies": shapes.COMPANY,
    "/service/tickets": shapes.SERVICE_TICKET,
    "/project/tickets": shapes.PROJECT_TICKET,
    "/sales/activities": shapes.ACTIVITY,
    "/sales/opportunities": shapes.OPPORTUNITY,
    "/time/entries": shapes.TIME_ENTRY,
    "/company/configurations": _plain(
        "Configuration",
        _texts("name"),
        name="PC-{id}",
        type=_REFERENCE,
        status=_OPEN,
        company=_REFERENCE,
        serialNumber="SN{guid}",
        activeFlag=True,
        warrantyExpirationDate="{later}",
    ),
    "/project/projects": _plain(
        "Project",
        _texts("name"),
        name="Rollout {id}",
        status=_OPEN,
        company=_REFERENCE,
        manager=_MEMBER,
        estimatedStart="{entered}",
        estimatedEnd="{later}",
        billingMethod="ActualRates",
        closedFlag="{#seldom}",
    ),
    "/sales/orders": _plain(
        "Order",
        _texts("poNumber"),
        poNumber="PO{id}",
        company=_REFERENCE,
        opportunity=_REFERENCE,
        status=_OPEN,
        orderDate="{entered}",
        dueDate="{later}",
    ),
    "/time/sheets": _plain(
        "Time Sheet",
        {"hours": (38.5, 40.0, 42.0)},
        status="Open",
        member=_MEMBER,
        year=2026,
        period="{#small}",
        dateStart="{entered}",
        dateEnd="{later}",
        hours=40.0,
    ),
    "/expense/entries": _plain(
        "Expense Entry",
        _texts("notes"),
        notes="Fares",
        expenseReport=_REFERENCE,
        company=_REFERENCE,
        chargeToId="{#small}",
        chargeToType="ServiceTicket",
        type=_REFERENCE,
        member=_MEMBER,
        amount="{#amount}",
        date="{entered}",
    ),
    "/finance/agreements": _plain(
        "Agreement",
        _texts("name"),
        name="Gold {id}",
        type=_REFERENCE,
        company=_REFERENCE,
        startDate="{entered}",
        endDate="{later}",
        cancelledFlag=False,
        billAmount="{#amount}",
    ),
    "/finance/invoices": _plain(
        "Invoice",
        _texts("invoiceNumber"),
        invoiceNumber="INV{id}",
        type="Standard",
        status=_OPEN,
        company=_REFERENCE,
        date="{entered}",
        dueDate="{later}",
        total="{#amount}",
        balance="{#amount}",
    ),
    "/finance/accounting/unpostedinvoices": _plain(
        "Unposted Invoice",
        _texts("invoiceNumber"),
        invoiceNumber="INV{id}",
        company=_REFERENCE,
        dueDate="{later}",
        total="{#amount}",
    ),
    "/procurement/catalog": _plain(
        "Catalog Item",
        _texts("description"),
        description="Toner {id}",
        identifier="TONER-{id}",
        customerDescription="Toner",
        inactiveFlag=False,
        price="{#amount}",
        cost="{#small}",
    ),
    "/procurement/products": _plain(
        "Product",
        _texts("description"),
        description="Toner {id}",
        quantity="{#small}",
        billableOption="Billable",
        agreement=_REFERENCE,
        cancelledFlag=False,
    ),
    "/procurement/purchaseorders": _plain(
        "Purchase Order",
        _texts("poNumber"),
        poNumber="PO{id}",
        status=_OPEN,
        vendorCompany=_REFERENCE,
        poDate="{entered}",
        closedFlag=False,
    ),
    "/schedule/entries": _plain(
        "Schedule Entry",
        _texts("name"),
        name="{topic}",
        objectId="{#small}",
        type={"id": 4, "identifier": "S"},
        member=_MEMBER,
        dateStart="{entered}",
        dateEnd="{later}",
        doneFlag=False,
    ),
    "/system/members": _plain(
        "Member",
        _texts("title"),
        title="Engineer",
        identifier="{member}{id}",
        firstName="{first}",
        lastName="{last}",
        officeEmail="{email}",
        defaultEmail="Office",
        defaultPhone="Office",
        licenseClass="F",
        invoicingDisplayOptions="RemainOnInvoicingScreen",
        agreementInvoicingDisplayOptions="RemainOnInvoicingScreen",
        invoiceScreenDefaultTabFormat="ShowInvoicingTab",
        inactiveFlag=False,
    ),
    "/service/boards": _plain("Board", _texts("name"), name="Board {id}", inactiveFlag=False, projectFlag=False),
    "/system/callbacks": _plain(
        "Callback",
        _texts("description"),
        description="Callback {id}",
        url="https://example.com/{id}?recordId=",
        objectId="{#small}",
        type="ticket",
        level="board",
        inactiveFlag=False,
    ),
    # No `_info`, so nothing to filter by date: the whole list has to be read.
    "/system/audittrail": Shape(
        label="Audit Trail",
        example={"id": "{#id}", "text": "{topic}", "enteredDate": "{entered}", "enteredBy": "{member}"},
        changing={"text": ("Opened", "Changed", "Closed")},
    ),
    "/service/typeSubTypeItemAssociations": Shape(
        label="Type Association",
        example={"id": "{#id}", "typeName": "{topic}", "boardName": "Help Desk"},
        changing={"boardName": ("Help Desk", "Projects", "Field")},
    ),
}

CHILDREN: Mapping[str, frozenset[str]] = {
    "/company/contacts": frozenset({"communications", "notes"}),
    "/company/companies": frozenset({"sites", "notes", "teams"}),
    "/service/tickets": frozenset({"notes", "allNotes", "tasks"}),
    "/project/tickets": frozenset({"notes", "allNotes", "tasks"}),
    "/project/projects": frozenset({"phases", "teamMembers"}),
    "/sales/opportunities": frozenset({"notes", "forecast"}),
    "/finance/agreements": frozenset({"additions"}),
    "/procurement/purchaseorders": frozenset({"lineitems"}),
    "/service/boards": frozenset({"statuses"}),
}
"""Lists below one record. A contact's communications are real; the others exist and are empty."""

SEARCHABLE = frozenset({"/service/tickets", "/project/tickets"})
"""Endpoints with `POST .../search`."""
