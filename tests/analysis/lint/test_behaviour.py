"""What follows from when a rule matches."""

from __future__ import annotations

import pytest

from lanner.analysis.lint import Severity

from .conftest import a_rule

BODY = "ka.req.pod.host_network = true"


def exceptions(*values: str, fields: str = "[ka.verb, ka.target.name]", comps: str = "") -> str:
    comps = f"\n      comps: {comps}" if comps else ""
    return f"  exceptions:\n    - name: e\n      fields: {fields}{comps}\n      values:\n" + "".join(
        f"        - {value}\n" for value in values
    )


def test_the_audit_level(folder) -> None:
    condition = f"ka.verb = create and ka.target.resource = pods and {BODY}"
    (found,) = folder.found("LINT_AUDIT_LEVEL", a_rule(condition, output="%ka.resp.name"))
    assert found.message == "needs the audit level Request for pods to have ka.req.pod.host_network"
    assert found.hint == "at this level it does not see ka.resp.name"
    assert (found.severity, found.place.line, found.place.column) == (Severity.INFO, 1, 3)


def test_many_fields_are_counted(folder) -> None:
    names = ["host_network", "host_pid", "host_ipc", "run_as_user", "run_as_group", "fs_group"]
    condition = " or ".join(f"ka.req.pod.{name} exists" for name in names)
    (found,) = folder.found("LINT_AUDIT_LEVEL", a_rule(condition))
    assert found.message.endswith("ka.req.pod.host_ipc, ka.req.pod.run_as_user or 2 more")


def test_level_metadata(folder) -> None:
    (found,) = folder.found("LINT_AUDIT_LEVEL", a_rule("ka.target.resource in (pods, nodes)"))
    assert (found.message, found.hint) == ("needs the audit level Metadata for nodes and pods", "")


def test_never_on_a_provider(folder) -> None:
    text = a_rule("ka.verb = delete and ka.target.resource = events and ka.stage = ResponseComplete")
    (found,) = folder.found("LINT_NEVER_ON_PROVIDER", text)
    assert (found.severity, found.message) == (Severity.INFO, "never matches on gke: events: not logged")
    assert folder.found("LINT_NEVER_ON_PROVIDER", text, providers=["gke"])[0].severity is Severity.WARNING
    assert folder.found("LINT_NEVER_ON_PROVIDER", text, providers=["eks"])[0].severity is Severity.INFO


def test_data_access(folder) -> None:
    text = a_rule("ka.verb = list and ka.target.resource = pods and ka.stage = ResponseComplete")
    (found,) = folder.found("LINT_DATA_ACCESS", text, providers=["gke"])
    assert found.severity is Severity.INFO
    assert found.message == "matches on gke only with Data Access logs: only that log has requests that read"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("jevt.rawtime = 0", "no event matches: its condition is never true: jevt.rawtime = 0"),
        ("ka.verb = get and ka.verb = list", "no event matches: the checks of its condition contradict each other"),
    ],
)
def test_never(folder, condition: str, message: str) -> None:
    result = folder.lint(a_rule(condition))
    assert [(f.code, f.severity, f.message) for f in result.findings] == [
        ("LINT_NEVER_MATCHES", Severity.WARNING, message)
    ]
    assert result.rules[0].facts.level == ""


@pytest.mark.parametrize(
    ("condition", "stages"),
    [
        ("ka.target.resource = pods", "RequestReceived, ResponseStarted and ResponseComplete"),
        ("ka.verb = create and ka.response.code = 201", "ResponseStarted and ResponseComplete"),
        ("ka.verb = watch and ka.response.code = 200", "ResponseStarted and ResponseComplete"),
        ("ka.verb = create and not ka.target.subresource exists", "RequestReceived and ResponseComplete"),
    ],
)
def test_any_stage(folder, condition: str, stages: str) -> None:
    (found,) = folder.found("LINT_ANY_STAGE", a_rule(condition))
    assert found.severity is Severity.WARNING
    assert found.message == f"it looks at no stage: a request may match at {stages}"


