"""`Document`: answers an editor's questions about a text: hover texts, completions, definitions, renames, hints, colours. It knows offsets, and no protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import attrs

from lrdsl.analysis.overview import Row, rows
from lrdsl.check.combinators import COMBINATORS, Combinator, declarations, parameters_of
from lrdsl.check.prelude import recipe, recipes
from lrdsl.check.scope import ARITHMETIC, WORDS
from lrdsl.clock import CANONICAL_UNIT, UNITS, Clock
from lrdsl.diagnostics import Fix, Problems, ScheduleError
from lrdsl.editor.names import RenameError, Symbol, caught, check_name, symbol_at
from lrdsl.escaping.quoting import markdown
from lrdsl.files.folder import Folder
from lrdsl.kinds import DESCRIPTION, Kind, Parameter
from lrdsl.linting.fixes import applied
from lrdsl.plan import Phase
from lrdsl.schedule import Schedule, parse
from lrdsl.shapes import SHAPES, Shape
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.syntax.tokens import KEYWORDS, statements_of, tokens_of
from lrdsl.targets import Target
from lrdsl.work import Memory, remembering

#: How many characters before the cursor are searched for what is being typed, and for the name before a bracket.
_NEAR = 500
_VALUES = {
    "base": "each group's own value",
    "total": "the length of the run",
    "rest": "what is left of the run",
    "pi": "3.14159...",
    "t": "the ticks of the phase, in `scale`",
}


@attrs.frozen
class Suggestion:
    """A completion: its text, its kind ("function", "parameter", "unit", "keyword", "value" or "name"), a line of detail, and its documentation."""

    text: str
    kind: str
    detail: str
    doc: str = ""


@attrs.frozen
class Document:
    """A text, its tree as far as it can be parsed, and its schedule if it has no errors. Its `memory` keeps what was read of the text as it was before."""

    text: str
    tree: Node | None
    schedule: Schedule | None
    memory: Memory

    @classmethod
    def of(cls, text: str, options: Mapping[str, Any], path: Path | None = None, memory: Memory | None = None) -> Document:
        """The document of a text. A file at `path` may use other files beside it."""
        memory = Memory() if memory is None else memory
        with remembering(memory):
            try:
                schedule = parse(text, library=None if path is None else Folder.of(path), **options)
                return cls(text, schedule.tree, schedule, memory)
            except ScheduleError:
                pass
            try:
                return cls(text, parse_tree(text, Problems(text)), None, memory)
            except ScheduleError:
                return cls(text, None, None, memory)

    def _at(self, offset: int) -> list[Node]:
        """The nodes around an offset, innermost first."""
        around = [] if self.tree is None else [n for n in nodes.walk(self.tree) if n.extent[0] <= offset <= n.extent[1]]
        return sorted(around, key=lambda n: n.extent[1] - n.extent[0])

    def _names(self) -> dict[str, nodes.Binding | nodes.Function]:
        """The names that the text defines, each with its statement."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else ()
        return {s.name: s for s in statements if isinstance(s, nodes.Binding | nodes.Function)}

    def hover(self, offset: int) -> tuple[Extent, str] | None:
        """The extent of the word at an offset, and its documentation in Markdown; None if it has none."""
        for node in self._at(offset):
            if isinstance(node, nodes.Call):
                for a in node.arguments:
                    parameter = parameters_of(node.name).get(a.name)
                    if a.name and parameter is not None and a.name_extent[0] <= offset <= a.name_extent[1]:
                        return a.name_extent, _parameter_doc(parameter)
            if isinstance(node, nodes.Target) and node.target.extent[0] <= offset <= node.target.extent[1]:
                doc = self._whole_doc(node.body)
                return (node.target.extent, doc) if doc else None
            word, extent = _word(node)
            if extent is None or not extent[0] <= offset <= extent[1]:
                continue
            doc = f"the number that `{{{word}}}` catches in the name of a group" if word in caught(self.tree, offset) else self._doc(word)
            if doc:
                return extent, doc + self._phase_doc(node)
        return None

    def _doc(self, word: str) -> str:
        """The documentation of a word: its definition in the text, its declaration, or its recipe."""
        statement = self._names().get(word)
        if statement is not None:
            return f"```lrs\n{canonical(statement)}\n```"
        if declarations(word):
            return "\n\n".join(_declaration_doc(declaration) for declaration in declarations(word))
        named = recipe(word)
        if named is not None:
            return f"```lrs\n{canonical(named.function)}\n```"
        return _VALUES.get(word, "")

    def _phase_doc(self, node: Node) -> str:
        """The ticks and levels of a phase. For the first phase of a target, also what the target does."""
        if self.schedule is None:
            return ""
        base = self.schedule.program.base_value
        for target in self.schedule.targets:
            for phase, row in self._rows(target, base):
                if phase.extent == node.extent:
                    whole = f"\n\n{self._whole_doc(node)}" if phase is target.plan.phases[0] else ""
                    return f"\n\n{_member(target)}ticks {row.ticks}, length {row.length}, level {row.level} (base {base:g}){whole}"
        return ""

    def _rows(self, target: Target, base: float) -> list[tuple[Phase, Row]]:
        """The phases of a target, each with its row of the overview."""
        schedule = self.schedule
        assert schedule is not None

        def made() -> list[Row]:
            with remembering(self.memory):
                return [row for row in rows(schedule, target, base) if row.depth == 0]

        return list(zip(target.plan.phases, self.memory.once("rows", (target.plan,), (base, schedule.clock), made), strict=True))

    def _whole_doc(self, body: Node) -> str:
        """What the target with this expression does: a sentence, and its formula."""
        if self.schedule is None:
            return ""
        for target in self.schedule.targets:
            if target.plan.phases[0].extent[0] == body.extent[0]:
                with remembering(self.memory):
                    sentence, formula = self.schedule.sentence(target=target.name), self.schedule.typeset("text", target=target.name)
                return f"{markdown(sentence)}\n\n```text\n{formula}\n```"
        return ""

    def suggestions(self, offset: int) -> list[Suggestion]:
        """The completions at an offset, best first."""
        before = self.text[:offset]
        if re.search(r"(?<![\w.])\d[\d_.]*(?:[kMB]\b)?\s?[a-zA-Z%]*$", before[-_NEAR:]):
            return [Suggestion(unit, "unit", _unit_doc(unit)) for unit in (*CANONICAL_UNIT.values(), "x")]
        call = _open_call(before)
        suggestions: list[Suggestion] = []
        if call is not None:
            name, present, argument = call
            parameters = parameters_of(name)
            if argument in parameters and parameters[argument].kind is Kind.CHOICE:
                return [Suggestion(option, "value", f"an option of `{argument}`") for option in parameters[argument].options]
            if not argument:
                suggestions += [Suggestion(f"{p.name}=", "parameter", p.doc, _parameter_doc(p)) for p in parameters.values() if p.name not in present]
        suggestions += [Suggestion(word, "name", "the number that the pattern catches in the name of a group") for word in caught(self.tree, offset)]
        suggestions += [Suggestion(name, "name", canonical(node)) for name, node in self._names().items()]
        for name in (*SHAPES, *COMBINATORS):
            declaration = declarations(name)[0]
            suggestions.append(Suggestion(name, "function", declaration.signature, declaration.summary))
        suggestions += _recipe_suggestions()
        suggestions += [Suggestion(word, "value", doc) for word, doc in _VALUES.items()]
        return suggestions + [Suggestion(word, "keyword", doc) for word, doc in KEYWORDS.items()]

    def definition(self, offset: int) -> Extent | None:
        """The extent of the definition of the name at an offset; None if the text does not define it."""
        symbol = symbol_at(self.tree, offset)
        return None if symbol is None else symbol.definitions[0]

    def symbol(self, offset: int) -> Symbol:
        """The name of the text at an offset. Raises `RenameError` if there is none."""
        symbol = symbol_at(self.tree, offset)
        if symbol is None:
            raise RenameError("only names that the text defines can be renamed" if self.tree is not None else "the text has an error: repair it first")
        return symbol

    def renamed(self, offset: int, word: str) -> list[Fix]:
        """The edits that give the name at an offset a new word. Raises `RenameError` if the text would then say something else."""
        symbol, schedule = self.symbol(offset), self.schedule
        check_name(self.tree, symbol, word, () if schedule is None else dict(schedule.names))
        fixes = [Fix(*extent, word) for extent in symbol.extents]
        if schedule is not None:
            try:
                parse(applied(self.text, fixes), library=schedule.library, names=dict(schedule.names), **schedule.clock.given())
            except ScheduleError as error:
                raise RenameError(f"the text would have an error: {error.diagnostics[0].message}") from None
        return fixes

    def hints(self) -> Iterator[tuple[int, str]]:
        """Yields hints with their offsets: after each phase its ticks and levels, and after each length with a unit its ticks."""
        if self.schedule is None or self.tree is None:
            return
        base = self.schedule.program.base_value
        for target in self.schedule.targets:
            for phase, row in self._rows(target, base):
                yield phase.extent[1], f"{_member(target)}{row.ticks}: {row.level}"
        clock = self.schedule.clock
        for node in nodes.walk(self.tree):
            if isinstance(node, nodes.Quantity) and UNITS.get(node.unit) not in (None, "tick", *clock.changing):
                ticks = self.memory.once("ticks", (), (node, clock), partial(_ticks, node, clock))
                if ticks:
                    yield node.extent[1], ticks

    def words(self) -> Iterator[tuple[Extent, str]]:
        """Yields the words to colour, each with its kind: "keyword", "function", "parameter", "number", "string", "comment", "variable" or "operator"."""
        end = 0
        for statement in statements_of(list(tokens_of(self.text, Problems(self.text)))):
            depth = 0
            for i, token in enumerate(statement):
                start, stop = token.extent
                yield from _comments(self.text, end, start)
                after = statement[i + 1].type if i + 1 < len(statement) else ""
                depth += (token.type == "LPAR") - (token.type == "RPAR")
                kind = _KINDS.get(token.type, "keyword")
                if token.type == "WORD":
                    before = statement[i - 1].type if i else ""
                    kind = "function" if after == "LPAR" else "parameter" if after == "EQUAL" and depth else "keyword" if before == "NUMBER" else "variable"
                    kind = "function" if kind == "variable" and (str(token) in SHAPES) else kind
                if kind:
                    yield (start, stop), kind
                end = stop
        yield from _comments(self.text, end, len(self.text))


