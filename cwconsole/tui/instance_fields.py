"""An instance body as the fields of a form, and back; nothing that the form does not show is lost.

1. A field that is empty takes its key away. A secret that still reads `********` stays as it is stored.
2. Resources are named by ticking them. One that was configured keeps its own settings; one that the catalogue knows
   needs none.
3. Headers are words, as a shell splits them: `X-Team=blue 'X-Note=two words'`. Their values are secrets.
4. A body with older spellings (`event.objects`, `event.poller.urls`) is only rewritten when other resources are ticked;
   those that stay ticked keep what it said of them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from cwconsole.core import catalogue
from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_body import HEADERS, POLLER, InstanceBody, canonical, is_reference, masked
from cwconsole.core.poller_file import move_to_pollers, pollers_of
from cwconsole.core.secret import MASK

ENABLED: Final = "event.notification.enabled"
CALLBACK: Final = "event.notification.callback.url"


class Field(Struct, frozen=True, kw_only=True):
    """One line of the form. key: of the configuration, or `name` and `tags`. hint: stands there while it is empty."""

    key: str
    label: str
    hint: str = ""
    secret: bool = False

    @property
    def id(self) -> str:
        """Its name among widgets."""
        return "field-" + self.key.replace(".", "-").replace("_", "-")


FIELDS: Final = (
    Field(key="name", label="Name", hint="unique, and not a number"),
    Field(key="baseUrl", label="Base URL", hint="https://api-na.myconnectwise.net/v4_6_release/apis/3.0"),
    Field(key="company", label="Company", hint="as typed at ConnectWise's sign-in"),
    Field(key="public.key", label="Public key"),
    Field(key="private.key", label="Private key", hint="itself, or env:NAME or file:PATH", secret=True),
    Field(key="client.id", label="Client id", hint="clientId; empty: that of the settings", secret=True),
    Field(key=CALLBACK, label="Callback URL", hint="empty: events are recorded, not sent"),
    Field(key="event.notification.signature.key", label="Signature key", hint="signs each notification", secret=True),
    Field(key="event.notification.basic.username", label="Callback user", hint="where the receiver wants basic auth"),
    Field(key="event.notification.basic.password", label="Its password", hint="or env:NAME or file:PATH", secret=True),
    Field(key=HEADERS, label="Headers", hint="X-Team=blue X-Key=env:NAME", secret=True),
    Field(key="event.poller.refresh_interval", label="Minutes", hint="between polls; 15"),
    Field(key="cwconsole.start", label="Start", hint="now, everything, 2026-01-31T08:00:00Z"),
    Field(key="cwconsole.timezone", label="Time zone", hint="UTC, America/Denver"),
    Field(key="tags", label="Tags", hint="separated by commas"),
)
_LABELS: Final = {field.key: field.label for field in FIELDS if field.key not in {"name", "tags", "company"}}
_KEYS: Final = re.compile(rf"(?<![\w.])(?:configuration\.)?({'|'.join(map(re.escape, _LABELS))})(?![\w.]*\w)")
_NUMBERS: Final = frozenset({"event.poller.refresh_interval"})


class Offer(Struct, frozen=True, kw_only=True):
    """A resource to tick. title: what it is. note: what someone who picks it should know."""

    name: str
    title: str
    note: str = ""
    ticked: bool = False


class Filled(Struct, frozen=True, kw_only=True):
    """What stands in a form: texts by their fields' keys, the ticked resources, and whether it is to be polled."""

    texts: Mapping[str, str]
    resources: tuple[str, ...]
    enabled: bool


def by_labels(sentence: str) -> str:
    """A sentence with the fields' labels where it names keys: `check Public key`, not `check public.key`."""
    return _KEYS.sub(lambda found: _LABELS[found[1]], sentence)


def empty_body() -> InstanceBody:
    """Where a new instance begins. It has no name yet, so it is no body that could be stored."""
    document: dict[str, Json] = {
        "name": "",
        "element": {"key": "connectwisecrmrest"},
        "tags": [],
        "configuration": {ENABLED: True},
    }
    return InstanceBody(document=document)


def fields_of(body: InstanceBody) -> Filled:
    """What the form shows of a body."""
    texts = {field.key: _text(field.key, _value(body, field.key)) for field in FIELDS}
    enabled = str(body.configuration.get(ENABLED, False)).casefold() == "true"
    return Filled(texts=texts, resources=tuple(_named(body)), enabled=enabled)


