"""The closed form as one line of text a piece, as a person would type it: `0.1·η₀·(1 + cos(π(t − 3)/20))/2`."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from lrdsl.expr import BASE, ENTRY, INDEX, PI, Call, Expr, Linear, Num, Product, Select, Symbol, T, neg
from lrdsl.plan import Plan, paper, pieces
from lrdsl.syntax.printer import decimal_text

_NAMES = {T: "t", INDEX: "k", PI: "π", ENTRY: "v"}
#: How tightly a form binds, loosest first.
SUM, PRODUCT, POWER, ATOM = range(4)
#: Decimals of more digits than this are written as fractions.
_DIGITS = 8
#: Fractions of more characters than this are rounded to that many digits.
_LONG = 40


def lines(plan: Plan, base: str = "η₀") -> list[tuple[str, str]]:
    """The formula of each piece, and where it holds.

    >>> import lrdsl
    >>> for formula, where in lines(lrdsl.parse("step(3, 0.1) then cosine(20)").plan):
    ...     print(f"{formula:34}{where}")
    η₀                                t < 3
    0.1·η₀·(1 + cos(π(t − 3)/20))/2   3 ≤ t < 23
    0                                 t ≥ 23
    """
    writer = _Writer({**_NAMES, BASE: base})
    found = pieces(paper(plan.level))
    written: list[tuple[str, Fraction]] = []
    for piece in found:
        formula = writer.text(piece.level)
        if not written or formula != written[-1][0]:
            written.append((formula, piece.start))
    out = []
    for i, (formula, start) in enumerate(written):
        end = written[i + 1][1] if i + 1 < len(written) else None
        out.append((formula, _where(start, end)))
    return out


def _where(start: Fraction, end: Fraction | None) -> str:
    if start == 0:
        return "" if end is None else f"t < {constant(end)}"
    return f"t ≥ {constant(start)}" if end is None else f"{constant(start)} ≤ t < {constant(end)}"


def constant(value: Fraction) -> str:
    """An exact number, as a decimal where that is short, else as a fraction.

    >>> constant(Fraction(1, 10)), constant(Fraction(1, 3))
    ('0.1', '1/3')
    """
    near = Fraction(f"{float(value):.{_DIGITS}g}")
    if near == value or len(str(value)) > _LONG:
        return decimal_text(near)
    return f"{value.numerator}/{value.denominator}"


class _Writer:
    """Writes trees; each form with how tightly it binds, so that brackets stand only where they are needed."""

    def __init__(self, names: dict[Symbol, str]) -> None:
        self.names = names

    def text(self, e: Expr, least: int = SUM) -> str:
        level, text = self._form(e)
        text = text.replace("-", "−") if isinstance(e, Num) else text
        return text if level >= least else f"({text})"

    def _form(self, e: Expr) -> tuple[int, str]:
        match e:
            case Num():
                text = constant(e.value)
                return (SUM if text.startswith("-") else PRODUCT if "/" in text else ATOM), text
            case Symbol():
                return ATOM, self.names[e]
            case Linear():
                return self._linear(e)
            case Select():
                return ATOM, self._select(e)
            case Product():
                return ATOM, f"∏[k=1…{self.text(e.upto)}]({self.text(e.factor)})"
            case Call():
                return self._call(e)
        raise AssertionError(e)

    def _linear(self, e: Linear) -> tuple[int, str]:
        """`(t − 3)/20`, `(23 − t)/20`, `t/3`."""
        slope = abs(e.scale)
        origin = -e.shift / e.scale
        of = self.text(e.of, ATOM)
        if origin == 0:
            inner = of if e.scale > 0 else f"−{of}"
        elif e.scale < 0:
            inner = f"{constant(origin)} − {of}" if origin > 0 else f"−({of} + {constant(-origin)})"
        else:
            inner = f"{of} − {constant(origin)}" if origin > 0 else f"{of} + {constant(-origin)}"
        bare = origin == 0 and e.scale > 0
        if slope == 1:
            return (PRODUCT if bare else SUM), inner
        wrapped = inner if bare else f"({inner})"
        if slope.numerator == 1:
            return PRODUCT, f"{wrapped}/{constant(Fraction(slope.denominator))}"
        return PRODUCT, f"{constant(slope)}·{wrapped}" if len(str(slope.denominator)) < 3 else f"{wrapped}/{constant(1 / slope)}"

    def _select(self, e: Select) -> str:
        of = self.text(e.of)
        parts = [f"{self.text(v)} if {of} < {constant(end)}" for v, end in zip(e.values, e.starts[1:], strict=False)]
        return "{" + "; ".join([*parts, f"{self.text(e.values[-1])} otherwise"]) + "}"

    def _call(self, e: Call) -> tuple[int, str]:
        match e.op, e.args:
            case "add", args:
                return SUM, self._sum(args)
            case "mul", args:
                return self._product(args)
            case "div", (a, b):
                return PRODUCT, f"{self.text(a, PRODUCT)}/{self.text(b, POWER)}"
            case "pow", (a, b):
                return POWER, f"{self.text(a, ATOM)}^{self.text(b, ATOM)}"
            case "mod", (a, b):
                return PRODUCT, f"{self.text(a, PRODUCT)} mod {self.text(b, POWER)}"
            case "floor", (a,):
                return ATOM, f"⌊{self.text(a)}⌋"
            case "ceil", (a,):
                return ATOM, f"⌈{self.text(a)}⌉"
            case "abs", (a,):
                return ATOM, f"|{self.text(a)}|"
            case "sqrt", (a,):
                return ATOM, f"√({self.text(a)})"
            case "hav", (a,):
                return PRODUCT, f"(1 − cos({self._product((PI, a))[1]}))/2"
            case "expm1", (a,):
                return SUM, f"exp({self.text(a)}) − 1"
            case "log1p", (a,):
                return ATOM, f"log(1 + {self.text(a)})"
        return ATOM, f"{e.op}({', '.join(self.text(a) for a in e.args)})"

    def _sum(self, terms: tuple[Expr, ...]) -> str:
        out = self.text(terms[0])
        for term in terms[1:]:
            front = term.args[0] if isinstance(term, Call) and term.op == "mul" else term
            taken = isinstance(front, Num) and front.value < 0
            out += f" − {self.text(neg(term), PRODUCT)}" if taken else f" + {self.text(term, PRODUCT)}"
        return out

    def _product(self, factors: tuple[Expr, ...]) -> tuple[int, str]:
        if isinstance(factors[0], Num) and factors[0].value == -1:
            return SUM, "−" + self._product(factors[1:])[1]
        # Halves go behind, as a division: (1 + cos(x))/2.
        halved = isinstance(factors[0], Num) and factors[0].value == Fraction(1, 2) and len(factors) > 1
        texts = [self.text(f, PRODUCT) for f in (factors[1:] if halved else factors)]
        out = texts[0]
        for before, text in pairwise(texts):
            out += text if before == "π" and text.startswith("(") else f"·{text}"
        return PRODUCT, f"{out}/2" if halved else out
