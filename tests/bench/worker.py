"""What is measured inside a process, without its start: `python -m bench.worker WHAT FILE ...` prints CPU seconds.

loads FILE                            json.loads of every line
payloads KIND ENGINE FILE RULES...    payloads to JSON alerts, twice: the first pass is the first sight of everything
"""

import json
import sys
import time
from collections.abc import Sequence

__all__ = ["loads", "payloads"]


def loads(path: str) -> dict:
    """Parse a file line by line, as a program would that reads it as a stream."""
    parse = json.loads
    begun = time.process_time()
    with open(path, "rb") as file:
        for line in file:
            parse(line)
    return {"cpu": time.process_time() - begun}


def payloads(kind: str, engine: str, path: str, *rules: str) -> dict:
    """Turn the payloads of a file into alerts."""
    from bench.engine import Detector

    begun = time.process_time()
    detector = Detector(kind, engine, rules)
    passed = [time.process_time() - begun]
    for _ in range(2):
        alerts = 0
        begun = time.process_time()
        with open(path, "rb") as file:
            for line in file:
                for _ in detector.alerts(line[:-1]):
                    alerts += 1
        passed.append(time.process_time() - begun)
    load, first, second = passed
    found = {"alerts": alerts, "pieces": detector.pieces // 2, "rejects": detector.rejects // 2}
    return {"cpu": second, "first": first, "load": load} | found


def _main(what: str, arguments: Sequence[str]) -> None:
    print(json.dumps({"loads": loads, "payloads": payloads}[what](*arguments)))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
