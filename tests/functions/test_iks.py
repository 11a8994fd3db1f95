"""IBM Cloud's API servers as docs/iks.md sets them up: they call a secret path, and alerts arrive at log services."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import functions_framework
import pytest

from doubles import Recorder
from emulators.ingestion import Ingestion
from functions_data import COMPARED, event, event_list, incident
from lanner.alerts import AlertFormat
from lanner.errors import UsageError
from lanner.outputs import delivery
from lanner.outputs.dead_letters import DeadLetter
from lanner.outputs.deadline import Deadline
from lanner.outputs.fanout import Route
from lanner.outputs.message import Message
from lanner.pipeline import Pipeline
from lanner.ruleset import Priority, artefact
from lanner.sources import apiserver
from outputs.receivers import Receiver, receiving
from package import recipes
from package.build import REPOSITORY
from package.interpreter import RUNTIME
from support import an_event

RECORDED = Path(__file__).parents[3] / "shared" / "corpus" / "webhook" / "batches.jsonl.gz"
PATH, NEXT_PATH = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
URL = f"/audit/{PATH}/shop"
HEADERS = {name: value for name, value in event("apiserver_webhook")["headers"].items() if name != "Content-Length"}
"""What an API server sends: no authorization."""

Post = Callable[..., int]
SERVICES = ("logdna", "ibm")


class Iks(NamedTuple):
    """The function, deployed: what posts to it, who gets its alerts, where its dead letters are."""

    post: Post
    service: Ingestion
    letters: Callable[[], list[DeadLetter]]


def bodies(size: int = 20) -> list[bytes]:
    """Return requests as an API server sent them: one as it is, and those that tell of an incident."""
    lines = incident()
    told = [event_list(*lines[start : start + size]) for start in range(0, len(lines), size)]
    return [event("apiserver_webhook")["body"].encode(), *told]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingestion]:
    """GIVEN the log services, by TLS."""
    with Ingestion() as started:
        (tmp_path / "authority.pem").write_bytes(started.authority)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        yield started


@pytest.fixture
def judge(rules: Path) -> Callable[[list[bytes]], list[Message]]:
    """What plain events give, without any function, transport or service."""
    chosen = artefact.read(rules.read_bytes(), str(rules)).select()

    def judged(payloads: list[bytes]) -> list[Message]:
        taken = Recorder()
        pipeline = Pipeline(chosen, AlertFormat(), [Route(taken, Priority.DEBUG)], None)
        events = [item for payload in payloads for item in json.loads(payload)["items"]]
        for item in events:
            plain = json.dumps({"kind": "Event", "apiVersion": "audit.k8s.io/v1", **item}).encode()
            pipeline.take(apiserver.events, plain, Deadline(60), origin="a test", provider="iks", cluster="shop")
        return taken.taken

    return judged


@pytest.fixture
def deploy(function: Any, service: Ingestion, tmp_path: Path) -> Callable[..., Iks]:
    """What deploys the function with the settings of docs/iks.md, and others."""
    box = tmp_path / "dead letters"

    def deployed(to: str = "logdna", *, box_is_there: bool = True, **settings: str) -> Iks:
        chosen = service.logdna_settings if to == "logdna" else service.ibm_settings
        known = {name.removeprefix("LANNER_"): value for name, value in chosen.items()}
        known |= {"PROVIDER": "iks", "AUTH_PATHS": f"{PATH},{NEXT_PATH}"}
        known |= {"DEAD_LETTERS": f"file:{box}"} if box_is_there else {}
        module = function("http_webhook/main", **known | settings)
        app = functions_framework.create_app("handle", module.__file__, "http")

        def post(body: bytes, path: str = URL, **headers: str) -> int:
            sent = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
            status: int = app.test_client().post(path, data=body, headers=sent).status_code
            return status

        def letters() -> list[DeadLetter]:
            return [DeadLetter.read(line) for line in box.read_bytes().splitlines()] if box.exists() else []

        return Iks(post, service, letters)

    return deployed


def secrets(service: Ingestion) -> list[str]:
    """Return what no log may show."""
    return [PATH, NEXT_PATH, service.key, service.api_key, *service.granted, "access-token"]


def ids(messages: list[Message]) -> list[str]:
    return sorted(message.id for message in messages)


def arrived(service: Ingestion) -> list[str]:
    return sorted(alert["id"] for alert in service.alerts)


# What arrives


@pytest.mark.parametrize("to", SERVICES)
def test_alerts_are_those_of_the_plain_events(deploy: Any, judge: Any, to: str, capfd: Any) -> None:
    iks = deploy(to)
    assert "Authorization" not in HEADERS
    for body in bodies():
        assert iks.post(body) == 200
    wanted = judge(bodies())
    # THEN all of them arrive, once, as they are
    assert wanted
    assert Counter(map(json.dumps, iks.service.alerts)) == Counter([json.dumps(one.alert()) for one in wanted])
    assert iks.letters() == []
    assert iks.service.dropped == []
    out, err = capfd.readouterr()
    assert not [secret for secret in secrets(iks.service) if secret in out + err]
    # AND again the same, if the API server sends a batch again
    for body in bodies():
        assert iks.post(body) == 200
    assert arrived(iks.service) == sorted(2 * ids(wanted))


@pytest.mark.parametrize("to", SERVICES)
def test_recorded_requests(deploy: Any, judge: Any, to: str) -> None:
    if not RECORDED.exists():
        pytest.skip(f"{RECORDED.name} is not beside this checkout: this needs the recorded corpus")
    requests = gzip.decompress(RECORDED.read_bytes()).splitlines()
    iks = deploy(to)
    for body in requests:
        assert iks.post(body) == 200
    wanted = judge(requests)
    events = sum(len(json.loads(body)["items"]) for body in requests)
    COMPARED.append(
        f"IKS to {to}, {len(requests)} recorded requests by a secret path: {events:,} events, {len(wanted)} alerts, "
        f"{len(set(ids(wanted)) ^ set(arrived(iks.service)))} different"
    )
    assert wanted
    assert arrived(iks.service) == ids(wanted)


@pytest.mark.parametrize("to", SERVICES)
def test_how_alerts_look_there(deploy: Any, to: str) -> None:
    iks = deploy(to)
    iks.post(event_list(*incident()))
    for taken in iks.service.taken:
        if to == "logdna":
            assert (taken.host, taken.entry["app"]) == ("shop", "lanner")
            assert taken.entry["level"] == taken.alert["priority"]
            assert taken.entry["meta"] == taken.alert
        else:
            assert (taken.entry["applicationName"], taken.entry["subsystemName"]) == ("lanner", "shop")
        assert (taken.alert["provider"], taken.alert["cluster"]) == ("iks", "shop")


def test_an_alert_is_sent_to_both(deploy: Any, service: Ingestion) -> None:
    both = {name.removeprefix("LANNER_"): value for name, value in service.ibm_settings.items()}
    iks = deploy("logdna", IBM_LOGS_MINIMUM_PRIORITY="critical", **both)
    assert iks.post(event_list(*incident())) == 200
    of_logdna = [taken.alert["id"] for taken in service.taken if taken.host]
    of_ibm = [taken.alert for taken in service.taken if not taken.host]
    assert {alert["priority"] for alert in of_ibm} <= {"Critical", "Alert", "Emergency"}
    assert {alert["id"] for alert in of_ibm} < set(of_logdna)


def test_the_first_alerts_of_the_walk_through(deploy: Any) -> None:
    # GIVEN what `kubectl get secrets --all-namespaces` leaves under the policy that logs no bodies, and what `kubectl
    # create clusterrolebinding` does under the one that logs them
    user = {"username": "IAM#jane@example.com", "groups": ["system:authenticated"]}
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    binding = {"metadata": {"name": "lanner-test"}, "subjects": subjects, "roleRef": role}
    listed = an_event(
        level="Metadata",
        verb="list",
        user=user,
        requestURI="/api/v1/secrets?limit=500",
        objectRef={"resource": "secrets", "apiVersion": "v1"},
        responseStatus={"code": 200},
    )
    bound = an_event(
        user=user,
        requestURI="/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?fieldManager=kubectl-create",
        objectRef={"resource": "clusterrolebindings", "name": "lanner-test", "apiGroup": role["apiGroup"]},
        requestObject=binding,
    )
    iks = deploy()
    assert iks.post(event_list(json.dumps(listed), json.dumps(bound))) == 200
    found = [(alert["rule"], alert["priority"]) for alert in iks.service.alerts]
    assert sorted(found) == [("Administrator Rights Bound", "Critical"), ("Secrets Harvested", "Error")]
    assert all("IAM#jane@example.com" in alert["output"] for alert in iks.service.alerts)


# Who may call


def test_only_who_knows_the_path(deploy: Any) -> None:
    iks = deploy()
    (body,) = bodies(1000)[1:]
    for path in ("/audit", "/audit/shop", f"/audit/{PATH[:-1]}/shop", f"/audit/{PATH}x", f"/{PATH}", "/"):
        assert iks.post(body, path) == 404
    assert not iks.service.alerts
    # WHEN the path is changed (docs/iks.md), THEN both count meanwhile
    assert [iks.post(b"[]", f"/audit/{path}/shop") for path in (PATH, NEXT_PATH)] == [200, 200]


def test_a_path_may_name_its_cluster(deploy: Any) -> None:
    iks = deploy(AUTH_PATHS=f"shop={PATH},pay={NEXT_PATH}")
    (body,) = bodies(1000)[1:]
    assert [iks.post(body, f"/audit/{path}") for path in (PATH, NEXT_PATH)] == [200, 200]
    assert {alert["cluster"] for alert in iks.service.alerts} == {"shop", "pay"}
    assert {taken.host for taken in iks.service.taken} == {"shop", "pay"}
    # AND the same events of two clusters are two alerts each
    assert len(iks.service.ids) == len(iks.service.alerts)


def test_a_client_certificate(deploy: Any) -> None:
    # GIVEN a load balancer that verifies certificates, and hands on the subject
    subject = "CN=shop,O=audit-webhook"
    iks = deploy(AUTH_PATHS="", AUTH_CLIENT_HEADER="X-Client-Subject", AUTH_CLIENT_SUBJECTS=subject)
    (body,) = bodies(1000)[1:]
    assert iks.post(body, "/audit/shop") == 401
    assert iks.post(body, "/audit/shop", X_Client_Subject="CN=other") == 401
    assert iks.post(body, "/audit/shop", X_Client_Subject=subject) == 200
    assert iks.service.alerts


def test_through_the_api_server_s_proxy(deploy: Any) -> None:
    # GIVEN a request that comes by way of a Service in the cluster: the proxy of the API server adds these
    forwarded = {
        "X_Forwarded_For": "172.20.0.1, 127.0.0.1",
        "X_Forwarded_Uri": "/api/v1/namespaces/lanner/services/http:lanner:http/proxy" + URL,
        "X_Forwarded_Host": "127.0.0.1:2040",
        "X_Forwarded_Proto": "https",
    }
    iks = deploy()
    assert iks.post(event_list(*incident()), **forwarded) == 200
    assert iks.service.alerts


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"AUTH_PATHS": ""}, "no authentication"),
        ({"LOGDNA_KEY": ""}, "there is no LANNER_LOGDNA_KEY"),
        ({"LOGDNA_URL": "http://logs.example/logs/ingest"}, "http is not secure"),
        ({"PROVIDER": "I K S"}, "LANNER_PROVIDER"),
    ],
)
def test_settings_that_it_does_not_start_with(deploy: Any, settings: dict[str, str], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        deploy(**settings)


# The container


def test_the_container_has_all_of_the_package(rules: Path, tmp_path: Path) -> None:
    recipes.source(REPOSITORY, rules, "http_webhook", tmp_path)
    steps = (tmp_path / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    copied = {name for step in steps if step.startswith("COPY ") for name in step.split()[1:-1]}
    assert copied == {path.name for path in tmp_path.iterdir()} - {"Dockerfile"}
    # AND it installs what is locked alone, and runs as nobody in particular
    assert [step for step in steps if "pip install" in step and "--require-hashes" in step]
    assert [step.split()[0] for step in steps if step][-3:] == ["USER", "EXPOSE", "ENTRYPOINT"]
    assert f"python:{RUNTIME}-slim" in steps[[step[:5] for step in steps].index("FROM ")]


# The tee: IKS has one webhook a cluster


@pytest.fixture
def collector() -> Iterator[Receiver]:
    """GIVEN the collector that the cluster's webhook pointed to before."""
    with receiving() as started:
        yield started


