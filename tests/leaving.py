"""Runs a program to its end and then leaves the process at once, without the exit handlers.

The command is a path, or `-m` and a module, and then the arguments. Without this, torch may abort at exit, while it destroys the process groups of a run.
"""

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
