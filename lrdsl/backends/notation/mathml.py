"""Notation as presentation MathML, which browsers and word processors show."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from xml.sax.saxutils import escape

from lrdsl.backends.notation.text import GREEK
from lrdsl.backends.notation.tree import (
    Apply,
    BigProduct,
    Cases,
    Condition,
    Fence,
    Group,
    Modulo,
    Name,
    Negative,
    Node,
    Number,
    Power,
    Ratio,
    Root,
    Sum,
    Times,
    condition_of,
    digits,
    grouped,
    is_fraction,
    scientific,
)

_FENCES = {"floor": "⌊⌋", "ceil": "⌈⌉", "abs": "||"}
_INVISIBLE = "<mo>&#x2062;</mo>"


def mathml(node: Node) -> str:
    """A formula as the inside of a `<math>` element."""
    return _of(grouped(node, flat=False))


def condition(c: Condition) -> str:
    """When a piece holds: `5 <= t < 100`."""
    c = condition_of(c, flat=False)
    return "<mo>,</mo>".join(_condition(each) for each in (c, *c.also))


def _condition(c: Condition) -> str:
    of = _of(c.of)
    if c.low is None:
        return "" if c.high is None else f"{of}<mo>&lt;</mo>{_of(c.high)}"
    return f"{of}<mo>≥</mo>{_of(c.low)}" if c.high is None else f"{_of(c.low)}<mo>≤</mo>{of}<mo>&lt;</mo>{_of(c.high)}"


def _row(inner: str) -> str:
    return f"<mrow>{inner}</mrow>"


def _number(value: Fraction) -> str:
    if is_fraction(value):
        return f"<mfrac><mn>{value.numerator}</mn><mn>{value.denominator}</mn></mfrac>"
    parts = scientific(value)
    if parts is None:
        return f"<mn>{digits(value)}</mn>"
    exponent = f"<mn>{parts[1]}</mn>" if parts[1] >= 0 else f"<mrow><mo>−</mo><mn>{-parts[1]}</mn></mrow>"
    ten = f"<msup><mn>10</mn>{exponent}</msup>"
    return ten if parts[0] == 1 else f"<mrow><mn>{digits(parts[0])}</mn><mo>×</mo>{ten}</mrow>"


def _name(x: Name) -> str:
    letter = f"<mi>{escape(GREEK.get(x.letter, x.letter))}</mi>"
    if not x.sub:
        return letter
    return f"<msub>{letter}<{'mn' if x.sub.isdigit() else 'mi'}>{escape(x.sub)}</{'mn' if x.sub.isdigit() else 'mi'}></msub>"


def _of(node: Node) -> str:
    match node:
        case Number(value):
            return _number(value)
        case Name():
            return _name(node)
        case Group(of):
            return _row(f"<mo>(</mo>{_of(of)}<mo>)</mo>")
        case Negative(of):
            return _row(f"<mo>−</mo>{_of(of)}")
        case Sum(terms):
            rest = "".join(f"<mo>−</mo>{_of(x.of)}" if isinstance(x, Negative) else f"<mo>+</mo>{_of(x)}" for x in terms[1:])
            return _row(_of(terms[0]) + rest)
        case Times(factors):
            out = _of(factors[0])
            for _, factor in pairwise(factors):
                first = factor.base if isinstance(factor, Power) else factor
                out += ("<mo>·</mo>" if isinstance(first, Number) else _INVISIBLE) + _of(factor)
            return _row(out)
        case Ratio(top, bottom, inline):
            return _row(f"{_of(top)}<mo>/</mo>{_of(bottom)}") if inline else f"<mfrac>{_of(top)}{_of(bottom)}</mfrac>"
        case Power(base, exponent):
            return f"<msup>{_of(base)}{_of(exponent)}</msup>"
        case Root(of):
            return f"<msqrt>{_of(of)}</msqrt>"
        case Fence(kind, of):
            return _row(f"<mo>{_FENCES[kind][0]}</mo>{_of(of)}<mo>{_FENCES[kind][1]}</mo>")
        case Modulo(of, by):
            return _row(f"{_of(of)}<mo>mod</mo>{_of(by)}")
        case BigProduct(index, upto, factor):
            return _row(f"<munderover><mo>∏</mo><mrow>{_of(index)}<mo>=</mo><mn>1</mn></mrow>{_of(upto)}</munderover>{_of(factor)}")
        case Cases(rows):
            inner = "".join(f"<mtr><mtd>{_of(value)}</mtd><mtd><mtext>if </mtext>{condition(c)}</mtd></mtr>" for value, c in rows)
            return _row(f'<mo>{{</mo><mtable columnalign="left">{inner}</mtable>')
        case Apply(function, args, base):
            word = f"<mi>{function}</mi>" if isinstance(function, str) else _of(function)
            word = word if base is None else f"<msub>{word}{_of(base)}</msub>"
            return _row(f"{word}<mo>&#x2061;</mo><mo>(</mo>{'<mo>,</mo>'.join(_of(a) for a in args)}<mo>)</mo>")
    raise AssertionError(node)
