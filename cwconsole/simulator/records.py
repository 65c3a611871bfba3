"""Makes records: fills an endpoint's shape with values that depend on the seed and the id alone.

The shape is turned into a text template once, so that a record costs one `%`: half a million of them are ready in
seconds. The same seed and the same start give the same records.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zlib import crc32

from cwconsole.simulator.catalogue import SHAPES
from cwconsole.simulator.clock import iso
from cwconsole.simulator.collection import Row
from cwconsole.simulator.conditions import JsonObject
from cwconsole.simulator.shapes import Shape

_FIRST = ("Ada", "Björn", "Carla", "Dmitri", "Elif", "Fatima", "George", "Hana", "Ivo", "Jana", "Kofi", "Lena", "Zoë")
_LAST = ("Abel", "Brandt", "Costa", "Dvořák", "Eriksen", "Fischer", "Garcia", "Haas", "Ito", "Jansen", "Müller")
_WORDS = ("Acorn", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Garnet", "Harbor", "Indigo", "Juniper", "Keystone")
_FORMS = ("Ltd", "Group", "Partners", "Works", "Foods", "Logistics", "Dental")
_MEMBERS = ("admin1", "tech1", "tech2", "rep1", "rep2")
_TOPICS = ("Printer offline", "Mail bounces", "VPN drops", "New laptop", "Password reset", "Disk full", "Slow network")
_YEAR = 365 * 24 * 3600
_QUIET = 24 * 3600  # nothing was changed in the last day before the start, so that a poll "from now" finds nothing
_COMPANIES = 997
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The records of one endpoint at the start, by id, ascending. Rows are shared by every company that starts so."""

    rows: Mapping[int, Row]


class Generator:
    """Records of every endpoint for one seed. records: how many each endpoint starts with; counts: exceptions to it.

    born: the start, in seconds since the epoch.
    """

    def __init__(self, *, seed: int, born: int, records: int, counts: Mapping[str, int] | None = None) -> None:
        self._seed = seed
        self._born = born
        self._records = records
        self._counts = dict(counts or {})
        self._populations: dict[str, Population] = {}

    def population(self, path: str) -> Population:
        """What this endpoint starts with. Made once."""
        found = self._populations.get(path)
        if found is None:
            count = self._counts.get(path, self._records)
            found = Population(rows={number: self.row(path, number) for number in range(1, count + 1)})
            self._populations[path] = found
        return found

    def row(self, path: str, number: int, updated: int | None = None) -> Row:
        """The record with this id as first written, at a time of the generator's choice if none is given."""
        shape = SHAPES[path]
        bits = _mixed(self._seed ^ crc32(path.encode()), number)
        if updated is None:
            updated = self._born - _QUIET - bits % _YEAR
        template = _template(path, full=bits & 1 == 0)
        company = number if path == "/company/companies" else 1 + (bits >> 8) % _COMPANIES
        body = template % _values(number, bits, updated, company)
        return Row(updated if shape.dated else None, body.encode())


def encoded(record: JsonObject) -> bytes:
    """A record as it goes over the wire: compact JSON, UTF-8."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def decoded(body: bytes) -> JsonObject:
    """A record as written by `encoded`; bytes that a fault broke are read as replacement characters."""
    record: JsonObject = json.loads(body.decode("utf-8", "replace"))
    return record


def record_digest(record: JsonObject) -> str:
    """SHA-256 over sorted keys, in hex: two records are the same version if and only if this is the same."""
    text = json.dumps(record, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def exemplar(path: str) -> JsonObject:
    """A record of this endpoint with every member that its records can have."""
    return decoded((_template(path, full=True) % _values(1, 1, 0, 1)).encode())


_TEMPLATES: dict[tuple[str, bool], str] = {}
_BARE = re.compile(r'"\{#(\w+)\}"')
_MARK = re.compile(r"\{(\w+)\}")


def _template(path: str, *, full: bool) -> str:
    found = _TEMPLATES.get((path, full))
    if found is None:
        found = _TEMPLATES[path, full] = _compiled(SHAPES[path], full=full)
    return found


def _compiled(shape: Shape, *, full: bool) -> str:
    example = copy.deepcopy(dict(shape.example))
    for name in () if full else shape.sometimes:
        del example[name]
    text = json.dumps(example, separators=(",", ":"), ensure_ascii=False).replace("%", "%%")
    return _MARK.sub(r"%(\1)s", _BARE.sub(r"%(\1)s", text))


def _mixed(seed: int, number: int) -> int:
    """64 well-mixed bits for this pair (the finaliser of splitmix64)."""
    bits = (number * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    bits = ((bits ^ bits >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ bits >> 27) * 0x94D049BB133111EB) & _MASK
    return bits ^ bits >> 31


def _values(number: int, bits: int, updated: int, company: int) -> dict[str, Any]:
    """The marks' values. flag is true for half of the records, seldom for one in sixteen; the rest are as named."""
    identifier, name, domain = _company(company)
    first, last = _FIRST[(bits >> 16) % len(_FIRST)], _LAST[(bits >> 24) % len(_LAST)]
    member = (bits >> 32) % len(_MEMBERS)
    return {
        "id": number,
        "company_id": company,
        "company_identifier": identifier,
        "company_name": name,
        "company_domain": domain,
        "contact_id": 1 + (bits >> 20) % 1000,
        "communication_id": number + 500,
        "first": first,
        "last": last,
        "email": f"contact{number}@{domain}",
        "phone": f"555{bits % 10_000:04d}",
        "guid": f"{bits >> 32:08x}-{bits & 0xFFFF:04x}-4000-8000-{number:012d}",
        "member_id": 100 + member,
        "member": _MEMBERS[member],
        "member_name": "Member " + _MEMBERS[member],
        "topic": _TOPICS[(bits >> 40) % len(_TOPICS)],
        "small": 1 + (bits >> 44) % 500,
        "amount": 10 + (bits >> 48) % 9_000,
        "flag": "true" if bits >> 50 & 1 else "false",
        "seldom": "true" if bits >> 51 & 15 == 0 else "false",
        "updated": iso(updated),
        "entered": iso(updated - bits % 5_000_000),
        "later": iso(updated + bits % 5_000_000),
    }


@lru_cache(maxsize=2 * _COMPANIES)
def _company(number: int) -> tuple[str, str, str]:
    """A company's identifier, name and domain."""
    word = _WORDS[number % len(_WORDS)]
    return f"{word}{number}", f"{word} {_FORMS[number % len(_FORMS)]} {number}", f"{word.lower()}{number}.example"
