"""An instance as its file describes it: Open Connectors' body in one canonical shape, and the secrets inside it.

Canonical means: `configuration` is flat with dotted names however the file nested it; the poller configuration, each
resource in it, its dates and the callback headers are objects even if they came as texts; nothing else is changed, so
that what we do not know (providerData, oauth.*) is still there when the instance is exported.

A secret is stored as plain text, sealed by the store, or as a reference (`env:NAME`, `file:PATH`). This module only
finds them; sealing and resolving are the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from msgspec import Struct

from cwconsole.core.document import Json, read_json_object, shown
from cwconsole.core.errors import ConfigError
from cwconsole.core.secret import MASK

POLLER = "event.poller.configuration"
DATES = "datesConfiguration"
HEADERS = "event.notification.callback.headers"
SECRET_KEYS = frozenset(
    {
        "private.key",
        "client.id",  # ConnectWise asks to treat it like a password
        "event.notification.signature.key",
        "event.notification.basic.password",
        # Not used here, but found in real bodies, where they came in by copying.
        "password",
        "oauth.api.key",
        "oauth.api.secret",
        "oauth.basic.header",
        "oauth.user.token",
        "oauth.user.refresh_token",
    }
)
_WHOLE = frozenset({POLLER, HEADERS, "event.metadata"})  # objects that are values, not nested keys
_REFERENCES = ("env:", "file:")
_PARTS = frozenset({"configuration", POLLER})  # what an edit names part by part


class InstanceBody(Struct, frozen=True, kw_only=True):
    """document: the whole body, JSON-able, canonical. Treat it as read-only."""

    document: Mapping[str, Json]

    @property
    def name(self) -> str:
        """Unique among instances; the store sees to that."""
        return str(self.document["name"])

    @property
    def configuration(self) -> Mapping[str, Json]:
        """Flat, with dotted names."""
        configuration = self.document["configuration"]
        return configuration if isinstance(configuration, dict) else {}


def canonical(document: Mapping[str, Json]) -> InstanceBody:
    """The body in its canonical shape. Raises ConfigError for a wrong name, element, tag or configuration."""
    configuration = document.get("configuration")
    if not isinstance(configuration, dict):
        raise ConfigError("configuration", shown(configuration), "an object with baseUrl, company and the keys")
    shaped = {
        **document,
        "name": _name(document.get("name")),
        "element": _element(document.get("element")),
        "tags": _tags(document.get("tags")),
        "configuration": _configuration(configuration),
    }
    return InstanceBody(document=shaped)


def stored_body(text: str) -> InstanceBody:
    """A body as the store keeps it: canonical already, secrets sealed or named."""
    return InstanceBody(document=json.loads(text))


def map_secrets(body: InstanceBody, change: Callable[[str], str]) -> InstanceBody:
    """The body with every secret text replaced by what `change` makes of it."""
    return _mapped(body, lambda _, text: change(text))


def masked(body: InstanceBody) -> InstanceBody:
    """The body fit to be shown: secrets as `********`, references as they are."""
    return map_secrets(body, lambda text: text if is_reference(text) else MASK)


def restore_secrets(edited: InstanceBody, stored: InstanceBody) -> InstanceBody:
    """The edited body, where a mask stands for the stored secret at the same place."""
    known: dict[str, str] = {}
    _mapped(stored, known.setdefault)
    return _mapped(edited, lambda key, text: known.get(key, text) if text == MASK else text)


def changed_settings(before: InstanceBody, after: InstanceBody) -> list[str]:
    """The keys that were set, changed or taken away. Of resources, those of both bodies whose table is another.

    A secret that was entered anew counts even if it is the same: sealed texts cannot be compared.
    """
    old, new = _settings(before), _settings(after)
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    tables, now = _resources(before), _resources(after)
    return keys + [f"{POLLER}.{name}" for name in tables.keys() & now.keys() if tables[name] != now[name]]


def _settings(body: InstanceBody) -> dict[str, Json]:
    return {key: value for key, value in {**body.document, **body.configuration}.items() if key not in _PARTS}


def _resources(body: InstanceBody) -> dict[str, Json]:
    poller = body.configuration.get(POLLER)
    return poller if isinstance(poller, dict) else {}


def is_reference(text: str) -> bool:
    """Whether a secret's text only says where the secret is."""
    return text.startswith(_REFERENCES)


