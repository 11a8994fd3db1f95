"""What a function does before its first verdict: an artefact is enough, and little is imported."""

import json
import subprocess
import sys

import pytest

from support import an_event

# None of them is needed to load an artefact and to judge and report an event; each would cost more than it is worth.
UNWANTED = [
    "argparse",
    "base64",
    "dataclasses",
    "difflib",
    "hashlib",
    "inspect",
    "re2",
    "socket",
    "urllib.parse",
    "yaml",
    "lanner.cli",
    "lanner.language.folding",
    "lanner.language.parser",
    "lanner.language.warnings",
    "lanner.ruleset.config",
    "lanner.ruleset.diagnostics",
    "lanner.ruleset.loader",
    "lanner.ruleset.yaml_nodes",
]
FIRST_VERDICT = """
import sys
import msgspec
known = set(sys.modules)  # that is the price of msgspec, whatever it is where this runs

from lanner.alerts import Alert, AlertFormat
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Intake, RawEvent
from lanner.ruleset.artefact import read

with open(sys.argv[1], "rb") as file:
    rules = read(file.read(), "rules").select()
raw = RawEvent(sys.argv[2].encode())
for engine in (ReferenceEngine(rules), CompiledEngine(rules)):
    event = Intake().open(raw)
    matched = engine.judge(event).matched
    assert [Alert(rule, event, AlertFormat()).message for rule in matched] == ["alice created web"]
print(*(sys.modules.keys() - known))
"""
SCAN = """
import sys
from lanner.cli import main
status = main(["scan", "-r", sys.argv[1], "-o", "json_output=true", sys.argv[2]])
assert status == 0
print(*sys.modules)
"""
RULES = """
- macro: write
  condition: ka.verb in (create, patch)
- rule: Pod Created
  desc: d
  condition: write and ka.target.resource = pods and jevt.rawtime exists
  output: "%ka.user.name created %ka.target.name"
  priority: WARNING
  source: k8s_audit
- rule: With a pattern
  desc: d
  condition: ka.uri regex '/x.*' or ka.user.name glob 'x*'
  output: "%b64(ka.user.name) %ka.uri.param[x]"
  priority: WARNING
  source: k8s_audit
  enabled: false
"""


@pytest.fixture
def built(tmp_path):
    from lanner.cli import main

    rules, built = tmp_path / "rules.yaml", tmp_path / "built"
    rules.write_text(RULES)
    assert main(["build", str(rules), "-o", str(built)]) == 0
    return built


def imported(program: str, *arguments: object) -> list[str]:
    """Run a program in a fresh interpreter and return what it prints last: the modules it has imported."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1].split()


def test_the_way_to_the_first_verdict_is_short(built):
    modules = imported(FIRST_VERDICT, built, json.dumps(an_event()))
    assert "lanner.ruleset.artefact" in modules
    assert [name for name in UNWANTED if name in modules] == []


def test_scan_with_an_artefact_needs_no_yaml(built, tmp_path):
    events = tmp_path / "events.json"
    events.write_text(json.dumps(an_event()))
    modules = imported(SCAN, built, events)
    assert [
        name for name in ("yaml", "re2", "lanner.language.parser", "lanner.ruleset.loader") if name in modules
    ] == []


@pytest.mark.parametrize("package", ["lanner.language", "lanner.ruleset"])
def test_what_is_imported_later_is_there(package):
    module = __import__(package, fromlist=["x"])
    for name in module.__all__:
        assert getattr(module, name) is not None
    later = {name for names in module._LATER.values() for name in names}
    assert later <= set(module.__all__)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        _ = module.nothing
