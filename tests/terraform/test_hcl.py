"""The reader of Terraform's files."""

from __future__ import annotations

import pytest

from terraform.hcl import literal, members, parse

FILE = r"""
# Why.
variable "clusters" {
  description = "Say \"what\"."
  type = map(object({
    log_group = optional(string) # } of the default
    filter    = optional(string, "{ $.a = \"}\" }")
  }))

  validation {
    condition     = length(var.clusters) > 0
    error_message = "Name ${join(", ", ["one", "two"])}."
  }
}

/* } */
resource "aws_sns_topic" "this" {
  for_each = { for name, one in var.clusters : name => one if one != null }
  name     = "${var.name}-${each.key}"

  dynamic "x" {
    for_each = []

    content {
      policy = <<-EOT
        one {
          two
      EOT
    }
  }
}

locals {}
"""


def test_blocks() -> None:
    variable, resource, locals_ = parse(FILE)
    assert (variable.kind, variable.labels, variable.name) == ("variable", ["clusters"], "clusters")
    assert list(variable.attributes) == ["description", "type"]
    assert variable.attributes["type"].endswith("}))")
    assert variable.blocks[0].attributes["error_message"] == '"Name ${join(", ", ["one", "two"])}."'
    assert resource.labels == ["aws_sns_topic", "this"]
    assert resource.attributes["name"] == '"${var.name}-${each.key}"'
    assert [block.kind for block in resource.every()] == ["resource", "dynamic", "content"]
    (content,) = resource.blocks[0].blocks
    assert literal(content.attributes["policy"]) == "one {\n  two\n"
    assert locals_.text == "locals {}"
    assert FILE[FILE.index("resource") :].startswith(resource.text)


@pytest.mark.parametrize("text", ["}", 'variable "a" {', "!", "a b", 'a = "'])
def test_other_text(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse(text)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (r'"a \"b\" \\ $${c}"', r'a "b" \ ${c}'),
        ('""', ""),
        ("<<EOT\n  a\nEOT", "  a\n"),
        ('"${var.a}"', None),
        ("null", None),
        ('"a" + "b"', None),
        ('join("", ["a"])', None),
    ],
)
def test_literals(expression: str, wanted: str | None) -> None:
    assert literal(expression) == wanted


def test_members() -> None:
    assert members('a = string, b = optional(map(string), { x = "," })\n# c = 1\n"d" = 1') == {
        "a": "string",
        "b": 'optional(map(string), { x = "," })',
    }
