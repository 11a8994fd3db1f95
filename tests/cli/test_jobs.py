"""`lanner scan --jobs N`: how many processes there are, what they read, and how they end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import an_event


@pytest.fixture
def log(tmp_path):
    """A log of 400 events."""
    path = tmp_path / "audit.log"
    verbs = ("create", "get", "list")
    events = [an_event(auditID=f"a{number}", verb=verbs[number % 3]) for number in range(400)]
    path.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events))
    return path


@pytest.fixture
def numbering(tmp_path):
    """A rules file with a rule that asks for the numbers of events."""
    path = tmp_path / "numbering.yaml"
    path.write_text(
        """
- rule: Created
  desc: d
  condition: ka.verb = create
  output: "%evt.num %evt.reltime"
  priority: WARNING
  source: k8s_audit
"""
    )
    return path


@pytest.fixture
def small_portions(monkeypatch):
    monkeypatch.setattr("lanner.scan.portions.SIZE", 10_000)


@pytest.fixture
def started(monkeypatch):
    """Processes that were started, by their numbers."""
    from lanner.scan.parallel import Parallel

    counts = []
    start = Parallel.start

    def noted(self):
        is_started = start(self)
        counts.append(len(self._workers))
        return is_started

    monkeypatch.setattr(Parallel, "start", noted)
    return counts


class TestProcesses:
    def test_as_many_as_are_asked_for(self, lanner, rules, log, small_portions, started):
        lanner("scan", "-r", rules, "--jobs", 3, log)
        assert started == [3]

    def test_none_for_an_input_of_one_portion(self, lanner, rules, log, started):
        assert lanner("scan", "-r", rules, "--jobs", 3, log)[0] == 0
        assert started == [0]

    def test_no_more_than_portions(self, lanner, rules, log, small_portions, started):
        small = log.with_name("small.log")
        small.write_bytes(log.read_bytes()[:15_000])
        lanner("scan", "-r", rules, "--jobs", 8, small)
        assert started == [2]

    @pytest.mark.parametrize("jobs", [0, 1])
    def test_one_is_this_one(self, lanner, rules, log, small_portions, started, jobs):
        assert lanner("scan", "-r", rules, "--jobs", jobs, log)[0] == 0
        assert started == []

    def test_a_log_of_one_event_a_line_is_judged_once(self, lanner, numbering, log, small_portions, monkeypatch):
        # GIVEN rules that ask for the numbers of events
        begun_anew = []
        monkeypatch.setattr("lanner.scan.parallel.Parallel._start_anew", begun_anew.append)
        one, two = (lanner("scan", "-r", numbering, "--jobs", jobs, log) for jobs in (1, 2))
        # THEN counting lines was enough to know them
        assert begun_anew == []
        assert one == two

    @pytest.mark.parametrize(("allowed", "expected"), [(3, 3), (2, 2), (1, 0), (0, 0)])
    def test_fewer_if_no_more_can_be_had(
        self, lanner, rules, log, small_portions, started, monkeypatch, allowed, expected
    ):
        # GIVEN a system that lets only so many processes start
        by_one = lanner("scan", "-r", rules, log)
        fork, forked = os.fork, []

        def limited():
            if len(forked) == allowed:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            forked.append(True)
            return fork()

        monkeypatch.setattr("os.fork", limited)
        # THEN these do the work, or this one by itself
        assert lanner("scan", "-r", rules, "--jobs", 4, log) == by_one
        assert started == [expected]

    def test_none_where_they_cannot_be_forked(self, lanner, rules, log, small_portions, started, monkeypatch):
        monkeypatch.delattr("os.fork")
        assert lanner("scan", "-r", rules, "--jobs", 2, log)[0] == 0
        assert started == []

    @pytest.mark.parametrize("jobs", ["-1", "x", "1.5", "", "1001"])
    def test_what_is_no_number_of_them(self, lanner, rules, log, jobs):
        status, out, err = lanner("scan", "-r", rules, f"--jobs={jobs}", log)
        assert (status, out) == (2, "")
        assert "is no number from 1 to 1000" in err


class TestInputs:
    def test_standard_input_is_read_by_one(self, lanner_process, numbering, log):
        command = ("scan", "-r", numbering, "--jobs")
        one, two = (lanner_process(*command, jobs, "-", log, input=log.read_bytes()) for jobs in (1, 2))
        assert one.stdout == two.stdout
        assert b"Events read: 800\n" in two.stdout

    def test_a_file_as_standard_input(self, rules, log, tmp_path):
        # GIVEN two files, one of which is this process's standard input, too
        script = runner(tmp_path, "")
        other = tmp_path / "other.log"
        other.write_bytes(log.read_bytes())
        command = [sys.executable, script, "scan", "-r", rules, "--jobs", "2", "/dev/stdin", other]
        with log.open("rb") as standard_input:
            ended = subprocess.run(command, stdin=standard_input, capture_output=True, timeout=120, check=True)
        # THEN it is read
        assert b"Events read: 800\n" in ended.stdout

    def test_a_directory_with_a_link_to_nowhere(self, lanner, rules, log, small_portions, started, tmp_path):
        logs_folder = tmp_path / "logs"
        logs_folder.mkdir()
        (logs_folder / "a.log").write_bytes(log.read_bytes())
        (logs_folder / "b.log").symlink_to(tmp_path / "nowhere")
        status, out, err = lanner("scan", "-r", rules, "--jobs", 2, logs_folder)
        assert status == 3
        assert started == [2]
        assert f"Rejected {logs_folder}/b.log: cannot be read: No such file or directory" in err
        assert "Events read: 400" in out

    def test_a_file_that_is_replaced_meanwhile(self, lanner, rules, log, small_portions, monkeypatch):
        # GIVEN a log that is rotated away as soon as the processes are there
        from lanner.scan.parallel import Parallel

        expected = lanner("scan", "-r", rules, log)
        parts = Parallel.parts

        def rotated(self):
            log.unlink()
            log.write_bytes(b"another\n")
            return parts(self)

        monkeypatch.setattr(Parallel, "parts", rotated)
        # THEN all of it is read, by all of them
        assert lanner("scan", "-r", rules, "--jobs", 2, log) == expected


def runner(folder: Path, patch: str) -> Path:
    """Write a program that is the command line with small portions, and with `patch`."""
    path = folder / "runner.py"
    path.write_text(
        f"""
