"""Tests `examples/papers.md`, which shows formulas from papers beside ours: both are read as LaTeX and have equal values.

`python -m tests.formulas.test_papers` writes the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    base: str = r"\eta_{\max}"
    clock: dict[str, Any] = attrs.field(factory=dict)

    @property
    def schedule(self) -> lrdsl.Schedule:
        return lrdsl.parse(self.text, **self.clock)

    @property
    def ours(self) -> str:
        return self.schedule.latex(base=self.base or None, symbolic=True)


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
        clock={"total_steps": 10_000},
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
        clock={"total_steps": 10_000},
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
    Recipe(
        "MiniCPM: warmup, stable, decay",
        "Hu et al., *MiniCPM: Unveiling the Potential of Small Language Models with Scalable Training Strategies*, 2024, eq. 1",
        r"WSD(T; s) = \begin{cases}"
        "\n"
        r"    \frac{s}{W}\,\eta & s < W \\[3pt]"
        "\n"
        r"    \eta & W \le s < T \\[3pt]"
        "\n"
        r"    0.5^{(s - T)/h}\,\eta & T \le s < S"
        "\n"
        r"\end{cases}",
        {"s": "t", "W": "500", "T": "9000", "S": "10000", "h": "200", r"\eta": r"\eta_{\max}"},
        "warmup(500) then hold(8500) then exp(0.5, per=200) for 1000",
        "The paper writes f(s - T) for the decay, and 0.5^((s - T)/h) for it in its experiments.",
    ),
    Recipe(
        "DeepSeek-V3",
        "DeepSeek-AI, *DeepSeek-V3 Technical Report*, 2024, section 4.2, which says it in words; here as a formula of the tokens n",
        r"\eta(n) = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{2000} & t < 2000 \\[3pt]"
        "\n"
        r"    \eta_{\max} & 2000 \le t < n_1 \\[3pt]"
        "\n"
        r"    \eta_1 + \tfrac{1}{2}(\eta_{\max} - \eta_1)\left(1 + \cos\left(\pi \frac{t - n_1}{n_c}\right)\right) & n_1 \le t < n_1 + n_c \\[3pt]"
        "\n"
        r"    \eta_1 & n_1 + n_c \le t < n_1 + n_c + n_s \\[3pt]"
        "\n"
        r"    \eta_2 & n_1 + n_c + n_s \le t < n_1 + n_c + n_s + n_e"
        "\n"
        r"\end{cases}",
        {
            "n_1": "10^{13}/62914560",
            "n_c": r"4.3 \times 10^{12}/62914560",
            "n_s": r"3.33 \times 10^{11}/62914560",
            "n_e": r"1.67 \times 10^{11}/62914560",
            r"\eta_1": "0.000022",
            r"\eta_2": "0.0000073",
        },
        "warmup(2000 steps) then hold until 10T tokens then cosine(4.3T tokens, to=2.2e-5) then hold(333B tokens) then hold(167B tokens, at=7.3e-6)",
        "At the full batch, of 15360 sequences of 4096 tokens; the paper's batch grows over the first 469B tokens, which `set tokens_per_step` can say too.",
        clock={"tokens_per_step": 15360 * 4096},
    ),
    Recipe(
        "Llama 3 405B",
        "Llama Team, *The Llama 3 Herd of Models*, 2024, section 3.4.1, in words",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{8000} & t < 8000 \\[3pt]"
        "\n"
        r"    \eta_{\min} + \tfrac{1}{2}(\eta_{\max} - \eta_{\min})\left(1 + \cos\left(\pi \frac{t - 8000}{1192000}\right)\right) & 8000 \le t < 1200000"
        "\n"
        r"\end{cases}",
        {r"\eta_{\min}": r"0.01\,\eta_{\max}"},
        "warmup(8000) then cosine(rest, to=0.01x)",
        clock={"total_steps": 1_200_000},
    ),
    Recipe(
        "OLMo 2",
        "OLMo Team, *2 OLMo 2 Furious*, 2025, section 2.3, in words: a cosine for 5T tokens to a tenth, cut at 4T, then a line to 0",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{2000} & t < 2000 \\[3pt]"
        "\n"
        r"    \eta_{\min} + \tfrac{1}{2}(\eta_{\max} - \eta_{\min})\left(1 + \cos\left(\pi \frac{t - 2000}{T_c}\right)\right) & 2000 \le t < T_e \\[3pt]"
        "\n"
        r"    \eta_e\left(1 - \frac{t - T_e}{T_d}\right) & T_e \le t < T_e + T_d"
        "\n"
        r"\end{cases}",
        {
            r"\eta_{\min}": r"0.1\,\eta_{\max}",
            "T_c": "5 \\times 10^{12}/4194304",
            "T_e": "4 \\times 10^{12}/4194304",
            "T_d": "5 \\times 10^{10}/4194304",
            r"\eta_e": r"\eta_{\max}(0.1 + 0.45(1 + \cos(\pi(4 \times 10^{12}/4194304 - 2000)/(5 \times 10^{12}/4194304))))",
        },
        "warmup(2000 steps) then cosine(5T tokens, to=0.1x) until 4T tokens then linear(50B tokens)",
        clock={"tokens_per_step": 4_194_304},
    ),
    Recipe(
        "ULMFiT: slanted triangular",
        "Howard and Ruder, *Universal Language Model Fine-tuning for Text Classification*, 2018, eq. 3",
        r"\eta_t = \eta_{\max} \cdot \frac{1 + p \cdot (\mathrm{ratio} - 1)}{\mathrm{ratio}}",
        {"p": r"\min(t/\mathrm{cut}, 1 - (t - \mathrm{cut})/(\mathrm{cut} \cdot (1/0.1 - 1)))", r"\mathrm{cut}": "100", r"\mathrm{ratio}": "32"},
        "let ratio = 32; let cut = 100; lr = warmup(cut, from=base/ratio) then linear(9 * cut, to=base/ratio)",
        "The paper's p is t/cut before the cut and 1 - (t - cut)/(cut (1/cut_frac - 1)) after it, the smaller of the two; with cut_frac = 0.1.",
    ),
    Recipe(
        "REX",
        "Chen et al., *REX: Revisiting Budgeted Training with an Improved Schedule*, 2022, section 4",
        r"\eta_t = \eta_0 \cdot \frac{1 - t/T}{\tfrac{1}{2} + \tfrac{1}{2}(1 - t/T)}",
        {"T": "1000"},
        "let T = 1000; lr = scale((T - t) / (T - t/2)) for T",
        base=r"\eta_0",
    ),
    Recipe(
        "Power scheduler",
        "Shen et al., *Power Scheduler: A Batch Size and Token Number Agnostic Learning Rate Scheduler*, 2024, eqs. 5 and 6",
        r"\eta(n) = \begin{cases}"
        "\n"
        r"    \frac{n}{N_{\mathrm{warmup}}}\,\min(\eta_{\max}, a\,N_{\mathrm{warmup}}^{b}) & n < N_{\mathrm{warmup}} \\[3pt]"
        "\n"
        r"    \min(\eta_{\max}, a\,n^{b}) & N_{\mathrm{warmup}} \le n < N - N_{\mathrm{decay}} \\[3pt]"
        "\n"
        r"    \frac{N - n}{N_{\mathrm{decay}}}\,\min(\eta_{\max}, a\,(N - N_{\mathrm{decay}})^{b}) & N - N_{\mathrm{decay}} \le n < N"
        "\n"
        r"\end{cases}",
        {"n": "t", r"N_{\mathrm{warmup}}": "500", "N": "10000", r"N_{\mathrm{decay}}": "2500", "a": "0.4", "b": "(-0.51)"},
        "power(500, 7000, 2500, 0.4)",
    ),
    Recipe(
        "Infinite schedule",
        "Ibrahim et al., *Simple and Scalable Strategies to Continually Pre-train Large Language Models*, 2024, eq. 2",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{t_w} & t < t_w \\[3pt]"
        "\n"
        r"    \eta_c + \frac{\eta_{\max} - \eta_c}{2}\left(1 + \cos\left(\pi \frac{t - t_w}{t_c - t_w}\right)\right) & t_w \le t < t_c \\[3pt]"
        "\n"
        r"    \eta_c & t_c \le t < t_s \\[3pt]"
        "\n"
        r"    \eta_c\left(\frac{\eta_{\min}}{\eta_c}\right)^{(t - t_s)/(t_e - t_s)} & t_s \le t < t_e"
        "\n"
        r"\end{cases}",
        {"t_w": "500", "t_c": "3500", "t_s": "8500", "t_e": "9500", r"\eta_c": r"0.5\,\eta_{\max}", r"\eta_{\min}": r"0.1\,\eta_{\max}"},
        "infinite(500, 3000, 5000, 1000)",
    ),
    Recipe(
        "DINO: the weight decay",
        "Caron et al., *Emerging Properties in Self-Supervised Vision Transformers*, 2021, section 3.3: a cosine from 0.04 to 0.4",
        r"\lambda_t = \lambda_1 + \tfrac{1}{2}(\lambda_0 - \lambda_1)\left(1 + \cos\left(\pi \frac{t}{T}\right)\right)",
        {r"\lambda_0": "0.04", r"\lambda_1": "0.4", "T": "125100"},
        "weight_decay = cosine(total, from=0.04, to=0.4)",
        base="",
        clock={"total_steps": 125_100},
    ),
    Recipe(
        "BEiT: warmup and cosine",
        "Bao et al., *BEiT: BERT Pre-Training of Image Transformers*, 2022, appendix, in words: 10 epochs of warmup, then a cosine over 800 epochs",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{10} & t < 10 \\[3pt]"
        "\n"
        r"    \eta_{\min} + \tfrac{1}{2}(\eta_{\max} - \eta_{\min})\left(1 + \cos\left(\pi \frac{t - 10}{790}\right)\right) & 10 \le t < 800"
        "\n"
        r"\end{cases}",
        {r"\eta_{\min}": "0.00001"},
        "warmup(10ep) then cosine(790ep, to=1e-5)",
        clock={"tick": "epoch"},
    ),
    Recipe(
        "LAMB: large batches",
        "You et al., *Large Batch Optimization for Deep Learning: Training BERT in 76 minutes*, 2020, section 4: the square root of the batch, a linear warmup, a linear decay",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{T_w} & t < T_w \\[3pt]"
        "\n"
        r"    \eta_{\max}\left(1 - \frac{t - T_w}{T - T_w}\right) & T_w \le t < T"
        "\n"
        r"\end{cases}",
        {"T_w": "3125", "T": "15625"},
        "warmup(3125) then linear(rest)",
        "The base is sqrt(B/512) times that of a batch of 512.",
        clock={"total_steps": 15_625},
    ),
    Recipe(
        "ResNet on CIFAR-10",
        "He et al., *Deep Residual Learning for Image Recognition*, 2016, section 4.2: 0.1, divided by 10 at 32k and 48k iterations, until 64k",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_0 & t < 32000 \\[3pt]"
        "\n"
        r"    \frac{\eta_0}{10} & 32000 \le t < 48000 \\[3pt]"
        "\n"
        r"    \frac{\eta_0}{100} & 48000 \le t < 64000"
        "\n"
        r"\end{cases}",
        {},
        "multistep([32k, 48k], 0.1) for 64k",
        base=r"\eta_0",
    ),
    Recipe(
        "Cyclical learning rates, triangular2",
        "Smith, *Cyclical Learning Rates for Training Neural Networks*, 2017, section 3.2: the triangles halve",
        r"\mathrm{lr} = \mathrm{low} + (\mathrm{high} - \mathrm{low})\,\frac{\max\left(0, 1 - \lvert \frac{t}{s} - 2\,c + 1 \rvert\right)}{2^{c - 1}}",
        {"c": r"\lfloor 1 + \frac{t}{2\,s} \rfloor", "s": "2000", r"\mathrm{low}": "0.001", r"\mathrm{high}": r"\eta_{\max}"},
        "cyclic(0.001, 1x, 2000, mode=triangular2)",
    ),
    Recipe(
        "Cramming",
        "Geiping and Goldstein, *Cramming: Training a Language Model on a Single GPU in One Day*, 2023, section 4.3: up and down in straight lines, with the peak in the middle of the budget",
        r"\eta_t = \eta_{\max}\,\min\left(\frac{2\,t}{T}, 2 - \frac{2\,t}{T}\right)",
        {"T": "10000"},
        "warmup(50%) then linear(rest)",
        clock={"total_steps": 10_000},
    ),
    Recipe(
        "MAE",
        "He et al., *Masked Autoencoders Are Scalable Vision Learners*, 2022, appendix A.1: lr = base lr x batch/256, 40 epochs of warmup, a cosine over 800",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \frac{B}{256}\,\eta_0\,\frac{t}{40} & t < 40 \\[3pt]"
        "\n"
        r"    \frac{B}{256}\,\frac{\eta_0}{2}\left(1 + \cos\left(\pi \frac{t - 40}{760}\right)\right) & 40 \le t < 800"
        "\n"
        r"\end{cases}",
        {"B": "4096"},
        "let B = 4096; lr = B/256 * (warmup(40ep) then cosine(760ep))",
        base=r"\eta_0",
        clock={"tick": "epoch"},
    ),
    Recipe(
        "Chinchilla",
        "Hoffmann et al., *Training Compute-Optimal Large Language Models*, 2022, section 4: a cosine as long as the run, down by a factor of 10",
        r"\eta_t = \frac{\eta_{\max}}{10} + \tfrac{1}{2}(\eta_{\max} - \frac{\eta_{\max}}{10})\left(1 + \cos\left(\pi \frac{t}{T}\right)\right)",
        {"T": r"1.4 \times 10^{12}/3000000"},
        "cosine(1400B tokens, to=0.1x)",
        clock={"tokens_per_step": 3_000_000},
    ),
    Recipe(
        "LARS",
        "You et al., *Large Batch Training of Convolutional Networks*, 2017, section 5: 5 epochs of warmup, then a polynomial decay of power 2",
        r"\eta_t = \begin{cases}"
        "\n"
        r"    \eta_{\max}\,\frac{t}{T_w} & t < T_w \\[3pt]"
        "\n"
        r"    \eta_{\max}\left(1 - \frac{t - T_w}{T - T_w}\right)^2 & T_w \le t < T"
        "\n"
        r"\end{cases}",
        {"T_w": "200", "T": "3600"},
        "warmup(200) then poly(rest, power=2)",
        clock={"total_steps": 3600},
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
    s, theirs = recipe.schedule, Formula(recipe.formula)
    per = s.program.clock.tokens_per_step
    ours = Formula(recipe.ours, {"token": per} if isinstance(per, int) else {})
    assert not ours.approximate
    theirs.meanings |= recipe.letters
    base, length = 0.01, s.plan.length
    edges = [int(float(phase.start or 0)) for phase in s.phases] + [int(s.length or 20_000)]
    far = range(401, int(length or 25_000), max(997, int(length or 0) // 200))
    ticks = sorted({*range(1, 400), *(edge + d for edge in edges for d in (-1, 0, 1) if edge + d > 0), *far})
    for t in ticks:
        if length is not None and t >= length and not (recipe.formula.endswith(r"\end{cases}") and r"\ge" in recipe.formula):
            continue  # where the run ends, formulas of papers do
        level = s.at(t, base, s.main.name)
        for formula in (theirs, ours):
            if formula is theirs or length is None or t < length:
                found = formula.value(t, base, recipe.base or "none")
                assert abs(found - level) <= 1e-12 * max(base, abs(level)) * 2, (recipe.ours, t, level, found)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
