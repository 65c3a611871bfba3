"""What an instance is configured to do, after parsing: values only.

Reading files into these is `core.instance_file`; design section 6 lists the keys.
Intervals and overlaps are in seconds here, whatever unit the file used.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from cwconsole.core.secret import Secret

DEFAULT_OVERLAP = 120
DEFAULT_INTERVAL = 15 * 60
DEFAULT_SWEEP_INTERVAL = 24 * 3600
DEFAULT_REQUESTS_PER_MINUTE = 900
LARGEST_PAGE = 1000  # ConnectWise's limit; bodies written for other vendors ask for up to 10,000


class Mode(StrEnum):
    """How a resource is read."""

    WINDOW = "window"  # lastUpdated >= watermark - overlap, paged by id: nothing is lost
    FULL = "full"  # no filterable lastUpdated: read whole and compared by hash
    AS_WRITTEN = "as_written"  # a URL template we do not understand, run as it stands: weaker guarantee


class Classify(StrEnum):
    """How CREATED is told from UPDATED."""

    KNOWN_IDS = "known"  # by the ids we know: the default
    DATES = "dates"  # Open Connectors' rule: created date = updated date, within the tolerance


class Origin(StrEnum):
    """How an instance came in; decides whether private callback addresses are allowed."""

    LOCAL = "local"  # added on the machine itself
    API = "api"  # added through the HTTP API


class DateField(Struct, frozen=True, kw_only=True):
    """A date member of a record: where it stands (dotted) and how it is written (Java pattern or `milliseconds`)."""

    path: str
    format: str = "yyyy-MM-dd'T'HH:mm:ss'Z'"
    zone: str = "GMT"


LAST_UPDATED = DateField(path="_info.lastUpdated")


class RecordDates(Struct, frozen=True, kw_only=True):
    """Where a record's own dates stand. updated: None if that is the date which polls ask by, `_info.lastUpdated`."""

    created: DateField | None = None
    updated: DateField | None = None


NO_OWN_DATES = RecordDates()


class ResourceConfig(Struct, frozen=True, kw_only=True):
    """One poller of an instance.

    name: the poller's key, which becomes the event's objectType (`contacts`).
    path: ConnectWise's path below the base URL (`/company/contacts`).
    filter: further conditions in ConnectWise's grammar, without the date predicate; empty for none.
    template: the URL as written in the file; run as it stands in `Mode.AS_WRITTEN`.
    updated: the date of notifications and of `Classify.DATES`; polls ask by `_info.lastUpdated` whatever it is.
    page_size: upper bound for the adaptive page size, 1 to `LARGEST_PAGE`.
    """

    name: str
    path: str
    filter: str = ""
    template: str = ""
    mode: Mode = Mode.WINDOW
    id_field: str = "id"
    updated: DateField = LAST_UPDATED
    created: DateField | None = None
    created_tolerance: float = 0.0
    page_size: int = LARGEST_PAGE
    interval: float = DEFAULT_INTERVAL
    sweep_interval: float = DEFAULT_SWEEP_INTERVAL
    overlap: int = DEFAULT_OVERLAP

    @property
    def dated(self) -> DateField | None:
        """Where a notification's date stands; None if that is the date which polls ask by."""
        return None if self.updated == LAST_UPDATED else self.updated

    @property
    def dates(self) -> RecordDates:
        """What whoever reads its records looks for; another resource of the same path may have others."""
        return RecordDates(created=self.created, updated=self.dated)


class CallbackConfig(Struct, frozen=True, kw_only=True):
    """Where notifications go. `headers` are sent as they are, secrets or not."""

    url: str
    signature_key: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    headers: tuple[tuple[str, str], ...] = ()


class InstanceConfig(Struct, frozen=True, kw_only=True):
    """One authenticated ConnectWise company and what to do with it.

    enabled: `event.notification.enabled`; false means kept and not polled.
    callback: None means record only.
    start: "now", "everything", or whole seconds since the epoch on ConnectWise's clock.
    requests_per_minute: 0 for no limit.
    retry: name of a schedule in `core.delivery.SCHEDULES`.
    """

    name: str
    base_url: str
    company: str
    public_key: str
    private_key: Secret
    client_id: str | None = None
    element_key: str = "connectwisecrmrest"
    tags: tuple[str, ...] = ()
    drop_nulls: bool = True
    enabled: bool = False
    callback: CallbackConfig | None = None
    start: str | int = "now"
    classify: Classify = Classify.KNOWN_IDS
    timezone: str = "UTC"
    api_version: str | None = None
    requests_per_minute: int = DEFAULT_REQUESTS_PER_MINUTE
    ca_file: str | None = None
    proxy: str | None = None
    retry: str = "standard"
    resources: tuple[ResourceConfig, ...] = ()
