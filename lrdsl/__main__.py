"""`python -m lrdsl`."""

import sys

if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # the folder that one stands in, perhaps the one that is checked: what lies there is not imported
    from lrdsl.cli import main

    sys.exit(main())
