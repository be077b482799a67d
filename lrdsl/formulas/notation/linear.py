"""Writes exact times, `scale * x + shift`, as notation: `(t - 3)/20`, `(23 - t)/20`, `1 - t/20`, `t/3`, `(t - T_w)/T_d`."""

from __future__ import annotations

import math
from typing import Any

from lrdsl.expr import Lettered, is_lettered
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.formulas.amounts import is_short
from lrdsl.formulas.notation.constants import is_fraction
from lrdsl.formulas.notation.forms import Letters, constant_of, fraction_of, linear_of
from lrdsl.formulas.notation.tree import Negative, Node, Number, Ratio, Sum, Times, leaves, product_of, sum_of


def linear_node(of: Node, scale: Exact, shift: Exact, legend: Letters, inline: bool) -> Node:
    """Returns `scale * of + shift` as notation. `legend` has the letters of constants; `inline` writes fractions on one line."""
    if is_lettered(scale) or is_lettered(shift):
        return _with_letters(of, scale, shift, legend, inline)
    slope = size(scale)
    if shift == 1 and slope != 1 and (slope.numerator == 1 or not is_fraction(slope)):
        share = Ratio(of, Number(quotient(1, slope)), inline) if slope.numerator == 1 else Times((Number(slope), of))
        return Sum((Number(1), share if scale > 0 else Negative(share)))
    origin = quotient(-shift, scale)
    if is_fraction(origin) or (scale.denominator == shift.denominator == 1 < origin.denominator):  # (31 t + 785)/25120, 30 t + 63
        bottom = math.lcm(scale.denominator, shift.denominator)
        constant = Number(size(shift * bottom))
        rising = of if slope * bottom == 1 else Times((Number(slope * bottom), of))
        first, second = (rising, constant) if scale > 0 or shift < 0 else (constant, rising)
        top = Sum((first, second if scale * shift > 0 else Negative(second)))
        whole = top if bottom == 1 else Ratio(top, Number(bottom), inline)
        return Negative(whole) if scale < 0 and shift < 0 else whole
    node: Node
    if origin == 0:
        node = of
    elif scale > 0:
        node = Sum((of, Negative(Number(origin)) if origin > 0 else Number(-origin)))
    elif origin > 0:
        node = Sum((Number(origin), Negative(of)))
    else:
        node = Sum((of, Number(-origin)))
    if (slope.numerator == 1 and slope != 1) or (is_fraction(slope) and is_short(quotient(1, slope))):
        node = Ratio(node, Number(quotient(1, slope)), inline)
    elif is_fraction(slope):
        node = Ratio(Times((Number(slope.numerator), node)), Number(slope.denominator), inline)
    elif slope != 1:
        node = Times((Number(slope), node))
    return Negative(node) if scale < 0 and origin <= 0 else node


def _with_letters(of: Node, scale: Exact, shift: Exact, legend: Letters, inline: bool) -> Node:
    """Returns `scale * of + shift` where a constant has letters: `(t - T_w)/T_d`, `(T_w + T_d - t)/T_d`, `1 - t/T_d`."""
    origin, slope = quotient(-shift, scale), size(scale)
    top, bottom = fraction_of(slope.form, legend) if isinstance(slope, Lettered) else _parts(slope)
    if shift == 1 and not is_lettered(shift):
        share = _scaled(of, top, bottom, inline)
        return sum_of(Number(1), share if scale > 0 else Negative(share))
    if isinstance(origin, Lettered) and fraction_of(origin.form, legend)[1] is not None:
        factor, constant, below = linear_of(scale, shift, legend)
        moving = of if factor == Number(1) else product_of([factor, of])
        whole = sum_of(moving, constant) if scale > 0 else sum_of(constant, Negative(moving))
        return whole if below is None else Ratio(whole, below, inline)
    if scale > 0:
        difference = sum_of(of, Negative(constant_of(origin, legend, inline)) if origin > 0 else constant_of(-origin, legend, inline))
    else:
        difference = sum_of(constant_of(origin, legend, inline), Negative(of)) if origin > 0 else sum_of(of, constant_of(-origin, legend, inline))
    whole = _scaled(difference, top, bottom, inline)
    if isinstance(shift, Lettered) and scale < 0 < shift and _is_product(shift.form):  # batch/256 (1 - t/T), if (batch (T - t))/(256 T) is not shorter
        falls = sum_of(Number(1), Negative(_with_letters(of, quotient(1, origin), 0, legend, inline)))
        factored = product_of([constant_of(shift, legend, inline), falls])
        if leaves(factored) <= leaves(whole):
            return factored
    if slope.numerator == 1 and is_lettered(shift) and not is_lettered(slope) and slope != 1:  # T - t/2, if that is shorter than (2 T - t)/2
        share, constant = Ratio(of, Number(slope.denominator), True), constant_of(size(shift), legend, inline)
        parts = (share, constant if shift > 0 else Negative(constant)) if scale > 0 else (constant, Negative(share)) if shift > 0 else None
        if parts is not None and leaves(sum_of(*parts)) < leaves(whole):
            return sum_of(*parts)
    return Negative(whole) if scale < 0 and origin <= 0 else whole


def _is_product(form: Any) -> bool:
    """Whether a form has no sum: one letter, or a product of letters and numbers."""
    return not any(part.is_Add for part in (form.args if form.is_Mul else (form,)))


def _parts(slope: Exact) -> tuple[Node, Node | None]:
    """Returns the numerator and the denominator of a number: only a short decimal is not divided."""
    above, below = (slope.numerator, slope.denominator) if slope.numerator == 1 or is_fraction(slope) else (slope, 1)
    return Number(above), None if below == 1 else Number(below)


def _scaled(node: Node, top: Node, bottom: Node | None, inline: bool) -> Node:
    """Returns `node * top / bottom` as one fraction."""
    above = node if top == Number(1) else product_of([top, node])
    return above if bottom is None else Ratio(above, bottom, inline)
