"""What the records of each endpoint look like: one example per endpoint, with marks where records differ.

A mark in a string is replaced by a value of the record: "{first} {last}". A string that is a mark with `#` and nothing
else becomes a bare number or boolean: "{#id}". `records` fills them in; the marks are listed there.

Members and types follow recorded answers (reference/connectwise-api.md, section 8 and appendix A). `sometimes` are
members that half of the records lack, since the API leaves out nulls. `changing` are members that an edit changes,
with the values they go through; None clears the member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API = "https://cw.example/v4_6_release/apis/3.0/"  # the doubled slash in links is ConnectWise's own

_COMPANY = {
    "id": "{#company_id}",
    "identifier": "{company_identifier}",
    "name": "{company_name}",
    "_info": {"company_href": API + "/company/companies/{company_id}"},
}
_SITE = {"id": "{#company_id}", "name": "Main"}
_CONTACT = {
    "id": "{#contact_id}",
    "name": "{first} {last}",
    "_info": {"contact_href": API + "/company/contacts/{contact_id}"},
}
_MEMBER = {"id": "{#member_id}", "identifier": "{member}", "name": "{member_name}"}
_INFO = {"lastUpdated": "{updated}", "updatedBy": "{member}"}
_DATED_INFO = {**_INFO, "dateEntered": "{entered}", "enteredBy": "{member}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The records of one endpoint. label: what `404 NotFound` calls one of them. dated: whether they carry `_info`."""

    label: str
    example: Mapping[str, Any]
    sometimes: tuple[str, ...] = ()
    changing: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def dated(self) -> bool:
        """Whether the records carry `_info.lastUpdated`."""
        return "_info" in self.example


def _references(*names: str) -> tuple[dict[str, object], ...]:
    return tuple({"id": number, "name": name} for number, name in enumerate(names, start=1))


_COMMUNICATION = {
    "id": "{#communication_id}",
    "type": {"id": 1, "name": "Email"},
    "value": "{email}",
    "defaultFlag": True,
    "communicationType": "Email",
}
_CUSTOM_FIELD = {
    "id": 16,
    "caption": "AssetNo",
    "type": "Text",
    "entryMethod": "EntryField",
    "value": "A-{id}",
}

CONTACT = Shape(
    label="Contact",
    example={
        "id": "{#id}",
        "firstName": "{first}",
        "lastName": "{last}",
        "company": _COMPANY,
        "site": _SITE,
        "inactiveFlag": "{#seldom}",
        "title": "Manager",
        "marriedFlag": False,
        "unsubscribeFlag": False,
        "mobileGuid": "{guid}",
        "defaultPhoneType": "Direct",
        "defaultPhoneNbr": "{phone}",
        "defaultFlag": "{#flag}",
        "communicationItems": [_COMMUNICATION],
        "types": [{"id": 11, "name": "End User"}],
        "customFields": [_CUSTOM_FIELD],
        "_info": {
            **_INFO,
            "communications_href": API + "/company/contacts/{id}/communications",
        },
    },
    sometimes=("title",),
    changing={
        "title": ("Manager", "Director", "Engineer", None, "Accountant"),
        "inactiveFlag": (True, False),
        "defaultPhoneNbr": ("5550101", "5550102", "5550103", "5550104"),
    },
)

COMPANY = Shape(
    label="company",
    example={
        "id": "{#id}",
        "identifier": "{company_identifier}",
        "name": "{company_name}",
        "status": {"id": 1, "name": "Active"},
        "addressLine1": "{amount} Main Street",
        "city": "Exampleville",
        "country": {"id": 1, "name": "United States"},
        "phoneNumber": "{phone}",
        "website": "www.{company_domain}",
        "dateAcquired": "{entered}",
        "annualRevenue": 0.0,
        "leadFlag": False,
        "taxCode": {"id": 8, "name": "Tax-State"},
        "billingTerms": {"id": 1, "name": "Net 30 days"},
        "invoiceDeliveryMethod": {"id": 1, "name": "Mail"},
        "deletedFlag": False,
        "mobileGuid": "{guid}",
        "isVendorFlag": "{#seldom}",
        "types": [{"id": 1, "name": "Client"}],
        "site": {"id": "{#id}", "name": "Main"},
        "_info": {**_DATED_INFO, "sites_href": API + "/company/companies/{id}/sites"},
        "customFields": [{**_CUSTOM_FIELD, "id": 2, "caption": "Parent Company"}],
    },
    sometimes=("website", "addressLine1"),
    changing={
        "status": _references("Active", "Inactive", "Imported", "Credit Hold"),
        "city": ("Exampleville", "Testham", "Sampleton"),
        "deletedFlag": (False, True),
    },
)

_TICKET: dict[str, Any] = {
    "id": "{#id}",
    "summary": "{topic} at {company_name}",
    "recordType": "ServiceTicket",
    "board": {"id": 30, "name": "Service Desk"},
    "status": {"id": 1, "name": "New"},
    "company": _COMPANY,
    "siteName": "Main",
    "contact": _CONTACT,
    "type": {"id": 248, "name": "Incident"},
    "team": {"id": 10, "name": "Team A"},
    "owner": _MEMBER,
    "priority": {"id": 8, "name": "Priority 4 - Low", "sort": 4},
    "requiredDate": "{later}",
    "budgetHours": 1.5,
    "severity": "Medium",
    "impact": "Low",
    "customerUpdatedFlag": False,
    "closedFlag": "{#seldom}",
    "approved": True,
    "resolveMinutes": 0,
    "isInSla": True,
    "resources": "{member}",
    "hasChildTicket": False,
    "hasMergedChildTicketFlag": False,
    "duration": 22,
    "location": {"id": 11, "name": "Main Office"},
    "department": {"id": 5, "identifier": "Services", "name": "Services"},
    "mobileGuid": "{guid}",
    "_info": {**_DATED_INFO, "notes_href": API + "/service/tickets/{id}/notes"},
    "customFields": [_CUSTOM_FIELD],
}
_TICKET_CHANGES: dict[str, tuple[Any, ...]] = {
    "status": _references("New", "In Progress", "Waiting", "Resolved"),
    "severity": ("Low", "Medium", "High"),
    "closedFlag": (True, False),
    "customerUpdatedFlag": (True, False),
}

