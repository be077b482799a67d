"""Lint rules about time: phases that lie past the end of the run, that end at an odd time, or that are counted in the wrong unit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from lrdsl.check.notes import Chain
from lrdsl.clock import MULTIPLES, UNITS, MissingFactError
from lrdsl.diagnostics import Fix
from lrdsl.expr import ZERO, Expr, T, mentions
from lrdsl.expr.exact import Exact
from lrdsl.rules.rule import Driven, Facts, Finding, Rule, ticks, value
from lrdsl.rules.shares import end_of_shares, leaves_no_rest, shares_of
from lrdsl.rules.summary import Stretch, turns
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

#: A cycle of so few ticks has no shape.
_SHORT = 2


def _first_epoch_at_zero(f: Facts) -> Iterator[Finding]:
    if f.clock.tick != "epoch":
        return
    for name, body in f.bodies:
        chain = f.whole(body)
        use = f.notes.uses.get((chain.items[0].extent, "warmup")) if chain is not None and name == "lr" else None
        if use is None or "from" in use.given or use.arguments["touches"] not in ("start", "both"):
            continue
        if use.arguments["from_"] == ZERO and value(use.arguments["n"]) not in (None, 0):
            last = use.node.extent[1] - 1
            fix = Fix(last, last, f", from=base/{canonical(use.node.arguments[0].value)}") if use.node.arguments else None
            yield Finding(use.node.extent, "the rate is 0 for the whole first epoch", "start above 0: `warmup(5, from=base/5)`", fix)


def _too_many_shares(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        shares = [q for item in chain.items for q in shares_of(item)]
        total = sum(q.value for q in shares)
        if total > 100:
            help = "each share is of the whole run: write `rest` in place of one of them"
            yield Finding(shares[-1].extent, f"the shares of this sequence add up to {float(total):g} % of the run", help)
            continue
        left = leaves_no_rest(chain)
        if left is not None:
            yield Finding(left.extent, "the shares of this sequence are the whole run, so nothing is left for the `rest`", "make one of them smaller")
            continue
        end = end_of_shares(chain)
        if end is not None and end > 100:
            message = f"this sequence ends at {float(end):g} % of the run, so its end is not reached"
            yield Finding(shares[-1].extent if shares else chain.items[-1].extent, message, "let the last phase take the `rest`")
            continue
        latest = _latest_end(f, chain)
        if latest is not None and latest > 100:
            help = "let the last phase take the `rest`, or end the wait sooner"
            message = f"if the event comes late, this sequence takes {float(latest):.4g} % of the run, so its end is not reached"
            yield Finding(chain.items[-1].extent, message, help)


def _latest_end(f: Facts, chain: Chain) -> Exact | None:
    """The share of the run at which a sequence ends, in percent, if each event comes as late as it may; None if no event has a latest time."""
    if not any(isinstance(part, nodes.Until) for item in chain.items for part in (item, getattr(item, "body", None))):
        return None
    end, waits = Fraction(0), False
    for item, length in zip(chain.items, chain.lengths, strict=True):
        until = item.body if isinstance(item, nodes.Restart) else item
        if length is not None:
            end += share if (share := _share(f, length)) is not None else sum(q.value for q in shares_of(item))
        elif isinstance(until, nodes.Until):
            times = [(_of_run(f, c.length) if isinstance(c, nodes.Lasting) else _of_run(f, c), isinstance(c, nodes.Lasting)) for c in until.conditions]
            ends = [end + time if lasting else max(end, time) for time, lasting in times if time is not None]
            waits, end = waits or bool(ends), min(ends, default=end)
    return end if waits else None


def _share(f: Facts, length: Exact) -> Fraction | None:
    """A length in percent of the run; None if the length of the run is unknown."""
    return None if f.total is None else Fraction(length * 100) / Fraction(f.total)


def _of_run(f: Facts, node: nodes.Node) -> Fraction | None:
    """A time of the text in percent of the run; None for anything else, and where that is unknown."""
    if isinstance(node, nodes.Quantity) and node.unit == "%":
        return Fraction(node.value)
    if isinstance(node, nodes.Number):
        return _share(f, node.value)
    if not isinstance(node, nodes.Quantity):
        return None
    try:
        return _share(f, f.clock.ticks(node.value * MULTIPLES.get(node.multiple, 1), UNITS.get(node.unit, "tick")))
    except MissingFactError:
        return None


def _warmup_longer(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan = d.target.plan
        if d.target.key != "lr" or plan.watches:
            continue
        yield from _over_before_its_warmup(f, d)
        rise = _rise(f, d)
        if rise is None:
            continue
        last = f.pieces(plan)[-1].level
        help = "a warmup is usually a few percent of the run; are the lengths in the right order?"
        if (
            plan.length is not None
            and not mentions(last, T)
            and plan.length - rise < rise
            and f.level_of(plan, plan.length, f.base_of(d)) < f.level_of(plan, rise, f.base_of(d))
        ):
            yield Finding(plan.phases[0].extent, f"the warmup takes {f.time(rise)}, and all other phases {f.time(plan.length - rise)}", help)
        elif (period := _shortest_cycle(last)) is not None and period < rise:
            yield Finding(plan.phases[0].extent, f"the warmup takes {ticks(rise)}, and each cycle after it {ticks(period)}", help)


def _over_before_its_warmup(f: Facts, d: Driven) -> Iterator[Finding]:
    """The warmup in a product or a minimum that still rises when the whole has come to 0 for good."""
    first = d.target.plan.phases[0].node
    if isinstance(first, nodes.Binary) and first.op == "*":
        sides: tuple[nodes.Node, ...] = (first.left, first.right)
    elif isinstance(first, nodes.Call) and first.name == "min":
        sides = tuple(a.value for a in first.arguments)
    else:
        return
    items = [f.notes.chains[side.extent].items[0] if side.extent in f.notes.chains else side for side in sides]
    warmups = [use for item in items if (use := f.notes.uses.get((item.extent, "warmup"))) is not None]
    s = f.summary(d.target.plan, f.base_of(d)) if warmups else None
    over = s.zeros[-1] if s is not None and s.zeros else None
    for use in warmups:
        n = value(use.arguments["n"])
        if s is not None and over is not None and n is not None and over[1] >= s.last[0] and 0 < over[0] < n:
            message = f"the rate is 0 for good while this warmup of {f.time(n)} still rises"
            yield Finding(use.node.extent, message, "make the warmup shorter, or what it goes with longer; are the lengths in the right order?")


def _rise(f: Facts, d: Driven) -> Exact | None:
    """How long a schedule rises at its begin; None if it does not, or if a `from` says where it starts and no warmup does."""
    plan = d.target.plan
    first = plan.phases[0].node
    rising: list[Stretch] = []
    for stretch in f.summary(plan, f.base_of(d)).stretches:
        levels = [level for _, level in (rising[-1].levels[-1:] if rising else ()) + stretch.levels]
        if stretch.constant or any(after < before for before, after in pairwise(levels)):
            break
        rising.append(stretch)
    if not rising or (isinstance(first, nodes.Call) and first.name in SHAPES and first.name != "warmup"):
        return None
    return rising[-1].end


def _shortest_cycle(level: Expr) -> Exact | None:
    """The length of cycles that are too short to have a shape, in ticks; None if a formula has none."""
    return next((length for length, _ in turns(level) if length <= _SHORT), None)


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
        "set tick = epoch; lr = warmup(5, from=base / 5) then cosine(95)",
        _first_epoch_at_zero,
        "unsafe",
    ),
    Rule(
        "LR205",
        "shares-over-the-whole",
        "Shares of the run, and times in it, that add up to more than 100 %, or that leave nothing for a `rest`.",
        "A share is of the whole run, not of the rest of it; an event may come as late as the text lets it.",
        "warmup(10%) then hold(60%) then cosine(40%)",
        "warmup(10%) then hold(60%) then cosine(rest)",
        _too_many_shares,
        clock={"total_steps": 1000},
    ),
    Rule(
        "LR206",
        "warmup-longer-than-the-rest",
        "A warmup that is longer than all other phases together, or than what it is multiplied by.",
        "Usually two lengths are swapped, or in different units.",
        "warmup(1000) then cosine(90)",
        "warmup(90) then cosine(1000)",
        _warmup_longer,
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
        about=(nodes.Target,),
    ),
)
