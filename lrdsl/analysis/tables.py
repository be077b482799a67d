"""Tables in LaTeX, no wider than the column that they are for, and in Markdown."""

from __future__ import annotations

import re

import attrs

from lrdsl.escaping.quoting import latex as escaped
from lrdsl.escaping.quoting import markdown as escaped_markdown
from lrdsl.escaping.quoting import markdown_code
from lrdsl.formulas.floats import floating
from lrdsl.formulas.notation.widths import CODE, QUAD, width_of_words


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


def markdown(table: Table, caption: str = "", label: str = "") -> str:
    """Returns a table in Markdown: one for each section. The caption, and a label in braces, stand below, as pandoc reads them."""
    out = []
    for section in table.sections:
        out += [f"**{escaped_markdown(section.title)}**", ""] if section.title else []
        out += [f"| {' | '.join(table.columns)} |", f"| {' | '.join('---:' if name in table.right else '---' for name in table.columns)} |"]
        for line in section.lines:
            first = markdown_code(line.first) if line.code and line.first else escaped_markdown(line.first)
            out.append(f"| {'&emsp;' * line.depth}{first} | {' | '.join(map(_in_markdown, line.cells))} |")
        out.append("")
    named = " ".join([*([escaped_markdown(caption)] if caption else []), *([f"{{#{label.replace(' ', '-')}}}"] if label else [])])
    return "\n".join([*out, f"Table: {named}"] if named else out[:-1])


def _in_markdown(cell: str) -> str:
    return cell if re.fullmatch(r"[\w ,.…→?%+-]*", cell) else escaped_markdown(cell)


#: The sizes of letters that are tried, the widths of their letters beside those of the text, and the space beside a column in ems of the text.
_SIZES = (("", 1.0, 0.6), (r"\small", 0.925, 0.5), (r"\footnotesize", 0.85, 0.4), (r"\scriptsize", 0.8, 0.2), (r"\tiny", 0.68, 0.15))
#: What an estimate may be short of, in ems.
_SPARE = 0.3
#: The least room for a first column that is broken into lines, in ems of its letters, and the most lines of a cell. Else first cells stand above the others.
_LEAST, _MOST_LINES = 5.5, 4
_RAGGED = r">{\raggedright\arraybackslash}"


@attrs.frozen
class _Layout:
    """How a table fits its column: the size of its letters, the space beside a column in ems of the text, and the kind of the first column.

    `breaks`, if not 0, is the width of the lines into which first cells are broken, in ems of their letters. `above`, if not 0, is the width of first cells
    that stand on lines of their own, above the others. `other` is the kind of the other columns of words. `shrinks`: the whole is wider than the column, and is
    made smaller by the package graphicx.
    """

    size: str
    beside: float
    first: str = "l"
    breaks: float = 0.0
    above: float = 0.0
    other: str = "l"
    shrinks: bool = False


