"""The HTTP client: where it goes and where not, how long it takes, and what it makes of answers."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
import trustme
import urllib3.util.connection

from lanner.errors import UsageError
from lanner.outputs import http
from lanner.outputs.addresses import Reach
from lanner.outputs.http import MAX_ANSWER, Answer, HttpClient, header_value
from outputs.conftest import a_message
from outputs.receivers import Receiver, answer, finds, receiving

HOST = "hooks.example.test"
SOON = 0.2
PLENTY = 10.0


class Changing:
    """A secret that can be changed, or not be had."""

    def __init__(self, *texts: str) -> None:
        self.name = "LANNER_SOMETHING"
        self.texts = list(texts)

    def reveal(self) -> str:
        if not self.texts:
            raise UsageError(f"{self.name}: it cannot be read")
        return self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]


@pytest.fixture(autouse=True)
def no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN the system's certificate authorities."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture
def plain() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def a_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Receiver]:
    """GIVEN a receiver at 127.0.0.1 with a certificate for the host's name alone."""
    with receiving(a_context(authority, HOST)) as receiver:
        yield receiver


def a_client(receiver: Receiver, **options: object) -> HttpClient:
    """Return a client for a plain receiver."""
    settings: dict = {"allow_http": True, "reach": Reach(["127.0.0.0/8"])} | options
    return HttpClient(receiver.url("/hidden?key=hidden"), "NAME", **settings)


def post(client: HttpClient, timeout: float = PLENTY, **headers: str) -> Answer:
    return client.post(b"body", headers, timeout)


# What is sent


def test_a_post_and_its_answer(plain: Receiver) -> None:
    plain.answers = [answer(201, b"thanks")]
    found = a_client(plain, token="t0ken").post(b"body", {"Content-Type": "text/plain"}, PLENTY)
    assert found == Answer(201, b"thanks")
    assert found.failures([a_message()]) == ()
    (request,) = plain.requests
    assert (request.line, request.body) == ("POST /hidden?key=hidden HTTP/1.1", b"body")
    assert request.headers == {
        "host": f"127.0.0.1:{plain.port}",
        "user-agent": "lanner",
        "accept-encoding": "identity",
        "content-type": "text/plain",
        "authorization": "Bearer t0ken",
        "content-length": "4",
    }


def test_an_empty_body_is_one(plain: Receiver) -> None:
    assert a_client(plain).post(b"", {}, PLENTY).status == 200
    assert plain.requests[0].headers["content-length"] == "0"


