"""Alerts as logs of IBM Cloud Logs: by access tokens that are had for an API key, kept, renewed and never shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulators.ingestion import Ingestion
from lanner.errors import UsageError
from lanner.outputs import ibm_iam
from lanner.outputs.addresses import Reach
from lanner.outputs.http import Answer
from lanner.outputs.ibm_iam import IamTokens
from lanner.outputs.ibm_logs import IbmCloudLogs
from lanner.outputs.message import Message
from outputs.conftest import Clock, a_message
from outputs.receivers import Receiver, answer, receiving
from outputs.test_logdna import Changing, now

KEY = "hidden-api-key-0123456789"


@pytest.fixture
def service() -> Iterator[Ingestion]:
    """GIVEN an instance, and IAM."""
    with Ingestion(plain=True) as found:
        yield found


@pytest.fixture
def iam() -> Iterator[Receiver]:
    """GIVEN an IAM that answers as it is told."""
    with receiving() as found:
        yield found


@pytest.fixture
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """GIVEN a clock on the wall that is put forward by hand."""
    clock = Clock()
    clock.time = lambda: clock.now  # type: ignore[attr-defined]
    monkeypatch.setattr(ibm_iam, "time", clock)
    return clock


def an_output(url: object, key: object, iam_url: str) -> IbmCloudLogs:
    return IbmCloudLogs(url, key, iam_url=iam_url, allow_http=True, reach=Reach(["127.0.0.1"]))  # type: ignore[arg-type]


def to(service: Ingestion, key: object = "") -> IbmCloudLogs:
    return an_output(service.url, key or service.api_key, service.url)


def tokens_of(iam: Receiver, key: object = KEY) -> IamTokens:
    return IamTokens(key, iam.url(""), name="THE KEY", allow_http=True, reach=Reach(["127.0.0.1"]))  # type: ignore[arg-type]


def granted(token: str = "token", **more: object) -> bytes:  # noqa: S107 - no token of anybody
    return answer(200, json.dumps({"access_token": token, "expires_in": 3600, "token_type": "Bearer"} | more).encode())


def sent(output: IbmCloudLogs, *messages: Message, timeout: float = 5) -> list[tuple[str, str, bool]]:
    """Send messages as a delivery does; return the ids, the reasons and whether each is final."""
    failures = [one for batch in output.batches(messages) for one in output.send(batch, timeout)]
    return [(one.message.id, one.reason, one.is_final) for one in failures]


# Logs


def test_a_log(service: Ingestion) -> None:
    message = a_message(time=now())
    output = to(service)
    assert sent(output, message) == []
    ((alert, entry, _),) = service.taken
    assert alert == message.alert()
    stamp = int(entry["hiResTimestamp"])
    assert (stamp // 10**6, stamp % 1000) == (entry["timestamp"], 0)
    del entry["text"], entry["timestamp"], entry["hiResTimestamp"]
    assert entry == {
        "applicationName": "lanner",
        "subsystemName": "prod",
        "computerName": "prod",
        "category": "k8s_audit",
        "severity": 4,
    }
    assert output.name == "ibm-cloud-logs:127.0.0.1"


def test_the_requests_are_those_of_the_documentation(iam: Receiver) -> None:
    with receiving() as instance:
        iam.answers = [granted("the-token")]
        output = an_output(Changing("A_FILE", instance.url("")), KEY, iam.url(""))
        assert sent(output, a_message()) == []
        (asked,), (posted,) = iam.requests, instance.requests
    assert asked.line == "POST /identity/token HTTP/1.1"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.body == f"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey={KEY}".encode()
    assert "authorization" not in asked.headers
    assert posted.line == "POST /logs/v1/singles HTTP/1.1"
    assert posted.headers["authorization"] == "Bearer the-token"
    assert posted.headers["content-type"] == "application/json"


def test_severities(service: Ingestion) -> None:
    names = ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"]
    assert sent(to(service), *[a_message(n, priority=name) for n, name in enumerate(names)]) == []
    severities = {taken.alert["priority"]: taken.entry["severity"] for taken in service.taken}
    assert severities == dict(zip(names, (6, 6, 6, 5, 4, 3, 3, 1), strict=True))


def test_a_cluster_without_name(service: Ingestion) -> None:
    assert sent(to(service), a_message(cluster="")) == []
    assert service.taken[0].entry["subsystemName"] == "lanner"


@pytest.mark.parametrize("text", ["x", '"', "é", "\U0001f600", "\x7f"])
def test_long_alerts_stay_within_the_limits(service: Ingestion, text: str) -> None:
    messages = [a_message(n, output=text * 60_000, cluster=text * 300) for n in range(200)]
    assert sent(to(service), *messages) == []
    assert {alert["id"] for alert in service.alerts} == {message.id for message in messages}
    assert all("[cut by Lanner" in alert["output"] for alert in service.alerts)
    assert {len(taken.entry["subsystemName"].encode()) for taken in service.taken} <= {198, 199, 200}
    # THEN none is dropped for its size, and no request is refused
    assert service.dropped == []
    assert service.statuses.keys() == {200}
    assert service.statuses.total() < 10


@pytest.mark.parametrize("time", [now(days=2), now(hours=23.8), now(hours=-3.9), "nonsense"])
def test_alerts_that_waited_count_as_of_now(service: Ingestion, time: str) -> None:
    assert sent(to(service), a_message(time=time)) == []
    assert [alert["time"] for alert in service.alerts] == [time]
    assert service.dropped == []


def test_one_that_is_refused_costs_no_other(service: Ingestion) -> None:
    messages = [a_message(number) for number in range(20)]
    # GIVEN an alert that is none any more: it has no text
    messages[7] = Message(b"null", messages[7].id, "A Rule", messages[7].priority)
    assert sent(to(service), *messages) == [(messages[7].id, "it answered 400 Bad Request", True)]
    assert len(service.alerts) == 19
    assert len(service.granted) == 1


@pytest.mark.parametrize(
    ("status", "is_final"), [(403, True), (404, True), (408, False), (429, False), (500, False), (503, False)]
)
def test_refusals(service: Ingestion, status: int, is_final: bool) -> None:
    service.refusing = status
    message = a_message()
    ((_, reason, found),) = sent(to(service), message)
    assert reason.startswith(f"it answered {status} ")
    assert found is is_final


def test_a_page_for_people_is_no_answer(iam: Receiver) -> None:
    iam.answers = [granted(), answer(200, b"\n<html>")]
    ((_, reason, is_final),) = sent(an_output(iam.url(""), KEY, iam.url("")), a_message())
    assert (reason, is_final) == ("it answered 200, but with a page for people: is the URL right?", True)


# Access tokens


def test_a_token_is_used_until_shortly_before_its_end(iam: Receiver, wall_clock: Clock) -> None:
    iam.answers = [granted("first"), granted("second"), granted("third")]
    tokens = tokens_of(iam)
    seen = []
    for _ in range(12):
        seen.append(tokens.token(5))
        wall_clock.now += 600
    # THEN it is renewed with at least five minutes left
    assert seen == ["first"] * 6 + ["second"] * 6
    assert len(iam.requests) == 2
    # AND when the clock is put back: what it told is worth nothing
    wall_clock.now -= 100_000
    assert tokens.token(5) == "third"


@pytest.mark.parametrize(
    ("lifetime", "step", "uses"), [(120, 10, 6), (0, 100, 1), (-5, 100, 1), (3600.5, 100, 34), (10**12, 100, 861)]
)
def test_lifetimes_of_all_kinds(iam: Receiver, wall_clock: Clock, lifetime: float, step: float, uses: int) -> None:
    iam.answers = [granted("first", expires_in=lifetime), granted("second")]
    tokens = tokens_of(iam)
    found = 0
    while tokens.token(5) == "first":
        found += 1
        wall_clock.now += step
    assert found == uses


@pytest.mark.parametrize("status", [503, 400])
def test_an_iam_that_fails_is_no_trouble_while_the_token_lives(iam: Receiver, wall_clock: Clock, status: int) -> None:
    iam.answers = [granted("first"), answer(status), answer(503), granted("second")]
    tokens = tokens_of(iam)
    assert tokens.token(5) == "first"
    wall_clock.now += 3400
    assert tokens.token(5) == "first"
    # WHEN it is over, THEN there is none
    wall_clock.now += 300
    refusal = tokens.token(5)
    assert isinstance(refusal, Answer)
    assert (refusal.reason, refusal.is_final) == (
        "no access token for THE KEY from IBM Cloud's IAM: it answered 503 Service Unavailable",
        False,
    )
    assert tokens.token(5) == "second"


def test_a_token_that_is_refused_is_renewed_once(service: Ingestion) -> None:
    output = to(service)
    assert sent(output, a_message(0)) == []
    # WHEN the token is withdrawn
    service.valid.clear()
    assert sent(output, a_message(1)) == []
    assert len(service.granted) == 2
    # AND WHEN nothing helps
    service.refusing = 401
    assert sent(output, a_message(2)) == [(a_message(2).id, "it answered 401 Unauthorized", True)]
    assert len(service.granted) == 3
    service.refusing = 0
    assert sent(output, a_message(3)) == []
    assert [alert["id"] for alert in service.alerts] == [a_message(number).id for number in (0, 1, 3)]


def test_threads_share_a_token(service: Ingestion) -> None:
    output = to(service)
    ready = threading.Barrier(8)

    def send(number: int) -> list[tuple[str, str, bool]]:
        ready.wait()
        return sent(output, *[a_message(10 * number + one) for one in range(10)])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(8))) == [[]] * 8
        service.valid.clear()
        assert list(pool.map(send, range(8))) == [[]] * 8
    assert len(service.alerts) == 160
    # THEN each asks but once for all
    assert len(service.granted) == 2


def test_a_thread_waits_no_longer_than_it_may(iam: Receiver) -> None:
    asked = threading.Event()

    def hang(_: object) -> None:
        asked.set()
        iam.done.wait(10)

    iam.answers = [hang]
    tokens = tokens_of(iam)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(tokens.token, 30)
        assert asked.wait(10)
        assert tokens.token(0.05) == Answer(reason="IBM Cloud's IAM did not answer in time")
        iam.done.set()
        assert isinstance(other.result(), Answer)


@pytest.mark.parametrize(
    ("reply", "reason", "is_final"),
    [
        (
            answer(400, b'{"errorCode":"BXNIM0415E","errorMessage":"hidden-api-key-0123456789"}'),
            "it answered 400 Bad Request (BXNIM0415E)",
            True,
        ),
        (answer(400, b'{"errorCode":"hidden-api-key"}'), "it answered 400 Bad Request", True),
        (answer(400, b'{"errorCode":7}'), "it answered 400 Bad Request", True),
        (answer(429, b"hidden", Retry_After="3"), "it answered 429 Too Many Requests", False),
        (answer(302, b"", Location="https://hidden.example"), "it answered 302 Found, and redirects", True),
        (granted(""), "what answered is not IBM Cloud's IAM", False),
        (granted("a\r\nX-Forged: 1"), "what answered is not IBM Cloud's IAM", False),
        (answer(200, b'{"access_token":7}'), "what answered is not IBM Cloud's IAM", False),
        (answer(200, b"hidden"), "what answered is not IBM Cloud's IAM", False),
        (answer(200, b"[" * 60_000), "what answered is not IBM Cloud's IAM", False),
        (lambda connection: None, "RemoteDisconnected", False),
    ],
)
def test_why_there_is_no_token(iam: Receiver, reply: object, reason: str, is_final: bool) -> None:
    iam.answers = [reply]  # type: ignore[list-item]
    messages = [a_message(0), a_message(1)]
    failed = sent(an_output("https://instance.example", KEY, iam.url("")), *messages)
    assert [(id_, final) for id_, _, final in failed] == [(message.id, is_final) for message in messages]
    for _, told, _ in failed:
        assert told.startswith("no access token for LANNER_IBM_LOGS_URL: its API key")
        assert reason in told
        assert "hidden" not in told
    assert len(iam.requests) == 1


def test_a_key_that_changes(service: Ingestion) -> None:
    key = Changing("LANNER_IBM_LOGS_API_KEY_FILE", "", "old", f" {service.api_key}\n")
    output = to(service, key)
    told = [[reason for _, reason, _ in sent(output, a_message())] for _ in range(3)]
    assert told == [
        ["LANNER_IBM_LOGS_API_KEY_FILE: the secret is empty"],
        [
            "no access token for LANNER_IBM_LOGS_API_KEY_FILE from IBM Cloud's IAM: "
            "it answered 400 Bad Request (BXNIM0415E)"
        ],
        [],
    ]


def test_any_character_may_stand_in_a_key(service: Ingestion) -> None:
    service.api_key = "a+b&c=d%e é/"
    assert sent(to(service), a_message()) == []


@pytest.mark.parametrize(
    ("url", "key", "iam_url", "wanted"),
    [
        ("http://i.example", KEY, "https://iam.example", "LANNER_IBM_LOGS_URL: http is not secure"),
        ("https://i.example", KEY, "http://iam.example", "LANNER_IBM_IAM_URL: http is not secure"),
        ("https://i.example", " ", "https://iam.example", "LANNER_IBM_LOGS_URL: its API key: the API key is empty"),
    ],
)
def test_settings_that_cannot_be_used(url: str, key: str, iam_url: str, wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted) as caught:
        IbmCloudLogs(url, key, iam_url=iam_url)
    assert KEY not in str(caught.value)
