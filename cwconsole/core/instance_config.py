"""What an instance body configures, checked value by value: Open Connectors' keys and ours (design 6).

Unknown keys are their owner's business, except under `cwconsole.`: there they can only be slips of the pen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from cwconsole.core.addresses import checked_base_url, checked_callback_url, checked_proxy
from cwconsole.core.config import DEFAULT_REQUESTS_PER_MINUTE, CallbackConfig, Classify, InstanceConfig
from cwconsole.core.delivery import SCHEDULES
from cwconsole.core.document import shown
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_body import HEADERS, InstanceBody, is_reference
from cwconsole.core.known_keys import CONFIGURATION
from cwconsole.core.loose_table import LooseTable, named
from cwconsole.core.poller_file import read_resources
from cwconsole.core.secret import MASK, Secret
from cwconsole.core.zones import find_zone

Resolve = Callable[[str], str]
# Set for each request by the connection or by the notification itself; a second value would break one or the other.
REFUSED_HEADERS = frozenset(
    {
        *("host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "te"),
        *("upgrade", "expect", "trailer", "keep-alive", "proxy-authorization"),
        *("elements-webhook-id", "elements-webhook-signature"),
        *("webhook-id", "webhook-timestamp", "webhook-signature", "cwconsole-attempt", "cwconsole-replay"),
    }
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_API_VERSION = re.compile(r"[0-9]{4}\.[0-9]{1,2}")
_CREDENTIAL = "event.notification.basic.password"


def as_stored(text: str) -> str:
    """A resolver for bodies whose secrets are plain: the text is the secret."""
    return text


def hidden(_: str) -> str:
    """A resolver for whoever needs the rest of a body, and none of its secrets."""
    return "hidden"


def to_config(body: InstanceBody, resolve: Resolve = as_stored) -> InstanceConfig:
    """The body's values, checked. Raises ConfigError for the first one that cannot be used.

    resolve: makes a secret's text of what is stored (`env:NAME`, `file:PATH`, sealed, plain); it may raise ConfigError.
    """
    table = LooseTable(values=body.configuration, key="configuration")
    for name in body.configuration:
        if name.startswith("cwconsole"):
            CONFIGURATION.require(name, "configuration.")
    element = LooseTable(values=body.document, key="").table("element")
    base_url = checked_base_url(table.required("baseUrl", "ConnectWise's address"), table.at("baseUrl"))
    classify = Classify(table.choice("cwconsole.classify", [*Classify], default=Classify.KNOWN_IDS))
    client_id = _secret(table, "client.id", resolve)
    return InstanceConfig(
        name=body.name,
        base_url=base_url,
        company=_login(table, "company", forbidden="+:"),
        public_key=_login(table, "public.key", forbidden=":"),
        private_key=_required_secret(table, "private.key", resolve),
        client_id=client_id.reveal() if client_id else None,
        element_key=element.required("key", "connectwisecrmrest"),
        tags=_tags(body),
        drop_nulls=table.flag("filter.response.nulls", default=True),
        enabled=table.flag("event.notification.enabled", default=False),
        callback=_callback(table, resolve),
        start=_start(table),
        classify=classify,
        timezone=_timezone(table),
        api_version=_api_version(table),
        requests_per_minute=table.whole(
            "cwconsole.requests_per_minute", default=DEFAULT_REQUESTS_PER_MINUTE, low=0, high=100_000, unit="requests"
        ),
        ca_file=table.text("cwconsole.ca_file", "a file's path"),
        proxy=_proxy(table, resolve),
        retry=table.choice("cwconsole.retry", SCHEDULES.keys(), default="standard"),
        resources=read_resources(table, base_url=base_url, classify=classify),
    )


def timezone_of(body: InstanceBody) -> str:
    """The name of the zone alone, checked as in `to_config`, which takes ten times as long. Raises ConfigError."""
    return _timezone(LooseTable(values=body.configuration, key="configuration"))


def _login(table: LooseTable, name: str, *, forbidden: str) -> str:
    """A part of `company+public:private`, which must not hold what separates the parts."""
    expected = f"the login's text without blanks and without any of {forbidden}"
    text = table.required(name, expected)
    if not text.isprintable() or any(char.isspace() or char in forbidden for char in text):
        raise table.error(name, expected)
    return text


def _secret(table: LooseTable, name: str, resolve: Resolve) -> Secret | None:
    """Never shows what it found."""
    stored = table.get(name)
    return None if stored is None else Secret(_resolved(str(stored), table.at(name), resolve))


def _required_secret(table: LooseTable, name: str, resolve: Resolve) -> Secret:
    secret = _secret(table, name, resolve)
    if secret is None:
        raise ConfigError(table.at(name), "nothing", "the key itself, env:NAME or file:PATH")
    return secret


def _resolved(stored: str, key: str, resolve: Resolve) -> str:
    if stored.strip() == MASK:
        raise ConfigError(key, "a masked secret", "the secret itself, env:NAME or file:PATH")
    with named(key):
        text = resolve(stored).rstrip("\r\n")  # files end in a line break
    if not text or not text.isprintable():
        raise ConfigError(key, "a secret that is empty or has control characters", "printable characters")
    return text


def _tags(body: InstanceBody) -> tuple[str, ...]:
    tags = body.document["tags"]
    return tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()


def _callback(table: LooseTable, resolve: Resolve) -> CallbackConfig | None:
    """None for record only. Open Connectors writes "false" where there is no URL."""
    name = "event.notification.callback.url"
    url = None if table.get(name) is False else table.text(name, "a URL")
    if url is None or url.casefold() == "false":
        return None
    username = table.text("event.notification.basic.username")
    password = _secret(table, _CREDENTIAL, resolve)
    if password and (username is None or ":" in username):
        raise table.error("event.notification.basic.username", "a name without a colon, to go with the password")
    headers = _headers(table, resolve)
    if username and any(header.casefold() == "authorization" for header, _ in headers):
        raise ConfigError(table.at(HEADERS), "Authorization beside basic.username", "one of the two")
    return CallbackConfig(
        url=checked_callback_url(url, table.at(name)),
        signature_key=_secret(table, "event.notification.signature.key", resolve),
        username=username,
        password=password,
        headers=headers,
    )


def _headers(table: LooseTable, resolve: Resolve) -> tuple[tuple[str, str], ...]:
    headers = LooseTable(values=table.table(HEADERS).values, key=table.at(HEADERS), any_case=True)
    found: dict[str, tuple[str, str]] = {}
    for name in headers.values:
        folded = name.casefold()
        if not _HEADER_NAME.fullmatch(name) or folded in found:
            raise ConfigError(
                headers.key, f"the header name {shown(name)}", "names of letters, digits and -, each once"
            )
        if folded in REFUSED_HEADERS:
            raise ConfigError(f"{headers.key}.{name}", "a header that each request sets itself", "it left out")
        value = headers.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ConfigError(f"{headers.key}.{name}", "no text", "a text")
        found[folded] = (name, _resolved(str(value).strip(), f"{headers.key}.{name}", resolve))
    return tuple(found.values())


def _start(table: LooseTable) -> str | int:
    name = "cwconsole.start"
    text = table.text(name) or "now"
    if text in {"now", "everything"}:
        return text
    try:
        moment = datetime.fromisoformat(text)
        seconds = int(moment.timestamp()) if moment.tzinfo else -1
    except (ValueError, OverflowError):
        seconds = -1
    if seconds < 0:
        raise table.error(name, "now, everything, or a time such as 2026-01-31T08:00:00Z")
    return seconds


def _timezone(table: LooseTable) -> str:
    name = table.text("cwconsole.timezone") or "UTC"
    with named(table.at("cwconsole.timezone")):
        find_zone(name)
    return name


def _api_version(table: LooseTable) -> str | None:
    version = table.text("cwconsole.api_version")
    if version is not None and not _API_VERSION.fullmatch(version):
        raise table.error("cwconsole.api_version", "a year and a number, such as 2025.1")
    return version


def _proxy(table: LooseTable, resolve: Resolve) -> str | None:
    name = "cwconsole.proxy"
    text = table.text(name, "an address")
    if text is None:
        return None
    if "@" in text and not is_reference(text):
        expected = "env:NAME or file:PATH for an address with a password"
        raise ConfigError(table.at(name), "an address with a user in it", expected)
    return checked_proxy(_resolved(text, table.at(name), resolve), table.at(name))
