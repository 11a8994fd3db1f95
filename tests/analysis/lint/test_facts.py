"""The audit level and the providers that a rule needs."""

from __future__ import annotations

import pytest

from lanner.analysis.lint import LEVELS, PROVIDERS, RuleFacts, facts
from lanner.analysis.lint.facts import level_of
from lanner.fields import Argument, NoValue, availability, catalogue
from lanner.ruleset import Rule
from support import an_event, opened

METADATA, REQUEST, RESPONSE = LEVELS
BODY = "jevt.value[/requestObject/spec/replicas] = 1"
ANSWER = "jevt.value[/responseObject/kind] = Pod"


@pytest.mark.parametrize(
    ("condition", "level", "full"),
    [
        ("ka.verb = create", METADATA, METADATA),
        (f"ka.verb = create and {BODY}", REQUEST, REQUEST),
        (f"ka.verb = create and ({BODY} or ka.target.name = x)", METADATA, REQUEST),
        (f"ka.verb = create and not {BODY}", METADATA, REQUEST),
        (f"not (not {BODY} or ka.verb = get)", REQUEST, REQUEST),
        (f"{BODY} and {ANSWER}", RESPONSE, RESPONSE),
        (f"{BODY} or {ANSWER}", REQUEST, RESPONSE),
        ("ka.resp.name = x", RESPONSE, RESPONSE),
        ("ka.req.pod.host_network = true", REQUEST, REQUEST),
        ("ka.req.pod.containers.image intersects (x)", REQUEST, REQUEST),
        ("ka.verb = concat(ka.req.binding.role, ka.verb)", REQUEST, REQUEST),
        ("ka.req.configmap.name = aws-auth", METADATA, METADATA),
        ("ka.req.binding.subject.has_name[x] = true", METADATA, METADATA),  # always so
        # the body is only asked where another check has ruled the rest out
        (f"(ka.verb = get or {BODY}) and ka.verb = create", REQUEST, REQUEST),
    ],
)
def test_level(rule_of, condition: str, level: str, full: str) -> None:
    found = facts(rule_of(condition))
    assert (found.level, found.full_level) == (level, full)


def test_the_output_counts_for_the_full_level(rule_of) -> None:
    found = facts(rule_of("ka.verb = create", output="%ka.resp.name"))
    assert (found.level, found.full_level) == (METADATA, RESPONSE)


def test_resources_and_verbs(rule_of) -> None:
    found = facts(rule_of("ka.target.resource in (pods, nodes) and not ka.target.resource = pods and ka.verb != get"))
    assert found.resources == ("nodes",)
    assert found.verbs == ()


@pytest.mark.parametrize("condition", ["jevt.rawtime = 0", "ka.verb = get and ka.verb = list"])
def test_a_rule_that_cannot_match(rule_of, condition: str) -> None:
    found = facts(rule_of(condition))
    assert found.level == ""
    assert found.never_on == frozenset(PROVIDERS)
    assert set(found.providers.values()) == {"never"}


def test_a_rule_that_is_not_evaluated(rule_of) -> None:
    rule = rule_of("ka.new_field = x", more="  skip-if-unknown-filter: true\n")
    assert rule.condition is None
    assert facts(rule) == RuleFacts("", "", True, frozenset(PROVIDERS), frozenset())


def test_a_rule_of_every_event(rule_of) -> None:
    found = facts(rule_of("evt.source exists", output="something"))
    assert (found.level, found.full_level, found.portable, found.never_on) == (METADATA, METADATA, True, frozenset())


def on(rule: Rule, provider: str) -> str:
    return facts(rule).providers[provider]


WRITES = "ka.verb in (create, update, patch)"


