import json
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_text_has_a_line_for_every_field(lanner):
    status, out, _ = lanner("fields")
    assert status == 0
    assert len([line for line in out.splitlines() if line.startswith("ka.")]) == 200


def test_a_text_narrows_them(lanner):
    _, out, _ = lanner("fields", "sourceips")
    assert [line.split("  ")[0] for line in out.splitlines()] == [
        "ka.sourceips[index]",
        "ka.sourceips.public",
        "ka.sourceips.in[network]",
    ]


def test_nothing_found(lanner):
    status, _, err = lanner("fields", "nope")
    assert status == 2
    assert "no field's name contains 'nope'" in err


def test_json(lanner):
    _, out, _ = lanner("fields", "--format", "json")
    fields = {field["name"]: field for field in json.loads(out)}
    assert fields["ka.uri.param"]["argument"] == "key"
    assert fields["evt.num"]["type"] == "number"


def test_the_page_in_docs_is_up_to_date(lanner):
    _, out, _ = lanner("fields", "--format", "markdown")
    assert (DOCS / "fields.md").read_text() == out
