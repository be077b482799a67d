"""Numbers, units and arithmetic: a node in a place for a value becomes an expression of the kind that the place asks for."""

from __future__ import annotations

import math
from fractions import Fraction

import attrs

from lrdsl.check import bounds
from lrdsl.check.legend import TOTAL
from lrdsl.check.names import called
from lrdsl.check.scope import ARITHMETIC, WORDS, Defined, Scope
from lrdsl.clock import CANONICAL_UNIT, MAX_TICKS, MULTIPLES, UNITS, MissingFactError
from lrdsl.diagnostics import did_you_mean, foreign_letter, shown
from lrdsl.expr import BASE, PI, ZERO, Expr, Num, T, add, call, decimal, div, mentions, mul, neg, number, power
from lrdsl.expr.exact import reduced
from lrdsl.kinds import DESCRIPTION, EXAMPLE, Kind
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

_PURE = (Kind.NUMBER, Kind.RATIO)


@attrs.frozen
class Value:
    """An expression and its kind; a `NUMBER` has not been told yet what it counts."""

    kind: Kind
    expr: Expr


def value_of(node: Node, kind: Kind, scope: Scope) -> Expr | None:
    """The expression of a node in a place for `kind`, or None after its problem was reported."""
    inner = attrs.evolve(scope, formula=True) if kind is Kind.FORMULA else scope
    found = evaluate(node, inner)
    return None if found is None else _convert(found, kind, node, scope)


def _convert(found: Value, kind: Kind, node: Node, scope: Scope) -> Expr | None:
    have, e = found.kind, found.expr
    fits = have is kind or have is Kind.NUMBER or (kind is Kind.FORMULA and have is Kind.RATIO)
    if kind is Kind.NUMBER:
        fits = have in _PURE
    if not fits:
        text = shown(canonical(node))
        plain = canonical(nodes.Number(node.value, node.extent)) if isinstance(node, nodes.Quantity) and node.unit == "x" and kind is Kind.RATIO else None
        help = f"write {EXAMPLE[kind]}" if plain is None else f"a factor has no unit: `{plain}`"
        scope.problems.error("LR111", node.extent, f"here belongs {DESCRIPTION[kind]}, and `{text}` is {DESCRIPTION[have]}", help, plain)
        return None
    if kind is Kind.DURATION:
        return _ticks(e, node, scope)
    if kind is Kind.LEVEL and have is Kind.NUMBER and scope.factor and e != ZERO:
        text = shown(canonical(node))
        fix = f"{text}x" if isinstance(node, nodes.Number) else None
        scope.problems.error("LR115", node.extent, f"`{text}` is an absolute level, inside a factor", f"a factor multiplies: write `{text}x`", fix)
        return None
    if kind is Kind.COUNT and not (isinstance(e, Num) and e.value.denominator == 1):
        scope.problems.error("LR132", node.extent, f"`{shown(canonical(node))}` is not a whole number", f"write {EXAMPLE[kind]}")
        return None
    return e


def _ticks(e: Expr, node: Node, scope: Scope) -> Expr | None:
    """A duration as an exact constant within bounds."""
    if isinstance(e, Num):
        ticks = e.value
    else:
        near = bounds.constant(e)
        ticks = reduced(Fraction(near)) if math.isfinite(near) else MAX_TICKS * 2
    if not -MAX_TICKS <= ticks <= MAX_TICKS:
        text = shown(canonical(node))
        scope.problems.error("LR131", node.extent, f"`{text}` is longer than a run can be", f"a duration has at most {int(MAX_TICKS):.0e} ticks")
        return None
    return number(ticks)


