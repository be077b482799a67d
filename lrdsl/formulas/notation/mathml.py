"""Prints notation as presentation MathML, which browsers and word processors show."""

from __future__ import annotations

import re
from itertools import pairwise

from lrdsl.escaping import quoting
from lrdsl.expr.exact import Exact
from lrdsl.formulas.notation import constants, printing, tree
from lrdsl.plan import GREEK

#: Aligns a cell in browsers that do not know `columnalign`.
_LEFT = 'style="text-align:left"'
_SPACE = "&#xA0;"
_INVISIBLE = "<mo>&#x2062;</mo>"


def mathml(node: tree.Node) -> str:
    """Returns a formula as the content of a `<math>` element."""
    return _of(printing.bracketed(node, flat=False))


def condition(c: tree.Condition) -> str:
    """Returns a condition as MathML: `5 <= t < 100`."""
    return printing.condition_text(c, False, _of, ("<mo>&lt;</mo>", "<mo>≤</mo>", "<mo>≥</mo>"), "<mo>,</mo>")


def _when(c: tree.Condition) -> str:
    return "<mtext>otherwise</mtext>" if c.is_otherwise else f"<mtext>if&#xA0;</mtext>{condition(c)}"


def _row(inner: str) -> str:
    return f"<mrow>{inner}</mrow>"


def _number(value: Exact) -> str:
    if constants.is_fraction(value):
        above, below = (constants.with_groups(part, ",") for part in (value.numerator, value.denominator))
        return f"<mfrac><mn>{above}</mn><mn>{below}</mn></mfrac>"
    parts = constants.scientific(value)
    if parts is None:
        return f"<mn>{constants.with_groups(value, ',')}</mn>"
    exponent = f"<mn>{parts[1]}</mn>" if parts[1] >= 0 else f"<mrow><mo>−</mo><mn>{-parts[1]}</mn></mrow>"
    ten = f"<msup><mn>10</mn>{exponent}</msup>"
    return ten if parts[0] == 1 else f"<mrow><mn>{constants.digits(parts[0])}</mn><mo>×</mo>{ten}</mrow>"


def with_group(symbol: tree.Name, group: str | int | tree.Name | None) -> str:
    """Returns the letter of a target with its param group above, in brackets."""
    if group is None:
        return _name(symbol)
    label = f"<mtext>{quoting.xml(group)}</mtext>" if isinstance(group, str) else _name(group) if isinstance(group, tree.Name) else f"<mn>{group}</mn>"
    return f"<msup>{_name(symbol)}{_row(f'<mo>(</mo>{label}<mo>)</mo>')}</msup>"


def _name(x: tree.Name) -> str:
    letter = f"<mi>{quoting.xml(x.letter if x.raw else GREEK.get(x.letter, x.letter))}</mi>"
    scripts = [f"<mn>{part}</mn>" if re.fullmatch("[0-9]+", part) else f"<mi>{quoting.xml(part)}</mi>" for part in x.scripts]
    return f"<msub>{letter}{scripts[0] if len(scripts) == 1 else _row('<mo>,</mo>'.join(scripts))}</msub>" if scripts else letter


def _spaced(words: str) -> str:
    """Returns words with spaces at their ends that stay."""
    inner = words.strip(" ")
    return _SPACE * (words[:1] == " ") + quoting.xml(inner) + _SPACE * (words[-1:] == " " and bool(inner))


def _of(node: tree.Node) -> str:
    match node:
        case tree.Number(value):
            return _number(value)
        case tree.Name():
            return _name(node)
        case tree.Group(of):
            return _row(f"<mo>(</mo>{_of(of)}<mo>)</mo>")
        case tree.Negative(of):
            return _row(f"<mo>−</mo>{_of(of)}")
        case tree.Sum(terms):
            return _row(printing.sum_text(terms, _of, "<mo>+</mo>", "<mo>−</mo>"))
        case tree.Times(factors):
            out = _of(factors[0])
            for _, factor in pairwise(factors):
                first = factor.base if isinstance(factor, tree.Power) else factor
                out += ("<mo>·</mo>" if isinstance(first, tree.Number) else _INVISIBLE) + _of(factor)
            return _row(out)
        case tree.Ratio(top, bottom, inline):
            return _row(f"{_of(top)}<mo>/</mo>{_of(bottom)}") if inline else f"<mfrac>{_of(top)}{_of(bottom)}</mfrac>"
        case tree.Power(base, exponent):
            return f"<msup>{_of(base)}{_of(exponent)}</msup>"
        case tree.Root(of):
            return f"<msqrt>{_of(of)}</msqrt>"
        case tree.Fence(kind, of):
            return _row(f"<mo>{tree.FENCES[kind][0]}</mo>{_of(of)}<mo>{tree.FENCES[kind][1]}</mo>")
        case tree.Modulo(of, by):
            return _row(f"{_of(of)}<mo>mod</mo>{_of(by)}")
        case tree.BigProduct(index, upto, factor):
            return _row(f"<munderover><mo>∏</mo><mrow>{_of(index)}<mo>=</mo><mn>1</mn></mrow>{_of(upto)}</munderover>{_of(factor)}")
        case tree.Cases(rows):
            inner = "".join(f"<mtr><mtd {_LEFT}>{_of(value)}</mtd><mtd {_LEFT}>{_when(c)}</mtd></mtr>" for value, c in rows)
            return _row(f'<mo>{{</mo><mtable columnalign="left">{inner}</mtable>')
        case tree.Words(parts) | tree.Amount(_, tree.Words(parts)):
            return _row("".join(f"<mtext>{_spaced(part)}</mtext>" if isinstance(part, str) else _of(part) for part in parts))
        case tree.Apply(function, args, base):
            word = f"<mi>{function}</mi>" if isinstance(function, str) else _of(function)
            word = word if base is None else f"<msub>{word}{_of(base)}</msub>"
            return _row(f"{word}<mo>&#x2061;</mo><mo>(</mo>{'<mo>,</mo>'.join(_of(a) for a in args)}<mo>)</mo>")
    raise AssertionError(node)
