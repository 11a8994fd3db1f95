"""The loop over a block: which events a rule may match, and how few questions that takes."""

import pytest

from engine.random_rules import rule
from lanner.engine.codegen import Residual
from lanner.engine.dispatch import Dispatch
from lanner.engine.projection import Projection
from lanner.engine.selector import selector
from lanner.fields import json_text


class Loop:
    """The loop for some conditions; `asked` counts how often the dispatch was asked."""

    def __init__(self, *conditions: str) -> None:
        self.asked = 0
        self.dispatch = Dispatch([rule(text, text) for text in conditions])
        self.projection = Projection({switch.path: switch.type for switch in self.dispatch.switches})
        self.select, self.source = selector(
            self.projection.head,
            self.dispatch.switches,
            self.dispatch.key_size,
            self.dispatch.empty,
            self.dispatch.residuals.get,
            self._find,
        )

    def _find(self, values: tuple[object, ...]) -> Residual | None:
        self.asked += 1
        return self.dispatch.residual(values)

    def hits(self, *texts: bytes) -> list[tuple[int, list[str]]] | None:
        heads = self.projection.take_lines(b"".join(text + b"\n" for text in texts))
        hits = self.select(heads)
        if hits is None:
            return None
        return [(index, [made.name for made, _ in residual.rules]) for index, _, residual in hits]


def line(verb: bytes = b"get", user: bytes = b"alice", more: bytes = b"") -> bytes:
    return (
        b'{"kind":"Event","auditID":"a","stage":"S","verb":"%b","user":{"username":"%b"}%b}' % (verb, user, more)
    )  # fmt: skip


def test_events_that_no_rule_can_match_are_passed_over():
    loop = Loop("ka.verb = create and ka.uri contains x", "ka.user.name startswith system:")
    assert loop.hits(line(), line(b"create"), line(b"list", b"system:x"), line()) == [
        (1, ["ka.verb = create and ka.uri contains x"]),
        (2, ["ka.user.name startswith system:"]),
    ]


def test_situations_are_looked_up_the_second_time():
    loop = Loop("ka.verb = create and ka.user.name startswith system:", "ka.verb = delete")
    events = [line(b"create", b"system:a"), line(b"create", b"bob"), line(b"get"), line(b"delete")]
    first = loop.hits(*events)
    asked = loop.asked
    assert loop.hits(*events, *events)[:2] == first
    assert loop.asked == asked
    # AND a user who was never seen is asked for once, though of a known class
    loop.hits(line(b"create", b"system:b"), line(b"create", b"system:b"))
    assert loop.asked == asked + 1


def test_the_rest_of_a_situation_is_not_asked_for_if_the_key_tells_enough():
    loop = Loop("ka.verb = create and ka.user.name startswith system:")
    loop.hits(*(line(b"get", b"user-%d" % number) for number in range(50)))
    assert loop.asked == 1


def test_values_that_are_missing():
    loop = Loop("ka.target.name exists or ka.response.code = 201", "not ka.target.name exists")
    found = loop.hits(line(), line(more=b',"objectRef":{}'), line(more=b',"objectRef":{"name":"a"}'))
    assert [rules for _, rules in found] == [
        ["not ka.target.name exists"],
        ["not ka.target.name exists"],
        ["ka.target.name exists or ka.response.code = 201"],
    ]


@pytest.mark.parametrize("member", [b'"requestObject":%b', b'"user":{"username":"alice","extra":%b}'])
def test_a_block_with_an_event_that_nests_too_deep_is_refused(member):
    # GIVEN members at two levels
    loop = Loop("ka.user.name = alice")
    level = member.count(b"{") + 1
    for more in (0, 1):
        depth = json_text.MAX_DEPTH - level + more
        deep = member % (b"[" * depth + b"]" * depth)
        text = line().replace(b'"user":{"username":"alice"}', deep) if b'"user"' in member else line(more=b"," + deep)
        assert loop.hits(line(), text) == (
            None if more else [(0, ["ka.user.name = alice"]), (1, ["ka.user.name = alice"])]
        )
        # AND one that no rule can match anyway is no obstacle
        assert Loop("ka.verb = delete").hits(line(), text) == []


def test_without_rules_nothing_is_a_hit():
    assert Loop().hits(line(), line()) == []


def test_the_source_has_no_more_than_the_rules_need():
    source = Loop("ka.verb = create and ka.uri = x").source
    assert "key = (head.verb, )" in source
    assert "objectRef." not in source