@pytest.mark.parametrize(
    "condition",
    [
        "ka.target.resource = pods and ka.stage = ResponseComplete",
        "ka.target.resource = pods and not ka.stage in (ResponseComplete)",
        "ka.target.resource = pods and jevt.value[/stage] in (ResponseComplete)",
        "jevt.obj contains ResponseComplete",
        # what is only there in the end, of a request that is no stream
        "ka.verb = create and not ka.target.subresource exists and ka.response.code = 201",
        f"ka.verb = create and not ka.target.subresource exists and {BODY}",
        "ka.verb = get and ka.verb = list",
    ],
)
def test_one_stage(folder, condition: str) -> None:
    assert not folder.found("LINT_ANY_STAGE", a_rule(condition))


def test_an_output_that_is_never_there(folder) -> None:
    condition = "not ka.target.subresource exists and ka.stage = ResponseComplete"
    output = "%ka.target.name %ka.target.subresource"
    (found,) = folder.found("LINT_OUTPUT_NEVER_THERE", a_rule(condition, output=output))
    assert found.message == "ka.target.subresource is missing on every event that the rule matches"
    assert (found.place.line, found.place.column, found.severity) == (7, 28, Severity.WARNING)
    assert not folder.found("LINT_OUTPUT_NEVER_THERE", a_rule(f"{condition} or ka.verb = get", output=output))
    assert not folder.found("LINT_OUTPUT_NEVER_THERE", a_rule("ka.verb = get and ka.verb = list", output=output))


def test_an_exception_without_effect(folder) -> None:
    text = a_rule("ka.verb in (create, update)", more=exceptions("[create, web]", "[get, web]"))
    (found,) = folder.found("LINT_EXCEPTION_NO_EFFECT", text)
    assert found.message == "the exception 'e' has no effect: the rule never matches what this value excludes"
    assert (found.place.line, found.severity) == (13, Severity.WARNING)


def test_exceptions_of_one_field_have_a_finding_for_each_value(folder) -> None:
    more = exceptions("create", "get", "list", fields="ka.verb", comps="in")
    found = folder.found("LINT_EXCEPTION_NO_EFFECT", a_rule("ka.verb in (create, update)", more=more))
    assert [finding.place.line for finding in found] == [14, 15]


def test_exceptions_with_lists_and_macros(folder) -> None:
    head = "- list: reading\n  items: [get, list]\n- macro: writes\n  condition: (ka.verb in (create, update))\n"
    more = exceptions("[reading]", "[[create]]", fields="[ka.verb]", comps="[in]")
    assert len(folder.found("LINT_EXCEPTION_NO_EFFECT", head + a_rule("writes", more=more))) == 1


def test_an_exception_in_a_file_of_the_users_own(folder) -> None:
    rule = a_rule("ka.verb in (create, update)", more="  exceptions:\n    - {name: e, fields: [ka.verb]}\n")
    own = "- rule: R\n  exceptions:\n    - {name: e, values: [[get]]}\n  override: {exceptions: append}\n"
    found = folder.found("LINT_EXCEPTION_NO_EFFECT", own, before=(rule,))
    assert [finding.place.file[-6:] for finding in found] == ["1.yaml"]
    assert not folder.found("LINT_EXCEPTION_NO_EFFECT", a_rule("ka.verb = x", "S"), before=(rule, own))


def test_exceptions_of_a_rule_that_never_matches(folder) -> None:
    text = a_rule("ka.verb = get and ka.verb = list", more=exceptions("[get, web]"))
    assert not folder.found("LINT_EXCEPTION_NO_EFFECT", text)


def test_values_that_are_null(folder) -> None:
    more = exceptions("~", "create", fields="ka.verb", comps="in")
    assert not folder.found("LINT_EXCEPTION_NO_EFFECT", a_rule("ka.verb in (create, update)", more=more))