def _mapped(body: InstanceBody, change: Callable[[str, str], str]) -> InstanceBody:
    configuration = dict(body.configuration)
    for name, value in configuration.items():
        if name in SECRET_KEYS or name == HEADERS:
            configuration[name] = _mapped_texts(value, f"configuration.{name}", change)
    document = {**body.document, "configuration": configuration}
    for name in ("providerData", "token"):
        if name in document:
            document[name] = _mapped_texts(document[name], name, change)
    return InstanceBody(document=document)


def _mapped_texts(value: Json, key: str, change: Callable[[str, str], str]) -> Json:
    match value:
        case str() if value:
            return change(key, value)
        case dict():
            return {name: _mapped_texts(item, f"{key}.{name}", change) for name, item in value.items()}
        case list():
            return [_mapped_texts(item, f"{key}[{index}]", change) for index, item in enumerate(value)]
    return value


def _name(value: Json) -> str:
    """Digits alone would be taken for an id; control characters would reach the operator's terminal."""
    name = value.strip() if isinstance(value, str) else ""
    if not name or name.isdigit() or not name.isprintable() or len(name) > 200:
        raise ConfigError("name", shown(value), "a name of printable characters that is not a number")
    return name


def _element(value: Json) -> Json:
    """Only ConnectWise is polled, also through a copied element whose key continues the original's."""
    element: dict[str, Json] = value if isinstance(value, dict) else {"key": value or "connectwisecrmrest"}
    key = element.get("key")
    if not isinstance(key, str) or not key.startswith("connectwise"):
        raise ConfigError("element.key", shown(key), "connectwisecrmrest")
    return element


def _tags(value: Json) -> list[Json]:
    tags: list[Json] = value if isinstance(value, list) else [value] if value is not None else []
    for index, tag in enumerate(tags):
        if not isinstance(tag, str) or not tag.isprintable():
            raise ConfigError(f"tags[{index}]", shown(tag), "a text of printable characters")
    return tags


def _configuration(nested: dict[str, Json]) -> dict[str, Json]:
    flat: dict[str, Json] = {}
    _flatten(nested, "", flat)
    if isinstance(poller := _opened(flat.get(POLLER), f"configuration.{POLLER}"), dict):
        flat[POLLER] = {name: _resource(value, f"configuration.{POLLER}.{name}") for name, value in poller.items()}
    if isinstance(headers := flat.get(HEADERS), str):
        flat[HEADERS] = _headers(headers)
    for name in SECRET_KEYS & flat.keys():
        flat[name] = _secret_text(flat[name], name)
    return flat


def _resource(value: Json, key: str) -> Json:
    """Whoever sets one key of a resource must not take a text for nothing, and drop the others."""
    opened = _opened(value, key)
    if not isinstance(opened, dict):
        return opened
    return {name: _opened(inner, f"{key}.{name}") if is_dates(name) else inner for name, inner in opened.items()}


def is_dates(name: str) -> bool:
    """Whether a resource's member of this name is its dates; such names are read in any case."""
    return name.casefold() == DATES.casefold()


def _opened(value: Json, key: str) -> Json:
    """The object that a text holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    return read_json_object(value, key=key) if value.strip() else {}


def _flatten(table: dict[str, Json], prefix: str, flat: dict[str, Json]) -> None:
    for name, value in table.items():
        full = prefix + name
        if isinstance(value, dict) and value and full not in _WHOLE:
            _flatten(value, f"{full}.", flat)
        elif full in flat:
            raise ConfigError(f"configuration.{full}", "this key twice, quoted and nested", "it once")
        else:
            flat[full] = value


def _secret_text(value: Json, name: str) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"configuration.{name}", "no text", "a text, env:NAME or file:PATH")
    return value


def _headers(text: str) -> dict[str, Json]:
    """A JSON object's text, or lines of `Name: value`."""
    key = f"configuration.{HEADERS}"
    if text.lstrip().startswith("{"):
        return read_json_object(text, key=key)
    headers: dict[str, Json] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or name.strip() in headers:
            raise ConfigError(key, "a line without a colon or a name given twice", "lines of `Name: value`")
        headers[name.strip()] = value.strip()
    return headers
