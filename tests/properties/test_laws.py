"""Tests of the laws of the algebra of phases, such as the associativity of `then`, on drawn schedules."""

from __future__ import annotations

import itertools
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl import expr
from lrdsl.check.finite import BASE_RANGE, Proof
from lrdsl.check.program import SAMPLES
from lrdsl.expr import affine, is_affine
from lrdsl.plan import first_tick, pieces
from lrdsl.syntax import canonical, nodes, parse
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties.texts import NOWHERE, call, checked, decimals, finite, limited, number, phases, schedules, shapes, trees

BASE = 0.7
parts = phases(3, 200)
ends = finite(3, 200)
many = examples(40)


def same(a: Node | str, b: Node | str, ticks: int | None = None, length: bool = True) -> None:
    """Asserts that two texts are sound and have the same length, and the same level at every tick up to rounding."""
    first, second = (lrdsl.parse(x if isinstance(x, str) else canonical(x)) for x in (a, b))
    if length:
        assert first.plan.length == second.plan.length, (str(first), str(second))
    if ticks is None:
        ticks = min(2000, int(first.length or 0) + 300)
    one, two = first.values(ticks, BASE), second.values(ticks, BASE)
    # An error is relative to the largest level before it, because each phase enters at the level of the last.
    np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-14 * np.abs(one).max(initial=0), err_msg=f"{first} | {second}")


def valid(*found: Node) -> None:
    assume(all(checked(node) is not None for node in found))


def then(*items: Node) -> nodes.Sequence:
    return nodes.Sequence(items, NOWHERE)


@many
@given(ends, ends, parts)
def test_then_is_associative(a: Node, b: Node, c: Node) -> None:
    valid(then(a, b, c))
    same(f"({canonical(a)} then {canonical(b)}) then {canonical(c)}", f"{canonical(a)} then ({canonical(b)} then {canonical(c)})")


@many
@given(ends, parts)
def test_what_is_finite_stays_so_behind_another_phase(a: Node, b: Node) -> None:
    """Nothing here grows, and only `exp` and an exponential warmup divide by a level that may be 0. So a refusal of any other phase would be wrong."""
    chain = then(a, b)
    valid(a, b)
    assume("exp" not in canonical(chain))
    assert not [d for d in lrdsl.lint(canonical(chain)) if d.severity == "error"]


@many
@given(parts)
def test_an_empty_hold_is_the_left_unit(a: Node) -> None:
    valid(a)
    same(then(call("hold", number(0)), a), a)


@many
@given(ends)
def test_repeating_once_is_the_phase_itself(a: Node) -> None:
    once = call("repeat", a, times=number(1))
    valid(a, once)
    same(once, a)


@many
@given(ends)
def test_restarting_once_is_the_phase_itself(a: Node) -> None:
    once = call("restarts", a, times=number(1))
    valid(a, once)
    same(once, a)


@many
@given(parts, st.integers(0, 300), st.integers(0, 300))
def test_the_shorter_of_two_limits_wins(a: Node, n: int, m: int) -> None:
    twice = limited(limited(a, n), m)
    valid(a, twice)
    same(twice, limited(a, min(n, m)), length=False)


@many
@given(parts, st.integers(1, 250))
def test_how_long_and_until_when_are_one_at_the_start_of_the_run(a: Node, n: int) -> None:
    valid(a)
    same(f"({canonical(a)}) for {n} then hold(3)", f"({canonical(a)}) until {n} then hold(3)")


@many
@given(parts)
def test_a_sum_with_0_is_the_phase_itself(a: Node) -> None:
    valid(a)
    same(f"sum({canonical(a)}, hold(at=0))", a, length=False)


@many
@given(decimals(0.3, 1), st.integers(1, 40))
def test_a_gamma_for_some_ticks_is_reached_at_each_of_their_multiples(gamma: nodes.Number, per: int) -> None:
    one, slow = (
        lrdsl.parse(text).values(np.arange(30) * k, BASE) for text, k in ((f"exp({canonical(gamma)})", 1), (f"exp({canonical(gamma)}, per={per})", per))
    )
    np.testing.assert_allclose(slow, one, rtol=1e-13)


SHARES = {
    "warmup({})": lambda share: share,
    "warmup({}, shape=square)": lambda share: share**2,
    "linear({})": lambda share: 1 - share,
    "cosine({})": lambda share: (1 + np.cos(np.pi * share)) / 2,
    "poly({}, power=3)": lambda share: (1 - share) ** 3,
    "exp({}, to=0.01x)": lambda share: 0.01**share,
    "one_minus_sqrt({})": lambda share: 1 - np.sqrt(share),
}


