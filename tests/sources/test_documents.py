"""Documents over several lines, and what is lost (and what not) when input is broken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lanner.fields import RawEvent, json_text
from lanner.sources import Context, Piece, Reject, read
from lanner.sources.documents import Documents
from lanner.sources.draft import KEPT

Outline = Callable[..., list[str]]

SETTINGS = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def event(name: str) -> dict[str, object]:
    return {
        "kind": "Event",
        "auditID": name,
        "verb": "create",
        "user": {"username": "jane", "groups": ["dev", "system:authenticated"]},
        "requestObject": {"spec": {"containers": [{"image": 'a"}]{b'}, {"image": "c\\"}]}, "data": {}},
    }


def line(name: str) -> str:
    return json.dumps(event(name), separators=(",", ":"))


def pretty(*names: str, indent: int | str = 2, kind: str = "array") -> str:
    items = [event(name) for name in names]
    return json.dumps(items if kind == "array" else {"kind": "EventList", "items": items}, indent=indent)


def pieces(path: Path, text: str | bytes) -> list[Piece]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read([path]))


def outline_of(found: list[Piece]) -> list[str]:
    return [
        "!" + piece.origin.rsplit("/", 1)[-1]
        if isinstance(piece, Reject)
        else str(json.loads(piece.text.decode(errors="replace"), strict=False).get("auditID"))
        for piece in found
    ]


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def outline(audit: Path) -> Outline:
    def run(*lines: str) -> list[str]:
        return outline_of(pieces(audit, "\n".join(lines)))

    return run


# ------------------------------------------------------------------------------------------------------------- intact


@pytest.mark.parametrize("indent", [0, 1, 2, 4, "\t"])
@pytest.mark.parametrize("kind", ["array", "EventList"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_pretty_printed_document(outline: Outline, indent: int | str, kind: str, end: str) -> None:
    text = pretty("a", "b", indent=indent, kind=kind) + end
    assert outline(text.replace("\n", "\r\n") if end == "\r\n" else text) == ["a", "b"]


@pytest.mark.parametrize("indent", [0, 2, "\t"])
def test_documents_after_each_other(outline: Outline, indent: int | str) -> None:
    first, second = (json.dumps(event(name), indent=indent) for name in "ab")
    listed = pretty("c", "d", indent=indent)
    assert outline(first, second, "", listed, line("e"), first) == ["a", "b", "c", "d", "e", "a"]
    assert outline(first + second + listed + line("e")) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "lines",
    [
        ["[", line("a") + ",", line("b"), "]"],
        ["[", "  " + line("a") + ",", "", "  " + line("b") + " ]"],
        ["[" + line("a") + ",", line("b") + "]"],
        ["[" + line("a"), "," + line("b"), "]"],
        ["[" + line("a") + "," + line("b") + ",", "]"],
        ["[" + line("a") + " , " + line("b"), "]"],
        ["[[" + line("a") + "],", "[" + line("b") + "]", "]"],
        ["[", "[", line("a") + ",", line("b") + "]", "]"],
        ['{"kind":"EventList","items":[', line("a") + ",", line("b"), "]}"],
        ['{"kind":"EventList",', '"items":', "[", "", line("a") + ",", line("b"), "]", "}"],
        ["[", "{", '"kind":"Event","auditID":"a"},{"kind":', '"Event","auditID":"b"', "}]"],
    ],
)
def test_lines_may_break_anywhere_between_tokens(outline: Outline, lines: list[str]) -> None:
    assert outline(*lines) == ["a", "b"]


def test_the_element_of_an_array_over_lines_is_counted(audit: Path) -> None:
    found = pieces(audit, f'[\n{line("a")},\n{{"kind":"EventList","items":[{line("b")}]}},\n 7 , "x,",\n{{\n}}\n]\n')
    assert [piece.origin.rpartition("/")[2] for piece in found] == [
        "log:2 item 1",
        "log:3 item 2.1",
        "log:4 item 3",
        "log:4 item 4",
        "log:5 item 5",
    ]


def test_a_bad_element_of_a_pretty_printed_list_costs_no_sibling(outline: Outline) -> None:
    bad = pretty("a", "b", "c").replace('"auditID": "b"', '"auditID": b')
    assert outline(bad) == ["a", "!log:27 item 2", "c"]


# ------------------------------------------------------------------------------------------------------------- broken


def every_cut() -> list[str]:
    whole = line("cut")
    return [whole[:end] for end in range(1, len(whole))]


@pytest.mark.parametrize("cut", every_cut())
def test_a_cut_line_is_lost_alone(outline: Outline, cut: str) -> None:
    assert outline(line("a"), cut, line("b"), line("c")) == ["a", "!log:2", "b", "c"]
    assert outline(line("a"), cut, line("b")) == ["a", "!log:2", "b"]
    assert outline(line("a"), cut) == ["a", "!log:2"]
    assert outline(line("a"), cut, "", cut, line("b")) in (["a", "!log:2", "!log:4", "b"], ["a", "!log:2", "b"])


@pytest.mark.parametrize("cut", every_cut())
def test_a_cut_line_of_an_array_is_lost_alone(outline: Outline, cut: str) -> None:
    for indent in ("", "  "):
        found = outline("[", f"{indent}{line('a')},", indent + cut, f"{indent}{line('b')},", indent + line("c"), "]")
        assert [name for name in found if not name.startswith("!")] == ["a", "b", "c"]
        assert sum(name.startswith("!") for name in found) == 1


@pytest.mark.parametrize(
    "cut", ["[", "[[", "[1,", '[{"a":', '[{"a":1},', "[{}", '{"a":[', '{"a":[1,', '{"a":[{},', '{"a":']
)
@pytest.mark.parametrize("wrap", ["{}", "[{}]", '{{"kind":"EventList","items":[{}]}}'])
def test_no_beginning_of_a_line_swallows_the_next(outline: Outline, cut: str, wrap: str) -> None:
    lines = [wrap.format(line(name)) for name in "abc"]
    found = outline(lines[0], cut, *lines[1:])
    assert [name for name in found if not name.startswith("!") and name != "None"] == ["a", "b", "c"]
    assert any(name.startswith("!") for name in found)


@pytest.mark.parametrize(
    "rubbish", ["}", "]", ",", ":", '"', "x", "null", "\0\1\2", "\ufeff", "- rule: x", "<html>", "{}"]
)
def test_rubbish_is_lost_alone(outline: Outline, rubbish: str) -> None:
    assert outline(rubbish, line("a"), rubbish, line("b"), rubbish) == ["!log:1", "a", "!log:3", "b", "!log:5"]


@pytest.mark.parametrize("indent", [2, "\t"])
@pytest.mark.parametrize("kind", ["array", "EventList"])
def test_the_elements_before_the_end_of_a_cut_document_count(outline: Outline, indent: int | str, kind: str) -> None:
    lines = pretty("a", "b", "c", indent=indent, kind=kind).splitlines()
    expected = {"array": ["a", "b", "!log:52 item 3", "!log:1"], "EventList": ["!log:1"]}
    assert outline(*lines[:-6]) == expected[kind]


def test_an_array_without_end_is_said(audit: Path) -> None:
    found = pieces(audit, f"\n[\n{line('a')},\n")
    assert outline_of(found) == ["a", "!log:2"]
    assert isinstance(found[1], Reject)
    assert "the array that begins here does not end" in found[1].reason


@pytest.mark.parametrize("torn", ['"verb": "cre', '"verb": ]', '"verb" "create",', '"a": 1 "b'])
def test_a_broken_pretty_printed_document_is_one_reject(audit: Path, torn: str) -> None:
    # GIVEN pretty-printed documents, as an array and after each other, the second of them broken in the middle
    first, second, third = (json.dumps(event(name), indent=2) for name in "abc")
    second = second.replace('"verb": "create",', torn)
    # WHEN they are read
    plain = pieces(audit, f"{first}\n{second}\n{third}\n")
    rows = [f"  {row}" for row in f"{first},\n{second},\n{third}".splitlines()]
    array = pieces(audit, "\n".join(["[", *rows, "]"]))
    # THEN it is lost alone, as one piece
    assert outline_of(plain)[0] == outline_of(array)[0] == "a"
    assert outline_of(plain)[-1] == outline_of(array)[-1] == "c"
    assert len([piece for piece in plain if isinstance(piece, Reject)]) == 1
    assert len([piece for piece in array if isinstance(piece, Reject)]) == 1


def test_the_next_document_shows_that_one_was_cut(audit: Path) -> None:
    documents = [json.dumps(event(name), indent=2) for name in "abc"]
    cut = "\n".join(documents[1].splitlines()[:9])
    found = pieces(audit, "\n".join([documents[0], cut, documents[2]]))
    assert outline_of(found) == ["a", "!log:26", "c"]
    assert found[1] == Reject(
        f"{audit}:26", "not JSON: the document that begins here breaks off; lines 26 to 34", cut.encode()
    )


def test_a_document_that_ends_too_early_is_said(audit: Path) -> None:
    found = pieces(audit, '{"kind":"EventList",\n"items":[\n' + line("a") + ",\n")
    assert [piece.reason for piece in found if isinstance(piece, Reject)] == [
        "not JSON: the document that begins here does not end (was the file cut?); lines 1 to 2"
    ]
    assert outline_of(found) == ["!log:1", "a"]
    found = pieces(audit, '{"kind":"EventList",\n"items":[\n' + line("a") + ",\n7")
    assert outline_of(found) == ["!log:1", "a", "!log:4"]
    assert found[2].reason.startswith("not JSON: the document that begins here does not end")  # type: ignore[union-attr]


def test_a_document_whose_brackets_fit_but_which_is_no_json(audit: Path) -> None:
    found = pieces(audit, f'{{"a":\nyes}}\n{line("b")}\n')
    assert outline_of(found) == ["!log:1", "b"]
    assert found[0] == Reject(f"{audit}:1", "not JSON: unexpected b'y' at byte 7; lines 1 to 2", b'{"a":\nyes}')


def test_two_events_on_a_line_are_no_payload(audit: Path, outline: Outline) -> None:
    # as in Falco (conformance/fields/payloads.jsonl, two-values); batches of CloudWatch Logs are read: test_delivered
    assert outline(line("a") + line("b"), line("c")) == ["!log:1", "c"]
    assert outline(line("c"), line("a") + line("b")) == ["c", "!log:2"]
    (found,) = pieces(audit, line("a") + line("b"))
    assert isinstance(found, Reject)
    assert "write one JSON value a line" in found.reason


@pytest.mark.parametrize("text", ["}{", '}{\\"kind', "{}{", '}{\\"a\\":{}}{'])
def test_what_looks_like_the_next_object_inside_of_a_string(text: str, outline: Outline) -> None:
    hostile = f'{{"kind":"Event","auditID":"a","userAgent":"{text}","verb":"get"}}'
    assert outline(hostile, line("b"), hostile) == ["a", "b", "a"]


def test_other_values_on_a_line_are_no_payload(audit: Path) -> None:
    (found,) = pieces(audit, line("a") + " " + line("b"))
    assert isinstance(found, Reject)
    assert "write one JSON value a line" in found.reason


def test_a_byte_order_mark_costs_one_payload(outline: Outline) -> None:
    assert outline("\ufeff" + line("a"), line("b")) == ["!log:1", "b"]
    document = json.dumps(event("a"), indent=2)
    assert outline("\ufeff" + document, line("b")) == ["!log:1", "b"]
    assert outline("\ufeff" + pretty("a", "b"), line("c")) == ["!log:1", "c"]


def test_binary_data_among_elements(outline: Outline) -> None:
    assert outline("[", line("a") + ",", "\0", "\1\2", line("b") + ",", "\0", "]") == [
        *("a", "!log:3 item 2", "b", "!log:6 item 4")
    ]
    assert outline("[" + line("a") + ",", '1, "\0", ' + line("b") + ", x\0", "]") == [
        *("a", "!log:2 item 2", "!log:2 item 3", "b", "!log:2 item 5")
    ]
    assert outline("\0", "{", '"kind":"Event","auditID":"a"}') == ["!log:1", "a"]
    assert outline("\0", "", "{x", "{y}", line("a")) == ["!log:1", "a"]


# -------------------------------------------------------------------------------------------------------------- large


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("payloads", "draft", "documents"):
        monkeypatch.setattr(f"lanner.sources.{module}.MAX_DOCUMENT", 100_000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [99_999, 100_000, 3_000_000])
def test_a_line_that_is_too_long_is_skipped(audit: Path, size: int) -> None:
    long = b"{" + b"x" * (size - 1)
    for data in (long + b"\n" + line("a").encode(), long):
        found = pieces(audit, data)
        assert outline_of(found)[0] == "!log:1"
        assert len(found) == (2 if b"\n" in data else 1)
        assert isinstance(found[0], Reject)
        if size >= 100_000:
            assert found[0].text == long[:KEPT]
            assert "turn it into JSON lines" in found[0].reason


@pytest.mark.usefixtures("small")
def test_a_line_that_is_too_long_breaks_only_its_own_document(outline: Outline) -> None:
    long = "x" * 200_000
    assert outline('{"a":', long, line("a")) == ["!log:1", "!log:2", "a"]
    assert outline("[", line("a"), "\0", long, line("b"), "]") == ["a", "!log:3 item 2", "!log:4", "b"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("indent", [0, 2])
def test_a_document_that_is_too_long_is_skipped(audit: Path, indent: int) -> None:
    many = pretty(*map(str, range(1000)), kind="EventList", indent=indent)
    found = pieces(audit, f"{many}\n{line('a')}\n")
    assert outline_of(found) == ["!log:1", "a"]
    assert isinstance(found[0], Reject)
    assert "turn it into JSON lines" in found[0].reason
    assert len(found[0].text) == KEPT
    cut = pieces(audit, many[:-4])
    assert outline_of(cut) == ["!log:1"]


@pytest.mark.usefixtures("small")
def test_an_array_may_be_of_any_size(outline: Outline) -> None:
    names = [str(number) for number in range(1000)]
    assert outline(pretty(*names)) == names


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        '{"a":' * 20_000,
        '{"x":1,"a":' * 20_000,
        "[\n" * 20_000,
        '{"a":\n' * 20_000,
        '{"a":[\n' * 20_000,
        '{"a":[{},\n' * 20_000,
        "[[" + '{"x":1,"a":[' * 20_000,
        "[\n 1, " + '{"x":1,"a":' * 20_000 + "1" + "}" * 20_000,
        "[" + "]" * 20_000,
        "[\n" + "][" * 20_000,
        "[\n" + ", " * 50_000 + '"',
        '{"a":[\n' + "{},\n" * 20_000,
        '{\n "a":\n' * 20_000,
        '"' + "\\" * 200_000,
    ],
)
def test_hostile_input_is_answered_in_linear_time(audit: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanner.sources.draft._DEEPEST", 10_000)
    begin = time.process_time()
    found = pieces(audit, f"{text}\n{line('a')}\n")
    assert time.process_time() - begin < 20  # seconds; it is about one, even while coverage is measured
    assert any(isinstance(piece, Reject) for piece in found)


# ------------------------------------------------------------------------------------------------------------- random

MARKS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\n", b"\r\n", b" ", b"  ", b"\\", b"1", b"null", b"\0", b"\xff"]
WORDS = [
    b'"kind":"Event"',
    b'"items":[',
    b'{"kind":"EventList",',
    line("x").encode(),
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    b"{}",
]
fragments = st.sampled_from(MARKS + WORDS)


@SETTINGS
@given(st.one_of(st.binary(), st.lists(fragments, max_size=40).map(b"".join)))
def test_any_bytes_give_nothing_but_events_and_rejects(audit: Path, data: bytes) -> None:
    for piece in pieces(audit, data):
        if isinstance(piece, RawEvent):
            assert json_text.check(piece.text) == piece.text
            assert json_text.is_object(piece.text)
        else:
            assert piece.reason
        assert piece.origin.startswith(str(audit))


@st.composite
def damages(draw: st.DrawFn) -> bytes:
    """A log's line with some damage that leaves it one line."""
    good = line("damaged").encode()
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(good))] * 2)))
    middle = draw(st.one_of(st.binary(max_size=8), st.lists(fragments, max_size=5).map(b"".join)))
    return (good[:start] + middle + good[end:] * draw(st.booleans())).replace(b"\n", b" ")


