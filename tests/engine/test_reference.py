import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.engine import ReferenceEngine, truth
from lanner.fields import BODIES, catalogue
from lanner.language import compile_condition, parse
from support import an_event, opened, rules_from

RULE = """
- rule: {name}
  desc: d
  condition: {condition}
  output: "%ka.verb"
  priority: {priority}
  source: k8s_audit
"""


def ruleset(*conditions):
    return rules_from(
        "".join(
            RULE.format(name=f"rule {number}", condition=f"'{condition}'", priority="NOTICE")
            for number, condition in enumerate(conditions, 1)
        )
    )


def judge(condition, event):
    return truth(compile_condition(parse(condition), catalogue()), event, {})


def names(rules):
    return [rule.name for rule in rules]


def test_all_matching_rules_in_their_order():
    # GIVEN three rules, two of which match
    rules = ruleset("ka.verb = create", "ka.verb = delete", "ka.user.name = alice")
    # WHEN every match counts
    verdict = ReferenceEngine(rules).judge(opened(an_event()))
    # THEN both are found in the order of the file
    assert names(verdict.matched) == ["rule 1", "rule 3"]
    assert names(verdict.undecided) == []


def test_first_match_ends_the_search():
    rules = ruleset("ka.verb = delete", "ka.verb = create", "ka.user.name = alice")
    verdict = ReferenceEngine(rules, first_match=True).judge(opened(an_event()))
    assert names(verdict.matched) == ["rule 2"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.verb = create", True),
        ("ka.verb = delete", False),
        ("ka.verb exists", True),
        ("not ka.verb = delete", True),
        ("ka.verb = create and ka.user.name = alice", True),
        ("ka.verb = create and ka.user.name = bob", False),
        ("ka.verb = delete or ka.user.name = alice", True),
        ("ka.verb = delete or ka.user.name = bob", False),
        ("ka.impuser.name = x", False),
        ("ka.impuser.name != x", False),
        ("not ka.impuser.name = x", True),
        ("ka.impuser.name exists", False),
        ("ka.verb = val(ka.stage)", False),
        ("ka.verb = val(ka.verb)", True),
        ("ka.verb = val(ka.impuser.name)", False),
        ("ka.verb in ()", False),
    ],
)
def test_whole_events_are_judged_in_two_values(condition, expected):
    assert judge(condition, opened(an_event())) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # what stands outside the lost bodies is decided as ever
        ("ka.verb = create", True),
        ("ka.resp.name exists", False),
        # what stands inside is undecided, negated or not
        ("ka.req.pod.containers.privileged intersects (true)", None),
        ("not ka.req.pod.containers.privileged intersects (true)", None),
        ("ka.req.pod.host_network = true", None),
        ("ka.req.pod.host_network exists", None),
        ("tolower(ka.req.pod.host_network) = true", None),
        ("ka.verb = val(ka.req.pod.host_network)", None),
        ("ka.req.pod.host_network = val(ka.verb)", None),
        ("ka.req.pod.host_network = val(ka.impuser.name)", False),
        # the body itself is known to be there
        ("jevt.value[/requestObject] exists", True),
        ("jevt.value[/requestObject] = x", None),
        ("jevt.value[/requestObject/spec] exists", None),
        ("jevt.obj exists", True),
        ("jevt.obj contains x", None),
        # whatever it holds, it equals nothing of an empty list
        ("ka.req.pod.host_network in ()", False),
        ("not ka.req.pod.host_network in ()", True),
        # Kleene: the known part may decide alone
        ("ka.verb = delete and ka.req.pod.host_network = true", False),
        ("ka.req.pod.host_network = true and ka.verb = delete", False),
        ("ka.verb = create and ka.req.pod.host_network = true", None),
        ("ka.verb = create or ka.req.pod.host_network = true", True),
        ("ka.req.pod.host_network = true or ka.verb = create", True),
        ("ka.verb = delete or ka.req.pod.host_network = true", None),
        ("ka.verb = val(ka.req.pod.host_network) or ka.verb exists", True),
    ],
)
def test_lost_parts_are_judged_in_three_values(condition, expected):
    # GIVEN an event whose request body is there and lost; it has no response body
    event = opened(an_event(requestObject={"spec": {"hostNetwork": True}}), lost=frozenset({"requestObject"}))
    assert judge(condition, event) is expected


def test_undecided_rules_are_named_and_do_not_fire():
    rules = ruleset("ka.req.pod.host_network = true", "not ka.req.pod.host_network = true", "ka.verb = create")
    event = opened(an_event(requestObject={}), lost=BODIES)
    verdict = ReferenceEngine(rules).judge(event)
    assert names(verdict.matched) == ["rule 3"]
    assert names(verdict.undecided) == ["rule 1", "rule 2"]


def test_an_undecided_rule_does_not_hold_back_the_first_match():
    rules = ruleset("ka.req.pod.host_network = true", "ka.verb = create")
    event = opened(an_event(requestObject={}), lost=BODIES)
    verdict = ReferenceEngine(rules, first_match=True).judge(event)
    assert names(verdict.matched) == ["rule 2"]
    assert names(verdict.undecided) == ["rule 1"]


def conditions():
    atoms = st.sampled_from(
        [
            "ka.verb = create",
            "ka.verb = delete",
            "ka.req.pod.host_network = true",
            "ka.req.pod.host_pid exists",
            "ka.req.pod.containers.image in (nginx)",
            "ka.impuser.name exists",
        ]
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            inner.map("not ({})".format),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: "({}) {} ({})".format(*parts)),
        ),
        max_leaves=8,
    )


@settings(deadline=None, max_examples=150)
@given(conditions())
def test_what_is_decided_without_the_bodies_holds_for_all_bodies(condition):
    # GIVEN the verdict on an event whose body is lost
    lost = judge(condition, opened(an_event(requestObject={}), lost=BODIES))
    # THEN, if there is one, it is the verdict whatever the body held
    verdicts = set()
    for network, pid, image in itertools.product((None, True), (None, False), ("nginx", "x")):
        spec = {"hostNetwork": network, "hostPID": pid, "containers": [{"image": image}]}
        body = {"spec": {key: value for key, value in spec.items() if value is not None}}
        verdicts.add(judge(condition, opened(an_event(requestObject=body))))
    if lost is not None:
        assert verdicts == {lost}
