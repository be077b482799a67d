"""`value_of`: makes an expression from the node of a value: numbers, units, names and arithmetic, each checked for its kind."""

from __future__ import annotations

import math
from fractions import Fraction

import attrs

from lrdsl.check import bounds
from lrdsl.check.amounts import amount_of, report_mixed, share_of, ticks_of
from lrdsl.check.legend import MOMENT, TOTAL
from lrdsl.check.names import call_function, dependencies, is_phase
from lrdsl.check.scope import ARITHMETIC, WORDS, WORDS_KNOWN_AS, FunctionBinding, Run, Scope
from lrdsl.clock import CANONICAL_UNIT, ELSEWHERE, MAX_TICKS, MULTIPLES, UNITS, MissingFactError, total_of
from lrdsl.diagnostics import foreign_letter, shown
from lrdsl.expr import BASE, PI, ZERO, Expr, Num, T, add, call, decimal, div, mentions, mul, neg, number, power
from lrdsl.expr.exact import Exact, reduced
from lrdsl.kinds import DESCRIPTION, EXAMPLE, Kind
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: The kinds without a unit.
_PURE = (Kind.NUMBER, Kind.RATIO)


@attrs.frozen
class Value:
    """An expression and its kind."""

    kind: Kind
    expr: Expr


def value_of(node: Node, kind: Kind, scope: Scope) -> Expr | None:
    """Returns the expression of a node where a value of this kind is expected; None after its problem was reported."""
    inner = attrs.evolve(scope, formula=True) if kind is Kind.FORMULA else scope
    value = evaluate(node, inner)
    return None if value is None else _convert(value, kind, node, scope)


def _convert(value: Value, kind: Kind, node: Node, scope: Scope) -> Expr | None:
    """Returns the expression of a value as one of another kind; None after the kinds were reported not to fit."""
    actual, e = value.kind, value.expr
    fits = actual is kind or actual is Kind.NUMBER or (kind is Kind.FORMULA and actual is Kind.RATIO)
    if kind is Kind.NUMBER:
        fits = actual in _PURE
    if not fits:
        text = shown(canonical(node))
        plain = canonical(nodes.Number(node.value, node.extent)) if isinstance(node, nodes.Quantity) and node.unit == "x" and kind is Kind.RATIO else None
        help = f"write {EXAMPLE[kind]}" if plain is None else f"a factor has no unit: `{plain}`"
        scope.problems.error("LR111", node.extent, f"expected {DESCRIPTION[kind]}, but `{text}` is {DESCRIPTION[actual]}", help, plain)
        return None
    if kind is Kind.DURATION:
        return _ticks(e, node, scope)
    if kind is Kind.LEVEL and actual is Kind.NUMBER and scope.factor and e != ZERO:
        text = shown(canonical(node))
        fix = f"{text}x" if isinstance(node, nodes.Number) else None
        scope.problems.error("LR115", node.extent, f"`{text}` is an absolute level inside a factor", f"a factor only multiplies: write `{text}x`", fix)
        return None
    if kind is Kind.COUNT:
        count = _nearest(e)
        if count is None or count.denominator != 1:
            scope.problems.error("LR132", node.extent, f"`{shown(canonical(node))}` is not a whole number", f"write {EXAMPLE[kind]}")
            return None
        return e if isinstance(e, Num) else number(count)
    return e


def _ticks(e: Expr, node: Node, scope: Scope) -> Expr | None:
    """Returns a duration as an exact number of ticks; None after one that is too long was reported."""
    ticks = _nearest(e)
    if ticks is None or not -MAX_TICKS <= ticks <= MAX_TICKS:
        text = shown(canonical(node))
        scope.problems.error("LR131", node.extent, f"`{text}` is longer than a run can be", f"a duration has at most {int(MAX_TICKS):.0e} ticks")
        return None
    return number(ticks)


def exact_number(e: Expr, node: Node, scope: Scope) -> Num | None:
    """Returns a constant as an exact number, where the language computes with it: for one with roots and the like, the nearest double.

    Returns None after one that is not finite was reported.
    """
    value = _nearest(e)
    if value is None:
        scope.problems.error("LR144", node.extent, f"`{shown(canonical(node))}` is not a finite number", "write a number of at most 1e308")
        return None
    return e if isinstance(e, Num) else decimal(value)


def _nearest(e: Expr) -> Exact | None:
    """Returns the value of a constant, or the double that is nearest to it; None for one that is not finite."""
    if isinstance(e, Num):
        return e.value
    near = bounds.constant(e)
    return reduced(Fraction(near)) if math.isfinite(near) else None


