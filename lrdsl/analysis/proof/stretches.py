"""Proves that two formulas are equal at every tick: cuts the run into stretches in which each has one normal form, and compares those."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import attrs

from lrdsl.analysis.proof import values
from lrdsl.analysis.proof.products import product
from lrdsl.analysis.proof.signs import SplitError, Ticks, by_base, differs, side_of, sign, whole_part
from lrdsl.analysis.proof.values import CYCLE, PI, TICK, UnprovableError, Value, add, atom, constant, linear, power, rational, terms, times, wave
from lrdsl.analysis.proof.zeros import is_zero
from lrdsl.expr import BASE, Call, Event, Expr, Forms, Letter, Linear, LogSize, Num, Product, Select, Symbol, T, Wide, call, number, substitute
from lrdsl.expr import PI as PI_SYMBOL
from lrdsl.expr.arithmetic import INDEX

#: The most stretches that are compared, and the most cycles that are compared one by one.
_MOST_STRETCHES, _FEW_CYCLES = 3000, 8
#: Bases that are tried where the base decides.
_BASES = (1, Fraction(1, 10**12), 10**12)
#: The cycle up to which the last change of a sign is looked for.
_MOST_CYCLES = 256
#: The most ticks that are looked at one by one, where there is no normal form.
MOST_LOOKS = 500
#: The most factors of a running product that are multiplied one by one.
_MOST_FACTORS = 500


@attrs.frozen
class Decision:
    """What is proved of two formulas: `equal`, that they are equal at every tick, for every base above 0.

    `looked` are the ticks (first, last) at which that was decided one by one. `different` is a tick at which they surely differ, None if none was found.
    """

    equal: bool
    looked: tuple[tuple[int, int], ...] = ()
    different: int | None = None


@attrs.frozen
class _Stretch:
    """Some ticks. With a `period`, the tick is `period * q + t`, where t is one of `ticks`."""

    ticks: Ticks
    period: int = 0
    looked: bool = False

    @property
    def single(self) -> bool:
        return self.ticks.first == self.ticks.last and not self.period

    @property
    def end(self) -> int | None:
        """The last tick; None if it is endless."""
        if self.ticks.last is None or self.ticks.cycles is None:
            return None
        return self.period * self.ticks.cycles + self.ticks.last

    @property
    def time(self) -> Value:
        """The tick, as a value."""
        within = constant(self.ticks.first) if self.ticks.first == self.ticks.last else atom(TICK)
        return add(within, atom(CYCLE), self.period) if self.period else within


def decide(a: Expr, b: Expr) -> Decision:
    """Decides whether two formulas of `T` and `BASE` are equal at every tick. Raises `TooMuchWorkError`."""
    todo, unknown = [_Stretch(Ticks(0, None))], False
    looked: list[int] = []
    for _ in range(_MOST_STRETCHES):
        if not todo:
            return Decision(not unknown, _joined(looked))
        stretch = todo.pop()
        try:
            difference = _difference(a, b, stretch, ordered=False)
            if not is_zero(difference):
                difference = _difference(a, b, stretch)
            if is_zero(difference):
                if stretch.looked:
                    looked.append(stretch.ticks.first)
                continue
            if stretch.single and (differs(difference) or _differ_for_some_base(a, b, stretch.ticks.first)):
                return Decision(False, _joined(looked), stretch.ticks.first)
        except SplitError as split:
            todo += reversed(_split(stretch, split))
            continue
        except UnprovableError:
            pass
        ticks = stretch.ticks
        if not stretch.single and not stretch.period and ticks.last is not None and len(looked) + ticks.last - ticks.first < MOST_LOOKS:
            todo += [_Stretch(Ticks(tick, tick), looked=True) for tick in range(ticks.last, ticks.first - 1, -1)]
            continue
        unknown = True
        if not stretch.single and (at := _probed(a, b, stretch)) is not None:
            return Decision(False, _joined(looked), at)
    return Decision(False, _joined(looked))


def apart(a: Expr, b: Expr, tick: int, share: float) -> bool:
    """Whether two formulas without `BASE` surely differ at a tick, by more than a share of the larger one."""
    try:
        left, right = (_reader(_Stretch(Ticks(tick, tick)), ordered=True)(e) for e in (a, b))
        difference = side_of_constant(add(left, right, -1))
        sizes = [add({}, x, Fraction(share) * side_of_constant(x)) for x in (left, right)]
        return difference != 0 and all(side_of_constant(add(add(left, right, -1), each, -difference)) == difference for each in sizes)
    except UnprovableError:
        return False


def _differ_for_some_base(a: Expr, b: Expr, tick: int) -> bool:
    """Whether two formulas surely differ at a tick for one of a few bases: a `min` of base and a number has no other sign."""
    return any(apart(substitute(a, {BASE: number(base)}), substitute(b, {BASE: number(base)}), tick, 0) for base in _BASES)


def _joined(ticks: list[int]) -> tuple[tuple[int, int], ...]:
    """Returns ticks as ranges."""
    ranges: list[tuple[int, int]] = []
    for tick in ticks:
        ranges[-1:] = [(ranges[-1][0], tick)] if ranges and ranges[-1][1] == tick - 1 else [*ranges[-1:], (tick, tick)]
    return tuple(ranges)


def _probed(a: Expr, b: Expr, stretch: _Stretch) -> int | None:
    """Returns a tick of a stretch at which two formulas surely differ; None if a few ticks show none."""
    first, last = stretch.ticks.first, stretch.ticks.last
    end = 4 * first + 100 if last is None else last
    within = sorted({*range(first, min(first + 12, end + 1)), (first + end) // 2, max(first, end - 1), end})
    cycles = [k for k in (0, 1, 2, 5) if stretch.ticks.cycles is None or k <= stretch.ticks.cycles] if stretch.period else [0]
    ticks: list[int] = sorted(stretch.period * k + t for k in cycles for t in within)
    for tick in ticks:
        try:
            if differs(_difference(a, b, _Stretch(Ticks(tick, tick)))) or _differ_for_some_base(a, b, tick):
                return tick
        except UnprovableError:
            continue
    return None


def _split(stretch: _Stretch, split: SplitError) -> list[_Stretch]:
    """Returns the parts of a stretch in which something changes."""
    first, last = stretch.ticks.first, stretch.ticks.last
    if split.cyclic or (stretch.period and split.period is not None and stretch.period % split.period == 0):
        return [attrs.evolve(stretch, ticks=attrs.evolve(stretch.ticks, first=low, last=high)) for low, high in ((first, split.at - 1), (split.at, last))]
    if stretch.period:  # begin again, with the change outside of the cycles
        last = stretch.end
        if split.period is None:
            return [_Stretch(Ticks(first, split.at - 1)), _Stretch(Ticks(split.at, last))]
    if split.period is not None:
        period = math.lcm(stretch.period or 1, split.period.numerator)
        cycles = None if last is None else (last - first + 1) // period
        if cycles is None or cycles > _FEW_CYCLES:
            whole = _Stretch(Ticks(first, first + period - 1, None if cycles is None else cycles - 1), period)
            rest = [] if last is None or first + cycles * period > last else [_Stretch(Ticks(first + cycles * period, last))]  # type: ignore[operator]
            return [whole, *rest]
    return [_Stretch(Ticks(first, split.at - 1)), _Stretch(Ticks(split.at, last))]


def _difference(a: Expr, b: Expr, stretch: _Stretch, ordered: bool = True) -> Value:
    of = _reader(stretch, ordered)
    return add(of(a), of(b), -1)


def _reader(stretch: _Stretch, ordered: bool) -> Callable[[Expr], Value]:
    """Returns a function that gives the value of a formula in a stretch. It raises `SplitError` where the formula changes there.

    Without `ordered`, it does not ask which argument of `min` and `max` is greater: that may change for ever, and both formulas may ask the same.
    """
    memo: dict[Expr, Value] = {T: stretch.time, BASE: atom(values.BASE), PI_SYMBOL: atom(PI), INDEX: atom(("k",))}

    def side(value: Value) -> int | None:
        sign_there = sign(value, stretch.ticks)
        if sign_there is None and stretch.period:
            _split_in_time(value, stretch)
            _split_in_cycles(value, stretch)
        return sign_there

    def of(e: Expr) -> Value:
        value = memo.get(e)
        if value is None:
            value = memo[e] = step(e)
        return value

    def step(e: Expr) -> Value:
        match e:
            case Num():
                return constant(e.value)
            case Linear():
                return add(times(constant(e.scale), of(e.of)), constant(e.shift))
            case Forms():
                return of(e.best)
            case Letter() | Wide():
                return of(e.of)
            case Select():
                return of(e.values[_branch(of(e.of), e.starts, stretch)])
            case Product():
                upto = of(e.upto)
                count = rational(upto)
                return product(of(e.factor), upto, side) if count is None or count > _MOST_FACTORS else multiplied(e.factor, int(count))
            case LogSize():
                return of(call("log", call("abs", e.product)))
            case Call():
                args = [of(x) for x in e.args]
                return _call(e.op, args, stretch, side) if ordered or e.op not in ("min", "max", "abs") else _call(e.op, args, stretch, lambda _: None)
            case Event() | Symbol():
                raise UnprovableError
        raise AssertionError(e)

    def multiplied(factor: Expr, count: int) -> Value:
        result = constant(1)
        for k in range(1, count + 1):
            result = times(result, of(substitute(factor, {INDEX: number(k)})))
        return result

    return of


def _split_in_time(value: Value, stretch: _Stretch) -> None:
    """Raises `SplitError` where a straight line of time, whatever the cycle, goes through 0."""
    slopes = linear(by_base(value)[0]) if len(by_base(value)) == 1 else None
    if slopes is None:
        return
    slope, cycle, shift = slopes
    if not slope and cycle:
        at = _after_cycles(-shift / cycle, stretch)
    elif slope and cycle == slope * stretch.period:
        at = math.floor(-shift / slope) + 1
    else:
        return
    if stretch.ticks.first < at and (stretch.end is None or at <= stretch.end):
        raise SplitError(at)


def _split_in_cycles(value: Value, stretch: _Stretch) -> None:
    """Raises `SplitError` at a cycle from which on the sign of a value is known; without one, in the middle of a few cycles."""
    number = stretch.ticks.cycles
    for k in (2**i for i in range(_MOST_CYCLES.bit_length())):
        if number is not None and k > number:
            break
        later = values.replaced(value, {TICK: atom(TICK), CYCLE: add(atom(CYCLE), constant(k))}, side_of)
        if sign(later, attrs.evolve(stretch.ticks, cycles=None if number is None else number - k)) is not None:
            raise SplitError(_after_cycles(Fraction(k), stretch))
    if number is not None and 0 < number <= _MOST_CYCLES:
        raise SplitError(_after_cycles(Fraction((number + 1) // 2), stretch))


def _after_cycles(number: Fraction, stretch: _Stretch) -> int:
    """Returns the first tick of a stretch after so many cycles, or one."""
    return stretch.ticks.first + stretch.period * max(1, math.ceil(number))


def _call(op: str, args: list[Value], stretch: _Stretch, side: values.Sign) -> Value:
    first = args[0]
    match op:
        case "add":
            total: Value = {}
            for x in args:
                total = add(total, x)
            return total
        case "mul":
            total = constant(1)
            for x in args:
                total = times(total, x)
            return total
        case "div":
            return times(first, power(args[1], constant(-1), side))
        case "pow":
            return power(first, args[1], side)
        case "sqrt":
            return power(first, constant(Fraction(1, 2)), side)
        case "exp":
            return values.exp(first)
        case "expm1":
            return add(values.exp(first), constant(-1))
        case "log":
            return values.log(first, side)
        case "log1p":
            return values.log(add(first, constant(1)), side)
        case "cos" | "hav":
            forward, backward = wave(first, op == "hav")
            cosine = add({}, add(forward, backward), Fraction(1, 2))
            return cosine if op == "cos" else add({}, add(constant(1), cosine, -1), Fraction(1, 2))
        case "sin":
            forward, backward = wave(add(first, atom(PI), Fraction(-1, 2)))
            return add({}, add(forward, backward), Fraction(1, 2))
        case "floor":
            return _floor(first, stretch)
        case "ceil":
            return add({}, _floor(add({}, first, -1), stretch), -1)
        case "mod":
            whole = _floor(times(first, power(args[1], constant(-1), side)), stretch)
            return add(first, times(args[1], whole), -1)
        case "min" | "max":
            return _extreme(op, args, side)
        case "abs":
            return _extreme("max", [first, add({}, first, -1)], side)
    return atom(("call", op, *map(terms, args)))


def _extreme(op: str, args: list[Value], side: values.Sign) -> Value:
    """Returns the least or the greatest of some values. Those of which it is not known which is greater stay together."""
    kept: list[Value] = []
    for x in args:
        beaten = False
        for other in list(kept):
            order = side(add(x, other, -1))
            if order is None:
                continue
            if order == 0 or (order > 0) == (op == "min"):
                beaten = True
                break
            kept.remove(other)
        if not beaten:
            kept.append(x)
    kept = [x for x in kept if not _absorbed(op, x, kept)]
    return kept[0] if len(kept) == 1 else atom(("call", op, frozenset(map(terms, kept))))


def _absorbed(op: str, value: Value, others: list[Value]) -> bool:
    """Whether a value is the `min` of another one and more, in a `max`, or the other way round: then the other one decides."""
    other_op = "min" if op == "max" else "max"
    sets = [name[2] for monomial in value if value == {monomial: 1} for name, _ in monomial if name[:2] == ("call", other_op) and value == atom(name)]
    return any(terms(x) in members for members in sets for x in others)


def _branch(of: Value, starts: tuple[int | Fraction, ...], stretch: _Stretch) -> int:
    """Returns which branch a formula takes in a whole stretch."""
    slopes = linear(of)
    if slopes is None:
        decided = [i for i, start in enumerate(starts) if i == 0 or side_of_constant(add(of, constant(-start))) in (0, 1)]
        return decided[-1]
    slope, cycle, shift = slopes
    here, later = _ends(slopes, stretch)
    branch = [i for i, start in enumerate(starts) if i == 0 or start <= here][-1]
    rises = slope >= 0 and cycle >= 0
    if not rises and (slope > 0 or cycle > 0):
        raise UnprovableError
    bound = starts[branch + 1] if rises and branch + 1 < len(starts) else starts[branch] if not rises and branch else None
    if bound is None or (later is not None and (later < bound if rises else later >= bound)):
        return branch
    if cycle and not slope and stretch.period:
        raise SplitError(_after_cycles((bound - shift) / cycle, stretch))
    if cycle and cycle != slope * stretch.period:
        raise UnprovableError
    share = (bound - shift) / slope
    raise SplitError(math.ceil(share) if rises else math.floor(share) + 1, cyclic=not cycle and stretch.period > 0)


def side_of_constant(value: Value) -> int:
    """Returns the sign of a value that does not depend on the tick. Raises `UnprovableError` for others."""
    side = 0 if is_zero(value) else side_of(value)
    if side is None:
        raise UnprovableError
    return side


def _ends(slopes: tuple[Fraction, Fraction, Fraction], stretch: _Stretch) -> tuple[Fraction, Fraction | None]:
    """Returns the first and the last value, in a stretch, of something of the first degree; the last is None if it is endless."""
    slope, cycle, shift = slopes
    ticks = stretch.ticks
    first = slope * ticks.first + shift
    if (slope and ticks.last is None) or (cycle and ticks.cycles is None):
        return first, None
    return first, first + slope * ((ticks.last or 0) - ticks.first if slope else 0) + cycle * (ticks.cycles or 0)


def _floor(value: Value, stretch: _Stretch) -> Value:
    """Returns the largest whole number that is not above a value."""
    slopes = linear(value)
    if slopes is None:
        constant_part = value.get(values.ONE, Fraction(0)).__floor__()
        rest = add(value, constant(-constant_part))
        whole = {m: c for m, c in rest.items() if values.is_whole(m) and c.denominator == 1 and m != values.ONE}
        rest = add(rest, whole, -1)
        return add(add(constant(constant_part), whole), _floor_of(rest))
    slope, cycle, shift = slopes
    if slope.denominator == 1 and cycle.denominator == 1:
        return add(value, constant(shift.__floor__() - shift))
    if cycle.denominator != 1:
        if slope and cycle == slope * stretch.period:
            raise SplitError(stretch.ticks.first + 1, Fraction(slope.denominator))
        raise SplitError(stretch.ticks.first + 1, Fraction(stretch.period * cycle.denominator))
    first, last = _ends((slope, Fraction(0), shift), stretch)
    bottom = first.__floor__()
    if last is None or last.__floor__() != bottom:
        at = math.ceil((bottom + 1 - shift) / slope) if slope > 0 else math.floor((bottom - shift) / slope) + 1
        raise SplitError(at, abs(1 / slope), cyclic=stretch.period > 0)
    return add({values.ONE: Fraction(bottom)} if bottom else {}, {m: c for m, c in value.items() if m == values.ONE_CYCLE})


def _floor_of(value: Value) -> Value:
    exact = rational(value)
    if exact is not None:
        return constant(exact.__floor__())
    whole = whole_part(value)
    return constant(whole) if whole is not None else atom(("call", "floor", terms(value)))
