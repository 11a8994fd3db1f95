"""`python -m lanner` is the `lanner` command."""

import sys

from lanner.cli import main

if __name__ == "__main__":
    sys.exit(main())
