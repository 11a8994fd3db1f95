"""Lint as a whole: what the loader remarks, order, and whose files are reported on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lanner.analysis.lint import CODES, Severity, lint
from lanner.errors import UsageError

from .conftest import a_rule

STAGE = "ka.stage = ResponseComplete"


def test_nothing_to_say(folder) -> None:
    result = folder.lint(a_rule(f"ka.verb = get and {STAGE}"))
    assert [(finding.code, finding.severity) for finding in result.findings] == [
        ("LINT_AUDIT_LEVEL", Severity.INFO),
        ("LINT_DATA_ACCESS", Severity.INFO),
    ] or [finding.code for finding in result.findings] == ["LINT_AUDIT_LEVEL"]
    assert result.count(Severity.ERROR) == result.count(Severity.WARNING) == 0


def test_files_that_do_not_load(folder) -> None:
    result = lint([folder.file("- rule: R\n  condition: ka.verb =\n")])
    assert not result.successful
    assert result.findings == result.rules == ()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read"):
        lint([tmp_path / "none.yaml"])


MACRO = "- macro: m\n  condition: (ka.verb = get)\n"
LIST = "- list: l\n  items: [get]\n"


def test_unused(folder) -> None:
    result = folder.lint(MACRO, LIST)
    assert [(f.code, f.severity, str(f.subject), f.place.file[-6:], f.place.line) for f in result.findings] == [
        ("LINT_UNUSED_MACRO", Severity.WARNING, "macro 'm'", "1.yaml", 1),
        ("LINT_UNUSED_LIST", Severity.WARNING, "list 'l'", "2.yaml", 1),
    ]
    assert result.findings[0].snippet


def test_what_a_later_file_uses_is_used(folder) -> None:
    result = folder.lint(MACRO + LIST, a_rule(f"m and ka.verb in (l) and {STAGE}"))
    assert not [finding for finding in result.findings if finding.severity is Severity.WARNING]


def test_nothing_is_said_of_files_before(folder) -> None:
    result = folder.lint(a_rule(f"m and {STAGE}"), before=(MACRO + LIST + a_rule("ka.verb = get", "S"),))
    assert {finding.place.file[-6:] for finding in result.findings} == {"1.yaml"}
    assert [summary.name for summary in result.rules] == ["R"]


def test_remarks_of_the_loader_keep_their_codes(folder) -> None:
    text = a_rule(f"ka.verb = <NA> and {STAGE}", more="  tags: [a]\n  tags: [b]\n")
    result = folder.lint(text, LIST)
    remarks = [f for f in result.findings if not f.code.startswith("LINT_")]
    assert [(f.code, f.severity, f.place.line, str(f.subject)) for f in remarks] == [
        ("LOAD_UNSAFE_NA_CHECK", Severity.WARNING, 6, "rule 'R'"),
        ("LANNER_DUPLICATE_KEY", Severity.WARNING, 9, ""),
    ]


def test_a_remark_on_something_else(folder) -> None:
    exception = "  exceptions:\n    - {name: e, fields: [ka.verb]}\n    - {name: e, fields: [ka.verb]}\n"
    result = folder.lint(a_rule(f"ka.verb = get and {STAGE}", more=exception), "- unknown: x\n")
    remarks = [f for f in result.findings if f.code.startswith("LOAD_")]
    assert [(f.code, str(f.subject)) for f in remarks] == [
        ("LOAD_EXCEPTION_NAME_NOT_UNIQUE", "rule 'R'"),
        ("LOAD_UNKNOWN_ITEM", ""),
    ]


def test_the_same_condition(folder) -> None:
    text = a_rule(f"ka.verb = get and {STAGE}") + a_rule(f"(ka.verb   = get) and ({STAGE})", "S")
    result = folder.lint(text)
    (found,) = [finding for finding in result.findings if finding.code == "LINT_SAME_CONDITION"]
    assert (found.subject.name, found.severity) == ("S", Severity.WARNING)
    assert found.message.startswith("the rule 'R' (")
    # rules that never match have nothing in common
    never = a_rule("jevt.rawtime = 0") + a_rule("jevt.rawtime = 0", "S")
    assert not folder.found("LINT_SAME_CONDITION", never)


def test_the_same_condition_as_in_a_file_before(folder) -> None:
    condition = f"ka.verb = get and {STAGE}"
    assert len(folder.found("LINT_SAME_CONDITION", a_rule(condition, "S"), before=(a_rule(condition),))) == 1


def test_order(folder) -> None:
    second = a_rule("ka.verb = get", "S", output="%ka.truncated")
    result = folder.lint(MACRO + second, a_rule("ka.truncated = true"))
    places = [(finding.place.file, finding.place.line, finding.place.column) for finding in result.findings]
    assert places == sorted(places)
    at_one_place = [finding.severity for finding in result.findings if finding.place.line == 3]
    assert at_one_place == sorted(at_one_place, key=list(Severity).index)


def test_json(folder) -> None:
    result = folder.lint(a_rule("ka.verb = create and ka.target.resource = pods and ka.req.pod.host_pid = true"))
    finding = next(finding for finding in result.findings if finding.code == "LINT_AUDIT_LEVEL").to_json()
    assert finding == {
        "file": str(folder.path / "1.yaml"),
        "line": 1,
        "column": 3,
        "code": "LINT_AUDIT_LEVEL",
        "severity": "info",
        "kind": "rule",
        "name": "R",
        "message": "needs the audit level Request for pods to have ka.req.pod.host_pid",
        "hint": "",
    }
    assert result.rules[0].to_json() == {
        "rule": "R",
        "file": str(folder.path / "1.yaml"),
        "line": 1,
        "level": "Request",
        "full_level": "Request",
        "portable": True,
        "providers": dict.fromkeys(["self-managed", "eks", "gke", "aks", "iks", "ovh"], "yes"),
        "resources": ["pods"],
        "verbs": ["create"],
    }


def test_codes_are_documented() -> None:
    page = Path(__file__).parents[3] / "docs" / "linting-rules.md"
    headings = [line.removeprefix("### ") for line in page.read_text().splitlines() if line.startswith("### ")]
    assert headings == list(CODES)


def test_the_page_lists_the_sources_of_the_providers() -> None:
    page = (Path(__file__).parents[3] / "docs" / "linting-rules.md").read_text()
    assert all(f"| {name} |" in page for name in ("self-managed", "EKS", "GKE", "AKS, IKS, OVHcloud"))
