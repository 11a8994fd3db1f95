"""The compiled engine finds what the reference engine finds: on random rules and events, and on random files."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.nasty_events import LOST, Events
from engine.random_rules import Rules
from lanner.alerts import Alert, AlertFormat
from lanner.engine import CompiledEngine, ReferenceEngine, Verdict
from lanner.fields import Event, Intake, RawEvent
from lanner.fields import event as event_module
from lanner.fields.block import Block
from lanner.ruleset import PACKS, Rule
from lanner.sources import Progress, Reject, events, read, read_blocks, stream
from support import rules_from, shipped

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"

PAIRS = 1_000_000
"""Pairs of an event and a rule that are compared in a run, at least."""

Found = list[tuple[int, str, Verdict]]
"""Number, origin and verdict of those events of a log on which there is one."""


@pytest.fixture(autouse=True, scope="module")
def stopped_clock() -> Iterator[None]:
    """GIVEN a clock that stands still: events without a time have that of reading, which is not the same for both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_module, "clock", SimpleNamespace(time_ns=lambda: 1_772_360_000_000_000_000))
        yield


def searching(examples: int) -> Callable:
    """Seeds for so many examples. Each of them is large, and made from its seed alone: there is nothing to shrink."""
    phases = [Phase.explicit, Phase.reuse, Phase.generate]

    def decorate(test: Callable[[int], None]) -> Callable[[], None]:
        return settings(max_examples=examples, phases=phases, deadline=None)(given(st.integers(0, 2**48))(test))

    return decorate


# ---------------------------------------------------------------------------------------------- rules and events


def a_log(random: Random, size: int) -> list[list[RawEvent]]:
    """Return about `size` events in blocks, as lines of a log: some blocks are plain, others hold anything."""
    cluster = Events(random)
    blocks: list[list[RawEvent]] = []
    number = 0
    while number < size:
        is_plain = random.random() < 0.3
        make = cluster.ordinary if is_plain else cluster.event
        block = []
        for _ in range(random.choice((1, 5, 20) if is_plain else (1, 1, 2, 5, 20))):
            for piece in events(make(), origin=""):
                if isinstance(piece, RawEvent):
                    number += 1
                    block.append(RawEvent(piece.text, "eks", "prod", None, f"log:{number}"))
        if block:
            blocks.append(block)
    return blocks


def cut(random: Random, raw: RawEvent) -> RawEvent:
    """Return an event that has lost some of its parts."""
    lost = frozenset(random.sample(LOST, random.choice((1, 1, 2))))
    return RawEvent(raw.text, raw.provider, raw.cluster, raw.received, raw.origin, lost)


def one_by_one(engine: CompiledEngine | ReferenceEngine, raws: Iterable[RawEvent]) -> Found:
    intake = Intake()
    opened = [intake.open(raw) for raw in raws]
    return [_found(event, engine.judge(event)) for event in opened]


def by_blocks(engine: CompiledEngine, blocks: Iterable[list[RawEvent]], counts: Counter[str]) -> Found:
    """Judge a log as `scan` does: by blocks, and by lines where a block is not taken."""
    intake = Intake()
    found = []
    for raws in blocks:
        text = b"".join(raw.text + b"\n" for raw in raws)
        block = Block(text, "log", intake.count + 1, "eks", "prod")
        taken = engine.judge_block(block, intake) if b"\n" not in text[:-1].replace(b"}\n{", b"") else None
        counts["blocks taken" if taken is not None else "blocks refused"] += 1
        if taken is None:
            assert block.events == 0
            taken = [(event, engine.judge(event)) for event in map(intake.open, raws)]
        else:
            assert block.events == len(raws)
        found += [_found(event, verdict) for event, verdict in taken]
    return found


def _found(event: Event, verdict: Verdict) -> tuple[int, str, Verdict]:
    return event.number, event.raw.origin, Verdict(*map(tuple, verdict))


