"""`Style`: how a formula is typeset, and the check of a caller's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.arguments import number, one_of, quoted, whole_number
from lrdsl.clock import TIMES, Clock, total_of
from lrdsl.diagnostics import refuse
from lrdsl.expr.exact import Exact
from lrdsl.formulas.amounts import Lengths
from lrdsl.formulas.floats import checked_label
from lrdsl.formulas.letters import new_letters
from lrdsl.plan import Plan
from lrdsl.syntax.nodes import Node

#: The ways to arrange the pieces of a LaTeX formula, and to write numbers.
FORMS, NUMBERS = ("cases", "aligned", "iverson"), ("decimal", "fraction")
#: Named widths of a line, in ems of the text: of a column, or of a page with one.
WIDTHS = {"twocolumn": 24.0, "icml": 23.4, "ieee": 25.2, "acl": 21.9, "cvpr": 23.7, "neurips": 39.7, "iclr": 39.7, "article": 34.5}
#: The ems of the units of a width, where the text has 10 points.
_UNITS = {"em": 1.0, "pt": 0.1, "in": 7.227, "cm": 2.8453, "mm": 0.28453}


@attrs.frozen
class Style:
    r"""How a formula is typeset.

    - `form`: "cases"; "aligned", a line for each piece; or "iverson", one sum with brackets that are 1 if their condition holds, else 0.
    - `numbers`: "decimal" (0.1) or "fraction" (1/10).
    - `first`: the number of the first tick, 0 or 1.
    - `time`: the unit of t; `per`: the ticks in it, as the steps of an epoch; `tick`: what a tick is.
    - `label`: the label of a numbered equation, or "" for a formula without a number.
    - `width`: the width of a line in ems, or its name, as "ieee"; wider pieces are broken into lines.
    - `where`: whether it says what t and the base are; None for a formula that has letters for its parameters.
    - `after_end`: whether it says what holds after the end of a run that ends.
    - `names`: letters in the place of others, as `{"T_w": "N_warmup"}`.
    - `macros`: whether LaTeX has a command for each letter, defined above it; or what the commands begin with, as "wsd".
    - `lengths`: the lengths of the text in tokens and samples.
    - `base`: the base learning rate, if the text sets it.
    """

    form: str = "cases"
    numbers: str = "decimal"
    first: int = 0
    time: str = "ticks"
    per: Exact = 1
    tick: str = "steps"
    label: str = ""
    width: float = WIDTHS["twocolumn"]
    where: bool | None = None
    after_end: bool = False
    names: Mapping[str, str] = attrs.field(factory=dict)
    macros: bool | str = False
    lengths: Lengths = attrs.field(factory=Lengths)
    base: Exact | None = None


def styled(clock: Clock, tree: Node, plan: Plan, time: str, style: Mapping[str, Any]) -> Style:
    """Returns the style with the caller's settings, for a plan of a text. It says what holds after the end if the run is longer than the plan.

    Raises `ScheduleError` for a wrong value, `TypeError` for an unknown keyword.
    """
    per, total = clock.ticks_in(time), total_of(clock)
    tick = "epochs" if clock.tick == "epoch" else "steps" if clock.ticks_per_step in (None, 1) else "ticks"
    settings = Style(time=tick if time == "ticks" else time, tick=tick, per=per, lengths=Lengths.of(tree, clock), **style)
    longer = total is not None and plan.length is not None and total > plan.length
    one_of("form", settings.form, FORMS)
    one_of("numbers", settings.numbers, NUMBERS)
    first = whole_number("first", settings.first, "the first tick is called 0 or 1", high=1)
    checked_label(settings.label)
    if not (isinstance(settings.macros, bool) or (isinstance(settings.macros, str) and re.fullmatch("[A-Za-z]{2,20}", settings.macros))):
        raise refuse("LR152", f"macros is {quoted(settings.macros)}", "give True or False, or what the commands begin with: 2 to 20 letters, as `wsd`")
    for name in ("where", "after_end"):
        value = getattr(settings, name)
        if not isinstance(value, bool) and not (name == "where" and value is None):
            raise refuse("LR152", f"{name} is {quoted(value)}", "give True or False")
    settings = attrs.evolve(settings, after_end=settings.after_end or longer)
    return attrs.evolve(settings, first=first, width=width_in_ems(settings.width), names=new_letters(settings.names))


def needs_letters(style: Style) -> bool:
    """Whether the text has lengths that would be long numbers in a formula, which then has letters for them."""
    return TIMES[style.time] in ("token", "sample") or not style.lengths.are_whole


def width_in_ems(width: Any) -> float:
    """Returns a width in ems. Raises `ScheduleError` for one that is none."""
    help = f"give the width of a line in ems, from 1 up, or with a unit, as 8cm, or as {', '.join(WIDTHS)}"
    if isinstance(width, str):
        if width in WIDTHS:
            return WIDTHS[width]
        parts = re.fullmatch(r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(em|pt|in|cm|mm)?\s*", width)
        if parts is None:
            raise refuse("LR152", f"width is {quoted(width)}", help)
        width = float(parts[1]) * _UNITS[parts[2] or "em"]
    return float(number("width", width, help, low=1, high=10**6))
