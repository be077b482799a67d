"""Prints notation as a Python function of the tick, to read and to paste: it uses only `math`, and has one `if` for each piece."""

from __future__ import annotations

import unicodedata

from lrdsl.escaping.quoting import PYTHON, python_name, remark
from lrdsl.formulas.notation import constants, printing, text, tree

_FENCES = {"floor": "math.floor", "ceil": "math.ceil", "abs": "abs"}


def function(
    name: str,
    formula: tree.Cases,
    meanings: list[tuple[tree.Name, tree.Node]],
    base: str,
    events: tuple[tree.Name, ...],
    counts: frozenset[tree.Name],
    notes: list[tree.Words],
    number: str = "",
    time: str = "t",
) -> str:
    """Returns a function of the tick, which is called `time`, and of the base, for a family also of the `number` of a group.

    The names of its letters are the nearest Python identifiers.

    The ticks of `events` that the run decides on are arguments, by default those of a run in which none comes; `counts` of them are functions of the tick.
    """
    formula, meanings, names = _with_identifiers(formula, meanings, base, number, events, time)
    arguments = [f"{names[x].letter}={'lambda t: 0' if x in counts else 'math.inf'}" for x in events]
    lines = [f"def {name}({', '.join([time, *([number] if number else []), *([base] if base else []), *arguments])}):"]
    counters = [names[x].letter for x in events if x in counts]
    if counters:
        usage = f"for reductions that hold from ticks 5 and 9 on, {counters[0]}=lambda t: (t >= 5) + (t >= 9)"
        lines += [f'    """Returns the level at tick t. {" and ".join(counters)} count reductions by the tick, as said below: {usage}."""']
    lines += [f"    {remark('python', text.text(note))}" for note in notes]
    moving = {tree.Name("t"), tree.Name(time, raw=True), *(letter for letter, _ in meanings)}
    steady = [(letter, meaning) for letter, meaning in meanings if not tree.names(meaning) & moving]
    lines += [f"    {letter.letter} = {python(meaning)}" for letter, meaning in steady]
    meanings = [pair for pair in meanings if pair not in steady]
    for i, (value, when) in enumerate(formula.rows):
        last = i + 1 == len(formula.rows)
        indent = "    " if last else "        "
        if not last:  # what a condition needs is computed before it, and known after it
            needed = _needed_meanings(_names_in(when), meanings)
            lines += [f"    {letter.letter} = {python(meaning)}" for letter, meaning in reversed(needed)]
            meanings = [pair for pair in meanings if pair not in needed]
            lines += [f"    if {_branch_condition(when)}:"]
        lines += [f"{indent}{letter.letter} = {python(meaning)}" for letter, meaning in reversed(_needed_meanings(tree.names(value), meanings))]
        lines += [f"{indent}return {python(value)}"]
    code = "\n".join(lines)
    return f"import math\n\n\n{code}" if "math." in code else code


_OWN = (tree.Name("t"), tree.Name("pi"))


def _with_identifiers(
    formula: tree.Cases, meanings: list[tuple[tree.Name, tree.Node]], base: str, number: str, events: tuple[tree.Name, ...], time: str
) -> tuple[tree.Cases, list[tuple[tree.Name, tree.Node]], dict[tree.Node, tree.Name]]:
    """Returns a formula and its meanings with a Python identifier in the place of each letter, and the identifiers."""
    letters = dict.fromkeys((*events, *(letter for letter, _ in meanings)))
    for node in (formula, *(meaning for _, meaning in meanings)):
        letters |= dict.fromkeys(sorted(tree.names(node), key=lambda x: (x.letter, x.sub)))
    taken = {*PYTHON, unicodedata.normalize("NFKC", base), number, time}
    names: dict[tree.Node, tree.Name] = {}
    for x in letters:
        if x not in _OWN and x != tree.Name(number) and not (x.raw and x.letter in (base, time)):
            names[x] = tree.Name(python_name("_".join([x.letter, *(x.sub.split(",") if x.sub else [])]), taken), raw=True)
            taken.add(names[x].letter)

    def change(node: tree.Node) -> tree.Node:
        return names.get(node, node)

    changed = tree.mapped(formula, change)
    assert isinstance(changed, tree.Cases)
    return changed, [(names[letter], tree.mapped(meaning, change)) for letter, meaning in meanings], names


