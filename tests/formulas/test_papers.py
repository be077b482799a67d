"""Tests `examples/papers.md`, which shows formulas from papers beside ours: both are read as LaTeX and have equal values.

`python -m tests.formulas.test_papers` writes the page.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

import lrdsl
from tests.formulas.typeset.reading import Formula

PAGE = Path(__file__).parents[2] / "examples" / "papers.md"


@attrs.frozen
class Recipe:
    """A schedule from a paper: its formula there, what its letters are in our formula's letters and numbers, and the text that says it here."""

    title: str
    source: str
    formula: str
    letters: dict[str, str]
    text: str
    remark: str = ""
    total: int | None = None
    base: str = r"\eta_{\max}"

    @property
    def schedule(self) -> lrdsl.Schedule:
        return lrdsl.parse(self.text, total_steps=self.total)

    @property
    def ours(self) -> str:
        return self.schedule.latex(base=self.base, symbolic=True)


RECIPES = (
    Recipe(
        "Warm restarts (SGDR)",
        "Loshchilov and Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017, eq. 5",
        r"\eta_t = \eta_{\min} + \tfrac{1}{2}(\eta_{\max} - \eta_{\min})\left(1 + \cos\left(\frac{T_{\mathrm{cur}}}{T_i}\pi\right)\right)",
        {r"T_i": r"10 \cdot 2^{i}", r"T_{\mathrm{cur}}": r"t - 10(2^{i} - 1)", "i": r"\lfloor \log_{2}(1 + t/10) \rfloor", r"\eta_{\min}": "0.00001"},
        "restarts(cosine(10, to=1e-5), stretch=2)",
        "The paper says in words what T_i and T_cur are: each run is T_mult times as long as the one before, and T_cur is the time since the last restart.",
    ),
    Recipe(
        "Warmup, then a half cosine",
        "Radford et al. 2018 and the language models since, as LLaMA (Touvron et al. 2023); written out in nanoGPT's `get_lr`",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{T_w} & t < T_w \\[3pt]"
        "\n"
        r"    \eta_{\min} + \tfrac{1}{2}\left(1 + \cos\left(\pi \frac{t - T_w}{T - T_w}\right)\right)(\eta_{\max} - \eta_{\min}) & T_w \le t < T \\[3pt]"
        "\n"
        r"    \eta_{\min} & t \ge T"
        "\n"
        r"\end{cases}",
        {"T_w": "2000", "T": "10000", r"\eta_{\min}": r"0.1\,\eta_{\max}"},
        "warmup(2000) then cosine(rest, to=0.1x)",
        total=10_000,
    ),
    Recipe(
        "The Transformer's rate",
        "Vaswani et al., *Attention Is All You Need*, 2017, eq. 3",
        r"\mathrm{lrate} = d_{\mathrm{model}}^{-0.5} \cdot \min\left(\mathrm{step}^{-0.5}, \mathrm{step} \cdot \mathrm{warmup}^{-1.5}\right)",
        {r"\mathrm{step}": "t", r"\mathrm{warmup}": "4000", r"d_{\mathrm{model}}": r"\eta_{\max}^{-2}/4000"},
        "let w = 4000; lr = warmup(w) then rsqrt(w)",
        "The base is the highest rate, (d_model · warmup)^-0.5. Of the two in the minimum, the second is the smaller one up to the end of the warmup.",
    ),
    Recipe(
        "Warmup, stable, decay (WSD) with the 1-sqrt cooldown",
        "Hägele et al., *Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations*, 2024, eqs. 1 and 2",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \frac{n}{N_{\mathrm{warmup}}}\,\eta_{\max} & n < N_{\mathrm{warmup}} \\[3pt]"
        "\n"
        r"    \eta_{\max} & N_{\mathrm{warmup}} \le n < N - N_{\mathrm{decay}} \\[3pt]"
        "\n"
        r"    \left(1 - \sqrt{\frac{n - (N - N_{\mathrm{decay}})}{N_{\mathrm{decay}}}}\right)\,\eta_{\max} & N - N_{\mathrm{decay}} \le n < N \\[3pt]"
        "\n"
        r"    0 & n \ge N"
        "\n"
        r"\end{cases}",
        {"n": "t", r"N_{\mathrm{warmup}}": "500", "N": "10000", r"N_{\mathrm{decay}}": "2000"},
        "warmup(500) then hold(rest) then one_minus_sqrt(2000)",
        total=10_000,
    ),
    Recipe(
        "The inverse square root with a flat start",
        "Raffel et al., *Exploring the Limits of Transfer Learning* (T5), 2020, section 3.1.2: 1/sqrt(max(n, k))",
        r"\mathrm{lr} = \frac{1}{\sqrt{\max(n, k)}}",
        {"n": "t", "k": r"\eta_0^{-2}"},
        "let k = 10_000; lr = hold(k) then rsqrt(k)",
        "The base is 1/sqrt(k) = 0.01; k is numbered in our formula, where k alone is the index of a product.",
        base=r"\eta_0",
    ),
    Recipe(
        "Step decay",
        "He et al. 2016 and most of vision since; the formula as in Ge et al., *The Step Decay Schedule*, 2019",
        r"\eta_t = \eta_0 \cdot \gamma^{\lfloor t/s \rfloor}",
        {r"\gamma": "0.1", "s": "30"},
        "step(30, 0.1)",
        base=r"\eta_0",
    ),
    Recipe(
        "Polynomial decay",
        "Chen et al., *DeepLab*, 2017, section 3: the learning rate times (1 - iter/max_iter)^power, with power 0.9",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_0\left(1 - \frac{\mathrm{iter}}{\mathrm{maxiter}}\right)^{\mathrm{power}} & \mathrm{iter} < \mathrm{maxiter} \\[3pt]"
        "\n"
        r"    0 & \mathrm{iter} \ge \mathrm{maxiter}"
        "\n"
        r"\end{cases}",
        {r"\mathrm{iter}": "t", r"\mathrm{maxiter}": "20000", r"\mathrm{power}": "0.9"},
        "poly(20_000, power=0.9)",
        base=r"\eta_0",
    ),
    Recipe(
        "Cyclical learning rates, triangular",
        "Smith, *Cyclical Learning Rates for Training Neural Networks*, 2017, section 3.2 (the code there)",
        r"\mathrm{lr} = \mathrm{low} + (\mathrm{high} - \mathrm{low})\,\max\left(0, 1 - \lvert \frac{t}{s} - 2\,\lfloor 1 + \frac{t}{2\,s} \rfloor + 1 \rvert\right)",
        {"s": "2000", r"\mathrm{low}": "0.001", r"\mathrm{high}": r"\eta_{\max}"},
        "cyclic(0.001, 1x, 2000)",
    ),
    Recipe(
        "One cycle",
        "Smith and Topin, *Super-Convergence*, 2018, describe it in words; the formula is that of PyTorch's `OneCycleLR`, whose turns are at 0.3 T - 1 and T - 1",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max} + \frac{1}{2}(\frac{\eta_{\max}}{25} - \eta_{\max})\left(1 + \cos\left(\pi \frac{t}{0.3\,T - 1}\right)\right) & t < 0.3\,T - 1 \\[3pt]"
        "\n"
        r"    \frac{\eta_{\max}}{250000} + \frac{1}{2}(\eta_{\max} - \frac{\eta_{\max}}{250000})"
        r"\left(1 + \cos\left(\pi \frac{t - (0.3\,T - 1)}{0.7\,T}\right)\right) & t < T - 1 \\[3pt]"
        "\n"
        r"    \frac{\eta_{\max}}{250000} & t \ge T - 1"
        "\n"
        r"\end{cases}",
        {"T": "1000"},
        "onecycle(1000)",
    ),
    Recipe(
        "Inverse time decay",
        "Robbins and Monro 1951; as in Bottou, *Stochastic Gradient Descent Tricks*, 2012, section 5.2, with the decay written as a timescale",
        r"\eta_t = \eta_0\left(1 + \frac{t}{T}\right)^{-1}",
        {"T": "1000"},
        "inv(1000)",
        base=r"\eta_0",
    ),
)


