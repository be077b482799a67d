"""Draws the pictures of this folder, for a light and a dark page: `python examples/pictures/draw.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from lrdsl.cli import main

HERE = Path(__file__).parent
SCHEDULES = {
    "warmup-stable-decay": "warmup(2k) then hold(26k) then one_minus_sqrt(4k)",
    "cosine to a tenth": "warmup(2k) then cosine(30k, to=0.1x)",
    "warm restarts": "warmup(2k) then restarts(cosine(10k), times=3, decay=0.7)",
}


#: The schedule at the top of the README.
FIRST = "warmup(10%) then hold(50%) then cosine(rest, to=0.01x)"


def draw(folder: Path) -> None:
    """Draws the schedules into a folder."""
    names = [option for name in SCHEDULES for option in ("--name", name)]
    for suffix, look in (("", []), ("-dark", ["--dark"])):
        main(["plot", FIRST, *look, "--total-steps", "1000", "--base", "3e-4", "--size", "7x2.6", "-o", str(folder / f"schedule{suffix}.svg")])
        main(["plot", *SCHEDULES.values(), *names, *look, "--base", "3e-4", "--size", "6.3x2.6", "-o", str(folder / f"schedules{suffix}.svg")])


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
