"""The explanation of each code that no rule has, with a bad and a good example. `lrdsl explain`, the page of the rules and the tests use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.diagnostics import CODES
from lrdsl.linting.linter import ABOUT, JOINED, UNREADABLE
from lrdsl.rules.finding import UNUSED


@attrs.frozen
class Explanation:
    """What a code means: `why`, and an example that has the problem beside one that has none.

    `clock` are the options for both examples. `language` is "lrs" for a text, "yaml" for a file, and "python" for lines of a program, in which `lrdsl` is
    imported and `optimizer` has one param group with an `lr` of 0.1 and `betas`.
    """

    code: str
    why: str
    bad: str
    good: str
    clock: Mapping[str, Any] = attrs.field(factory=dict)
    language: str = "lrs"

    @property
    def finds(self) -> str:
        """The title of the code, as a sentence."""
        title = CODES.get(self.code) or ABOUT[self.code]
        return f"{title[0].upper()}{title[1:]}."


_RUN = {"total_steps": 1000}
_EPOCH = {"steps_per_epoch": 100}
_GROWS = "set batch_size = hold(100, at=256) then hold(at=512)\nset total      = 10k\n"
_ALL = (
    Explanation(
        "LR001", "A sign that other languages use may mean something else here, so none is guessed.", "warmup(5) -> cosine(95)", "warmup(5) then cosine(95)"
    ),
    Explanation(
        "LR002",
        "Every phase is joined to the next by a word, and every argument to the next by a comma.",
        "warmup(5) cosine(95)",
        "warmup(5) then cosine(95)",
    ),
    Explanation("LR003", "Each `(` and `[` needs its `)` or `]`.", "warmup(5) then cosine(95", "warmup(5) then cosine(95)"),
    Explanation(
        "LR004",
        "A schedule has at least one phase. A `.lrs` file that other files use may hold definitions alone.",
        "# half a cosine over the run",
        "cosine(95)  # half a cosine over the run",
    ),
    Explanation(
        "LR005",
        "A text may come from anyone, so its size is bounded, and so are the phases, cycles and names that it stands for.",
        "repeat(max(exp(0.9), 0.1) for 3, times=900)",
        "restarts(max(exp(0.9), 0.1) for 3, times=900)",
    ),
    Explanation("LR006", "Nobody can read a text that is nested deeper than 64 brackets.", f"{'(' * 65}cosine(95){')' * 65}", "cosine(95)"),
    Explanation(
        "LR007",
        "A number is 0, or lies between 1e-100 and 1e100, and has at most 40 characters. Digits are grouped by `_`, since a comma separates arguments.",
        "cosine(10,000)",
        "cosine(10_000)",
    ),
    Explanation("LR101", "Only what stands before a bracket tells which curve is meant. `grammar/reference.md` lists the shapes.", "cosin(95)", "cosine(95)"),
    Explanation(
        "LR102",
        "A parameter that is passed over in silence would leave its default in place. Other libraries' names of a parameter are understood in the help line.",
        "cosine(95, eta_min=0.1x)",
        "cosine(95, to=0.1x)",
    ),
    Explanation(
        "LR103",
        "A name is that of a `let`, a parameter of a `def`, a number that the program gives (`names=`), or a word of the language.",
        "warmup(w) then cosine(95)",
        "let w = 5; lr = warmup(w) then cosine(95)",
    ),
    Explanation(
        "LR104",
        "A schedule counts progress, not time of day: in ticks, steps, epochs, tokens, samples or shares of the run.",
        "cosine(90 minutes)",
        "cosine(90 epochs)",
        _EPOCH,
    ),
    Explanation("LR105", "Such a parameter takes one of a few words.", "warmup(5, shape=cos) then cosine(95)", "warmup(5, shape=cosine) then cosine(95)"),
    Explanation("LR106", "What has no default must be written.", "warmup() then cosine(95)", "warmup(5) then cosine(95)"),
    Explanation(
        "LR107",
        "An argument without a parameter would be passed over in silence.",
        "def decay(n) = warmup(5) then cosine(n)\nlr = decay(95, 0.1)",
        "def decay(n) = warmup(5) then cosine(n)\nlr = decay(95)",
    ),
    Explanation("LR108", "Only one of the two could count.", "cosine(95, n=90)", "cosine(95)"),
    Explanation("LR109", "A reader cannot tell which parameter such an argument is for.", "cosine(n=95, 0.1x)", "cosine(n=95, to=0.1x)"),
    Explanation(
        "LR111", "A duration, a level, a factor and an option are different kinds, and none stands for another.", "cosine(0.1x, 95)", "cosine(95, 0.1x)"
    ),
    Explanation(
        "LR112", "A number is a level or a length, and says nothing of how the schedule gets there.", "warmup(5) then 0.1x", "warmup(5) then hold(at=0.1x)"
    ),
    Explanation("LR113", "An argument is a number. A phase has many levels.", "let tail = hold(20)\nlr = cosine(tail)", "let tail = 20\nlr = cosine(tail)"),
    Explanation(
        "LR114",
        "Only values of one kind can be added or compared. Phases are joined by `then`, multiplied, or combined by `sum`, `min` and `max`.",
        "warmup(5) + cosine(95)",
        "warmup(5) then cosine(95)",
    ),
    Explanation(
        "LR115",
        "A factor multiplies a level, so its own levels are multiples: `0.1x`. A rate there would be multiplied by a rate.",
        "cosine(95) * linear(95, to=0.1)",
        "cosine(95) * linear(95, to=0.1x)",
    ),
    Explanation(
        "LR116",
        "One name has one meaning in a text, and words of the language keep theirs.",
        "let rest = 95\nlr = warmup(5) then cosine(95)",
        "let decay = 95\nlr = warmup(5) then cosine(decay)",
    ),
    Explanation(
        "LR117",
        "A target is one number of the param groups: a key, or a place in a tuple.",
        "lr    = cosine(95)\nbetas = hold(at=0.95)",
        "lr       = cosine(95)\nbetas[0] = hold(at=0.95)",
    ),
    Explanation(
        "LR118",
        "Such a condition is true at the first report that lies on the right side of the number. A metric hardly ever equals a number.",
        "hold until loss == 0.3 then linear(10)",
        "hold until loss < 0.3 then linear(10)",
    ),
    Explanation(
        "LR119",
        "`until 20` is tick 20 of the run. `for 20` is a length.",
        "warmup(30) then hold until 20 then linear(10)",
        "warmup(30) then hold for 20 then linear(10)",
    ),
    Explanation(
        "LR121",
        "A length in epochs, tokens or shares becomes ticks by a fact that the text sets, or the program gives.",
        "cosine(90ep)",
        "set epoch = 1251 steps; lr = cosine(90ep)",
    ),
    Explanation(
        "LR122",
        "`rest` is what the other phases of one sequence leave of the run.",
        "hold(rest) then cosine(rest)",
        "hold(80%) then cosine(rest)",
        _RUN,
    ),
    Explanation(
        "LR123",
        "Where the batch grows, as many tokens are fewer ticks later in the run. So a length that is used again is no fixed number of ticks.",
        f"{_GROWS}lr = step(1k samples)",
        f"{_GROWS}lr = step(1k)",
    ),
    Explanation(
        "LR124",
        "Steps per epoch, epochs and steps are three facts of which two give the third.",
        "set total = 90ep; set epoch = 10 steps; lr = cosine(rest)",
        "set epoch = 10 steps; lr = cosine(rest)",
        _RUN,
    ),
    Explanation(
        "LR125",
        "A program changes its batch at some steps, and between them the batch is a whole number.",
        "set batch_size = linear(10k, from=32, to=1024)\nlr = cosine(100k)",
        "set batch_size = hold(5k, at=32) then hold(at=1024)\nlr = cosine(100k)",
    ),
    Explanation(
        "LR131", "Outside of its range, a parameter has no meaning. `grammar/reference.md` gives the ranges.", "onecycle(100, pct=30)", "onecycle(100, pct=0.3)"
    ),
    Explanation("LR132", "A cycle is repeated a whole number of times.", "restarts(cosine(10), times=2.5)", "restarts(cosine(10), times=3)"),
    Explanation("LR133", "Milestones that fall back are most often two lists in one, or a slip.", "multistep([60, 30])", "multistep([30, 60])"),
    Explanation("LR134", "Each milestone has its own factor, or all have the same.", "multistep([30, 60], [0.5, 0.2, 0.1])", "multistep([30, 60], [0.5, 0.2])"),
    Explanation("LR141", "What stands after an endless phase would never begin.", "exp(0.95) then cosine(20)", "exp(0.95) for 30 then cosine(20)"),
    Explanation("LR142", "A cycle ends before the next one begins.", "restarts(exp(0.9))", "restarts(exp(0.9) for 10)"),
    Explanation(
        "LR143",
        "In `repeat`, each cycle enters at the level where the last one ended. Without a formula for it, each tick would need all ticks before it.",
        "repeat(max(exp(0.9), 0.1) for 3)",
        "restarts(max(exp(0.9), 0.1) for 3)",
    ),
    Explanation("LR144", "A rate that grows without end, or divides by 0, ruins the model at once.", "step(0.1, 30)", "step(30, 0.1)"),
    Explanation(
        "LR145",
        "The author of the text says what is to be so, and it is not. The message has the first tick that shows it.",
        "lr = warmup(5) then cosine(95)\nassert lr at 95 == 0",
        "lr = warmup(5) then cosine(90)\nassert lr at 95 == 0",
    ),
    Explanation(
        "LR146",
        "Only a `.lrs` file can use others, which lie in its folder or below it, are files of this language, and do not use it in turn.",
        'use "common.lrs"\nlr = cosine(95)',
        "def tail(n) = warmup(5) then cosine(n)\nlr = tail(95)",
    ),
    Explanation(
        "LR147",
        "Its level depends on numbers that only the run has, and a factor, a level or an assertion is known from the ticks alone.",
        "cosine(20) * plateau",
        "hold(20) then plateau",
    ),
    Explanation(
        "LR151",
        "A state counts ticks of the schedule that saved it. With `migrate=True`, the new schedule goes on from where the run was.",
        'saved = lrdsl.compile("cosine(20)", optimizer).state_dict()\nlrdsl.compile("cosine(30)", optimizer).load_state_dict(saved)',
        'saved = lrdsl.compile("cosine(20)", optimizer).state_dict()\nlrdsl.compile("cosine(30)", optimizer, migrate=True).load_state_dict(saved)',
        language="python",
    ),
    Explanation(
        "LR152",
        "An argument of the wrong type, or one that contradicts another, is refused before the run begins.",
        'scheduler = lrdsl.compile("cosine(20)", optimizer, last_epoch=5)',
        'scheduler = lrdsl.compile("cosine(20)", optimizer)\nscheduler.seek(5)',
        language="python",
    ),
    Explanation(
        "LR153",
        "A target that sets no param group would do nothing. Adam has `betas` where SGD has `momentum`.",
        'lrdsl.compile("momentum = hold(at=0.95)", optimizer)',
        'lrdsl.compile("betas[0] = hold(at=0.95)", optimizer)',
        language="python",
    ),
    Explanation(
        "LR154",
        "If a schedule watches two metrics, a number without a name could be either.",
        'lrdsl.compile("hold until loss < 0.3 then plateau(metric=acc)", optimizer).step(0.5)',
        'lrdsl.compile("hold until loss < 0.3 then plateau(metric=acc)", optimizer).step(loss=0.5)',
        language="python",
    ),
    Explanation(
        "LR155",
        "What another library has is often a function of the step, or a rate alone. Nothing else is put in the place of what it cannot say.",
        'lrdsl.parse("hold until loss < 0.3 then linear(10)").export("torch")',
        'lrdsl.parse("hold(20) then linear(10)").export("torch")',
        language="python",
    ),
    Explanation(
        "LR160",
        "A schedule that is a function of Python, or whose arguments are not written out, has no text. Nothing is guessed.",
        'lrdsl.read("StepLR(optimizer, **options)")',
        'lrdsl.read("StepLR(optimizer, step_size=30)")',
        language="python",
    ),
    Explanation(UNUSED, "It would silence a problem that comes later, and that nobody has looked at.", "cosine(95)  # lrs: ignore[LR307]", "cosine(95)"),
    Explanation(
        UNREADABLE,
        "The schedules after the fault are not checked. A file that a program makes from a template is noted only.",
        'lr_schedule: "cosine(95)\nepochs: 90\n',
        'lr_schedule: "cosine(95)"\nepochs: 90\n',
        language="yaml",
    ),
    Explanation(
        JOINED,
        "YAML ends a text in a list at a comma, and folds lines into one. What arrives in the program is not what stands there.",
        "lr_schedule: [warmup(5, from=0.1x) then cosine(95)]\n",
        'lr_schedule: ["warmup(5, from=0.1x) then cosine(95)"]\n',
        language="yaml",
    ),
)
#: The explanation of every code that no rule has.
EXPLANATIONS: dict[str, Explanation] = {explanation.code: explanation for explanation in _ALL}