def test_proxies_are_not_used(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(a_client(plain)).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("X", "a\r\nX-Forged: 1"), ("X", "a\n b"), ("X", "é"), ("X", ""), ("X", " a"), ("X\r\nY", "a"), ("X:", "a")],
)
def test_headers_cannot_be_forged(plain: Receiver, name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        a_client(plain).post(b"", {name: value}, PLENTY)
    assert plain.requests == []
    # AND what is made a header's value can be sent
    assert a_client(plain).post(b"", {"X": header_value(value)}, PLENTY).status == 200


# Where it goes


def test_tls_is_for_the_name_while_the_address_is_connected_to(
    secure: Receiver, authority_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = finds(monkeypatch, ["127.0.0.1"])
    client = HttpClient(secure.url(host=HOST), "NAME", reach=Reach([HOST]), ca_file=authority_file)
    assert client.host == HOST
    assert post(client).status == 200
    assert secure.names == [HOST]
    assert secure.requests[0].headers["host"] == f"{HOST}:{secure.port}"
    assert asked == [HOST]
    # AND so it is for the next connection
    client.close()
    assert post(client).status == 200
    assert secure.names == [HOST, HOST]


def test_the_authorities_of_the_environment_are_trusted(
    secure: Receiver, authority_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, ["127.0.0.1"])
    monkeypatch.setenv("SSL_CERT_FILE", authority_file)
    assert post(HttpClient(secure.url(host=HOST), "NAME", reach=Reach([HOST]))).status == 200


def test_a_certificate_of_somebody_else_is_refused(
    authority: trustme.CA, authority_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, ["127.0.0.1"])
    # GIVEN certificates for another name, and for the address alone
    for names in (["other.example.test"], ["127.0.0.1"]):
        with receiving(a_context(authority, *names)) as receiver:
            client = HttpClient(receiver.url(host=HOST), "NAME", reach=Reach([HOST]), ca_file=authority_file)
            found = post(client)
            assert (found.status, found.is_final, receiver.requests) == (0, True, [])
            assert found.reason.startswith(f"{HOST}: its certificate is not valid: ")


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, ["127.0.0.1"])
    found = post(HttpClient(secure.url(host=HOST), "NAME", reach=Reach([HOST])))
    assert (found.is_final, secure.requests) == (True, [])
    assert "its certificate is not valid" in found.reason


def test_a_server_without_tls_is_a_failure(plain: Receiver) -> None:
    client = HttpClient(f"https://127.0.0.1:{plain.port}/hidden", "NAME", reach=Reach(["127.0.0.1"]))
    plain.answers = [b"no TLS here\r\n\r\n"]
    found = post(client, 2)
    assert (found.status, found.is_final) == (0, False)
    assert found.reason.startswith("127.0.0.1")
    assert "hidden" not in found.reason


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["93.184.215.14", "127.0.0.1"], ["::1"]])
def test_private_addresses_are_refused(plain: Receiver, monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    finds(monkeypatch, addresses)
    found = post(HttpClient(plain.url(host=HOST), "NAME", allow_http=True))
    assert (found.status, found.is_final) == (0, True)
    assert f"{HOST} is at {addresses[-1]}, which is no public address" in found.reason
    assert plain.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "127.1", "2130706433", "[1:2]", "0"])
def test_private_addresses_in_a_url_are_refused_at_once(host: str) -> None:
    with pytest.raises(UsageError, match=r"^NAME: .* is no public address"):
        HttpClient(f"https://{host}/hidden", "NAME")


@pytest.mark.parametrize("host", ["0x7f000001", "0x7f.1", "localhost"])
def test_names_that_stand_for_private_addresses_are_refused(plain: Receiver, host: str) -> None:
    found = post(HttpClient(plain.url(host=host), "NAME", allow_http=True))
    assert (found.status, plain.connections) == (0, 0)
    assert found.reason


