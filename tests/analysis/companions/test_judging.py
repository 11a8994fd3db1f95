"""What a case comes to, by both engines."""

import json

import pytest

from lanner.analysis.companions import Kind
from lanner.analysis.companions.judging import Judge
from lanner.analysis.companions.model import Case
from lanner.engine import CompiledEngine, ReferenceEngine
from lanner.fields import Event
from lanner.language import BoundCheck
from lanner.ruleset import Place, load
from support import an_event

PLACE = Place("c.yaml", 3, 5)


def messages(result) -> list[str]:
    return [problem.message for problem in result.problems]


def lines(result) -> list[str]:
    return [line for problem in result.problems for line in problem.lines]


@pytest.fixture
def judge(rules_file):
    return Judge(load([rules_file]).ruleset.rules)


def case(event: str | bytes, rule: str = "Pod Made", kind: Kind = Kind.ALERT, **more) -> Case:
    event = event if isinstance(event, bytes) else event.encode()
    return Case(rule, kind, "it", event, PLACE, **more)


def test_an_alert(result):
    found = result("from: pod")
    assert found.passed
    assert found.alerted == ("Pod Made", "Anything")
    assert found.seconds > 0


def test_a_rule_that_is_disabled_is_switched_on(result):
    event = "event: {verb: get, objectRef: {resource: secrets}}"
    assert result(f"from: pod, {event}", "Secret Seen", "evasions").passed


def test_an_alert_that_does_not_come(result):
    found = result("from: pod, event: {verb: list, objectRef: {resource: secrets}}")
    assert messages(found) == ["the rule did not alert"]
    assert lines(found) == [
        "expected: Pod Made",
        "alerted:  Secret Seen, Anything",
        "parts of its condition, and whether they hold:",
        '  no   ka.verb = create   (it is "list")',
        '  no   ka.target.resource = pods   (it is "secrets")',
        '  yes  not ka.user.name startswith system:   (it is "alice")',
    ]


def test_nothing_alerts(result):
    found = result("from: pod, event: {verb: null}")
    assert "alerted:  no rule" in lines(found)
    assert "  no   ka.verb = create   (it is missing)" in lines(found)


def test_quiet(result):
    assert result("from: pod, event: {verb: get}", kind="quiet").passed
    found = result("from: pod", kind="quiet")
    assert messages(found) == ["the rule alerted, and must not"]
    (line,) = lines(found)
    assert line.startswith("its alert: ")
    assert line.endswith("Warning alice web (203.0.113.7) <NA> 1")


def test_a_provider(rules_file):
    """
    GIVEN a rule about the provider's name
    WHEN the case says which envelope the event came in
    THEN the event is of that provider
    """
    judge = Judge(load([rules_file]).ruleset.rules)
    found = judge.judge(case(json.dumps(an_event()), provider="eks"))
    assert found.passed


def test_exactly_these_rules(result):
    assert result("from: pod, rules: [Anything, Pod Made]").passed
    assert result("from: pod, event: {verb: get}, rules: [Anything]", kind="quiet").passed
    found = result("from: pod, rules: [Pod Made, Secret Seen, Anythin, Nothing Like It]")
    assert messages(found) == ["other rules alerted than those in `rules`"]
    assert lines(found) == [
        "- expected, + alerted",
        "  Pod Made",
        "- Secret Seen",
        "- Anythin (no rule that was loaded has this name; did you mean 'Anything'?)",
        "- Nothing Like It (no rule that was loaded has this name; give the file that has it with -r)",
        "+ Anything",
    ]


def test_no_rule_may_alert(result):
    assert result("from: pod, event: {verb: null}, rules: []", kind="quiet").passed


@pytest.mark.parametrize(
    "output",
    [
        "{ka.user.name: alice}",
        "{ka.user.name: alice, ka.sourceips: [203.0.113.7], ka.target.name: web, evt.num: 1}",
        "{ka.req.pod.containers.image: null, evt.time: 1772360430123456000}",
        "{}",
    ],
)
def test_output(result, output):
    assert result(f"from: pod, output: {output}").passed


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "{ka.user.name: bob, ka.sourceips: ['1.2.3.4'], ka.target.name: web}",
            [
                *("ka.user.name:", '  expected "bob"', '  got      "alice"'),
                *("ka.sourceips:", '  expected ["1.2.3.4"]', '  got      ["203.0.113.7"]'),
            ],
        ),
        ("{evt.num: '1'}", ["evt.num:", '  expected "1"', "  got      1"]),
        ("{evt.num: true}", ["evt.num:", "  expected true", "  got      1"]),
        ("{ka.user.name: null}", ["ka.user.name:", "  expected null", '  got      "alice"']),
        ("{ka.user.nam: bob}", ["ka.user.nam: the alert has no such field; did you mean 'ka.user.name'?"]),
    ],
)
def test_output_that_is_not_as_expected(result, output, expected):
    found = result(f"from: pod, output: {output}")
    assert messages(found) == ["the alert's output is not as expected"]
    assert lines(found) == expected


def test_output_that_is_nothing_like_a_field(result):
    (line,) = lines(result("from: pod, output: {x: 1}"))
    assert line.startswith("x: the alert has no such field; its output has evt.num, evt.time, ka.req.pod")


