"""`Document`: answers an editor's questions about a text, such as hover texts, completions, definitions and renames. It knows offsets, and no protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import attrs

from lrdsl.analysis.overview import Row, rows
from lrdsl.check.combinators import COMBINATORS, Combinator, declarations
from lrdsl.check.prelude import recipe, recipes
from lrdsl.check.program import UnusableError
from lrdsl.clock import CANONICAL_UNIT, UNITS, Clock
from lrdsl.diagnostics import Fix, Problems, ScheduleError, shown
from lrdsl.editor.calls import Definitions, Signature, open_calls, signatures_of
from lrdsl.editor.names import RenameError, Symbol, caught, check_name, symbol_at
from lrdsl.escaping.quoting import markdown
from lrdsl.files.definitions import Definition, used_definitions
from lrdsl.files.folder import Folder
from lrdsl.linting.fixes import applied
from lrdsl.phrases import grouped
from lrdsl.plan import Phase
from lrdsl.schedule import Schedule, parse
from lrdsl.shapes import SHAPES, Shape
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.syntax.tokens import KEYWORDS
from lrdsl.targets import Target
from lrdsl.work import Memory, remembering

#: How many characters before the cursor are searched for the number before a unit.
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


@attrs.frozen(slots=False)
class Document:
    """A text, its tree as far as it can be parsed, and its schedule if it has no errors.

    Its `memory` keeps what was read of the text as it was before, and `library` has the files that it may use. `host` are the names to which the program gives
    values.
    """

    text: str
    tree: Node | None
    schedule: Schedule | None
    memory: Memory
    library: Folder | None = None
    host: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str, options: Mapping[str, Any], library: Folder | None = None, memory: Memory | None = None) -> Document:
        """The document of a text. The value of a name among the options is None if only the run knows it."""
        memory = Memory() if memory is None else memory
        names = options.get("names", {})
        tree, schedule = None, None
        with remembering(memory):
            try:
                schedule = parse(text, library=library, **options) if None not in names.values() else None
                tree = schedule.tree if schedule is not None else parse_tree(text, Problems(text))
            except ScheduleError:
                with suppress(ScheduleError):
                    tree = parse_tree(text, Problems(text))
        return cls(text, tree, schedule, memory, library, frozenset(names))

    def _at(self, offset: int) -> list[Node]:
        """The nodes around an offset, innermost first."""
        around = [] if self.tree is None else [n for n in nodes.walk(self.tree) if n.extent[0] <= offset <= n.extent[1]]
        return sorted(around, key=lambda n: n.extent[1] - n.extent[0])

    @cached_property
    def _used(self) -> dict[str, Definition]:
        """The definitions that the text gets from other files."""
        with remembering(self.memory):
            return used_definitions(self.tree, self.library)

    @cached_property
    def _definitions(self) -> Definitions:
        """The definitions of the text, and of the files that it uses, by their names."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else ()
        return {**self._elsewhere, **{s.name: s for s in statements if isinstance(s, nodes.Binding | nodes.Function)}}

    @property
    def _elsewhere(self) -> Definitions:
        """The definitions of the files that the text uses."""
        return {name: definition.node for name, definition in self._used.items()}

    def _symbol(self, offset: int) -> Symbol | None:
        """The name at an offset; None if the word there is none that a text defines."""
        return symbol_at(self.tree, offset, self._elsewhere)

    def hover(self, offset: int) -> tuple[Extent, str] | None:
        """The extent of the word at an offset, and its documentation in Markdown; None if it has none."""
        for node in self._at(offset):
            if isinstance(node, nodes.Call):
                for a in node.arguments:
                    if a.name and a.name_extent[0] <= offset <= a.name_extent[1]:
                        slots = [slot for signature in signatures_of(node.name, self._definitions) for slot in signature.slots if slot.name == a.name]
                        return (a.name_extent, slots[-1].doc) if slots else None
            if isinstance(node, nodes.Target) and node.target.extent[0] <= offset <= node.target.extent[1]:
                doc = self._whole_doc(node.body)
                return (node.target.extent, doc) if doc else None
            word, extent = _word(node)
            if extent is None or not extent[0] <= offset <= extent[1]:
                continue
            doc = self._doc(word, self._symbol(offset))
            if doc:
                return extent, doc + self._phase_doc(node)
        return None

    def _doc(self, word: str, symbol: Symbol | None) -> str:
        """The documentation of a word: its definition, its declaration, or its recipe. `symbol` is what the text, or a file that it uses, defines by it."""
        what = "" if symbol is None else symbol.what
        if symbol is not None and what == "number":
            return f"the number that `{{{word}}}` catches in the name of a group"
        if symbol is not None and isinstance(symbol.scope, nodes.Function):
            return next(slot.doc for slot in signatures_of(symbol.scope.name, {symbol.scope.name: symbol.scope})[0].slots if slot.name == word)
        node = self._definitions.get(word)
        if node is not None:
            used = self._used.get(word) if symbol is None or not symbol.definitions else None
            return f"```lrs\n{canonical(node)}\n```" + ("" if used is None else f"\n\nfrom {markdown(self._name(used.file))}")
        if declarations(word):
            return "\n\n".join(_declaration_doc(declaration) for declaration in declarations(word))
        named = recipe(word)
        if named is not None:
            return f"```lrs\n{canonical(named.function)}\n```"
        return _VALUES.get(word, "")

    def _name(self, file: Path) -> str:
        """The path of a file that the text uses, from the folder of the text."""
        assert self.library is not None
        return file.relative_to(self.library.root).as_posix()

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
        suggestions: list[Suggestion] = []
        for call in open_calls(before)[:1]:
            slots = {slot.name: slot for signature in signatures_of(call.word, self._definitions) for slot in signature.slots}
            argument = call.arguments[-1]
            if argument in slots and slots[argument].options:
                return [Suggestion(option, "value", f"an option of `{argument}`") for option in slots[argument].options]
            if not argument:
                suggestions += [Suggestion(f"{s.name}=", "parameter", s.line, s.doc) for s in slots.values() if s.name not in call.arguments]
        suggestions += [Suggestion(word, "name", "the number that the pattern catches in the name of a group") for word in caught(self.tree, offset)]
        suggestions += [Suggestion(name, "name", canonical(node)) for name, node in self._definitions.items()]
        for name in (*SHAPES, *COMBINATORS):
            declaration = declarations(name)[0]
            suggestions.append(Suggestion(name, "function", declaration.signature, declaration.summary))
        suggestions += _recipe_suggestions()
        suggestions += [Suggestion(word, "value", doc) for word, doc in _VALUES.items()]
        return suggestions + [Suggestion(word, "keyword", doc) for word, doc in KEYWORDS.items()]

    def signatures(self, offset: int) -> tuple[list[Signature], int, int | None] | None:
        """What the call around an offset takes, in each of its forms; the form that fits what is typed, and its parameter that is being typed, if any."""
        for call in open_calls(self.text[:offset]):
            signatures = signatures_of(call.word, self._definitions)
            actives = [call.active([slot.name for slot in signature.slots]) for signature in signatures]
            if signatures:
                best = next((i for i, signature in enumerate(signatures) if actives[i] is not None and _fits(signature, call.arguments)), 0)
                return signatures, best, actives[best]
        return None

    def definition(self, offset: int) -> Extent | None:
        """The extent of the definition of the name at an offset; None if the text does not define it."""
        symbol = self._symbol(offset)
        return symbol.definitions[0] if symbol is not None and symbol.definitions else None

    def origin(self, offset: int) -> tuple[Path, str, Extent] | None:
        """The definition of the name at an offset in another file: the file, its text, and the extent there. A `use` line leads to the start of its file."""
        symbol = self._symbol(offset)
        used = self._used.get(symbol.word) if symbol is not None and not symbol.definitions else None
        if used is not None:
            return used.file, used.text, used.node.name_extent
        use = next((node for node in self._at(offset) if isinstance(node, nodes.Use)), None)
        if use is None or self.library is None:
            return None
        try:
            text, inner = self.library.read(use.path)
        except UnusableError:
            return None
        return inner.reading[-1], text, (0, 0)

    def references(self, offset: int, definitions: bool) -> list[Extent]:
        """All places of the name at an offset; without `definitions`, only those that use it."""
        symbol = self._symbol(offset)
        return [] if symbol is None else symbol.extents if definitions else sorted(set(symbol.uses) - set(symbol.definitions))

    def symbol(self, offset: int) -> Symbol:
        """The name of the text at an offset that can be renamed. Raises `RenameError` if there is none."""
        symbol = self._symbol(offset)
        if symbol is None:
            raise RenameError("only names that the text defines can be renamed" if self.tree is not None else "the text has an error: repair it first")
        if symbol.what == "target":
            raise RenameError(f"`{shown(symbol.word)}` is a key of the param groups: only names that the text defines can be renamed")
        if not symbol.definitions:
            raise RenameError(f"`{shown(symbol.word)}` is defined in {self._name(self._used[symbol.word].file)}: rename it there, and in the files that use it")
        return symbol

    def renamed(self, offset: int, word: str) -> list[Fix]:
        """The edits that give the name at an offset a new word. Raises `RenameError` if the text would then say something else."""
        symbol, schedule = self.symbol(offset), self.schedule
        check_name(self.tree, symbol, word, self.host, self._elsewhere)
        fixes = [Fix(*extent, word) for extent in symbol.extents]
        if schedule is not None:
            try:
                with remembering(self.memory):
                    after = parse(applied(self.text, fixes), library=schedule.library, names=dict(schedule.names), **schedule.clock.given())
            except ScheduleError as error:
                raise RenameError(f"the text would have an error: {error.diagnostics[0].message}") from None
            if after != schedule and symbol.what != "number":  # the name of a number is in the pattern, by which targets differ
                raise RenameError(f"with `{shown(word)}`, the text would say something else")
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


def _ticks(node: nodes.Quantity, clock: Clock) -> str:
    """A length in ticks, for people; "" for one that the clock does not give."""
    try:
        length = parse(f"hold({canonical(node)})", **clock.given()).length
    except ScheduleError:
        return ""
    return "" if length is None else f"{grouped(float(length))} ticks"


@cache
def _recipe_suggestions() -> tuple[Suggestion, ...]:
    """The standard recipes."""
    signatures = {name: canonical(binding.function).partition(" = ")[0].removeprefix("def ") for name, binding in recipes().items()}
    return tuple(Suggestion(name, "function", signature, "a standard recipe") for name, signature in signatures.items())


def _member(target: Target) -> str:
    """Says which member of a family is shown."""
    return "" if target.number is None else f"with {target.letter} = {target.number}: "


def _fits(signature: Signature, arguments: tuple[str, ...]) -> bool:
    """Whether a form has all parameters that a call names."""
    return {*arguments} <= {"", *(slot.name for slot in signature.slots)}


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


def _unit_doc(unit: str) -> str:
    return "a multiple of each group's base" if unit == "x" else "a share of the run" if unit == "%" else f"a length in {UNITS[unit]}s"
