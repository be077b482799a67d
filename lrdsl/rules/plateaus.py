"""Lint rules about plateaus: patience that cannot run out, a mode against the metric, a metric without a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrdsl.check.notes import Use
from lrdsl.diagnostics import Fix
from lrdsl.rules.rule import Facts, Finding, Rule, ticks, value
from lrdsl.syntax import nodes

#: Names of metrics that fall as training gets better, and of those that rise.
_LOW = re.compile(r"(?:^|[_/.\W])(loss|error|err|perplexity|ppl|mse|mae|rmse|wer|cer|fid|nll)(?:$|[_/.\W\d])")
_HIGH = re.compile(r"(?:^|[_/.\W])(acc|accuracy|auc|auroc|f1|bleu|rouge|precision|recall|iou|map|reward|r2|psnr|ssim)(?:$|[_/.\W\d])")


def _long_patience(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if not isinstance(node, nodes.Limited):
            continue
        use = f.notes.uses.get((node.body.extent, "plateau"))
        length = node.length.value if isinstance(node.length, nodes.Number) else None
        patience = None if use is None else value(use.arguments["patience"])
        if length is not None and patience is not None and length <= patience:
            message = f"a patience of {patience} reports cannot run out within {ticks(length)}"
            yield Finding(node.extent, message, "write a smaller `patience`, or make the phase longer")


def _wrong_mode(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        if use.name != "plateau":
            continue
        name, mode = use.arguments["metric"], use.arguments["mode"]
        low, high = _LOW.search(str(name).lower()), _HIGH.search(str(name).lower())
        if low is not None and high is None and mode == "max":
            yield Finding(use.node.extent, f"`{name}` gets better as it falls, and the mode is max", "write `mode=min`", _mode_fix(use, "min"))
        if high is not None and low is None and mode == "min":
            yield Finding(use.node.extent, f"`{name}` gets better as it rises, and the mode is min", "write `mode=max`", _mode_fix(use, "max"))


def _mode_fix(use: Use, mode: str) -> Fix | None:
    """The repair that gives a plateau this mode; None for a plateau without brackets or arguments."""
    node = use.node
    written = next((a for a in node.arguments if a.name == "mode"), None)
    return (
        Fix(*written.value.extent, mode) if written is not None else Fix(node.extent[1] - 1, node.extent[1] - 1, f", mode={mode}") if node.arguments else None
    )


def _unnamed_metric(f: Facts) -> Iterator[Finding]:
    names = sorted({watch.monitor.metric for t in f.program.targets for watch in t.plan.watches})
    for use in f.uses:
        if use.name == "plateau" and "metric" not in use.given and len(names) > 1:
            others = [name for name in names if name != use.arguments["metric"]]
            last = use.node.extent[1] - 1
            fix = Fix(last, last, f"{', ' * bool(use.node.arguments)}metric={others[0]}") if f.text[last] == ")" and len(others) == 1 else None
            message = f"this plateau follows a metric called `{use.arguments['metric']}`; the text also follows {', '.join(f'`{name}`' for name in others)}"
            yield Finding(use.node.extent, message, f"name the metric that it follows: `metric={others[0]}`", fix)


RULES = (
    Rule(
        "LR209",
        "patience-over-the-phase",
        "A plateau whose patience cannot run out before its phase ends.",
        "The rate is then never reduced.",
        "plateau(patience=10) for 5 then linear(5)",
        "plateau(patience=2) for 5 then linear(5)",
        _long_patience,
    ),
    Rule(
        "LR210",
        "mode-against-the-metric",
        "A plateau that waits for an accuracy to fall, or for a loss to rise.",
        "The rate is then reduced while training goes well.",
        "plateau(metric=val_acc)",
        "plateau(metric=val_acc, mode=max)",
        _wrong_mode,
        "unsafe",
    ),
    Rule(
        "LR213",
        "plateau-of-no-name",
        "A plateau without a metric, in a text that follows a metric by name.",
        "It waits for a metric called `metric`, which the run probably does not report.",
        "plateau(patience=3) until val_loss < 0.3 or 50",
        "plateau(patience=3, metric=val_loss) until val_loss < 0.3 or 50",
        _unnamed_metric,
        "unsafe",
    ),
)
