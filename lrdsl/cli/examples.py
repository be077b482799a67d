"""The examples that end the help of each command. A test runs every one, in a folder with the files that they name."""

from __future__ import annotations

#: The examples of each command.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "show": ('lrdsl show "warmup(5%) then cosine(rest, to=0.1x)" --total-steps 1000', "lrdsl show train.yaml"),
    "values": ('lrdsl values "step(3, 0.1) then cosine(20)" --base 0.1 --ticks 24', "lrdsl values train.yaml:3 --format csv"),
    "check": ("lrdsl check train.yaml", "lrdsl check . --fix --diff"),
    "fmt": ("lrdsl fmt schedule.lrs", "lrdsl fmt --check ."),
    "explain": ("lrdsl explain LR203", "lrdsl explain cosine"),
    "rules": ("lrdsl rules", "lrdsl rules | grep LR2"),
    "formula": ('lrdsl formula "warmup(500) then cosine(9500)"', 'lrdsl formula "warmup(500) then cosine(9500)" --format sentence --base 3e-4'),
    "plot": ('lrdsl plot "warmup(500) then cosine(9500)" -o lr.svg', 'lrdsl plot "cosine(1000)" "linear(1000)" --base 0.1 -o two.png'),
    "export": ('lrdsl export "warmup(500) then cosine(9500)" --to torch', 'lrdsl export "warmup(500) then cosine(9500)" --to python --base 3e-4'),
    "convert": ("lrdsl convert train.py", "lrdsl convert train.py --diff"),
    "dialects": ("lrdsl dialects", "lrdsl dialects torch"),
    "table": ('lrdsl table "warmup(500) then cosine(9500)" --base 3e-4', "lrdsl table schedule.lrs --format markdown"),
    "analyze": ('lrdsl analyze "warmup(500) then cosine(9500)" --base 3e-4', "lrdsl analyze schedule.lrs --format json"),
    "diff": ('lrdsl diff "poly(100, power=1)" "linear(100)"', 'lrdsl diff schedule.lrs "cosine(1000)"'),
    "docs": ("lrdsl docs tutorial", "lrdsl docs warmup"),
    "play": (
        'lrdsl play "warmup(5%) then cosine(rest, to=0.1x)" --total-steps 1000',
        "lrdsl play --static site/    # needs `npm pack pyodide@314.0.7` first",
    ),
    "lsp": ("lrdsl lsp", "lrdsl lsp < requests.txt"),
}


def epilog(verb: str) -> str:
    """Returns the end of a command's help."""
    return "examples:\n" + "\n".join(f"  {example}" for example in EXAMPLES[verb])