def evaluate(node: Node, scope: Scope) -> Value | None:
    """Returns the value of a node, with the kind that it has by itself; None after its problem was reported."""
    match node:
        case nodes.Number():
            return Value(Kind.NUMBER, decimal(node.value))
        case nodes.Quantity():
            return _quantity(node, scope)
        case nodes.Name() if node.id in scope.bound:
            return _bound_name(node, scope)
        case nodes.Name():
            return _word(node, scope)
        case nodes.Call() if isinstance(function := scope.bound.get(node.name), FunctionBinding):
            return call_function(node, function, scope, evaluate)
        case nodes.Negative():
            operand = evaluate(node.operand, scope)
            return None if operand is None else Value(operand.kind, neg(operand.expr))
        case nodes.Binary() if scope.clock.changing and (amount := amount_of(node, scope, evaluate)) is not None:
            return _length(*amount, node, scope)
        case nodes.Binary() if scope.clock.changing and (share := share_of(node, scope, evaluate)) is not None:
            return Value(Kind.RATIO, number(share))
        case nodes.Binary():
            left, right = evaluate(node.left, scope), evaluate(node.right, scope)
            return None if left is None or right is None else _binary(node, left, right, scope)
        case nodes.Call() if node.name in ARITHMETIC:
            return _call(node, scope)
        case nodes.Moment():
            return _moment(node, scope)
        case nodes.Text():
            scope.problems.error("LR111", node.extent, "expected a value, but found text in quotes", "quotes are for the name of a metric, a group or a file")
        case nodes.List():
            scope.problems.error("LR111", node.extent, "expected one value, but found a list", "give one value, without `[` and `]`")
        case _:
            what = node.name if isinstance(node, nodes.Call) else shown(canonical(node))
            scope.problems.error("LR113", node.extent, f"expected a value, but `{what}` is a phase", "put a number here, or close the bracket before it")
    return None


def _bound_name(node: nodes.Name, scope: Scope) -> Value | None:
    """Returns the value of a name that the text defines."""
    binding = scope.bound[node.id]
    if isinstance(binding, FunctionBinding) or binding.only_phase:
        what = "a function" if isinstance(binding, FunctionBinding) else "a phase"
        scope.problems.error("LR113", node.extent, f"expected a value, but `{node.id}` is {what}", "put a number here")
        return None
    inner = scope.enter(binding, node.extent)
    value = None if inner is None else evaluate(binding.node, inner)
    if value is None or scope.legend is None or not binding.by_user:
        return value
    return Value(value.kind, scope.legend.with_letter(value.expr, node.id, factor=scope.factor, duration=value.kind is Kind.DURATION))


def _moment(node: nodes.Moment, scope: Scope) -> Value | None:
    """Returns the level that a target, or a phase that enters at the base, has at a time: `(cosine(100) at 10)`."""
    text = shown(canonical(node.value))
    if not is_phase(node.value, scope):
        if isinstance(node.value, nodes.Name) and node.value.id not in (*scope.bound, *scope.names, *WORDS):
            help = f"a level is that of a phase, or of a target above it: write `{text} = ...` before it"
            scope.problems.error("LR103", node.value.extent, f"`{text}` is not defined here", help)
            return None
        scope.problems.error("LR112", node.value.extent, f"expected a phase or a target, but `{text}` is a value", "write it as in `lr at 5ep`")
        return None
    if dependencies(node.value, scope).follows_metric:
        help = "use a phase that follows no metric, or write the level as a number"
        scope.problems.error("LR147", node.value.extent, f"`{text}` depends on a metric, so its level is not known before the run", help)
        return None
    time = value_of(node.tick, Kind.DURATION, scope.from_run_start())
    alone = attrs.evolve(scope, rest=total_of(scope.clock), no_rest="", run=Run(refused="inside `A at T`"), factor=False)
    assert scope.read is not None
    curve = scope.read(node.value, alone)
    if curve is None or not isinstance(time, Num):
        return None
    if time.value < 0:
        scope.problems.error("LR131", node.tick.extent, f"a time cannot be `{shown(canonical(node.tick))}`", "a time is 0 or more")
        return None
    tick = scope.lettered(time, MOMENT, node.tick, True)
    assert isinstance(tick, Num)
    return Value(Kind.LEVEL, curve.at(tick.value, BASE))


