"""How numbers are taken and set against each other."""

import sys
from pathlib import Path

import pytest

from bench.cost import Cost, cpu, peak
from bench.engine import Detector
from bench.inputs import Inputs
from bench.process import Runner, Usage, take_turns
from bench.rulesets import VARIANTS, our_rules
from lanner.ruleset import load
from support import shipped


def test_a_command_is_measured_alone(tmp_path):
    # GIVEN a command that works for a while, and more memory than this process has
    burn = "import time\nwhile time.process_time() < 0.2: pass\nprint('done', len(b'x' * 200_000_000))"
    # WHEN it is run
    usage = Runner(tmp_path).run([sys.executable, "-c", burn])
    # THEN its own use is told, and what it printed is kept
    assert 0.2 <= usage.cpu < 1
    assert usage.wall > 0
    assert 200e6 < usage.peak < 300e6
    assert usage.output.read_text() == "done 200000000\n"


def test_memory_is_that_of_the_command_and_not_of_its_starter(tmp_path):
    ballast = b"x" * 300_000_000
    assert Runner(tmp_path).run([sys.executable, "-c", "pass"]).peak < 50e6
    assert len(ballast) == 300_000_000


def test_a_failure_ends_the_benchmark(tmp_path):
    with pytest.raises(SystemExit, match="no luck"):
        Runner(tmp_path).run([sys.executable, "-c", "raise SystemExit('no luck')"])


def test_one_command_feeds_another(tmp_path):
    count = [sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"]
    usage = Runner(tmp_path).feed([sys.executable, "-c", "print('x' * 99)"], count)
    assert usage.output.read_text() == "100\n"


def test_repetitions_take_turns():
    order = []

    def run(name):
        return lambda: order.append(name) or Usage(len(order), 0, 2_000_000, Path())

    done = take_turns(2, {"a": run("a"), "b": run("b")})
    assert order == ["a", "b", "a", "b"]
    assert cpu(done["b"]) == Cost((2, 4))
    assert peak(done["a"]).median == 2


def test_costs_are_set_against_each_other_one_by_one():
    mine, its = Cost((1.0, 3.0, 8.0)), Cost((2.0, 3.0, 4.0))
    ratio = mine / its
    assert ratio.each == (0.5, 1.0, 2.0)
    assert (ratio.median, ratio.low, ratio.high) == (1.0, 0.5, 2.0)
    assert (mine - its).each == (-1.0, 0.0, 4.0)
    assert (mine / 2).each == (0.5, 1.5, 4.0)
    assert (mine * 2).each == (2.0, 6.0, 16.0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_copies_of_rules_are_valid_and_many(variant, tmp_path):
    ours, single = our_rules(), shipped()
    copied = load(ours.copies(3, variant, tmp_path).files)
    assert copied.ruleset is not None, copied.results
    assert len(copied.ruleset.rules) == 3 * len(single.rules)
    assert len(copied.ruleset.select(())) == 3 * len(single.select(()))
    assert ours.copies(1, variant, tmp_path) is ours


def test_the_engine_gives_alerts(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "- {rule: Anything, desc: d, condition: ka.verb exists, output: '%ka.verb', priority: INFO, source: k8s_audit}"
    )
    detector = Detector("EventList", "reference", [str(rules)])
    payload = b'{"kind":"EventList","items":[{"auditID":"1","verb":"get"},{"auditID":"2","verb":"list"},3]}'
    assert len(list(detector.alerts(payload))) == 2
    assert (detector.pieces, detector.rejects) == (3, 1)


def test_a_batch_at_once_gives_the_alerts_of_its_events(tmp_path):
    # GIVEN a CloudWatch batch
    pytest.importorskip("lanner.sources.eks")
    inputs = Inputs(tmp_path, 400, None)
    packed, _ = inputs.payloads("CloudWatch", inputs.mix())
    payloads = packed.path.read_bytes().splitlines()
    rules = [str(path) for path in our_rules().files]
    # WHEN both engines take it, one by the event, one at once
    one, other = (Detector("CloudWatch", engine, rules) for engine in ("reference", "compiled"))
    # THEN they give the same alerts and have seen the same events
    assert [list(one.alerts(payload)) for payload in payloads] == [list(other.alerts(payload)) for payload in payloads]
    assert one.pieces == other.pieces == 400
    assert other.apart == 0