def evaluate(node: Node, scope: Scope) -> Value | None:
    """The value of a node of arithmetic, or None after its problem was reported."""
    match node:
        case nodes.Number():
            return Value(Kind.NUMBER, decimal(node.value))
        case nodes.Quantity():
            return _quantity(node, scope)
        case nodes.Name() if node.id in scope.bound:
            return _bound(node, scope)
        case nodes.Name():
            return _name(node, scope)
        case nodes.Call() if isinstance(defined := scope.bound.get(node.name), Defined):
            return called(node, defined, scope, evaluate)
        case nodes.Negative():
            operand = evaluate(node.operand, scope)
            return None if operand is None else Value(operand.kind, neg(operand.expr))
        case nodes.Binary():
            left, right = evaluate(node.left, scope), evaluate(node.right, scope)
            return None if left is None or right is None else _binary(node, left, right, scope)
        case nodes.Call() if node.name in ARITHMETIC:
            return _call(node, scope)
        case nodes.Text():
            scope.problems.error("LR111", node.extent, "text in quotes where a value belongs", "quotes hold the name of a metric, a group or a file")
        case nodes.List():
            scope.problems.error("LR111", node.extent, "a list where one value belongs", "take one value out of the brackets")
        case _:
            what = node.name if isinstance(node, nodes.Call) else shown(canonical(node))
            scope.problems.error("LR113", node.extent, f"`{what}` is a phase, where a value belongs", "put a number here, or close the bracket before it")
    return None


def _bound(node: nodes.Name, scope: Scope) -> Value | None:
    found = scope.bound[node.id]
    if found.phase or isinstance(found, Defined):
        what = "a function" if isinstance(found, Defined) else "a phase"
        scope.problems.error("LR113", node.extent, f"`{node.id}` is {what}, where a value belongs", "put a number here")
        return None
    inner = scope.within(found, node.extent)
    value = None if inner is None else evaluate(found.node, inner)
    if value is None or scope.legend is None or not found.own:
        return value
    return Value(value.kind, scope.legend.named(value.expr, node.id, factor=scope.factor, duration=value.kind is Kind.DURATION))


def _quantity(node: nodes.Quantity, scope: Scope) -> Value | None:
    if node.multiple and node.multiple not in MULTIPLES:
        help = "conditions are joined by `or`" if node.multiple == "and" else "a number is followed by `k`, `M` or `B`, then its unit"
        scope.problems.error("LR104", node.extent, f"`{shown(node.multiple)}` does not multiply a number", help)
        return None
    amount = node.value * MULTIPLES.get(node.multiple, 1)
    if node.unit == "x":
        if node.multiple:
            scope.problems.error("LR104", node.extent, f"`{node.multiple}` multiplies durations alone", f"write the factor out: `{float(amount):g}x`")
            return None
        return Value(Kind.LEVEL, mul(decimal(amount), BASE))
    unit = UNITS.get(node.unit) if node.unit else "tick"
    if unit is None:
        near = did_you_mean(node.unit, [*UNITS, "x"]) or UNITS.get(node.unit.lower())
        note = foreign_letter(node.unit)
        spelled = ", ".join(f"`{u}`" for u in CANONICAL_UNIT.values())
        help = f"did you mean `{near}`?" if near else f"units are {spelled}, and `x` for multiples of base" + (f"; {note}" if note else "")
        scope.problems.error("LR104", node.unit_extent, f"there is no unit `{shown(node.unit)}`", help, near)
        return None
    try:
        return Value(Kind.DURATION, number(scope.clock.ticks(amount, unit)))
    except MissingFactError as fact:
        scope.missing(fact, node.extent, f"`{canonical(node)}`")
        return None


def _name(node: nodes.Name, scope: Scope) -> Value | None:
    word, problems = node.id, scope.problems
    if word in scope.names:
        constant = decimal(scope.names[word])
        return Value(Kind.NUMBER, constant if scope.legend is None else scope.legend.named(constant, word))
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
                return Value(Kind.DURATION, number(total if scope.legend is None else scope.legend.number(total, TOTAL, duration=True)))
            except MissingFactError as fact:
                scope.missing(fact, node.extent, "`total`")
        case "rest":
            return _rest(node, scope)
        case _:
            near = did_you_mean(word, [*WORDS, *scope.names, *scope.bound])
            note = foreign_letter(word)
            known = ", ".join(f"`{w}`" for w in (*WORDS, *scope.names) if w != "t" or scope.formula)
            given = f"give it a value: `names={{{word!r}: 10}}` (`--set {word}=10`); known here are {known}"
            help = f"did you mean `{near}`?" if near else note or given
            problems.error("LR103", node.extent, f"nothing is called `{shown(word)}` here", help, near)
    return None


