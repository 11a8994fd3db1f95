"""The plan of a rule, and the example of docs/engine.md."""

import re
from pathlib import Path

from lanner.cli.plan import text
from lanner.engine import CompiledEngine
from lanner.engine.plan import plan
from support import an_event, opened, rules_from

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


def blocks(language: str) -> list[str]:
    """Return the code blocks of the page that are in this language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [block for kind, block in found if kind == language]


def a_rule(condition: str):
    (rule,) = rules_from(
        f"- rule: R\n  desc: d\n  condition: {condition}\n  output: o\n  priority: INFO\n  source: k8s_audit\n"
    )
    return rule


def test_the_example_of_the_page_is_what_comes_out():
    (rule,) = rules_from(blocks("yaml")[0])
    drawing, shown, residual = blocks("")
    assert "projection.py" in drawing
    assert text(rule) + "\n" == shown
    # AND the residual of the situation that the page tells of
    engine = CompiledEngine([rule])
    reference = {"resource": "pods", "subresource": "exec", "namespace": "checkout", "name": "web"}
    event = an_event(verb="create", objectRef=reference, requestURI="/x?command=sh")
    assert engine.judge(opened(event)).matched == [rule]
    values = ("create", "pods", "exec", "alice", "checkout")
    found = engine.dispatch.residual(values)
    assert found is not None
    assert found.source == re.sub("^    ", "", residual, flags=re.MULTILINE)
    # AND the key of the other event is empty
    assert engine.dispatch.residual(("update", "leases", "", "system:node:a", "")) is None


def test_a_rule_that_matches_everything():
    found = plan(a_rule("evt.num exists and evt.num != 7"))
    assert found.key == ()
    (situation,) = found.situations
    assert situation.values == ()
    assert "always" in text(a_rule("evt.num != 7"))


def test_values_in_words():
    found = plan(a_rule("not ka.verb in (get, list) and not ka.target.namespace exists"))
    assert (found.key, found.classes) == (("verb",), ("objectRef.namespace",))
    assert [situation.values for situation in found.situations] == [
        (("verb", "anything but get, list or missing"), ("objectRef.namespace", "missing")),
    ]


def test_a_rule_that_can_never_match():
    rule = a_rule("ka.verb = get and not ka.verb = get")
    assert plan(rule).situations == ()
    assert "can never match" in text(rule)


def test_many_situations_are_cut_short():
    choices = " or ".join(f"(ka.verb = v{n} and ka.uri contains u{n})" for n in range(30))
    assert "and 10 more situations" in text(a_rule(choices))
