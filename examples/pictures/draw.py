"""Draws the pictures of this folder, for a light and a dark page: `python examples/pictures/draw.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from lrdsl.cli import main

HERE = Path(__file__).parent
SEVERAL = {
    "warmup-stable-decay": "warmup(2k) then hold(26k) then one_minus_sqrt(4k)",
    "cosine to a tenth": "warmup(2k) then cosine(30k, to=0.1x)",
    "warm restarts": "warmup(2k) then restarts(cosine(10k), times=3, decay=0.7)",
}
NAMES = [option for name in SEVERAL for option in ("--name", name)]
#: The arguments of `lrdsl plot` for each picture. `schedule` is that of the README.
PICTURES = {
    "schedule": ["warmup(10%) then hold(50%) then cosine(rest, to=0.01x)", "--total-steps", "1000", "--size", "7x2.6"],
    "schedules": [*SEVERAL.values(), *NAMES, "--base", "3e-4", "--size", "6.3x2.6"],
}


def draw(folder: Path) -> None:
    """Draws the pictures into a folder."""
    for name, arguments in PICTURES.items():
        for suffix, look in (("", []), ("-dark", ["--dark"])):
            main(["plot", *arguments, *look, "-o", str(folder / f"{name}{suffix}.svg")])


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
