import gzip
import json
import os
import pty
import select
import signal
import subprocess
import sys

import pytest

from support import an_event

INCIDENT = os.path.join(os.path.dirname(__file__), "..", "events", "incident.jsonl")


def line(**changes) -> str:
    return json.dumps(an_event(**changes), separators=(",", ":"))


@pytest.fixture
def log(tmp_path):
    """A log of two events: a created pod and a listing."""
    path = tmp_path / "audit.log"
    path.write_text(line() + "\n" + line(verb="list", auditID="b") + "\n")
    return path


def test_alerts_and_statistics_as_text(lanner, rules, log):
    # WHEN a log is scanned
    status, out, err = lanner("scan", "-r", rules, log)
    # THEN there are Falco's lines, and the block of counts
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "10:20:30.123456000: Warning alice created web",
        "10:20:30.123456000: Debug create by alice",
        "10:20:30.123456000: Debug list by alice",
        "Events read: 2",
        "Rejected: 0",
        "Events detected: 3",
        "Rule counts by severity:",
        "   WARNING: 1",
        "   DEBUG: 2",
        "Triggered rules by rule name:",
        "   Pod Created: 1",
        "   Anything: 2",
    ]


def test_json_leaves_only_alerts_on_standard_output(lanner, rules, log):
    status, out, err = lanner("scan", "-r", rules, "--format", "json", "--cluster", "prod", log)
    alerts = [json.loads(text) for text in out.splitlines()]
    assert status == 0
    assert [alert["rule"] for alert in alerts] == ["Pod Created", "Anything", "Anything"]
    assert {alert["cluster"] for alert in alerts} == {"prod"}
    assert err.startswith("Events read: 2\n")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--rule-matching", "first"], ["Pod Created", "Anything"]),
        (["--priority", "warning"], ["Pod Created"]),
        (["--disable", "Any*"], ["Pod Created"]),
        (["--disable", "*", "--enable", "Any*"], ["Anything", "Anything"]),
        (["--tag", "k8s"], ["Pod Created"]),
        (["--tag", "k8s", "--tag", "noise"], ["Pod Created", "Anything", "Anything"]),
        (["--tag", "noise", "--disable", "Anything"], []),
        (["-o", "rule_matching=first"], ["Pod Created", "Anything"]),
        (["-o", "rules[].disable.tag=noise"], ["Pod Created"]),
        (["-o", "priority=error", "--priority", "debug"], ["Pod Created", "Anything", "Anything"]),
    ],
    ids=" ".join,
)
def test_selection(lanner, rules, log, options, expected):
    status, out, _ = lanner("scan", "-r", rules, "--format", "json", *options, log)
    assert status == 0
    assert [json.loads(text)["rule"] for text in out.splitlines()] == expected


def test_a_selection_of_nothing_is_said(lanner, rules, log):
    _, _, err = lanner("scan", "-r", rules, "--disable", "Pod Craeted", "--tag", "nope", log)
    assert "Note: no rule has the name 'Pod Craeted'" in err
    assert "Note: no rule has the tag 'nope'" in err
    assert "no rule is enabled" in err


class TestExitStatus:
    def test_alerts_count_only_if_asked(self, lanner, rules, log):
        assert lanner("scan", "-r", rules, log)[0] == 0
        assert lanner("scan", "-r", rules, "--exit-code", log)[0] == 1

    def test_clean_with_exit_code(self, lanner, rules, log):
        assert lanner("scan", "-r", rules, "--exit-code", "--disable", "*", log)[0] == 0

    def test_unreadable_input_outweighs_alerts(self, lanner, rules, log, tmp_path):
        status, out, err = lanner("scan", "-r", rules, "--exit-code", log, tmp_path / "missing.log")
        assert status == 3
        assert "missing.log" in err
        assert "Events detected: 3" in out

    def test_invalid_rules(self, lanner, log, tmp_path):
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text("- macro: m\n  condition: ka.verb =\n")
        status, out, err = lanner("scan", "-r", wrong, log)
        assert (status, out) == (2, "")
        assert "wrong.yaml" in err
        assert "LOAD_ERR_COMPILE_CONDITION" in err

    def test_a_missing_rules_file(self, lanner, log, tmp_path):
        status, _, err = lanner("scan", "-r", tmp_path / "none.yaml", log)
        assert status == 2
        assert "none.yaml" in err

    def test_an_empty_name_of_rules(self, lanner, log):
        status, _, err = lanner("scan", "-r", "", log)
        assert status == 2
        assert "the name of the rules file is empty" in err

    def test_an_empty_rules_directory(self, lanner, log, tmp_path):
        (tmp_path / "empty").mkdir()
        status, _, err = lanner("scan", "-r", tmp_path / "empty", log)
        assert status == 2
        assert "no rules file" in err

    @pytest.mark.parametrize(
        "wrong", [["--format", "xml"], ["--priority", "warn"], ["--rule-matching", "some"], ["--what"]], ids=" ".join
    )
    def test_wrong_options(self, lanner, log, wrong):
        status, out, err = lanner("scan", *wrong, log)
        assert (status, out) == (2, "")
        assert ": error: " in err


