"""Rules for the URLs of an instance: ConnectWise's base URL, the callback URL, a proxy."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from cwconsole.core.errors import ConfigError

_CLOUD = ".myconnectwise.net"
_CLOUD_PREFIXES = ("api-", "sandbox-", "staging")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def checked_base_url(text: str, key: str) -> str:
    """ConnectWise's base URL without its last slash. Raises ConfigError.

    Keys travel with every request, so `http` is for this machine alone. ConnectWise's cloud hosts answer without their
    `api-` prefix by an HTML page with status 200.
    """
    url = _split(text, key, ("https", "http"), "https://api-na.myconnectwise.net/v4_6_release/apis/3.0")
    host = url.hostname or ""
    if url.scheme == "http" and not _is_loopback(host):
        raise ConfigError(key, repr(text[:80]), "https:// (http:// is for this machine alone)")
    if url.query or url.fragment:
        raise ConfigError(key, repr(text[:80]), "an address without ? and #")
    if host.endswith(_CLOUD):
        _check_cloud(url, host, key)
    return text.rstrip("/")


def checked_callback_url(text: str, key: str) -> str:
    """Where notifications go. Raises ConfigError."""
    url = _split(text, key, ("https", "http"), "https://receiver.example.com/events")
    if url.fragment:
        raise ConfigError(key, repr(text[:80]), "an address without #")
    return text


def checked_proxy(text: str, key: str) -> str:
    """A proxy's address. Raises ConfigError. A name and a password may be in it, so it is never shown."""
    try:
        url = urlsplit(text)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or _UNSAFE.search(text):
        raise ConfigError(key, "no usable address", "an address such as http://proxy.example.com:3128")
    return text


def _split(text: str, key: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    """A user or password in the address is refused, and never shown."""
    expected = f"an address such as {example}"
    try:
        url = urlsplit(text)
        usable = url.scheme in schemes and _is_host(url.hostname or "") and (url.port is None or url.port > 0)
    except ValueError as error:  # brackets or a port that are none
        raise ConfigError(key, "an address that cannot be taken apart", expected) from error
    if "@" in url.netloc or (not usable and "@" in text):
        raise ConfigError(key, "an address with a user in it", f"{expected}; user and password have keys of their own")
    if not usable or _UNSAFE.search(text) or len(text) > 2000:
        raise ConfigError(key, repr(text.partition("?")[0][:80]), expected)
    return url


def _is_host(host: str) -> bool:
    return 0 < len(host) <= 253 and all(0 < len(label) <= 63 for label in host.removesuffix(".").split("."))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_cloud(url: SplitResult, host: str, key: str) -> None:
    if not host.startswith(_CLOUD_PREFIXES):
        raise ConfigError(key, repr(host), f"'api-{host}', which is where ConnectWise's cloud serves its API")
    if not url.path.rstrip("/").endswith("/apis/3.0"):
        raise ConfigError(key, repr(url.path[:80]), "a path ending in /apis/3.0, such as /v4_6_release/apis/3.0")