@SETTINGS
@given(damages(), st.integers(0, 3), st.sampled_from(["{}", "[{}]", '{{"kind":"EventList","items":[{}]}}']))
def test_damage_of_a_line_never_changes_the_others(audit: Path, damage: bytes, place: int, wrap: str) -> None:
    lines = [wrap.format(line(name)).encode() for name in "abc"]
    names = {line(name).encode() for name in "abc"}
    lines.insert(place, damage)
    found = pieces(audit, b"\n".join(lines))
    assert [piece.text for piece in found if isinstance(piece, RawEvent) and piece.text in names] == [
        line(name).encode() for name in "abc"
    ]


def test_lines_that_a_provider_cut_and_marked() -> None:
    # GIVEN a log in which lines were cut: within a string, between tokens, and before it can be told which event it is
    head = b'{"kind":"Event","auditID":"%d","verb":"get"'
    log = [
        head % 1 + b"}",
        head % 2 + b',"userAgent":"cu[Truncated...]',
        head % 3 + b",[Truncated...]",
        head[:20] + b"[Truncated...]",
    ]
    documents = Documents("log", Context())
    # WHEN it is read THEN what is left of them is events, too
    found = [piece for number, line in enumerate(log, 1) for piece in documents.line(line, number)]
    assert [type(piece) for piece in found] == [RawEvent, RawEvent, RawEvent, Reject]
    assert [piece.truncated for piece in found if isinstance(piece, RawEvent)] == [False, True, True]
    assert [piece.origin for piece in found] == ["log:1", "log:2", "log:3", "log:4"]
