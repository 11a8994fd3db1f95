"""Which addresses of the network may be reached: public ones, and those that are allowed by name."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from lanner.errors import UsageError
from lanner.outputs.url import HOST_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["Reach", "is_numeric", "resolve"]

# Special-purpose addresses by IANA's registries, and where clouds keep metadata and credentials.
_REFUSED_V4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    "168.63.129.16/32",  # Azure's platform, of all things at a public address
)
_PUBLIC_V6 = "2000::/3"
_REFUSED_V6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")  # with tunnels (Teredo, 6to4) to anywhere
_TRANSLATED_V6 = "64:ff9b::/96"  # NAT64: the last four bytes are the IPv4 address that is reached

_METADATA_V4 = ("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32")
_METADATA_V6 = ("fe80::/10", "fd00:ec2::/32", "fd20:ce::/32")

_NUMERIC = r"[0-9.]++|[0-9a-f.]*:[0-9a-f:.]*"


class Reach:
    """What may be reached: public addresses, and the host names and networks of `allowed`.

    Raises `UsageError` if an entry of `allowed` is neither a host name nor a network; it calls the list `name`.
    """

    def __init__(self, allowed: Sequence[str] = (), name: str = "LANNER_ALLOW_PRIVATE_ADDRESSES") -> None:
        self._name = name
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in allowed:
            text = entry.lower()
            if is_numeric(text.partition("/")[0]):
                self._networks.append(_network(text, name))
            elif re.fullmatch(HOST_NAME, text):
                self._hosts.add(text)
            else:
                raise UsageError(f"{name}: {entry!r} is neither a host name nor a network (10.0.0.0/8)")

    def refusal(self, host: str, addresses: Sequence[str]) -> str:
        """Return why `host`, whose addresses are given, must not be reached; empty if it may."""
        is_named = host in self._hosts
        for text in addresses:
            if not self._is_reachable(text, is_named):
                shown = host if host == text else f"{host} is at {text}, which"
                return f"{shown} is no public address; {self._name} can allow it"
        return ""

    def _is_reachable(self, text: str, is_named: bool) -> bool:
        """Tell whether an address is public or allowed; one that leads to an IPv4 address counts as that.

        A host that is allowed by name may be anywhere (`is_named`) but where metadata are: whoever has a say in its
        name would else get at credentials.
        """
        import ipaddress

        address: IPv4Address | IPv6Address
        try:
            address = ipaddress.ip_address(text)
        except ValueError:  # an odd way to write one, such as 127.1, of which the resolver would make something
            return False
        if isinstance(address, ipaddress.IPv6Address):
            inner = address.ipv4_mapped
            if inner is None and _is_in(address, _networks(_TRANSLATED_V6)):
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            if self._is_allowed(address):
                return True
            if inner is None:
                if is_named:
                    return not _is_in(address, _networks(*_METADATA_V6))
                return _is_in(address, _networks(_PUBLIC_V6)) and not _is_in(address, _networks(*_REFUSED_V6))
            address = inner
        return self._is_allowed(address) or not _is_in(address, _networks(*(_METADATA_V4 if is_named else _REFUSED_V4)))

    def _is_allowed(self, address: IPv4Address | IPv6Address) -> bool:
        return _is_in(address, self._networks)


def is_numeric(host: str) -> bool:
    """Tell whether `host` is written as an IP address rather than as a name."""
    return re.fullmatch(_NUMERIC, host) is not None


def resolve(host: str, port: int, timeout: float) -> list[str]:
    """Return the addresses of a host, in the order in which they are to be tried.

    Raises `OSError` (`TimeoutError` if the resolver takes longer than `timeout` seconds).
    """
    import socket
    import threading

    found: list[str] = []
    errors: list[OSError] = []

    def ask() -> None:  # nothing else bounds the time that this takes
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            errors.append(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            found.extend(dict.fromkeys([str(answer[4][0]) for answer in answers]))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    if errors:
        raise errors[0]
    if not found:
        raise TimeoutError
    return found


def _network(text: str, name: str) -> IPv4Network | IPv6Network:
    import ipaddress

    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


@cache
def _networks(*texts: str) -> tuple[IPv4Network | IPv6Network, ...]:
    import ipaddress

    return tuple([ipaddress.ip_network(text) for text in texts])


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
