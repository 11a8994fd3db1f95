"""`python -m demo aws`, `gcp` and so on; `make demo-aws`, `make demo-gcp` and so on run them."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from demo import aws, gcp, ovh, webhook
from demo.screen import Screen
from emulators.processes import Unavailable
from lanner.errors import LannerError

_DEMONSTRATIONS = {"aws": aws.run, "gcp": gcp.run, "ovh": ovh.run, "webhook": webhook.run}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a demonstration; whatever happens, nothing of it is left behind."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("cloud", choices=_DEMONSTRATIONS)
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # then all that was started ends, too
    try:
        with TemporaryDirectory(prefix="lanner-demo-") as folder:
            _DEMONSTRATIONS[chosen.cloud](Screen(), Path(folder))
    except (LannerError, Unavailable) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