def compare(rules: Sequence[Rule], wanted: Found, found: Found, raws: Sequence[RawEvent]) -> None:
    """Tell the first difference by its smallest example: one rule, one event."""
    found = [row for row in found if any(row[2])]
    wanted = [row for row in wanted if any(row[2])]
    if found == wanted:
        return
    got, want = next((mine, theirs) for mine, theirs in zip_longest(found, wanted) if mine != theirs)
    number = min(row[0] for row in (got, want) if row)
    got, want = (row if row and row[0] == number else None for row in (got, want))
    names = {rule.name for row in (got, want) if row for part in row[2] for rule in part}
    for rule in rules:
        both = [row is not None and [rule in part for part in row[2]] for row in (got, want)]
        if rule.name in names and both[0] != both[1]:
            raise AssertionError(f"{rule.condition_text}\n{raws[number - 1].text!r}\nfound {both[0]}, wanted {both[1]}")
    raise AssertionError(f"event {number}: found {got}, wanted {want}\n{raws[number - 1].text!r}")


def check(rules: Sequence[Rule], blocks: Sequence[list[RawEvent]], random: Random, counts: Counter[str]) -> None:
    """Compare both entry points of the compiled engine with the reference engine, each in one of the two modes."""
    raws = [raw for block in blocks for raw in block]
    first_match = random.random() < 0.5
    # judge(event), cut events among them
    some_cut = [cut(random, raw) if random.random() < 0.03 else raw for raw in raws]
    engine = CompiledEngine(rules, first_match=first_match)
    wanted = one_by_one(ReferenceEngine(rules, first_match=first_match), some_cut)
    compare(rules, wanted, one_by_one(engine, some_cut), some_cut)
    counts["exact"] += engine.exact
    # judge_block(block, intake)
    engine = CompiledEngine(rules, first_match=not first_match)
    wanted = one_by_one(ReferenceEngine(rules, first_match=not first_match), raws)
    compare(rules, wanted, by_blocks(engine, blocks, counts), raws)
    counts["events"] += len(raws)
    counts["pairs"] += len(raws) * len(rules)
    counts["matches"] += sum(len(verdict.matched) for _, _, verdict in wanted)


def test_random_rules_match_the_same_random_events() -> None:
    counts: Counter[str] = Counter()

    @searching(6)
    def compare_all(seed: int) -> None:
        # GIVEN a log and rulesets of all sizes: small ones look at few parts of an event
        random = Random(seed)
        for rules, size in ((100, 1800), *((few, 80) for few in (1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15))):
            blocks = a_log(random, size)
            raws = [raw for block in blocks for raw in block]
            made = Rules(random, random.sample(raws, 60)).make(rules)
            check(made, blocks, random, counts)

    compare_all()
    print(dict(counts))
    assert counts["pairs"] >= PAIRS
    assert counts["events"] / 20 < counts["exact"] < counts["events"] / 2
    assert counts["blocks taken"] > 800
    assert counts["blocks refused"] > 500
    assert counts["pairs"] / 500 < counts["matches"] < counts["pairs"]


def real_rules() -> list[Rule]:
    """Our rules, and the official ones where they are."""
    official = SHARED / "conformance/official/k8s_audit_rules.yaml"
    falco = rules_from(official.read_text()) if official.exists() else ()
    return [*shipped(*PACKS).select(()), *falco]


def recorded() -> list[dict]:
    lines = (ROOT / "tests/events/incident.jsonl").read_bytes().splitlines()
    for part in ("attacks", "day"):
        packed = SHARED / f"corpus/{part}/events.jsonl.gz"
        if packed.exists():
            lines += gzip.decompress(packed.read_bytes()).splitlines()[::40]
    return [json.loads(line) for line in lines]


