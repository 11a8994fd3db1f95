"""Conditions: text → tree (spec/conditions.md sections 1 and 2)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.errors import ConditionError, LannerError
from lanner.language import (
    MODIFIERS,
    OPERATORS,
    TRANSFORMERS,
    And,
    Check,
    FieldRef,
    MacroRef,
    Not,
    Or,
    Transform,
    parse,
)
from lanner.language.nodes import MAX_TREE_DEPTH, Constant, TupleArgument

F, G = FieldRef("a.b"), FieldRef("c.d")
A, B, C, D = map(MacroRef, "abcd")

OPERATOR = "expected a valid check operator: one of 'exists', '<='"
STRING = "expected a string value or a field with a valid transformer: 'val', 'tolower'"
NUMBER = "expected a number value or a field with a valid transformer"
LIST = "expected a list, an identifier, or a field with a valid transformer"
CHECK = "expected a '(' token, a field check, or an identifier"
ARGUMENT = "expected field transformer argument: field, transformer, quoted string, number, or transformer list"


def applied(name, *arguments):
    return Transform(name, arguments)


def is_(text):
    return Check(F, "=", (text,))


def test_the_words_of_the_language():
    words = ("glob", "iglob", "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith", "regex")
    assert {*OPERATORS} == {"exists", "<", "<=", ">", ">=", "=", "==", "!=", *words, "in", "intersects", "pmatch"}
    assert MODIFIERS == ("oneof", "anyof", "allof")
    assert {*TRANSFORMERS} == {"val", "tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"}


# ------------------------------------------------------------------------------------------ section 1: lexical elements

GLUED = {
    "exists and the next word": ("a.b existsand c", And((Check(F, "exists"), C))),
    "exists and a bracket": ("(a.b exists)or c", Or((Check(F, "exists"), C))),
    "in and a list": ("a.b in(x)", Check(F, "in", (b"x",))),
    "a list and or": ("a.b in (x)or c", Or((Check(F, "in", (b"x",)), C))),
    "in and the list's name": ("a.b inside", Check(F, "in", (b"side",))),
    "intersects and the list's name": ("a.b intersectsx", Check(F, "intersects", (b"x",))),
    "pmatch and the list's name": ("a.b pmatchx", Check(F, "pmatch", (b"x",))),
    "blank before =": ("a.b =x", is_(b"x")),
    "blank after =": ("a.b= x", is_(b"x")),
    "no blanks": ("a.b=x", is_(b"x")),
    "no blanks around ==": ("a.b==x", Check(F, "==", (b"x",))),
    "no blanks around <=": ("a.b<=1", Check(F, "<=", (b"1",))),
    "a number and the next word": ("a.b < 1and c", And((Check(F, "<", (b"1",)), C))),
    "quoted string and the next word": ("a.b = 'x'or c", Or((is_(b"x"), C))),
    "identifier that begins with not": ("notx", MacroRef("notx")),
    "identifiers that begin with and, or": ("and_x and or_x", And((MacroRef("and_x"), MacroRef("or_x")))),
    "not and a group": ("not(a)", Not(A)),
    "and, or and a group": ("a and(b) or c", Or((And((A, B)), C))),
    "any blanks": ("\b a.b\texists\r\n\b and \tc\n ", And((Check(F, "exists"), C))),
    "no comments": ("a.b = #x", is_(b"#x")),
    "upper-case operators are constants": ("a.b = AND", is_(b"AND")),
}


@pytest.mark.parametrize(("text", "tree"), GLUED.values(), ids=GLUED)
def test_words_that_glue(text, tree):
    assert parse(text) == tree


NUMBERS = ["0", "1", "+1", "-1", "007", "1.", "1.5", "1e+2", "1E-3", "1.5e+10", "0x1f", "0XFF", "+0x1"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers(number):
    assert parse(f"a.b > {number}") == Check(F, ">", (number.encode(),))
    assert (
        parse(f"concat({number}, {number}) exists").left.arguments == (Constant(number.encode(), is_number=True),) * 2
    )


BARE = {
    "punctuation": r"0a!@#456:/\.;!$%^&*[]{}|",
    "field name": "c.d",
    "number": "1e2",
    "path": "/var/run/*",
    "angle brackets": "<NA>",
    "keyword": "not",
    "backslash": "\\n",
    "no-break space": "a\xa0b",
    "backspace inside": "a\bb",
    "unit separator": "a\x1fb",
    "other scripts": "naïve-名前-😀",
}


@pytest.mark.parametrize("bare", BARE.values(), ids=BARE)
def test_bare_strings_have_no_escapes(bare):
    assert parse(f"a.b = {bare}") == is_(bare.encode())
    assert parse(f"a.b in (x,{bare} , y)") == Check(F, "in", (b"x", bare.encode(), b"y"))


QUOTED = {
    "double quotes": ('"x y"', b"x y"),
    "single quotes": ("'x y'", b"x y"),
    "empty": ('""', b""),
    "the other quote": ("""'"'""", b'"'),
    "control characters": (r'"\b\f\n\r\t"', b"\b\f\n\r\t"),
    "backslash": (r'"a\\b"', b"a\\b"),
    "slash": (r'"a\/b"', b"a/b"),
    "double quote in double quotes": (r'"a\"b"', b'a"b'),
    "single quote in single quotes": (r"'a\'b'", b"a'b"),
    "byte": (r'"\x41\xff"', b"A\xff"),
    "bytes of one character": (r'"\xc3\xa9"', "é".encode()),
    "byte beside a character": (r'"é\x80"', "é".encode() + b"\x80"),
    "backslash and blank: a backslash (QUIRK)": (r'"x\ y"', b"x\\y"),
    "line break is kept": ('"x\ny"', b"x\ny"),
    "keywords, brackets and commas": ('"not (a, b) and"', b"not (a, b) and"),
}


@pytest.mark.parametrize(("quoted", "text"), QUOTED.values(), ids=QUOTED)
def test_quoted_strings(quoted, text):
    assert parse(f"a.b = {quoted}") == is_(text)
    assert parse(f"a.b in ({quoted},{quoted})") == Check(F, "in", (text, text))
    assert parse(f"a.b[{quoted}] exists").left.argument == text.decode("utf-8", "surrogateescape")


def test_a_string_cannot_end_in_a_written_backslash():
    # QUIRK: only the character right before the quote counts, so the quote is taken as escaped.
    with pytest.raises(ConditionError, match="the string that begins here is not closed"):
        parse(r'a.b = "abc\\"')
    with pytest.raises(ConditionError, match="unexpected token"):
        parse(r'a.b = "abc\\" or c.d = "x"')


# --------------------------------------------------------------------------------------------------- section 2: grammar

PRECEDENCE = {
    "not, and, or": ("not a and b or c", Or((And((Not(A), B)), C))),
    "or, and": ("a or b and c", Or((A, And((B, C))))),
    "and, or, and": ("a and b or c and d", Or((And((A, B)), And((C, D))))),
    "group": ("(a or b) and c", And((Or((A, B)), C))),
    "not of a group": ("not (a or b)", Not(Or((A, B)))),
    "chain": ("a and b and c and d", And((A, B, C, D))),
    "groups of one kind": ("a or (b or (c or d))", Or((A, B, C, D))),
    "repeated not": ("not not a", A),
    "repeated not before a group": ("not not not(a and b)", Not(And((A, B)))),
    "not of a not": ("not (not a)", A),
    "sample": ("not(a)and(not(b))", And((Not(A), Not(B)))),
    "sample with a check": ("a.b = 1 or c and not d", Or((is_(b"1"), And((C, Not(D)))))),
    "glued groups": ("a and(b) and c", And((A, B, C))),
    "glued group behind or, an error in Falco (correction i)": ("a or(b) and c", Or((A, And((B, C))))),
}


@pytest.mark.parametrize(("text", "tree"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_precedence(text, tree):
    assert parse(text) == tree


KEYWORDS = {
    "not alone is a macro": ("not", MacroRef("not")),
    "not not": ("not not", Not(MacroRef("not"))),
    "not in a group": ("(not)", MacroRef("not")),
    "a constant": ("a.b = not", is_(b"not")),
    "a modifier alone": ("a.b = oneof", is_(b"oneof")),
    "a modifier before and": ("a.b = oneof and c", And((is_(b"oneof"), C))),
    "a modifier before or": ("a.b = anyof or c", Or((is_(b"anyof"), C))),
    "a modifier at the end of a group": ("(a.b = allof )", is_(b"allof")),
    "a glued modifier": ("a.b =oneof and c", And((is_(b"oneof"), C))),
    "a longer word": ("a.b = oneofx", is_(b"oneofx")),
    "a macro called exists": ("exists and c", And((MacroRef("exists"), C))),
    "a macro called tolower": ("tolower or val", Or((MacroRef("tolower"), MacroRef("val")))),
    "a field called not.x": ("not.x exists", Check(FieldRef("not.x"), "exists")),
    "a field called tolower.x": ("tolower.x exists", Check(FieldRef("tolower.x"), "exists")),
}


@pytest.mark.parametrize(("text", "tree"), KEYWORDS.values(), ids=KEYWORDS)
def test_keywords_in_other_places(text, tree):
    assert parse(text) == tree


DASH = Constant(b"-")
ONE = Constant(b"1", is_number=True)
GETOPT = Transform("getopt", (G, Constant(b"v")), "v")
CHECKS = {
    "list by name": ("a.b in name", Check(F, "in", (b"name",))),
    "list": ("a.b in ( x , 'y z', \"\" )", Check(F, "in", (b"x", b"y z", b""))),
    "empty list": ("a.b in ()", Check(F, "in", ())),
    "pmatch": ("a.b pmatch (/a, /b/*)", Check(F, "pmatch", (b"/a", b"/b/*"))),
    "oneof": ("a.b = oneof (x, y)", Check(F, "=", (b"x", b"y"), "oneof")),
    "anyof": ("a.b contains anyof (x)", Check(F, "contains", (b"x",), "anyof")),
    "allof": ("a.b !=\tallof\n()", Check(F, "!=", (), "allof")),
    "modifier and a name": ("a.b startswith oneof name", Check(F, "startswith", (b"name",), "oneof")),
    "modifier and a name like a keyword": ("a.b = oneof and_x", Check(F, "=", (b"and_x",), "oneof")),
    "val": ("a.b = val(c.d)", Check(F, "=", FieldRef("c.d", None, is_val=True))),
    "val with an argument": ("a.b in val( c.d['x y'] )", Check(F, "in", FieldRef("c.d", "x y", is_val=True))),
    "val for an order": ("a.b >= val(c.d)", Check(F, ">=", FieldRef("c.d", None, is_val=True))),
    "transformer on the right": ("a.b = b64(toupper(c.d))", Check(F, "=", applied("b64", applied("toupper", G)))),
    "transformer on the left": ("tolower( a.b ) = x", Check(applied("tolower", F), "=", (b"x",))),
    "transformers on both sides": ("len(a.b) < len(c.d)", Check(applied("len", F), "<", applied("len", G))),
    "transformer with a list": (
        "join('-', (a.b, 'x', 1, len(c.d), getopt(c.d,'v')[v])) exists",
        Check(applied("join", DASH, TupleArgument((F, Constant(b"x"), ONE, applied("len", G), GETOPT))), "exists"),
    ),
    "constants alone": ("concat(\"-\" , '-') exists", Check(applied("concat", DASH, DASH), "exists")),
    "bare argument": ("a.b[x] = 1", Check(FieldRef("a.b", "x"), "=", (b"1",))),
    "quoted argument": ("a.b[\"x\"] = 1", Check(FieldRef("a.b", "x"), "=", (b"1",))),
    "argument with punctuation": ("a.b[/x~1y(,)=z] = 1", Check(FieldRef("a.b", "/x~1y(,)=z"), "=", (b"1",))),
    "argument with escapes": (r"a.b['\'\x5d'] = 1", Check(FieldRef("a.b", "']"), "=", (b"1",))),
    "long names": ("a1_.B2_.c.d exists", Check(FieldRef("a1_.B2_.c.d"), "exists")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), CHECKS.values(), ids=CHECKS)
def test_checks(text, tree):
    assert parse(text) == tree


REJECTED = {
    # text: (where, message)
    "": (0, CHECK),
    " \t": (2, CHECK),
    "a and": (5, "expected blank or '(' after 'and'"),
    "a and ": (6, CHECK),
    "and a": (4, "unexpected token after 'and', expecting 'or', 'and'"),
    "or x": (3, "unexpected token after 'or'"),
    "a not b": (2, "unexpected token after 'a'"),
    "a b": (2, "unexpected token after 'a'"),
    "not ": (4, CHECK),
    "a andb": (5, "expected blank or '(' after 'and'"),
    "a orb": (4, "expected blank or '(' after 'or'"),
    "a.b = 1or c": (10, "unexpected token after '1or'"),
    "a.b containsx": (4, OPERATOR),
    'a.b contains"x"': (4, OPERATOR),
    "a.b Exists": (4, OPERATOR),
    "a.b AND c": (4, OPERATOR),
    "a.b": (3, OPERATOR),
    "a.b.": (3, OPERATOR),
    "m > 3": (2, "unexpected token after 'm'"),
    "m = x": (2, "unexpected token after 'm'"),
    "1.a exists": (0, CHECK),
    "_a": (0, CHECK),
    "é": (0, CHECK),
    "()": (1, CHECK),
    "(a": (2, "expected a ')' token"),
    "a)": (1, "unexpected token after 'a'"),
    "not (a": (6, "expected a ')' token"),
    "a.b =": (5, STRING),
    "a.b = (x)": (6, STRING),
    "a.b = ,": (6, STRING),
    "a.b = x=y": (7, "unexpected token after 'x'"),
    "a.b === x": (6, STRING),
    "a.b = x,": (7, "unexpected token after 'x'"),
    "a.b = 'x": (6, "the string that begins here is not closed"),
    "a.b = 'it's'": (10, "unexpected token after 'it'"),
    'a.b > "3"': (6, NUMBER),
    "a.b > abc": (6, NUMBER),
    "a.b > (1)": (6, NUMBER),
    "a.b > 1e2": (7, "unexpected token after '1'"),
    "a.b > 0x": (7, "unexpected token after '0'"),
    "a.b > .5": (6, NUMBER),
    "a.b in": (6, LIST),
    "a.b in 'x'": (7, LIST),
    "a.b in (x,)": (10, "expected a string value"),
    "a.b in (,x)": (8, "expected a ')' token"),
    "a.b in (x,,y)": (10, "expected a string value"),
    "a.b in (x y)": (10, "expected a ')' token"),
    "a.b in (x": (9, "expected a ')' token"),
    "a.b in (tolower(c.d))": (15, "expected a ')' token"),
    "a.b in (val(c.d))": (11, "expected a ')' token"),
    "a.b in a, b": (8, "unexpected token after 'a'"),
    "a.b == oneof(x)": (12, "unexpected token after 'oneof'"),
    "a.b ==oneof (x)": (12, "unexpected token after 'oneof'"),
    "a.b = oneof (x": (14, "expected a ')' token"),
    "a.b = oneof val(c.d)": (15, "unexpected token after 'val'"),
    "a.b < oneof (1)": (6, NUMBER),
    "a.b in oneof (x)": (13, "unexpected token after 'oneof'"),
    "tolower (a.b) = x": (8, "unexpected token after 'tolower'"),
    "val(a.b) = x": (3, "unexpected token after 'val'"),
    "a.b = val(val(c.d))": (10, "expected a field within 'val' transformer"),
    "a.b = val(tolower(c.d))": (10, "expected a field within 'val' transformer"),
    "a.b = val(x)": (10, "expected a field within 'val' transformer"),
    "a.b = val(c.d, e.f)": (13, "expected a ')' token closing the transformer"),
    "a.b = tolower(val(c.d))": (14, ARGUMENT),
    "tolower() = x": (8, ARGUMENT),
    "tolower(x) = x": (8, ARGUMENT),
    "tolower(a.b = x": (12, "expected a ')' token closing the transformer"),
    "tolower(a.b,) = x": (12, ARGUMENT),
    "tolower(a.b [1]) = x": (12, "expected a ')' token closing the transformer"),
    "join(',', (a.b c.d)) = x": (15, "expected a ')' token closing the transformer list"),
    "join(',', (a.b,)) = x": (15, ARGUMENT),
    "join(',', ((a.b))) = x": (11, ARGUMENT),
    "a.b[] = 1": (4, "expected a valid field argument: a quoted string or a bare string"),
    "a.b[ x ] = 1": (4, "expected a valid field argument"),
    "a.b[x y] = 1": (5, "expected a ']' token"),
    "a.b[x = 1": (5, "expected a ']' token"),
    "a.b['x' ] = 1": (7, "expected a ']' token"),
    "a.b['x = 1": (4, "the string that begins here is not closed"),
    "a.b [x] = 1": (4, OPERATOR),
    r'a.b = "\q"': (7, r"unsupported string escape sequence: \q"),
    r'a.b = "x\."': (8, r"unsupported string escape sequence: \."),
    r"""a.b = "\'" """: (7, """invalid \\' escape in "-quoted string"""),
    r"""a.b = '\"'""": (7, """invalid \\" escape in '-quoted string"""),
    r'a.b = "\x4"': (7, "truncated hex char escape sequence"),
    r'a.b = "\xg0"': (7, "truncated hex char escape sequence"),
    r'a.b["\q"] = x': (5, r"unsupported string escape sequence: \q"),
}


