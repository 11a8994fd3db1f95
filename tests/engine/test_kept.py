"""Checks on values that were cut are decided where the kept part decides them, and only there."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.nasty_events import BODIES, Events
from engine.random_rules import Rules
from lanner.engine import CompiledEngine, ReferenceEngine, truth
from lanner.fields import Intake, RawEvent, catalogue, json_text
from lanner.fields.event import KEYS
from lanner.language import compile_condition, parse
from lanner.language.nodes import walk
from lanner.ruleset import PACKS, Rule
from lanner.sources import Context, events
from lanner.sources.cut import salvaged_event
from support import an_event, rules_from, shipped

ROOT = Path(__file__).parents[2]
EVENTS = [line.strip() for line in (ROOT / "tests/events/incident.jsonl").read_bytes().splitlines() if line]
HEAD = b'{"kind":"Event","level":"RequestResponse","auditID":"a","stage":"ResponseComplete",'
NAME = HEAD + b'"verb":"create","user":{"username":"system:serv'
GROUPS = HEAD + b'"verb":"create","user":{"username":"bob","groups":["g1","system:masters","g'
IMAGES = (
    HEAD + b'"verb":"create","requestObject":{"spec":{"hostPID":true,"containers":[{"name":"a","image":"evil:1"},{"na'
)


def judge(condition: str, text: bytes) -> bool | None:
    raw = salvaged_event(text, "", Context(), 5)
    assert isinstance(raw, RawEvent)
    return truth(compile_condition(parse(condition), catalogue()), Intake().open(raw), {})


@pytest.mark.parametrize(
    ("condition", "text", "expected"),
    [
        ("ka.user.name exists", NAME, True),
        ('ka.user.name = "system:service"', NAME, None),
        ('ka.user.name = "system:node"', NAME, False),
        ('ka.user.name == "system:node"', NAME, False),
        ('ka.user.name = "system"', NAME, False),
        ('ka.user.name != "system:node"', NAME, True),
        ('ka.user.name != "system:service"', NAME, None),
        ('ka.user.name startswith "system:"', NAME, True),
        ('not ka.user.name startswith "system:"', NAME, False),
        ('ka.user.name startswith "system:service"', NAME, None),
        ('ka.user.name startswith "bob"', NAME, False),
        ('ka.user.name contains "tem:"', NAME, True),
        ('ka.user.name contains "x"', NAME, None),
        ('ka.user.name icontains "TEM:"', NAME, True),
        ('ka.user.name icontains "X"', NAME, None),
        ('ka.user.name endswith "serv"', NAME, None),
        ("ka.user.name glob 'system:*'", NAME, None),
        ("ka.user.name regex 'x.*'", NAME, None),
        ("ka.user.name in (bob, system:serviceaccount)", NAME, None),
        ("ka.user.name in (bob, alice)", NAME, False),
        ("ka.user.name in ()", NAME, False),
        ("ka.user.name contains anyof (x, tem)", NAME, True),
        ("ka.user.name startswith anyof (a, b)", NAME, False),
        ("ka.user.name contains anyof (x, q)", NAME, None),
        ("ka.user.name contains allof (sys, tem)", NAME, True),
        ("ka.user.name startswith allof (sys, bob)", NAME, False),
        ("ka.user.name contains allof (sys, x)", NAME, None),
        ("ka.user.name startswith oneof (sys, system)", NAME, False),
        ("ka.user.name startswith oneof (sys, bob)", NAME, True),
        ("ka.user.name startswith oneof (bob, al)", NAME, False),
        ("ka.user.name contains oneof (sys, x)", NAME, None),
        ("ka.user.name contains oneof (x)", NAME, None),
        ("ka.user.name = val(ka.verb)", NAME, None),
        ("ka.user.name = val(ka.impuser.name)", NAME, None),
        ("ka.user.name = val(ka.stage)", NAME.replace(b'"stage":"ResponseComplete",', b""), False),
        ("tolower(ka.user.name) startswith system", NAME, None),
        ("ka.user.groups exists", GROUPS, True),
        ("ka.user.groups intersects (system:masters)", GROUPS, True),
        ("ka.user.groups intersects (g9)", GROUPS, None),
        ("ka.user.groups in (g1)", GROUPS, False),
        ("ka.user.groups in (g1, system:masters, g2)", GROUPS, None),
        ("ka.req.pod.host_pid = true", IMAGES, True),
        ("ka.req.pod.containers.image in (good)", IMAGES, False),
        ("not ka.req.pod.containers.image in (good)", IMAGES, True),
        # the list is missing if the second container has no image
        ("ka.req.pod.containers.image intersects (evil:1)", IMAGES, None),
        ("ka.req.pod.containers.image exists", IMAGES, None),
        ("ka.truncated = true", IMAGES, True),
    ],
)
def test_what_the_kept_part_decides(condition: str, text: bytes, expected: bool | None) -> None:
    assert judge(condition, text) is expected


RULES = """
- rule: Too Long to Be Judged
  desc: d
  condition: ka.truncated = true and ka.verb in (create, patch)
  output: "%ka.verb %ka.user.name"
  priority: WARNING
  source: k8s_audit
