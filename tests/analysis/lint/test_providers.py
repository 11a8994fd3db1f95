"""The tables of the providers leave nothing out, and say of no request that less is logged than is."""

from __future__ import annotations

import itertools

import pytest

from lanner.analysis.lint.possible import MISSING
from lanner.analysis.lint.providers import EXPORTED_STAGES, LEVELS, PROVIDERS, Requests, values_of_policies

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
RESOURCES = (
    *[("", name) for name in ("pods", "secrets", "configmaps", "events", "nodes", "services", "serviceaccounts")],
    ("apps", "deployments"),
    ("authentication.k8s.io", "tokenreviews"),
    ("rbac.authorization.k8s.io", "roles"),
    ("events.k8s.io", "events"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("networking.k8s.io", "networkpolicies"),
    ("example.com", "widgets"),
)
SUBRESOURCES = (None, "status", "exec", "attach", "portforward", "proxy", "token", "log", "scale")
NAMES = ((None, None), ("kube-system", "aws-auth"), ("shop", "aws-auth"), ("kube-system", "coredns"))
REQUESTS = [
    {
        "ka.verb": verb,
        "ka.target.apigroup": group or None,
        "ka.target.resource": resource,
        "ka.target.subresource": subresource,
        "ka.target.namespace": namespace,
        "ka.target.name": name,
    }
    for verb, (group, resource), subresource, (namespace, name) in itertools.product(
        VERBS, RESOURCES, SUBRESOURCES, NAMES
    )
]
REQUESTS += [
    {"ka.verb": verb, **dict.fromkeys(("ka.target.apigroup", "ka.target.resource", "ka.target.subresource"))}
    | {"ka.target.namespace": None, "ka.target.name": None}
    for verb in ("get", "post")
]


def is_of(request: dict[str, str | None], kind: Requests) -> bool:
    values = {name: MISSING if value is None else value.encode() for name, value in request.items()}
    return all(values[name] in allowed for name, allowed in kind.only.items()) and not any(
        values[name] in refused for name, refused in kind.never.items()
    )


def levels(request: dict[str, str | None], provider: str) -> set[str | None]:
    return {kind.level for kind in PROVIDERS[provider] if is_of(request, kind)}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_request_is_of_some_kind(provider: str) -> None:
    # also those for what does not exist: they are answered with 404, and logged
    streams = ("exec", "attach", "portforward", "proxy")
    named = [r for r in REQUESTS if r["ka.verb"] not in ("list", "watch") or r["ka.target.subresource"] not in streams]
    assert [request for request in named if not levels(request, provider)] == []


KNOWN = {"", "apps", "authentication.k8s.io", "rbac.authorization.k8s.io", "networking.k8s.io"}


def published(request: dict[str, str | None], *, eks: bool) -> str | None:
    """The level of a request by the policy as it is published, rule by rule; not those about some users only."""
    verb, group, resource = request["ka.verb"], request["ka.target.apigroup"] or "", request["ka.target.resource"]
    subresource = request["ka.target.subresource"]
    whole = (group, resource) if subresource is None else None
    aws_auth = (request["ka.target.namespace"], request["ka.target.name"]) == ("kube-system", "aws-auth")
    if eks and aws_auth and whole == ("", "configmaps") and verb in ("update", "patch", "delete"):
        return LEVELS[2]
    if whole == ("", "events"):
        return None
    if whole in (("", "secrets"), ("", "configmaps"), ("authentication.k8s.io", "tokenreviews")):
        return LEVELS[0]
    if (group, resource, subresource) == ("", "serviceaccounts", "token"):
        return LEVELS[1] if eks else LEVELS[0]
    if resource is None or group not in KNOWN:
        return LEVELS[0]
    return LEVELS[1] if verb in ("get", "list", "watch") else LEVELS[2]


def is_real(request: dict[str, str | None]) -> bool:
    """Tell whether the resource has the subresource."""
    resource, subresource = request["ka.target.resource"], request["ka.target.subresource"]
    has = {
        "pods": ("status", "exec", "attach", "portforward", "proxy", "log"),
        "nodes": ("status", "proxy"),
        "services": ("status", "proxy"),
        "serviceaccounts": ("token",),
        "deployments": ("status", "scale"),
        "networkpolicies": ("status",),
        "widgets": ("status", "scale"),
    }
    if subresource in ("exec", "attach", "portforward", "proxy") and request["ka.verb"] in ("list", "watch"):
        return False  # it has a name
    return subresource is None or subresource in has.get(resource or "", ())


@pytest.mark.parametrize("provider", ["eks", "gke"])
def test_no_request_is_said_to_be_logged_with_less_than_it_is(provider: str) -> None:
    order = {level: number for number, level in enumerate([None, *LEVELS])}
    for request in filter(is_real, REQUESTS):
        if provider == "gke" and request["ka.target.resource"] in ("events", "leases"):
            assert levels(request, provider) == {None}
            continue
        most = max(levels(request, provider), key=order.__getitem__)
        assert order[most] >= order[published(request, eks=provider == "eks")], request


def test_what_is_logged_with_less_on_eks() -> None:
    """And the other way round: where the policy is plain, so is the table."""
    for request in filter(is_real, REQUESTS):
        resource = request["ka.target.resource"]
        if resource in ("secrets", "configmaps", "tokenreviews", "serviceaccounts", "events", "leases", "pods", None):
            assert levels(request, "eks") == {published(request, eks=True)} or resource == "configmaps", request


def test_gke_divides_its_logs_by_the_verb() -> None:
    for request in filter(is_real, REQUESTS):
        kinds = [kind for kind in PROVIDERS["gke"] if is_of(request, kind) and kind.level is not None]
        if request["ka.target.resource"] is None or not kinds:
            continue
        reads = request["ka.verb"] in ("get", "list", "watch")
        connects = request["ka.target.subresource"] in ("exec", "attach", "portforward", "proxy")
        is_status = request["ka.target.subresource"] == "status"
        if not (connects and reads):
            assert all(kind.is_data_access == (reads or is_status) for kind in kinds), request


def test_values() -> None:
    values = values_of_policies()
    assert b"aws-auth" in values["ka.target.name"]
    assert values["ka.stage"] == {b"ResponseStarted", b"ResponseComplete"}
    assert set(EXPORTED_STAGES) <= set(PROVIDERS)
