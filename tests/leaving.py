"""Runs a program (a path, or `-m` and a module, and its arguments) to its end, and leaves at once: torch may abort while it takes the process groups of a run
apart at exit, when all is done."""

from __future__ import annotations

import os
import runpy
import sys

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "-m":
        sys.argv = sys.argv[1:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")
    sys.stdout.flush()
    os._exit(0)
