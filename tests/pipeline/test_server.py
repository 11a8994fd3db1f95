"""The server: connections that are kept, bodies of any form, and an orderly end."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from callers import JSON, TOKEN, a_webhook, batch
from doubles import Box, Recorder
from lanner.pipeline.http import Request, Response
from lanner.pipeline.server import Server

HEAD = f"POST /audit/shop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n"


@pytest.fixture
def output() -> Recorder:
    return Recorder()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(output: Recorder, box: Box) -> Iterator[Server]:
    """A server at any port."""
    made = Server("127.0.0.1", 0, a_webhook(output, box).answer)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.stop(5)


@pytest.fixture
def client(server: Server) -> Iterator[http.client.HTTPConnection]:
    """A connection to it."""
    made = http.client.HTTPConnection(*server.server_address[:2], timeout=10)  # type: ignore[misc]
    yield made
    made.close()


def exchange(server: Server, sent: bytes) -> bytes:
    """Send bytes, and return all that is answered until the server closes the connection."""
    with socket.create_connection(server.server_address[:2], timeout=10) as connection:  # type: ignore[arg-type]
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_is_kept_for_many_batches(client: http.client.HTTPConnection, output: Recorder) -> None:
    for number in range(3):
        client.request("POST", "/audit/shop", batch(number), JSON)
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, b"OK\n")
        assert answer.headers["Server"] == "lanner"
    assert len(output.taken) == 3


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health(client: http.client.HTTPConnection, method: str) -> None:
    for _ in range(2):
        client.request(method, "/health")
        answer = client.getresponse()
        assert answer.status == 200
        assert answer.read() == (b"OK\n" if method == "GET" else b"")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(client: http.client.HTTPConnection, method: str) -> None:
    client.request(method, "/audit")
    assert client.getresponse().status == 405


def test_chunked_bodies(client: http.client.HTTPConnection, output: Recorder) -> None:
    for number in range(2):
        body = batch(number)
        pieces = iter([body[:10], body[10:200], body[200:]])
        client.request("POST", "/audit/shop", pieces, JSON, encode_chunked=True)
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, b"OK\n")
    assert len(output.taken) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 100\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nfive\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_bodies_that_break_off_are_no_batches(server: Server, box: Box, body: bytes) -> None:
    answer = exchange(server, HEAD.encode() + body)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer
    assert not box.records


def test_a_body_that_is_not_wanted_ends_the_connection(server: Server) -> None:
    # GIVEN a stranger's body that looks like another request
    smuggled = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /audit HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
    answer = exchange(server, head + smuggled)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b" 404 " in answer.splitlines()[0]


def test_trailers_and_extensions_of_chunks(server: Server, output: Recorder) -> None:
    body = batch(1)
    chunked = b"%x;name=value\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
    sent = HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunked
    assert exchange(server, sent * 2).count(b"HTTP/1.1 200 ") == 2
    assert len(output.taken) == 2


def test_it_waits_for_requests_that_are_at_work() -> None:
    # GIVEN a request that is being answered
    begun, go_on = threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        begun.set()
        go_on.wait(10)
        return Response(200, {}, b"done")

    made = Server("127.0.0.1", 0, answer)
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    client = http.client.HTTPConnection(*made.server_address[:2], timeout=10)  # type: ignore[misc]
    client.request("GET", "/")
    begun.wait(10)
    # WHEN the server stops
    made.shutdown()
    stopping = threading.Thread(target=made.stop, args=(10,))
    stopping.start()
    stopping.join(0.05)
    assert stopping.is_alive()
    # THEN it waits until the answer is there
    go_on.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert client.getresponse().read() == b"done"
    client.close()


def test_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    try:
        made = Server("::1", 0, lambda request: Response(200, {}, request.path.encode()))
    except OSError:
        pytest.skip("there is no IPv6 loopback address here")
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    client = http.client.HTTPConnection(*made.server_address[:2], timeout=10)  # type: ignore[misc]
    client.request("GET", "/x?y")
    assert client.getresponse().read() == b"/x"
    client.close()
    made.shutdown()
    made.stop(5)
