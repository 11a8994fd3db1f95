"""The golden rules, by way of an artefact."""

from conformance_data import opened

from lanner.engine import ReferenceEngine
from lanner.ruleset import Ruleset, load_texts
from lanner.ruleset.artefact import read, write


def test_an_artefact_holds_the_same_conditions(golden):
    assert survive(load_texts([("rules.yaml", golden.bytes("conditions/rules.yaml"))]).ruleset) > 300


def test_an_artefact_holds_the_same_outputs(golden):
    # GIVEN the rules of all templates, without what configurations add to them
    texts = [case["rule"].encode() for case in golden.objects("output/templates.jsonl")]
    loaded = [load_texts([("rules.yaml", text)]).ruleset for text in texts]
    # THEN those that are valid survive
    assert survive(Ruleset(tuple(rule for ruleset in loaded if ruleset for rule in ruleset.rules))) > 20


def survive(ruleset: Ruleset) -> int:
    """See that nothing is lost on the way through an artefact, and return the number of rules."""
    content = write(ruleset)
    copy = read(content, "x")
    assert write(copy) == content
    for rule, original in zip(copy.rules, ruleset.rules, strict=True):
        assert (rule.name, str(rule.condition)) == (original.name, str(original.condition))
        if rule.output is not None:
            assert rule.output.parts == original.output.parts
    return len(copy.rules)


def test_an_artefact_gives_the_same_verdicts(golden):
    name = "conditions/rules.yaml"
    ruleset = load_texts([(name, golden.bytes(name))]).ruleset
    engine = ReferenceEngine(ruleset.select())
    other = ReferenceEngine(read(write(ruleset), "x").select())
    for event in list(opened(golden.lines("conditions/events.jsonl")))[:20]:
        assert [rule.name for rule in other.judge(event).matched] == [rule.name for rule in engine.judge(event).matched]