class TestConfiguration:
    def test_falco_yaml_means_falcos_defaults(self, lanner, rules, log, tmp_path):
        # GIVEN a falco.yaml with rules and JSON output, and keys that mean nothing here
        config = tmp_path / "falco.yaml"
        config.write_text(
            f"rules_files: [{rules}, /nowhere/rules.yaml]\njson_output: true\nwebserver: {{enabled: true}}\n"
        )
        # THEN the first match counts, and the keys are named
        status, out, err = lanner("scan", "-c", config, log)
        assert status == 0
        assert [json.loads(text)["rule"] for text in out.splitlines()] == ["Pod Created", "Anything"]
        assert "keys without a meaning for Lanner: webserver" in err

    def test_options_outweigh_it(self, lanner, rules, log, tmp_path):
        config = tmp_path / "falco.yaml"
        config.write_text("json_output: true\n")
        _, out, _ = lanner("scan", "-c", config, "-r", rules, "--rule-matching", "all", "--format", "text", log)
        assert out.startswith("10:20:30.123456000: Warning alice created web\n")
        assert "Events detected: 3" in out

    def test_every_key_reaches_the_alerts(self, lanner, rules, log, tmp_path):
        # GIVEN a falco.yaml with every key that applies
        config = tmp_path / "falco.yaml"
        config.write_text(
            f"""
rules_files: [{rules}]
rules: [{{disable: {{rule: "*"}}}}, {{enable: {{tag: k8s}}}}]
priority: warning
rule_matching: all
json_output: true
json_include_output_property: false
json_include_message_property: true
json_include_tags_property: false
json_include_output_fields_property: true
time_format_iso_8601: true
append_output: [{{extra_output: "in %static.env", extra_fields: [ka.verb]}}]
static_fields: {{env: prod}}
"""
        )
        _, out, err = lanner("scan", "-c", config, "--cluster", "c", log)
        (alert,) = map(json.loads, out.splitlines())
        # THEN the one alert shows each of them
        assert "Note" not in err
        assert alert.pop("id")
        assert alert.pop("hostname")
        assert alert == {
            "cluster": "c",
            "message": "alice created web in prod",
            "output_fields": {
                "evt.time.iso8601": 1772360430123456000,
                "ka.target.name": "web",
                "ka.user.name": "alice",
                "ka.verb": "create",
                "static.env": "prod",
            },
            "priority": "Warning",
            "provider": "",
            "rule": "Pod Created",
            "source": "k8s_audit",
            "time": "2026-03-01T10:20:30.123456000Z",
            "time_source": "stageTimestamp",
            "truncated": False,
        }

    def test_without_rules_files_rules_must_be_given(self, lanner, log, tmp_path):
        config = tmp_path / "falco.yaml"
        config.write_text("priority: info\n")
        status, _, err = lanner("scan", "-c", config, log)
        assert status == 2
        assert "it names no rules_files; give rules with -r" in err

    def test_no_rules_file_exists(self, lanner, log, tmp_path):
        config = tmp_path / "falco.yaml"
        config.write_text("rules_files: [/nowhere/rules.yaml]\n")
        status, _, err = lanner("scan", "-c", config, log)
        assert status == 2
        assert "none of its rules_files exists here as a *.yaml or *.yml file" in err


