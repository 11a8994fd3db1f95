"""What AWS answers, and what that means: boto3's own clients against a local server."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lanner.outputs import aws
from lanner.outputs.deadline import Deadline
from lanner.outputs.delivery import deliver
from lanner.outputs.sns import SnsTopic
from outputs.conftest import REGION, a_message

ARN = f"arn:aws:sns:{REGION}:123456789012:alerts"
NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"

Entries = dict[str, str]
Answering = Callable[[Entries], Response]


class Sns:
    """An SNS that answers requests as it is told; `requests` are the messages that each of them held, by their ids."""

    def __init__(self, server: HTTPServer) -> None:
        self.requests: list[Entries] = []
        self.answers: list[Answering] = [taken]
        server.expect_request("/", method="POST").respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        form = parse_qs(request.get_data(as_text=True))
        prefix = "PublishBatchRequestEntries.member."
        count = sum(key.startswith(prefix) and key.endswith(".Id") for key in form)
        members = [f"{prefix}{number}" for number in range(1, count + 1)]
        entries = {form[f"{member}.Id"][0]: form[f"{member}.Message"][0] for member in members}
        self.requests.append(entries)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(entries)


def taken(entries: Entries, failed: str = "", without: str = "") -> Response:
    """Answer that all messages were taken, but for some."""
    members = "".join(
        f"<member><Id>{name}</Id><MessageId>m{name}</MessageId></member>" for name in entries if name not in without
    )
    result = f"<Successful>{members}</Successful><Failed>{failed}</Failed>"
    text = f'<R xmlns="{NAMESPACE}"><PublishBatchResult>{result}</PublishBatchResult></R>'
    return Response(text, 200, content_type="text/xml")


def failed(number: int, code: str, fault: str = "false") -> str:
    """Return the entry of an answer that tells of a message that was not taken."""
    return (
        f"<member><Id>{number}</Id><Code>{code}</Code><Message>why</Message><SenderFault>{fault}</SenderFault></member>"
    )


def error(status: int, code: str) -> Answering:
    """Answer that the request as a whole is refused."""
    text = (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Code>{code}</Code><Message>why</Message></Error></ErrorResponse>'
    )
    return lambda entries: Response(text, status, content_type="text/xml")


@pytest.fixture
def sns(credentials: None, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Sns:
    """GIVEN an SNS of our own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    return Sns(httpserver)


MESSAGES = [a_message(number) for number in range(3)]


def test_what_is_taken_is_no_failure(sns: Sns) -> None:
    assert list(SnsTopic(ARN).send(MESSAGES, 5)) == []
    assert [list(entries.values()) for entries in sns.requests] == [[one.text.decode() for one in MESSAGES]]


@pytest.mark.parametrize(
    ("status", "code", "is_final"),
    [
        (400, "Throttling", False),
        (400, "KMSThrottling", False),
        (403, "RequestThrottled", False),
        (429, "ThrottledException", False),
        (400, "RequestTimeout", False),
        (500, "InternalError", False),
        (503, "ServiceUnavailable", False),
        (502, "BadGateway", False),
        (403, "AuthorizationError", True),
        (403, "AccessDenied", True),
        (403, "InvalidClientTokenId", True),
        (403, "ExpiredToken", True),
        (404, "NotFound", True),
        (400, "KMSDisabled", True),
    ],
)
def test_a_request_that_is_refused(sns: Sns, status: int, code: str, is_final: bool) -> None:
    sns.answers = [error(status, code)]
    failures = SnsTopic(ARN).send(MESSAGES, 5)
    assert [(one.message, one.reason, one.is_final) for one in failures] == [
        (message, f"{code}: why", is_final) for message in MESSAGES
    ]
    # AND nobody but the delivery tries again
    assert len(sns.requests) == 1


