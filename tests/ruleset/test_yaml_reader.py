"""YAML → nodes: whatever the text is, there are nodes or one error with a place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanner.ruleset import FileResult, load_texts, yaml_reader
from lanner.ruleset.diagnostics import Invalid
from lanner.ruleset.places import RulesText
from lanner.ruleset.yaml_nodes import Mapping, Scalar, Sequence
from lanner.ruleset.yaml_reader import decode, documents


def plain(node):
    """Return a node as Python values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {plain(key) if isinstance(key, Scalar) else "?": plain(value) for key, value in node.pairs}


def read(text: str) -> list[object]:
    return [plain(node) for node in documents(RulesText("t.yaml", text), [])]


def refused(text: str | bytes):
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Invalid) as caught:
        documents(decode("t.yaml", content), [])
    assert caught.value.diagnostic.code == "LOAD_ERR_YAML_PARSE"
    return caught.value.diagnostic


def test_documents_and_all_kinds_of_nodes():
    assert read("- a\n- {b: c, [d]: 'e'}\n---\n[]\n---\n") == [["a", {"b": "c", "?": "e"}], [], ""]
    assert read("# nothing\n") == []


def test_scalars_keep_their_spelling():
    assert read("[2.50, true, 0x10, ~, 'x', \"y\\n\"]") == [["2.50", "true", "0x10", "~", "x", "y\n"]]


def test_aliases_stand_for_the_values_they_name():
    assert read("- &a [x, y]\n- *a\n- &a z\n- *a\n") == [[["x", "y"], ["x", "y"], "z", "z"]]


def test_anchors_end_with_their_document():
    diagnostic = refused("- &a x\n---\n- *a\n")
    assert diagnostic.message == "the alias '*a' refers to nothing"
    assert (diagnostic.line, diagnostic.column) == (3, 3)
    assert diagnostic.hint


@pytest.mark.parametrize("text", ["- &a [*a]\n", "- &a {b: [*a]}\n"])
def test_an_alias_must_not_contain_itself(text):
    assert "refers to a value that contains it" in refused(text).message


def test_sizes_count_what_aliases_repeat(node):
    assert node("[&a [x, y], *a, *a]").size == 1 + 3 * 3


def test_alias_bombs_are_refused():
    # GIVEN ten levels of ten aliases each
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9)]
    # THEN the value that would be the millionth is the error
    diagnostic = refused("\n".join(lines))
    assert diagnostic.message == "the file has more than 1000000 values, those behind aliases included"
    assert diagnostic.line == 6


def test_too_many_values(monkeypatch):
    monkeypatch.setattr(yaml_reader, "MAX_NODES", 3)
    assert read("[a, b]") == [["a", "b"]]
    assert "more than 3 values" in refused("[a, b, c]").message
    assert "more than 3 values" in refused("[a, [b, []]]").message


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? ", "- - "])
def test_nesting_too_deep_is_an_error(opening):
    diagnostic = refused(opening * 100_000)
    assert diagnostic.message == "the file nests deeper than 100 levels"
    assert diagnostic.line == 1


def test_aliases_cannot_nest_too_deep_either():
    lines = ["- &a0 [x]", *[f"- &a{n + 1} [*a{n}]" for n in range(200)]]
    assert refused("\n".join(lines)).message == "the aliases make the file nest deeper than 100 levels"


def test_the_deepest_file_allowed():
    assert read("[" * 100 + "]" * 100)


def test_of_equal_keys_the_first_one_counts_and_the_others_are_noted(monkeypatch):
    notes = []
    found = documents(RulesText("t.yaml", "a: 1\nb: 2\na: 3\n? [x]\n: 4\n? [x]\n: 5\n"), notes)
    assert plain(found[0]) == {"a": "1", "b": "2", "?": "5"}
    assert [(note.code, note.line, note.column) for note in notes] == [("LANNER_DUPLICATE_KEY", 3, 1)]
    monkeypatch.setattr(yaml_reader, "MAX_NOTES", 1)
    documents(RulesText("t.yaml", "{a: 1, a: 2, a: 3}"), few := [])
    assert len(few) == 1


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("- rule: [\n", 2, 1, "the bracket in line 1"),
        ("-\trule: x\n", 1, 2, "tabs"),
        ("- rule: x\n\tdesc: y\n", 2, 1, "tabs"),
        ("- desc: a: b\n", 1, 10, "in quotes"),
        ("- desc: %a\n", 1, 9, "in quotes"),
        ('- desc: "a\\d"\n', 1, 11, "backslash is written twice"),
        ("- a\n- 'x\n", 3, 1, ""),
        ("a: b\n- c\n", 2, 1, ""),
        ("- a\n%YAML 9.9\n", 2, 1, ""),
    ],
)
def test_errors_of_the_syntax_have_a_place(text, line, column, hint):
    diagnostic = refused(text)
    assert (diagnostic.line, diagnostic.column) == (line, column)
    assert diagnostic.message
    assert hint in diagnostic.hint
    assert bool(hint) is bool(diagnostic.hint)