class TestLargeEvents:
    RULE = """
- rule: Privileged
  desc: d
  condition: ka.req.pod.containers.privileged intersects (true)
  output: x
  priority: WARNING
  source: k8s_audit
- rule: Created
  desc: d
  condition: ka.verb = create
  output: x
  priority: WARNING
  source: k8s_audit
"""

    @pytest.fixture
    def large(self, tmp_path):
        """A privileged pod, padded beyond 256 KiB."""
        rules, log = tmp_path / "rules.yaml", tmp_path / "large.log"
        rules.write_text(self.RULE)
        spec = {"containers": [{"name": "c", "securityContext": {"privileged": True}}]}
        body = {"metadata": {"annotations": {"pad": "x" * 300_000}}, "spec": spec}
        log.write_text(line(requestObject=body) + "\n" + line(auditID="small") + "\n")
        return rules, log

    def test_their_bodies_are_unknown(self, lanner, large):
        rules, log = large
        status, out, err = lanner("scan", "-r", rules, "--format", "json", log)
        alerts = [json.loads(text) for text in out.splitlines()]
        assert status == 0
        assert [(alert["rule"], alert["truncated"]) for alert in alerts] == [("Created", True), ("Created", False)]
        assert "Events truncated: 1 " in err
        assert "Rules left undecided by truncated events:\n   Privileged: 1\n" in err

    def test_a_configured_size_drops_them(self, lanner, large, tmp_path):
        rules, log = large
        config = tmp_path / "falco.yaml"
        config.write_text("plugins: [{name: k8saudit, init_config: {maxEventSize: 262144}}]\n")
        status, out, err = lanner("scan", "-c", config, "-r", rules, "--format", "json", log)
        assert status == 3
        assert len(out.splitlines()) == 1
        assert "large.log:1" in err

    def test_a_larger_configured_size_keeps_them_whole(self, lanner, large, tmp_path):
        rules, log = large
        config = tmp_path / "falco.yaml"
        config.write_text("plugins: [{name: k8saudit, init_config: '{\"maxEventSize\": 1000000}'}]\n")
        _, out, _ = lanner("scan", "-c", config, "-r", rules, "--rule-matching", "all", "--format", "json", log)
        assert [json.loads(text)["rule"] for text in out.splitlines()] == ["Privileged", "Created", "Created"]


