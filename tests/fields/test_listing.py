"""The catalogue for readers."""

from __future__ import annotations

import json
import re

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
        assert line.endswith(
            f"  {'Falco' if field.is_portable else 'Lanner'}{' ' * field.is_portable}  {field.meaning}"
        )
        assert f"  {field.level}  " in rest


def test_text_says_whose_logs_have_a_field() -> None:
    some = [catalogue().fields[name] for name in ("ka.uri.params", "ka.cluster.name", "ka.req.csr.common_name")]
    assert [re.split(" {2,}", line)[1:-1] for line in listing.as_text(some).splitlines()] == [
        ["list of strings", "Metadata", "all but gke", "Lanner"],
        ["string", "Metadata", "gke", "Falco"],
        ["string", "Request", "all", "Lanner"],
    ]


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
        "is_portable": True,
        "level": "Metadata",
        "providers": ["self-managed", "eks", "gke", "aks", "iks", "ovh"],
    }
    assert objects["ka.truncated"]["is_portable"] is False
    assert objects["ka.truncated"]["section"] is None
    assert objects["ka.req.role.rules"]["level"] == "Request"
    assert objects["ka.uri.param"]["providers"] == ["self-managed", "eks", "aks", "iks", "ovh"]
    assert objects["evt.num"]["type"] == "number"
    assert objects["evt.is_async"]["type"] == "boolean"
    assert objects["ka.verb"]["correction"] is None


def test_markdown_has_one_row_a_field() -> None:
    page = listing.as_markdown(FIELDS)
    rows = [line for line in page.partition("## What is not")[0].splitlines() if line.startswith("| `")]
    assert len(rows) == len(FIELDS)
    assert all(row.count("|") == 9 for row in rows)
    assert (
        "| `ka.sourceips[index]` | list of strings | Addresses of the client and of the proxies on its way "
        "| `sourceIPs` | Metadata | all | 3.5 | a |"
    ) in rows
    assert "| `evt.num` | number | Number of the event, counted from 1 |  | Metadata | all | 5 |  |" in rows
    assert any(
        row.startswith("| `ka.sourceips.in[network]` | ") and row.endswith(" | all | Lanner |  |") for row in rows
    )
    columns = {row.split(" | ")[0].strip("|` "): row.split(" | ")[5] for row in rows}
    assert columns["ka.uri.param[key]"] == "all but gke"
    assert columns["ka.cluster.name"] == "gke"
    assert columns["ka.provider"] == "all but self-managed"
    assert "| `ka.provider` | self-managed | an API server's own log comes without an envelope |" in page.splitlines()
    titles = [line for line in page.splitlines() if line.startswith("#")]
    assert titles == [
        "# Fields",
        "## The written object",
        "## Kubernetes audit fields",
        "## Lanner's own fields",
        "## JSON fields",
        "## Event fields",
        "## Constants",
        "## What is not in a provider's log",
        "## What is different in a provider's log",
    ]
    assert not page.endswith("\n")


def test_markdown_lists_static_fields_of_a_configuration() -> None:
    static = [Catalogue({"env": "prod"}).fields["static.env"]]
    page = listing.as_markdown(static)
    assert "| `static.env` | string | Constant of the configuration |  | Metadata | all | 5 |  |" in page.splitlines()
    assert page.count("| field | type |") == 1