def _rest(node: nodes.Name, scope: Scope) -> Value | None:
    if scope.room is None:
        if not scope.no_room:
            scope.missing(MissingFactError("total_steps", "total_epochs"), node.extent, "`rest`")
        else:
            scope.problems.error("LR122", node.extent, f"`rest` has no meaning {scope.no_room}", "write the length out, or as a share: `20%`")
        return None
    if scope.room <= 0:
        over = f", {float(-scope.room):g} ticks too much" if scope.room else ""
        scope.problems.error("LR123", node.extent, f"nothing is left for `rest`: the other phases fill the run{over}", "shorten them, or raise the total")
        return None
    return Value(Kind.DURATION, number(scope.room))


def _mismatch(node: Node, what: str, help: str, scope: Scope) -> None:
    scope.problems.error("LR114", node.extent, what, help)


def _binary(node: nodes.Binary, a: Value, b: Value, scope: Scope) -> Value | None:
    kind = _kind_of(node.op, a, b)
    if kind is None:
        signs = {"+": "added to", "-": "taken from", "*": "multiplied with", "/": "divided by", "^": "raised to"}
        first, second = (b, a) if node.op == "-" else (a, b)
        what = f"{DESCRIPTION[first.kind]} cannot be {signs[node.op]} {DESCRIPTION[second.kind]}"
        _mismatch(node, what, "a pure number may multiply anything; `+` and `-` want two of a kind", scope)
        return None
    if kind is Kind.LEVEL and node.op in "+-" and scope.factor and Kind.NUMBER in (a.kind, b.kind):
        scope.problems.error("LR115", node.extent, "an absolute level, inside a factor", "a factor multiplies: give the number as a multiple of base, `0.1x`")
        return None
    if node.op == "/" and isinstance(b.expr, Num) and b.expr.value == 0:
        scope.problems.error("LR144", node.right.extent, "a division by 0", "divide by another number")
        return None
    operate = {"+": add, "*": mul, "/": div, "^": power}
    e = add(a.expr, neg(b.expr)) if node.op == "-" else operate[node.op](a.expr, b.expr)
    return Value(kind, number(e.value) if kind is Kind.DURATION and isinstance(e, Num) else e)


def _kind_of(op: str, a: Value, b: Value) -> Kind | None:
    """The kind of `a op b`; None where the kinds do not go together."""
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
    found = [evaluate(a.value, scope) for a in node.arguments]
    wanted = ARITHMETIC[node.name]
    if (wanted is None and len(found) < 2) or (wanted is not None and len(found) != wanted):
        help = f"`{node.name}` takes {'two or more arguments' if wanted is None else 'one argument'}"
        scope.problems.error("LR106" if len(found) < (wanted or 2) else "LR107", node.extent, f"`{node.name}` of {len(found)} arguments", help)
        return None
    for a in node.arguments:
        if a.name:
            scope.problems.error("LR102", a.name_extent, f"`{node.name}` has no parameter `{shown(a.name)}`", "functions take their arguments by position")
            return None
    values = [v for v in found if v is not None]
    if len(values) < len(found):
        return None
    kinds = {v.kind for v in values} - {Kind.NUMBER}
    if len(kinds) > 1 or (node.name not in ("min", "max", "abs", "floor", "ceil") and kinds - {Kind.RATIO}):
        which = " and ".join(sorted(DESCRIPTION[k] for k in kinds))
        _mismatch(node, f"`{node.name}` does not work on {which}", "it wants pure numbers; divide by a unit first, as in `t / 5ep`", scope)
        return None
    kind = kinds.pop() if kinds else Kind.NUMBER
    e = call(node.name, *(v.expr for v in values))
    return Value(kind, number(e.value) if kind is Kind.DURATION and isinstance(e, Num) else e)