class TestRejects:
    def test_they_are_counted_shown_and_kept(self, lanner, rules, tmp_path):
        # GIVEN a log with a broken line and one of another kind
        log, rejects = tmp_path / "audit.log", tmp_path / "rejects.jsonl"
        log.write_bytes(
            line().encode() + b'\n{"kind":"Event\n' + b'{"kind":"Pod"}\n' + b'{"a\xff"}\n' + line().encode()
        )
        # WHEN it is scanned
        status, out, err = lanner("scan", "-r", rules, "--rejects", rejects, log)
        # THEN the good lines alert and the others are reported with their place
        assert status == 3
        assert "Events read: 2\n" in out
        assert "Rejected: 3\n" in out
        for number in (2, 3, 4):
            assert f"Rejected {log}:{number}: " in err
        kept = [json.loads(text) for text in rejects.read_text().splitlines()]
        assert [(reject["origin"], reject.get("text")) for reject in kept] == [
            (f"{log}:2", '{"kind":"Event'),
            (f"{log}:3", '{"kind":"Pod"}'),
            (f"{log}:4", None),
        ]
        assert kept[2]["base64"] == "eyJh/yJ9"

    def test_many_are_shown_in_part(self, lanner, rules, tmp_path):
        log = tmp_path / "audit.log"
        log.write_text('{"kind":"Pod"}\n' * 25)
        _, _, err = lanner("scan", "-r", rules, log)
        assert err.count("Rejected ") == 10
        assert "... and 15 more rejected; --rejects FILE keeps them all" in err

    def test_the_input_is_not_overwritten(self, lanner, rules, log):
        before = log.read_bytes()
        status, _, err = lanner("scan", "-r", rules, "--rejects", log, log)
        assert status == 2
        assert "this file is read, too" in err
        assert log.read_bytes() == before

    def test_what_is_scanned_is_not_fed_with_its_own_rejects(self, lanner, rules, log):
        status, _, err = lanner("scan", "-r", rules, "--rejects", log.parent / "rejects.jsonl", log.parent)
        assert status == 2
        assert "would stand in a directory that is read" in err
        assert not (log.parent / "rejects.jsonl").exists()

    def test_files_of_given_directories_are_not_overwritten(self, lanner, rules, log, tmp_path):
        # GIVEN a directory of rules, and a link to a file of the directory that is scanned
        folder = tmp_path / "rules.d"
        folder.mkdir()
        inside = folder / "r.yaml"
        inside.write_bytes(rules.read_bytes())
        logs = tmp_path / "logs"
        logs.mkdir()
        (logs / "a.log").write_bytes(log.read_bytes())
        link = tmp_path / "link"
        link.symlink_to(logs / "a.log")
        # THEN neither is emptied, and nothing is put below what is scanned
        for rejects in (inside, link, logs / "sub" / "new"):
            rejects.parent.mkdir(exist_ok=True)
            assert lanner("scan", "-r", folder, "--rejects", rejects, logs)[0] == 2
        assert inside.read_bytes() == rules.read_bytes()
        assert (logs / "a.log").read_bytes() == log.read_bytes()

    def test_rules_are_not_overwritten(self, lanner, rules, log):
        before = rules.read_bytes()
        assert lanner("scan", "-r", rules, "--rejects", rules, log)[0] == 2
        assert rules.read_bytes() == before

    def test_standard_input_is_not_overwritten(self, rules, log):
        before = log.read_bytes()
        command = [sys.executable, "-m", "lanner", "scan", "-r", str(rules), "--rejects", str(log)]
        with log.open("rb") as stdin:
            ended = subprocess.run(command, stdin=stdin, capture_output=True, timeout=120, check=False)
        assert ended.returncode == 2
        assert log.read_bytes() == before

    def test_an_unwritable_file_is_an_error_before_anything_is_read(self, lanner, rules, log, tmp_path):
        status, out, err = lanner("scan", "-r", rules, "--rejects", tmp_path / "no" / "such" / "file", log)
        assert (status, out) == (2, "")
        assert "No such file or directory" in err


class TestSummary:
    def test_it_tells_what_who_and_where_next(self, lanner):
        # GIVEN the recorded incident and the shipped rules
        status, out, _ = lanner("scan", "--summary", INCIDENT)
        # THEN the end of the output is a story
        assert status == 0
        story = out[out.index("What happened") :]
        assert "Who did it" in story
        assert "carol from 10.20.0.5" in story
        assert "Where to look next" in story
        assert 'grep -rhF -e \'"username":"carol"\'' in story

    def test_nothing_happened(self, lanner, rules, log):
        _, out, _ = lanner("scan", "-r", rules, "--summary", "--disable", "*", log)
        assert out.endswith("Nothing alerted.\n")

    def test_names_in_commands_are_quoted(self, lanner, rules, tmp_path):
        log = tmp_path / "audit.log.gz"
        log.write_bytes(gzip.compress(line(user={"username": "x'; rm -rf ~; '"}).encode()))
        _, out, _ = lanner("scan", "-r", rules, "--summary", log)
        assert """zgrep -hF -e '"username":"x'"'"'; rm -rf ~; '"'"'"'""" in out