def _quantity(node: nodes.Quantity, scope: Scope) -> Value | None:
    """Returns the value of a number with a unit."""
    if node.multiple and node.multiple not in MULTIPLES:
        if node.multiple == "and":
            scope.problems.error("LR104", node.extent, "`and` cannot join conditions", "join conditions by `or`")
            return None
        what = f"`{shown(node.multiple)}` is not a multiple of a unit"
        scope.problems.error("LR104", node.extent, what, f"write the number, one of {', '.join(f'`{m}`' for m in MULTIPLES)} or none, then the unit")
        return None
    amount = node.value * MULTIPLES.get(node.multiple, 1)
    if node.unit == "x":
        if node.multiple:
            scope.problems.error("LR104", node.extent, f"`{node.multiple}` can multiply only durations", f"write the whole number: `{float(amount):g}x`")
            return None
        return Value(Kind.LEVEL, mul(decimal(amount), BASE))
    if not node.unit:
        return Value(Kind.NUMBER, decimal(amount))
    unit = UNITS.get(node.unit)
    if unit is None:
        near = ELSEWHERE.get(node.unit.lower()) or scope.problems.near(node.unit, [*UNITS, "x"]) or UNITS.get(node.unit.lower())
        note = foreign_letter(node.unit)
        spelled = ", ".join(f"`{u}`" for u in CANONICAL_UNIT.values())
        help = f"did you mean `{near}`?" if near else f"units are {spelled}, and `x` for multiples of base" + (f"; {note}" if note else "")
        scope.problems.error("LR104", node.unit_extent, f"there is no unit `{shown(node.unit)}`", help, near)
        return None
    return _length(amount, unit, node, scope)


def _length(amount: Exact, unit: str, node: Node, scope: Scope) -> Value | None:
    """Returns the value of an amount of a unit of time."""
    try:
        ticks = ticks_of(amount, unit, node, scope)
    except MissingFactError as fact:
        scope.report_missing(fact, node.extent, f"`{canonical(node)}`")
        return None
    return None if ticks is None else Value(Kind.DURATION, number(ticks))


def _word(node: nodes.Name, scope: Scope) -> Value | None:
    """Returns the value of a name that the host gives, or of a word of the language."""
    word, problems = node.id, scope.problems
    if word in scope.names:
        hosted = scope.names[word]
        if isinstance(hosted, tuple):
            problems.error("LR111", node.extent, f"expected one value, but `{shown(word)}` is a list", "give one number for it in `names=`")
            return None
        constant = decimal(hosted)
        return Value(Kind.NUMBER, constant if scope.legend is None else scope.legend.with_letter(constant, word))
    match word:
        case "base":
            return Value(Kind.LEVEL, BASE)
        case "pi":
            return Value(Kind.NUMBER, PI)
        case "t" if scope.formula:
            return Value(Kind.NUMBER, T)
        case "t":
            problems.error("LR103", node.extent, "`t` has a meaning only inside `scale(...)` and `cumprod(...)`", "use a number or a unit here")
        case "total":
            try:
                total = scope.clock.total()
                return Value(Kind.DURATION, number(total if scope.legend is None else scope.legend.number_with_letter(total, TOTAL, duration=True)))
            except MissingFactError as fact:
                scope.report_missing(fact, node.extent, "`total`")
        case "rest":
            return _rest(node, scope)
        case _:
            near = near_value(word, scope)
            note = foreign_letter(word)
            names = ", ".join(f"`{w}`" for w in (*WORDS, *scope.names) if w != "t" or scope.formula)
            repair = f"give it a value: `names={{{word!r}: 10}}` (`--set {word}=10`); the names here are {names}"
            help = f"did you mean `{near}`?" if near else note or repair
            problems.error("LR103", node.extent, f"`{shown(word)}` is not defined here", help, near)
    return None


def near_value(word: str, scope: Scope) -> str | None:
    """Returns the name of a value that another word means, which is that of another library or nearly its own; None if there is none."""
    near = WORDS_KNOWN_AS.get(word) if WORDS_KNOWN_AS.get(word) != "t" or scope.formula else None
    return near or scope.problems.near(word, [*WORDS, *scope.names, *scope.bound])


def _rest(node: nodes.Name, scope: Scope) -> Value | None:
    """Returns the value of `rest`."""
    if scope.rest is None:
        if not scope.no_rest:
            scope.report_missing(scope.clock.missing_total(), node.extent, "`rest`")
        else:
            help = "write the length as a number, or as a share of the run: `20%`"
            scope.problems.error("LR122", node.extent, f"`rest` has no meaning {scope.no_rest}", help)
        return None
    return Value(Kind.DURATION, number(max(scope.rest, 0)))