def test_the_tee_gets_each_batch_as_it_came(deploy: Any, collector: Receiver, judge: Any) -> None:
    iks = deploy(TEE_URL=collector.url("/k8s-audit"), ALLOW_HTTP="true")
    sent = [*bodies(), gzip.compress(bodies()[1]), b"nonsense"]
    for body in sent:
        assert iks.post(body) == 200
    assert [request.body for request in collector.requests] == sent
    assert {request.line for request in collector.requests} == {"POST /k8s-audit HTTP/1.1"}
    assert {request.headers["content-type"] for request in collector.requests} == {"application/json"}
    assert iks.service.ids == set(ids(judge(bodies())))


def test_a_tee_that_is_down_costs_no_alert(deploy: Any, collector: Receiver, judge: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("lanner.pipeline.tee.SECONDS", 0.3)
    collector.close()
    iks = deploy(TEE_URL=collector.url("/k8s-audit?key=hidden-of-tee"), ALLOW_HTTP="true")
    assert [iks.post(body) for body in bodies(50)] == [200] * len(bodies(50))
    assert arrived(iks.service) == ids(judge(bodies(50)))
    # AND what it missed is kept, to be sent to it again
    assert [letter.content for letter in iks.letters()] == bodies(50)
    assert {letter.output for letter in iks.letters()} == {"tee:127.0.0.1"}


# When the log service fails


@pytest.mark.parametrize("to", SERVICES)
@pytest.mark.parametrize("fault", [408, 429, 500, 502, 503, "lost", "hang", 413])
def test_what_passes_delays_alerts(
    deploy: Any, judge: Any, to: str, fault: int | str, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.setattr(delivery, "_LONGEST_ATTEMPT", 0.5 if fault == "hang" else 10.0)
    over = threading.Event()
    iks = deploy(to)
    iks.service.faults.append((lambda: over.wait(10)) if fault == "hang" else fault)  # type: ignore[arg-type,return-value]
    try:
        assert iks.post(event_list(*incident())) == 200
    finally:
        over.set()
    # THEN the alerts are there nevertheless, with their ids; twice only what was taken without an answer
    wanted = judge([event_list(*incident())])
    assert iks.service.ids == set(ids(wanted))
    assert iks.letters() == []
    if fault not in ("lost", "hang"):
        assert arrived(iks.service) == ids(wanted)
    out, err = capfd.readouterr()
    assert not [secret for secret in secrets(iks.service) if secret in out + err]


@pytest.mark.parametrize("to", SERVICES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_what_lasts_becomes_dead_letters(deploy: Any, judge: Any, to: str, status: int, capfd: Any) -> None:
    iks = deploy(to)
    iks.service.refusing = status
    assert iks.post(event_list(*incident())) == 200
    wanted = judge([event_list(*incident())])
    letters = iks.letters()
    assert sorted(Message.read(letter.content).id for letter in letters) == ids(wanted)
    assert all(f"it answered {status} " in letter.reason for letter in letters)
    out, err = capfd.readouterr()
    assert f"it answered {status} " in out + err
    kept = "".join(map(repr, letters))
    assert not [secret for secret in secrets(iks.service) if secret in out + err + kept]


def test_a_wrong_api_key_becomes_dead_letters(deploy: Any, judge: Any, capfd: Any) -> None:
    iks = deploy("ibm", IBM_LOGS_API_KEY="not-the-api-key-of-anybody")
    assert iks.post(event_list(*incident())) == 200
    assert len(iks.letters()) == len(judge([event_list(*incident())]))
    out, err = capfd.readouterr()
    assert "BXNIM0415E" in out + err
    assert "not-the-api-key" not in out + err


@pytest.mark.parametrize("to", SERVICES)
def test_without_dead_letters_the_api_server_sends_again(deploy: Any, judge: Any, to: str) -> None:
    iks = deploy(to, box_is_there=False)
    iks.service.refusing = 403
    body = event_list(*incident())
    assert iks.post(body) == 503
    iks.service.refusing = 0
    assert iks.post(body) == 200
    assert arrived(iks.service) == ids(judge([body]))


@pytest.mark.parametrize("to", SERVICES)
@pytest.mark.parametrize("box_is_there", [True, False])
def test_faults_at_random_lose_nothing(deploy: Any, judge: Any, to: str, box_is_there: bool, monkeypatch: Any) -> None:
    # GIVEN a service that fails in all its ways, and an API server that sends again what is not taken
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.0)
    chance = random.Random(11)
    iks = deploy(to, box_is_there=box_is_there)
    sent = bodies(2)
    again = 0

    def fail() -> None:
        iks.service.faults.clear()
        for _ in range(chance.randrange(4)):
            iks.service.faults.append(chance.choice([400, 401, 403, 408, 413, 429, 500, 503, "lost"]))
        if chance.random() < 0.2:
            iks.service.valid.clear()
        if to == "ibm" and chance.random() < 0.1:
            iks.service.iam_faults.append(chance.choice([400, 429, 500]))

    for body in sent:
        fail()
        while iks.post(body) != 200:
            fail()
            again += 1
    wanted = set(ids(judge(sent)))
    kept = {Message.read(letter.content).id for letter in iks.letters()}
    assert again if not box_is_there else kept
    COMPARED.append(
        f"IKS to {to}, {'with' if box_is_there else 'without'} dead letters: {len(sent)} requests, "
        f"{sum(iks.service.statuses.values())} calls of the log service, {iks.service.statuses[200]} of them taken: "
        f"{len(wanted)} alerts, {len(iks.service.ids)} arrived, {len(kept)} kept, "
        f"{len(iks.service.alerts) - len(iks.service.ids)} came twice, {again} requests came again, "
        f"{len(wanted - kept - iks.service.ids)} lost"
    )
    assert kept | iks.service.ids == wanted