_KINDS = {
    **dict.fromkeys(("PLUS", "MINUS", "STAR", "SLASH", "CARET", "EQUAL", "COMPARE"), "operator"),
    **dict.fromkeys(("LPAR", "RPAR", "LSQB", "RSQB", "COMMA"), ""),
    "NUMBER": "number",
    "STRING": "string",
}


def _ticks(node: nodes.Quantity, clock: Clock) -> str:
    """A length in ticks, for people; "" for one that the clock does not give."""
    try:
        length = parse(f"hold({canonical(node)})", **clock.given()).length
    except ScheduleError:
        return ""
    return "" if length is None else f"{length:,.10g} ticks".replace(",", "_")


def _comments(text: str, start: int, end: int) -> Iterator[tuple[Extent, str]]:
    """The comments between two offsets."""
    for comment in re.finditer(r"#[^\n]*", text[start:end]):
        yield (start + comment.start(), start + comment.end()), "comment"


@cache
def _recipe_suggestions() -> tuple[Suggestion, ...]:
    """The standard recipes."""
    signatures = {name: canonical(binding.function).partition(" = ")[0].removeprefix("def ") for name, binding in recipes().items()}
    return tuple(Suggestion(name, "function", signature, "a standard recipe") for name, signature in signatures.items())


def _member(target: Target) -> str:
    """Says which member of a family is shown."""
    return "" if target.number is None else f"with {target.letter} = {target.number}: "


