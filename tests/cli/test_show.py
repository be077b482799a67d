"""Tests of `lrdsl show` in narrow terminals, and in those that have ASCII alone."""

from __future__ import annotations

import io
import sys

import pytest

from lrdsl.cli import main
from lrdsl.escaping.ascii import ascii_of

TEXTS = [
    "warmup(5) then cosine(95)",
    "warmup(2k) then hold(26k) then one_minus_sqrt(4k, to=0.01x)",
    "plateau(patience=3) until val_loss < 0.3 then exp(0.9)",
    "set epoch = 10 steps; lr = wsd(5ep, 10ep, 5ep); betas[0] = rsqrt(1000); assert max(lr) <= 1x",
    "restarts(cosine(10), stretch=2)",
    "lr = hold until val_loss < 1 then linear(9); momentum = cyclic(0.8x, 0.9x, 5)",
]


def shown(text: str, monkeypatch: pytest.MonkeyPatch, *options: str, columns: int = 40, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert main(["show", text, *options]) == 0
    sys.stdout.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_narrow(text: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a phase stands in its line, and is cut nowhere."""
    out = shown(text, monkeypatch, encoding=encoding)
    assert "\\u" not in out
    bar = "▌" if encoding == "utf-8" else "|"
    phases = [line for line in out.splitlines() if line.startswith(bar)]
    assert phases
    for line in phases:
        body = line.removeprefix(bar).split("  ")[0].strip()
        assert body.count("(") == body.count(")"), line


@pytest.mark.parametrize("text", TEXTS)
def test_ascii(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(text, monkeypatch, "--ascii", columns=80)
    assert out.isascii()
    assert out.count("?") == shown(text, monkeypatch, columns=80).count("?")  # as the length of a phase that waits
    assert out == shown(text, monkeypatch, columns=80, encoding="ascii")
    assert "eta_0" in out
    chart = [line[11:] for line in out.splitlines() if line[10:11] in ("|", "+") and line[:9].strip(" 0123456789.e-+") == ""]
    assert sum(set(line) <= set(" '.:") for line in chart) >= 13


def test_a_narrow_table_has_the_text_above_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(TEXTS[1], monkeypatch).splitlines()
    assert out[3:9] == [
        "▌ warmup(2k)",
        "  0 … 2_000 (2_000), 0 → 1",
        "▌ hold(26k)",
        "  2_000 … 28_000 (26_000), 1",
        "▌ one_minus_sqrt(4k, to=0.01x)",
        "  28_000 … 32_000 (4_000), 1 → 0.01",
    ]


def test_signs_in_ascii() -> None:
    assert ascii_of("λ·(1 − √(t/3)) for 3 ≤ t, 10⁻⁴ é 鑑") == "lambda*(1 - sqrt(t/3)) for 3 <= t, 10^-4 e ?"
