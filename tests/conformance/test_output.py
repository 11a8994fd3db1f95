"""Rendered outputs: texts and output fields of 121 templates under several configurations."""

import yaml
from conformance_data import loaded_rules, scan

from lanner.alerts import AlertFormat
from lanner.fields import Catalogue
from lanner.ruleset import read_config

FORMAT_KEYS = (
    "time_format_iso_8601",
    "json_include_output_property",
    "json_include_message_property",
    "json_include_tags_property",
    "json_include_output_fields_property",
)


# Correction f, as in its sibling cases, but the alerts of this one have no output fields by which a cut list is told.
CUT_AND_UNMARKED = {("T119", 9)}


def marked_alerts(golden):
    """Return the cases, and the pairs of case and event, that are deliberate differences."""
    cases, pairs = set(), set(CUT_AND_UNMARKED)
    for marks in golden.deliberate["output"].values():
        for case in marks["cases"]:
            if isinstance(case, dict):
                pairs |= {(case["case"], number) for number in case["ids"]}
            else:
                cases.add(case)
    return cases, pairs


def test_templates_render_like_falcos(golden, compared, tmp_path, engine_of):
    cases, pairs = marked_alerts(golden)
    lines = golden.lines("output/events.jsonl")
    rules_file, config_file = tmp_path / "rules.yaml", tmp_path / "falco.yaml"
    number, different = 0, []
    for case in golden.objects("output/templates.jsonl"):
        if case["case"] in cases:
            continue
        rules_file.write_text(case["rule"])
        config_file.write_text(yaml.safe_dump(case["config"]))
        config = read_config(config_file)
        rules = loaded_rules(rules_file, catalogue=Catalogue(config.static_fields), append_output=config.append_output)
        format_ = AlertFormat(**{key: getattr(config, key) for key in FORMAT_KEYS})
        alerts = scan(rules, lines, format_, engine_of=engine_of)
        assert len(alerts) == len(case["results"])
        for alert, wanted, line in zip(alerts, case["results"], case["text"], strict=True):
            if (case["case"], wanted["id"]) in pairs:
                continue
            number += 1
            got = alert.to_dict()
            got = {key: got[key] for key in wanted if key != "id"} | {"text": alert.text_line()}
            expected = {key: value for key, value in wanted.items() if key != "id"} | {"text": line}
            if got != expected:
                different.append((case["case"], wanted["id"], expected, got))
    compared(number, "rendered alerts", len(different))
    assert number > 1_400
    assert different == []