class TestStandardInput:
    def test_a_dash_reads_it(self, lanner_process, rules):
        ended = lanner_process("scan", "-r", rules, "--format", "json", "-", input=line().encode())
        assert ended.returncode == 0
        assert len(ended.stdout.splitlines()) == 2

    def test_no_path_reads_it_if_something_is_piped_in(self, lanner_process, rules):
        ended = lanner_process("scan", "-r", rules, "--format", "json", input=gzip.compress(line().encode()))
        assert len(ended.stdout.splitlines()) == 2

    @pytest.mark.parametrize("path", ["-", "/dev/stdin"])
    def test_alerts_leave_before_the_stream_ends(self, rules, path):
        # GIVEN a stream that stays open, as behind tail -f
        command = [sys.executable, "-m", "lanner", "scan", "-r", str(rules), "--format", "json", path]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=buffered
        ) as process:
            process.stdin.write(line().encode() + b"\n")
            process.stdin.flush()
            # THEN an alert can be read before it ends
            ready, _, _ = select.select([process.stdout], [], [], 60)
            first = process.stdout.readline() if ready else process.kill()
            assert ready, "no alert came while the stream was open"
            assert json.loads(first)["rule"] == "Pod Created"
            process.stdin.close()
            assert process.wait(60) == 0

    def test_an_interrupted_stream_ends_with_the_counts(self, rules):
        # GIVEN a stream that stays open, of which an alert was read
        # A test run in the background may ignore the signal, and so would its children.
        command = ["env", "--default-signal=INT", sys.executable, "-m", "lanner", "scan", "-r", str(rules), "-"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, **pipes) as process:
            process.stdin.write(line().encode() + b"\n")
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 60)[0]
            # WHEN it is interrupted as from a keyboard
            process.send_signal(signal.SIGINT)
            process.stdin.close()
            out = process.stdout.read()
            # THEN the counts are there, and no traceback
            assert b"Events read: 1\n" in out
            assert process.stderr.read() == b""
            assert process.wait(60) == 130

    def test_a_reader_that_has_seen_enough_is_no_error(self, rules, log, tmp_path):
        many = tmp_path / "many.log"
        many.write_text((line() + "\n") * 5000)
        command = f"{sys.executable} -m lanner scan -r {rules} {many} | head -1"
        ended = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
        assert ended.stdout == b"10:20:30.123456000: Warning alice created web\n"
        assert ended.stderr == b""


class TestTerminal:
    def run(self, rules, log, *options, environment=()):
        """Scan with standard output and standard error on a terminal; return what it showed."""
        leader, follower = pty.openpty()
        variables = {**os.environ, "TZ": "UTC", **dict(environment)}
        command = [sys.executable, "-m", "lanner", "scan", "-r", str(rules), *options, str(log)]
        with subprocess.Popen(
            command, stdout=follower, stderr=follower, stdin=subprocess.DEVNULL, env=variables
        ) as process:
            os.close(follower)
            shown = b""
            while True:
                try:
                    piece = os.read(leader, 65536)
                except OSError:  # Linux reports the other end's closing so
                    break
                if not piece:
                    break
                shown += piece
            process.wait(60)
        os.close(leader)
        return shown.decode()

    def test_priorities_have_colours(self, rules, log):
        shown = self.run(rules, log)
        assert "\x1b[33m10:20:30.123456000: Warning alice created web\x1b[0m" in shown

    @pytest.mark.parametrize(
        ("options", "environment"), [(("--no-color",), ()), ((), {"NO_COLOR": "1"}.items())], ids=["option", "variable"]
    )
    def test_colours_can_be_refused(self, rules, log, options, environment):
        assert "\x1b[" not in self.run(rules, log, *options, environment=environment)

    def test_events_cannot_control_it(self, rules, tmp_path):
        log = tmp_path / "audit.log"
        log.write_text(line(user={"username": "\x1b[2J\x9b31m\u202eevil"}))
        shown = self.run(rules, log, "--no-color", "--summary")
        assert "\\u009b31m\\u202eevil created web" in shown
        assert not {"\x9b", "\u202e"} & set(shown)
        assert "\x1b[2J" not in shown


def test_an_empty_input_is_said(lanner, rules, tmp_path):
    (tmp_path / "empty.log").touch()
    status, out, err = lanner("scan", "-r", rules, tmp_path / "empty.log")
    assert status == 0
    assert "Events read: 0" in out
    assert err == "Note: the input holds no events\n"


def test_long_work_looks_at_its_progress(lanner, rules, tmp_path, monkeypatch):
    # GIVEN a log of 20,000 events
    looks = []
    monkeypatch.setattr("lanner.cli.results.Progress.show", lambda self, *shown: looks.append(shown))
    log = tmp_path / "long.log"
    log.write_text((line(verb="get") + "\n") * 20_000)
    lanner("scan", "-r", rules, "--disable", "*", log)
    # THEN progress is looked at now and then, with the share of what was read
    shares, events, alerts = zip(*looks, strict=True)
    assert len(looks) >= 4
    assert 0 < shares[0] < shares[1] < shares[-1] == 1
    assert 0 < events[0] < events[1] < events[-1] == 20_000
    assert set(alerts) == {0}


def test_without_anything_to_read(lanner, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    status, _, err = lanner("scan")
    assert status == 2
    assert "nothing to read" in err
