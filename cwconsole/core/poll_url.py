"""What a poller's URL means: which path, which filter, and whether its date condition can be left to our own window.

Two kinds are read: a hub's (`/hubs/crm/contacts?where=…`, names from the catalogue) and ConnectWise's own
(`/company/contacts?conditions=…`). A comparison of lastUpdated with a template's date is left out, since the window of
design 5 takes its place; so is an upper bound by `nowTimeZone`. All else stays as the filter. Where the date is tied
into the expression in another way (an `or` beside it, another field), the URL is run as written, which is a weaker
guarantee.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from math import floor
from urllib.parse import unquote

from msgspec import Struct

from cwconsole.core import catalogue
from cwconsole.core.condition_reader import parse_conditions
from cwconsole.core.condition_tree import Comparison, Group, Node, join, write_conditions
from cwconsole.core.config import Mode
from cwconsole.core.errors import ConfigError
from cwconsole.core.templates import TOKEN, Moment, Token, moments_in, parse_template, render

_DATE_NAMES = frozenset({"lastupdated", "_info/lastupdated", "_info.lastupdated"})
_BOUNDS = {Moment.LAST_POLL: frozenset({">", ">=", "="}), Moment.NOW: frozenset({"<", "<="})}
_QUERY_PARTS = re.compile(
    rf"""((?:{TOKEN}|'(?:{TOKEN}|(?!\$\{{)[^'])*'|"(?:{TOKEN}|(?!\$\{{)[^"])*"|[^&])+)""", re.VERBOSE | re.DOTALL
)
_TOKEN = re.compile(f"({TOKEN})", re.DOTALL)
_PATH = re.compile(r"(?:/(?!\.+(?:/|$))[A-Za-z0-9_.-]+)+")
_HUB = re.compile(r"/hubs/[A-Za-z0-9_-]+/(.+)")
_FARTHEST_HOURS = 48  # the beginning of a day, on a clock 14 hours ahead
_OURS = frozenset({"orderby", "page", "pagesize", "pageid", "nextpage"})  # the window orders and pages by itself


class PollUrl(Struct, frozen=True, kw_only=True):
    """A URL as understood.

    path: below the base URL. filter: ConnectWise's grammar, without the date; empty in `Mode.AS_WRITTEN`.
    reason: why it is run as written or read in full, a plain sentence; empty for a window.
    written: the whole condition in ConnectWise's grammar, tokens and all. dated: whether it names a template's date.
    """

    path: str
    mode: Mode = Mode.WINDOW
    filter: str = ""
    reason: str = ""
    written: str = ""
    dated: bool = False


def understand(url: str, *, base_url: str = "", key: str = "url") -> PollUrl:
    """Read a poller's URL. Raises ConfigError, naming `key`, for one that nothing can be done with.

    base_url: an absolute URL below it counts as ConnectWise's own.
    """
    url = url.strip()
    parse_template(url, key=key)
    address, _, query = url.removeprefix(base_url.rstrip("/")).partition("?")
    path = _path(address, key)
    written, node, reason = _read_condition(query, key)
    if reason:
        return PollUrl(path=path, mode=Mode.AS_WRITTEN, reason=reason, written=written)
    return _without_date(path, node)


def names_the_present(url: str) -> bool:
    """Whether a URL in `Mode.AS_WRITTEN` wants the present time filled in. The URL must have passed `understand`."""
    return Moment.NOW in moments_in(_written(url))


