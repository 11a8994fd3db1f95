"""What the configuration appends to alerts (spec/output.md section 4)."""

from __future__ import annotations

import msgspec

from lanner.fields import BoundField
from lanner.language import Template

__all__ = ["AppendOutput", "ExtraField"]


class AppendOutput(msgspec.Struct, frozen=True):
    """An entry of the configuration's `append_output`.

    It applies to the rules of this source and name that have all of these tags; `None` and no tags mean any. An extra
    field is a key with its template, or (`None` instead of a template) the name of a field.
    """

    source: str | None = None
    tags: tuple[str, ...] = ()
    rule: str | None = None
    extra_output: str = ""
    extra_fields: tuple[tuple[str, str | None], ...] = ()
    suggested_output: bool = False

    def applies_to(self, source: str, name: str, tags: frozenset[str]) -> bool:
        """Tell whether the entry applies to a rule."""
        return self.source in (None, "", source) and self.rule in (None, "", name) and tags.issuperset(self.tags)


class ExtraField(msgspec.Struct, frozen=True):
    """A further key of a rule's `output_fields`.

    With a `template` its value is the rendered text, with `raw` the value of that field, else always null.
    """

    key: str
    template: Template | None = None
    raw: BoundField | None = None
