"""What may be reached: public addresses, and what is allowed by name."""

from __future__ import annotations

import socket
import threading

import pytest

from lanner.errors import UsageError
from lanner.outputs.addresses import Reach, is_numeric, resolve
from outputs.receivers import finds

NAME = "LANNER_ALLOW_PRIVATE_ADDRESSES"
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
MAPPED = ["::ffff:8.8.8.8", "64:ff9b::808:808"]
REFUSED = [
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "127.1",
    "2130706433",
    "1.2.3",
]


@pytest.mark.parametrize("address", [*PUBLIC, *MAPPED])
def test_public_addresses_may_be_reached(address: str) -> None:
    assert Reach().refusal("a.example", [address]) == ""


@pytest.mark.parametrize("address", REFUSED)
def test_all_others_are_refused(address: str) -> None:
    assert Reach().refusal("a.example", [address]) == (
        f"a.example is at {address}, which is no public address; {NAME} can allow it"
    )
    # AND one such address among others is enough
    assert Reach().refusal("a.example", [*PUBLIC, address]) != ""


def test_an_address_in_a_url_is_named_once() -> None:
    assert Reach().refusal("::1", ["::1"]) == f"::1 is no public address; {NAME} can allow it"


@pytest.mark.parametrize(
    ("allowed", "address", "may"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", True),
        ("10.0.0.0/8", "192.168.0.1", False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "64:ff9b::a01:203", True),
        ("10.0.0.0/8", "2002:a01:203::1", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("fd00::/8", "fd12::1", True),
        ("FD00::/8", "fd12::1", True),
        ("fd00::/8", "fe80::1", False),
        ("::1", "::1", True),
        ("169.254.169.254", "169.254.169.254", True),
    ],
)
def test_networks_are_allowed(allowed: str, address: str, may: bool) -> None:
    assert (Reach([allowed]).refusal("a.example", [address]) == "") is may


def test_hosts_are_allowed_by_name() -> None:
    reach = Reach(["Sidekick.internal", "localhost"])
    assert reach.refusal("sidekick.internal", ["10.0.0.1", "fd00::1"]) == ""
    assert reach.refusal("localhost", ["127.0.0.1", "::1"]) == ""
    assert reach.refusal("other.internal", ["10.0.0.1"]) != ""
    assert reach.refusal("x.sidekick.internal", ["10.0.0.1"]) != ""


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "168.63.129.16"),
        *("100.100.100.200", "192.0.0.192", "fe80::1", "fd00:ec2::254", "fd20:ce::254"),
    ],
)
def test_a_name_does_not_open_the_way_to_metadata(address: str) -> None:
    # GIVEN a host that is allowed, the name of which somebody has led to where clouds keep credentials
    reach = Reach(["sidekick.internal"])
    assert address in reach.refusal("sidekick.internal", ["10.0.0.1", address])
    # WHEN the address itself is allowed, it may be reached
    assert Reach(["sidekick.internal", address]).refusal("sidekick.internal", [address]) == ""


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "10.0.0.1/8", "1.2.3", "::1::", "a b", "a/b", "https://a", "*.a", ""])
def test_what_is_no_network_or_name_is_refused(entry: str) -> None:
    with pytest.raises(UsageError, match=f"^{NAME}: "):
        Reach([entry])


@pytest.mark.parametrize(
    ("host", "numeric"),
    [("1.2.3.4", True), ("127.1", True), ("1", True), ("::1", True), ("a.1", False), ("1.a", False), ("0x7f", False)],
)
def test_addresses_are_told_from_names(host: str, numeric: bool) -> None:
    assert is_numeric(host) is numeric


def test_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = finds(monkeypatch, ["10.0.0.1", "fd00::1", "10.0.0.1"])
    assert resolve("a.example", 443, 5) == ["10.0.0.1", "fd00::1"]
    assert asked == ["a.example"]
    assert resolve("127.0.0.1", 443, 5) == ["127.0.0.1"]


def test_names_that_cannot_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, socket.gaierror(socket.EAI_NONAME, "not known"))
    with pytest.raises(socket.gaierror, match="not known"):
        resolve("a.example", 443, 5)


def test_names_that_no_dns_takes() -> None:
    with pytest.raises(OSError, match=r"too long|idna|Name or service"):
        resolve("a" * 70 + ".example", 443, 5)


def test_a_dns_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10) and [])
    with pytest.raises(TimeoutError):
        resolve("a.example", 443, 0.05)
    released.set()