@pytest.mark.parametrize("text", REJECTED)
def test_errors_say_what_and_where(text):
    position, message = REJECTED[text]
    with pytest.raises(ConditionError) as caught:
        parse(text)
    error = caught.value
    assert error.message.startswith(message)
    assert (error.position, error.text) == (position, text)
    assert not error.unknown_field
    assert isinstance(error, LannerError)


HINTS = {
    r'a.b = "\."': r"write \\. for a backslash, or use a bare string",
    'a.b = "\\\n"': "",
    r'a.b = "\x4"': r"write two hex digits, as in \x41",
    "(" * 199 + "a": "use fewer nested parentheses",
    "tolower(" * 61 + "a.b": "use fewer nested transformers",
}


@pytest.mark.parametrize("text", HINTS, ids=[text[:10] for text in HINTS])
def test_hints(text):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.hint == HINTS[text]


def caret_of(text, width=100):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    return caught.value.caret(width)


def test_the_caret_points_at_the_mistake():
    assert caret_of("ka.verb = get and ka.uri contaims x") == (
        "ka.verb = get and ka.uri contaims x\n"
        "                         ^"
    )  # fmt: skip


def test_the_caret_shows_the_line_of_the_mistake():
    assert caret_of("ka.verb = get\nand ka.uri in (x,)\nor m\n") == (
        "and ka.uri in (x,)\n"
        "                 ^"
    )  # fmt: skip