def test_real_rules_match_the_same_recorded_events_and_what_becomes_of_them() -> None:
    rules, values = real_rules(), recorded()
    counts: Counter[str] = Counter()

    @searching(2)
    def compare_all(seed: int) -> None:
        random = Random(seed)
        cluster = Events(random)
        blocks = []
        number = 0
        for value in values:
            for text in (json.dumps(value, separators=(",", ":")).encode(), cluster.changed(value)):
                for piece in events(text, origin=""):
                    if isinstance(piece, RawEvent):
                        number += 1
                        blocks.append([RawEvent(piece.text, "eks", "prod", None, f"log:{number}")])
        check(rules, blocks, random, counts)

    compare_all()
    assert counts["pairs"] >= 2 * len(rules) * len(values)  # whatever is there: a plain clone has our rules alone
    assert counts["matches"] > 100


# ------------------------------------------------------------------------------------------------------------ files

Outcome = list[tuple[object, ...]]


def slowly(rules: Sequence[Rule], paths: Sequence[Path], counts: Counter[str], **how: object) -> Outcome:
    """Read events one by one and judge them by the reference engine."""
    intake, progress = Intake(), Progress()
    engine = ReferenceEngine(rules)
    outcome: Outcome = []
    for piece in read(paths, progress=progress, **how):
        if isinstance(piece, Reject):
            outcome.append(("reject", piece.origin, piece.reason, piece.text))
        else:
            event = intake.open(piece)
            outcome += _alerts(event, engine.judge(event))
    counts["events"] += intake.count
    return [*outcome, ("end", intake.count, intake.first_time, progress)]


def quickly(rules: Sequence[Rule], paths: Sequence[Path], counts: Counter[str], **how: object) -> Outcome:
    """Read blocks where there are any, and judge them by the compiled engine, as `lanner scan` does."""
    intake, progress = Intake(), Progress()
    engine = CompiledEngine(rules)
    outcome: Outcome = []
    for piece in read_blocks(paths, progress=progress, **how):
        if isinstance(piece, Reject):
            outcome.append(("reject", piece.origin, piece.reason, piece.text))
        elif isinstance(piece, Block):
            for event, verdict in engine.judge_block(piece, intake) or ():
                outcome += _alerts(event, verdict)
            counts["in blocks"] += piece.events
        else:
            event = intake.open(piece)
            outcome += _alerts(event, engine.judge(event))
    return [*outcome, ("end", intake.count, intake.first_time, progress)]


def _alerts(event: Event, verdict: Verdict) -> Outcome:
    format_ = AlertFormat()
    others = [
        (event.number, kind, rule.name)
        for kind, part in list(zip(Verdict._fields, verdict, strict=True))[1:]
        for rule in part
    ]
    return [(event.raw.origin, Alert(rule, event, format_).json_line()) for rule in verdict.matched] + others


def test_random_files_give_the_same_alerts_and_rejects(tmp_path: Path) -> None:
    counts: Counter[str] = Counter()

    @searching(40)
    def compare_all(seed: int) -> None:
        random = Random(seed)
        paths = []
        for number in range(random.choice((1, 1, 3))):
            text = Events(random).log(random.choice((0, 3, 3, 30, 200)))
            path = tmp_path / f"{number}.log"
            path.write_bytes(gzip.compress(text, 1) if random.random() < 0.2 else text)
            paths.append(path)
        raws = [piece for piece in read(paths) if isinstance(piece, RawEvent)]
        rules = Rules(random, raws[:60]).make(random.choice((1, 3, 10)))
        how = random.choice(({}, {}, {"provider": "gke", "cluster": "c"}, {"max_size": 2000}, {"max_size": 1500}))
        how |= random.choice(({}, {"drop_larger": True}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stream, "_BLOCK", random.choice((900, 8192, 65536)))
            wanted = slowly(rules, paths, counts, **how)
            found = quickly(rules, paths, counts, **how)
        for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
            assert one == other, number
        assert len(found) == len(wanted)

    compare_all()
    assert counts["events"] / 10 < counts["in blocks"] < counts["events"] * 9 / 10