def latex(table: Table, width: float, caption: str = "", label: str = "") -> str:
    """Returns a table in LaTeX, for the packages array and booktabs, in a column of `width` ems.

    The first column is broken into lines where that is needed, and the letters become smaller.
    """
    layout, n = _layout(table, width), len(table.columns)
    specs = [layout.first, *("r" if name in table.right else layout.other for name in table.columns[1:])]
    lines = [rf"\begin{{tabular}}{{@{{}}{''.join(specs)}@{{}}}}", r"\toprule", " & ".join(_name(name) for name in table.columns) + r" \\"]
    for section in table.sections:
        lines.append(r"\midrule")
        lines += [rf"\multicolumn{{{n}}}{{@{{}}l@{{}}}}{{{escaped(section.title)}}} \\"] if section.title else []
        for line in section.lines:
            first = _first(line, layout.breaks)
            if layout.above and line.first:
                lines.append(rf"\multicolumn{{{n}}}{{@{{}}{_RAGGED}p{{{layout.above:.1f}em}}@{{}}}}{{{first}}} \\")
            others = [_cell(cell, layout.other != "l" and name not in table.right) for name, cell in zip(table.columns[1:], line.cells, strict=True)]
            lines.append(" & ".join(["" if layout.above else first, *others]).lstrip() + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    if layout.shrinks:
        lines = ["% \\usepackage{graphicx}", rf"\resizebox{{{width * 10:g}pt}}{{!}}{{%", *lines, "}"]
    if layout.size:
        lines = [rf"\begingroup{layout.size}\setlength{{\tabcolsep}}{{{layout.beside * 10:g}pt}}", *lines, r"\endgroup"]
    return floating("table", "\n".join(lines), caption, label)


def _layout(table: Table, width: float) -> _Layout:
    """Returns a layout with which a table has no more than a width in ems."""
    lines = [line for section in table.sections for line in section.lines]
    head = width_of_words(_name(table.columns[0]))
    first = max(head, *(width_of_words(_first(line, 0)) for line in lines))
    word = max(
        width_of_words(_first(line, 0))
        if not line.code
        else line.depth * QUAD + CODE * max((len(word) for part in _parts(line.first) for word in part.split()), default=0)
        for line in lines
    )
    widths = [max(width_of_words(_name(name)), *(width_of_words(_cell(line.cells[i])) for line in lines)) for i, name in enumerate(table.columns[1:])]
    rooms = [(width - _SPARE - 2 * len(widths) * beside) / scale - sum(widths) for _, scale, beside in _SIZES]
    for (size, _, beside), room in list(zip(_SIZES, rooms, strict=True))[:-1]:  # the smallest letters are for tables that fit in no other way
        if first <= room:
            return _Layout(size, beside)
        if room >= max(_LEAST, word, first / _MOST_LINES):
            return _Layout(size, beside, rf"{_RAGGED}p{{{room:.1f}em}}", breaks=room)
    (size, scale, beside), room = next((pair for pair in zip(_SIZES, rooms, strict=True) if head <= pair[1]), (_SIZES[-1], rooms[-1]))
    words = [widths[i] for i, name in enumerate(table.columns[1:]) if name not in table.right]
    other = "l" if head <= room or not words else rf"{_RAGGED}p{{{max(_LEAST / 2, (sum(words) + room - head) / len(words)):.1f}em}}"
    above = (width - _SPARE) / scale
    return _Layout(size, beside, breaks=above, above=above, other=other, shrinks=room < head and not words)


def _first(line: Line, room: float) -> str:
    """Returns the first cell of a line in LaTeX; `room`: its code may be broken into lines of this width, if it is not 0."""
    if not line.first:
        return ""
    words = escaped(line.first) if not line.code else rf"\texttt{{{_broken(line.first, room - line.depth * QUAD) if room else _in_code(line.first)}}}"
    return r"\quad" * line.depth + (" " * (line.depth > 0 and not line.code)) + words


def _in_code(code: str) -> str:
    """Returns code in LaTeX: the letters of a typewriter have signs that other letters lack."""
    return re.sub(r"\\text(less|greater|bar)\{\}", lambda sign: {"less": "<", "greater": ">", "bar": "|"}[sign[1]], escaped(code))


def _broken(code: str, room: float) -> str:
    """Returns code in LaTeX that may be broken at its spaces; a word that is wider than the room also after its brackets, commas and signs."""
    return " ".join(_in_code(word) if CODE * len(word) <= room else r"\allowbreak{}".join(map(_in_code, _parts(word))) for word in code.split(" "))


def _parts(code: str) -> list[str]:
    """Returns the parts of code between which it may be broken, apart from spaces."""
    return [part for part in re.findall(r"[^(,=\[_]*[(,=\[_]?", code) if part]


def _name(name: str) -> str:
    return {"percent": r"\%"}.get(name, escaped(name))


def _cell(cell: str, breaks: bool = False) -> str:
    """A cell in LaTeX, with its numbers in mathematics. `breaks`: it may be broken after its brackets and dots."""
    if breaks:
        return r"\allowbreak{}".join(escaped(part) for part in re.findall(r"[^\[._]*[\[._]?", cell) if part)
    if not re.fullmatch(r"[\d., e+…→?%kMBT-]*|endless|from .*", cell):
        return escaped(cell)
    signs = cell.replace("%", r"\%").replace("…", r"$\ldots$").replace("→", r"$\to$")
    return re.sub(r"-?\d[\d.,]*(?:e[+-]\d+)?", lambda m: f"${_number(m[0])}$", signs).replace("$ $", " ")


def _number(text: str) -> str:
    """A number in mathematics. One below 0.001 has a power of ten, as in formulas."""
    small = text.startswith("0.000") and text.strip("0.")
    mantissa, _, exponent = (f"{float(text):e}" if small else text).replace(",", "{,}").partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if small else mantissa
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"
