"""Addresses of clients."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.fields import addresses

PUBLIC = (
    *("203.0.113.7", "198.51.100.1", "192.0.2.1", "2001:db8::1"),  # of documentation: they stand for public ones
    *("8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"),
    *("169.253.0.1", "192.167.255.255", "192.169.0.0", "223.255.255.255", "0.0.0.1", "240.0.0.1"),
    *("2600::1", "fbff::1", "fec0::1", "fe00::1", "::2", "::ffff:8.8.8.8", "64:ff9b::808:808"),
)
NOT_PUBLIC = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"),
    *("127.0.0.1", "127.255.255.254", "169.254.169.254", "224.0.0.1", "239.255.255.255", str(IPv4Address(0))),
    *("::", "::1", "fd00::1", "fc00::", "fdff:ffff::1", "fe80::1", "fe80::1%eth0", "febf::1", "ff02::1"),
    *("::ffff:10.0.0.1", "::ffff:a00:1"),
)
NO_ADDRESS = (
    *(
        "",
        "private",
        "gce-internal-ip",
        "10.0.0",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4:80",
        "[::1]",
        " 8.8.8.8",
    ),
    *(" 8.8.8.8", "8.8.8.8/32", "8.8.8.8%x", "\u0661.2.3.4", "8" * 65, "::1%" + "x" * 100),
)


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    assert addresses.is_public(text.encode())


@pytest.mark.parametrize("text", [*NOT_PUBLIC, *NO_ADDRESS])
def test_not_public(text: str) -> None:
    assert not addresses.is_public(text.encode())


@pytest.mark.parametrize(
    ("text", "network", "expected"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("203.0.113.7", "203.0.113.7", True),  # a network of one
        ("203.0.113.7", "0.0.0.0/0", True),
        ("::1", "0.0.0.0/0", False),
        ("203.0.113.7", "::/0", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("2001:db8::1", "2001:db8::/32", True),
        ("2001:db9::1", "2001:db8::/32", False),
        ("fe80::1%eth0", "fe80::/10", True),
        ("private", "0.0.0.0/0", False),
        ("", "::/0", False),
        ("0" * 1000, "::/0", False),
    ],
)
def test_inside_a_network(text: str, network: str, expected: bool) -> None:
    assert addresses.is_inside(text.encode(), addresses.network(network)) is expected


@pytest.mark.parametrize("text", ["10.0.0.0/8", "10.0.0.0/255.0.0.0", "10.1.2.3", "2001:db8::/32", "::/0", "::1"])
def test_networks(text: str) -> None:
    assert addresses.network(text) == addresses.network(text, is_exact=False)


def test_the_network_of_an_address() -> None:
    for text, found in (("10.1.2.3/8", "10.0.0.0/8"), ("2001:db8::1/32", "2001:db8::/32")):
        with pytest.raises(ValueError, match="host bits"):
            addresses.network(text)
        assert str(addresses.network(text, is_exact=False)) == found


@pytest.mark.parametrize("is_exact", [True, False])
@pytest.mark.parametrize(
    "text", ["", "x", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/" + "9" * 5000, "10.0.0.0/-1", "a/b/c"]
)
def test_what_is_no_network(text: str, is_exact: bool) -> None:
    with pytest.raises(ValueError, match=r"network|mask|octets|address"):
        addresses.network(text, is_exact=is_exact)


@given(st.binary(max_size=80) | st.ip_addresses().map(lambda address: str(address).encode()))
def test_anything_may_be_an_address(text: bytes) -> None:
    assert addresses.is_public(text) in (True, False)
    assert addresses.is_inside(text, addresses.network("10.0.0.0/8")) in (True, False)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fc00::/7") | st.ip_addresses(network="::1/128"))
def test_private_addresses_are_not_public(address: object) -> None:
    assert not addresses.is_public(str(address).encode())


def test_only_what_may_be_an_address_is_remembered() -> None:
    """Clients choose these texts: thousands of long ones would fill the memory."""
    addresses._is_public.cache_clear()  # type: ignore[attr-defined]
    addresses._address.cache_clear()  # type: ignore[attr-defined]
    assert not addresses.is_public(b"8" * 65)
    assert not addresses.is_inside(b"8" * 65, addresses.network("::/0"))
    assert addresses._is_public.cache_info().currsize == addresses._address.cache_info().currsize == 0  # type: ignore[attr-defined]