def test_the_caret_behind_the_last_character():
    assert caret_of("(a") == "(a\n  ^"
    assert caret_of("(a\n") == "(a\n  ^"
    assert caret_of("") == "\n^"


def test_a_long_line_is_cut_around_the_caret():
    assert caret_of("m or " * 1000 + "x y" + " and z" * 1000, width=20) == (
        "or m or x y and z an\n"
        "          ^"
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- depths and sizes


def test_198_nested_parentheses_load_and_199_do_not():
    assert parse("(" * 198 + "a.b = x" + ")" * 198) == is_(b"x")
    with pytest.raises(ConditionError, match="exceeded max depth limit of 1000") as caught:
        parse("(" * 199 + "a.b = x" + ")" * 199)
    assert caught.value.position == 198


def test_parentheses_side_by_side_do_not_add_up():
    assert len(parse(" and ".join(["(" * 100 + "a or b" + ")" * 100] * 100)).children) == 100


def test_negations_count_like_parentheses():
    assert parse("not (" * 198 + "a" + ")" * 198) == A
    with pytest.raises(ConditionError, match="exceeded max depth"):
        parse("not (" * 199 + "a" + ")" * 199)


def test_a_tree_may_not_nest_too_deep():
    # Chains that change their kind in every group make two levels a group.
    def nested(levels):
        return "a and (b or " * levels + "c" + ")" * levels

    assert parse(nested(124)).depth == 249 <= MAX_TREE_DEPTH
    with pytest.raises(ConditionError, match="nests deeper than 250 levels"):
        parse(nested(125))


def test_60_nested_transformers_load_and_61_do_not():
    assert str(parse("tolower(" * 60 + "a.b" + ")" * 60 + " exists")).count("tolower(") == 60
    with pytest.raises(ConditionError, match="exceeded max depth") as caught:
        parse("concat('x', " * 61 + "a.b" + ")" * 61 + " exists")
    assert caught.value.position == 61 * 12 - len(" 'x', ") + 1


def test_transformers_side_by_side_do_not_add_up():
    assert len(parse("concat(" + ", ".join(["tolower(a.b)"] * 100) + ") exists").left.arguments) == 100


LONG = {
    "not": ("not " * 10_001 + "a", Not(A)),
    "or": (" or ".join(["a"] * 5_000), Or((A,) * 5_000)),
    "and": ("a and\n" * 40_000 + "a", And((A,) * 40_001)),
    "blanks": (" " * 1_000_000 + "a", A),
    "a name": ("x" * 1_000_000, MacroRef("x" * 1_000_000)),
    "a field": ("a" + ".b" * 500_000 + " exists", Check(FieldRef("a" + ".b" * 500_000), "exists")),
    "a bare string": ("a.b = " + "x" * 1_000_000, is_(b"x" * 1_000_000)),
    "a quoted string": ("a.b = '" + "x" * 1_000_000 + "'", is_(b"x" * 1_000_000)),
    "escapes": ("a.b = '" + r"\x41" * 50_000 + "'", is_(b"A" * 50_000)),
    "escaped quotes": ("a.b = '" + r"\'" * 100_000 + "'", is_(b"'" * 100_000)),
    "a list": ("a.b in (" + "x," * 60_000 + "x)", Check(F, "in", (b"x",) * 60_001)),
    "a number": ("a.b > " + "1" * 1_000_000, Check(F, ">", (b"1" * 1_000_000,))),
    "an argument": ("a.b[" + "x" * 1_000_000 + "] exists", Check(FieldRef("a.b", "x" * 1_000_000), "exists")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), LONG.values(), ids=LONG)
def test_long_conditions(text, tree):
    assert parse(text) == tree


ENDLESS = {
    "parentheses": "(" * 1_000_000,
    "closing parentheses": "a" + ")" * 1_000_000,
    "transformers": "tolower(" * 125_000,
    "an open string": "a.b = '" + r"\'" * 500_000,
    "open strings": "a.b = \\'" * 125_000,
    "an open argument": "a.b['" + "x" * 1_000_000,
    "an open list": "a.b in (" + "x," * 60_000,
    "an open transformer list": "join(',', (" + "1," * 40_000,
    "backslashes": "a.b = '" + "\\" * 1_000_001 + "'",
    "checks without connective": "a.b exists " * 90_000,
    "words": "and " * 40_000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_long_mistakes(text):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert 0 <= caught.value.position <= len(text)
    assert len(caught.value.caret().splitlines()[0]) <= 100


# --------------------------------------------------------------------------------------------------------- random texts

WORDS = [
    *OPERATORS,
    *MODIFIERS,
    *TRANSFORMERS,
    "and",
    "or",
    "not",
    "a.b",
    "c.d",
    "m",
    "x",
    "1",
    "0x",
    "-",
    "e+1",
    ".",
    ",",
]
MARKS = [
    "(",
    ")",
    "[",
    "]",
    "'",
    '"',
    "\\",
    "\\x",
    "\\x4",
    " ",
    "\n",
    "\b",
    "\t",
    "\v",
    "\xa0",
    "é",
    "\udcff",
    "\x00",
    "%",
]
random_texts = st.text() | st.lists(st.sampled_from([*WORDS, *MARKS, " ", " ", " "]), max_size=25).map("".join)


@given(random_texts)
@settings(deadline=None, max_examples=600)
def test_any_text_is_a_condition_or_a_condition_error(text):
    try:
        tree = parse(text)
    except ConditionError as caught:
        error = caught
    else:
        assert parse(str(tree)) == tree
        return
    assert 0 <= error.position <= len(text)
    assert error.text == text
    line, mark = error.caret().split("\n")
    assert len(mark) - 1 <= len(line)