def _needed_meanings(letters: set[tree.Name], meanings: list[tuple[tree.Name, tree.Node]]) -> list[tuple[tree.Name, tree.Node]]:
    """Returns the meanings of letters, and of the letters in those meanings. Other letters may have no value at this tick."""
    letters, needed = set(letters), []
    for letter, meaning in meanings:
        if letter in letters:
            letters |= tree.names(meaning)
            needed.append((letter, meaning))
    return needed


def _names_in(condition: tree.Condition) -> set[tree.Name]:
    """Returns the letters in a condition."""
    parts = [part for c in (condition, *condition.also) for part in (c.low, c.of, c.high) if part is not None]
    return set().union(*map(tree.names, parts))


def python(node: tree.Node) -> str:
    """Returns a formula as a Python expression."""
    return _text(printing.bracketed(node, flat=True))


def _branch_condition(c: tree.Condition) -> str:
    """Returns the condition of a piece, given that the pieces before it do not hold."""
    c = printing.bracketed_condition(c, flat=True)
    plain = c.high is not None and not c.also
    return f"{_text(c.of)} < {_text(c.high)}" if plain and c.high is not None else " and ".join(_condition(each) for each in (c, *c.also))


def _condition(c: tree.Condition) -> str:
    of = _text(c.of)
    low = "" if c.low is None else f"{_text(c.low)} <= "
    return f"{low}{of}" + ("" if c.high is None else f" < {_text(c.high)}")


def _text(node: tree.Node) -> str:
    match node:
        case tree.Number(value):
            if constants.is_fraction(value):
                return f"{value.numerator}/{value.denominator}"
            return str(value.numerator) if value.denominator == 1 else repr(float(value))
        case tree.Amount(value):
            return _text(tree.Number(value))
        case tree.Name():
            return "math.pi" if node == _OWN[1] else node.letter
        case tree.Group(of):
            return f"({_text(of)})"
        case tree.Negative(of):
            return f"-{_text(of)}"
        case tree.Sum(terms):
            return printing.sum_text(terms, _text)
        case tree.Times(factors):
            return " * ".join(_text(f) for f in factors)
        case tree.Ratio(top, bottom):
            return f"{_text(top)} / {_text(bottom)}"
        case tree.Power(base, exponent):
            return f"{_text(base)}**{_text(exponent)}"
        case tree.Root(of):
            return f"math.sqrt({_text(of)})"
        case tree.Fence("floor", tree.Apply("log")):  # rounding may give a logarithm just below a whole number
            return f"math.floor({_text(node.of)} + 1e-12)"
        case tree.Fence(kind, of):
            return f"{_FENCES[kind]}({_text(of)})"
        case tree.Modulo(of, by):
            return f"{_text(of)} % {_text(by)}"
        case tree.BigProduct(index, upto, factor):
            return f"math.prod({_text(factor)} for {_text(index)} in range(1, {_text(upto)} + 1))"
        case tree.Cases(rows):
            choice = _text(rows[-1][0])
            for branch, c in reversed(rows[:-1]):
                choice = f"{_text(branch)} if {' and '.join(_condition(each) for each in (c, *c.also))} else {choice}"
            return f"({choice})"
        case tree.Apply(function, args, base):
            word = function if isinstance(function, str) else _text(function)
            inner = ", ".join(_text(a) for a in args)
            if base is not None:
                return f"math.log2({inner})" if _text(base) == "2" else f"math.log({inner}, {_text(base)})"
            return f"{word if word in ('min', 'max') or not isinstance(function, str) else f'math.{word}'}({inner})"
    raise AssertionError(node)
