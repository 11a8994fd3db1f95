"""Dispatch: from the values of switches to what is left of the rules, with bounded memories."""

import tracemalloc

import msgspec
import pytest
from msgspec import UNSET

from engine.random_rules import rule
from lanner.engine import dispatch as dispatch_module
from lanner.engine import switches
from lanner.engine.dispatch import Dispatch
from lanner.language import FALSE


def dispatch_of(*conditions: str) -> Dispatch:
    return Dispatch([rule(text, text, folded=False) for text in conditions])


def left(dispatch: Dispatch, **values: object) -> dict[str, str]:
    """Return the rules that may match, and what is left of their conditions, if the switches have these values."""
    residual = dispatch.residual(tuple(values.get(switch.path[-1], UNSET) for switch in dispatch.switches))
    if residual is None:
        return {}
    return {rule.name: str(dispatch.expressions.condition(condition)) for rule, condition in residual.rules}


def test_what_the_switches_decide_is_gone():
    first, second = "ka.verb = create and ka.uri contains x", "not ka.verb = get or ka.user.name = root"
    dispatch = dispatch_of(first, second)
    assert left(dispatch, verb="create", username="a") == {first: "ka.uri contains x", second: "true"}
    assert left(dispatch, verb="get", username="root") == {second: "true"}
    assert left(dispatch, verb="get", username="a") == {}
    assert left(dispatch, username="a") == {second: "true"}


def test_equal_remainders_are_one_function():
    dispatch = dispatch_of("ka.verb in (create, update) and ka.uri contains x", "ka.stage = a")
    first = dispatch.residual(("b", "create"))
    assert first is dispatch.residual(("b", "update"))
    assert first is dispatch.residual((UNSET, "create"))
    assert first is not dispatch.residual(("a", "create"))


def test_rules_without_a_chance_are_dropped_from_the_beginning():
    # GIVEN a condition that is constant, and one that only the class of every verb shows to be false
    never = msgspec.structs.replace(rule("ka.verb exists"), condition=FALSE)
    contradiction = rule("ka.verb = get and not ka.verb = get")
    dispatch = Dispatch([never, contradiction])
    assert [number for number, _ in dispatch.whole] == [1]
    assert dispatch.residual(("get",)) is None
    # AND a rule that cannot be evaluated at all
    assert Dispatch([msgspec.structs.replace(never, condition=None)]).whole == ()


def test_no_rules():
    dispatch = Dispatch([])
    assert dispatch.switches == []
    assert dispatch.residual(()) is None
    assert dispatch.empty == {()}


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(dispatch_module, "MAX_KEYS", 20)
    monkeypatch.setattr(dispatch_module, "MAX_KEY", 40)
    monkeypatch.setattr(dispatch_module, "MAX_STATES", 30)


@pytest.mark.usefixtures("small_limits")
def test_keys_are_bounded():
    # GIVEN rules for which some verbs have no residual and others have
    dispatch = dispatch_of("ka.verb startswith a and ka.user.name contains x and ka.uri contains y")
    for number in range(200):
        assert left(dispatch, verb=f"b{number}", username="x") == {}
        assert list(left(dispatch, verb=f"a{number}", username="x").values()) == ["ka.uri contains y"]
        assert left(dispatch, verb=f"a{number}", username="z") == {}
        assert len(dispatch.empty) <= 20
        assert len(dispatch.residuals) <= 20


@pytest.mark.usefixtures("small_limits")
def test_long_keys_are_not_remembered():
    dispatch = dispatch_of("ka.verb startswith a and ka.user.name contains x")
    assert list(left(dispatch, verb="a" * 41, username="x").values()) == ["true"]
    assert left(dispatch, verb="b" * 41) == {}
    assert not dispatch.empty
    assert not dispatch.residuals


@pytest.mark.usefixtures("small_limits")
def test_states_are_bounded():
    # GIVEN rules that tell very many situations apart
    letters = "abcdefgh"
    dispatch = dispatch_of(*(f"ka.verb contains {letter} and ka.user.name contains {letter}" for letter in letters))
    for one in range(256):
        verb = "".join(letter for bit, letter in enumerate(letters) if one >> bit & 1)
        for user in ("", "a", "bc", letters):
            assert list(left(dispatch, verb=verb, username=user)) == [
                f"ka.verb contains {letter} and ka.user.name contains {letter}"
                for letter in letters
                if letter in verb and letter in user
            ]
    assert len(dispatch._states) <= 32
    assert len(dispatch._rests) <= 33


