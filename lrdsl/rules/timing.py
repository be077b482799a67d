"""Lint rules about time: phases that lie past the end of the run, that end at an odd time, or that are counted in the wrong unit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from lrdsl.clock import UNITS
from lrdsl.diagnostics import Fix
from lrdsl.expr import ZERO
from lrdsl.expr.exact import quotient
from lrdsl.rules.rule import Facts, Finding, Rule, argument, ticks, value
from lrdsl.rules.runs import DECAYS, ends_in_a_rise, shares_of
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

#: The shapes that hold their last level past their length.
_HOLDING = {name for name, forms in SHAPES.items() for form in forms if form.end is not None}


def _first_epoch_at_zero(f: Facts) -> Iterator[Finding]:
    if f.clock.tick != "epoch":
        return
    for name, body in f.bodies:
        chain = f.whole(body)
        use = f.notes.uses.get((chain.items[0].extent, "warmup")) if chain is not None and name == "lr" else None
        if use is not None and use.arguments["from_"] == ZERO and "from" not in use.given and value(use.arguments["n"]) not in (None, 0):
            last = use.node.extent[1] - 1
            fix = Fix(last, last, f", from=base/{canonical(use.node.arguments[0].value)}") if use.node.arguments else None
            yield Finding(use.node.extent, "the rate is 0 for the whole first epoch", "start above 0: `warmup(5, from=base/5)`", fix)


def _one_tick_short(f: Facts) -> Iterator[Finding]:
    for t in f.program.targets:
        last, n = t.plan.phases[-1], f.total
        if n is None or n < 2 or t.plan.length != n or (last.length or 0) < 2:
            continue
        use = next((use for use in f.uses if use.node.extent == last.extent and use.name in DECAYS), None)
        if use is None:
            continue
        last_level, end_level = f.level(t.plan.level, n - 1), f.level(t.plan.level, n)
        if abs(last_level - end_level) > f.program.base_value / 20:
            message = f"the run ends one tick before this decay: its last level is {last_level:.4g}, not {end_level:.4g}"
            help = f"ticks count from 0, so the last one is {float(n - 1):g}: make the decay one tick shorter, as `rest - 1`"
            yield Finding(use.node.extent, message, help)


def _too_many_shares(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        shares = [q for item in chain.items for q in shares_of(item)]
        total = sum(q.value for q in shares)
        if total > 100:
            help = "each share is of the whole run: write `rest` in place of one of them"
            yield Finding(shares[-1].extent, f"the shares of this sequence add up to {float(total):g} % of the run", help)


def _warmup_longer(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        if chain is None or len(chain.items) < 2 or any(n is None for n in chain.lengths):
            continue
        last = chain.items[-1].body if isinstance(chain.items[-1], nodes.Restart) else chain.items[-1]
        if isinstance(last, nodes.Call) and last.name not in _HOLDING:  # stairs and cycles go on past their length
            continue
        first, others = chain.lengths[0], sum(chain.lengths[1:])
        if isinstance(chain.items[0], nodes.Call) and chain.items[0].name == "warmup" and first > others > 0:
            help = "a warmup is usually a few percent of the run; are the lengths in the right order?"
            yield Finding(chain.items[0].extent, f"the warmup takes {ticks(first)}, and all other phases {ticks(others)}", help)


def _mixed_units(f: Facts) -> Iterator[Finding]:
    if f.clock.tick != "step":
        return
    for chain in f.chains:
        lengths = [_length(item) for item in chain.items]
        epochs = [n for n in lengths if isinstance(n, nodes.Quantity) and UNITS.get(n.unit) == "epoch"]
        bare = [n for n in lengths if isinstance(n, nodes.Number) and 0 < n.value <= 1000 and n.value.denominator == 1]
        for n in bare if epochs else ():
            text = canonical(n)
            help = f"write `{text}ep` for epochs, or `{text} steps`"
            message = f"`{text}` means {text} steps, while other lengths are in epochs"
            yield Finding(n.extent, message, help, Fix(n.extent[1], n.extent[1], "ep"))


def _length(item: nodes.Node) -> nodes.Node | None:
    """The length of a phase as the text writes it, None if it has none."""
    if isinstance(item, nodes.Restart):
        return _length(item.body)
    if isinstance(item, nodes.Limited):
        return item.length
    timed = isinstance(item, nodes.Call) and item.arguments and item.name in ("warmup", "hold", *DECAYS, "step")
    return item.arguments[0].value if timed and isinstance(item, nodes.Call) and item.arguments[0].name in ("", "n") else None


def _past_the_run(f: Facts) -> Iterator[Finding]:
    if f.total is None:
        return
    for use in f.uses:
        if use.name == "multistep":
            milestones = argument(use, "milestones")
            items = milestones.value.items if milestones is not None and isinstance(milestones.value, nodes.List) else ()
            late = [node for node, at in zip(items, use.arguments["milestones"], strict=False) if (value(at) or 0) >= f.total]
            for node in late:
                yield Finding(node.extent, f"the run ends after {ticks(f.total)}, before this milestone", "remove it, or move it into the run")
    for _, body in f.bodies if not ends_in_a_rise(f) else ():  # LR216 is about a rise
        chain = f.whole(body)
        start = 0
        for i, n in enumerate(chain.lengths if chain is not None else ()):
            if chain is not None and i and start >= f.total:
                message = f"the run ends after {ticks(f.total)}, before this phase begins"
                yield Finding(chain.items[i].extent, message, "remove it, or make the phases before it shorter")
                break
            if n is None:
                break
            start += n


def _within_cycle(f: Facts) -> Iterator[Finding]:
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
        share = quotient(f.total - end, length)
        if Fraction(1, 20) < share < Fraction(19, 20):
            help = f"a run of {ticks(end)} or {ticks(end + length)} ends with a cycle"
            yield Finding(item.extent, f"the run ends {float(share * 100):.0f} % into a cycle, while the rate is still high", help)


def _other_batch(f: Facts) -> Iterator[Finding]:
    if f.clock.changing or "batch_size" not in (name for name, _ in f.bodies):
        return
    for node in f.parts:
        if isinstance(node, nodes.Quantity) and UNITS.get(node.unit) in ("token", "sample"):
            setting, per = ("tokens_per_step", f.clock.tokens_per_step) if UNITS[node.unit] == "token" else ("batch_size", f.clock.batch_size)
            text = canonical(node)
            message = f"`{text}` counts {per} in every step, and `batch_size` is scheduled beside it"
            yield Finding(node.extent, message, f"say how the batch changes, as in `set {setting} = hold(10k steps, at=1024) then hold(at=2048)`")


RULES = (
    Rule(
        "LR201",
        "first-epoch-at-zero",
        "A warmup from 0 in a schedule whose tick is an epoch.",
        "The rate is then 0 for the whole first epoch, which teaches the model nothing.",
        "set tick = epoch; lr = warmup(5) then cosine(95)",
        "set tick = epoch; lr = warmup(5, from=base/5) then cosine(95)",
        _first_epoch_at_zero,
        "unsafe",
    ),
    Rule(
        "LR205",
        "shares-over-the-whole",
        "Shares of the run that add up to more than 100 %.",
        "A share is of the whole run, not of the rest of it.",
        "warmup(10%) then hold(60%) then cosine(40%)",
        "warmup(10%) then hold(60%) then cosine(rest)",
        _too_many_shares,
        clock={"total_steps": 1000},
    ),
    Rule(
        "LR206",
        "warmup-longer-than-the-rest",
        "A warmup that is longer than all other phases together.",
        "Usually two lengths are swapped, or in different units.",
        "warmup(1000) then cosine(90)",
        "warmup(90) then cosine(1000)",
        _warmup_longer,
        run=True,
    ),
    Rule(
        "LR207",
        "mixed-epochs-and-steps",
        "A length without a unit among lengths in epochs.",
        "A bare number is a number of ticks, usually steps: `warmup(5) then cosine(95ep)` warms up for 5 steps.",
        "warmup(5) then cosine(95ep)",
        "warmup(5ep) then cosine(95ep)",
        _mixed_units,
        "unsafe",
        {"steps_per_epoch": 100},
    ),
    Rule(
        "LR208",
        "past-the-end-of-the-run",
        "A milestone or a phase after the end of the run.",
        "It never takes effect. Often the milestones are those of a longer run.",
        "multistep([30, 60, 90])",
        "multistep([30, 60, 80])",
        _past_the_run,
        clock={"total_steps": 90},
        run=True,
    ),
    Rule(
        "LR211",
        "ends-within-a-cycle",
        "Warm restarts in a run that ends within a cycle.",
        "The run then ends at a high rate; models are at their best at the end of a cycle.",
        "restarts(cosine(10), stretch=2)",
        "restarts(cosine(20))",
        _within_cycle,
        clock={"total_steps": 100},
        run=True,
    ),
    Rule(
        "LR214",
        "a-tick-short",
        "A last decay that misses more than a twentieth of the base, because the run ends one tick before it.",
        "A run of n ticks has the ticks 0 to n - 1, and a decay over n ticks ends at tick n. A short decay, in epochs, misses much of its way.",
        "set tick = epoch; lr = hold(85) then linear(5)",
        "set tick = epoch; lr = hold(85) then linear(rest - 1)",
        _one_tick_short,
        clock={"total_epochs": 90},
        run=True,
    ),
    Rule(
        "LR215",
        "length-by-another-batch",
        "A length in tokens or samples beside a schedule of the batch that the clock does not know.",
        "The length is then counted with one batch for all steps, and is over too early or too late.",
        "set batch_size = 256; lr = cosine(1M samples); batch_size = hold(1k, at=256) then hold(at=512)",
        "set batch_size = hold(1k, at=256) then hold(at=512); lr = cosine(1M samples); batch_size = hold(1k, at=256) then hold(at=512)",
        _other_batch,
    ),
)
