"""Breaks formulas and remarks in LaTeX into lines that fit into a column."""

from __future__ import annotations

import re

from lrdsl.formulas.notation.latex import displayed, latex
from lrdsl.formulas.notation.printing import slashed
from lrdsl.formulas.notation.tree import Group, Negative, Node, Sum, Times
from lrdsl.formulas.notation.widths import width

#: Where a formula without tall fractions may break: before a sign, or after a slash or a comma; and, if that is not enough, after a thin space.
_PLACES = re.compile(r"(?= [+-] )|(?= \\cdot )|(?= \\bmod )|(?<=[^\\]/)|(?<=, )|(?<=\))(?=\()")
_MORE_PLACES = re.compile(r"(?<=\\,)|(?<=\()")


#: A space before a sign that ends a part of a sentence.
_SPACED = re.compile(r" ([,:)])")


def fitting(value: Node, room: float, display: bool = False, cases: bool = False, first: float | None = None) -> list[str]:
    """Returns the lines of a formula with brackets. `display`: as a displayed formula; `cases`: as one of the cases, where fractions in full size come first.

    `first` is the room of the first line. A formula that does not fit is broken where its terms and factors end; if lines are too wide still, at any sign.
    """
    first = room if first is None else first
    whole = latex(value)
    if cases and width(full := latex(displayed(value))) <= first:
        return [full]
    if width(whole, display) <= first:
        return [whole]
    lines = _broken(value, min(room, first), display)
    return lines if width(lines[0], display) <= first and all(width(line, display) <= room for line in lines) else _flat(value, min(room, first), display)


def _factor(value: Node) -> Node:
    return Group(value) if isinstance(value, Sum | Negative) else value


def _broken(value: Node, room: float, display: bool) -> list[str]:
    """Returns the lines of a formula, broken before the terms of a sum, or before the last factor of a product."""
    whole = latex(value)
    if width(whole, display) <= room:
        return [whole]
    if isinstance(value, Group):
        first, *more = _broken(value.of, room - 1.8, display)
        return [rf"\bigl({first}", *more[:-1], *(rf"{line}\bigr)" for line in more[-1:])] if more else [whole]
    if isinstance(value, Negative):
        first, *more = _broken(_factor(value.of), room - 0.8, display)
        return [f"-{first}", *more]
    if isinstance(value, Sum):
        lines = [latex(value.terms[0])]
        for term in value.terms[1:]:
            sign, inner = ("-", _factor(term.of)) if isinstance(term, Negative) else ("+", term)
            text = f" {sign} {latex(inner)}"
            if width(lines[-1] + text, display) <= room:
                lines[-1] += text
            else:
                first, *more = _broken(inner, room - 2.5, display)
                lines += [rf"\quad {sign} {first}", *(rf"\qquad {line}" for line in more)]
        return lines
    if isinstance(value, Times) and len(value.factors) > 1:
        head = Times(value.factors[:-1]) if len(value.factors) > 2 else _factor(value.factors[0])
        last = _factor(value.factors[-1])
        if width(latex(head), display) <= room:
            first, *more = _broken(last, room - 2, display)
            if more and width(latex(head) + first, display) <= room:
                return [latex(head) + first, *more]
            dot = "" if isinstance(last, Group) else r"\cdot "
            return [latex(head), rf"\quad {dot}{first}", *(rf"\qquad {line}" for line in more)]
        before, after = _broken(head, room, display), _broken(last, room - 2, display)
        if len(before) > 1:
            dot = "" if isinstance(last, Group) else r"\cdot "
            return [*before, rf"\quad {dot}{after[0]}", *(rf"\qquad {line}" for line in after[1:])]
    return [whole]


def _flat(value: Node, room: float, display: bool) -> list[str]:
    """Returns the lines of a formula with slashes for fractions, broken at any sign that stands in no group of LaTeX."""
    source = re.sub(r"\\(?:left|right)(?=[(\[)\]])", "", latex(slashed(Group(value), flat=True).of))  # type: ignore[union-attr]
    lines = [""]
    for part in parts_of(source, room - 1, display):
        if lines[-1].strip() and width(lines[-1] + part, display) > room:
            lines[-1] = lines[-1].removesuffix(r"\,")
            lines.append(rf"\quad {part.strip()}" if not part.startswith(" ") else rf"\quad{part}")
        else:
            lines[-1] += part
    return lines


def parts_of(source: str, room: float, display: bool = False) -> list[str]:
    """Returns the parts of a formula on one line between which it may break, none of them in a group of LaTeX."""
    parts = _split(source, _PLACES)
    return [piece for part in parts for piece in ([part] if width(part, display) <= room else _split(part, _MORE_PLACES))]


def _split(source: str, places: re.Pattern[str]) -> list[str]:
    ends = [place.end() for place in places.finditer(source) if not _depth(source[: place.end()])]
    return [source[start:end] for start, end in zip([0, *ends], [*ends, len(source)], strict=True) if start < end]


def _depth(source: str) -> int:
    """Returns how many groups in braces, and environments, are open."""
    bare = source.replace(r"\{", "").replace(r"\}", "")
    return bare.count("{") - bare.count("}") + source.count(r"\begin") - source.count(r"\end")


def flowing(clauses: list[list[tuple[bool, str]]], room: float) -> list[str]:
    r"""Returns clauses as lines, with as much on a line as fits. A clause has parts, formulas and plain words, between which a line may break."""
    lines: list[list[tuple[bool, str, bool]]] = [[]]
    for i, clause in enumerate(clauses):
        for j, (is_formula, part) in enumerate(clause):
            token = (is_formula, part, j + 1 == len(clause) and i + 1 < len(clauses))
            if lines[-1] and width(_line([*lines[-1], token])) > room:
                defined = lines[-1].pop() if len(lines[-1]) > 1 and lines[-1][-1][1].endswith(" = ") else None  # what is defined stands with its meaning
                lines.append([] if defined is None else [defined])
            lines[-1].append(token)
    return [_line(line) for line in lines]


def _line(tokens: list[tuple[bool, str, bool]]) -> str:
    r"""Returns one line: words that follow each other stand in one `\text`, with the spaces to formulas beside them. A clause ends with a comma."""
    out, run = "", list[str]()
    for i, (is_formula, part, ends) in enumerate(tokens):
        after = i + 1 < len(tokens)
        if is_formula:
            out += part
        else:
            run.append(part)
            if after and not ends and not tokens[i + 1][0]:
                continue
            before = " " if out and not out.endswith((r"\; ", " = ")) and not run[0].startswith((",", ":")) else ""
            words = _SPACED.sub(r"\1", " ".join(run))
            out = out if out.endswith(" = ") else out.removesuffix(" ")
            out += rf"\text{{{before}{words}{' ' if after and not ends else ''}}}"
            run = []
        if ends:
            out += r",\; " if after else ","
        elif is_formula and after and not part.endswith(" = "):
            out += " "
    return out