def test_who_begins_anew_remembers_nothing_of_before(monkeypatch):
    # GIVEN switches whose classes keep their numbers, and expressions that are numbered anew
    monkeypatch.setattr(dispatch_module, "MAX_STATES", 6)
    letters = "abcdef"
    rules = [
        f"ka.verb = {one} and ka.uri contains {one} or ka.target.resource = {one} and ka.uri contains y{one}"
        for one in letters
    ]
    dispatch = dispatch_of(*rules)
    for verb, resource in [(verb, resource) for verb in letters for resource in letters] * 2:
        wanted: dict[str, list[str]] = {}
        for one, rest in ((verb, f"ka.uri contains {verb}"), (resource, f"ka.uri contains y{resource}")):
            wanted.setdefault(rules[letters.index(one)], []).append(rest)
        found = {name: set(rest.split(" or ")) for name, rest in left(dispatch, verb=verb, resource=resource).items()}
        assert found == {name: set(rests) for name, rests in wanted.items()}


def test_who_has_used_up_the_classes_of_a_switch_begins_anew(monkeypatch):
    monkeypatch.setattr(switches, "MAX_CLASSES", 4)
    letters = "abcdef"
    dispatch = dispatch_of(*(f"ka.user.name contains {letter} and ka.uri contains {letter}" for letter in letters))
    (switch,) = dispatch.switches
    undecided = [f"ka.user.name contains {letter} and ka.uri contains {letter}" for letter in letters]
    numbers: set[int] = set()
    ways = set()
    for user in [*letters, "ab", "abc", *letters]:
        before = set(switch.classes)
        found = list(left(dispatch, username=user).values())
        assert found in ([f"ka.uri contains {letter}" for letter in user], undecided)
        ways.add(found == undecided)
        # AND no number comes again, for another thread may still look it up
        assert numbers.isdisjoint(set(switch.classes) - before)
        numbers |= set(switch.classes)
        assert len(switch.classes) <= 4
    assert ways == {True, False}


def test_constants_beyond_the_classes_are_no_reason_to_begin_anew(monkeypatch):
    monkeypatch.setattr(switches, "MAX_CLASSES", 3)
    dispatch = dispatch_of(*(f"ka.verb = {letter} and ka.uri contains {letter}" for letter in "abcdef"))
    for letter in "abcdef":
        assert f"ka.uri contains {letter}" in {text.split(" and ")[-1] for text in left(dispatch, verb=letter).values()}
    assert not any(switch.is_full for switch in dispatch.switches)
    assert dispatch._made


def test_the_class_of_the_user_is_asked_first_where_every_request_is_asked_for_it():
    user = "ka.user.name startswith system: and ka.uri contains x"
    assert [switch.path[-1] for switch in dispatch_of("ka.verb = create", user).switches] == ["verb", "username"]
    for other, size in (("ka.verb != get", 2), ("ka.verb = create", 1)):
        dispatch = dispatch_of(
            f"{other} and ka.response.code = 200 and {user}", "ka.target.namespace = a and ka.verb = x"
        )
        assert [switch.path[-1] for switch in dispatch.switches][:size] == ["verb", "code"][:size]
        assert dispatch.key_size in (1, 3)
        assert (dispatch.key_size == 1) is (other == "ka.verb = create")


def test_residuals_are_bounded_and_so_is_what_they_are_made_of(monkeypatch):
    monkeypatch.setattr(dispatch_module, "MAX_RESIDUALS", 10)
    letters = "abcdef"
    rules = [f"ka.uri contains {one} or ka.verb contains {one} and ka.user.name contains {one}" for one in letters]
    dispatch = dispatch_of(*rules)
    nodes = len(dispatch.expressions.nodes)
    for number in range(64):
        word = "".join(letter for bit, letter in enumerate(letters) if number >> bit & 1)
        found = left(dispatch, verb=word, username=word)
        assert found == {
            condition: "true" if letter in word else f"ka.uri contains {letter}"
            for condition, letter in zip(rules, letters, strict=True)
        }
        assert len(dispatch._made) <= 10
        assert len(dispatch.expressions.nodes) <= nodes + 100


def test_memory_stays_where_every_value_is_new():
    # GIVEN rules whose checks are no questions of equality, and clients that send ever new values
    dispatch = dispatch_of(
        "ka.user.name startswith system: and ka.target.namespace contains kube and ka.uri contains x",
        "ka.verb != get and ka.target.resource glob *s and ka.user.name endswith x",
    )
    paths = [switch.path for switch in dispatch.switches]

    def send(numbers):
        for number in numbers:
            dispatch.residual(tuple(f"{path[-1]}-{number}" for path in paths))

    send(range(25_000))
    tracemalloc.start()
    try:
        send(range(25_000, 50_000))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 6_000_000