def _word(node: Node) -> tuple[str, Extent | None]:
    """The name in a node, and its extent; an empty name for other nodes."""
    if isinstance(node, nodes.Call):
        return node.name, node.name_extent
    if isinstance(node, nodes.Binding | nodes.Function):
        return node.name, node.name_extent
    return (node.id, node.extent) if isinstance(node, nodes.Name) else ("", None)


def _declaration_doc(declaration: Shape | Combinator) -> str:
    source = f"\n\n*{declaration.source}*" if declaration.source else ""
    return f"```lrs\n{declaration.signature}\n```\n{declaration.summary}{source}"


def _parameter_doc(p: Parameter) -> str:
    default = f", default {p.default_text}" if p.default_text not in ("", "?") else ""
    options = f": {', '.join(f'`{o}`' for o in p.options)}" if p.options else ""
    return f"`{p.name}`: {p.doc}\n\n{DESCRIPTION[p.kind]}{options}{f', {p.range_text}' if p.range_text else ''}{default}"


def _unit_doc(unit: str) -> str:
    return "a multiple of each group's base" if unit == "x" else "a share of the run" if unit == "%" else f"a length in {UNITS[unit]}s"


def _open_call(before: str) -> tuple[str, set[str], str] | None:
    """The call whose bracket is open at the end of a text: its name, the names of its arguments, and the argument that is being typed."""
    depth, i = 0, len(before) - 1
    while i >= 0:
        depth += (before[i] in ")]") - (before[i] in "([")
        if depth < 0:
            break
        i -= 1
    name = re.search(r"(?<![\w.])([^\W\d][\w.]*)\s*$", before[max(0, i - _NEAR) : max(i, 0)])
    if i < 0 or name is None or name[1] in {*ARITHMETIC, *WORDS} - {"min", "max", "exp", "sqrt"}:
        return None
    arguments = before[i + 1 :]
    argument = re.search(r"(?<!\w)([^\W\d]\w*)\s*=\s*\w*$", arguments[-_NEAR:])
    return name[1], set(re.findall(r"(?<!\w)([^\W\d]\w*)\s*=", arguments)), argument[1] if argument else ""
