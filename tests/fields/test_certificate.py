"""Subjects of certificate signing requests."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanner.fields.certificate import COMMON_NAME, ORGANIZATION, subject

# Made by `openssl req -new` with the subjects that stand above them.

# /O=system:masters/CN=carol
MASTERS = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIHlMIGLAgEAMCkxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQ4wDAYDVQQDDAVj
YXJvbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK2w5TNkObUstOafdX8jtpaR
WuWUoqWIyEYmarQrQfep/Ar6qS15748NjT2OUNuVBbOQwx7VJBPgO4WKTv82bBag
ADAKBggqhkjOPQQDAgNJADBGAiEAuRF+l9CgO+QCZtUHBHM9vsjFxopW0gHyuU6/
MxCqsmsCIQDsAVGkaVjOa4aoxUwZjCwG3RhvnBNePGbGHWCbqQm+3g==
-----END CERTIFICATE REQUEST-----
"""

# /O=system:nodes/O=ops/CN=first/CN=system:node:worker-1
NODE = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIIBDzCBtgIBADBUMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxDDAKBgNVBAoMA29w
czEOMAwGA1UEAwwFZmlyc3QxHTAbBgNVBAMMFHN5c3RlbTpub2RlOndvcmtlci0x
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErbDlM2Q5tSy05p91fyO2lpFa5ZSi
pYjIRiZqtCtB96n8CvqpLXnvjw2NPY5Q25UFs5DDHtUkE+A7hYpO/zZsFqAAMAoG
CCqGSM49BAMCA0gAMEUCIQD7IE9lWggozt9z5tMjVWSSQvMBLYQK02Wxgd+EIbHo
wQIgIswsVynkDxnz6SpVOmh4rwzVOrZHM2G0UyEeL2JbJgY=
-----END CERTIFICATE REQUEST-----
"""

# /C=DE/O=dev+OU=x/CN=jörg
UTF8 = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIHvMIGXAgEAMDUxCzAJBgNVBAYTAkRFMRYwCAYDVQQLDAF4MAoGA1UECgwDZGV2
MQ4wDAYDVQQDDAVqw7ZyZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK2w5TNk
ObUstOafdX8jtpaRWuWUoqWIyEYmarQrQfep/Ar6qS15748NjT2OUNuVBbOQwx7V
JBPgO4WKTv82bBagADAKBggqhkjOPQQDAgNHADBEAiB6+iDmOpni1U3QZsB3kr9n
0IDgvRuckhcva/DoaXQ3iAIgJGnFb5cpk8mCK24MAdW+z4uUMcI7LhROIxqZXxXD
cHQ=
-----END CERTIFICATE REQUEST-----
"""

