"""Rules files → Ruleset, and everything that is wrong with the files (spec/rules.md sections 6 and 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lanner.errors import UsageError
from lanner.fields import Catalogue
from lanner.fields import catalogue as builtin_catalogue
from lanner.ruleset.appending import AppendOutput
from lanner.ruleset.compiler import Compiler
from lanner.ruleset.diagnostics import Diagnostic, FileResult, Invalid, about
from lanner.ruleset.foreign import hint_for
from lanner.ruleset.items import Item, RuleItem
from lanner.ruleset.packs import is_shipped, pack_of
from lanner.ruleset.places import RulesText
from lanner.ruleset.reader import read_item
from lanner.ruleset.rules import Rule, Ruleset
from lanner.ruleset.table import Table
from lanner.ruleset.versions import unsatisfied
from lanner.ruleset.yaml_nodes import Mapping, Node, Scalar
from lanner.ruleset.yaml_nodes import Sequence as Items
from lanner.ruleset.yaml_reader import MAX_BYTES, decode, documents

__all__ = ["LoadResult", "load", "load_texts"]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The rules of some files, `None` if they cannot be used, and one result a file.

    `fatal` says which plugin the files require in vain, if any: Falco gives no other result then. It is among the
    errors of its file, too.
    """

    ruleset: Ruleset | None
    results: tuple[FileResult, ...]
    fatal: str = ""

    @property
    def successful(self) -> bool:
        """Whether the rules can be used."""
        return self.ruleset is not None

    @property
    def remarks(self) -> dict[str, list[Diagnostic]]:
        """Warnings and notes by file, those that hold once all files are read.

        As Falco does, each file is judged without those behind it: a macro that only they use is unused until then.
        """
        last = self.results[-1] if self.results else None
        return {
            result.name: [
                *(warning for warning in result.warnings if result is last or warning.code not in _FOR_NOW),
                *result.notes,
            ]
            for result in self.results
        }


_FOR_NOW = ("LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST")
"""Warnings that each file gives of all that was read until then."""


@dataclass(slots=True)
class _Found:
    """What was found in a file so far."""

    name: str
    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)


def load(
    files: Sequence[Path],
    catalogue: Catalogue | None = None,
    append_output: Sequence[AppendOutput] = (),
    packs: Collection[str] | None = None,
) -> LoadResult:
    """Load rules files in this order; each may build on those before it.

    Shipped rules of `packs`, if given, are switched on where they are defined, those of others off
    (`lanner.ruleset.packs`); files of others say for themselves.
    Every file is judged, also after errors in others. Raises `UsageError` if a file cannot be read at all.
    """
    return load_texts(_contents(files), catalogue, append_output, packs)


def load_texts(
    texts: Iterable[tuple[str, bytes]],
    catalogue: Catalogue | None = None,
    append_output: Sequence[AppendOutput] = (),
    packs: Collection[str] | None = None,
) -> LoadResult:
    """Load rules files given as pairs of name and content, like `load`."""
    compiler = Compiler(catalogue or builtin_catalogue(), append_output)
    table = Table(compiler.field_problem)
    rules: tuple[Rule, ...] = ()
    all_found: list[_Found] = []
    by_file: dict[RulesText, _Found] = {}
    for name, content in texts:
        found = _Found(name)
        all_found.append(found)
        try:
            file = decode(name, content)
            by_file[file] = found
            _read(file, table, found, packs if packs is not None and is_shipped(name) else None)
            # The files so far must make sense without those to come (spec/rules.md section 6).
            rules = compiler.compile(table, found.warnings.append)
        except Invalid as error:
            found.errors.append(error.diagnostic)
    fatal = next((error.message for found in all_found for error in found.errors if _is_fatal(error)), "")
    for required in table.plugins:
        problem = unsatisfied(required.alternatives)
        if problem:
            fatal = fatal or problem
            node = required.entry.node
            by_file[node.file].errors.append(about("LOAD_ERR_VALIDATE", problem, node, required.entry.context))
    results = tuple(
        [FileResult(found.name, tuple(found.errors), tuple(found.warnings), tuple(found.notes)) for found in all_found]
    )
    is_usable = all(result.successful for result in results)
    return LoadResult(Ruleset(rules) if is_usable else None, results, fatal)


def _is_fatal(error: Diagnostic) -> bool:
    """Tell whether Falco gives up without a result for any file (spec/conditions.md section 5)."""
    return error.code == "LOAD_ERR_COMPILE_CONDITION" and error.message == "unknown multivalue transformer"


def _contents(files: Sequence[Path]) -> Iterable[tuple[str, bytes]]:
    for path in files:
        try:
            with path.open("rb") as stream:
                yield str(path), stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _read(file: RulesText, table: Table, found: _Found, packs: Collection[str] | None) -> None:
    for document in documents(file, found.notes):
        for node in _items(document):
            for item in read_item(node, found.warnings.append):
                table.add(item if packs is None else _switched(item, packs), found.warnings.append)


def _switched(item: Item, packs: Collection[str]) -> Item:
    """Return an item; a rule of a pack is switched on if that is among `packs`, else off.

    What files that are loaded later say of the rule counts more.
    """
    if not isinstance(item, RuleItem):
        return item
    pack = pack_of(item.tags)
    return item if pack is None else replace(item, enabled=pack in packs)


def _items(document: Node) -> Iterable[Mapping]:
    """Yield the mappings of a document."""
    if isinstance(document, Scalar) and document.is_null:
        return
    if not isinstance(document, Items):
        what = "Rules content is not yaml" + (" array of objects" if isinstance(document, Mapping) else "")
        raise _not_rules(what, document, hint_for(document.file.text))
    for node in document.items:
        if isinstance(node, Mapping):
            yield node
        elif not isinstance(node, Scalar) or not node.is_null:
            what = "Unexpected element type. Each element should be a yaml associative array."
            raise _not_rules(what, node, "write an item as `- rule: name`, `- macro: name` or `- list: name`")


def _not_rules(message: str, node: Node, hint: str) -> Invalid:
    return Invalid(about("LOAD_ERR_YAML_VALIDATE", message, node, hint=hint))