@pytest.mark.parametrize(
    ("condition", "eks", "gke"),
    [
        ("ka.verb = create and ka.target.resource = pods", "yes", "yes"),
        (f"{WRITES} and ka.target.resource = deployments and {BODY}", "yes", "yes"),
        # what is logged without bodies
        (f"{WRITES} and ka.target.resource = configmaps and {BODY}", "yes", "never"),
        (f"ka.verb = create and ka.target.resource = configmaps and {BODY}", "never", "never"),
        (f"{WRITES} and ka.target.resource = configmaps and ka.target.name = coredns and {BODY}", "never", "never"),
        (f"{WRITES} and ka.target.name = aws-auth and ka.target.resource = configmaps and {BODY}", "yes", "never"),
        (f"{WRITES} and ka.target.resource in (secrets, tokenreviews) and {BODY}", "never", "never"),
        (f"{WRITES} and ka.target.resource in (secrets, pods) and {BODY}", "yes", "yes"),
        (f"ka.target.resource = serviceaccounts and ka.target.subresource = token and {BODY}", "yes", "never"),
        (f"ka.target.resource = serviceaccounts and ka.target.subresource = token and {ANSWER}", "never", "never"),
        (f"ka.target.resource = serviceaccounts and {ANSWER}", "yes", "yes"),
        (f"not ka.target.resource exists and {BODY}", "never", "never"),
        (f"ka.target.resource = leases and {BODY}", "never", "never"),
        # what is not logged at all, or in a log of its own
        ("ka.verb = delete and ka.target.resource = leases", "yes", "never"),
        ("ka.verb = delete and ka.target.resource = events", "yes", "never"),
        (f"ka.verb = create and ka.target.resource = events and {BODY}", "never", "never"),
        ("ka.verb in (get, list) and ka.target.resource = secrets", "yes", "data-access"),
        ("ka.verb = list and ka.target.resource = pods", "yes", "data-access"),
        ("ka.verb in (get, delete) and ka.target.resource = secrets", "yes", "yes"),
        ("ka.verb = watch and ka.target.resource = widgets", "yes", "data-access"),
        (f"ka.verb = get and {ANSWER}", "never", "yes"),  # connections: nobody says how Google logs them
        ("ka.verb = patch and ka.target.subresource = status and ka.target.resource = nodes", "yes", "data-access"),
        ("ka.verb = get and ka.target.subresource = exec", "yes", "yes"),
        ("ka.verb = get and ka.target.subresource = exec and ka.target.resource = pods", "yes", "yes"),
        # what an entry of Cloud Audit Logs cannot say
        ("ka.stage = RequestReceived", "yes", "never"),
        ("ka.uri.param[command] = sh", "yes", "never"),
        ("not ka.uri.param[command] = sh", "yes", "yes"),
    ],
)
def test_providers(rule_of, condition: str, eks: str, gke: str) -> None:
    found = facts(rule_of(condition))
    assert (found.providers["eks"], found.providers["gke"]) == (eks, gke)
    # a log whose policy nobody publishes, or that you choose, may have it
    assert {found.providers[name] for name in ("self-managed", "aks", "iks", "ovh")} == {"yes"}
    assert set(found.reasons) == found.never_on | found.data_access_on


@pytest.mark.parametrize(
    ("condition", "provider", "reason"),
    [
        (
            f"ka.verb = create and ka.target.resource = configmaps and {BODY}",
            "eks",
            "Secrets, ConfigMaps and TokenReviews: logged at level Metadata",
        ),
        ("ka.verb = delete and ka.target.resource = events", "gke", "events: not logged"),
        ("ka.uri.param[command] = sh", "gke", "its log has no ka.uri.param[command]"),
        ("ka.stage = RequestReceived", "gke", "its log has no such event"),
        ("ka.verb = list and ka.target.resource = pods", "gke", "only that log has requests that read"),
    ],
)
def test_reasons(rule_of, condition: str, provider: str, reason: str) -> None:
    assert facts(rule_of(condition)).reasons[provider] == reason


def test_the_envelopes_provider(rule_of) -> None:
    rule = rule_of("ka.provider = eks")
    assert on(rule, "eks") == "yes"
    assert on(rule, "gke") == on(rule, "self-managed") == "never"
    assert not facts(rule).portable
    assert on(rule_of("not ka.provider exists"), "gke") == "yes"  # entries read from a file


def test_the_level_of_an_event_is_what_its_source_says(rule_of) -> None:
    # GKE's entries tell no level, the source gives them one
    rule = rule_of("ka.level = RequestResponse and ka.target.resource = secrets")
    assert on(rule, "gke") == "yes"
    assert facts(rule_of("ka.level = Request")).level == REQUEST
    assert facts(rule_of("ka.level = Metadata and ka.verb = get")).level == METADATA


def test_portable(rule_of) -> None:
    assert facts(rule_of("ka.verb = get")).portable
    assert not facts(rule_of("ka.truncated = true")).portable
    assert not facts(rule_of("ka.verb = get", output="%ka.truncated")).portable


ARGUMENTS = {Argument.KEY: "/x", Argument.NETWORK: "10.0.0.0/8", Argument.INDEX: None, Argument.NONE: None}


def test_fields_above_a_level_are_missing_below_it() -> None:
    """The levels of the catalogue are true: without bodies there is no value."""
    event = opened(an_event(level=METADATA, requestObject=None, responseObject=None, requestURI="/api/v1/pods?x=1"))
    for name, field in catalogue().fields.items():
        bound = catalogue().bind(name, ARGUMENTS[field.argument])
        if level_of(bound) != METADATA:
            assert bound.value(event) is NoValue.MISSING, name


def test_fields_that_the_answer_has_are_missing_at_level_request() -> None:
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    event = opened(an_event(level=REQUEST, requestObject=pod, responseObject=None))
    for name, field in catalogue().fields.items():
        bound = catalogue().bind(name, ARGUMENTS[field.argument])
        if level_of(bound) == RESPONSE:
            assert bound.value(event) is NoValue.MISSING, name


def test_the_catalogue_knows_the_same_levels_and_providers() -> None:
    assert {field.level for field in catalogue().fields.values()} <= set(LEVELS)
    assert tuple(PROVIDERS) == availability.PROVIDERS