# /
NOBODY = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK2w5TNkObUstOaf
dX8jtpaRWuWUoqWIyEYmarQrQfep/Ar6qS15748NjT2OUNuVBbOQwx7VJBPgO4WK
Tv82bBagADAKBggqhkjOPQQDAgNHADBEAiBKzYheh8UqX/f6uXE+MH93Y7chb8t4
Hk46mxbu8wzyRAIgcW6q8A4Vm6CgdJmM14WKzxtBPe94nlEutXc8MglO7W8=
-----END CERTIFICATE REQUEST-----
"""

# O=système, CN=bmp, as BMPStrings
BMP = b"""\
-----BEGIN CERTIFICATE REQUEST-----
MIHmMIGMAgEAMCoxFzAVBgNVBAoeDgBzAHkAcwB0AOgAbQBlMQ8wDQYDVQQDHgYA
YgBtAHAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAStsOUzZDm1LLTmn3V/I7aW
kVrllKKliMhGJmq0K0H3qfwK+qktee+PDY09jlDblQWzkMMe1SQT4DuFik7/NmwW
oAAwCgYIKoZIzj0EAwIDSQAwRgIhANu96RTmtufjPhF8mwRFajXvSjCurqFHXpXH
5fE8irgKAiEAvN8oG6qyH9LHH+Ni4gjIC1vxzmrnZRmGkoSjHJAfHQ8=
-----END CERTIFICATE REQUEST-----
"""


def names(pem: bytes) -> list[str]:
    return [text.decode() for text in subject(b64encode(pem), COMMON_NAME)]


def groups(pem: bytes) -> list[str]:
    return [text.decode() for text in subject(b64encode(pem), ORGANIZATION)]


@pytest.mark.parametrize(
    ("pem", "common_names", "organizations"),
    [
        pytest.param(MASTERS, ["carol"], ["system:masters"], id="printable"),
        pytest.param(NODE, ["first", "system:node:worker-1"], ["system:nodes", "ops"], id="several"),
        pytest.param(UTF8, ["j\u00f6rg"], ["dev"], id="two parts in one set"),
        pytest.param(NOBODY, [], [], id="empty"),
        pytest.param(BMP, ["bmp"], ["syst\u00e8me"], id="two bytes a character"),
    ],
)
def test_subject(pem: bytes, common_names: list[str], organizations: list[str]) -> None:
    assert names(pem) == common_names
    assert groups(pem) == organizations


# What API servers pass over when they look for the block (encoding/pem).
BODY = MASTERS.partition(b"\n")[2]
DECOY = NODE.replace(b"END CERTIFICATE REQUEST", b"END CERTIFICATE")


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"a line or two\n\n" + MASTERS, id="text before it"),
        pytest.param(MASTERS + NODE, id="another one behind it"),
        pytest.param(DECOY + MASTERS, id="a block that ends as something else"),
        pytest.param(NODE.replace(b"END CERTIFICATE REQUEST-----", b"END CERTIFICATE REQUEST-----x") + MASTERS, id="x"),
        pytest.param(b"-----BEGIN CERTIFICATE REQUEST-----\n" + MASTERS, id="a beginning without an end"),
        pytest.param(NODE.replace(b"MII", b"!!!", 1) + MASTERS, id="a block that is not base64"),
        pytest.param(NODE.replace(b"MII", b"MI", 1) + MASTERS, id="a block that lacks a character"),
        pytest.param(b"-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4\nA-B: c:d\n" + BODY, id="headers"),
        pytest.param(MASTERS.replace(b"\n", b"\r\n"), id="line ends of Windows"),
        pytest.param(MASTERS.replace(b"-----\n", b"----- \t\n").replace(b"MII", b"M I I"), id="blanks"),
        pytest.param(b"x" * 100_000 + b"\n" + MASTERS, id="much text before it"),
    ],
)
def test_what_api_servers_pass_over(pem: bytes) -> None:
    assert names(pem) == ["carol"]
    assert groups(pem) == ["system:masters"]


DER_OF_PEM = """-----BEGIN CERTIFICATE REQUEST-----
%s
-----END CERTIFICATE REQUEST-----
"""


def wrapped(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE REQUEST-----\n%b\n-----END CERTIFICATE REQUEST-----\n" % b64encode(der)


def item(tag: int, *content: bytes) -> bytes:
    text = b"".join(content)
    assert len(text) < 128
    return bytes((tag, len(text))) + text


def request(*parts: bytes, version: bytes = b"\x02\x01\x00") -> bytes:
    """Return the beginning of a request with these parts in its subject, each in a set of its own."""
    return item(0x30, item(0x30, version, item(0x30, *[item(0x31, part) for part in parts])))


def part(kind: bytes, text: bytes, tag: int = 0x0C) -> bytes:
    return item(0x30, item(0x06, kind), item(tag, text))


def test_requests_by_hand() -> None:
    """GIVEN requests made byte by byte THEN they are read as those of OpenSSL are."""
    assert names(wrapped(request(part(COMMON_NAME, b"a"), part(ORGANIZATION, b"b")))) == ["a"]
    assert names(wrapped(request(part(COMMON_NAME, b"\x00a\x00\x00", 0x1E)))) == ["a"]  # with its terminator


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # of indefinite length
        b"\x30\x85\x00\x00\x00\x00\x01a",  # a length of five bytes
        b"\x30\x84\x00",  # a length that ends too early
        b"\x30\x05\x30\x03",
        b"\x31\x02\x30\x00",
        b"\x30\x02\x31\x00",
        request(part(COMMON_NAME, b"a"), version=b""),
        request(part(COMMON_NAME, b"a"), version=b"\x30\x00"),
        item(0x30, item(0x30, b"\x02\x01\x00", item(0x31))),
        request(item(0x31, item(0x06, COMMON_NAME), item(0x0C, b"a"))),
        request(item(0x30, item(0x06, COMMON_NAME))),
        request(item(0x30, item(0x06, COMMON_NAME), item(0x0C, b"a"), item(0x0C, b"b"))),
        request(part(COMMON_NAME[:2], b"a")),
        request(part(COMMON_NAME, b"")),
    ],
)
def test_what_is_no_request_has_no_subject(der: bytes) -> None:
    assert names(wrapped(der)) == []


@pytest.mark.parametrize(
    "encoded", [b"", b"x", b"====", b"\xff", b64encode(b"no PEM"), b64encode(b"-----BEGIN"), b64encode(MASTERS)[:-3]]
)
def test_what_is_no_pem_has_no_subject(encoded: bytes) -> None:
    assert subject(encoded, COMMON_NAME) == []


@given(st.binary(max_size=80))
@example(b"\x30\x03\x30\x81\xff")
def test_anything_may_be_in_a_request(der: bytes) -> None:
    assert all(isinstance(text, bytes) for text in subject(b64encode(wrapped(der)), COMMON_NAME))
    assert isinstance(subject(b64encode(der), COMMON_NAME), list)
    assert isinstance(subject(der, COMMON_NAME), list)


@given(st.integers(0, len(MASTERS) - 1), st.binary(max_size=3))
def test_anything_may_become_of_a_request(place: int, other: bytes) -> None:
    changed = MASTERS[:place] + other + MASTERS[place + len(other) :]
    assert isinstance(names_or_bytes(changed), list)


def names_or_bytes(pem: bytes) -> list[bytes]:
    return subject(b64encode(pem), COMMON_NAME)
