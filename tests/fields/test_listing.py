"""The catalogue for readers."""

from __future__ import annotations

import json

from lanner.fields import Catalogue, catalogue, listing

FIELDS = list(catalogue().fields.values())


def test_text_has_one_aligned_line_a_field() -> None:
    lines = listing.as_text(FIELDS).splitlines()
    assert len(lines) == len(FIELDS)
    start = lines[0].index("string")
    for line, field in zip(lines, FIELDS, strict=True):
        written, rest = line[:start].rstrip(), line[start:]
        assert written.startswith(field.name)
        assert rest.startswith(("string", "number", "boolean", "list of strings"))
        assert line.endswith(f"  {field.meaning}")


def test_text_says_how_a_field_is_written() -> None:
    some = [catalogue().fields[name] for name in ("ka.verb", "ka.uri.param", "ka.sourceips", "evt.num", "evt.is_async")]
    assert [line.split("  ")[0] for line in listing.as_text(some).splitlines()] == [
        "ka.verb",
        "ka.uri.param[key]",
        "ka.sourceips[index]",
        "evt.num",
        "evt.is_async",
    ]
    assert listing.as_text([]) == ""


def test_json_has_one_object_a_field() -> None:
    objects = {entry["name"]: entry for entry in json.loads(listing.as_json(FIELDS))}
    assert list(objects) == [field.name for field in FIELDS]
    assert objects["ka.sourceips"] == {
        "name": "ka.sourceips",
        "type": "string",
        "is_list": True,
        "argument": "index",
        "meaning": "Addresses of the client and of the proxies on its way",
        "json_path": "sourceIPs",
        "section": "3.5",
        "correction": "a",
    }
    assert objects["evt.num"]["type"] == "number"
    assert objects["evt.is_async"]["type"] == "boolean"
    assert objects["ka.verb"]["correction"] is None


def test_markdown_has_one_row_a_field() -> None:
    page = listing.as_markdown(FIELDS)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(FIELDS)
    assert all(row.count("|") == 7 for row in rows)
    assert (
        "| `ka.sourceips[index]` | list of strings | Addresses of the client and of the proxies on its way "
        "| `sourceIPs` | 3.5 | a |"
    ) in rows
    assert "| `evt.num` | number | Number of the event, counted from 1 |  | 5 |  |" in rows
    titles = [line for line in page.splitlines() if line.startswith("#")]
    assert titles == [
        "# Fields",
        "## Kubernetes audit fields",
        "## JSON fields",
        "## Event fields",
        "## Constants",
    ]
    assert not page.endswith("\n")


def test_markdown_lists_static_fields_of_a_configuration() -> None:
    static = [Catalogue({"env": "prod"}).fields["static.env"]]
    page = listing.as_markdown(static)
    assert "| `static.env` | string | Constant of the configuration |  | 5 |  |" in page.splitlines()
    assert page.count("| field | type |") == 1
