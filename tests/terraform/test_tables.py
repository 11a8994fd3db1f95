"""The tables in the READMEs, and what makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from terraform import tables
from terraform.hcl import parse

VARIABLES = """
variable "name" {
  description = "Prefix of a | b."
  type        = string
  default     = "lanner"
}

variable "clusters" {
  description = "What is watched."
  type = map(object({
    log_group = string
    filter    = optional(string)
  }))
}

variable "filter" {
  description = "Long."
  type        = string
  default     = "{ ($.objectRef.resource NOT EXISTS) || ($.objectRef.resource != leases) }"
}

variable "kms_key" {
  description = "Key."
  type        = string
  default     = null
}
"""


def test_variables() -> None:
    assert tables.variables(parse(VARIABLES)) == (
        "| name | description | type | default | required |\n"
        "| --- | --- | --- | --- | --- |\n"
        '| `name` | Prefix of a \\| b. | `string` | `"lanner"` | |\n'
        "| `clusters` | What is watched. | `map(object({ log_group, filter? }))` | | yes |\n"
        "| `filter` | Long. | `string` | see [variables.tf](variables.tf) | |\n"
        "| `kms_key` | Key. | `string` | `null` | |\n"
    )


def test_outputs() -> None:
    blocks = parse(
        'output "a" {\n  description = "A."\n  value = 1\n  sensitive = true\n}\noutput "b" {\n  value = 1\n}'
    )
    assert tables.outputs(blocks) == (
        "| name | description | sensitive |\n| --- | --- | --- |\n| `a` | A. | yes |\n| `b` | | |\n"
    )


def test_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN a module whose README holds nothing between its markers
    monkeypatch.setattr(tables, "REPOSITORY", tmp_path)
    monkeypatch.setattr(tables, "TERRAFORM", tmp_path)
    module, example = tmp_path / "modules" / "a", tmp_path / "examples" / "b"
    monkeypatch.setattr(tables, "MODULES", [module])
    monkeypatch.setattr(tables, "EXAMPLES", [example])
    for folder in (module, example):
        folder.mkdir(parents=True)
    (module / "variables.tf").write_text(VARIABLES)
    (module / "outputs.tf").write_text("")
    (example / "main.tf").write_text('module "a" {}\n')
    readme = module / "README.md"
    readme.write_text(
        "# A\n\n<!-- example b -->\n<!-- /example -->\n\n<!-- variables -->\n<!-- /variables -->\n\nEnd\n"
    )
    # WHEN it is checked
    assert tables.main(["--check"]) == 1
    # THEN that is told, and nothing is written
    assert "modules/a/README.md is out of date: run 'make docs'" in capsys.readouterr().err
    assert "| name |" not in readme.read_text()
    # WHEN it is written, THEN it is complete, once and again
    assert tables.main([]) == tables.main([]) == tables.main(["--check"]) == 0
    text = readme.read_text()
    assert '<!-- example b -->\n\n```hcl\nmodule "a" {}\n```\n\n<!-- /example -->\n' in text
    assert text.count("| name |") == 1
    assert text.endswith("<!-- /variables -->\n\nEnd\n")


def test_what_is_in_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert tables.main(["--check"]) == 0, capsys.readouterr().out
