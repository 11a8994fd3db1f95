"""How an input is divided."""

import gzip

import pytest

from lanner.scan.portions import Portions, Position
from lanner.sources import Reject

LINE = b'{"kind":"Event","auditID":"a"}\n'


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr("lanner.scan.portions.SIZE", 100)


@pytest.fixture
def divided():
    """Divide places; return where the portions begin and how many places or bytes each has."""
    opened = []

    def divide(*places):
        portions = Portions([place if isinstance(place, Reject) else str(place) for place in places])
        opened.append(portions)
        found = []
        while not portions.exhausted:
            portion = portions.take()
            segment = portion.segment
            found.append((portion.position, len(portion.places) if segment is None else (segment.start, segment.end)))
        return found

    yield divide
    for portions in opened:
        portions.close()


def test_a_large_log_is_cut_behind_lines(tmp_path, divided):
    log = tmp_path / "a.log"
    log.write_bytes(LINE * 10)
    size = len(LINE)
    first, second = 4 * size, 8 * size
    assert divided(log) == [
        (Position(0, 0), (0, first)),
        (Position(0, first), (first, second)),
        (Position(0, second), (second, None)),
    ]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(bytes(range(256)) * 9, 0),
        b"[\n" + LINE[:-1].join([b",\n"] * 20),
        LINE[:-1] * 20,
        b"<html>\n" * 50,
        b"- rule: x\n" * 50,
    ],
    ids=["packed", "an array", "one line", "HTML", "rules"],
)
def test_other_files_are_not_cut(tmp_path, divided, content):
    log = tmp_path / "a.log"
    log.write_bytes(content)
    assert len(divided(log)) == 1


def test_small_files_go_together(tmp_path, divided):
    # GIVEN small files, what cannot be read among them, and a large one
    small, large = tmp_path / "small.log", tmp_path / "large.log"
    small.write_bytes(LINE)
    large.write_bytes(LINE * 5)
    reject = Reject("x", "cannot be read")
    places = [small, reject, tmp_path / "missing", small, small, small, small, large, small, reject]
    # THEN they are put together until they are as much as a portion has
    assert divided(*places) == [
        (Position(0), 6),
        (Position(6), 1),
        (Position(7), (0, 4 * len(LINE))),
        (Position(7, 4 * len(LINE)), (4 * len(LINE), None)),
        (Position(8), 2),
    ]


def test_packed_files_count_for_more(tmp_path, divided):
    packed = tmp_path / "a.log.gz"
    packed.write_bytes(gzip.compress(LINE))
    assert divided(packed, packed) == [(Position(0), 1), (Position(1), 1)]


def test_lines_are_counted(tmp_path):
    # GIVEN a large log, a small one whose last line does not end, an empty one, and none
    large, small, empty = tmp_path / "large.log", tmp_path / "small.log", tmp_path / "empty.log"
    large.write_bytes(LINE * 5)
    small.write_bytes(LINE * 2 + LINE[:-1])
    empty.write_bytes(b"")
    portions = Portions([str(large), str(small), str(empty), str(tmp_path / "none"), Reject("x", "y")])
    assert [portions.lines(portions.take()) for _ in range(3)] == [4, 1, 3]
    portions.close()


def test_the_lines_of_packed_files_are_not_known(tmp_path):
    packed = tmp_path / "a.log.gz"
    packed.write_bytes(gzip.compress(LINE))
    portions = Portions([str(packed)])
    assert portions.lines(portions.take()) is None


def test_a_file_is_closed_when_all_before_another_is_done(tmp_path):
    log = tmp_path / "a.log"
    log.write_bytes(LINE * 5)
    portions = Portions([str(log), str(log)])
    first, _, second = portions.take(), portions.take(), portions.take()
    portions.settle(Position(1), 1)
    assert portions.descriptor(second) is not None
    with pytest.raises(KeyError):
        portions.descriptor(first)
    portions.close()
