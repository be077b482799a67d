"""Runs a program to its end, and leaves at once: torch may abort while it takes the groups of a run apart at exit, when all is done."""

from __future__ import annotations

import os
import runpy
import sys

if __name__ == "__main__":
    runpy.run_path(sys.argv[1], run_name="__main__")
    sys.stdout.flush()
    os._exit(0)
