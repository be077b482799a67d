"""The core of all generated code: a function of the step for the plan of a target, with one branch a phase."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable

from lrdsl.check.bounds import comes_back
from lrdsl.check.finite import fitting
from lrdsl.clock import total_of
from lrdsl.diagnostics import Diagnostic, ScheduleError, Span, shown
from lrdsl.dialects.writing.arithmetic import wide_name
from lrdsl.dialects.writing.formula import Formula, is_risky
from lrdsl.dialects.writing.terms import Shared, Term
from lrdsl.dialects.writing.vocabulary import INT32, NUMPY, PYTHON, Vocabulary
from lrdsl.escaping.quoting import remark
from lrdsl.escaping.visible import encodable
from lrdsl.expr import BASE, INDEX, ONE, Call, Expr, Select, T, substitute
from lrdsl.expr.exact import plain
from lrdsl.numbers import infinite
from lrdsl.plan import Piece, Plan, best, first_tick, pieces
from lrdsl.schedule import Schedule
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.targets import Target

#: What to do with a schedule that the schedulers of a library cannot say.
INSTEAD = "write it with `lrdsl export --to torch`, or run it with `lrdsl.compile`"
#: The largest number of single precision.
_LARGEST_SINGLE = 3.4028234663852886e38
#: The most factors of a long product that a table holds, and the most branches of a function of arrays.
_MOST_FACTORS, _MOST_BRANCHES = 200_000, 500
#: The names that the function of a long product uses itself.
_LOCAL = frozenset(("n", "fraction", "fractions", "i", "own", "power", "powers", "products"))
#: What code says of a long product that is kept as `RunningProduct` keeps it.
_BACK = "# Each product is a fraction times a power of 2: it may leave the doubles, and come back."
#: The longest comment on a branch, in characters.
_LONGEST = 100
#: A formula with more nodes than this is not written once a branch of a choice in it.
_MOST_LIFTED = 300


def refused(what: str, help: str, schedule: Schedule, extent: tuple[int, int] | None = None) -> ScheduleError:
    """Returns the error of a part that a dialect cannot say. `extent` is the part in the text; None for the whole text."""
    text = schedule.text
    return ScheduleError([Diagnostic("LR155", "error", what, help, Span.of(text, *(extent or (0, len(text)))))], text)


def timed(schedule: Schedule, target: Target, dialect: str) -> Plan:
    """Returns the plan of a target that depends on time alone. Raises `ScheduleError` for one that follows a metric."""
    plan = target.plan
    if not plan.watches:
        return plan
    metric = plan.watches[0].monitor.metric
    part = next((node for phase in plan.phases for node in nodes.walk(phase.node) if _follows_metric(node)), plan.phases[0].node)
    help = "run it with `lrdsl.compile(text, optimizer)`, which takes metrics"
    raise refused(f"it follows `{shown(metric)}`, and code for {dialect} is a function of the step", help, schedule, part.extent)


def _follows_metric(node: nodes.Node) -> bool:
    name = node.name if isinstance(node, nodes.Call) else node.id if isinstance(node, nodes.Name) else ""
    return isinstance(node, nodes.Comparison) or any(form.monitor is not None for form in SHAPES.get(name, ()))


def title(schedule: Schedule) -> list[str]:
    """Returns the text of a schedule and its clock as comments. They begin after the second line of a file, where Python looks for its encoding."""
    lines = ["# The schedule:", *(f"#     {encodable(_visible(line))}" for line in str(schedule).split("\n"))]
    facts = {**schedule.clock.given(), **{name: plain(value) for name, value in schedule.names}}
    facts = {name: fact for name, fact in facts.items() if (name, fact) != ("tick", "step")}
    if facts:
        lines += ["# with", *(f"#     {encodable(_visible(f'{name} = {fact!r}'))}" for name, fact in facts.items() if fact is not None)]
    return lines


def _visible(line: str) -> str:
    return remark("text", line)


def program(what: str, schedule: Schedule, imports: list[str], constants: list[str], *functions: list[str]) -> str:
    """Returns a program: its docstring says `what` it has. Of the `imports`, it has those whose modules it uses."""
    body: list[str] = []
    for lines in functions:
        if lines:
            body += ["", "", *lines]
    text = "\n".join([*constants, *body])
    used = [line for line in imports if line.startswith("from ") or re.search(rf"\b{line.split()[-1]}\.", text)]
    own = [line for line in used if line.split()[1] in ("math", "fnmatch")]
    others = [line for line in used if line not in own]
    head = [f'"""{what}, written by `lrdsl export`."""', "", *title(schedule)]
    for lines in (own, others, constants):
        head += ["", *lines] if lines else []
    return "\n".join([*head, *body]) + "\n"


def statements(schedule: Schedule, target: Target, dialect: str, words: Vocabulary, base: str | None, shared: Shared, indent: str = "    ") -> list[str]:
    """Returns the statements that compute the level at `t`. They end by returning it.

    `base` is the name of the base; if it is None, the base is 1. Raises `ScheduleError` for what the language cannot say.
    """
    plan = timed(schedule, target, dialect)
    level = best(plan.level) if base is not None else substitute(best(plan.level), {BASE: ONE})
    if words.single:
        level = fitting(level, _LARGEST_SINGLE)
    parts = pieces(level)
    time = Term("t", whole=True, range=(0, INT32 if words.ticks else 10**12))
    formula = Formula(words, {T: time, BASE: Term(base or "", fixed=True)}, shared, {base or ""}, indent)
    comments = _comments(plan, parts)
    if words.branches:
        _branch(formula, parts, comments)
    else:
        if len(parts) > _MOST_BRANCHES:
            help = f"{dialect} computes all of them at every step; export it to Python, or run it with `lrdsl.compile`"
            raise refused(f"it has {len(parts)} pieces, and {dialect} takes {_MOST_BRANCHES} at the most", help, schedule)
        _choose(formula, parts, comments)
    for factor, (_, most) in shared.products.items():
        if not words.branches and words is not NUMPY and most > _MOST_FACTORS:
            _limit(schedule, dialect, shared, factor)
    return formula.lines


def _limit(schedule: Schedule, dialect: str, shared: Shared, factor: Expr) -> None:
    """Ends a product at the end of the run. Raises `ScheduleError` if that is unknown, or too late."""
    total = total_of(schedule.clock)
    if total is None or total > _MOST_FACTORS:
        call = next((node for node in nodes.walk(schedule.tree) if isinstance(node, nodes.Call) and node.name == "cumprod"), None)
        what = f"{dialect} needs all its factors beforehand, and takes {_MOST_FACTORS} at the most"
        help = "end the `cumprod` with `for`, give `total_steps`, or export it to Python"
        raise refused(what, help, schedule, None if call is None else call.extent)
    shared.products[factor] = shared.products[factor][0], math.ceil(total)


def _comments(plan: Plan, parts: Iterable[Piece]) -> list[str]:
    """Returns for each piece the phases that begin in it."""
    todo = [phase for phase in plan.phases if phase.start is not None]
    comments = []
    for piece in parts:
        texts = []
        while todo and (piece.end is None or (todo[0].start or 0) < piece.end):
            texts.append(todo.pop(0).text)
        after = not texts and plan.length is not None and piece.start >= plan.length
        comments.append(encodable(shown(" then ".join(texts), _LONGEST)) if texts else "afterwards" if after else "")
    return comments


def _branch(formula: Formula, parts: tuple[Piece, ...], comments: list[str]) -> None:
    """Writes one `if` for each piece."""
    for piece, comment in zip(parts, comments, strict=True):
        remark = f"  # {comment}" if comment else ""
        if piece.end is None:
            formula.line(remark.strip()) if remark else None
            _return(formula, piece.level)
            continue
        formula.line(f"if t < {formula.number(first_tick(piece.end)).text}:{remark}")
        with formula.block():
            _return(formula, piece.level)


def _return(formula: Formula, level: Expr) -> None:
    """Writes the statements that return a level: an `if` for each branch of a choice."""
    level = _lifted(level)
    if not isinstance(level, Select):
        text = formula.value(level)
        formula.line(f"return {text}")
        return
    formula.uses.clear()
    of, starts = formula.compared(level)
    for start, value in zip((*starts, None), level.values, strict=True):
        if start is not None:
            formula.line(f"if {of.text} < {formula.number(start).text}:")
        with formula.block(deeper=start is not None):
            _return(formula, value)


def _lifted(level: Expr) -> Expr:
    """Returns a sum or a product with a choice in it as a choice of sums or products."""
    if not isinstance(level, Call) or level.op not in ("add", "mul") or level.weight > _MOST_LIFTED:
        return level
    choices = {part for part in map(_lifted, level.args) if isinstance(part, Select)}
    if len(choices) != 1:
        return level
    (choice,) = choices
    before = next(part for part in level.args if _lifted(part) is choice)
    return Select(choice.of, choice.starts, tuple(substitute(level, {before: value}) for value in choice.values))


def _choose(formula: Formula, parts: tuple[Piece, ...], comments: list[str]) -> None:
    """Writes a choice among the values of all pieces. A value that is not used is computed at a time inside its piece."""
    rows = []
    for piece, comment in zip(parts, comments, strict=True):
        names = dict(formula.names)
        held = is_risky(piece.level) and len(parts) > 1
        if held:
            formula.hold(T, piece.start or None, piece.end)
        rows.append((formula.value(piece.level), f"  # {comment}" if comment else ""))
        formula.names = names if held else formula.names
    if len(rows) == 1:
        (text, remark), words = rows[0], formula.words
        text = text if re.search(r"\bt(_\d+)?\b|_\d|\b[ukx]\b|part|product", text) else words.filled.format(text)
        formula.line(f"return {text}{remark}")
        return
    bounds = [first_tick(piece.end) for piece in parts if piece.end is not None]
    conditions = [f"t < {formula.number(math.ceil(bound) if formula.words.ticks else bound).text}" for bound in bounds]
    inner = formula.indent + "    "
    head, tail = formula.words.choice.split("{conditions}")
    formula.line(f"return {head}")
    formula.lines += [f"{inner}[{', '.join(conditions)}],", f"{inner}["]
    formula.lines += [f"{inner}    {text},{remark}" for text, remark in rows[:-1]]
    formula.lines += [f"{inner}],", f"{inner}{rows[-1][0]},{rows[-1][1]}", f"{formula.indent}{tail.rsplit('}', 1)[1]}"]


def helpers(shared: Shared, words: Vocabulary) -> list[list[str]]:
    """Returns the helper functions that the functions of a program call."""
    products = [part for factor, (name, most) in list(shared.products.items()) for part in _product(factor, name, most, words, shared)]
    functions: list[list[str]] = []
    for helper in shared.helpers:
        if not helper.startswith("wide_"):
            continue
        op = helper.removeprefix("wide_")
        if words.branches:
            function = infinite.FUNCTIONS[helper]
            functions.append(inspect.getsource(function).rstrip().replace(f"def {function.__name__}(", f"def {wide_name(op)}(", 1).split("\n"))
        else:
            where, zero = words.where, words.real.format("0.0") if words.real else "0.0"
            doc = '    """A product in which a factor of 0 is exact."""'
            functions.append([f"def {wide_name(op)}(a, b):", doc, f"    return {where}((a == 0) | (b == 0), {zero}, a * b){'[()]' * (words is NUMPY)}"])
    return functions + products


def _product(of: Expr, name: str, most: float, words: Vocabulary, shared: Shared) -> list[list[str]]:
    """Returns the functions of a long product of factors. One of them, `name`, is a function of their number."""
    scalar, back = words.branches, comes_back(of, most)
    formula = Formula(PYTHON if scalar else NUMPY, {INDEX: Term("k", whole=True, range=(1, 10**9))}, shared, _LOCAL, "        " if scalar else "    ")
    factor = formula.value(of)
    table, listing, doc = name.upper().replace("T", "TS", 1), name.replace("t", "ts", 1), '    """Returns the product of the factors of k = 1 ... n."""'
    if scalar:
        head = [f"def {name}(n):", doc, f"    for k in range(len({table}), int(n) + 1):", *formula.lines]
        if not back:
            return [[f"{table} = [1.0]"], [*head, f"        {table}.append({table}[-1] * ({factor}))", f"    return {table}[max(int(n), 0)]"]]
        loop = [f"        fraction, own = math.frexp({table}[-1][0] * ({factor}))", f"        {table}.append((fraction, {table}[-1][1] + own))"]
        tail = [
            f"    fraction, power = {table}[max(int(n), 0)]",
            "    return math.ldexp(fraction, power) if power <= 1024 else math.copysign(math.inf, fraction)",
        ]
        return [[_BACK, f"{table} = [(1.0, 0)]"], [*head, *loop, *tail]]
    products = f"np.cumprod(np.append(1.0, {factor}))"
    lines = list(formula.lines)
    if back:
        products = "products"
        lines += [
            f"    {_BACK}",
            f"    fractions, powers = np.frexp(np.append(1.0, {factor}))",
            "    for i in range(1, len(fractions)):",
            "        fractions[i], power = np.frexp(fractions[i - 1] * fractions[i])",
            "        powers[i] += power",
            '    with np.errstate(over="ignore", under="ignore"):',
            "        products = np.ldexp(fractions, np.clip(np.cumsum(powers, dtype=int), -4096, 4096))",
        ]
    if words is NUMPY:
        head = ["    n = np.maximum(np.asarray(n).astype(int), 0)", "    k = np.arange(1.0, n.max(initial=0) + 1)"]
        return [[f"def {name}(n):", doc, *head, *lines, f"    return {products}[n]"]]
    count = int(most)
    at = words.clip.format(time="n", low=0, high=count)
    taken = f"ops.take(ops.convert_to_tensor({table}, _FLOAT), {at})" if words.real else f"jnp.asarray({table})[{at}]"
    return [
        [
            f"def {listing}(count):",
            '    """Returns the products of the first 0, 1, ..., `count` factors."""',
            "    k = np.arange(1.0, count + 1)",
            *lines,
            f"    return {products}",
        ],
        [f"{table} = {listing}({count})"],
        [f"def {name}(n):", doc, f"    return {taken}"],
    ]
