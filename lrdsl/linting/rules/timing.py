"""Rules about time: what is too long, too short, past the end, or counted in the wrong unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lrdsl.check.notes import Use
from lrdsl.clock import UNITS
from lrdsl.diagnostics import Fix
from lrdsl.expr import ZERO
from lrdsl.expr.exact import Exact, quotient
from lrdsl.linting.rules.rule import Facts, Finding, Rule, argument, ticks, value
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

#: The shapes that take n ticks to come to a level.
_DECAYS = tuple(name for name, forms in SHAPES.items() for form in forms if form.length == "n" and any(p.name == "to" for p in form.parameters))
#: The shapes that stay where they are past their length.
_HOLDING = {name for name, forms in SHAPES.items() for form in forms if form.end is not None}


def _first_zero(f: Facts) -> Iterator[Finding]:
    if f.clock.tick != "epoch":
        return
    for name, body in f.bodies:
        chain = f.whole(body)
        use = f.notes.uses.get((chain.items[0].extent, "warmup")) if chain is not None and name == "lr" else None
        if use is not None and use.arguments["from_"] == ZERO and "from" not in use.given and value(use.arguments["n"]) not in (None, 0):
            last = use.node.extent[1] - 1
            fix = Fix(last, last, f", from=base/{canonical(use.node.arguments[0].value)}") if use.node.arguments else None
            yield Finding(use.node.extent, "the whole first epoch is trained with a rate of 0", "start above 0: `warmup(5, from=base/5)`", fix)


def _too_long(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        if f.total is None or chain is None or any(n is None for n in chain.lengths):
            continue
        over = sum(chain.lengths) - f.total
        shares = sum(q.value for item in chain.items for q in _shares(item))
        last = chain.items[-1]
        if isinstance(last, nodes.Call) and last.name == "multistep":  # its milestones have a rule of their own
            continue
        if over > 0 and shares <= 100 and not _whole_after_start(f, chain.items[-1], chain.lengths):
            help = "shorten it, or let the last phase take the `rest`"
            yield Finding(chain.items[-1].extent, f"the schedule is {ticks(over)} longer than the run, so its end is never reached", help)


def _whole_after_start(f: Facts, item: nodes.Node, lengths: tuple[Exact, ...]) -> bool:
    return len(lengths) > 1 and isinstance(item, nodes.Call) and item.name in _DECAYS and lengths[-1] == f.total


def _rest_meant(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        if f.total is None or chain is None or any(n is None for n in chain.lengths) or not _whole_after_start(f, chain.items[-1], chain.lengths):
            continue
        item = chain.items[-1]
        assert isinstance(item, nodes.Call)
        use = f.notes.uses.get((item.extent, item.name))
        given = None if use is None else argument(use, "n")
        fix = None if given is None else Fix(*given.value.extent, "rest")
        over = sum(chain.lengths[:-1])
        yield Finding(item.extent, f"`{item.name}` is as long as the whole run, and begins {ticks(over)} into it", "let it take the `rest`", fix)


def _too_short(f: Facts) -> Iterator[Finding]:
    for name, body in f.bodies:
        chain = f.whole(body)
        if f.total is None or chain is None or name != "lr" or any(n is None for n in chain.lengths):
            continue
        idle = f.total - sum(chain.lengths)
        last = chain.items[-1]
        use = f.notes.uses.get((last.extent, last.name)) if isinstance(last, nodes.Call) else None
        if use is not None and use.arguments.get("to") == ZERO and idle > f.total / 50:
            yield Finding(last.extent, f"the rate is 0 for the last {ticks(idle)} of the run", "let the last phase take the `rest`, or end it above 0")


def _tick_short(f: Facts) -> Iterator[Finding]:
    for t in f.program.targets:
        last, n = t.plan.phases[-1], f.total
        if n is None or n < 2 or t.plan.length != n or (last.length or 0) < 2:
            continue
        use = next((use for use in f.uses if use.node.extent == last.extent and use.name in _DECAYS), None)
        if use is None:
            continue
        reached, meant = f.level(t.plan.level, n - 1), f.level(t.plan.level, n)
        if abs(reached - meant) > f.program.base_value / 20:
            message = f"the run ends a tick before this decay does: at {reached:.4g}, not at {meant:.4g}"
            yield Finding(use.node.extent, message, f"ticks count from 0, the last is {float(n - 1):g}: make the decay a tick shorter, as `rest - 1`")


def _percent(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        shares = [q for item in chain.items for q in _shares(item)]
        total = sum(q.value for q in shares)
        if total > 100:
            help = "shares of one sequence are of the whole run: let one of them be `rest`"
            yield Finding(shares[-1].extent, f"the shares of this sequence are {float(total):g} % of the run", help)


def _shares(item: nodes.Node) -> list[nodes.Quantity]:
    """The lengths of a phase that are written as shares."""
    if isinstance(item, nodes.Restart):
        return _shares(item.body)
    if isinstance(item, nodes.Limited):
        return [item.length] if isinstance(item.length, nodes.Quantity) and item.length.unit == "%" else []
    if not isinstance(item, nodes.Call) or not item.arguments:
        return []
    first = item.arguments[0].value
    return [first] if isinstance(first, nodes.Quantity) and first.unit == "%" and item.arguments[0].name in ("", "n") else []


def _warmup_longer(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        if chain is None or len(chain.items) < 2 or any(n is None for n in chain.lengths):
            continue
        last = chain.items[-1].body if isinstance(chain.items[-1], nodes.Restart) else chain.items[-1]
        if isinstance(last, nodes.Call) and last.name not in _HOLDING:  # stairs and cycles go on
            continue
        first, rest = chain.lengths[0], sum(chain.lengths[1:])
        if isinstance(chain.items[0], nodes.Call) and chain.items[0].name == "warmup" and first > rest > 0:
            help = "a warmup is a few percent of the run; are the two lengths in the right order?"
            yield Finding(chain.items[0].extent, f"the warmup takes {ticks(first)}, all that follows {ticks(rest)}", help)


def _mixed(f: Facts) -> Iterator[Finding]:
    if f.clock.tick != "step":
        return
    for chain in f.chains:
        lengths = [_length(item) for item in chain.items]
        epochs = [n for n in lengths if isinstance(n, nodes.Quantity) and UNITS.get(n.unit) == "epoch"]
        bare = [n for n in lengths if isinstance(n, nodes.Number) and 0 < n.value <= 1000 and n.value.denominator == 1]
        for n in bare if epochs else ():
            text = canonical(n)
            help = f"write `{text}ep` for epochs, or `{text} steps`"
            yield Finding(n.extent, f"`{text}` is {text} steps, beside lengths in epochs", help, Fix(n.extent[1], n.extent[1], "ep"))


def _length(item: nodes.Node) -> nodes.Node | None:
    if isinstance(item, nodes.Restart):
        return _length(item.body)
    if isinstance(item, nodes.Limited):
        return item.length
    timed = isinstance(item, nodes.Call) and item.arguments and item.name in ("warmup", "hold", *_DECAYS, "step")
    return item.arguments[0].value if timed and isinstance(item, nodes.Call) and item.arguments[0].name in ("", "n") else None


def _past_the_run(f: Facts) -> Iterator[Finding]:
    if f.total is None:
        return
    for use in f.uses:
        if use.name == "multistep":
            given = argument(use, "milestones")
            items = given.value.items if given is not None and isinstance(given.value, nodes.List) else ()
            late = [node for node, at in zip(items, use.arguments["milestones"], strict=False) if (value(at) or 0) >= f.total]
            for node in late:
                yield Finding(node.extent, f"the run ends after {ticks(f.total)}, before this milestone", "take it out, or move it into the run")
    for _, body in f.bodies:
        chain = f.whole(body)
        begins = 0
        for i, n in enumerate(chain.lengths if chain is not None else ()):
            if chain is not None and i and begins >= f.total:
                message = f"the run ends after {ticks(f.total)}, before this phase begins"
                yield Finding(chain.items[i].extent, message, "take it out, or shorten what comes before")
                break
            if n is None:
                break
            begins += n


def _never_patient(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if not isinstance(node, nodes.Limited):
            continue
        use = f.notes.uses.get((node.body.extent, "plateau"))
        length = node.length.value if isinstance(node.length, nodes.Number) else None
        patience = None if use is None else value(use.arguments["patience"])
        if length is not None and patience is not None and length <= patience:
            yield Finding(node.extent, f"a patience of {patience} reports does not run out within {ticks(length)}", "a smaller `patience`, or a longer phase")


def _nameless(f: Facts) -> Iterator[Finding]:
    names = sorted({watch.monitor.metric for t in f.program.targets for watch in t.plan.watches})
    for use in f.uses:
        if use.name == "plateau" and "metric" not in use.given and len(names) > 1:
            others = [name for name in names if name != use.arguments["metric"]]
            last = use.node.extent[1] - 1
            fix = Fix(last, last, f"{', ' * bool(use.node.arguments)}metric={others[0]}") if f.text[last] == ")" and len(others) == 1 else None
            message = f"this plateau follows a metric called `{use.arguments['metric']}`, beside {', '.join(f'`{name}`' for name in others)}"
            yield Finding(use.node.extent, message, f"say which it is to follow: `metric={others[0]}`", fix)


_LOW = re.compile(r"(?:^|[_/.\W])(loss|error|err|perplexity|ppl|mse|mae|rmse|wer|cer|fid|nll)(?:$|[_/.\W\d])")
_HIGH = re.compile(r"(?:^|[_/.\W])(acc|accuracy|auc|auroc|f1|bleu|rouge|precision|recall|iou|map|reward|r2|psnr|ssim)(?:$|[_/.\W\d])")


def _mode(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        if use.name != "plateau":
            continue
        metric, mode = str(use.arguments["metric"]).lower(), use.arguments["mode"]
        low, high = _LOW.search(metric), _HIGH.search(metric)
        if low is not None and high is None and mode == "max":
            yield Finding(use.node.extent, f"`{use.arguments['metric']}` gets better as it falls, and the mode is max", "say `mode=min`", _mode_fix(use, "min"))
        if high is not None and low is None and mode == "min":
            yield Finding(use.node.extent, f"`{use.arguments['metric']}` gets better as it rises, and the mode is min", "say `mode=max`", _mode_fix(use, "max"))


def _mode_fix(use: Use, mode: str) -> Fix | None:
    node = use.node
    given = next((a for a in node.arguments if a.name == "mode"), None)
    return Fix(*given.value.extent, mode) if given is not None else Fix(node.extent[1] - 1, node.extent[1] - 1, f", mode={mode}") if node.arguments else None


def _mid_cycle(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        if f.total is None or chain is None or any(n is None for n in chain.lengths[:-1]):
            continue
        item = chain.items[-1]
        use = f.notes.uses.get((item.extent, "restarts"))
        factor = None if use is None or use.arguments["times"] is not None else value(use.arguments["stretch"])
        if use is None or factor is None:
            continue
        start, length = sum(chain.lengths[:-1], 0), use.arguments["phase"].length
        end, cycles = start, 0
        while end + length < f.total and cycles < 10_000:
            end, length, cycles = end + length, length * factor, cycles + 1
        done = quotient(f.total - end, length)
        if Fraction(1, 20) < done < Fraction(19, 20):
            help = f"a run of {ticks(end)} or {ticks(end + length)} ends with a cycle"
            yield Finding(item.extent, f"the run ends {float(done * 100):.0f} % into a cycle, with the rate still up", help)


def _onecycle_short(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        use = f.notes.uses.get((chain.items[0].extent, "onecycle")) if chain is not None and len(chain.items) == 1 else None
        n = None if use is None else value(use.arguments["n"])
        if use is not None and n is not None and f.total is not None and n < f.total:
            given = argument(use, "n")
            fix = None if given is None else Fix(*given.value.extent, "total")
            yield Finding(use.node.extent, f"the cycle ends {ticks(f.total - n)} before the run does", "let it take the whole run: `onecycle(total)`", fix)


RULES = (
    Rule(
        "LR201",
        "first-epoch-at-zero",
        "A warmup from 0 where a tick is an epoch.",
        "The first epoch is then trained with a rate of exactly 0: it is lost.",
        "set tick = epoch; lr = warmup(5) then cosine(95)",
        "set tick = epoch; lr = warmup(5, from=base/5) then cosine(95)",
        _first_zero,
        "unsafe",
    ),
    Rule(
        "LR202",
        "longer-than-the-run",
        "A schedule that is longer than the run.",
        "Its last part, and the level that it was to end at, are never reached.",
        "warmup(100) then cosine(1000)",
        "warmup(100) then cosine(800)",
        _too_long,
        clock={"total_steps": 900},
        run=True,
    ),
    Rule(
        "LR203",
        "length-of-the-whole-run",
        "A decay behind other phases that is as long as the whole run.",
        "A warmup of w steps and a cosine of the whole run are w steps too long: the cosine is cut off before it comes down.",
        "warmup(100) then cosine(1000)",
        "warmup(100) then cosine(rest)",
        _rest_meant,
        "unsafe",
        {"total_steps": 1000},
        run=True,
    ),
    Rule(
        "LR204",
        "idle-at-zero",
        "A decay to 0 that is over well before the run is.",
        "From there on every step is made with a rate of 0: the run goes on and learns nothing.",
        "warmup(100) then cosine(500)",
        "warmup(100) then cosine(rest)",
        _too_short,
        clock={"total_steps": 1000},
        run=True,
    ),
    Rule(
        "LR205",
        "shares-over-the-whole",
        "Shares of the run that are more than the whole together.",
        "A share is of the whole run, not of what is left of it.",
        "warmup(10%) then hold(60%) then cosine(40%)",
        "warmup(10%) then hold(60%) then cosine(rest)",
        _percent,
        clock={"total_steps": 1000},
    ),
    Rule(
        "LR206",
        "warmup-longer-than-the-rest",
        "A warmup that is longer than all that follows.",
        "Most often two lengths are swapped, or in different units.",
        "warmup(1000) then cosine(90)",
        "warmup(90) then cosine(1000)",
        _warmup_longer,
        run=True,
    ),
    Rule(
        "LR207",
        "mixed-epochs-and-steps",
        "A bare number beside lengths in epochs.",
        "A bare number is ticks, as a rule steps: `warmup(5) then cosine(95ep)` warms up for 5 steps.",
        "warmup(5) then cosine(95ep)",
        "warmup(5ep) then cosine(95ep)",
        _mixed,
        "unsafe",
        {"steps_per_epoch": 100},
    ),
    Rule(
        "LR208",
        "past-the-end-of-the-run",
        "A milestone or a phase that the run never comes to.",
        "What it says never happens; often the milestones are of another run length.",
        "multistep([30, 60, 90])",
        "multistep([30, 60, 80])",
        _past_the_run,
        clock={"total_steps": 90},
        run=True,
    ),
    Rule(
        "LR209",
        "patience-over-the-phase",
        "A plateau whose patience cannot run out before its phase ends.",
        "The rate is then never reduced.",
        "plateau(patience=10) for 5 then linear(5)",
        "plateau(patience=2) for 5 then linear(5)",
        _never_patient,
    ),
    Rule(
        "LR210",
        "mode-against-the-metric",
        "A plateau that waits for an accuracy to fall, or for a loss to rise.",
        "The rate is then reduced while training goes well.",
        "plateau(metric=val_acc)",
        "plateau(metric=val_acc, mode=max)",
        _mode,
        "unsafe",
    ),
    Rule(
        "LR211",
        "ends-within-a-cycle",
        "Warm restarts of which the run ends within a cycle.",
        "The last model of the run is then taken at a high rate; restarts are at their best at the end of a cycle.",
        "restarts(cosine(10), stretch=2)",
        "restarts(cosine(20))",
        _mid_cycle,
        clock={"total_steps": 100},
        run=True,
    ),
    Rule(
        "LR212",
        "cycle-shorter-than-the-run",
        "A one-cycle policy that ends before the run.",
        "The rest of the run is made at its last level, thousands of times below the peak.",
        "onecycle(500)",
        "onecycle(total)",
        _onecycle_short,
        "unsafe",
        {"total_steps": 1000},
        run=True,
    ),
    Rule(
        "LR213",
        "plateau-of-no-name",
        "A plateau without a metric, in a text that follows a metric by name.",
        "It waits for a metric called `metric`, which nobody may report.",
        "plateau(patience=3) until val_loss < 0.3 or 50",
        "plateau(patience=3, metric=val_loss) until val_loss < 0.3 or 50",
        _nameless,
        "unsafe",
    ),
    Rule(
        "LR214",
        "a-tick-short",
        "A last decay whose last step, of more than a twentieth of the base, falls on the tick after the run.",
        "A run of n ticks has the ticks 0 to n - 1, and a decay over n ticks comes to its end at tick n: short ones, in epochs, miss much of their way.",
        "set tick = epoch; lr = hold(85) then linear(5)",
        "set tick = epoch; lr = hold(85) then linear(rest - 1)",
        _tick_short,
        clock={"total_epochs": 90},
        run=True,
    ),
)
