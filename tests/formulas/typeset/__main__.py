"""`python -m tests.formulas.typeset FOLDER` sets every formula with pdflatex, in a two-column paper, and with KaTeX. It reports errors, and keeps the pages.

Needs `pdflatex` (Debian: texlive-latex-recommended), and `node` with the npm package `katex` in FOLDER.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

from lrdsl.analysis.plotting import picture_of
from lrdsl.escaping.quoting import latex as words
from lrdsl.figures.pgfplots import pgfplots
from tests.formulas.typeset import hostile
from tests.formulas.typeset.formulas import schedules

_HEAD = r"""\documentclass[10pt,twocolumn]{article}
\usepackage{amsmath,amssymb}
\usepackage[margin=0.75in]{geometry}
\setlength{\columnsep}{0.25in}
\begin{document}
\raggedbottom
"""
_KATEX = """
const katex = require('katex'), formulas = JSON.parse(require('fs').readFileSync(0));
let wrong = 0;
for (const [name, source] of Object.entries(formulas))
    try { katex.renderToString(source, {displayMode: true, throwOnError: true, strict: 'error'}); }
    catch (error) { wrong++; console.log(name + ': ' + error.message); }
process.exit(wrong ? 1 : 0);
"""


def main(folder: Path) -> int:
    """The number of things that are wrong."""
    wrong = 0
    for form, symbolic in product(("cases", "aligned", "iverson"), (False, True)):
        style: dict[str, Any] = {"form": form, "symbolic": symbolic}
        formulas = {name: s.latex(target=target, **style) for name, (s, target) in schedules().items()}
        body = "".join(f"\\noindent\\texttt{{\\footnotesize {words(name)}}}\n\\[{source}\\]\n" for name, source in formulas.items())
        (folder / f"{form}.tex").write_text(f"{_HEAD}{body}\\end{{document}}\n", "utf-8")
        run = subprocess.run(["pdflatex", "-interaction=nonstopmode", f"{form}.tex"], cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        found = [line for line in run.stdout.splitlines() if line.startswith("!") or "Overfull" in line]
        katex = subprocess.run(["node", "-e", _KATEX], input=json.dumps(formulas), cwd=folder, capture_output=True, text=True, check=False)
        found += katex.stdout.splitlines() + (katex.stderr.splitlines() if katex.returncode else [])
        print("\n".join([f"{form}{', symbolic' * symbolic}: {len(formulas)} formulas, {len(found)} complaints", *found]))
        wrong += len(found) + (run.returncode != 0) + (katex.returncode != 0)
    return wrong + names(folder) + figures(folder)


def names(folder: Path) -> int:
    """The number of formulas with hostile names that KaTeX refuses; that its fonts lack a letter is no mistake of a formula."""
    found = {f"{text} {symbolic}": s.latex(symbolic=symbolic) for text, s in hostile.schedules().items() for symbolic in (False, True)}
    strict = _KATEX.replace("'error'}", "code => code === 'symbolNotInFont' || code === 'unknownSymbol' ? 'ignore' : 'error'}")
    katex = subprocess.run(["node", "-e", strict], input=json.dumps(found), cwd=folder, capture_output=True, text=True, check=False)
    print("\n".join([f"names: {len(found)} formulas, {len(katex.stdout.splitlines())} complaints", *katex.stdout.splitlines()]))
    return len(katex.stdout.splitlines()) + (katex.returncode != 0)


def figures(folder: Path) -> int:
    """The number of things that are wrong with figures: PGFPlots source of every example, one to a column."""
    sources = [pgfplots(picture_of(s, base=None if s.program.base else 0.1, target=target), r"\columnwidth") for s, target in schedules().values()]
    body = "\n\n".join(f"\\noindent {source}" for source in sources)
    head = _HEAD.replace(r"\begin{document}", "\\usepackage{pgfplots}\n\\usepgfplotslibrary{groupplots}\n\\pgfplotsset{compat=1.16}\n\\begin{document}")
    (folder / "figures.tex").write_text(f"{head}{body}\\end{{document}}\n", "utf-8")
    run = subprocess.run(["pdflatex", "-interaction=nonstopmode", "figures.tex"], cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    found = [line for line in run.stdout.splitlines() if line.startswith("!") or "Overfull" in line]
    print("\n".join([f"figures: {len(sources)}, {len(found)} complaints", *found]))
    return len(found) + (run.returncode != 0)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