def page() -> str:
    """The whole page."""
    parts = [
        "# Formulas of papers, and of lrdsl\n",
        "Each section has the formula of a paper, the text for the same schedule, and what `lrdsl formula --symbolic` prints for it. The letters may differ, as they do between papers.",
        "The functions are the same: a test reads both formulas and compares their values at thousands of ticks.\n",
    ]
    for i, recipe in enumerate(RECIPES, 1):
        parts += [
            f"## {i}. {recipe.title}\n",
            f"{recipe.source}.\n",
            f"$$\n{recipe.formula}\n$$\n",
            f"```lrs\n{recipe.text}\n```\n",
            f"$$\n{recipe.ours}\n$$\n",
        ]
        parts += [f"{recipe.remark}\n"] if recipe.remark else []
    return "\n".join(parts)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.formulas.test_papers`"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_the_paper_says_what_the_text_says(recipe: Recipe) -> None:
    s, theirs, ours = recipe.schedule, Formula(recipe.formula), Formula(recipe.ours)
    theirs.meanings |= recipe.letters
    base = 0.01
    edges = [int(float(phase.start or 0)) for phase in s.phases] + [int(s.length or 20_000)]
    ticks = sorted({*range(1, 400), *(edge + d for edge in edges for d in (-1, 0, 1) if edge + d > 0), *range(401, 25_000, 997)})
    for t in ticks:
        level = s.at(t, base)
        for formula in (theirs, ours):
            if formula is ours and s.plan.length is not None and t >= s.plan.length:  # as papers, ours ends where the run ends
                continue
            assert abs(formula.value(t, base, recipe.base) - level) <= 1e-12 * base * 2, (t, level, formula.value(t, base, recipe.base))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