@examples(40)
@given(st.sampled_from(list(SHARES)), st.integers(1, 60))
def test_a_phase_touches_its_start_unless_the_text_says_otherwise(text: str, n: int) -> None:
    levels = SHARES[text](np.arange(n) / n)
    for form in (text.format(n), text.format(n).replace(")", ", touches=start)")):
        np.testing.assert_allclose(lrdsl.parse(form).values(n, 1.0), levels, rtol=1e-12, atol=1e-15)


@many
@given(st.integers(1, 40), decimals(0.01, 1))
def test_step_is_a_repeated_drop(n: int, gamma: nodes.Number) -> None:
    same(call("step", number(n), gamma), call("repeat", then(call("hold", number(n)), call("drop", gamma))), ticks=400, length=False)


@many
@given(ends, st.integers(2, 4))
def test_repeating_is_writing_out(a: Node, times: int) -> None:
    repeated, written = call("repeat", a, times=number(times)), then(*[a] * times)
    valid(repeated, written)
    same(repeated, written)


@many
@given(ends)
def test_bounce_is_continuous_where_its_phase_is(a: Node) -> None:
    """It is continuous at the turns, and wherever the phase itself is."""
    bounced = call("bounce", a)
    valid(a, bounced)
    s = lrdsl.parse(canonical(bounced))
    n = lrdsl.parse(canonical(a)).plan.length
    assert n is not None
    inner = lrdsl.parse(canonical(a))
    near = Fraction(1, 10**7)
    for turn in (n, 2 * n):
        at_turn = inner.at(float(n if turn == n else 0), BASE)
        reached = inner.at(float(n - near * n if turn == n else near * n), BASE)
        before, after = s.at(float(turn - near * n), BASE), s.at(float(turn + near * n), BASE)
        tolerance = abs(at_turn - reached) * 1.01 + 1e-9 * abs(at_turn)
        assert abs(before - after) <= 2 * tolerance
    walked = np.linspace(0, float(n), 50)
    forward, backward = s.values(walked, BASE), s.values(2 * float(n) - walked, BASE)
    assert np.isclose(forward, backward, rtol=1e-6, atol=1e-9).mean() >= 0.9  # a tick beside a jump may fall on its other side


def _bases(node: Node) -> bool:
    """Returns whether every level in a tree is a multiple of base."""
    s = checked(node)
    return s is not None and all(not isinstance(n, nodes.Number) or n.value == 0 for n in _levels(node))


def _levels(node: Node) -> list[Node]:
    from tests.properties.texts import below

    named = ("to", "from", "at", "low", "high", "peak")
    found = []
    for n in below(node):
        if isinstance(n, nodes.Binary) and n.op == "+" and not isinstance(n.left, nodes.Number | nodes.Name):  # a phase and a level
            found.append(n.right)
        if isinstance(n, nodes.Call):
            found += [a.value for a in n.arguments if a.name in named]
            found += [
                a.value for i, a in enumerate(n.arguments) if not a.name and (n.name, i) in (("cyclic", 0), ("cyclic", 1), ("clip", 1), ("clip", 2), ("exp", 1))
            ]
    return found


@examples(80)
@given(trees(3, 200), st.floats(1e-3, 1e3))
def test_scaling_the_base_scales_every_level(node: Node, factor: float) -> None:
    assume(_bases(node))
    s = lrdsl.parse(canonical(node))
    one, other = s.values(300, BASE), s.values(300, BASE * factor)
    np.testing.assert_allclose(other, one * factor, rtol=1e-11, atol=1e-14 * factor * np.abs(one).max(initial=0), err_msg=str(s))


@many
@given(ends, parts)
def test_the_next_phase_enters_where_the_last_one_ended(a: Node, b: Node) -> None:
    chain = then(a, b)
    valid(a, chain)
    first, both = lrdsl.parse(canonical(a)), lrdsl.parse(canonical(chain))
    n = first.plan.length
    assert n is not None
    before = np.arange(0, int(n) + 1, dtype=float)
    before = before[before < float(n)]
    np.testing.assert_array_equal(first.values(before, BASE), both.values(before, BASE))
    held = lrdsl.parse(canonical(then(a, call("hold"))))
    np.testing.assert_allclose(held.at(float(n) + 5, BASE), first.at(first_tick(n), BASE), rtol=1e-11, atol=1e-300)


