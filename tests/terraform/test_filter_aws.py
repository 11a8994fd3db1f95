"""The default filter of aws-eks on recorded and on made-up events: what it drops can be no alert."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.terraform import Terraform
from lanner.fields import RawEvent
from lanner.sources import eks
from terraform.cloudwatch import Pattern, pattern
from terraform.filtering import (
    EVENTS,
    RULES,
    alerts,
    corpus,
    default_filter,
    documents,
    engine,
    lease,
    literals,
    log_lines,
    wrapped,
)
from terraform.places import EXAMPLES, copied, each
from terraform.planning import plan, prepare

Drops = Callable[[str, str, int, int, int, int], None]

WRITTEN_BY_THE_SERVER = {
    *("$.objectRef.resource", "$.objectRef.apiGroup", "$.objectRef.subresource"),
    *("$.user.username", "$.responseStatus.code", "$.impersonatedUser.username", "$.verb", "$.stage", "$.level"),
}
"""Fields whose values nobody chooses who merely sends a request: who it is, what is asked for, what came of it."""

PLAIN = ["day/events", "incident/events", "incident/large", "attacks/events", "attacks/large"]
WRAPPED = ["eks-cloudwatch", "eks-cloudwatch-cut", "eks-kinesis"]


class Subscription(NamedTuple):
    """The two filters of a log group."""

    whole: Pattern
    cut: Pattern

    def passes(self, line: str) -> bool:
        """Tell whether one of them passes a line on."""
        return self.whole.passes(line) or self.cut.passes(line)


@pytest.fixture(scope="module")
def subscription() -> Subscription:
    """The filters that the module has by default."""
    (cut,) = literals("aws-eks", "[Truncated")
    return Subscription(pattern(" ".join(default_filter("aws-eks").split())), pattern(cut))


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("part", PLAIN)
def test_no_alert_is_lost(subscription: Subscription, dropped: Drops, part: str, rules: str) -> None:
    # GIVEN recorded events
    judge, lines = engine(rules), documents(corpus(part))
    # WHEN they are filtered
    lost = [line for line in lines if not subscription.passes(line)]
    # THEN what is dropped would not have been an alert
    assert list(alerts((RawEvent(line.encode()) for line in lost), judge)) == []
    dropped("CloudWatch", part, len(lost), len(lines), sum(map(len, lost)), sum(map(len, lines)))
    # AND of an ordinary day it is a good part
    if part == "day/events":
        assert 0.45 < len(lost) / len(lines) < 0.65


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("file", WRAPPED)
def test_no_alert_is_lost_of_what_cloudwatch_delivers(
    subscription: Subscription, dropped: Drops, file: str, rules: str
) -> None:
    # GIVEN lines as CloudWatch has them, cut ones too
    judge = engine(rules)
    lines = [line for payload in documents(corpus(f"envelopes/{file}")) for line in log_lines(payload)]
    # WHEN they are filtered
    lost = [line for line in lines if not subscription.passes(line)]
    # THEN what is dropped would not have been an alert, nor may it have been one before it was cut
    assert list(alerts(eks.events(wrapped(lost), origin="lost"), judge)) == []
    dropped("CloudWatch", file, len(lost), len(lines), sum(map(len, lost)), sum(map(len, lines)))
    # AND no line that was cut is dropped
    assert not [line for line in lost if "[Truncated...]" in line]
    assert file != "eks-cloudwatch-cut" or not lost


def test_events_of_this_repository(subscription: Subscription, dropped: Drops) -> None:
    # GIVEN the events that come with every clone
    judge, lines = engine("ours"), documents(EVENTS / "incident.jsonl")
    for file in sorted(EVENTS.glob("aws_cloudwatch*.json")):
        lines += log_lines(file.read_text())
    # WHEN they are filtered, THEN some are dropped, and none that is an alert
    lost = [line for line in lines if not subscription.passes(line)]
    assert list(alerts(eks.events(wrapped(lost), origin="lost"), judge)) == []
    assert len(list(alerts(eks.events(wrapped(lines), origin="all"), judge))) > 20
    dropped("CloudWatch", "tests/events", len(lost), len(lines), sum(map(len, lost)), sum(map(len, lines)))


@pytest.mark.parametrize("rules", RULES)
def test_whatever_is_dropped_is_no_alert(subscription: Subscription, rules: str) -> None:
    # GIVEN made-up requests of all sorts for leases, and some that only look like such
    judge, lost = engine(rules), []
    users = {
        "system:serviceaccount:cert-manager:cert-manager": ["system:serviceaccounts", "system:authenticated"],
        "system:serviceaccount:kube-system:lease-keeper": ["system:serviceaccounts", "system:authenticated"],
        "system:node:worker-1": ["system:nodes", "system:authenticated"],
        "system:kube-scheduler": ["system:authenticated"],
        "system:apiserver": ["system:masters", "system:authenticated"],
        "system:anonymous": ["system:unauthenticated"],
        "system:admin": ["system:masters", "system:authenticated"],
        "carol": ["system:authenticated"],
        "eks:node-manager": ["system:authenticated"],
    }
    kept = 0
    for (user, groups), verb, code, stage, namespace, agent, address in product(
        users.items(),
        ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
        [200, 201, 101, 403, 404, 409, 500],
        ["ResponseComplete", "ResponseStarted", "RequestReceived", "Panic"],
        ["kube-system", "kube-node-lease", "shop"],
        ["kube-scheduler/v1.36.3", "kubectl/v1.36.3 (linux/amd64)", "curl/8.5", "kube-hunter/0.6.8"],
        [["10.20.3.7"], ["203.0.113.9", "10.20.3.7"]],
    ):
        refused = code == 403
        event = lease(
            verb=verb,
            stage=stage,
            user={"username": user, "groups": groups},
            sourceIPs=address,
            userAgent=agent,
            objectRef=lease()["objectRef"] | {"namespace": namespace},
            responseStatus=None if stage == "RequestReceived" else {"code": code},
            annotations={"authorization.k8s.io/decision": "forbid" if refused else "allow"},
        )
        line = json.dumps(event)
        if subscription.passes(line):
            kept += 1
        else:
            lost.append(line)
    # THEN what is dropped of them is no alert by any rule
    assert {rule for rule, _ in alerts((RawEvent(line.encode()) for line in lost), judge)} == set()
    assert kept
    assert lost


POD = {
    "metadata": {"name": "leases", "labels": {"resource": "leases", "apiGroup": "coordination.k8s.io"}},
    "spec": {"containers": [{"name": "system:node", "securityContext": {"privileged": True}}]},
}
PASSING: dict[str, dict[str, Any]] = {
    "a privileged pod labelled as a lease": lease(
        verb="create",
        requestURI="/api/v1/namespaces/shop/pods?resource=leases",
        objectRef={"resource": "pods", "namespace": "shop", "name": "leases", "apiVersion": "v1"},
        requestObject=POD,
        responseStatus={"code": 201},
    ),
    "no object": lease(objectRef=None, requestURI="/version"),
    "no resource": lease(objectRef={"namespace": "shop"}),
    "leases of another API group": lease(objectRef=lease()["objectRef"] | {"apiGroup": "shop.example.com"}),
    "leases of another API group of Kubernetes": lease(
        objectRef=lease()["objectRef"] | {"apiGroup": "scheduling.k8s.io"}
    ),
    "no resource, but a group": lease(objectRef={"apiGroup": "coordination.k8s.io", "apiVersion": "v1"}),
    "leases of no API group": lease(objectRef={"resource": "leases", "apiVersion": "v1"}),
    "another resource of the group": lease(objectRef=lease()["objectRef"] | {"resource": "leasecandidates"}),
    "a person": lease(user={"username": "carol"}),
    "somebody called like the system": lease(user={"username": "carol-system:node:x"}),
    "nobody": lease(user=None),
    "a stranger": lease(user={"username": "system:anonymous", "groups": ["system:unauthenticated"]}),
    "refused": lease(responseStatus={"code": 403, "status": "Failure", "reason": "Forbidden"}),
    "not authenticated": lease(responseStatus={"code": 401}),
    "failed": lease(responseStatus={"code": 500}),
    "no status": lease(responseStatus=None),
    "a status without code": lease(responseStatus={"status": "Success"}),
    "impersonated": lease(impersonatedUser={"username": "system:kube-scheduler", "groups": ["system:masters"]}),
}


@pytest.mark.parametrize("what", PASSING)
def test_what_passes(subscription: Subscription, what: str) -> None:
    assert subscription.whole.passes(json.dumps(PASSING[what]))


DROPPED = [
    lease(),
    lease(verb="get"),
    lease(user={"username": "system:node:worker-1"}),
    lease(user={"username": "system:kube-scheduler"}),
]


@pytest.mark.parametrize("event", DROPPED)
def test_what_is_dropped(subscription: Subscription, event: dict[str, Any]) -> None:
    assert not subscription.passes(json.dumps(event))


def test_what_is_looked_at(subscription: Subscription) -> None:
    assert subscription.whole.selectors - {"$.userAgent"} <= WRITTEN_BY_THE_SERVER
    assert "$.objectRef.resource" in subscription.whole.selectors
    # The other filter looks at text that may stand anywhere, but all that it does is pass lines on.
    assert not subscription.cut.selectors
    assert subscription.cut.passes('{"a":"[Truncated...]"}')


_WORDS = st.sampled_from(
    [
        "kubectl/v1.36",
        "leases",
        "coordination.k8s.io",
        "system:node:worker-1",
        "200",
        "objectRef",
        '"resource":"leases"',
        "[Truncated...]",
        "}",
    ]
)
_TEXT = st.one_of(_WORDS, st.text(max_size=20), st.lists(_WORDS, max_size=4).map("".join))
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), _TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(_TEXT, st.sampled_from(["objectRef", "resource", "user", "username", "responseStatus", "code"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@given(
    event=st.one_of(st.sampled_from(DROPPED), st.sampled_from(list(PASSING.values()))),
    body=_JSON,
    labels=st.dictionaries(_TEXT, _TEXT, max_size=3),
    name=_TEXT,
    namespace=_TEXT,
    agent=_TEXT,
    query=_TEXT,
    addresses=st.lists(_TEXT, max_size=3),
)
def test_nothing_that_a_client_writes_makes_it_drop(
    subscription: Subscription,
    event: dict[str, Any],
    body: Any,
    labels: dict[str, str],
    name: str,
    namespace: str,
    agent: str,
    query: str,
    addresses: list[str],
) -> None:
    # GIVEN an event as far as the server wrote it, and the same with what its client may write
    written = lease(**dict.fromkeys(lease())) | {
        key: event[key] for key in ("stage", "verb", "user", "impersonatedUser", "responseStatus") if key in event
    }
    reference = event.get("objectRef", {})
    if reference:
        written["objectRef"] = {key: reference[key] for key in reference if key not in ("name", "namespace")}
    changed = event | {
        "requestObject": {"metadata": {"labels": labels, "annotations": labels, "name": name}, "spec": body},
        "responseObject": body,
        "userAgent": agent,
        "sourceIPs": addresses,
        "requestURI": f"{event['requestURI']}/{name}?{query}",
        "annotations": event["annotations"] | labels,
    }
    if reference:
        changed["objectRef"] = reference | {"name": name, "namespace": namespace}
    # WHEN the first is passed on, THEN the other is, too
    assert subscription.whole.passes(json.dumps(changed)) >= subscription.whole.passes(json.dumps(written))


@pytest.mark.parametrize("name", each([folder for folder in EXAMPLES if folder.name.startswith("aws-eks-")]))
def test_what_is_deployed(
    provided: Callable[[str], Terraform], tmp_path: Path, subscription: Subscription, name: Path
) -> None:
    # GIVEN an example
    terraform, folder = provided("newer"), copied(tmp_path) / name
    prepare(terraform, folder)
    # WHEN it is planned
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in plan(terraform, folder):
        if one["type"] == "aws_cloudwatch_log_subscription_filter":
            after = one["change"]["after"]
            found[one["provider_name"], after["log_group_name"]].add(after["filter_pattern"])
    # THEN each log group has the two filters that were judged above
    assert found
    for texts in found.values():
        whole, cut = sorted(map(pattern, texts), key=lambda one: not one.selectors)
        assert whole.selectors == subscription.whole.selectors
        assert all(whole.passes(json.dumps(event)) for event in PASSING.values())
        assert not whole.passes(json.dumps(lease()))
        assert cut.passes('{"kind":"Ev[Truncated...]')