def test_what_went_on_is_part_of_the_message():
    assert refused("- 'x\n").message == "found unexpected end of stream while scanning a quoted scalar"


def test_a_byte_order_mark_is_skipped():
    file = decode("t.yaml", b"\xef\xbb\xbf- a\n")
    assert documents(file, [])[0].place.column == 1


def test_a_file_that_is_not_utf8():
    diagnostic = refused("- é\n- é: ".encode() + b"\xff\n")
    assert diagnostic.message == "the file is not UTF-8: invalid byte 0xff"
    assert (diagnostic.line, diagnostic.column, diagnostic.hint) == (2, 6, "save the file as UTF-8")


@pytest.mark.parametrize(
    ("text", "point"),
    [("- a\n- b\x00", "U+0000"), ("- a\n- b\x1b", "U+001B"), ("- a\n- b\ufeff", "U+FEFF"), ("- a\n- b\x7f", "U+007F")],
)
def test_characters_that_yaml_does_not_have(text, point):
    diagnostic = refused(text)
    assert diagnostic.message == f"the character {point} is not allowed in YAML"
    assert (diagnostic.line, diagnostic.column) == (2, 4)
    assert "binary" in diagnostic.hint


def test_binary_files_are_named():
    assert refused(b"\x1f\x8b\x08\x00").hint == "this file is compressed with gzip"


def test_files_that_are_too_long(monkeypatch):
    monkeypatch.setattr(yaml_reader, "MAX_BYTES", 10)
    assert decode("t.yaml", b"- 23456789").text
    diagnostic = refused(b'{"auditID": "x"}')
    assert diagnostic.message == "the file has more than 10 bytes"
    assert "lanner scan" in diagnostic.hint


def test_an_audit_log_is_recognised():
    diagnostic = refused('{"kind": "Event", "auditID": "x"}\n{"kind": "Event", "auditID": "y"}\n')
    assert (diagnostic.line, diagnostic.column) == (2, 1)
    assert diagnostic.hint == "this looks like an audit log: give it to `lanner scan` as a path, not with -r"


def is_judged(content: bytes) -> bool:
    """Whether loading a file gives a proper result, and nothing else."""
    (result,) = load_texts([("f.yaml", content)]).results
    assert isinstance(result, FileResult)
    for diagnostic in (*result.errors, *result.warnings, *result.notes):
        assert diagnostic.message
        assert diagnostic.line >= 1
        assert diagnostic.column >= 1
        assert diagnostic.to_json()["code"] == diagnostic.code
    return str(result).startswith("f.yaml: ")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_result(content):
    assert is_judged(content)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="-[]{}:,?&*!|>'\"%@`# \n\tabrule=()\\~é", max_size=60))
def test_any_yaml_like_text_gives_a_result(text):
    assert is_judged(text.encode())


KEYS = ("rule", "macro", "list", "condition", "output", "desc", "priority", "items", "append", "override", "exceptions")
MORE_KEYS = ("name", "fields", "comps", "values", "enabled", "tags", "source", "required_engine_version")
SCALARS = st.sampled_from(
    [
        *("x", "null", "''", "true", "append", "replace", "k8s_audit", "syscall", "ka.verb", "ka.nope", "in", "="),
        *("'ka.verb = x'", "'ka.verb in (x)'", "'x and y'", "'%ka.verb'", "'%'", "INFO", "1.2.3", "7"),
    ]
)
NODES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(KEYS + MORE_KEYS), inner, max_size=6).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(KEYS + MORE_KEYS), NODES, max_size=8), max_size=4))
def test_any_items_give_a_result(items):
    lines = ["- {" + ", ".join(f"{key}: {value}" for key, value in item.items()) + "}" for item in items]
    assert is_judged("\n".join(lines).encode())
