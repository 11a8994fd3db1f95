"""Rules files, file by file, as the definitions that they add: for findings that need the place where something stands.

The files were loaded before (`lanner.ruleset.load_texts`) and are known to be valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from lanner.fields import Catalogue, catalogue
from lanner.language import Check, Condition, MacroRef, parse
from lanner.language.nodes import walk
from lanner.ruleset.compiler import Compiler
from lanner.ruleset.diagnostics import Diagnostic
from lanner.ruleset.exceptions import RuleException, expand_exceptions
from lanner.ruleset.items import AUDIT, Item, MacroItem, RuleItem, RuleSwitch, RuleUpdate
from lanner.ruleset.lists import Lists
from lanner.ruleset.macros import Macros
from lanner.ruleset.places import Place, RulesText
from lanner.ruleset.reader import read_item
from lanner.ruleset.table import Table
from lanner.ruleset.texts import Text
from lanner.ruleset.yaml_nodes import Mapping, Node, Sequence
from lanner.ruleset.yaml_reader import decode, documents

__all__ = ["Definitions", "File", "Spot", "Written"]

_MARK = re.compile(r"#\s*lanner:\s*portable\s*")


@dataclass(frozen=True, slots=True)
class File:
    """A rules file: whether it is marked as portable, and which macros and rules it defines or changes."""

    text: RulesText
    is_marked: bool
    macros: dict[str, None] = field(default_factory=dict)
    rules: dict[str, None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.text.name


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a rules file, and the node that it is in."""

    node: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Written:
    """A condition as it was written, and its tree with lists inserted and macros left."""

    text: Text
    tree: Condition
    lists: Lists

    def spot(self, position: int) -> Spot:
        """Return where the character `position` of the condition that the tree was parsed from is written."""
        return Spot(*self.text.locate(self.lists.trace(self.text.text, position)))

    def checks(self) -> Iterator[Check]:
        """Yield the checks of the tree."""
        return (leaf for leaf in walk(self.tree) if isinstance(leaf, Check))

    def references(self) -> Iterator[MacroRef]:
        """Yield the references to macros in the tree."""
        return (leaf for leaf in walk(self.tree) if isinstance(leaf, MacroRef))


class Definitions:
    """The definitions of rules files, added file by file."""

    def __init__(self, fields: Catalogue | None = None) -> None:
        self.catalogue = fields or catalogue()
        self._table = Table(Compiler(self.catalogue).field_problem)
        self._lists = Lists({})
        self._trees: dict[str, Condition] = {}
        self._macros: Macros | None = None

    def add(self, name: str, content: bytes) -> File:
        """Add the next file."""
        text = decode(name, content)
        file = File(text, is_marked(text.text))
        for node in _nodes(text):
            for item in read_item(node, _ignore):
                self._table.add(item, _ignore)
                _note(item, file)
        self._lists = Lists(self._table.lists)
        self._macros = None
        return file

    @property
    def rules(self) -> Iterable[RuleItem]:
        """All rules for audit events so far."""
        return [rule for rule in self._table.rules.values() if rule.source == AUDIT]

    def rule(self, name: str) -> RuleItem | None:
        """Return a rule, `None` if it is not for audit events."""
        rule = self._table.rules[name]
        return rule if rule.source == AUDIT else None

    def macro(self, name: str) -> Written:
        """Return the condition of a macro."""
        return self._written(self._table.macros[name].item.condition)

    def condition(self, rule: RuleItem) -> Written:
        """Return the condition of a rule, without its exceptions."""
        return self._written(rule.condition)

    def exceptions(self, rule: RuleItem) -> Iterator[tuple[RuleException, Node, Condition]]:
        """Yield each value of a rule's exceptions: the exception, where the value stands, what it excludes."""
        for exception in rule.exceptions:
            for value in exception.values:
                text = expand_exceptions(Text(()), [replace(exception, values=(value,))]).text
                excluded = text.removeprefix("() and not ")
                if excluded != text:
                    yield exception, value[1], self._replaced(self._parsed(self._lists.insert(excluded)))

    def expanded(self, written: Written) -> Condition:
        """Return a condition with its macros replaced."""
        return self._replaced(written.tree)

    def _replaced(self, tree: Condition) -> Condition:
        if self._macros is None:
            self._macros = Macros({name: self.macro(name).tree for name in self._table.macros})
        return self._macros.expand(tree)

    def _written(self, text: Text) -> Written:
        return Written(text, self._parsed(self._lists.insert(text.text)), self._lists)

    def _parsed(self, inserted: str) -> Condition:
        if inserted not in self._trees:
            self._trees[inserted] = parse(inserted)
        return self._trees[inserted]


def is_marked(text: str) -> bool:
    """Tell whether a file says in a comment before its first item that it is portable (`# lanner: portable`)."""
    for line in text.splitlines():
        bare = line.strip()
        if _MARK.fullmatch(bare):
            return True
        if bare and not bare.startswith("#") and bare != "---":
            return False
    return False


def _nodes(text: RulesText) -> Iterator[Mapping]:
    for document in documents(text, []):
        if isinstance(document, Sequence):
            yield from (node for node in document.items if isinstance(node, Mapping))


def _note(item: Item, file: File) -> None:
    if isinstance(item, MacroItem):
        file.macros[item.name] = None
    elif isinstance(item, RuleItem | RuleUpdate | RuleSwitch):
        file.rules[item.name] = None


def _ignore(diagnostic: Diagnostic) -> None:
    """The loader has told of it."""
