"""Rules to measure with: Falco's official ones, ours, and many copies of either."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from lanner.ruleset import rules_paths, shipped_rules

__all__ = ["VARIANTS", "Rules", "official_rules", "our_rules"]

_OFFICIAL = Path("conformance", "official", "k8s_audit_rules.yaml")

VARIANTS = {
    "namespace": "ka.target.namespace = ns-{number}",
    "name": "ka.target.name = name-{number}",
    "image": "ka.req.pod.containers.image intersects (registry.shop.example/copy-{number}:1.0)",
}
"""What each copy of a rule asks in addition, so that no copy is like another."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules files, in their order, under a name for the report."""

    name: str
    files: tuple[Path, ...]

    def copies(self, number: int, variant: str, folder: Path) -> "Rules":
        """Return these rules `number` times over: the files as they are, and one more with the copies.

        The copies use the lists and macros of the first, as the overlays of many teams would.
        """
        if number == 1:
            return self
        items = [item for file in self.files for item in yaml.safe_load(file.read_text()) or ()]
        rules = [item for item in items if "rule" in item and "condition" in item]
        copies = [
            item | {"rule": f"{item['rule']} ({copy})", "condition": _narrowed(item["condition"], variant, copy)}
            for copy in range(1, number)
            for item in rules
        ]
        path = folder / f"{self.name}-{variant}-{number}.yaml"
        path.write_text(yaml.safe_dump(copies, sort_keys=False, width=10_000))
        return Rules(self.name, (*self.files, path))


def _narrowed(condition: str, variant: str, copy: int) -> str:
    return f"({condition.strip()}) and {VARIANTS[variant].format(number=copy)}"


def official_rules(shared: Path | None) -> Rules | None:
    """Return Falco's official rules, `None` where they are not: they are not a part of this repository."""
    if shared is None or not (shared / _OFFICIAL).is_file():
        return None
    return Rules("official", (shared / _OFFICIAL,))


def our_rules() -> Rules:
    """Return the rules that Lanner ships with."""
    return Rules("ours", tuple(rules_paths(shipped_rules(), explicit=True)))
