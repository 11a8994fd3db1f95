"""Patches: what they do, and what a JSON patch writes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lanner.fields import patches, tree

Steps = tuple[str, ...]


def operation(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path} | more


def add(path: str, value: Any) -> dict[str, Any]:
    return operation("add", path, value=value)


def replace(path: str, value: Any) -> dict[str, Any]:
    return operation("replace", path, value=value)


def remove(path: str) -> dict[str, Any]:
    return operation("remove", path)


def move(source: str, path: str) -> dict[str, Any]:
    return operation("move", path, **{"from": source})


def copied(source: str, path: str) -> dict[str, Any]:
    return operation("copy", path, **{"from": source})


def skeleton(*operations: Any) -> Any:
    return patches.skeleton(copy.deepcopy([*operations]))


# ------------------------------------------------------------------------------------------- what a JSON patch writes

WRITES: list[tuple[str, list[Any], Any]] = [
    ("nothing", [], {}),
    ("a member", [add("/spec/replicas", 3)], {"spec": {"replicas": 3}}),
    ("several", [add("/a/b", 1), replace("/a/c/d", 2)], {"a": {"b": 1, "c": {"d": 2}}}),
    ("the whole object", [replace("", {"a": 1}), add("/b", 2)], {"a": 1, "b": 2}),
    ("a whole that is none", [replace("", 1), add("/b", 2)], {"b": 2}),
    ("the last value of a member", [add("/a", 1), replace("/a", {"b": 2})], {"a": {"b": 2}}),
    ("into its own value", [add("/a", {"b": [1, 2]}), add("/a/b/-", 3), replace("/a/b/0", 4)], {"a": {"b": [4, 2, 3]}}),
    ("an element", [replace("/a/0/b", 1), replace("/a/1/b", 2)], {"a": [{"b": 1}, {"b": 2}]}),
    ("one element at two places", [replace("/a/0/b", 1), replace("/a/0/c", 2)], {"a": [{"b": 1, "c": 2}]}),
    ("at the end of an array", [add("/a/-", 1), add("/a/-", 2)], {"a": [1, 2]}),
    ("insertions at the same place", [add("/a/0", 1), add("/a/0", 2)], {"a": [1, 2]}),
    (
        "then into the new one",
        [add("/a/0", {"b": 1}), add("/a/0", {}), replace("/a/0/b", 2)],
        {"a": [{"b": 1}, {"b": 2}]},
    ),
    ("keys that look like indices", [add("/data/0", "x"), add("/data/key", "y")], {"data": {"0": "x", "key": "y"}}),
    ("escaped steps", [add("/a~1b/c~0d/~01", 1)], {"a/b": {"c~d": {"~1": 1}}}),
    ("an empty key", [add("//a", 1)], {"": {"a": 1}}),
    ("behind what is no pointer", [add("x/a", 1)], {"a": 1}),
    ("null", [add("/a", None)], {"a": None}),
    ("no value", [operation("add", "/a")], {"a": None}),
    ("removed again", [add("/a/b", 1), add("/a/c", 2), remove("/a/b")], {"a": {"c": 2}}),
    ("removed from its own array", [add("/a", [1, 2, 3]), remove("/a/1")], {"a": [1, 3]}),
    ("all of it removed", [add("/a", 1), remove("")], {}),
    ("an element removed", [replace("/a/1", 1), remove("/a/0"), replace("/a/1", 2)], {"a": [1, 2]}),
    ("the same removed", [replace("/a/1", 1), remove("/a/1")], {}),
    ("an unknown element removed", [add("/a/-", 1), remove("/a/0")], {"a": [1]}),
    ("moved from an unknown index", [add("/x/-", "evil"), copied("/x/0", "/a")], {"x": ["evil"], "a": "evil"}),
    ("moved", [add("/x", {"b": 1}), move("/x", "/a")], {"a": {"b": 1}}),
    ("moved from elsewhere", [add("/b", 1), move("/x", "/a")], {"b": 1}),
    ("moved out of an array", [add("/x", [1, 2]), move("/x/1", "/a")], {"x": [1], "a": 2}),
    ("copied", [add("/x", {"b": [1]}), copied("/x", "/a"), add("/x/b/-", 2)], {"x": {"b": [1, 2]}, "a": {"b": [1]}}),
    ("copied in parts", [replace("/x/0/b", 1), copied("/x", "/a/-")], {"x": [{"b": 1}], "a": [[{"b": 1}]]}),
    ("copied from elsewhere", [copied("/x", "/a"), copied("/x/0", "/a"), copied("/x/y", "/a")], {}),
    ("through what is no object", [add("/a", 1), add("/a/b", 2)], {"a": {"b": 2}}),
    ("removed from what is no object", [add("/a", 1), remove("/a/b"), remove("/b/c")], {"a": 1}),
    ("through what is no index", [add("/a", [1]), add("/a/x/y", 2)], {"a": [1, {"y": 2}]}),
    ("tests", [operation("test", "/a", value=1)], {}),
    ("other operations", [operation("ADD", "/a", value=1), operation("merge", "/a", value=1)], {}),
    ("what is malformed", [1, None, [], {}, {"op": "add"}, {"op": 1, "path": "/a"}, operation("add", "a")], {}),
    ("no source", [operation("copy", "/a"), operation("move", "/a", **{"from": 1})], {}),
    ("too many steps", [add("/a" * 301, 1)], {}),
]


@pytest.mark.parametrize(("operations", "written"), [row[1:] for row in WRITES], ids=[row[0] for row in WRITES])
def test_what_a_json_patch_writes(operations: list[Any], written: Any) -> None:
    assert skeleton(*operations) == written


@pytest.mark.parametrize("first", ["0", "-1", "00", "+0"])
@pytest.mark.parametrize("index", ["0", "-1", "00", "+0"])
def test_nothing_that_stays_written_is_lost(first: str, index: str) -> None:
    """GIVEN a value in an array, and another element inserted WHEN the same index is written to THEN both are there."""
    for insertion in (add("/a/0", {}), add("/a/-", {})):
        found = skeleton(replace(f"/a/{first}/b", "evil"), insertion, replace(f"/a/{index}/b", "good"))
        if not (index == first != "-1" and insertion["path"].endswith("-")):  # that is the same element
            assert {"b": "evil"} in found["a"], (first, index, insertion)


def test_copies_are_limited_as_api_servers_limit_them() -> None:
    """A copy of itself inside itself doubles each time; servers refuse more than three MiB of copies."""
    doubling = [add("/a", {"x": "y" * 1000}), *(copied("/a", f"/a/{number}") for number in range(30))]
    size = len(tree.encoded(skeleton(*doubling)))
    assert 3 * 2**20 < size < 16 * 2**20
    # THEN what comes before the limit is not lost
    junk = [add("/x", "y" * 200_000), *(copied("/x", "/x2") for _ in range(14))]
    assert skeleton(*junk, add("/b", "evil"), copied("/b", "/a"), remove("/x"), remove("/x2")) == {
        "a": "evil",
        "b": "evil",
    }


@pytest.mark.parametrize("elements", [3, 30_000])
def test_what_is_inserted_into_a_long_array_can_be_moved(elements: int) -> None:
    found = skeleton(add("/x", [1] * elements), add("/x/0", "evil"), move("/x/0", "/a"), remove("/x"))
    assert found == {"a": "evil"}


# -------------------------------------------------------------------------- what they write, compared with doing it

LEAVES = st.integers(1000, 10**9)  # of patches; those of the objects that they patch are negative
KEYS = st.sampled_from(["a", "b", "c~/d"])


def values(leaves: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    def inside(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2)

    return st.recursive(leaves, inside, max_leaves=4)


VALUES = values(LEAVES)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)
BEFORE = st.dictionaries(KEYS, values(st.integers(-3, -1)), max_size=3)
DISJOINT = st.recursive(
    LEAVES | st.none() | st.just({}) | st.just([]), lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3)
)


def pointer(steps: Steps) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def places(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Yield the leaves of a value, and where they are; indices are left out."""
    inner: list[tuple[Steps, Any]] = []
    if isinstance(value, dict):
        inner = [((*steps, key), item) for key, item in value.items()]
    elif isinstance(value, list):
        inner = [(steps, item) for item in value]
    if not inner:
        yield steps, value
    for place, item in inner:
        yield from places(item, place)


