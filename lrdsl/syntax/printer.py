"""Writes a tree as canonical text: equal trees have one text, and `parse(canonical(tree)) == tree`."""

from __future__ import annotations

from lrdsl.expr.exact import Exact
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node

#: How tightly each form binds, the loosest first, as in the grammar.
THEN, RESTART, FOR, SUM, PRODUCT, UNARY, POWER, ATOM = range(8)
_BINARY = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}


def canonical(node: Node, at_least: int = THEN) -> str:
    """Returns the text of a tree, in brackets if it binds more loosely than `at_least`.

    >>> from lrdsl.syntax import parse
    >>> canonical(parse("step( 3 steps,.10 )then(cosine( 2_0 ))  # the classic"))
    'step(3 steps, 0.1) then cosine(20)'
    """
    level, text = _print(node)
    return text if level >= at_least else f"({text})"


def _print(node: Node) -> tuple[int, str]:
    """Returns how tightly a node binds, and its text."""
    match node:
        case nodes.Number():
            return ATOM, decimal_text(node.value)
        case nodes.Quantity():
            return ATOM, _quantity(node)
        case nodes.Name():
            return ATOM, node.id
        case nodes.Call():
            return ATOM, f"{node.name}({', '.join(_argument(a) for a in node.arguments)})"
        case nodes.List():
            return ATOM, f"[{', '.join(canonical(i) for i in node.items)}]"
        case nodes.Negative():
            return UNARY, f"-{canonical(node.operand, UNARY)}"
        case nodes.Binary():
            level = _BINARY[node.op]
            left, right = (ATOM, UNARY) if node.op == "^" else (level, level + 1)
            joint = "^" if node.op == "^" else f" {node.op} "
            return level, f"{canonical(node.left, left)}{joint}{canonical(node.right, right)}"
        case nodes.Sequence():
            return THEN, " then ".join(canonical(i, RESTART) for i in node.items)
        case nodes.Restart():
            return RESTART, f"restart {canonical(node.body, RESTART)}"
        case nodes.Indexed():
            brackets = (", ".join(map(_selector, selectors)) for selectors in node.brackets)
            return ATOM, (f'"{node.id}"' if node.quoted else node.id) + "".join(f"[{selectors}]" for selectors in brackets)
        case nodes.Moment():
            return THEN, f"{canonical(node.value, SUM)} at {canonical(node.tick, SUM)}"
        case nodes.File():
            return THEN, "; ".join(statement(s) for s in node.statements)
        case nodes.Until():
            return FOR, f"{canonical(node.body, FOR)} until {' or '.join(canonical(c, FOR) for c in node.conditions)}"
        case nodes.Lasting():
            return FOR, f"for {canonical(node.length, SUM)}"
        case nodes.Comparison():
            return FOR, f"{canonical(node.left, SUM)} {node.op} {canonical(node.right, SUM)}"
        case nodes.Text():
            return ATOM, f'"{node.value}"'
        case nodes.Limited():
            return FOR, f"{canonical(node.body, FOR)} for {canonical(node.length, SUM)}"
        case _:
            return THEN, statement(node)


def statement(node: Node) -> str:
    """Returns the text of one statement of a file.

    >>> from lrdsl.syntax import parse
    >>> canonical(parse("let w=5\\nlr = warmup(w)\\nassert max( lr )<=1x"))
    'let w = 5; lr = warmup(w); assert max(lr) <= 1x'
    """
    match node:
        case nodes.Setting():
            return f"set {node.name} = {canonical(node.value)}"
        case nodes.Binding():
            return f"let {node.name} = {canonical(node.value)}"
        case nodes.Function():
            slots = (p.name if p.default is None else f"{p.name}={canonical(p.default)}" for p in node.parameters)
            return f"def {node.name}({', '.join(slots)}) = {canonical(node.body)}"
        case nodes.Use():
            return f'use "{node.path}"'
        case nodes.Assertion():
            return f"assert {canonical(node.left)}" + (f" {node.op} {canonical(node.right)}" if node.op else "")
        case nodes.Target():
            return f"{canonical(node.target)} = {canonical(node.body)}"
        case _:
            return canonical(node)


def _argument(a: nodes.Argument) -> str:
    return f"{a.name}={canonical(a.value)}" if a.name else canonical(a.value)


def _selector(selector: nodes.Selector) -> str:
    return f'"{selector.value}"' if isinstance(selector.value, str) else decimal_text(selector.value)


def _quantity(q: nodes.Quantity) -> str:
    gap = "" if q.unit in ("%", "x", "ep", "") else " "
    return f"{decimal_text(q.value)}{q.multiple}{gap}{q.unit}"


def decimal_text(value: Exact) -> str:
    """Returns the shortest decimal that is exactly `value`, which must have one. Numbers below 1e-4 and from 1e16 on have an exponent.

    >>> from fractions import Fraction
    >>> decimal_text(Fraction(1, 100000)), decimal_text(Fraction(5, 2)), decimal_text(1000)
    ('1e-5', '2.5', '1000')
    """
    top, bottom = value.as_integer_ratio()
    if top == 0:
        return "0"
    places = 0
    while top * 10**places % bottom:
        places += 1
    digits = str(abs(top) * 10**places // bottom)
    sign = "-" if top < 0 else ""
    stripped = digits.rstrip("0")
    point = len(digits) - places
    if not -4 < point <= 16:
        body = stripped[0] + (f".{stripped[1:]}" if len(stripped) > 1 else "")
        return f"{sign}{body}e{point - 1}"
    if places == 0:
        return sign + digits
    padded = digits.rjust(places + 1, "0")
    return f"{sign}{padded[:-places]}.{padded[-places:]}"
