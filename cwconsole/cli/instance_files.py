"""Instance files and stored bodies: read, checked, sealed on the way in, masked on the way out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import tomli_w
from msgspec import Struct

from cwconsole.cli import output
from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.instance_body import (
    DATES,
    POLLER,
    InstanceBody,
    canonical,
    is_dates,
    is_reference,
    map_secrets,
    masked,
    stored_body,
)
from cwconsole.core.instance_config import to_config
from cwconsole.core.instance_file import export_json, export_toml_tree, parse_instance
from cwconsole.core.known_keys import CONFIGURATION, DATE_KEYS, RESOURCE, Keys, refuse_slips
from cwconsole.core.poller_file import move_to_pollers
from cwconsole.store.connection import is_open_database
from cwconsole.store.instances import Draft, Instance
from cwconsole.store.vault import SEALED, Vault

LARGEST = 4_000_000  # bytes; a body with every poller there is takes a hundredth of it


def read_file(name: str) -> InstanceBody:
    """The body in a file, `-` for stdin. Raises ConfigError for a file that cannot be read, and for what is no body."""
    path = Path(name)
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if name == "-" else _read(path)
    except OSError as error:
        raise ConfigError(name, f"what cannot be read ({error.strerror})", "the path of an instance file") from error
    if len(data) > LARGEST:
        raise ConfigError(name, f"more than {LARGEST // 1_000_000} MB", "an instance file, which is never so large")
    suffix = path.suffix.lower()
    try:
        return parse_instance(data, syntax="json" if suffix == ".json" else "toml" if suffix == ".toml" else None)
    except ConfigError as error:
        if error.key != "file":
            raise
        raise ConfigError(name, error.found, error.expected) from error


def _read(path: Path) -> bytes:
    if is_open_database(path):
        raise ConfigError(str(path), "a database that is open", "the path of an instance file")
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def draft_of(body: InstanceBody, vault: Vault, note: Callable[[str], object] | None = None) -> Draft:
    """The body checked, and its secrets sealed. Raises ConfigError for the first value that cannot be used.

    A secret that is only named may be missing here (the engine may run in another environment): that is said to
    `note`, or else on stderr.
    """
    pollers = body.configuration.get(POLLER)
    refuse_slips(body.configuration, pollers if isinstance(pollers, dict) else {})
    config = to_config(body, _lenient(vault, note or output.say))
    sealed = map_secrets(body, lambda text: text if _is_kept(text) else vault.seal(text))
    return Draft(body=json.dumps(sealed.document, ensure_ascii=False, separators=(",", ":")), config=config)


def _is_kept(text: str) -> bool:
    return is_reference(text) or text.startswith(SEALED)


def _lenient(vault: Vault, note: Callable[[str], object]) -> Callable[[str], str]:
    def resolve(text: str) -> str:
        try:
            return vault.resolve(text).reveal()
        except ConfigError as error:
            if not is_reference(text):
                raise
            note(f"Note: {text} gives nothing here ({error.found}); the engine will need it.")
            return "unresolved"

    return resolve


def exported(instance: Instance, *, as_toml: bool) -> str:
    """The body fit to be shown: secrets as `********`, references as they are."""
    body = masked(stored_body(instance.body))
    return tomli_w.dumps(export_toml_tree(body)) if as_toml else export_json(body)


def with_assignments(body: InstanceBody, assignments: tuple[str, ...], removed: tuple[str, ...]) -> InstanceBody:
    """The body with values set (`KEY=VALUE`) and taken away.

    Raises UsageError for what is no assignment, ConfigError for a key that nothing would read.
    """
    document: dict[str, Json] = dict(body.document)
    configuration = dict(body.configuration)
    document["configuration"] = configuration
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise UsageError(f"{key!r} is no assignment; write KEY=VALUE.")
        place = _place(document, configuration, key)
        if place.name not in place.table and place.known is not None:
            place.known.require(place.name, place.prefix)
        place.table[place.name] = _value(value)
    for key in removed:
        place = _place(document, configuration, key)
        if place.name not in place.table:
            raise UsageError(f"{key} is not set, so it cannot be taken away.")
        del place.table[place.name]
    return canonical(document)


class _Place(Struct, frozen=True, kw_only=True):
    """Where a key stands. known: what it may be called, None for any name. prefix: what errors put before it."""

    table: dict[str, Json]
    name: str
    known: Keys | None = None
    prefix: str = ""


def _place(document: dict[str, Json], configuration: dict[str, Json], key: str) -> _Place:
    """On top (`name`, `tags`), in the element, in the configuration, or in a resource of the poller's."""
    key = key.removeprefix("configuration.")
    if key in {"name", "tags"}:
        return _Place(table=document, name=key)
    if key == "element.key":
        return _Place(table=_copied(document, "element"), name="key")
    if not key.startswith(f"{POLLER}."):
        return _Place(table=configuration, name=key, known=CONFIGURATION, prefix="configuration.")
    resource, dot, member = key.removeprefix(f"{POLLER}.").partition(".")
    pollers = move_to_pollers(configuration)
    if not dot:
        return _Place(table=pollers, name=resource)
    table, prefix = _copied(pollers, resource), f"configuration.{POLLER}.{resource}."
    dates = f"{DATES}."
    if member.startswith(dates) and member not in table:
        inner, there = member.removeprefix(dates), next(filter(is_dates, table), DATES)
        return _Place(table=_copied(table, there), name=inner, known=DATE_KEYS, prefix=prefix + dates)
    return _Place(table=table, name=member, known=RESOURCE, prefix=prefix)


def _copied(table: dict[str, Json], name: str) -> dict[str, Json]:
    """A table inside a table, copied so that the stored body stays as it is; made if it is not there."""
    inner = table.get(name)
    copied: dict[str, Json] = dict(inner) if isinstance(inner, dict) else {}
    table[name] = copied
    return copied


def _value(text: str) -> Json:
    """A list, an object or a text in quotes is JSON; anything else stands as it is typed.

    Numbers and truth values may come as texts everywhere. Read as JSON, a key of `1e5` would become `100000.0`, a
    version of `2020.10` would lose its end, and a password of `null` would be gone.
    """
    if not text.startswith(("[", "{", '"')):
        return text
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
