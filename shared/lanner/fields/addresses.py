"""Addresses of clients: public or not, inside a network or not."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["is_inside", "is_public", "network"]

_MAX_ADDRESS = 64
"""Bytes of an address with a zone, at most; whatever is longer is none, and is not remembered."""

_NOT_PUBLIC = (
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "::/128",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""What clients inside of a network have for addresses. Documentation ranges are not among them: in examples and in
recorded events they stand for public addresses."""


def is_public(text: bytes) -> bool:
    """Tell whether a text is an address that is neither private, carrier-grade NAT, loopback, link-local, unique-local,
    multicast nor unspecified. An IPv4 address in an IPv6 one counts as what it is.
    """
    return len(text) <= _MAX_ADDRESS and _is_public(text)


def is_inside(text: bytes, inside: IPv4Network | IPv6Network) -> bool:
    """Tell whether a text is an address of a network."""
    address = _address(text) if len(text) <= _MAX_ADDRESS else None
    return address is not None and address in inside


def network(text: str, *, is_exact: bool = True) -> IPv4Network | IPv6Network:
    """Read a network such as `10.0.0.0/8` or `2001:db8::/32`, or one address; the network of an address such as
    `10.0.0.1/8` only if this need not be exact. Raises `ValueError` if it is none.
    """
    from ipaddress import ip_network

    return ip_network(text, strict=is_exact)


@lru_cache(maxsize=4096)  # clients come from few addresses
def _is_public(text: bytes) -> bool:
    address = _address(text)
    return address is not None and not any(address in one for one in _networks())


@cache
def _networks() -> list[IPv4Network | IPv6Network]:
    return [network(text) for text in _NOT_PUBLIC]


@lru_cache(maxsize=4096)
def _address(text: bytes) -> IPv4Address | IPv6Address | None:
    """Read an address, `None` if the text is none (Google masks some by words such as `private`)."""
    from ipaddress import ip_address

    try:
        address = ip_address(text.decode())
    except ValueError:  # a UnicodeDecodeError is one, too
        return None
    return getattr(address, "ipv4_mapped", None) or address