SERVICE_TICKET = Shape(
    label="Service Ticket",
    example=_TICKET,
    sometimes=("requiredDate", "resources", "budgetHours"),
    changing=_TICKET_CHANGES,
)

PROJECT_TICKET = Shape(
    label="Project Ticket",
    example={
        **_TICKET,
        "recordType": "ProjectTicket",
        "board": {"id": 31, "name": "Projects"},
        "project": {"id": "{#small}", "name": "Rollout {small}"},
        "phase": {"id": "{#small}", "name": "Phase 1"},
        "wbsCode": "1.{small}",
        "isIssueFlag": False,
        "_info": {**_DATED_INFO, "notes_href": API + "/project/tickets/{id}/notes"},
    },
    sometimes=("requiredDate", "phase"),
    changing=_TICKET_CHANGES,
)

ACTIVITY = Shape(
    label="Activity",
    example={
        "id": "{#id}",
        "name": "Follow-up call with {first}",
        "type": {"id": 1, "name": "Call"},
        "company": _COMPANY,
        "contact": _CONTACT,
        "phoneNumber": "{phone}",
        "email": "{email}",
        "status": {"id": 1, "name": "Open"},
        "opportunity": {"id": "{#small}", "name": "Reporting system {small}"},
        "notes": "Call back about {topic}",
        "dateStart": "{updated}",
        "dateEnd": "{later}",
        "assignedBy": _MEMBER,
        "assignTo": _MEMBER,
        "scheduleStatus": {"id": 1, "name": "Tentative"},
        "notifyFlag": False,
        "_info": _INFO,
        "customFields": [{**_CUSTOM_FIELD, "caption": "Story Points", "type": "Number", "value": "{#small}"}],
    },
    sometimes=("opportunity", "notes"),
    changing={
        "status": _references("Open", "Closed"),
        "notes": ("Left a message", "Call back", "Done", None),
        "notifyFlag": (True, False),
    },
)

OPPORTUNITY = Shape(
    label="Opportunity",
    example={
        "id": "{#id}",
        "name": "Reporting system {id}",
        "expectedCloseDate": "{later}",
        "type": {"id": 2, "name": "Application Development"},
        "stage": {"id": 1, "name": "1.Lead"},
        "status": {"id": 1, "name": "Open"},
        "priority": {"id": 7, "name": "Clear Flag"},
        "notes": "First draft sent",
        "probability": {"id": 5, "name": "50"},
        "source": "Referral",
        "rating": {"id": 4, "name": "Hot"},
        "primarySalesRep": _MEMBER,
        "locationId": 2,
        "company": _COMPANY,
        "contact": _CONTACT,
        "site": _SITE,
        "dateBecameLead": "{entered}",
        "totalSalesTax": 0.0,
        "taxCode": {"id": 11, "name": "State"},
        "customFields": [],
        "_info": {**_INFO, "notes_href": API + "/sales/opportunities/{id}/notes"},
    },
    sometimes=("notes", "rating"),
    changing={
        "stage": _references("1.Lead", "2.Qualified", "3.Quote", "4.Won"),
        "probability": _references("10", "50", "90"),
        "notes": ("First draft sent", "Second draft sent", None),
    },
)

TIME_ENTRY = Shape(
    label="Time Entry",
    example={
        "id": "{#id}",
        "company": _COMPANY,
        "chargeToId": "{#small}",
        "chargeToType": "ServiceTicket",
        "member": {**_MEMBER, "dailyCapacity": 8.0},
        "locationId": 11,
        "location": {"id": 11, "name": "Main Office"},
        "department": {"id": 1, "name": "Service"},
        "workType": {"id": 3, "name": "Regular", "utilizationFlag": True},
        "workRole": {"id": 11, "name": "Engineer"},
        "timeStart": "{entered}",
        "timeEnd": "{updated}",
        "actualHours": 0.73,
        "billableOption": "Billable",
        "notes": "Worked on {topic}",
        "addToDetailDescriptionFlag": True,
        "addToInternalAnalysisFlag": False,
        "addToResolutionFlag": False,
        "hoursBilled": 1.0,
        "invoiceHours": 1.0,
        "hourlyCost": "65.00",
        "enteredBy": "{member}",
        "dateEntered": "{entered}",
        "hourlyRate": 100.0,
        "timeSheet": {"id": "{#small}", "name": "Week {small}"},
        "status": "Open",
        "ticket": {"id": "{#small}", "summary": "{topic}"},
        "invoiceFlag": False,
        "_info": _INFO,
    },
    sometimes=("notes", "ticket"),
    changing={
        "billableOption": ("Billable", "DoNotBill", "NoCharge"),
        "notes": ("Replaced toner", "Reset the password", None),
        "status": ("Open", "Billed"),
    },
)
