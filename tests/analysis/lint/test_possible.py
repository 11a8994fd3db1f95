"""Which conditions can be true: contradictions are found, and nothing that can happen is called impossible."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.analysis.lint.possible import MISSING, OTHER, Possible
from lanner.engine.reference import truth
from lanner.fields import catalogue
from lanner.language import compile_condition, parse
from support import opened

VERB = "ka.verb"
NAME = "ka.target.name"
GROUPS = "ka.user.groups"


def narrowed(text: str, **only: str):
    condition = compile_condition(parse(text), catalogue())
    possible = Possible([condition])
    given = {name.replace("_", "."): frozenset([value.encode()]) for name, value in only.items()}
    return possible.narrowed(condition, possible.situation(given))


@pytest.mark.parametrize(
    "condition",
    [
        "ka.verb = get and ka.verb = list",
        "ka.verb in (get, list) and ka.verb in (create, delete)",
        "ka.verb = get and ka.verb != get",
        "ka.verb = get and not ka.verb startswith g",
        "not ka.verb exists and ka.verb != get",
        "not ka.target.name exists and ka.target.name contains x",
        "(ka.verb = get or ka.verb = list) and not ka.verb in (get, list)",
        "not (ka.verb = get or not ka.verb = get)",
        "ka.verb = get and (ka.verb = list or ka.target.name = x) and not ka.target.name = x",
        "not ka.user.groups exists and ka.user.groups intersects (a)",
        "not ka.user.groups exists and ka.user.groups in ()",
        "not ka.target.name exists and tolower(ka.target.name) = x",
        "not ka.target.name exists and ka.verb = val(ka.target.name)",
        "not ka.target.name exists and concat(ka.verb, ka.target.name) != x",
        "ka.verb = oneof (get, list) and ka.verb = create",
        "ka.verb = allof (get, list)",
        "not ka.verb in (get) and ka.verb intersects (get)",
        "ka.verb regex '(get|list)' and ka.verb in (create, delete)",
        # what rules out a check stands behind it
        "(ka.target.name = x or ka.verb = get) and ka.verb = list and not ka.target.name = x",
    ],
)
def test_contradictions_are_impossible(condition: str) -> None:
    assert narrowed(condition) is None


@pytest.mark.parametrize(
    "condition",
    [
        "not ka.verb = get and not ka.verb exists",
        "ka.verb != get and ka.verb != list",
        "ka.verb startswith g and not ka.verb = get",
        "not ka.target.name = x and not ka.target.name != x",
        "not ka.user.groups intersects (a) and ka.user.groups exists",
        "ka.user.groups in (a) and not ka.user.groups intersects (a)",  # not followed: lists
        "tolower(ka.verb) = get and ka.verb = GET",
        "evt.num > 3 and evt.num < 2",  # not followed: numbers
        "not evt.num > 3",
    ],
)
def test_what_is_no_contradiction_is_possible(condition: str) -> None:
    assert narrowed(condition) is not None


def test_what_is_left_of_the_values() -> None:
    left = narrowed("ka.verb in (get, list, create) and not ka.verb = list and ka.target.name exists")
    assert left is not None
    assert left[VERB] == {b"get", b"create"}
    assert left[NAME] == {OTHER}


def test_alternatives_leave_the_values_of_each() -> None:
    left = narrowed("(ka.verb = get and ka.target.name = a) or (ka.verb = list and not ka.target.name exists)")
    assert left is not None
    assert left[VERB] == {b"get", b"list"}
    assert left[NAME] == {b"a", MISSING}


def test_a_transformed_field_must_be_there() -> None:
    left = narrowed("tolower(ka.target.name) = x")
    assert left is not None
    assert MISSING not in left[NAME]


def test_situations() -> None:
    condition = compile_condition(parse("ka.verb = get or ka.target.name = x"), catalogue())
    possible = Possible([condition], {VERB: [b"watch"]})
    assert possible.universe[VERB] == {b"get", b"watch", MISSING, OTHER}
    without = possible.situation(never={VERB: frozenset((b"get",))}, absent=[NAME, "ka.uri"])
    assert possible.narrowed(condition, without) is None
    nothing = possible.situation({VERB: frozenset((b"get",))}, {VERB: frozenset((b"get",))})
    assert possible.narrowed(condition, nothing) is None
    absent_after_all = possible.situation({NAME: frozenset((b"x",))}, absent=[NAME])
    assert possible.narrowed(condition, absent_after_all) is None


def test_situations_of_what_no_condition_looks_at() -> None:
    condition = compile_condition(parse("ka.verb = get"), catalogue())
    possible = Possible([condition])
    unknown = {NAME: frozenset((b"x",)), VERB: frozenset((b"watch", b"get"))}
    assert possible.situation(unknown, {NAME: frozenset((b"x",))}) == {VERB: {b"get", OTHER}}


def test_what_takes_too_many_steps_is_possible() -> None:
    # GIVEN checks of which each rules out a part of the next one, from both ends
    fields = [f"ka.uri.param[{number}]" for number in range(40)]
    chain = [f"({one} = a or {other} = b)" for one, other in pairwise(fields)]
    ends = [f"not {fields[0]} = a", f"not {fields[-1]} = b"]
    # THEN it is seen where they stand in order
    assert narrowed(" and ".join([*ends, *chain])) is None
    # AND given up where they do not
    Random(1).shuffle(chain)
    assert narrowed(" and ".join([*ends, *chain])) is not None


def test_constants() -> None:
    from lanner.language import FALSE, TRUE

    possible = Possible([TRUE, FALSE])
    assert possible.narrowed(TRUE, possible.situation()) == {}
    assert possible.narrowed(FALSE, possible.situation()) is None


def test_what_is_too_large_is_possible(monkeypatch) -> None:
    monkeypatch.setattr("lanner.analysis.lint.possible._MAX_WORK", 1)
    assert narrowed("ka.verb = get and ka.verb = list") is not None


_VALUES = st.sampled_from(["a", "b", "ab", "", "A"])
_TEXT_CHECKS = st.builds(
    lambda field, operator, value: f'{field} {operator} "{value}"',
    st.sampled_from([VERB, NAME, "tolower(ka.verb)"]),
    st.sampled_from(["=", "!=", "contains", "startswith", "endswith", "icontains", "glob"]),
    _VALUES,
)
_SET_CHECKS = st.builds(
    lambda field, operator, values: f"{field} {operator} ({', '.join(chr(34) + value + chr(34) for value in values)})",
    st.sampled_from([VERB, NAME, GROUPS]),
    st.sampled_from(["in", "intersects"]),
    st.lists(_VALUES, max_size=3),
)
_MODIFIED = st.builds(
    lambda operator, modifier, values: f"ka.verb {operator} {modifier} ({', '.join(values)})",
    st.sampled_from(["=", "!=", "startswith"]),
    st.sampled_from(["oneof", "anyof", "allof"]),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3),
)
_OTHERS = st.sampled_from(
    ["ka.verb exists", "ka.target.name exists", "ka.user.groups exists", "ka.verb = val(ka.target.name)"]
)
_CONDITIONS = st.recursive(
    _TEXT_CHECKS | _SET_CHECKS | _MODIFIED | _OTHERS,
    lambda inner: (
        st.builds(lambda child: f"not ({child})", inner)
        | st.builds(
            lambda word, parts: word.join(f"({part})" for part in parts),
            st.sampled_from([" and ", " or "]),
            st.lists(inner, min_size=2, max_size=4),
        )
    ),
    max_leaves=14,
)
_MAYBE = st.none() | st.sampled_from(["a", "b", "ab", "", "A", "other"])


@settings(max_examples=600, deadline=None)
@given(
    _CONDITIONS,
    st.lists(
        st.tuples(_MAYBE, _MAYBE, st.none() | st.lists(st.sampled_from(["a", "b", "c"]), min_size=1)),
        min_size=1,
        max_size=8,
    ),
)
def test_nothing_that_happens_is_impossible(text: str, events: list) -> None:
    """On every event that makes a condition true, all values are among those that were said to be possible."""
    condition = compile_condition(parse(text), catalogue())
    possible = Possible([condition])
    left = possible.narrowed(condition, possible.situation())
    for verb, name, groups in events:
        event = {"auditID": "1", "stage": "ResponseComplete", "stageTimestamp": "2026-03-01T10:20:30.123456Z"}
        event["verb"] = verb
        event["objectRef"] = {"name": name} if name is not None else {}
        event["user"] = {"groups": groups} if groups is not None else {}
        if truth(condition, opened({key: value for key, value in event.items() if value is not None}), {}):
            assert left is not None
            for field, value in ((VERB, verb), (NAME, name)):
                if field in left:
                    constant = None if value is None else value.encode()
                    known = {None: MISSING}.get(constant, constant if constant in possible.universe[field] else OTHER)
                    assert known in left[field]