@given(st.dictionaries(KEYS, DISJOINT, max_size=3), st.randoms(use_true_random=False), st.booleans())
def test_disjoint_places_of_an_object(wanted: dict[str, Any], random: Any, is_new: bool) -> None:
    """WHEN the leaves of an object are written one by one, in any order THEN that object is written."""
    operations = [(add if is_new else replace)(pointer(steps), value) for steps, value in places(wanted) if steps]
    random.shuffle(operations)
    assert skeleton(*operations) == wanted


def containers(value: Any, steps: Steps = ()) -> list[tuple[Steps, Any]]:
    """Return the objects and arrays in a value, and where they are."""
    if not isinstance(value, dict | list):
        return []
    inner = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [(steps, value), *(row for key, item in inner for row in containers(item, (*steps, str(key))))]


def apply_operation(document: dict[str, Any], one: dict[str, Any]) -> None:
    """Do what one operation says, as RFC 6902 has it, with the negative indices of API servers."""

    def parent(path: str) -> tuple[Any, str]:
        here: Any = document
        *way, last = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
        for step in way:
            here = here[int(step)] if isinstance(here, list) else here[step]
        return here, last

    def take(path: str, *, away: bool) -> Any:
        here, last = parent(path)
        key: Any = int(last) if isinstance(here, list) else last
        return here.pop(key) if away else copy.deepcopy(here[key])

    kind, value = one["op"], copy.deepcopy(one.get("value"))
    if kind in ("move", "copy"):
        value = take(one["from"], away=kind == "move")
    here, last = parent(one["path"])
    if kind == "remove":
        take(one["path"], away=True)
    elif isinstance(here, dict):
        here[last] = value
    elif kind == "replace":
        here[int(last)] = value
    else:
        size = len(here) + 1
        here.insert(len(here) if last == "-" else int(last) if int(last) >= 0 else int(last) + size, value)


