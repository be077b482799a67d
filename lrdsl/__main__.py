"""`python -m lrdsl`."""

import sys

from lrdsl.cli import main

if __name__ == "__main__":
    sys.exit(main())
