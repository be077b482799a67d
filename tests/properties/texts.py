"""Strategies of hypothesis that draw schedules. They build trees from the declarations of shapes and combinators, so a new shape needs no new line here."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume
from hypothesis import strategies as st

import lrdsl
from lrdsl.check.combinators import COMBINATORS, Combinator
from lrdsl.diagnostics import Problems
from lrdsl.kinds import Kind, Parameter
from lrdsl.shapes import SHAPES, Shape
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.tokens import tokens_of

NOWHERE = (0, 0)
#: The shapes that follow no metric. `driven` draws schedules with those that do.
FORMS = [form for forms in SHAPES.values() for form in forms if form.monitor is None]
#: The metrics that drawn schedules follow.
METRICS = ("loss", "acc")
#: The longest running product: the tests compute it factor by factor.
FEW = 3000
FORMULAS = (
    "1/(1 + t/10)",
    "0.95^t",
    "1/(1 + t)^0.5",
    "sqrt(10/(10 + t))",
    "exp(-t/1000)",
    "2 + cos(t/50)",
    "0.5^floor(t/30)",
    "max(0.1, 1 - t/100)",
    "min(1, (t + 1)/100)",
    "abs(t - 30)/30",
)


def number(value: float | Fraction) -> nodes.Number:
    return nodes.Number(Fraction(repr(value)) if isinstance(value, float) else Fraction(value), NOWHERE)


def call(name: str, *arguments: Node, **named: Node) -> nodes.Call:
    """Returns a call with arguments by position, then by name."""
    given = [nodes.Argument("", a, NOWHERE, NOWHERE) for a in arguments]
    given += [nodes.Argument(n.rstrip("_"), a, NOWHERE, NOWHERE) for n, a in named.items()]
    return nodes.Call(name, tuple(given), NOWHERE, NOWHERE)


def limited(body: Node, length: int) -> nodes.Limited:
    return nodes.Limited(body, number(length), NOWHERE)


def decimals(low: float, high: float, digits: int = 3) -> st.SearchStrategy[nodes.Number]:
    """Draws a number between two bounds, with few digits, as people write it."""
    return st.floats(low, high).map(lambda x: number(float(f"{x:.{digits}g}")))


def durations(longest: int) -> st.SearchStrategy[Node]:
    short = st.integers(1, min(30, longest))
    return st.one_of(short, short, st.integers(1, longest), st.sampled_from([Fraction(5, 2), Fraction(1, 4), Fraction(31, 3 * 5)])).map(
        lambda n: number(n) if Fraction(n).denominator in (1, 2, 4) else nodes.Binary("/", number(n.numerator), number(n.denominator), NOWHERE)
    )


def levels(factor: bool, positive: bool) -> st.SearchStrategy[Node]:
    multiple = decimals(0.001, 2).map(lambda n: nodes.Quantity(n.value, "", "x", NOWHERE, NOWHERE))
    choices: list[st.SearchStrategy[Node]] = [multiple, st.just(nodes.Name("base", NOWHERE))]
    if not factor:
        choices += [decimals(1e-5, 1), st.sampled_from([10, 25]).map(lambda k: nodes.Binary("/", nodes.Name("base", NOWHERE), number(k), NOWHERE))]
    if not positive:
        choices.append(st.just(number(0)))
    return st.one_of(choices)


def ratios(p: Parameter) -> st.SearchStrategy[Node]:
    low = 0.0 if p.low is None else float(p.low)
    high = 1.0 if p.high is None or p.high > 1 else float(p.high)
    usual = decimals(low + 0.01 if p.open_low else low, high - 0.01 if p.open_high else high)
    if p.name in ("div", "final_div", "power", "stretch", "k"):
        return st.one_of(usual, decimals(1, 4), st.sampled_from([1, 2, 25]).map(number))
    return usual


@st.composite
def arguments(draw: st.DrawFn, p: Parameter, longest: int, factor: bool) -> Node:
    """Draws an argument for a parameter, within its range."""
    if p.kind is Kind.DURATION and p.listed == "list":
        at = sorted(draw(st.sets(st.integers(0, min(longest, 300)), min_size=1, max_size=4)))
        return nodes.List(tuple(number(n) for n in at), NOWHERE)
    if p.kind is Kind.DURATION:
        return draw(durations(longest))
    if p.kind is Kind.LEVEL:
        return draw(levels(factor, p.open_low))
    if p.kind is Kind.RATIO:
        return draw(ratios(p))
    if p.kind is Kind.COUNT:
        return number(draw(st.integers(int(p.low or 0), 5)))
    if p.kind is Kind.METRIC:
        return nodes.Name(draw(st.sampled_from(METRICS)), NOWHERE)
    if p.kind is Kind.CHOICE:
        return nodes.Name(draw(st.sampled_from(p.options)), NOWHERE)
    assert p.kind is Kind.FORMULA
    from lrdsl.syntax import parse

    return parse(draw(st.sampled_from(FORMULAS)))


@st.composite
def shapes(draw: st.DrawFn, longest: int = 300, factor: bool = False, forms: tuple[Shape, ...] = tuple(FORMS)) -> nodes.Call:
    """Draws a call of a shape: required arguments by position, and some optional ones by name."""
    form = draw(st.sampled_from([form for form in forms if form.name != "cumprod" or longest <= FEW]))
    given: list[Node] = []
    named: dict[str, Node] = {}
    for p in form.parameters:
        needed = not p.default_text
        if not needed and not draw(st.booleans()):
            continue
        value = draw(arguments(p, longest, factor))
        if needed and not named:
            given.append(value)
        else:
            named[p.name] = value
    if form.name == "scale":  # `1 - factor` has only the digits that doubles leave to it
        named.pop("to", None)
    if form.name == "multistep" and isinstance(named.get("gamma"), nodes.List):
        del named["gamma"]
    return call(form.name, *given, **named)


def checked(node: Node) -> lrdsl.Schedule | None:
    """Returns the schedule of a tree; None if the language refuses it."""
    try:
        return lrdsl.parse(canonical(node))
    except lrdsl.ScheduleError:
        return None


@st.composite
def finite(draw: st.DrawFn, depth: int, longest: int, factor: bool = False) -> Node:
    """Draws a phase that ends."""
    node = draw(phases(depth, longest, factor))
    in_factor = node if not factor else nodes.Binary("*", call("hold"), node, NOWHERE)
    s = checked(in_factor)
    assume(s is not None)
    assert s is not None
    alone = checked(node)
    n = alone.plan.length if alone is not None else None
    return limited(node, draw(st.integers(1, longest))) if not n else node


@st.composite
def phases(draw: st.DrawFn, depth: int, longest: int = 300, factor: bool = False) -> Node:
    """Draws a phase, nested up to `depth`."""
    if depth <= 1 or draw(st.integers(0, 3)) == 0:
        return draw(shapes(longest, factor))
    kind = draw(st.sampled_from(["then", "then", "restart", "for", "times", "scaled", "shifted", *COMBINATORS]))
    inner = phases(depth - 1, longest, factor)
    if kind == "then":
        firsts = draw(st.lists(finite(depth - 1, longest, factor), min_size=1, max_size=3))
        parts = [*firsts, draw(inner)]
        flat = [i for part in parts for i in (part.items if isinstance(part, nodes.Sequence) else (part,))]
        return nodes.Sequence(tuple(flat), NOWHERE)
    if kind == "restart":
        return nodes.Restart(draw(inner), NOWHERE)
    if kind == "for":
        return nodes.Limited(draw(inner), draw(durations(longest)), NOWHERE)
    if kind == "times":
        return nodes.Binary("*", draw(inner), draw(phases(depth - 1, longest, True)), NOWHERE)
    if kind == "scaled":
        return nodes.Binary("*", draw(decimals(0.1, 2)), draw(inner), NOWHERE)
    if kind == "shifted":
        return nodes.Binary("+", draw(inner), draw(levels(factor, True)), NOWHERE)
    return draw(combined(COMBINATORS[kind], depth, longest, factor))


@st.composite
def combined(draw: st.DrawFn, form: Combinator, depth: int, longest: int, factor: bool) -> Node:
    if form.variadic:
        return call(form.name, *draw(st.lists(phases(depth - 1, longest, factor), min_size=2, max_size=3)))
    given: dict[str, Node] = {}
    for p in form.parameters:
        if p.kind is Kind.PHASE:
            needs_end = form.cycles or form.name == "stretch"
            given[p.name] = draw(finite(depth - 1, longest, factor) if needs_end else phases(depth - 1, longest, factor))
        elif not p.default_text or draw(st.booleans()):
            given[p.name] = draw(arguments(p, longest, factor))
    if form.name == "stretch":
        extra = given.pop("to", None)
        if "k" not in given:
            return call(form.name, given["phase"], to=extra or number(7))
    if form.name == "clip":
        low = number(Fraction(1, 1000)) if not factor else nodes.Quantity(Fraction(1, 1000), "", "x", NOWHERE, NOWHERE)
        bounds = {
            name: value
            for name, value in (("low", low), ("high", given.get("high")))
            if value is not None and (name == "high" or "low" in given or "high" not in given)
        }
        return call(form.name, given["phase"], **bounds)
    return call(
        form.name,
        *[given[p.name] for p in form.parameters if p.name in given and not p.default_text],
        **{p.name: given[p.name] for p in form.parameters if p.name in given and p.default_text},
    )


@st.composite
def trees(draw: st.DrawFn, depth: int = 5, longest: int = 10**7) -> Node:
    """Draws a tree that the language accepts."""
    node = draw(phases(draw(st.integers(1, depth)), longest))
    assume(checked(node) is not None)
    return node


@st.composite
def conditions(draw: st.DrawFn, dated: bool) -> tuple[Node, ...]:
    """Draws the conditions of `until`: a comparison or a plateau, and perhaps a length, or a time of the run if the phase may be `dated`."""
    found: list[Node] = []
    for _ in range(draw(st.integers(1, 2))):
        metric = nodes.Name(draw(st.sampled_from(METRICS)), NOWHERE)
        if draw(st.booleans()):
            found.append(nodes.Comparison(metric, draw(st.sampled_from(["<", "<=", ">", ">="])), draw(decimals(0.05, 1, 1)), NOWHERE))
        else:
            found.append(call("plateau", number(draw(st.integers(0, 3))), metric=metric))
    if draw(st.booleans()):
        found.append(nodes.Lasting(number(draw(st.integers(1, 20))), NOWHERE))
    if dated and draw(st.integers(0, 3)) == 0:
        found.append(number(draw(st.integers(1, 80))))
    return tuple(found)


@st.composite
def plateaus(draw: st.DrawFn, closed: bool = False) -> Node:
    """Draws a phase that follows a metric. With `closed`, its level has a closed form, so no reduction may be left out."""
    (form,) = SHAPES["plateau"]
    given = {p.name: draw(arguments(p, 30, False)) for p in form.parameters if draw(st.booleans())}
    given["patience"] = number(draw(st.integers(0, 3)))
    return call("plateau", **(given | {"min": number(0), "eps": number(0)} if closed else given))


@st.composite
def driven(draw: st.DrawFn, closed: bool = False) -> Node:
    """Draws a schedule that follows metrics, alone or among phases that do not."""
    items: list[Node] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["time", "plateau", "until", "until", "nested"]))
        certain = not any(isinstance(item, nodes.Until) for item in items)  # whether the phase begins at a tick that is known before the run
        if kind == "time":
            items.append(limited(draw(shapes(15)), draw(st.integers(1, 15))))
        elif kind == "plateau":
            items.append(limited(draw(plateaus(closed)), draw(st.integers(1, 20))))
        elif kind == "until":
            items.append(nodes.Until(draw(shapes(15)), draw(conditions(certain)), NOWHERE))
        else:
            items.append(nodes.Until(draw(plateaus(closed)), draw(conditions(certain)), NOWHERE))
    items.append(draw(st.one_of(shapes(15), plateaus(closed))))
    whole: Node = nodes.Sequence(tuple(items), NOWHERE)
    around = draw(st.sampled_from(["", "", "scaled", "times", "for"]))
    if around == "scaled":
        whole = nodes.Binary("*", draw(decimals(0.1, 2)), whole, NOWHERE)
    if around == "times":
        whole = nodes.Binary("*", whole, draw(shapes(15, True)), NOWHERE)
    if around == "for":
        whole = nodes.Sequence((limited(whole, draw(st.integers(1, 40))), draw(shapes(15))), NOWHERE)
    assume(checked(whole) is not None)
    return whole


def schedules(depth: int = 5, longest: int = 10**7) -> st.SearchStrategy[lrdsl.Schedule]:
    """Draws a checked schedule."""
    return trees(depth, longest).map(lambda node: lrdsl.parse(canonical(node)))


def promised(node: Node, tick: int) -> int:
    """Returns how many phases the level at a tick is computed from, each with an error of up to 4 ulp. A repeated phase counts once for each cycle.

    A `cumprod` whose factor calls a function is a chain of as many phases as ticks: each factor is rounded once.
    """
    if isinstance(node, nodes.Call) and node.name in SHAPES:
        functions = any(isinstance(n, nodes.Call) or (isinstance(n, nodes.Binary) and n.op == "^") for n in below(node)[1:])
        return 1 + (tick if node.name == "cumprod" and functions else 0)
    if isinstance(node, nodes.Call) and node.name == "repeat":
        s = checked(node.arguments[0].value)
        n = s.plan.length if s is not None else None
        cycles = tick // n + 1 if n else tick + 1
        return int(cycles) * (1 + promised(node.arguments[0].value, int(n or 1) + 1))
    if isinstance(node, nodes.Call) and node.name == "stretch":
        return 1 + promised(node.arguments[0].value, 10**9)
    return 1 + sum(promised(child, tick) for child in nodes.children(node) if not isinstance(child, nodes.Number))


def below(node: Node) -> list[Node]:
    """Returns a node and all nodes below it."""
    return list(nodes.walk(node))


def ticks(s: lrdsl.Schedule, longest: int = 10**7) -> st.SearchStrategy[list[int]]:
    """Draws ticks around the boundaries of phases and pieces, and anywhere else."""
    from lrdsl.plan import pieces

    edges = sorted({max(0, int(p.start) + d) for p in pieces(s.plan.level) for d in (-1, 0, 1) if p.start <= 10**11})[:400]
    return st.lists(st.one_of(st.sampled_from(edges), st.integers(0, 100), st.integers(0, longest)), min_size=4, max_size=12)


@st.composite
def messy(draw: st.DrawFn) -> str:
    """Draws a file of one or two targets with a careless layout: blanks, line breaks and numbered comments anywhere between the words."""
    tree = draw(trees(depth=3, longest=100))
    lines = [f"{name} = {canonical(tree)}" for name in draw(st.lists(st.sampled_from(["lr", "momentum", "weight_decay"]), min_size=1, max_size=2, unique=True))]
    found, comments = "", 0
    for line in lines:
        end = 0
        for i, token in enumerate(tokens_of(line, Problems(line))):
            gap = line[end : token.extent[0]]
            if i and draw(st.integers(0, 5)) == 0:
                comments += 1
                gap += f" # note {comments}\n " if draw(st.booleans()) else f"\n\n   #note {comments}\n "
            written = f"(({token}))" if token.type == "NUMBER" and draw(st.integers(0, 9)) == 0 else str(token)
            found += gap + draw(st.sampled_from(["", "", "  ", "\t"])) * bool(i and gap) + written
            end = token.extent[1]
        found += "\n" * draw(st.integers(1, 3))
    return found