@many
@given(shapes(200), st.integers(0, 300))
def test_for_holds_the_level_it_reached(a: Node, n: int) -> None:
    valid(a)
    whole, cut = lrdsl.parse(canonical(a)), lrdsl.parse(canonical(limited(a, n)))
    np.testing.assert_allclose(cut.values([n, n + 1, n + 500], BASE), whole.at(n, BASE), rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(cut.values(n, BASE), whole.values(n, BASE), rtol=1e-13, atol=1e-300)


@examples(100)
@given(trees(5, 10**7))
def test_the_canonical_text_reads_back_as_the_same_tree(node: Node) -> None:
    text = canonical(node)
    assert parse(text) == node
    s = lrdsl.parse(text)
    assert str(s) == text
    assert lrdsl.parse(str(s)) == s
    assert hash(lrdsl.parse(text)) == hash(s)


@examples(40)
@given(trees(4, 10**4))
def test_phases_tile_the_time(node: Node) -> None:
    s = lrdsl.parse(canonical(node))
    clock = Fraction(0)
    for phase in s.phases:
        assert phase.start == clock
        clock += phase.length or 0
    found = pieces(s.plan.level)
    assert found[0].start == 0
    assert all(a.start < b.start for a, b in itertools.pairwise(found))


@examples(40)
@given(trees(4, 10**4))
def test_a_level_is_known_to_be_affine_in_base_where_it_can_be_taken_apart(node: Node) -> None:
    level = lrdsl.parse(canonical(node)).plan.level
    assert is_affine(level, expr.BASE) == (affine(level, expr.BASE) is not None)


@examples(40)
@given(schedules(4, 10**4), st.one_of(st.just(1.0), st.floats(BASE_RANGE[0], 1)))
def test_no_level_is_below_what_its_proof_says(s: lrdsl.Schedule, base: float) -> None:
    proof = Proof.of(s.plan.law, bool(s.plan.watches))
    assert proof.fault is None
    found = s.values(600, base)
    assert found.min() >= proof.least - 1e-9 * np.abs(found).max(initial=0)


def _counted(node: Node) -> list[nodes.Number]:
    """The whole numbers in a tree that a pattern can catch."""
    return [n for n in nodes.walk(node) if isinstance(n, nodes.Number) and n.value.denominator == 1 and 0 <= n.value < 10**15]


def _with_number(node: Any, number: nodes.Number, new: Node) -> Any:
    """The tree with another node in the place of a number, which is found by identity."""
    if node is number:
        return new
    if isinstance(node, tuple):
        return tuple(_with_number(part, number, new) for part in node)
    if not attrs.has(type(node)):
        return node
    return attrs.evolve(node, **{f.name: _with_number(getattr(node, f.name), number, new) for f in attrs.fields(type(node)) if f.name != "extent"})


def _rates(text: str, name: str, base: float) -> list[list[float]] | None:
    """The rates of a group of this name and of another one, at the ticks of a run; None for a text that is refused."""
    of = SimpleNamespace(param_groups=[{"lr": base, "name": name}, {"lr": 2 * base, "name": "other"}])
    try:
        scheduler = lrdsl.compile(text, of)
    except lrdsl.ScheduleError:
        return None
    rates = []
    for _ in range(80):
        rates.append([group["lr"] for group in of.param_groups])
        scheduler.step()
    scheduler.replan("linear(5)")
    scheduler.seek(82)
    return [*rates, [group["lr"] for group in of.param_groups]]


@examples(100)
@given(schedules(longest=200), st.integers(1, 9), st.floats(0.01, 2), st.data())
def test_a_family_with_one_group_a_number_is_the_written_out_target(s: lrdsl.Schedule, factor: int, base: float, data: st.DataObject) -> None:
    """`lr["{k}"]` is `lr["7"]` with 7 for k, where the 7 is any number of the text: a length, a level, a gamma, a milestone."""
    tree = parse(str(s))
    numbers = _counted(tree)
    assume(numbers)
    chosen = data.draw(st.sampled_from(numbers))
    caught = int(chosen.value)

    def written(selector: str, new: Node) -> str:
        return f'lr = hold(3) then linear(9); lr["{selector}"] = 0.{factor}^(3 - {canonical(new)}/50) * ({canonical(_with_number(tree, chosen, new))})'

    expected = _rates(written(str(caught), nodes.Number(caught, (0, 0))), str(caught), base)
    assume(expected is not None)
    family = written("{k}", nodes.Name("k", (0, 0)))
    if not any(checked(parse(written(str(sample), nodes.Number(sample, (0, 0))))) for sample in SAMPLES):
        assert _rates(family, str(caught), base) is None
    else:
        assert _rates(family, str(caught), base) == expected