def test_entries_may_fail_alone(sns: Sns) -> None:
    # GIVEN an answer that tells of failures of all kinds, and does not mention one entry at all
    told = failed(1, "InternalError") + failed(2, "InvalidParameter", "true") + failed(3, "Throttled", "true")
    sns.answers = [lambda entries: taken(entries, told, without="1234")]
    messages = [a_message(number) for number in range(6)]
    failures = SnsTopic(ARN).send(messages, 5)
    # THEN what it does not say it took, it did not take
    assert [(one.message, one.is_final, one.reason) for one in failures] == [
        (messages[1], False, "InternalError: why"),
        (messages[2], True, "InvalidParameter: why"),
        (messages[3], False, "Throttled: why"),
        (messages[4], False, "Unknown: no reason was given"),
    ]


@pytest.mark.parametrize(
    "code", ["InvalidParameter", "InvalidParameterValue", "ValidationError", "BatchRequestTooLong"]
)
def test_one_bad_message_costs_no_other(sns: Sns, code: str) -> None:
    # GIVEN an SNS that refuses a request as a whole because of one message
    bad = MESSAGES[1].text.decode()
    sns.answers = [lambda entries: (error(400, code) if bad in entries.values() else taken)(entries)]
    # WHEN it is sent THEN the others are sent alone
    (failure,) = SnsTopic(ARN).send(MESSAGES, 5)
    assert (failure.message, failure.is_final) == (MESSAGES[1], True)
    assert [len(entries) for entries in sns.requests] == [3, 1, 1, 1]


def test_failures_of_the_moment_pass(sns: Sns, clock: object) -> None:
    told = failed(1, "InternalError")
    sns.answers = [error(503, "ServiceUnavailable"), lambda entries: taken(entries, told, without="1"), taken]
    assert deliver(SnsTopic(ARN), MESSAGES, Deadline(60)) == []
    assert [len(entries) for entries in sns.requests] == [3, 3, 1]


def test_a_service_that_is_slow_is_not_waited_for(sns: Sns) -> None:
    released = threading.Event()

    def slow(entries: Entries) -> Response:
        released.wait(10)
        return taken(entries)

    sns.answers = [slow]
    (failure,) = SnsTopic(ARN).send(MESSAGES[:1], 0.1)
    released.set()
    assert failure.reason.startswith("ReadTimeoutError")
    assert not failure.is_final


def test_a_service_that_is_not_there(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    (failure,) = SnsTopic(ARN).send(MESSAGES[:1], 5)
    assert failure.reason.startswith("EndpointConnectionError")
    assert not failure.is_final


def test_without_credentials_nobody_tries_again(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (failure,) = SnsTopic(ARN).send(MESSAGES[:1], 5)
    assert failure.reason.startswith("NoCredentialsError")
    assert failure.is_final


def test_what_boto3_itself_refuses_costs_no_other(sns: Sns) -> None:
    # GIVEN an id that is no text, which would be a defect of ours
    def call(entries: object) -> dict:
        answer: dict = aws.client("sns", REGION).publish_batch(TopicArn=ARN, PublishBatchRequestEntries=entries)
        return answer

    entries = [{"Id": "0", "Message": "a"}, {"Id": "1", "Message": 7}]
    refused = aws.send_entries(call, entries)
    assert list(refused) == [1]
    assert refused[1].reason.startswith("ParamValidationError")
    assert refused[1].is_final


def test_without_boto3_it_says_what_to_install(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    monkeypatch.setitem(sys.modules, "botocore.config", None)
    (failure,) = SnsTopic(ARN).send(MESSAGES[:1], 5)
    assert failure.reason.endswith("(pip install 'lanner[aws]')")
    assert failure.is_final


def test_clients_are_made_once(credentials: None) -> None:
    assert aws.client.cache_info().currsize == 0
    first = aws.client("sns", REGION)
    assert aws.client("sns", REGION) is first
    assert aws.client("sqs", REGION) is not first
    config = first.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert config.connect_timeout + config.read_timeout == pytest.approx(10)


@pytest.mark.parametrize(("timeout", "seconds"), [(100, 10), (10, 10), (9.9, 5), (3, 2), (1, 1), (0.1, 1)])
def test_a_call_ends_within_the_time(timeout: float, seconds: int) -> None:
    assert aws.seconds_within(timeout) == seconds