def offers_of(body: InstanceBody) -> list[Offer]:
    """Its own resources, ticked, and then what else the catalogue has."""
    own = _named(body)
    known = {endpoint.path for name in own if (endpoint := catalogue.lookup(name)) is not None}
    offers = [Offer(name=name, title=_title(name, url), ticked=True) for name, url in own.items()]
    return offers + [
        Offer(name=endpoint.key, title=endpoint.title, note=endpoint.note)
        for endpoint in catalogue.ENDPOINTS
        if endpoint.path not in known and endpoint.key not in own
    ]


def filled_in(body: InstanceBody, filled: Filled) -> InstanceBody:
    """The body with what stands in the form. Raises ConfigError for a name or a tag that cannot be."""
    document: dict[str, Json] = dict(body.document)
    configuration = dict(body.configuration)
    document["configuration"] = configuration
    before = fields_of(body)
    for field in FIELDS:
        text = filled.texts[field.key].strip()
        if text != before.texts[field.key].strip():
            _put(document, configuration, field.key, text)
    if filled.enabled != before.enabled:
        configuration[ENABLED] = filled.enabled
    if set(filled.resources) != set(before.resources):
        _put_resources(configuration, filled.resources)
    return canonical(document)


def field_at(key: str) -> Field | None:
    """The field that a ConfigError's key is about, if the form shows it."""
    name = key.removeprefix("configuration.")
    return next((field for field in FIELDS if field.key == name), None)


def edit_command(name: str, before: InstanceBody, after: InstanceBody) -> str:
    """The same on the command line, secrets masked."""
    old, new = _settings(before), _settings(after)
    words = ["cwconsole", "instances", "edit", name]
    for key, value in new.items():
        if old.get(key) != value:
            words += ["--set", f"{key}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"]
    words += [word for key in old if key not in new for word in ("--unset", key)]
    return shlex.join(words)


def _settings(body: InstanceBody) -> dict[str, Json]:
    """Values by the keys that `instances edit --set` takes, secrets masked."""
    shown = masked(body)
    settings: dict[str, Json] = {"name": shown.document.get("name"), "tags": shown.document.get("tags")}
    for key, value in shown.configuration.items():
        if key == POLLER and isinstance(value, dict):
            settings |= {f"{POLLER}.{name}": table for name, table in value.items()}
        else:
            settings[key] = value
    return settings


def _value(body: InstanceBody, key: str) -> Json:
    return body.document.get(key) if key in {"name", "tags"} else body.configuration.get(key)


def is_hidden(key: str, text: str) -> bool:
    """Whether a secret field shows stars: where a secret is to be found is shown, and the mask is none."""
    values = [word.partition("=")[2] for word in text.split()] if key == HEADERS else [text]
    return any(value and value != MASK and not is_reference(value) for value in values)


def _text(key: str, value: Json) -> str:
    match value:
        case dict() if key == HEADERS:
            return " ".join(_word(f"{name}={_text(name, text)}") for name, text in value.items())
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(str(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def _put(document: dict[str, Json], configuration: dict[str, Json], key: str, text: str) -> None:
    if key == "name":
        document[key] = text
    elif key == "tags":
        document[key] = [tag.strip() for tag in text.split(",") if tag.strip()]
    elif not text:
        configuration.pop(key, None)
    elif key == HEADERS:
        configuration[key] = _headers(text)
    else:
        configuration[key] = _number(text) if key in _NUMBERS else text


def _word(text: str) -> str:
    """As it is typed: quoted only if it would be split otherwise, for `=********` is to look like the mask it is."""
    return shlex.quote(text) if set(text) & set(" \t\r\n'\"\\") else text


def _headers(text: str) -> Json:
    try:
        words = [word.partition("=") for word in shlex.split(text)]
    except ValueError:
        raise ConfigError(HEADERS, "a quote that is not closed", "X-Team=blue 'X-Note=two words'") from None
    if wrong := next((name for name, equals, _ in words if not equals), ""):
        raise ConfigError(HEADERS, f"{wrong} without a value", "X-Team=blue 'X-Note=two words'")
    return {name: value for name, _, value in words}


def _number(text: str) -> Json:
    """A number where it is one; what is none is left for the check to name."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value


def _named(body: InstanceBody) -> dict[str, str]:
    """The configured resources with their URLs, in the order of the body; the older spellings too."""
    try:
        pollers = pollers_of(body.configuration)
    except ConfigError:
        return {}
    return {name: str(table.get("url") or "") if isinstance(table, dict) else "" for name, table in pollers.items()}


def _title(name: str, url: str) -> str:
    endpoint = catalogue.lookup(name)
    return url or (endpoint.title if endpoint is not None else "")


def _put_resources(configuration: dict[str, Json], names: Sequence[str]) -> None:
    own = move_to_pollers(configuration)
    configuration[POLLER] = {name: own.get(name, {}) for name in names}
