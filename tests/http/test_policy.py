"""The address policy: nothing but public addresses, in whatever spelling."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.http.policy import ALLOW_ALL, AddressBlocked, public_only

REFUSED = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1"),
    *("2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1"),
    *("ff02::1", "ff0e::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "::ffff:8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressBlocked) as caught:
        public_only().check(address)
    assert caught.value.address == address
    assert ALLOW_ALL.allows(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_allowed(address: str) -> None:
    assert public_only().allows(address)


def test_allowed_networks_are_exceptions_also_for_mapped_addresses() -> None:
    policy = public_only(["10.1.0.0/16", "fd00::/8"])
    assert policy.allows("10.1.2.3")
    assert policy.allows("::ffff:10.1.2.3")
    assert policy.allows("fd12::1")
    assert not policy.allows("10.2.0.1")


def test_a_network_that_is_none_is_refused_when_the_policy_is_made() -> None:
    with pytest.raises(ValueError, match="10"):
        public_only(["10.1.0.0/99"])


@given(st.integers(0, 2**32 - 1))
def test_a_mapped_address_is_judged_as_the_ipv4_address_it_leads_to(number: int) -> None:
    address = IPv4Address(number)
    assert public_only().allows(f"::ffff:{address}") == public_only().allows(str(address))


@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_gets_in_by_a_translating_prefix(number: int) -> None:
    high, low = number >> 16, number & 0xFFFF
    for text in (f"64:ff9b::{high:x}:{low:x}", f"2002:{high:x}:{low:x}::1", f"::{high:x}:{low:x}"):
        assert not public_only().allows(text)
