"""Tables in LaTeX, no wider than the column that they are for, and in Markdown."""

from __future__ import annotations

import re

import attrs

from lrdsl.escaping.quoting import latex as escaped
from lrdsl.escaping.quoting import markdown as escaped_markdown
from lrdsl.escaping.quoting import markdown_code


@attrs.frozen
class Line:
    """A line of a table: its first cell, `code` or a name, moved to the right by its depth, and the other cells."""

    first: str
    cells: tuple[str, ...]
    depth: int
    code: bool


@attrs.frozen
class Section:
    """Some lines under a title, which may be empty."""

    title: str
    lines: tuple[Line, ...]


@attrs.frozen
class Table:
    """A table: the names of its columns, those with numbers on the right side, and its sections."""

    columns: tuple[str, ...]
    right: frozenset[str]
    sections: tuple[Section, ...]


def markdown(table: Table) -> str:
    """Returns a table in Markdown: one for each section."""
    out = []
    for section in table.sections:
        out += [f"**{escaped_markdown(section.title)}**", ""] if section.title else []
        out += [f"| {' | '.join(table.columns)} |", f"| {' | '.join('---:' if name in table.right else '---' for name in table.columns)} |"]
        for line in section.lines:
            first = markdown_code(line.first) if line.code else escaped_markdown(line.first)
            out.append(f"| {'&emsp;' * line.depth}{first} | {' | '.join(map(_in_markdown, line.cells))} |")
        out.append("")
    return "\n".join(out[:-1])


def _in_markdown(cell: str) -> str:
    return cell if re.fullmatch(r"[\w .…→?%+-]*", cell) else escaped_markdown(cell)


#: The sizes of letters that are tried, the widths of their letters beside those of the text, and the space beside a column in ems of the text.
_SIZES = (("", 1.0, 0.6), (r"\small", 0.9, 0.5), (r"\footnotesize", 0.8, 0.4), (r"\scriptsize", 0.7, 0.2))
#: The least room for the first column, in ems of its letters, if it does not fit in one line.
_LEAST = 5.5
#: The widths of signs in ems; of a letter of code; of other letters.
_WIDTHS = {" ": 0.34, ".": 0.28, ",": 0.28, "_": 0.17, "…": 1.2, "→": 1.0, "-": 0.78, "e": 2.4, "%": 0.84, "k": 0.53, "M": 0.92, "B": 0.71, "T": 0.73}
_CODE, _OTHER, _INDENT = 0.525, 0.56, 1.0


def latex(table: Table, width: float) -> str:
    """Returns a table in LaTeX, for the packages array and booktabs, in a column of `width` ems.

    The first column is broken into lines where that is needed, and the letters become smaller.
    """
    size, spec = _layout(table, width)
    specs = [spec, *("r" if name in table.right else "l" for name in table.columns[1:])]
    breaks = spec != "l"
    lines = [rf"\begin{{tabular}}{{@{{}}{''.join(specs)}@{{}}}}", r"\toprule", " & ".join(_name(name) for name in table.columns) + r" \\"]
    for section in table.sections:
        lines.append(r"\midrule")
        lines += [rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l@{{}}}}{{{escaped(section.title)}}} \\"] if section.title else []
        for line in section.lines:
            first = (rf"\texttt{{{_broken(line.first) if breaks else escaped(line.first)}}}") if line.code else escaped(line.first)
            lines.append(" & ".join([r"\quad" * line.depth + first, *(_cell(cell) for cell in line.cells)]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    if size == _SIZES[0]:
        return "\n".join(lines)
    return "\n".join([rf"\begingroup{size[0]}\setlength{{\tabcolsep}}{{{size[2] * 10:g}pt}}", *lines, r"\endgroup"])


def _layout(table: Table, width: float) -> tuple[tuple[str, float, float], str]:
    """Returns a size of letters, and the kind of the first column, with which a table has no more than a width in ems."""
    lines = [line for section in table.sections for line in section.lines]
    first = max([_width(table.columns[0]), *(line.depth * _INDENT + (len(line.first) * _CODE if line.code else len(line.first) * _OTHER) for line in lines)])
    others = sum(max(_width(name, letters=True), *(_width(line.cells[i]) for line in lines)) for i, name in enumerate(table.columns[1:]))
    for size in _SIZES:
        _, scale, beside = size
        room = (width - 2 * (len(table.columns) - 1) * beside) / scale - others
        if first <= room:
            return size, "l"
        if room >= _LEAST:
            return size, rf">{{\raggedright\arraybackslash}}p{{{room:.1f}em}}"
    return size, rf">{{\raggedright\arraybackslash}}p{{{max(room, _LEAST / 2):.1f}em}}"


def _width(text: str, letters: bool = False) -> float:
    """Returns the width of a cell in ems: of numbers, or of letters."""
    return len(text) * _OTHER if letters else sum(_WIDTHS.get(sign, 0.5 if sign.isdigit() else _OTHER) for sign in text)


def _broken(code: str) -> str:
    """Returns code in LaTeX that may be broken after its brackets, commas and signs."""
    return r"\allowbreak{}".join(escaped(part) for part in re.findall(r"[^(,=\[_]*[(,=\[_]?", code) if part)


def _name(name: str) -> str:
    return {"percent": r"\%"}.get(name, escaped(name))


def _cell(cell: str) -> str:
    """A cell in LaTeX, with its numbers in mathematics."""
    if not re.fullmatch(r"[\d._ e+…→?%kMBT-]*|endless|from .*", cell):
        return escaped(cell)
    spaced = re.sub(r"(\d)_(?=\d)", r"\1\\,", cell.replace("%", r"\%").replace("…", r"$\ldots$").replace("→", r"$\to$"))
    return re.sub(r"-?\d[\d.\\,]*(?:e[+-]\d+)?", lambda m: f"${_number(m[0])}$", spaced).replace("$ $", " ")


def _number(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"
