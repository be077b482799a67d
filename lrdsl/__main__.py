"""`python -m lrdsl`: the command line, run as a module."""

import os
import sys

if __name__ == "__main__":
    try:
        folder = os.getcwd()  # noqa: PTH109 - nothing else is imported yet
    except OSError:
        folder = ""
    if sys.path[0] in ("", folder):  # nothing is imported from the current folder: it may be the untrusted one to check
        del sys.path[0]
    from lrdsl.cli import main

    sys.exit(main())