def test_output_of_an_alert_that_does_not_come(result):
    assert messages(result("from: pod, event: {verb: get}, output: {ka.user.name: alice}")) == [
        "the rule did not alert"
    ]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("{", "not JSON"),
        ("x", "not JSON"),
        ("[]", "this is no event; a case has one"),
        ("[1]", "no audit event: a number"),
        ('{"verb": "get"}', "no audit event"),
        (json.dumps({"kind": "EventList", "items": [an_event(), an_event()]}), "more than one event"),
        (json.dumps(an_event())[:-1] + ', "x": ' + "[" * 400 + "]" * 400 + "}", "deeper than 300 levels"),
        (b"\xff{}", "not JSON"),
    ],
)
@pytest.mark.parametrize("kind", Kind)
def test_events_that_cannot_be_judged(judge, event, reason, kind):
    found = judge.judge(case(event, kind=kind))
    assert messages(found) == ["the event cannot be judged"]
    assert reason in lines(found)[0]
    assert found.alerted == ()


def test_an_event_whose_bodies_are_too_large_to_be_known(rules_file):
    """
    GIVEN a rule about a body, and an event that is larger than Lanner takes whole
    WHEN it is judged
    THEN the case fails because the rule is undecided
    """
    rules_file.write_text(
        "- {rule: Image, desc: d, output: x, priority: DEBUG, source: k8s_audit,"
        " condition: ka.req.pod.containers.image intersects (a) and ka.verb = create}"
    )
    judge = Judge(load([rules_file]).ruleset.rules)
    body = {"spec": {"containers": [{"image": "a"}]}}
    assert judge.judge(case(json.dumps(an_event(requestObject=body)), "Image")).passed
    large = judge.judge(case(json.dumps(an_event(requestObject=body | {"x": "y" * 300_000})), "Image"))
    assert "it is undecided: a part of the event is lost, and may hold anything" in lines(large)
    assert "  open ka.req.pod.containers.image intersects (a)   (it is lost)" in lines(large)
    left_out = an_event(annotations={"audit.k8s.io/truncated": "true"})
    found = judge.judge(case(json.dumps(left_out), "Image"))
    assert "  open ka.req.pod.containers.image intersects (a)   (it is lost)" in lines(found)


def test_an_event_that_has_no_time_of_its_own(judge):
    event = an_event(stageTimestamp=None, requestReceivedTimestamp=None)
    assert judge.judge(case(json.dumps(event))).passed


def test_rules_that_cannot_alert(result):
    found = result("from: pod", "Asleep")
    assert lines(found)[2].startswith("the rule cannot match: its condition is never true")
    found = result("from: pod", "Other Source")
    assert lines(found)[2].startswith("the rule is not evaluated")
    assert result("from: pod", "Asleep", "quiet").passed


def test_engines_that_disagree(judge):
    """
    GIVEN a compiled engine that knows one rule less
    WHEN a case is judged
    THEN it fails and names what each engine says
    """
    judge._compiled = CompiledEngine(judge._compiled._rules[:1])
    found = judge.judge(case(json.dumps(an_event())))
    assert messages(found) == ["the two engines disagree: this is a defect of Lanner, please report it"]
    assert lines(found) == [
        "alerted, by the reference engine: Pod Made, Anything",
        "alerted, by the compiled engine:  Pod Made",
    ]


def test_alerts_that_differ(judge):
    """
    GIVEN an event that the two engines read differently
    WHEN both alert
    THEN the case fails and names what differs
    """
    reference = judge._reference
    other = an_event(user={"username": "bob"})

    class Misreading:
        def judge(self, event):
            misread = event.with_text(json.dumps(other).encode())
            for slot in Event.__slots__:
                setattr(event, slot, getattr(misread, slot))
            return reference.judge(event)

    judge._reference = Misreading()  # two engines of which one is wrong are not to be had
    found = judge.judge(case(json.dumps(an_event())))
    assert messages(found) == ["the alerts of the two engines differ: this is a defect of Lanner, please report it"]
    assert any(line.startswith("output: ") and "bob" in line and "alice" in line for line in lines(found))


def test_a_rule_that_cannot_be_judged(judge, rules_file):
    """
    GIVEN a rule with a check that raises: a defect of Lanner
    WHEN a case of another rule is judged
    THEN it fails and names the rule
    """
    rules = load([rules_file]).ruleset.rules
    check = rules[2].condition
    assert isinstance(check, BoundCheck)

    def broken(event):
        raise RuntimeError

    check.read = broken
    judge._reference = judge._compiled = ReferenceEngine(rules[:3])
    found = judge.judge(case(json.dumps(an_event()), kind=Kind.EVASION))
    assert messages(found) == ["rules could not be judged: this is a defect of Lanner, please report it"]
    assert lines(found) == ["Anything"]


def test_many_names_are_cut(tmp_path):
    path = tmp_path / "many.yaml"
    item = "- {{rule: R{}, desc: d, output: x, priority: DEBUG, source: k8s_audit, condition: ka.verb {}}}\n"
    path.write_text(item.format("", "= never") + "".join(item.format(number, "exists") for number in range(25)))
    found = Judge(load([path]).ruleset.rules).judge(case(json.dumps(an_event()), "R"))
    assert lines(found)[1].endswith("R18, R19 and 5 more")