@pytest.fixture
def detour(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """GIVEN a network that leads every connection to the receiver; the addresses that were to be connected to."""
    connected: list[str] = []
    connect = urllib3.util.connection.create_connection

    def create_connection(address: tuple[str, int], *arguments: object, **options: object) -> socket.socket:
        connected.append(address[0])
        return connect(("127.0.0.1", plain.port), *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(urllib3.util.connection, "create_connection", create_connection)
    return connected


def test_a_dns_that_changes_its_mind_leads_nowhere_else(
    plain: Receiver, detour: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a name that is at a public address first, and at a private one as soon as that was checked
    asked = finds(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    client = HttpClient(f"http://{HOST}/", "NAME", allow_http=True)
    # THEN it is asked for once, and what was checked is connected to
    assert post(client).status == 200
    assert (asked, detour) == ([HOST], ["93.184.215.14"])
    assert plain.requests[0].headers["host"] == HOST
    # WHEN another connection is needed
    client.close()
    # THEN that one is refused
    assert "is at 127.0.0.1, which is no public address" in post(client).reason
    assert detour == ["93.184.215.14"]


def test_redirects_are_not_followed(plain: Receiver) -> None:
    with receiving() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            plain.answers = [answer(status, b"", Location=elsewhere.url("/hidden"))]
            found = post(a_client(plain))
            assert (found.status, found.is_final) == (status, True)
            assert found.reason.endswith(", and redirects are not followed")
            assert "hidden" not in found.reason
        assert elsewhere.connections == 0


def test_the_next_address_is_tried(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a host at several addresses, at the first of which nobody listens
    finds(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    client = HttpClient(plain.url(host=HOST), "NAME", allow_http=True, reach=Reach([HOST]))
    assert post(client).status == 200


def test_when_nobody_listens_it_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        url = receiver.url("/hidden", HOST)
    finds(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    found = post(HttpClient(url, "NAME", allow_http=True, reach=Reach([HOST])))
    assert found == Answer(reason=f"{HOST}: Connection refused")


def test_names_that_are_not_found(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, socket.gaierror(socket.EAI_AGAIN, "Temporary failure"))
    found = post(HttpClient(plain.url(host=HOST), "NAME", allow_http=True))
    assert found == Answer(reason=f"{HOST} cannot be found (Temporary failure)")


# What comes back


@pytest.mark.parametrize(
    ("status", "is_final", "reason"),
    [
        (204, False, ""),
        (299, False, ""),
        (304, True, "it answered 304 Not Modified, and redirects are not followed"),
        (400, True, "it answered 400 Bad Request"),
        (404, True, "it answered 404 Not Found"),
        (408, False, "it answered 408 Request Timeout"),
        (410, True, "it answered 410 Gone"),
        (425, False, "it answered 425 Too Early"),
        (429, False, "it answered 429 Too Many Requests"),
        (499, True, "it answered 499"),
        (500, False, "it answered 500 Internal Server Error"),
        (503, False, "it answered 503 Service Unavailable"),
        (599, False, "it answered 599"),
    ],
)
def test_what_statuses_mean(plain: Receiver, status: int, is_final: bool, reason: str) -> None:
    plain.answers = [f"HTTP/1.1 {status} hidden\r\nContent-Length: 0\r\n\r\n".encode()]
    found = post(a_client(plain))
    assert found == Answer(status, reason=reason, is_final=is_final)
    messages = [a_message(0), a_message(1)] if reason else []
    failures = found.failures([a_message(0), a_message(1)])
    assert [failure.message for failure in failures] == messages
    assert all((failure.reason, failure.is_final) == (reason, is_final) for failure in failures)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("0", 0, 0),
        ("7", 7, 7),
        (" 7 ", 7, 7),
        ("61", 60, 60),
        ("9" * 1000, 60, 60),
        ("-1", 0, 0),
        ("1.5", 0, 0),
        ("٣", 0, 0),
        ("soon", 0, 0),
        ("Fri, 31 Dec 99999 00:00:00 GMT", 0, 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
    ],
)
def test_how_long_a_destination_wants_to_be_left_alone(plain: Receiver, text: str, least: float, most: float) -> None:
    plain.answers = [answer(429) if not text.isascii() else answer(429, b"", Retry_After=text)]
    found = post(a_client(plain))
    assert least <= found.wait <= most
    assert not found.is_final
    # AND other failures do not make anybody wait
    plain.answers = [answer(404, b"", Retry_After=text.encode("ascii", "replace").decode())]
    assert post(a_client(plain)).wait == 0


@pytest.mark.parametrize(("seconds", "least", "most"), [(40, 1, 40), (4000, 60, 60)])
def test_until_when_a_destination_wants_to_be_left_alone(
    plain: Receiver, seconds: int, least: float, most: float
) -> None:
    plain.answers = [answer(429, b"", Retry_After=formatdate(time.time() + seconds, usegmt=True))]
    assert least <= post(a_client(plain)).wait <= most


def test_big_answers_are_not_read_to_the_end(plain: Receiver) -> None:
    plain.answers = [answer(200, b"x" * MAX_ANSWER), answer(200, b"y" * (3 * MAX_ANSWER)), answer()]
    client = a_client(plain)
    assert post(client).body == b"x" * MAX_ANSWER
    assert post(client).body == b"y" * MAX_ANSWER
    assert plain.connections == 1
    # AND a connection on which something is left is not used again
    assert post(client).status == 200
    assert plain.connections == 2


def test_packed_answers_are_not_unpacked(plain: Receiver) -> None:
    plain.answers = [answer(200, b"\x1f\x8b no gzip", Content_Encoding="gzip")]
    assert post(a_client(plain)).body == b"\x1f\x8b no gzip"


def dripping(receiver: Receiver, first: bytes, each: bytes) -> Callable[[socket.socket], None]:
    """Return an answer that never ends, and that comes so often that no wait for more of it is long."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(first)
        while not receiver.done.wait(0.01):
            connection.sendall(each)

    return drip


def test_answers_that_do_not_come(plain: Receiver) -> None:
    plain.answers = [lambda _: plain.done.wait(10) and None]
    assert post(a_client(plain), SOON) == Answer(reason="127.0.0.1 did not answer in time")


@pytest.mark.parametrize("each", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_answers_that_never_begin(plain: Receiver, each: bytes) -> None:
    plain.answers = [dripping(plain, b"", each)]
    found = post(a_client(plain), SOON)
    assert (found.status, found.is_final) == (0, False)
    assert found.reason == "127.0.0.1 did not answer in time"


def test_answers_that_never_end_count_by_their_status(plain: Receiver) -> None:
    start = b"HTTP/1.1 200 OK\r\n"
    for first, each in (
        (start + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (start + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (start + b"\r\n", b"x"),
        (start, b"X: y\r\n"),
    ):
        plain.answers = [dripping(plain, first, each), answer()]
        client = a_client(plain)
        found = post(client, SOON)
        assert (found.status, found.reason) == (200, "")
        # AND their connection is not used again
        before = plain.connections
        assert post(client).status == 200
        assert plain.connections == before + 1


def test_answers_over_tls_that_never_end(
    secure: Receiver, authority_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, ["127.0.0.1"])
    for first, status in ((b"", 0), (b"HTTP/1.1 200 OK\r\n\r\n", 200)):
        secure.answers = [dripping(secure, first, b"H")]
        client = HttpClient(secure.url(host=HOST), "NAME", reach=Reach([HOST]), ca_file=authority_file)
        assert post(client, 0.5).status == status


@pytest.mark.parametrize(
    "text", [b"", b"hidden", b"HTTP/1.1 hidden\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200]
)
def test_answers_that_are_none(plain: Receiver, text: bytes) -> None:
    plain.answers = [lambda connection: connection.sendall(text)]
    found = post(a_client(plain))
    assert (found.status, found.is_final) == (0, False)
    assert found.reason.startswith("127.0.0.1: ")
    assert "hidden" not in found.reason


def test_an_answer_that_breaks_off_counts_by_its_status(plain: Receiver) -> None:
    plain.answers = [lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]
    assert post(a_client(plain)) == Answer(200, b"abc")


def test_odd_headers_do_not_bring_the_url_into_logs(plain: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    plain.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nodd line\r\n: x\r\n\r\n"]
    with caplog.at_level(logging.DEBUG):
        assert post(a_client(plain), 2).status == 200
    assert "hidden" not in caplog.text


# Connections that are kept


def test_connections_are_used_again(plain: Receiver) -> None:
    client = a_client(plain)
    assert [post(client).status for _ in range(5)] == [200] * 5
    assert plain.connections == 1


def test_connections_that_the_server_ends_are_not_used_again(plain: Receiver) -> None:
    client = a_client(plain)
    # GIVEN one that is closed as it was announced, and one that is closed while nobody looks
    plain.answers = [answer(200, b"", Connection="close"), answer()]
    assert [post(client).status for _ in range(2)] == [200, 200]
    assert plain.connections == 2
    plain.hang_up()
    assert post(client).status == 200
    assert plain.connections == 3


@pytest.mark.parametrize("seconds", [26.0, -1000.0])
def test_connections_that_were_idle_for_long_are_not_used_again(
    plain: Receiver, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    # GIVEN a function that was frozen, or a clock that was set back
    client = a_client(plain)
    post(client)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + seconds)
    assert post(client).status == 200
    assert plain.connections == 2


def test_a_failure_ends_a_connection(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = finds(monkeypatch, ["127.0.0.1"])
    client = HttpClient(plain.url(host=HOST), "NAME", allow_http=True, reach=Reach([HOST]))
    plain.answers = [answer(), lambda _: None, answer()]
    assert [post(client).status for _ in range(3)] == [200, 0, 200]
    # THEN the name is looked up again
    assert asked == [HOST, HOST]
    assert plain.connections == 2


def test_only_so_many_connections_are_kept(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN requests at the same time
    monkeypatch.setattr(http, "_MAX_IDLE", 2)
    everybody = threading.Barrier(4)

    def together(connection: socket.socket) -> None:
        everybody.wait(10)
        connection.sendall(answer())
        plain.done.wait(10)

    plain.answers = [together]
    client = a_client(plain)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(post(client).status)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == [200] * 4
    assert len(client._idle) == 2
    client.close()
    assert client._idle == []


# Secrets


def test_a_secret_url_is_read_when_it_is_needed(plain: Receiver) -> None:
    url = Changing()
    client = HttpClient(url, "NAME", allow_http=True, reach=Reach(["127.0.0.1"]))
    # GIVEN a secret that cannot be had
    assert client.host == ""
    assert post(client) == Answer(reason="LANNER_SOMETHING: it cannot be read")
    # WHEN it can, and changes
    url.texts = [plain.url("/old"), plain.url("/new")]
    assert [post(client).status for _ in range(2)] == [200, 200]
    assert [request.line.split()[1] for request in plain.requests] == ["/old", "/new"]
    assert client.host == "127.0.0.1"
    # AND one that is no URL is a reason that does not show it
    url.texts = ["https://user:hidden@host/hidden"]
    assert post(client) == Answer(reason="LANNER_SOMETHING: a URL must not contain a user name or password")
    assert client.host == ""


def test_a_secret_token_may_change(plain: Receiver) -> None:
    token = Changing("one", "two")
    client = a_client(plain, token=token)
    post(client)
    post(client)
    assert [request.headers["authorization"] for request in plain.requests] == ["Bearer one", "Bearer two"]
    token.texts = ["hidden\r\nX-Forged: 1"]
    found = post(client)
    assert found.reason == "LANNER_SOMETHING: a token has no blanks, no line ends and no characters beyond ASCII"
    assert len(plain.requests) == 2


def test_a_file_of_authorities_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^NAME: there is no file .*ca\.pem with certificate authorities"):
        HttpClient("https://a/", "NAME", ca_file=str(tmp_path / "ca.pem"))


def test_without_urllib3_it_says_so(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "urllib3.exceptions", None)
    found = post(a_client(plain))
    assert "pip install" in found.reason
    assert "urllib3" in found.reason


def test_nothing_is_imported_before_it_is_needed() -> None:
    program = """
import sys
import msgspec
from lanner.errors import UsageError
from lanner.ruleset import Priority
known = set(sys.modules)
from lanner.outputs.addresses import Reach
from lanner.outputs.falcosidekick import Falcosidekick
from lanner.outputs.slack import Slack
from lanner.outputs.webhook import Webhook
for kind in (Falcosidekick, Slack, Webhook):
    assert kind("https://a.example/b?c=d", reach=Reach(["a.example"])).name.endswith(":a.example")
print(*(set(sys.modules) - known))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    unwanted = {"urllib3", "ssl", "socket", "ipaddress", "http.client", "email", "logging", "threading", "urllib.parse"}
    assert unwanted & set(ended.stdout.split()) == set()
