"""`python -m lrdsl`."""

import os
import sys

if __name__ == "__main__":
    try:
        here = os.getcwd()  # noqa: PTH109 - nothing else is imported yet
    except OSError:
        here = ""
    if sys.path[0] in ("", here):  # perhaps the folder that is checked: what lies there is not imported
        del sys.path[0]
    from lrdsl.cli import main

    sys.exit(main())
