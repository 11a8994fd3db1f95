import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lanner.analysis.companions import CaseResult, Report, read_suites, run
from lanner.ruleset import load
from support import an_event

RULES = """
- macro: person
  condition: not ka.user.name startswith "system:"
- rule: Pod Made
  desc: d
  condition: ka.verb = create and ka.target.resource = pods and person
  output: "%ka.user.name %ka.target.name %ka.sourceips %ka.req.pod.containers.image %evt.num"
  priority: WARNING
  source: k8s_audit
- rule: Secret Seen
  desc: d
  condition: ka.verb in (get, list) and ka.target.resource = secrets
  output: "%ka.user.name"
  priority: NOTICE
  source: k8s_audit
  enabled: false
- rule: Anything
  desc: d
  condition: ka.verb exists
  output: "%ka.verb"
  priority: DEBUG
  source: k8s_audit
- rule: Asleep
  desc: d
  condition: ka.verb = create and jevt.rawtime=0
  output: x
  priority: DEBUG
  source: k8s_audit
- rule: Other Source
  desc: d
  condition: evt.type = open
  output: x
  priority: DEBUG
  source: syscall
"""


@pytest.fixture
def rules_file(tmp_path) -> Path:
    """A rules file, and beside it a file with a named event `pod` for companions to include."""
    path = tmp_path / "rules" / "r.yaml"
    (path.parent / "tests").mkdir(parents=True)
    path.write_text(RULES)
    (path.parent / "tests" / "events.yaml").write_text(f"events: {{pod: {json.dumps(an_event())}}}")
    return path


@pytest.fixture
def tested(rules_file) -> Callable[..., Report]:
    """Run the tests of a companion, of which everything behind `tests:` is given."""

    def test(tests: str, *only: str) -> Report:
        companion = rules_file.parent / "tests" / rules_file.name
        companion.write_text(f"include: [events.yaml]\ntests:\n{tests}")
        ruleset = load([rules_file]).ruleset
        assert ruleset is not None
        return run(ruleset.rules, read_suites([rules_file]), only)

    return test


@pytest.fixture
def result(tested) -> Callable[..., CaseResult]:
    """Run one case of a rule, given without its name."""

    def judge(case: str, rule: str = "Pod Made", kind: str = "alerts") -> CaseResult:
        (found,) = tested(f"- rule: {rule}\n  {kind}: [{{name: it, {case}}}]\n").results
        return found

    return judge
