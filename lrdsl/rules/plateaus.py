"""Lint rules about metrics: a mode or a condition against the metric, a metric without a name, a threshold that it cannot beat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrdsl.diagnostics import Fix
from lrdsl.rules.rule import Facts, Finding, Rule, argument, value
from lrdsl.syntax import canonical, nodes

#: No metric gets better by this share of its best, report after report.
_MUCH = 0.3
#: Where a word of a name in camel case ends.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
#: Names of metrics that fall as training gets better, and of those that rise.
_LOW = re.compile(
    r"(?:^|[_/.\W])(loss|error|err|perplexity|ppl|[rn]?mse|mae|mape|rmsle|wer|cer|ter|fid|nll|nlpd|bpb|bpc|lpips|brier|ece|eer|regret|hd95)(?:$|[_/.\W\d])"
)
_HIGH = re.compile(
    r"(?:^|[_/.\W])(acc|accuracy|auc|auroc|auprc|roc_auc|f1|bleu|rouge|chrf|meteor|cider|precision|recall|m?iou|jaccard|dice|map|ndcg|mrr|mcc|reward|returns?|win_rate"
    r"|success_rate|exact_match|r2|psnr|ssim)(?:$|[_/.\W\d])"
)


def _better(name: str) -> str:
    """How a metric of this name gets better: it "falls" or "rises"; "" if the name does not say."""
    words = _CAMEL.sub("_", name).lower()
    low, high = _LOW.search(words), _HIGH.search(words)
    return "falls" if low is not None and high is None else "rises" if high is not None and low is None else ""


def _wrong_mode(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if isinstance(node, nodes.Until):
            yield from (finding for condition in node.conditions for finding in _against(condition))
    for use in f.uses:
        if use.name == "plateau":
            yield from _of_mode(use.node, str(use.arguments["metric"]), str(use.arguments["mode"]))


def _of_mode(node: nodes.Call | nodes.Name, metric: str, mode: str) -> Iterator[Finding]:
    """The finding of a plateau whose mode is against its metric."""
    wanted = {"falls": "min", "rises": "max"}.get(_better(metric), mode)
    if mode != wanted:
        way = "falls" if wanted == "min" else "rises"
        fix = _mode_fix(node, wanted) if isinstance(node, nodes.Call) else None
        yield Finding(node.extent, f"`{metric}` gets better as it {way}, and the mode is {mode}", f"write `mode={wanted}`", fix)


def _against(condition: nodes.Node) -> Iterator[Finding]:
    """The findings of a condition after `until`: a comparison or a plateau against the metric."""
    if isinstance(condition, nodes.Call) and condition.name == "plateau":
        texts = {a.name: canonical(a.value).strip('"') for a in condition.arguments if a.name in ("metric", "mode")}
        yield from _of_mode(condition, texts.get("metric", ""), texts.get("mode", "min"))
    if not isinstance(condition, nodes.Comparison):
        return
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[condition.op]
    for side, op in ((condition.left, condition.op), (condition.right, turned)):
        if not isinstance(side, nodes.Name | nodes.Text):
            continue
        metric, way = canonical(side).strip('"'), "falls" if op in (">", ">=") else "rises"
        if _better(metric) == way:
            text = canonical(condition)
            repair = f"{canonical(condition.left)} {turned} {canonical(condition.right)}"
            message = f"`{metric}` gets better as it {way}, and the phase ends where it is worse than that: `{text}`"
            yield Finding(condition.extent, message, f"write `{repair}`", Fix(*condition.extent, repair))


def _mode_fix(node: nodes.Call, mode: str) -> Fix | None:
    """The repair that gives a plateau this mode; None for a plateau without brackets or arguments."""
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


def _high_threshold(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        written, threshold = argument(use, "threshold") if use.name == "plateau" else None, value(use.arguments.get("threshold"))
        if written is None or threshold is None or threshold < _MUCH or use.arguments["threshold_mode"] != "rel" or f.is_open(written.value):
            continue
        help = "for an amount, write `threshold_mode=abs`; a usual threshold is 1e-4 to 0.01; the factor of a reduction is `factor`"
        yield Finding(written.extent, f"a report counts as better only if it beats the best one by {float(threshold):.0%} of it", help)


RULES = (
    Rule(
        "LR210",
        "mode-against-the-metric",
        "A plateau or a condition that waits for an accuracy to fall, or for a loss to rise.",
        "The rate is then reduced, or the phase ended, at the wrong time.",
        "plateau(metric=val_acc)",
        "plateau(metric=val_acc, mode=max)",
        _wrong_mode,
        "unsafe",
        about=("plateau", nodes.Until),
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
        about=("plateau",),
    ),
    Rule(
        "LR225",
        "threshold-out-of-reach",
        "A plateau whose threshold is a large share of the best metric.",
        "Hardly any report is that much better than the best one, so the rate falls by patience alone.",
        "plateau(threshold=0.5)",
        "plateau(threshold=0.5, threshold_mode=abs)",
        _high_threshold,
        about=("plateau",),
    ),
)