def _mismatch(node: Node, what: str, help: str, scope: Scope) -> None:
    scope.problems.error("LR114", node.extent, what, help)


def _binary(node: nodes.Binary, a: Value, b: Value, scope: Scope) -> Value | None:
    """Returns the value of `a op b`; None after a problem was reported."""
    kind = _kind_of(node.op, a, b)
    if kind is None:
        signs = {"+": "added to", "-": "taken from", "*": "multiplied by", "/": "divided by", "^": "raised to"}
        first, second = (b, a) if node.op == "-" else (a, b)
        what = f"{DESCRIPTION[first.kind]} cannot be {signs[node.op]} {DESCRIPTION[second.kind]}"
        _mismatch(node, what, "`+` and `-` need two values of one kind; a pure number can multiply or divide any value", scope)
        return None
    if kind is Kind.LEVEL and node.op in "+-" and scope.factor and Kind.NUMBER in (a.kind, b.kind):
        help = "a factor only multiplies: give the number as a multiple of base, such as `0.1x`"
        scope.problems.error("LR115", node.extent, "an absolute level inside a factor", help)
        return None
    if node.op == "/" and isinstance(b.expr, Num) and b.expr.value == 0:
        scope.problems.error("LR144", node.right.extent, "division by 0", "divide by another number")
        return None
    if kind is Kind.DURATION and scope.clock.changing and report_mixed(node, a.kind, b.kind, scope):
        return None
    if node.op == "+" and scope.legend is not None and isinstance(a.expr, Num) and isinstance(b.expr, Num):
        scope.legend.note_sum(a.expr.value, b.expr.value)
    operate = {"+": add, "*": mul, "/": div, "^": power}
    e = add(a.expr, neg(b.expr)) if node.op == "-" else operate[node.op](a.expr, b.expr)
    return Value(kind, number(e.value) if kind is Kind.DURATION and isinstance(e, Num) else e)


def _kind_of(op: str, a: Value, b: Value) -> Kind | None:
    """Returns the kind of `a op b`; None if the kinds do not fit together."""
    x, y = a.kind, b.kind
    pure = Kind.RATIO if Kind.RATIO in (x, y) else Kind.NUMBER
    if x in _PURE and y in _PURE:
        return pure
    if op in "+-":
        return x if x is y or y is Kind.NUMBER else y if x is Kind.NUMBER else None
    if op == "*":
        return x if y in _PURE else y if x in _PURE else None
    if op == "/":
        if y in _PURE:
            return x
        if y is Kind.DURATION and x in (Kind.DURATION, Kind.NUMBER):
            return Kind.RATIO
        if x is y and not mentions(div(a.expr, b.expr), BASE):
            return Kind.RATIO
    return None


def _call(node: nodes.Call, scope: Scope) -> Value | None:
    """Returns the value of a function of arithmetic; None after a problem was reported."""
    arguments = [evaluate(a.value, scope) for a in node.arguments]
    expected = ARITHMETIC[node.name]
    if (expected is None and len(arguments) < 2) or (expected is not None and len(arguments) != expected):
        help = f"`{node.name}` takes {'two or more arguments' if expected is None else 'one argument'}"
        what = f"`{node.name}` has {len(arguments)} argument{'s' * (len(arguments) != 1)}"
        scope.problems.error("LR106" if len(arguments) < (expected or 2) else "LR107", node.extent, what, help)
        return None
    for a in node.arguments:
        if a.name:
            scope.problems.error("LR102", a.name_extent, f"`{node.name}` has no parameter `{shown(a.name)}`", "give the arguments of a function by position")
            return None
    values = [v for v in arguments if v is not None]
    if len(values) < len(arguments):
        return None
    kinds = {v.kind for v in values} - {Kind.NUMBER}
    if len(kinds) > 1 or (node.name not in ("min", "max", "abs", "floor", "ceil") and kinds - {Kind.RATIO}):
        which = " and ".join(sorted(DESCRIPTION[k] for k in kinds))
        _mismatch(node, f"`{node.name}` does not work on {which}", "it takes pure numbers; divide by a unit first, as in `t / 5ep`", scope)
        return None
    kind = kinds.pop() if kinds else Kind.NUMBER
    e = call(node.name, *(v.expr for v in values))
    return Value(kind, number(e.value) if kind is Kind.DURATION and isinstance(e, Num) else e)
