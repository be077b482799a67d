"""`python -m lrdsl`."""

import os
import sys

# Python looks for modules where one stands first: in a repository that is checked, whose code is not to be run. Where lrdsl itself is from there, it may.
# pathlib could be from there too.
if sys.path[:1] == [os.getcwd()] and not __file__.startswith(os.path.join(sys.path[0], "lrdsl")):  # noqa: PTH109, PTH118
    del sys.path[0]

from lrdsl.cli import main

if __name__ == "__main__":
    sys.exit(main())