@st.composite
def patches_of(draw: Any) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Return an object, a patch of it, and the object after the patch."""
    before = draw(BEFORE)
    after = copy.deepcopy(before)
    operations = []
    for _ in range(draw(st.integers(1, 8))):
        steps, here = draw(st.sampled_from(containers(after)))
        path = pointer(steps)
        kind = draw(st.sampled_from(["add", "add", "replace", "replace", "remove", "move", "copy"]))
        one: dict[str, Any]
        if kind in ("move", "copy"):
            # where from, in objects: which element of an array a patch means cannot always be told
            sources = [row for row in containers(after) if isinstance(row[1], dict) and row[1] and not _indices(row[0])]
            assume(sources)
            source_steps, source = draw(st.sampled_from(sources))
            source_steps = (*source_steps, draw(st.sampled_from(sorted(source))))
            assume(steps[: len(source_steps)] != source_steps)  # nothing is moved into itself
            one = operation(kind, path, **{"from": pointer(source_steps)})
        elif kind == "remove":
            one = operation(kind, path)
        else:
            one = operation(kind, path, value=draw(VALUES))
        if isinstance(here, dict):
            keys = sorted(here) if kind in ("replace", "remove") else ["a", "b", "new"]
        else:
            keys = [str(number) for number in range(-len(here), len(here))]
            if kind not in ("replace", "remove"):
                keys = ["-", str(len(here)), *keys]
        assume(keys)
        one["path"] += pointer((draw(st.sampled_from(keys)),))
        apply_operation(after, one)
        operations.append(one)
    return before, operations, after


def _indices(steps: Steps) -> list[str]:
    return [step for step in steps if step.lstrip("-").isdigit()]


@settings(deadline=None, max_examples=400)
@given(patches_of())
def test_whatever_a_patch_leaves_behind_is_told(
    patch: tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]],
) -> None:
    """GIVEN a patch of an object that we do not know WHEN it was applied THEN each value of its own that is in the
    object then is in the skeleton, too, at the same place (indices aside)."""
    _, operations, after = patch
    own = {leaf for one in operations for _, leaf in places(one.get("value")) if isinstance(leaf, int)}
    told = [(place, leaf) for place, leaf in places(skeleton(*operations)) if isinstance(leaf, int)]
    for place, leaf in places(after):
        if isinstance(leaf, int) and leaf in own:
            assert (place, leaf) in told, operations


# ------------------------------------------------------------------------------------------------- what patches do


def done(patch: Any) -> list[str]:
    return [text.decode() for text in patches.changes(patch).done]


def touched(patch: Any) -> list[str]:
    return [text.decode() for text in patches.changes(patch).places]


MERGES: list[tuple[str, Any, list[str], list[str]]] = [
    ("nothing", {}, [], []),
    ("no patch", None, [], []),
    ("a text", "x", [], []),
    ("a value", {"spec": {"replicas": 0}}, ["set /spec/replicas"], ["/spec", "/spec/replicas"]),
    ("null", {"spec": {"a": None}}, ["remove /spec/a"], ["/spec", "/spec/a"]),
    ("what is empty", {"a": {}, "b": [], "c": ""}, ["set /a", "set /b", "set /c"], ["/a", "/b", "/c"]),
    ("arrays", {"a": [{"b": 1}, None]}, ["set /a/0/b", "remove /a/1"], ["/a", "/a/0", "/a/0/b", "/a/1"]),
    ("escapes", {"a/b": {"c~d": 1}}, ["set /a~1b/c~0d"], ["/a~1b", "/a~1b/c~0d"]),
    (
        "a deletion",
        {"a": [{"name": "x", "$patch": "delete"}]},
        ["remove /a/0", "set /a/0/name"],
        ["/a", "/a/0", "/a/0/name"],
    ),
    ("a replacement", {"a": {"b": 1, "$patch": "replace"}}, ["set /a/b"], ["/a", "/a/b"]),
    ("a deletion of nothing", {"$patch": "delete"}, [], []),
    ("primitives", {"a": {"$deleteFromPrimitiveList/b": ["x"]}}, ["remove /a/b"], ["/a", "/a/b"]),
    ("orders", {"$setElementOrder/a": ["x"], "a": {"$retainKeys": ["b"], "b": 1}}, ["set /a/b"], ["/a", "/a/b"]),
    ("unknown directives", {"$x": 1}, ["set /$x"], ["/$x"]),
]


@pytest.mark.parametrize(("patch", "changes", "where"), [row[1:] for row in MERGES], ids=[row[0] for row in MERGES])
def test_what_a_merge_patch_does(patch: Any, changes: list[str], where: list[str]) -> None:
    assert done(patch) == changes
    assert touched(patch) == where


JSON_PATCHES: list[tuple[str, list[Any], list[str], list[str]]] = [
    ("a value", [add("/spec/replicas", 0)], ["set /spec/replicas"], ["/spec", "/spec/replicas"]),
    ("no slash", [remove("")], ["remove "], []),
    ("null", [replace("/a", None)], ["remove /a"], ["/a"]),
    ("a removal", [remove("/a/0")], ["remove /a/0"], ["/a", "/a/0"]),
    ("a move", [move("/a", "/b/-")], ["remove /a", "set /b/-"], ["/a", "/b", "/b/-"]),
    ("a copy", [copied("/a", "/b")], ["set /b"], ["/b"]),
    ("the same twice", [add("/a", 1), add("/a", 2)], ["set /a"], ["/a"]),
    ("tests, and what is malformed", [operation("test", "/a"), 1, {}], [], []),
]


@pytest.mark.parametrize(
    ("patch", "changes", "where"), [row[1:] for row in JSON_PATCHES], ids=[r[0] for r in JSON_PATCHES]
)
def test_what_a_json_patch_does(patch: Any, changes: list[str], where: list[str]) -> None:
    assert done(patch) == changes
    assert touched(patch) == where


def test_a_json_patch_tells_what_it_sets_and_what_is_in_it() -> None:
    """Rules look for both: what is replaced as a whole, and each value in it."""
    patch = [replace("/metadata/labels", {"a": "b"}), replace("/spec", {})]
    assert set(done(patch)) == {"set /metadata/labels", "set /metadata/labels/a", "set /spec"}
    assert set(touched(patch)) == {"/metadata", "/metadata/labels", "/metadata/labels/a", "/spec"}


@given(OBJECTS)
def test_the_same_values_are_told_of_merge_and_json_patches(wanted: dict[str, Any]) -> None:
    as_json = [add(pointer((key,)), value) for key, value in wanted.items()]
    assert set(done(wanted)) <= set(done(as_json))
    assert touched(wanted) == touched(as_json)


def test_the_list_of_places_stays_within_a_multiple_of_the_text() -> None:
    # GIVEN a long key above many values
    body = {"k" * 1000: {str(number): 1 for number in range(1000)}, "x": {str(number): 1 for number in range(1000)}}
    text = json.dumps(body)
    found = patches.changes(body)
    # THEN what is inside a place with a long pointer is not told one by one
    assert sum(map(len, found.done)) + sum(map(len, found.places)) < 5 * len(text)
    assert f"set /{'k' * 1000}" in done(body)
    assert "set /x/999" in done(body)
    steps = "/k" * 290
    assert done([add(steps, 1)]) == [f"set {steps}"]
    assert len(touched([add(steps, 1)])) < 290


def test_only_so_many_places_are_told() -> None:
    found = patches.changes([1] * (patches.MAX_CHANGES + 10))
    assert found.done == []
    wide = {"a": [1] * (patches.MAX_CHANGES + 10)}
    assert len(patches.changes(wide).places) == patches.MAX_CHANGES
