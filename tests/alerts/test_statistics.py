from lanner.alerts import Statistics
from support import rules_from

RULES = "".join(
    f"""
- rule: {name}
  desc: d
  condition: ka.verb exists
  output: x
  priority: {priority}
  source: k8s_audit
"""
    for name, priority in (("zeta", "INFO"), ("alpha", "WARNING"), ("quiet", "ERROR"))
)


def test_an_empty_run_has_three_headings():
    assert Statistics(()).text().splitlines() == [
        "Events read: 0",
        "Rejected: 0",
        "Events detected: 0",
        "Rule counts by severity:",
        "Triggered rules by rule name:",
    ]


def test_records_of_other_kinds_are_told_apart_from_rejects():
    # GIVEN counts of two parts of a run
    statistics, more = Statistics(()), Statistics(())
    statistics.rejected, statistics.others = 1, 2
    more.others = 3
    # WHEN they are added
    statistics.add(more)
    # THEN the block names both kinds
    assert statistics.text().splitlines()[:3] == [
        "Events read: 0",
        "Rejected: 1",
        "Other records (no audit events): 5",
    ]


def test_counts_stand_in_order_of_severity_and_of_definition():
    # GIVEN three alerts by two rules, a truncated event and a reject
    rules = rules_from(RULES)
    statistics = Statistics(rules)
    zeta, alpha, quiet = rules
    for rule in (alpha, zeta, alpha):
        statistics.count_alert(rule)
    statistics.events, statistics.truncated, statistics.rejected = 9, 1, 2
    statistics.count_undecided(quiet)
    # THEN the block is Falco's with our lines before it
    assert statistics.text().splitlines() == [
        "Events read: 9",
        "Events truncated: 1 (what was lost counts as unknown)",
        "Rejected: 2",
        "Rules left undecided by truncated events:",
        "   quiet: 1",
        "Events detected: 3",
        "Rule counts by severity:",
        "   WARNING: 2",
        "   INFO: 1",
        "Triggered rules by rule name:",
        "   zeta: 1",
        "   alpha: 2",
    ]
