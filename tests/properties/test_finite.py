"""What is bounded is accepted, and what is accepted is finite: compositions that grow, saturate and go round, beside their values in exact arithmetic."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import attrs
import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

import lrdsl
import lrdsl.jax
from lrdsl.check import check
from lrdsl.clock import MAX_TICKS, Clock
from lrdsl.diagnostics import Problems
from lrdsl.expr import WIDE, Call, Expr, Product, T, cycles, mentions, walk
from lrdsl.plan import Plan, pieces
from lrdsl.syntax import canonical, nodes, parse
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties import exact, texts

jax.config.update("jax_enable_x64", True)

BASE = Fraction(1, 10)
#: Where the proof gives up: a level of this size is no false alarm.
LARGE = 1e148
#: JAX is asked for a multiple of so many ticks.
TRACED = 256
#: Factors that saturate, that are kept down, or that are not.
FACTORS = (
    "1/(1 + exp((t - 50)/10))",
    "100/(100 + exp(t/10))",
    "1 - 1/(1 + exp(-(t - 30)/5))",
    "1/(1 + exp(t/20))^3",
    "1/(1 + 1.5^t)",
    "exp(-exp(3 - t/20))",
    "1 - exp(-exp(t/30 - 4))",
    "0.5^(1.1^floor(t/7))",
    "min(4, 1.3^t)",
    "min(4, exp(t/9))",
    "max(0.5, 3 - 1.2^t)",
    "min(2, 1/0.9^t)",
    "1/(t^2 - 2*t + 2)",
    "2 - t/(t + 7)",
    "min(floor(1.2^t), 100)",
    "sqrt(max(0, 1 - t/40))",
    "max(0.1, log(t + 1))",
    "1.02^t",
    "exp(t/15)",
    "1 + t/10",
    "1/(45 - t)",
    "sqrt(1 - t/30)",
    "exp(t/9)/(1 + exp(t/9))",
    "1.3^t*0.7^t",
    "0.9^t",
    "exp(-t/20)",
    "t^3*0.9^t",
    "0.8^floor(t/5)",
    "1.2^floor(t/10)",
)
#: Factors of products that fall, that grow past the doubles, and that come back from there or from below.
RUNNING = (
    "0.5 + 0.4*sin(t/9)",
    "0.9 + 0.5*sin(t/9)",
    "0.95 + 0.4*cos(pi*t/20)",
    "1.5 + sin(t/9)",
    "-1.5 - sin(t/9)",
    "1.01 + 1/(t + 1)",
    "max(0.4, t/150)",
    "1/(1 + t/10)",
    "(1.5 + sin(t/9))/(1 + t/50)",
    "2.1*cos(t/9)",
    "1.9*cos(t/9)",
    "1 + 3*cos(t/7)",
    "2*cos(pi*t/11)",
)


@st.composite
def compositions(draw: st.DrawFn) -> Node:
    """A composition of phases, some of which grow, and of factors that saturate."""
    return _with_growth(draw, draw(texts.phases(draw(st.integers(1, 4)), draw(st.sampled_from([60, 300, 10**5])))))


def _with_growth(draw: st.DrawFn, node: Node) -> Node:
    if isinstance(node, nodes.Call):
        given = tuple(attrs.evolve(a, value=_with_growth(draw, a.value)) for a in node.arguments)
        if node.name in ("exp", "step", "drop", "restarts") and draw(st.booleans()):
            at = {"step": 1, "restarts": -1}.get(node.name, 0)
            named = [i for i, a in enumerate(given) if a.name in ("gamma", "decay")]
            i = named[0] if named else at if len(given) > at >= 0 and not given[at].name and not any(a.name == "to" for a in given) else None
            if i is not None and isinstance(given[i].value, nodes.Number):
                given = (*given[:i], attrs.evolve(given[i], value=draw(texts.decimals(1.01, 4))), *given[i + 1 :])
        if node.name == "scale":
            given = (attrs.evolve(given[0], value=parse(draw(st.sampled_from(FACTORS)))), *given[1:])
        if node.name == "cumprod":
            given = (attrs.evolve(given[0], value=parse(draw(st.sampled_from(RUNNING)))), *given[1:])
        return attrs.evolve(node, arguments=given)
    if isinstance(node, nodes.Sequence):
        return attrs.evolve(node, items=tuple(_with_growth(draw, item) for item in node.items))
    if isinstance(node, nodes.Limited | nodes.Restart):
        return attrs.evolve(node, body=_with_growth(draw, node.body))
    if isinstance(node, nodes.Binary):
        return attrs.evolve(node, left=_with_growth(draw, node.left), right=_with_growth(draw, node.right))
    return node


def unproved(text: str, **facts: Any) -> Plan:
    """The plan of a text, whether its level is finite or not, in the form that people read."""
    problems = Problems(text)
    program = check(parse(text), Clock.of(**facts), {}, problems, readable=True)
    assert program is not None, problems.found
    return program.main.plan


def refusal(text: str, **facts: Any) -> lrdsl.Diagnostic | None:
    """Why a text is refused as not finite; drops texts with other problems."""
    wrong = [d for d in lrdsl.lint(text, **facts) if d.severity == "error"]
    assume(all(d.code == "LR144" and not d.message.startswith("a division") for d in wrong))
    return wrong[0] if wrong else None


def near_and_far(plan: Plan, fault: float = 0) -> list[int]:
    """Ticks to look at: all at first, about the ends of pieces and a fault, and ever farther out."""
    edges = [float(p.start) for p in pieces(plan.level)][:60]
    far = {int(10 ** (k / 4)) + d for k in range(8, 49) for d in (0, 1)}  # a product may be large at odd ticks alone
    edges += [float(start) + k * float(length) for length, start in cycles(plan.level) for k in (0, 1, 5)][:60]
    near = {max(0, int(at) + d) for at in (*edges, fault) for d in (-2, -1, 0, 1, 2)}
    return sorted(t for t in {*range(120), *near, *far} if t <= MAX_TICKS and factors_at(plan, t) <= texts.FEW)


def factors_at(plan: Plan, tick: int) -> int:
    """How many factors the running products of a level have at a tick, where people would multiply them one by one."""
    products = {x for x in walk(piece_at(plan, tick)) if isinstance(x, Product)}
    return max((int(exact.value_of(x.upto, Fraction(tick), BASE, told=True)) for x in products), default=0)


def piece_at(plan: Plan, tick: int) -> Expr:
    return next(p.level for p in pieces(plan.level) if p.end is None or tick < p.end)


#: Ticks within one turn of `cos(t/9)`, of which some have a product of such factors above 0, and some below.
_BOTH_SIGNS = (0, 1, 14, 15, 28, 29, 42, 43)


def is_bounded(plan: Plan, fault: Fraction) -> bool:
    """Whether the level is bounded at and between ticks, and at and just after the time of the fault."""
    times = [t + part for t in near_and_far(plan, float(fault)) for part in (Fraction(0), Fraction(1, 2))]
    late = [k * fault for k in (2, 4) if texts.FEW < factors_at(plan, int(k * fault)) < 30 * texts.FEW]
    times += [time + d for time in late for d in _BOTH_SIGNS]
    try:
        return all(size_at(plan, time) <= LARGE for time in (*times, fault)) and not has_pole(plan, fault)
    except exact.UndefinedError:
        return False


def size_at(plan: Plan, time: Fraction) -> float:
    return abs(exact.value_of(plan.level, time, BASE, told=True))


def has_pole(plan: Plan, fault: Fraction) -> bool:
    """Whether a level grows without end towards a time between ticks, as `stretch` moves a division by 0 there: halves close in on where it is largest."""
    low, high = fault, fault + Fraction(1, 32)
    level = piece_at(plan, int(fault))
    divisors = {x.args[1] for x in walk(level) if isinstance(x, Call) and x.op == "div" and mentions(x.args[1], T)}
    if any(size_at(plan, end) > LARGE for divisor in divisors for end in _about_zero(divisor, low, high)):
        return True
    for _ in range(600):
        quarter = (high - low) / 4
        sizes = size_at(plan, low + quarter), size_at(plan, high - quarter)
        if max(sizes) > LARGE:
            return True
        low, high = (low, high - 2 * quarter) if sizes[0] > sizes[1] else (low + 2 * quarter, high)
    return False


def _about_zero(divisor: Expr, low: Fraction, high: Fraction) -> tuple[Fraction, ...]:
    """Two times just before and just after a divisor goes through 0; none where it does not."""
    before, after = (exact.value_of(divisor, time, BASE) for time in (low, high))
    if before * after >= 0:
        return ()
    for _ in range(600):
        middle = (low + high) / 2
        value = exact.value_of(divisor, middle, BASE)
        if not value:
            return middle - Fraction(1, 2**600), middle + Fraction(1, 2**600)
        low, high = (middle, high) if value * before > 0 else (low, middle)
    return low, high


def looked_at(text: str, **facts: Any) -> None:
    """A text is refused only if its level is not bounded; if it is accepted, its numbers are the right ones, near and far."""
    wrong = refusal(text, **facts)
    plan = unproved(text, **facts)
    if wrong is not None:
        fault = Fraction(wrong.message.split(" tick ")[1].split()[0])
        assert not is_bounded(plan, fault), (text, wrong.message)
        return
    schedule = lrdsl.parse(text, **facts)
    ticks = near_and_far(plan)
    listed = schedule.values(ticks, float(BASE))
    alone = [schedule.at(t, float(BASE)) for t in ticks]
    assert np.isfinite(listed).all(), text
    assert all(map(math.isfinite, alone)), text
    level = schedule.readable_plan().level
    right = [float(exact.value_of(level, Fraction(t), Fraction(float(BASE)))) for t in ticks]
    if schedule.plan.level.holds & WIDE:
        size = max(map(abs, right))
        near = [t for t in ticks if t <= 10**6]
        padded = near + near[-1:] * (-len(near) % TRACED)  # arrays of few sizes, for which the operations are compiled once
        traced = jax.vmap(lrdsl.jax.schedule(text, base=float(BASE), **facts))(jnp.array(padded))
        np.testing.assert_allclose(traced[: len(near)], right[: len(near)], rtol=1e-6, atol=1e-9 * size, err_msg=text)
    for number in (alone, listed):
        for tick, level_here, value in zip(ticks, number, right, strict=True):
            assert is_near(level, tick, level_here, value), (text, tick, level_here, value)


def is_near(level: Expr, tick: int, number: float, right: float) -> bool:
    """Whether a level is the right one, to 9 digits, or as far as doubles lead: of the difference of two near numbers, all digits may be lost."""
    off = abs(number - right)
    return off <= 1e-9 * abs(right) + 1e-100 or off <= exact.rounding_of(level, Fraction(tick), Fraction(float(BASE)))


def test_digits_that_doubles_lose_are_not_asked_for() -> None:
    """Of a difference of near numbers none are; of a product, a quotient and a minimum nearly all."""
    lost, kept = (unproved(text).level for text in ("scale(1 - 1/(1 + exp(-t)))", "min(scale(1 - 1/(1 + exp(-t))), exp(0.5)) * inv(3)"))
    tick, base = 36, Fraction(float(BASE))
    value, other = (float(exact.value_of(level, Fraction(tick), base)) for level in (lost, kept))
    assert 0 < value < 1e-16
    assert is_near(lost, tick, 0.0, value)
    assert not is_near(lost, tick, 1e-15, value)
    assert other < 1e-12
    assert is_near(kept, tick, other * (1 + 1e-10), other)
    assert not is_near(kept, 8, *(float(exact.value_of(kept, Fraction(t), base)) for t in (9, 8)))
    assert not is_near(kept, tick, other + 1e-16, other)


@examples(100)
@given(compositions())
@example(parse("max(hold, stretch(scale(1/(45 - t)) for 203, to=1))"))
def test_nothing_bounded_is_refused_and_nothing_accepted_is_not_finite(node: Node) -> None:
    looked_at(canonical(node))


@examples(30)
@given(compositions(), st.integers(10, 3000))
def test_a_run_of_known_length_keeps_its_last_phase_finite(node: Node, total: int) -> None:
    text = canonical(node)
    schedule = None if refusal(text, total_steps=total) is not None else lrdsl.parse(text, total_steps=total)
    if schedule is None or schedule.plan.cut is None:
        return
    assert refusal(text) is not None
    start = schedule.phases[-1].start or 0
    end = max(total, start)
    later = [schedule.at(t, float(BASE)) for t in (end, end + 1, 10 * end, MAX_TICKS)]
    assert all(map(math.isfinite, later))
    assert len(set(later)) == 1
    assert schedule.plan.length == end
    assert lrdsl.parse(str(schedule), total_steps=total) == schedule


@examples(30)
@given(compositions())
def test_the_help_of_a_refusal_helps(node: Node) -> None:
    """The limit and the shorter phase that it names are accepted."""
    text = canonical(node)
    wrong = refusal(text)
    if wrong is None:
        return
    begin, end = wrong.span.start.offset, wrong.span.end.offset
    for repair in re.findall(r"(?:limit it, as in|end it sooner:) `(.*?)`", wrong.help):
        if "\N{HORIZONTAL ELLIPSIS}" not in repair:
            left = [d for d in lrdsl.lint(text[:begin] + repair + text[end:]) if d.code == "LR144"]
            assert not [d for d in left if d.span.start.offset == begin], (text, repair)
