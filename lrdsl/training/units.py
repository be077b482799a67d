"""The units of expressions in Python: whether a number counts steps, epochs, or the steps of an epoch. The numbers themselves need not be known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import attrs

from lrdsl.dialects.code.names import Names, key_of, word_of

#: How deep definitions are followed, and how many nodes are looked at for one expression.
_MAX_DEPTH, _MAX_WORK = 24, 2000


@attrs.frozen
class Unit:
    """A unit as powers: an epoch has `Unit(epoch=1)`, a step `Unit(step=1)`, the number of steps in an epoch `Unit(-1, 1)`, and a plain number all 0."""

    epoch: int = 0
    step: int = 0
    sample: int = 0

    def times(self, other: Unit, sign: int = 1) -> Unit:
        """Returns the unit of a product, or of a quotient for the sign -1."""
        return Unit(self.epoch + sign * other.epoch, self.step + sign * other.step, self.sample + sign * other.sample)

    @property
    def word(self) -> str:
        """What a time with this unit counts: "step" or "epoch"; "" for anything else. The steps of an epoch are steps."""
        return {(1, 0, 0): "epoch", (0, 1, 0): "step", (-1, 1, 0): "step"}.get((self.epoch, self.step, self.sample), "")


NUMBER, EPOCH, STEP, PER_EPOCH = Unit(), Unit(epoch=1), Unit(step=1), Unit(-1, 1)
_SAMPLES, _BATCH = Unit(-1, 0, 1), Unit(0, -1, 1)

#: Names by what they count. The first that fits counts.
_LOADER = re.compile(r"loader|(^|_)dl($|_)|dataiter|(^|_)batches$")
_DATA = re.compile(r"dataset|(^|_)(ds|data|samples|images)($|_)|(^|_)(trainset|train_set|train_data)$")
_COUNTS: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(r"(per|in|each|an?)_?(epoch|ep)$|^(len|length|size)_?(train_?)?(loader|dl|dataloader)|loader_?(len|length|size)$"), PER_EPOCH),
    (re.compile(r"^(n|num|nb|nr)?_?(train_?|training_?)?batch(es)?$|epoch_?(len|length|size|steps|iters|iterations)$|^(num_)?training_batches$"), PER_EPOCH),
    (re.compile(r"^(train_?|per_?device_?(train_?)?|total_?(train_?)?|global_?|mini_?|effective_?)?(batch_?size|bs|bsz|batchsize)$"), _BATCH),
    (re.compile(r"accum|world_?size|n_?gpus?|num_?(gpus?|processes|devices|nodes|replicas|workers)|ratio|frac|percent|pct|prop|factor|rate$|^lr"), NUMBER),
    (re.compile(r"epochs?($|_)|(^|_)ep(s)?$|^epoch|^nepochs?$|^n?epochs?$|maxepochs?$"), EPOCH),
    (
        re.compile(
            r"^(n|num|nb|total|max|t)_?(train|training|update|optimization|optim|optimizer|warmup|warm|gradient|grad|global)?_?(steps?|iters?|iterations?|updates?|itrs?)$"
            r"|^(train|training|update|optimization|optimizer|warmup|global|max_train)_?(steps?|iters?|iterations?|updates?)$"
            r"|^(t_total|niters?|n_iters?|max_?iters?|estimated_stepping_batches|stepping_batches|total_batches|total_num_steps|max_num_steps)$"
        ),
        STEP,
    ),
)


def unit_of_name(word: str) -> Unit | None:
    """Returns what a name counts, by its words; None if they do not say.

    >>> unit_of_name("max_epochs").word, unit_of_name("num_training_steps").word, unit_of_name("T_max")
    ('epoch', 'step', None)
    """
    lower = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower().strip("_")
    return next((unit for pattern, unit in _COUNTS if pattern.search(lower)), None)


@attrs.define
class Units:
    """Finds the units of the expressions of a file. `stated` has the units of expressions that the file shows otherwise, by their text as `ast.dump` has it."""

    names: Names
    stated: Mapping[str, Unit] = attrs.Factory(dict)
    _work: int = 0

    def of(self, node: ast.expr) -> Unit | None:
        """Returns the unit of an expression; None if it is not known."""
        self._work = 0
        return self._of(node, 0)

    def parts(self, node: ast.expr) -> Iterator[ast.AST]:
        """Returns the parts of an expression, and of the definitions of its names."""
        waiting: list[ast.AST] = [node]
        for _ in range(_MAX_WORK):
            if not waiting:
                return
            part = waiting.pop()
            yield part
            definition = self.names.values.get(key_of(part))
            if definition is not None:
                waiting.append(definition)
            waiting.extend(ast.iter_child_nodes(part))

    def matches(self, node: ast.expr, words: re.Pattern[str]) -> bool:
        """Returns whether a name in an expression, or in the definitions of its names, matches a pattern."""
        return any(words.search(word_of(part).lower()) for part in self.parts(node))

    def has_loader(self, node: ast.expr) -> bool:
        """Returns whether the length of a loader is a part of an expression."""
        return any(isinstance(part, ast.Call) and word_of(part.func) == "len" and self.of(part) == PER_EPOCH for part in self.parts(node))

    def _of(self, node: ast.expr, depth: int) -> Unit | None:
        self._work += 1
        if depth > _MAX_DEPTH or self._work > _MAX_WORK:
            return None
        if self.stated and (stated := self.stated.get(ast.dump(node))) is not None:
            return stated
        match node:
            case ast.Constant(int() | float()):
                return NUMBER
            case ast.UnaryOp(_, operand):
                return self._of(operand, depth + 1)
            case ast.BinOp(left, ast.Mult(), right):
                return self._product(left, right, 1, depth)
            case ast.BinOp(left, ast.Div() | ast.FloorDiv(), right):
                return self._product(left, right, -1, depth)
            case ast.BinOp(left, ast.Add() | ast.Sub(), right):
                return self._same([left, right], depth)
            case ast.IfExp(_, body, orelse):
                return self._same([body, orelse], depth)
            case ast.List(items) | ast.Tuple(items):
                return self._same(items, depth)
            case ast.ListComp(element):
                return self._of(element, depth + 1)
            case ast.Call():
                return self._call(node, depth)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                definition = self.names.values.get(key_of(node))
                unit = None if definition is None or isinstance(definition, ast.Constant) else self._of(definition, depth + 1)
                # A number that is written out, or that is not known, is what its name says.
                return unit if unit is not None and unit != NUMBER else unit_of_name(word_of(node)) or unit or (NUMBER if _is_number(definition) else None)
            case _:
                return None

    def _product(self, left: ast.expr, right: ast.expr, sign: int, depth: int) -> Unit | None:
        a, b = self._of(left, depth + 1), self._of(right, depth + 1)
        return None if a is None or b is None else a.times(b, sign)

    def _same(self, parts: list[ast.expr], depth: int) -> Unit | None:
        """The unit of a sum, or of alternatives: plain numbers have that of the others."""
        units = {self._of(part, depth + 1) for part in parts} - {NUMBER}
        return NUMBER if not units else units.pop() if len(units) == 1 else None

    def _call(self, node: ast.Call, depth: int) -> Unit | None:
        path = self.names.path(node.func) or ""
        word = path.rpartition(".")[2]
        if word == "len" and len(node.args) == 1:
            return self._length(node.args[0])
        if word in ("int", "float", "round", "ceil", "floor", "abs", "list", "tuple", "sorted") and node.args:
            return self._of(node.args[0], depth + 1)
        if word == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str):
            return unit_of_name(node.args[1].value)
        if word in ("max", "min") and node.args:
            return self._same(list(node.args), depth)
        return unit_of_name(word)

    def _length(self, node: ast.expr) -> Unit | None:
        """The unit of `len(...)`: of the batches of a loader, or of the samples of a set of data."""
        definition = self.names.values.get(key_of(node))
        if isinstance(definition, ast.Call):
            word = (self.names.path(definition.func) or "").rpartition(".")[2].lower()
            if "loader" in word:
                return PER_EPOCH
            if "dataset" in word:
                return _SAMPLES
        word = word_of(node.func if isinstance(node, ast.Call) else node).lower()
        return PER_EPOCH if _LOADER.search(word) else _SAMPLES if _DATA.search(word) else None


def _is_number(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
