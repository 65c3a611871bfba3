"""Instance files and stored bodies: read, checked, sealed on the way in, masked on the way out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import tomli_w

from cwconsole.cli import output
from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.instance_body import (
    POLLER,
    InstanceBody,
    canonical,
    is_reference,
    map_secrets,
    masked,
    restore_secrets,
)
from cwconsole.core.instance_config import to_config
from cwconsole.core.instance_file import export_json, export_toml_tree, parse_instance
from cwconsole.store.connection import is_open_database
from cwconsole.store.instances import Draft, Instance
from cwconsole.store.vault import SEALED, Vault

__all__ = ["draft_of", "exported", "masked", "parse_instance", "read_file", "restore_secrets", "stored_body"]

LARGEST = 4_000_000  # bytes; a body with every poller there is takes a hundredth of it


def read_file(name: str) -> InstanceBody:
    """The body in a file, `-` for stdin. Raises UsageError for no file, ConfigError for what is no body."""
    path = Path(name)
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if name == "-" else _read(path)
    except OSError as error:
        raise UsageError(f"The file {name} cannot be read: {error.strerror}; check the path.") from error
    if len(data) > LARGEST:
        raise UsageError(f"The file {name} is larger than {LARGEST // 1_000_000} MB; an instance file never is.")
    suffix = path.suffix.lower()
    try:
        return parse_instance(data, syntax="json" if suffix == ".json" else "toml" if suffix == ".toml" else None)
    except ConfigError as error:
        if error.key != "file":
            raise
        raise ConfigError(name, error.found, error.expected) from error


def _read(path: Path) -> bytes:
    if is_open_database(path):
        raise UsageError(f"{path} is a database that is open; name an instance file.")
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def draft_of(body: InstanceBody, vault: Vault, note: Callable[[str], object] | None = None) -> Draft:
    """The body checked, and its secrets sealed. Raises ConfigError for the first value that cannot be used.

    A secret that is only named may be missing here (the engine may run in another environment): that is said to
    `note`, or else on stderr.
    """
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


def stored_body(instance: Instance) -> InstanceBody:
    """The body as it is stored: secrets sealed or named."""
    return canonical(json.loads(instance.body))


def exported(instance: Instance, *, as_toml: bool) -> str:
    """The body fit to be shown: secrets as `********`, references as they are."""
    body = masked(stored_body(instance))
    return tomli_w.dumps(export_toml_tree(body)) if as_toml else export_json(body)


def with_assignments(body: InstanceBody, assignments: tuple[str, ...], removed: tuple[str, ...]) -> InstanceBody:
    """The body with values set (`KEY=VALUE`) and taken away. Raises UsageError for what is no assignment."""
    document: dict[str, Json] = dict(body.document)
    configuration = dict(body.configuration)
    document["configuration"] = configuration
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise UsageError(f"{key!r} is no assignment; write KEY=VALUE.")
        table, name = _place(document, configuration, key)
        table[name] = _value(value)
    for key in removed:
        table, name = _place(document, configuration, key)
        if name not in table:
            raise UsageError(f"{key} is not set, so it cannot be taken away.")
        del table[name]
    return canonical(document)


def _place(document: dict[str, Json], configuration: dict[str, Json], key: str) -> tuple[dict[str, Json], str]:
    """Where a key stands: on top (`name`, `tags`), in the configuration, or in a resource of the poller's."""
    key = key.removeprefix("configuration.")
    if key in {"name", "tags"}:
        return document, key
    if not key.startswith(f"{POLLER}."):
        return configuration, key
    resource, dot, member = key.removeprefix(f"{POLLER}.").partition(".")
    pollers = _copied(configuration, POLLER)
    return (_copied(pollers, resource), member) if dot else (pollers, resource)


def _copied(table: dict[str, Json], name: str) -> dict[str, Json]:
    """A table inside a table, copied so that the stored body stays as it is; made if it is not there."""
    inner = table.get(name)
    copied: dict[str, Json] = dict(inner) if isinstance(inner, dict) else {}
    table[name] = copied
    return copied


def _value(text: str) -> Json:
    """JSON where it is some (numbers, true, lists), text otherwise."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
