"""A stream made to defeat every memory of what was seen: each event has a new user, resource, namespace, name and verb.

Run as a program, `python -m bench.generator.hostile NUMBER` writes it to standard output: millions of such events
are no file. Its users are service accounts, of which whoever may create them has as many as they like; as
`hostile NUMBER --alerting` they are people whom nobody knows, and nearly every event alerts.
"""

import json
import sys
from collections.abc import Iterator
from itertools import cycle, islice

from bench.generator.mix import generate

__all__ = ["hostile"]

_BASES = 997  # events of the mix that are made hostile in turn; prime, so that no period of the stream fits to it
_NUMBER = "<number>"


def hostile(number: int, *, alerting: bool = False) -> Iterator[str]:
    """Yield `number` events as lines: those of the mix, with names that never come again."""
    user = (
        f"user{_NUMBER}@attacker.example" if alerting else f"system:serviceaccount:namespace{_NUMBER}:account{_NUMBER}"
    )
    forms = [_form(event, user) for _, event in generate(_BASES, seed=2)]
    for serial, (form, places) in enumerate(islice(cycle(forms), number)):
        yield form % ((serial,) * places)


def _form(event: dict, user: str) -> tuple[str, int]:
    """Return the event as a format for its serial number, and how often the number stands in it."""
    event["auditID"] = f"00000000-0000-4000-9000-{_NUMBER}"
    event["verb"] = f"verb{_NUMBER}"
    event["requestURI"] = f"/api/v1/namespaces/namespace{_NUMBER}/resource{_NUMBER}/name{_NUMBER}"
    event["user"] = event["user"] | {"username": user}
    names = {key: f"{key}{_NUMBER}" for key in ("resource", "namespace", "name")}
    event["objectRef"] = event.get("objectRef", {}) | names
    text = json.dumps(event, separators=(",", ":")) + "\n"
    return text.replace("%", "%%").replace(_NUMBER, "%d"), text.count(_NUMBER)


if __name__ == "__main__":
    sys.stdout.writelines(hostile(int(sys.argv[1]), alerting="--alerting" in sys.argv))
