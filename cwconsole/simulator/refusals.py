"""Answers that say no, with ConnectWise's bodies (reference/connectwise-api.md, appendix A.7)."""

from __future__ import annotations

import json
from typing import Any


class Refusal(Exception):
    """An error answer. body: JSON, or plain text where the real API answers so."""

    def __init__(self, status: int, body: str, *, content_type: str = "application/json") -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.content_type = content_type


def _coded(status: int, code: str, message: str, **more: Any) -> Refusal:
    return Refusal(status, json.dumps({"code": code, "message": message, **more}, separators=(",", ":")))


def record_not_found(label: str, number: int) -> Refusal:
    """No record with this id."""
    return _coded(404, "NotFound", f"{label} {number} not found")


def no_such_endpoint() -> Refusal:
    """The path, or the codebase in it, is wrong."""
    return _coded(404, "ConnectWiseApi", "The endpoint does not exist.")


def bad_condition(message: str) -> Refusal:
    """conditions or orderBy cannot be read, or name what is not there."""
    return _coded(400, "ApiFindCondition", message)


def page_size_out_of_range(largest: int) -> Refusal:
    """pageSize is not between 1 and the largest."""
    return invalid_value("pageSize", f"The field pageSize must be between 1 and {largest}.", code="OutOfRange")


def invalid_value(field: str, message: str, *, code: str = "InvalidField") -> Refusal:
    """Another parameter has a value that cannot be used."""
    error = {"code": code, "message": message, "resource": "query", "field": field}
    return _coded(400, "InvalidObject", "query object is invalid", errors=[error])


def unknown_member(name: str) -> Refusal:
    """The body of a search has a member that belongs into the query string, or nowhere."""
    message = f"Could not find member '{name}' on object of type 'FilterValues'"
    return Refusal(400, json.dumps({"message": message}))


def unauthorized(message: str) -> Refusal:
    """The keys, or the clientId, are wrong or missing."""
    return _coded(401, "Unauthorized", message, errors=None)


def forbidden() -> Refusal:
    """The member's security role does not allow it."""
    return _coded(403, "Security", "You do not have security permission to perform this action.")


def cannot_route() -> Refusal:
    """No such company."""
    return Refusal(400, "Cannot route. Codebase/company is invalid", content_type="text/plain")


def method_not_allowed(method: str) -> Refusal:
    """The endpoint exists, and does not do this."""
    return _coded(405, "ConnectWiseApi", f"The requested resource does not support http method '{method}'.")
