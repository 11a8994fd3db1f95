"""Table, page and chart of given numbers."""

from xml.etree import ElementTree

import pytest

from bench.chart import Bar, Panel, panels, svg
from bench.context import Sizes
from bench.cost import Cost
from bench.report import BEGIN, END, markdown, rewrite, table
from bench.results import Results
from bench.row import Row


@pytest.fixture
def results():
    def row(part, key, name, each, unit, **more):
        return Row.of(part, key, name, Cost(each), unit, **more)

    files, many = "From a file", "More rules"
    return Results(
        lanner="0.1.0",
        python="CPython 3.11.7",
        machine="2 x Machine",
        engine="compiled",
        rules="official",
        from_artefact=True,
        sizes=Sizes(),
        rows=[
            row(files, "mix loads", "the bench file, json.loads", (14, 15, 16), "µs"),
            row(files, "mix", "the bench file, compiled", (0.3, 0.31, 0.4), "x", target=0.35, stretch=0.28),
            row(files, "mix reference", "the bench file, reference", (4.0, 4.1, 5.0), "x", note="61 µs an event"),
            row(many, "official namespace 1", "official rules, 1 x", (1, 1, 1), "x"),
            row(many, "official namespace 16", "official rules, 16 x", (1.3, 1.3, 1.4), "x", target=1.2),
            row("Two <processes>", "jobs", "times as fast", (1.9, 1.9, 1.9), "x", target=1.8, at_least=True),
        ],
    )


@pytest.mark.parametrize(
    ("value", "more", "verdict"),
    [
        (0.34, {"target": 0.35, "stretch": 0.28}, "met"),
        (0.28, {"target": 0.35, "stretch": 0.28}, "stretch met"),
        (0.36, {"target": 0.35, "stretch": 0.28}, "MISSED"),
        (0.36, {}, ""),
        (1.9, {"target": 1.8, "at_least": True}, "met"),
        (1.7, {"target": 1.8, "at_least": True}, "MISSED"),
    ],
)
def test_a_row_tells_whether_its_target_is_met(value, more, verdict):
    assert Row.of("p", "k", "n", Cost((value,)), "x", **more).verdict == verdict


def test_a_row_without_targets_judges_nothing(results):
    row = results.find("mix").without_targets()
    assert (row.verdict, row.bound(row.target), row.bound(row.stretch)) == ("", "", "")


def test_the_table_is_aligned(results):
    lines = table(results).splitlines()
    assert lines[0] == (
        "Lanner 0.1.0, compiled engine, official rules from an artefact, CPython 3.11.7 on 2 x Machine; "
        "200,000 events (200,000 hostile, 200,000 for --jobs), median of 5 repetitions (40 starts)"
    )
    assert "  the bench file, compiled    0.310 x   0.300 to 0.400  ≤ 0.35 x  ≤ 0.28 x  met" in lines
    assert "  official rules, 16 x        1.300 x   1.300 to 1.400  ≤ 1.2 x             MISSED" in lines
    assert "  times as fast               1.900 x   1.900 to 1.900  ≥ 1.8 x             met" in lines


def test_the_page_gets_the_same_rows(results, tmp_path):
    # GIVEN a page with numbers of another time
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold numbers\n{END}\nafter\n")
    # WHEN it is rewritten
    rewrite(page, markdown(results))
    # THEN only they change
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n![")
    assert "\nLanner 0.1.0, compiled engine" in text
    assert text.endswith(f"|\n{END}\nafter\n")
    assert "old numbers" not in text
    assert "| the bench file, compiled | 0.310 x | 0.300 to 0.400 | ≤ 0.35 x | ≤ 0.28 x | met |  |" in text


def test_a_page_without_a_place_is_not_touched(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("prose\n")
    with pytest.raises(SystemExit, match="no place"):
        rewrite(page, "numbers")
    assert page.read_text() == "prose\n"


def test_results_can_be_kept(results, tmp_path):
    results.write(tmp_path / "results.json")
    assert Results.read(tmp_path / "results.json") == results
    assert Results.find(results, "mix").unit == "x"
    assert results.find("CloudWatch") is None


def test_the_chart_shows_what_was_measured(results):
    times, ratios, copies = panels(results)
    assert [bar.value for bar in times.bars] == pytest.approx([61.5, 15, 4.65])
    assert [bar.ours for bar in times.bars] == [False, False, True]
    assert [(bar.value, bar.target) for bar in ratios.bars] == [(0.31, 0.35)]
    assert [bar.value for bar in copies.bars] == [1, 1.3]


def test_the_chart_is_a_picture():
    picture = ElementTree.fromstring(svg([Panel("a < b", "x", (Bar("one & two", 2.0, target=4.0), Bar("x", 1.0)))]))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    bars = picture.findall(f"{space}rect")
    # the scale ends at the target, which is the greatest number
    assert [float(bar.get("width")) for bar in bars] == [200, 100]
    assert len(picture.findall(f"{space}line[@class='target']")) == 1
    assert [text.text for text in picture.findall(f"{space}text")] == ["a < b", "one & two", "2.00 x", "x", "1.00 x"]
    assert "prefers-color-scheme: dark" in picture.find(f"{space}style").text
