"""Instance files: text in JSON or TOML to an `InstanceBody` and back; `core.instance_config` reads what it says.

In TOML the dotted names of `configuration` may be quoted (`"private.key" = …`) or not, which nests tables; resources
are tables of their own (`[configuration.event.poller.configuration.contacts]`). Both read the same.
"""

from __future__ import annotations

import json

from cwconsole.core.document import Json, Syntax, read_document
from cwconsole.core.instance_body import InstanceBody, canonical
from cwconsole.core.known_keys import DOCUMENT


def parse_instance(data: bytes | str, *, syntax: Syntax | None = None) -> InstanceBody:
    """The body that the text holds; without a syntax, a text that begins with `{` is JSON.

    Raises ConfigError for what is not a body at all. Whether its values can be used is `instance_config.to_config`'s
    to say; masked secrets are still allowed here, so that an edited export can get them back (`restore_secrets`).
    """
    document = read_document(data, syntax=syntax)
    DOCUMENT.refuse_slips(document, "")
    return canonical(document)


def export_json(body: InstanceBody) -> str:
    """The body as Open Connectors would take it. Secrets stand in it as they are in the body: mask them before."""
    return json.dumps(body.document, indent=2, ensure_ascii=False) + "\n"


def export_toml_tree(body: InstanceBody) -> dict[str, Json]:
    """The body as plain tables for a TOML writer: as in JSON, but without nulls, which TOML lacks."""
    return {name: _without_nulls(value) for name, value in body.document.items() if value is not None}


def _without_nulls(value: Json) -> Json:
    match value:
        case dict():
            return {name: _without_nulls(item) for name, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value if item is not None]
    return value