- rule: Without Privileged Containers
  desc: d
  condition: ka.verb = create and not ka.req.pod.containers.privileged intersects (true)
  output: "%ka.verb"
  priority: WARNING
  source: k8s_audit
"""


@pytest.mark.parametrize("engine", [ReferenceEngine, CompiledEngine])
def test_rules_can_notice_that_an_object_was_too_long(engine: type[ReferenceEngine | CompiledEngine]) -> None:
    # GIVEN a rule that watches for such events, and one that must not take what is gone for missing
    judge = engine(rules_from(RULES)).judge
    cut = salvaged_event(IMAGES, "", Context())
    whole = RawEvent(json.dumps(an_event()).encode())
    annotated = RawEvent(json.dumps(an_event(annotations={"audit.k8s.io/truncated": "true"})).encode())
    assert isinstance(cut, RawEvent)
    for raw, matched, undecided in (
        # WHEN a provider or the API server has truncated the event THEN the first fires, the second is undecided
        (cut, ["Too Long to Be Judged"], ["Without Privileged Containers"]),
        (annotated, ["Too Long to Be Judged"], ["Without Privileged Containers"]),
        (whole, ["Without Privileged Containers"], []),
    ):
        event = Intake().open(raw)
        verdict = judge(event)
        assert [rule.name for rule in verdict.matched] == matched
        assert [rule.name for rule in verdict.undecided] == undecided
        assert bool(event.lost) == (raw is not whole)


@pytest.mark.parametrize("engine", [ReferenceEngine, CompiledEngine])
def test_a_cut_event_may_nest_too_deep(engine: type[ReferenceEngine | CompiledEngine]) -> None:
    # GIVEN a body that was cut 301 levels deep
    raw = salvaged_event(IMAGES + b'me":' + b'{"a":' * 296, "", Context())
    assert isinstance(raw, RawEvent)
    # WHEN it is judged THEN nobody looks into it
    verdict = engine(rules_from(RULES)).judge(Intake().open(raw))
    assert not verdict.matched
    assert [rule.name for rule in verdict.withheld] == ["Too Long to Be Judged", "Without Privileged Containers"]


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 2**48))
def test_what_is_decided_of_a_cut_event_holds_for_the_whole_one(seed: int) -> None:
    # GIVEN random rules and the shipped ones, and recorded events, ordinary ones, and some with nasty bodies
    random = Random(seed)
    cluster = Events(random)
    texts = [*random.sample(EVENTS, 10), *(cluster.ordinary() for _ in range(8)), *(_nasty(cluster) for _ in range(12))]
    raws = [raw for text in texts for raw in events(text, origin="", provider="eks") if isinstance(raw, RawEvent)]
    raws = [raw for raw in raws if json_text.within_depth(raw.text)]  # others raise no alert
    rules = [*Rules(random, raws).make(60), *shipped(*PACKS).select(())]
    engine = ReferenceEngine([rule for rule in rules if not _asks_for_truncation(rule)])
    counts: Counter[str] = Counter()
    for raw in raws:
        whole = {rule.name for rule in engine.judge(Intake().open(raw)).matched}
        for _ in range(4):
            # WHEN it is cut anywhere
            cut = salvaged_event(raw.text[: random.randrange(len(raw.text))], "", Context("eks"), 5)
            if not isinstance(cut, RawEvent):
                continue
            verdict = engine.judge(Intake().open(cut))
            matched, undecided = ({rule.name for rule in found} for found in (verdict.matched, verdict.undecided))
            # THEN whatever is decided is what the whole event decides
            assert not verdict.failed
            assert matched == whole - undecided
            counts["matched"] += len(matched)
    assert counts["matched"] > 0


def _nasty(cluster: Events) -> bytes:
    """Return an event with anything in its body.

    The event itself is as API servers write it: that is relied on. It is no patch: what was cut of one counts even if
    it might stand there again (`lanner.fields.written.found`).
    """
    random = cluster.random
    body = random.choice([*BODIES.values()])(random) or {"data": {"a": "b"}}
    value = cluster.value() | {"level": "RequestResponse", "verb": "create", "requestObject": "here"}
    text = json.dumps({key: value[key] for key in KEYS if key in value}).encode()
    return text.replace(b'"here"', cluster.changed(body))


def _asks_for_truncation(rule: Rule) -> bool:
    return rule.condition is not None and any(
        field.field.name == "ka.truncated" for check in walk(rule.condition) for field in check.fields
    )
