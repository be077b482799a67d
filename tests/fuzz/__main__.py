"""Fuzzing guided by coverage: `python -m tests.fuzz --seconds 3600`. It needs `pip install -e '.[fuzz,test]'`.

Each target of `targets.py` runs in turn, in a process of its own: what it throws that nobody expects, and what takes too long or too much memory, is written to
the folder of findings with the input, and the run goes on. The exit status is 1 where there was a finding.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS, seeds, words

#: Seconds and megabytes that one input may take, with all the instruments in the code.
SECONDS, MEGABYTES = 20, 3000


def main() -> int:
    """Run the targets; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="(default: all)")
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together (default: 600)")
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()) / "lrdsl-findings", help="where they are written")
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "lrdsl-corpus", help="where interesting inputs are kept from run to run")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    for name in names:
        _run(name, options.seconds // len(names), options.corpus / name, options.findings / name)
    found = sorted(path for path in options.findings.rglob("*") if path.is_file())
    print("\n".join([f"{len(found)} findings", *map(str, found)]))
    return 1 if found else 0


def _run(name: str, seconds: int, corpus: Path, findings: Path) -> None:
    """One target for some seconds: again from its corpus where an input ended the process."""
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(seeds(name)):
        (corpus / f"seed-{i}").write_bytes(seed)
    dictionary = corpus.parent / f"{name}.dict"
    dictionary.write_text("\n".join(f'"{word}"' for word in words()), "utf-8")
    left = seconds
    while left > 0:
        limits = [f"-max_total_time={left}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}", "-max_len=4096", f"-artifact_prefix={findings}/"]
        command = [sys.executable, "-m", "tests.fuzz.targets", name, str(findings), str(corpus), f"-dict={dictionary}", "-print_final_stats=1", *limits]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        statistics = dict(line[6:].split(":", 1) for line in done.stderr.splitlines() if line.startswith("stat::"))
        runs = statistics.get("number_of_executed_units", "?").strip()
        print(f"{name}: {runs} inputs, {left} s, exit status {done.returncode}", flush=True)
        if done.returncode == 0:
            return
        (findings / f"output-{left}").write_text(done.stderr[-20_000:], "utf-8")
        left = left // 2  # what ended the process will likely do so again


if __name__ == "__main__":
    sys.exit(main())
