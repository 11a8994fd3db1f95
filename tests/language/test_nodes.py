"""The tree of a condition and its printed form."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lanner.language import And, Check, FieldRef, MacroRef, Not, Or, Transform, parse
from lanner.language.nodes import FALSE, TRUE, Constant, TupleArgument, quote, replace_macros, walk
from lanner.language.parser import LIST_OPERATORS, MODIFIERS, OPERATORS, TRANSFORMERS

A, B, C, D = map(MacroRef, "abcd")

# ------------------------------------------------------------------------------------------------------ printing

PRINTED = {
    "field": ("a.b exists", "a.b exists"),
    "blanks": (" \t\r\n\ba.b\r\n=\tx ", "a.b = x"),
    "no blanks": ("a.b=x", "a.b = x"),
    "equality keeps its spelling": ("a.b==x", "a.b == x"),
    "number": ("a.b >= -0x1F", "a.b >= -0x1F"),
    "number for a string operator": ("a.b = 1.5", "a.b = 1.5"),
    "bare string": ("a.b = 'plain'", "a.b = plain"),
    "empty string": ("a.b = ''", 'a.b = ""'),
    "string with a blank": ("a.b = 'x y'", 'a.b = "x y"'),
    "string with quotes": ("""a.b = 'say "it"'""", r'a.b = "say \"it\""'),
    "string with the other quote": (r"a.b = 'it\'s'", '''a.b = "it's"'''),
    "string with brackets": ("a.b = '(x)'", 'a.b = "(x)"'),
    "string with a line break": ("a.b = 'x\ny'", 'a.b = "x\ny"'),
    "string with escapes": (r'a.b = "\b\f\r\t\n\\ \/"', 'a.b = "\\b\\f\\r\t\n\\\\ /"'),
    "string ends in a backslash": (r"a.b = 'x y\x5c'", r'a.b = "x y\x5c"'),
    "string is a backslash": (r"a.b = '\x5c'", "a.b = \\"),
    "string with raw bytes": (r"a.b = '\xff\xc3\xa9'", r'a.b = "\xffé"'),
    "string starts with a backspace": (r"a.b = '\bx'", r'a.b = "\bx"'),
    "string like a modifier": ("a.b = oneof", 'a.b = "oneof"'),
    "list": ("a.b in(x,'y',\"(z)\")", 'a.b in (x, y, "(z)")'),
    "empty list": ("a.b in ( )", "a.b in ()"),
    "list by name": ("a.b in name", "a.b in (name)"),
    "modifier": ("a.b contains  oneof (x,y)", "a.b contains oneof (x, y)"),
    "empty modified list": ("a.b = allof ()", "a.b = allof ()"),
    "val": ("a.b = val( c.d[x] )", "a.b = val(c.d[x])"),
    "transformer": ("tolower( a.b )=toupper(c.d)", "tolower(a.b) = toupper(c.d)"),
    "nested transformers": (
        "join( ',',( a.b ,\"x\",1.0,len(c.d)) )exists",
        'join(",", (a.b, "x", 1.0, len(c.d))) exists',
    ),
    "empty transformer list": ("join(',', ( )) exists", 'join(",", ()) exists'),
    "getopt": ("getopt(a.b, 'x:')['x'] = 1", 'getopt(a.b, "x:")[x] = 1'),
    "argument": ("a.b['x'] exists", "a.b[x] exists"),
    "argument with a blank": ("a.b['x y'] exists", 'a.b["x y"] exists'),
    "argument with brackets": ("a.b['[x]'] exists", 'a.b["[x]"] exists'),
    "argument with raw bytes": (r"a.b['\xff'] exists", r'a.b["\xff"] exists'),
    "empty argument": ("a.b[''] exists", 'a.b[""] exists'),
    "macro": (" m ", "m"),
    "negation": ("not  m", "not m"),
    "double negation": ("not not m", "m"),
    "triple negation": ("not not(not m)", "not m"),
    "precedence": ("a or b and not c", "a or b and not c"),
    "needless groups": ("(a) or ((b and (c)))", "a or b and c"),
    "needed groups": ("(a or b)and not(c and d)", "(a or b) and not (c and d)"),
    "chains are flat": ("(a and b) and (c and d)", "a and b and c and d"),
    "a macro called not": ("(not) and a", "(not) and a"),
    "other words as macros": ("and_x and or or exists", "and_x and or or exists"),
}


@pytest.mark.parametrize(("text", "printed"), PRINTED.values(), ids=PRINTED)
def test_a_tree_prints_itself_in_canonical_form(text, printed):
    tree = parse(text)
    assert str(tree) == printed
    assert parse(printed) == tree


def test_a_chain_inside_a_chain_of_the_same_kind_prints_with_a_group():
    # Parsing never makes such trees, replacing macros does.
    assert str(And((A, And((B, C))))) == "a and (b and c)"
    assert str(Or((A, Or((B, C))))) == "a or (b or c)"


QUOTED = {
    "empty": (b"", '""'),
    "plain": (b"x", '"x"'),
    "double quote": (b'"', r'"\""'),
    "single quote": (b"'", '''"'"'''),
    "backslash inside": (rb"\x", r'"\\x"'),
    "backslash before a quote": (b'\\"', r'"\\\""'),
    "backslash before a blank": (b"\\ x", r'"\\ x"'),
    "backslash at the end": (b"x\\", r'"x\x5c"'),
    "backslashes at the end": (b"x\\\\\\", r'"x\x5c\x5c\x5c"'),
    "control characters": (b"\b\f\r\n\t\0", '"\\b\\f\\r\n\t\0"'),
    "invalid UTF-8": (b"\x80\xe9(", r'"\x80\xe9("'),
    "valid UTF-8": ("é😀".encode(), '"é😀"'),
}


@pytest.mark.parametrize(("text", "quoted"), QUOTED.values(), ids=QUOTED)
def test_quote(text, quoted):
    assert quote(text) == quoted
    assert parse(f"a.b = {quoted}").right == (text,)


def test_quote_takes_any_number_of_backslashes():
    text = b"x " + b"\\" * 100_000
    assert parse(f"a.b = {quote(text)}").right == (text,)


@given(
    st.binary(max_size=12) | st.lists(st.sampled_from([b"\\", b'"', b"'", b" ", b"x", b"\xc3", b"\n"])).map(b"".join)
)
@settings(deadline=None, max_examples=300)
def test_every_text_can_be_quoted(text):
    assert parse(f"a.b = {quote(text)}").right == (text,)
    assert parse(f"a.b[{quote(text)}] exists").left.argument == text.decode("utf-8", "surrogateescape")


# ----------------------------------------------------------------------------- parse → print → parse is the identity

WORDS = ["and", "or", "not", "in", "exists", "oneof", "anyof", "val", "tolower", "len", "notx", "x", "a_b", "X1"]
identifiers = st.sampled_from(WORDS)
field_names = st.lists(identifiers, min_size=2, max_size=4).map(".".join)
HOSTILE = [
    "",
    "\\",
    "x\\",
    '"',
    "'",
    "\\'",
    "a b",
    ",",
    "(",
    ")",
    "oneof (",
    "val(a.b)",
    "=",
    "[",
    "]",
    "<NA>",
    "#",
    "%",
]
BLANKS = ["\n", "\r", "\t", "\b", "\bx", "\v", "\f", "\x00", "\x1c", "\x85", "\xa0", "\u2003x", "\u2028", "é", "😀"]
hostile = st.sampled_from([*WORDS, *HOSTILE, *BLANKS])
texts = (
    st.binary(max_size=8)
    | hostile.map(str.encode)
    | st.lists(hostile, max_size=4).map("".join).map(str.encode)
    | st.text(max_size=8).map(str.encode)
)
arguments = st.none() | texts.map(lambda text: text.decode("utf-8", "surrogateescape"))
numbers = st.sampled_from(["0", "-1", "+42", "007", "1.", "1.50", "2e+3", "-2.5E-10", "0x1F", "-0Xff", "9" * 30])
constants = texts.map(Constant) | numbers.map(lambda number: Constant(number.encode(), is_number=True))
fields = st.builds(FieldRef, field_names, arguments)


def _transforms(inner):
    items = fields | constants | inner
    lists = st.lists(items, max_size=3).map(tuple).map(TupleArgument)
    taken = st.lists(items | lists, min_size=1, max_size=3).map(tuple)
    return st.builds(Transform, st.sampled_from(TRANSFORMERS[1:]), taken, arguments)


transforms = _transforms(_transforms(st.nothing()))
right_operands = st.builds(FieldRef, field_names, arguments, st.just(True)) | transforms


@st.composite
def checks(draw):
    operator = draw(st.sampled_from(OPERATORS))
    left = draw(fields | transforms)
    modifier = None
    if operator == "exists":
        return Check(left, operator)
    if operator in LIST_OPERATORS:
        right = draw(st.lists(texts, max_size=3).map(tuple) | right_operands)
    elif operator[0] in "<>":
        right = draw(numbers.map(lambda number: (number.encode(),)) | right_operands)
    else:
        modifier = draw(st.none() | st.sampled_from(MODIFIERS))
        right = draw(
            st.lists(texts, max_size=3).map(tuple) if modifier else texts.map(lambda text: (text,)) | right_operands
        )
    return Check(left, operator, right, modifier)


def _chain(kind, children):
    """Join trees as the parser does: chains of one kind are flat."""
    flat = [leaf for child in children for leaf in (child.children if isinstance(child, kind) else (child,))]
    return kind(tuple(flat))


def _connected(inner):
    several = st.lists(inner, min_size=2, max_size=3)
    return (
        st.builds(_chain, st.just(And), several)
        | st.builds(_chain, st.just(Or), several)
        | inner.map(lambda child: child.child if isinstance(child, Not) else Not(child))
    )


leaves = checks() | identifiers.map(MacroRef)
conditions = leaves | _connected(leaves | _connected(leaves | _connected(leaves)))


@given(conditions)
@example(And((MacroRef("not"), Not(MacroRef("not")), MacroRef("not"))))
@example(Check(FieldRef("a.b"), "=", (b"\bx",)))
@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_a_printed_tree_parses_to_the_same_tree(tree):
    printed = str(tree)
    parsed = parse(printed)
    assert parsed == tree
    assert str(parsed) == printed
    assert (parsed.size, parsed.depth) == (tree.size, tree.depth)


# ------------------------------------------------------------------------------------------------------ the tree


def test_trees_are_equal_wherever_they_stand():
    assert parse("a.b = x") == parse("  a.b   =x") != parse("a.b == x")
    assert len({parse("a.b = x and m"), parse(" a.b  =  'x'  and   m")}) == 1


def test_nodes_know_where_they_stand():
    text = "m or tolower(a.b) in (x) and a.b = val(c.d)"
    macro, chain = parse(text).children
    first, second = chain.children
    assert (macro.position, first.position, first.operator_position, first.right_position) == (0, 5, 18, 21)
    assert (first.left.position, first.left.arguments[0].position) == (5, 13)
    assert text[second.position :].startswith("a.b =")
    assert text[second.operator_position :].startswith("= val")
    assert text[second.right.position :] == "c.d)"


@pytest.mark.parametrize(
    ("text", "size", "depth"),
    [
        ("m", 1, 1),
        ("not m", 2, 2),
        ("a and b", 3, 2),
        ("a or not b and c", 6, 4),
        ("not (a or b) and c.d exists", 6, 4),
    ],
)
def test_size_and_depth(text, size, depth):
    assert (parse(text).size, parse(text).depth) == (size, depth)


def test_walk_yields_the_leaves_from_left_to_right():
    assert [str(leaf) for leaf in walk(parse("(a or not b) and c.d exists or not (e and f)"))] == [
        "a",
        "b",
        "c.d exists",
        "e",
        "f",
    ]
    assert list(walk(A)) == [A]


def test_replace_macros():
    # GIVEN a condition that uses macros in every position
    condition = parse("a or not b and x.y exists")
    trees = {"a": parse("c and d"), "b": parse("c or d")}
    # WHEN they are replaced
    replaced = replace_macros(condition, lambda reference: trees[reference.name])
    # THEN each stands as one operand, whatever the precedence of its connectives
    assert str(replaced) == "c and d or not (c or d) and x.y exists"
    assert (replaced.size, replaced.depth) == (10, 5)
    assert replace_macros(A, lambda reference: B) is B
    check = parse("x.y exists")
    assert replace_macros(check, lambda reference: B) is check


def test_groups_without_children_are_the_constants():
    assert (str(TRUE), str(FALSE)) == ("true", "false")
    assert (TRUE.size, TRUE.depth) == (1, 1)
    assert TRUE != FALSE
    assert {TRUE: 1, And(()): 2} == {TRUE: 2}


def test_nodes_are_equal_by_what_they_hold():
    assert And((A, Not(B))) == And((A, Not(B))) != Or((A, Not(B)))
    assert len({Not(A), Not(A), Not(B), A, And((A, B)), And((A, B))}) == 4
    assert Not(A) != A
    assert repr(And((A, Not(B)))) == f"And(({A!r}, Not({B!r})))"
