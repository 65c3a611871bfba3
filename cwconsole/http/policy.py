"""Which network addresses may be connected to.

Instances made on the machine itself may reach anything. Those that came in through the HTTP API reach public addresses
and the networks that the settings allow, so that nobody can use this program to knock at loopback, private networks
or a cloud's metadata service (design 7). The list is reference/delivery-and-pull.md 1.6; Python's `is_global` adds what
later registries set aside, but is not enough alone: on 3.11 it holds NAT64, 6to4 and multicast for public.

A name is judged when it resolves (one bad address refuses the whole name) and every address once more when its socket
is made, since literal addresses are never resolved. Pooled connections pass neither check: each policy has its own
connector.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DENIED = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # ::/96 holds `::`, `::1` and the old IPv4-compatible form; 2001::/32 is Teredo, which embeds IPv4 as well.
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)


class AddressBlocked(OSError):
    """The policy refuses an address. An OSError, since that is what aiohttp expects of resolvers and sockets."""

    def __init__(self, address: str) -> None:
        super().__init__(13, f"address {address} is not allowed")
        self.address = address


class AddressPolicy(Struct, frozen=True, kw_only=True):
    """restricted: public addresses and `allowed` only; otherwise everything."""

    restricted: bool
    allowed: tuple[Network, ...] = ()

    def allows(self, text: str) -> bool:
        """Whether this address may be connected to. text: a literal, with or without an IPv6 zone."""
        return not self.restricted or self._allows(_plain(text))

    def _allows(self, address: Address) -> bool:
        if any(address in network for network in self.allowed):
            return True
        return address.is_global and not any(address in network for network in _DENIED)

    def check(self, text: str) -> None:
        """Raise `AddressBlocked` unless the address is allowed."""
        if not self.allows(text):
            raise AddressBlocked(text)


ALLOW_ALL = AddressPolicy(restricted=False)


def public_only(allowed: Iterable[str] = ()) -> AddressPolicy:
    """Public addresses, and these networks. allowed: CIDR texts; raises ValueError for one that is none."""
    return AddressPolicy(restricted=True, allowed=tuple(ip_network(text) for text in allowed))


def _plain(text: str) -> Address:
    """The address without its zone; an IPv4-mapped one as IPv4, which is where it leads."""
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


# As aiohttp hands it to a socket factory: family, kind, protocol, canonical name, address.
SocketInfo = tuple[int, int, int, str, tuple[object, ...]]


class PolicedSockets(Struct, frozen=True):
    """Makes the socket of every real connect, literals included."""

    policy: AddressPolicy

    def __call__(self, info: SocketInfo) -> socket.socket:
        family, kind, proto, _, address = info
        self.policy.check(str(address[0]))
        return socket.socket(family, kind, proto)


class PolicyResolver(AbstractResolver):
    """The system's resolver, refusing names that lead to a refused address, even beside good ones."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses of a name. Raises OSError (gaierror, AddressBlocked)."""
        found = await self._system.resolve(host, port, family)
        for result in found:
            self._policy.check(result["host"])
        return found

    async def close(self) -> None:
        """Nothing is held."""
