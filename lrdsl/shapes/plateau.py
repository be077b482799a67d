"""The shape that follows a metric: plateau."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lrdsl.expr import ZERO, Expr, Num, call
from lrdsl.expr.exact import Exact
from lrdsl.kinds import choice, count, level, metric, ratio
from lrdsl.metrics import Plateau
from lrdsl.phrases import Part, Phrase
from lrdsl.shapes.shape import Shape

#: The parameters that define a plateau of a metric; `until plateau(...)` takes these alone.
WATCHED = (
    count("patience", "how many reports in a row may be no better than the best one", 10, low=0),
    ratio("threshold", "by how much a report must beat the best one to count as better", 1e-4, exact=True),
    choice("threshold_mode", "whether the threshold is a share of the best value or an amount", "rel", "rel", "abs"),
    count("cooldown", "reports after a reduction that do not count as bad", 0, low=0),
    choice("mode", "whether a better metric is lower or higher", "min", "min", "max"),
    metric("metric", "the metric, by the name under which the run reports it", "metric"),
    choice("compare", "whether a report is compared with the best before or with the one before", "best", "best", "previous"),
)


def _whole(value: Expr) -> int:
    assert isinstance(value, Num)
    return value.value.numerator


def _exact(value: Expr) -> Exact:
    assert isinstance(value, Num)
    return value.value


def monitor(**arguments: Any) -> Plateau:
    """Returns the monitor of the metric, from the arguments of a `plateau`."""
    return Plateau(
        arguments["metric"],
        arguments["mode"],
        _whole(arguments["patience"]),
        _exact(arguments["threshold"]),
        arguments["threshold_mode"],
        _whole(arguments["cooldown"]),
        arguments["compare"],
    )


def _never(_u: Expr) -> Expr:
    return ZERO


#: The default of torch for the least reduction, which a sentence does not mention.
_EPS = Fraction(1, 10**8)


def _phrase(factor: Expr, eps: Expr, reductions: Callable[[Expr], Expr] = _never, **arguments: Any) -> Phrase:
    least: list[Part] = [] if arguments["min"] == ZERO else [" down to ", arguments["min"]]
    usual = arguments["min"] == ZERO or (isinstance(eps, Num) and eps.value == _EPS)
    skipped: list[Part] = [] if usual else [", however small the step,"] if eps == ZERO else [", but not by ", eps, " or less,"]
    return Phrase(("is multiplied by ", factor, *least, *skipped, f" each time {monitor(**arguments).sentence}"))


plateau = Shape(
    name="plateau",
    summary="Multiplies by `factor` each time a metric has stopped improving, without end.",
    source="torch ReduceLROnPlateau",
    parameters=(
        ratio("factor", "the factor of one reduction", 0.1, letter="gamma", high=1, open_high=True),
        *WATCHED[:4],
        level("min", "the lowest level", 0, letter="eta_min", sets=""),
        level("eps", "a reduction by this much or less is skipped", float(_EPS), letter="epsilon", sets=""),
        *WATCHED[4:],
    ),
    length=lambda **_: None,
    level=lambda u, v, factor, eps, reductions=_never, **arguments: call("reduce", v, reductions(u), factor, arguments["min"], eps),
    says=_phrase,
    monitor=monitor,
    known_as=("reduceonplateau", "reducelronplateau", "reduce_on_plateau", "reduce_lr_on_plateau"),
    example="plateau(patience=3)",
)

SHAPES = (plateau,)