import os, signal, sys, time
from lanner.cli import main
from lanner.scan import parallel, portions, worker
portions.SIZE = 10_000
{patch}
sys.exit(main())
"""
    )
    return path


class TestEnds:
    def test_a_process_that_is_killed_is_said(self, lanner, rules, log, small_portions, monkeypatch):
        # GIVEN a process that the system kills while it judges the third portion
        from lanner.scan import worker

        results = worker._results

        def killed(task, *more):
            if task.portion.position.offset > 20_000:
                os.kill(os.getpid(), signal.SIGKILL)
            return results(task, *more)

        monkeypatch.setattr(worker, "_results", killed)
        status, out, err = lanner("scan", "-r", rules, "--format", "json", "--jobs", 2, log)
        # THEN that is an error, and what was found is there
        assert status == 3
        assert err.startswith(
            "Error: one of the processes of --jobs was killed by signal 9, so the rest of the input was not read; "
            "if memory was short, fewer --jobs need less\nEvents read: "
        )
        assert "Traceback" not in err
        assert len(out.splitlines()) == int(err.split("Events detected: ")[1].split()[0])

    def test_a_process_that_fails_is_said(self, lanner, rules, log, small_portions, monkeypatch):
        monkeypatch.setattr("lanner.scan.worker._results", lambda *_: os._exit(7))
        status, _, err = lanner("scan", "-r", rules, "--jobs", 2, log)
        assert status == 3
        assert "ended with status 7, so the rest of the input was not read\n" in err

    def test_an_interrupt_ends_with_the_counts(self, rules, log, tmp_path):
        # GIVEN a run whose third portion takes for ever
        patch = """
results = worker._results
def slow(task, *more):
    if task.portion.position.offset > 20_000:
        time.sleep(600)
    return results(task, *more)
worker._results = slow
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
portion = parallel.Parallel._go_on
def told(self, *done):
    portion(self, *done)
    print("portion", file=sys.stderr, flush=True)
parallel.Parallel._go_on = told
"""
        command = [sys.executable, runner(tmp_path, patch), "scan", "-r", rules, "--jobs", "2", log]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, start_new_session=True, **pipes) as process:
            assert process.stderr.readline() == b"portion\n"
            assert process.stderr.readline() == b"portion\n"
            # WHEN all its processes are interrupted, as by a keyboard
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
        # THEN it ends with the counts of what it has shown, and nothing else
        assert process.returncode == 130
        assert err.replace(b"portion\n", b"") == b""
        assert b"\nEvents read: " in out

    def test_a_reader_that_has_seen_enough_is_no_error(self, rules, log, tmp_path):
        big = tmp_path / "big.log"
        big.write_bytes(log.read_bytes() * 20)
        program = f"{sys.executable} {runner(tmp_path, '')}"
        command = f"{program} scan -r {rules} --jobs 2 {big} | head -1; echo ${{PIPESTATUS[0]}}"
        ended = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120, check=False)
        assert ended.stdout.endswith(b"\n141\n")
        assert ended.stderr == b""

    def test_no_process_outlives_the_one_that_started_it(self, rules, log, tmp_path):
        # GIVEN a run that waits for the reader of its output
        big = tmp_path / "big.log"
        big.write_bytes(log.read_bytes() * 20)
        command = [sys.executable, runner(tmp_path, ""), "scan", "-r", rules, "--jobs", "3", big]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert select.select([process.stdout], [], [], 60)[0]
            # WHEN it is killed
            process.kill()
            # THEN its output comes to an end, for nobody has it open any more
            while select.select([process.stdout], [], [], 60)[0]:
                if not os.read(process.stdout.fileno(), 65536):
                    break
            else:
                pytest.fail("a process still has the output open")
