"""Verdicts on rules files: accepted or not, codes of errors and warnings in order, matches, priorities, tags."""

from collections import Counter
from pathlib import Path

from conformance_data import Golden, opened

from lanner.ruleset import load


def case_files(golden: Golden, case: dict, folder: Path) -> list[Path]:
    """Return the files of a case, written from the copied data where they are not files already."""
    if "texts" not in case:
        path = golden.root / "rule-files/files" / case["file"]
        return sorted(path.iterdir()) if path.is_dir() else [path]
    target = folder / case["file"].removesuffix(".yaml")
    target.mkdir()
    for name, text in case["texts"].items():
        (target / name).write_text(text)
    return sorted(target.iterdir())


def codes(diagnostics) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def test_rules_files_get_falcos_verdict(golden, compared, tmp_path, engine_of):
    marked = golden.marked("rule-files", "files")
    opened_events = list(opened(golden.lines("rule-files/events.jsonl")))
    number, different = 0, []
    for case in golden.objects("rule-files/results.jsonl"):
        if case["file"] in marked:
            continue
        number += 1
        loaded = load(case_files(golden, case, tmp_path))
        got = {
            "successful": loaded.ruleset is not None,
            "errors": [code for result in loaded.results for code in codes(result.errors)],
            "warnings": [code for result in loaded.results for code in codes(result.warnings)],
        }
        wanted = {key: case[key] for key in got}
        if case.get("fatal"):  # the process ends without a result for any file
            got, wanted = {"fatal": bool(loaded.fatal)}, {"fatal": True}
        elif got["successful"] and case["successful"]:
            rules = loaded.ruleset.select(())
            engine = engine_of(rules)
            got["matches"] = [[rule.name for rule in engine.judge(event).matched] for event in opened_events]
            wanted["matches"] = [row["rules"] for row in case["matches"]]
            fired = Counter(name for row in got["matches"] for name in row)
            got["priorities"] = sorted(
                [rule.name, rule.priority.label, ",".join(rule.tags)] for rule in rules if rule.name in fired
            )
            wanted["priorities"] = sorted(case["priorities"])
        if got != wanted:
            different.append((case["file"], wanted, got))
    compared(number, "verdicts on rules files", len(different))
    assert number > 700
    assert different == []
