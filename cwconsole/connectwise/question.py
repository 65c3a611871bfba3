"""What was asked of ConnectWise: for messages, and for what an answer means."""

from __future__ import annotations

from msgspec import Struct

_CLOUD = (".myconnectwise.net", ".connectwisedev.com")
_API_PREFIXES = ("api-", "sandbox-")


class Question(Struct, frozen=True, kw_only=True):
    """One GET. As text: company and path, which is how messages name it.

    host: of the base URL. company: the login company. path: below the base URL, with the id for a record.
    one: a single record was asked for, not a list. request_id: ConnectWise's own name for it, once it has answered.
    """

    host: str
    company: str
    path: str
    one: bool = False
    request_id: str | None = None

    def __str__(self) -> str:
        return f"{self.company} {self.path}"

    @property
    def to_cloud(self) -> bool:
        """Whether the host is ConnectWise's own, not a server on premises."""
        return self.host.endswith(_CLOUD)

    @property
    def lacks_api_prefix(self) -> bool:
        """Whether the host is one of the cloud that serves pages, not the API."""
        return self.to_cloud and not self.host.startswith(_API_PREFIXES)