def written_conditions(url: str, *, last_poll_ms: int, now_ms: int) -> str:
    """The condition of a URL in `Mode.AS_WRITTEN`, its times filled in. The URL must have passed `understand`.

    Both are times on ConnectWise's clock. A format may write another zone's hours with a `Z`, or leave out the time of
    day. As long as ConnectWise would read that as later than the last poll, by hours that nobody would ever ask for, it
    is asked for from an hour earlier: no less would move a day's bound, or the hour that clocks repeat.
    """
    written = _written(url)
    asked_ms = last_poll_ms
    for _ in range(_FARTHEST_HOURS):
        if all(read <= last_poll_ms // 1000 for read in _read_as(written, Moment.LAST_POLL, asked_ms)):
            break
        asked_ms -= 3_600_000
    return render(written, last_poll_ms=asked_ms, now_ms=now_ms)


def written_until(url: str, *, now: int) -> int:
    """Up to when a URL that names the present reads everything, whole seconds: `now`, or earlier.

    A token's format may leave out the time of day, or write another zone's hour with a `Z`: what counts is how
    ConnectWise reads what was filled in.
    """
    return min([now, *_read_as(_written(url), Moment.NOW, now * 1000)])


def _read_as(written: str, moment: Moment, ms: int) -> list[int]:
    """How ConnectWise reads the dates that stand for a moment, whole seconds; numbers are what they are."""
    tokens = [part for part in parse_template(written) if isinstance(part, Token) and part.unit is None]
    filled = [render(token.text, last_poll_ms=ms, now_ms=ms) for token in tokens if token.moment is moment]
    return [read for text in filled if (read := _as_read(text)) is not None]


def _as_read(text: str) -> int | None:
    """ConnectWise takes a time without a zone for UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _written(url: str) -> str:
    return _read_condition(url.partition("?")[2], "url")[0]


def _read_condition(query: str, key: str) -> tuple[str, Node | None, str]:
    """The condition in ConnectWise's grammar, its tree, and why it was not understood if it was not."""
    is_hub, text = _condition(query, key)
    parse_template(text, key=key)  # what was percent-encoded may hold tokens, too
    try:
        node = parse_conditions(text, hub=is_hub)
    except ConfigError as error:
        return text, None, f"The condition was not understood: found {error.found}, expected {error.expected}."
    return write_conditions(node), node, ""


def _path(address: str, key: str) -> str:
    path = "/" + address.strip().strip("/")
    hub = _HUB.fullmatch(path)
    name = hub[1] if hub else path[1:]
    if hub or "/" not in name:
        return _catalogued(name, key)
    if not _PATH.fullmatch(path):
        found = "an address with a user in it" if "@" in address else repr(address[:80])
        raise ConfigError(key, found, "a path below baseUrl without placeholders, such as /company/contacts")
    return path


def _catalogued(name: str, key: str) -> str:
    if endpoint := catalogue.lookup(name):
        return endpoint.path
    near = get_close_matches(name, catalogue.names(), n=1)
    hint = f" ({near[0]}?)" if near else ""
    expected = f"a resource of the catalogue{hint}, or ConnectWise's own path such as /company/contacts"
    raise ConfigError(key, repr(name[:60]), expected)


def _condition(query: str, key: str) -> tuple[bool, str]:
    """Whether the condition is a hub's, and its text."""
    found: tuple[bool, str] | None = None
    for part in _QUERY_PARTS.findall(query):
        name, _, value = part.partition("=")
        match name.strip().casefold():
            case "where" | "conditions" as parameter if found is None:
                is_hub = parameter == "where"
                found = (is_hub, _decoded(value, is_hub=is_hub))
            case "where" | "conditions":
                raise ConfigError(key, "two conditions", "one where=… or one conditions=…")
            case parameter if parameter not in _OURS:
                expected = "where=… or conditions=… alone; records are read whole, ordered and paged by id"
                raise ConfigError(key, f"the parameter {name.strip()[:40]!r}", expected)
    return found or (False, "")


def _decoded(value: str, *, is_hub: bool) -> str:
    """Percent-decoded outside tokens. A `where` with blanks in it was never encoded: its `%` are wildcards."""
    pieces = _TOKEN.split(value)
    if is_hub and any(re.search(r"\s", piece) for piece in pieces[::2]):
        return value.strip()
    pieces[::2] = [_unquote(piece) for piece in pieces[::2]]
    return "".join(pieces).strip()


def _unquote(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def _without_date(path: str, node: Node | None) -> PollUrl:
    written = write_conditions(node)
    parts = node.parts if isinstance(node, Group) and node.word == "and" else [node] if node else []
    kept: list[Node] = []
    for part in parts:
        text = write_conditions(part)
        if not (moments := moments_in(text)):
            kept.append(part)
        elif reason := _obstacle(part, moments):
            return PollUrl(path=path, mode=Mode.AS_WRITTEN, reason=reason, written=written)
    return PollUrl(path=path, filter=write_conditions(join("and", kept)), written=written, dated=len(kept) < len(parts))


def _obstacle(part: Node, moments: set[Moment]) -> str:
    """Why our window cannot take the place of a part with a template's date; empty if it can."""
    if not isinstance(part, Comparison):
        return "A date of the template stands inside an `or` or a `not`."
    if part.name.casefold() not in _DATE_NAMES:
        return f"A date of the template is compared with {part.name}, not with lastUpdated."
    if not all(part.operator in _BOUNDS[moment] for moment in moments):
        return f"A date of the template is compared by `{part.operator}`, which is no start or end of a window."
    return ""
