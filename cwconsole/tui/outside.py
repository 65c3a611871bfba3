"""What the console needs of the world beside the database: ConnectWise, the vault, instance files.

Whoever starts the console provides it (`cli.outside`): the screens know no HTTP and no key. Every method answers within
a limit, raises `CwconsoleError`s with a sentence, and never blocks the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from cwconsole.core.instance_body import InstanceBody
from cwconsole.store.instances import Draft, Instance


class Counted(Struct, frozen=True, kw_only=True):
    """What one resource answered: how many records it has, or why that could not be asked."""

    resource: str
    records: int | None = None
    error: str | None = None


class Tested(Struct, frozen=True, kw_only=True):
    """How a test of a connection went.

    sentence: what was found, in one sentence. ok: whether the keys were accepted.
    ahead_seconds: the server's clock minus this machine's, None without an answer. counted: by the resources' order.
    """

    ok: bool
    sentence: str
    ahead_seconds: float | None = None
    counted: Sequence[Counted] = ()


class Sealed(Struct, frozen=True, kw_only=True):
    """An instance ready to be stored. notes: what the operator should know, a sentence each."""

    draft: Draft
    notes: Sequence[str] = ()


class Outside(Protocol):
    """See the module."""

    async def count(self, instance: str, resource: str, since: int) -> int:
        """How many records a poll from this watermark (whole seconds, server's clock) would read."""
        ...

    async def test(self, body: InstanceBody) -> Tested:
        """Whether ConnectWise answers to this body, and what its clock says. Raises only for what is no body."""
        ...

    async def seal(self, body: InstanceBody) -> Sealed:
        """The body checked, its secrets encrypted. Raises ConfigError that names the key."""
        ...

    async def read_file(self, path: str) -> InstanceBody:
        """An instance file. Raises UsageError for no file, ConfigError for what is no body."""
        ...

    async def write_file(self, path: str, instance: Instance) -> str:
        """An instance as a new file, secrets masked. Returns where it is. Raises UsageError, also if it exists."""
        ...
