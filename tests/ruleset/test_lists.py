"""Textual substitution of lists (spec/conditions.md section 6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.ruleset import lists as module
from lanner.ruleset.entries import Entry
from lanner.ruleset.items import ListItem
from lanner.ruleset.lists import Lists, TooLong
from lanner.ruleset.places import RulesText
from lanner.ruleset.table import ListEntry
from lanner.ruleset.yaml_nodes import Mapping


def entries_of(*lists: list[str]) -> list[ListEntry]:
    """Return lists with these items that were defined once, in this order."""
    entry = Entry(Mapping((), RulesText("t", "")))
    return [ListEntry(ListItem("", tuple(items), False, entry), number, number) for number, items in enumerate(lists)]


def made(**lists: list[str]) -> Lists:
    """Return lists of these names that were defined once, in this order."""
    return Lists(dict(zip(lists, entries_of(*lists.values()), strict=True)))


@pytest.mark.parametrize(
    ("condition", "inserted"),
    [
        ("f in (l)", "f in ( a, b )"),
        ("f in (x, l , y)", "f in (x, a, b , y)"),
        ("f in (x,l,y)", "f in (x, a, b ,y)"),
        ("f =l", "f = a, b "),
        ("f in l", "f in a, b "),
        ("l", "a, b "),
        ("l and l", "a, b and a, b "),
        ("x\tl\r\n", "x a, b "),
        ('f = "x l y"', 'f = "x a, b y"'),
        ("l l l", "a, b l a, b "),  # Falco's search goes on one character too late at the beginning
        ('f in ("l")', 'f in ("l")'),
        ("f in (ll, al, l.x, [l])", "f in (ll, al, l.x, [l])"),
        ("lm and l", "lm and a, b "),
        ("", ""),
    ],
)
def test_a_name_that_stands_alone_is_replaced(condition, inserted):
    lists = made(l=["a", "b"])
    assert lists.insert(condition) == inserted
    assert lists.used == ({"l"} if condition != inserted else set())


@pytest.mark.parametrize(
    ("condition", "inserted"),
    [
        ("f in (l)", "f in (  )"),
        ("f in (x, l, y)", "f in (x  , y)"),
        ("f in (l, x)", "f in (   x)"),
        ("f in (l , x)", "f in (   x)"),
        ("f in (x, l)", "f in (x  )"),
        ("f in (x,l,l,y)", "f in (x    ,y)"),
        ("f in (l,l)", "f in (  )"),
        ("l, l", " "),
        (",l", " "),
        (", l", " "),
    ],
)
def test_an_empty_list_takes_a_comma_along(condition, inserted):
    assert made(l=[]).insert(condition) == inserted


@pytest.mark.parametrize(
    ("item", "inserted"),
    [
        ("a b", '"a b"'),
        ("'a b'", "'a b'"),
        ('"a b"', '"a b"'),
        ("a,b", "a,b"),
        ("(x)", "(x)"),
        ('a"b c', '"a"b c"'),
        (" ", '" "'),
        ("a\tb", "a\tb"),
        ("2.50", "2.50"),
    ],
)
def test_items_with_a_blank_are_quoted_and_nothing_is_escaped(item, inserted):
    assert made(l=[item]).insert("f in (l)") == f"f in ( {inserted} )"


@pytest.mark.parametrize(
    ("items", "inserted"),
    [(["a", ""], "( a,  )"), (["", "a"], "( a )"), (["", ""], "(  )"), (["a", "", "b"], "( a, , b )")],
)
def test_empty_items(items, inserted):
    assert made(l=items).insert("(l)") == inserted


def test_a_list_does_not_contain_itself():
    assert made(l=["l", "a"]).insert("(l)") == "( l, a )"


def test_later_lists_see_what_earlier_ones_inserted():
    assert made(k=["l"], l=["a"]).insert("(k)") == "( a )"


def test_a_list_names_an_earlier_one():
    lists = made(l=["a", "b"], m=["l", "c"])
    assert lists.insert("(m)") == "( a, b, c )"
    assert lists.used == {"l", "m"}


def test_two_levels_of_earlier_lists_lose_the_innermost_one():
    # GIVEN the quirk of spec/conditions.md section 6
    assert made(l1=["x"], l2=["l1", "y"], l3=["l2", "z"]).insert("(l3)") == "( l1, y, z )"
    assert made(l3=["l2", "z"], l2=["l1", "y"], l1=["x"]).insert("(l3)") == "( x , y , z )"


def test_a_list_is_visible_to_those_that_are_completed_after_its_first_definition(rules, a_rule):
    rule = a_rule(condition="ka.verb in (m)")
    # GIVEN a list that gets its own name as an item after it was defined
    text = "- list: m\n  items: [a]\n- list: m\n  items: [m]\n  override: {items: append}\n"
    # THEN the name is replaced by the items once
    assert str(rules(text + rule)[0].condition) == "ka.verb in (a, a, m)"


def test_the_position_is_traced_back():
    lists = made(k=["l", "yy"], l=["aaa", "bbb"])
    condition = "f in (x, k, y) and z"
    inserted = lists.insert(condition)
    assert inserted == "f in (x, aaa, bbb , yy , y) and z"
    for word in ("x", ", y)", "and z"):
        assert lists.trace(condition, inserted.index(word)) == condition.index(word)
    for word in ("aaa", "bbb", "yy"):
        assert lists.trace(condition, inserted.index(word)) == condition.index("k")
    assert lists.trace(condition, len(inserted)) == len(condition)


def test_a_condition_that_gets_too_long(monkeypatch):
    monkeypatch.setattr(module, "MAX_TEXT", 20)
    assert made(l=["a" * 10]).insert("f in (l)")
    with pytest.raises(TooLong):
        made(l=["a" * 10]).insert("f in (l, l)")
    with pytest.raises(TooLong):
        made(l=["a" * 10, "b" * 10]).insert("l")
    with pytest.raises(TooLong):
        made(l=[""] * 30).insert("l")


def test_lists_that_repeat_each_other_are_stopped(error, a_rule):
    lists = "".join(f"- list: l{n}\n  items: [{', '.join([f'l{n + 1}'] * 8)}]\n" for n in range(30))
    found = error(lists + a_rule(condition="ka.verb in (l0)"))
    assert found.code == "LOAD_ERR_VALIDATE"
    assert found.message == f"with its lists inserted, the condition has more than {module.MAX_TEXT} characters"


def naive(condition: str, name: str, items: list[str]) -> str:
    """The substitution as spec/conditions.md tells it, on the whole text each time."""
    blanks, position = " \t\n\r", 0
    text = ""
    for item in items:
        text += (", " if text else "") + (f'"{item}"' if " " in item and item[0] not in "\"'" else item)
    while (start := condition.find(name, position)) >= 0:
        end = start + len(name)
        neighbours = condition[start - 1 : start] if start else "", condition[end : end + 1]
        if any(char and char not in blanks + "(),=" for char in neighbours):
            position = start + 1
            continue
        before, after = condition[:start].rstrip(blanks), condition[end:].lstrip(blanks)
        if not text and before.endswith(","):
            before = before[:-1]
        elif not text and after.startswith(","):
            after = after[1:]
        condition = (f"{before} " if before else "") + f"{text} {after}"
        position = len(before) + len(text) + 2
    return condition


def test_lists_with_odd_names():
    lists = made(**{"a b": ["x", "c"], "c": ["y"]})
    assert lists.insert("f in (a, b)") == "f in (a, b)"
    assert lists.used == set()
    assert lists.insert("f in (a b, a  b, xa b)") == "f in ( x, y , a  b, xa b)"
    assert lists.used == {"a b", "c"}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["l0", "l1", "l2", "a b", "", "l1 l2"]), max_size=3), min_size=3, max_size=3),
    st.lists(st.sampled_from(["l0", "l1", "l2", ",", " ", "(", ")", "=", "x"]), max_size=12).map("".join),
)
def test_lists_that_name_each_other_are_inserted_one_after_the_other(items, condition):
    # GIVEN lists that do not see each other, so that the text decides alone
    table = {f"l{n}": ListEntry(entry.item, n, -1) for n, entry in enumerate(entries_of(*items))}
    expected = condition
    for name, texts in zip(table, items, strict=True):
        expected = naive(expected, name, texts)
    assert Lists(table).insert(condition) == expected


@settings(max_examples=500, deadline=None)
@given(
    st.text(alphabet="l,, ()=x\t", max_size=25),
    st.lists(st.sampled_from(["", "l", "a", "b c", "\t", "x\t"]), max_size=3),
)
def test_the_substitution_is_what_the_simple_one_gives(condition, items):
    assert made(l=items).insert(condition) == naive(condition, "l", items)
