"""The schedules of a file, each in its run: `cases` of Python code and of configs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import attrs

from lrdsl.arguments import exactly
from lrdsl.dialects import configs
from lrdsl.dialects.code import arguments
from lrdsl.dialects.code.calls import Call, calls
from lrdsl.dialects.code.counts import argument_of
from lrdsl.dialects.code.functions import function
from lrdsl.dialects.code.kinds import nodes_of
from lrdsl.dialects.code.names import Names, names_of, word_of
from lrdsl.dialects.code.parsing import parsed, tree_of
from lrdsl.dialects.code.places import offsets, segment
from lrdsl.dialects.code.repository import Repository
from lrdsl.dialects.code.values import Scope, is_arithmetic, is_number
from lrdsl.dialects.config import Fact
from lrdsl.dialects.entry import UnreadableError, node_of
from lrdsl.dialects.sources import of_call
from lrdsl.documents import Opaque, Table
from lrdsl.documents import Place as Span
from lrdsl.syntax.nodes import Extent
from lrdsl.training import lightning
from lrdsl.training.holders import followed
from lrdsl.training.run import Case, Run, Stepping, Time
from lrdsl.training.settings import case_of
from lrdsl.training.stepping import ACCUMULATION, NEVER, Steps, count_of, is_accumulation, looks_like, stated, steps_of, updates_of
from lrdsl.training.units import EPOCH, NUMBER, PER_EPOCH, STEP, Unit, Units
from lrdsl.training.walking import Loop, Place, Program, program_of

#: Names that count steps where they are the length of a schedule. Milestones may be called steps too, whatever they count.
_STEPS = ("steps", "iters", "iterations", "n_steps", "niter")


def line_of(number: int) -> str:
    """Returns a line of a file as people say it."""
    return f"line {number}"


def cases(text: str, name: str, folder: Path | None = None, line: Callable[[int], str] = line_of) -> list[Case]:
    """Returns the schedules of other libraries in a file, each with what the file says of its run.

    Parameters: `text`; `name`, the name of the file, whose ending says what it is; `folder`, inside which files that a config builds on are looked for;
    `line`, how a line of the text is told.
    """
    in_code = [*_in_code(text, Path(name), folder, line), *_in_arguments(text), *_in_sections(text)] if name.endswith(".py") else []
    in_configs = [case_of(reading) for reading in configs.readings(text, name, folder)]
    return sorted([*in_code, *in_configs], key=lambda case: case.reading.extent)


def _in_arguments(text: str) -> Iterator[Case]:
    """The schedules that the arguments of calls stand for, as those of transformers' `TrainingArguments`."""
    return map(case_of, arguments.readings(text, parsed(text) if configs.has_calls(text) else None))


def _in_sections(text: str) -> Iterator[Case]:
    """The schedules of a config whose keys a program assigns, each once: `cfg.SOLVER.MAX_ITER = 3000`."""
    sections = configs.sections_in(text)
    tree = parsed(text) if sections else None
    scope = Scope(names_of(tree), text) if tree is not None else None
    for section in sections if scope is not None else ():
        table, keys = Table(), Table()
        several = set()
        for node in nodes_of(tree, ast.Assign) if tree is not None else ():
            match node:
                case ast.Assign([ast.Attribute(ast.Attribute(_, own), key) as target], value) if own == section:
                    start, end = offsets(text, target)[0], offsets(text, value)[1]
                    try:
                        held = scope.value(value) if scope is not None else None
                    except UnreadableError:
                        held = None
                    is_known = is_number(held) or isinstance(held, str | tuple)
                    several |= {key} & keys.keys()
                    keys[key] = (float(held) if isinstance(held, Fraction) else held) if is_known else Opaque(ast.unparse(value)[:60], key)
                    keys.places[key] = Span(start, start, end)
                case _:
                    pass
        if keys and not several:
            table[section] = keys
            first = min(place.key for place in keys.places.values())
            table.places[section] = Span(first, first, max(place.end for place in keys.places.values()))
            yield from (case_of(reading) for reading in configs.readings_of(table, text))


def _in_code(text: str, path: Path, folder: Path | None, line: Callable[[int], str]) -> list[Case]:
    tree = tree_of(text)
    if tree is None:
        return []
    names = attrs.evolve(names_of(tree), load=Repository(path, folder).load, find=Repository(path, folder).definition)
    made = calls(text, tree=tree, names=names, own=True)
    if not made:
        return []
    try:
        return list(_File(text, names, program_of(tree), line).cases(made))
    except RecursionError:
        return []


@attrs.define
class _File:
    source: str
    names: Names
    program: Program
    line: Callable[[int], str]

    def cases(self, made: list[Call]) -> Iterator[Case]:
        """The cases of the calls of a file."""
        units = Units(self.names)
        units.stated = stated(self.program)
        places = {id(place.node): place for place in self.program.calls}
        yield from (self.case(call, places[id(call.node)], units) for call in made if id(call.node) in places)

    def case(self, call: Call, place: Place, units: Units) -> Case:
        """The case of one call."""
        scope = Scope(self.names, self.source, function=function, expressions=dict(call.opened))
        run = self.run(call, place, units, scope)
        times = tuple(self.times(call, units, scope))
        kinds = {}
        for name, text in {**call.opened, **scope.expressions}.items():
            try:
                unit = units.of(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                unit = None
            kinds[name] = "per epoch" if unit == PER_EPOCH else "number" if unit == NUMBER else unit.word if unit is not None else ""
        return Case(of_call(call, self.source), run, times, kinds, call, tuple(self.arguments(call)))

    def arguments(self, call: Call) -> Iterator[Fact]:
        """The arguments of a call and of the calls that are its parts, each with its role."""
        for node, entry in [(call.form, call.entry), *call.inner]:
            roles = {name: role for names, role in call.dialect.times.items() for name in names.split(" * ")}
            places = [p.name for p in entry.parameters if p.position is not None]
            named = [*zip(places, node.args, strict=False), *((k.arg, k.value) for k in node.keywords if k.arg is not None)]
            for name, argument in named:
                value = exactly(argument.value) if isinstance(argument, ast.Constant) and isinstance(argument.value, int | float) else None
                yield Fact(name, value, roles.get(name, ""), "", "", getattr(argument, "lineno", 1), self.extent(argument))

    def extent(self, node: ast.expr) -> Extent:
        """The place of an expression, or of the first part of it that stands in the file; (0, 0) if none does."""
        part = next((part for part in ast.walk(node) if isinstance(part, ast.expr) and getattr(part, "end_lineno", None) is not None), None)
        return offsets(self.source, part) if part is not None else (0, 0)

    def time(self, node: ast.expr, units: Units, scope: Scope, name: str = "", unit: Unit | None = None, role: str = "") -> Time:
        """An expression as a time."""
        unit = units.of(node) if unit is None else unit
        if unit is None and role in ("length", "whole") and word_of(node).lower() in _STEPS:
            unit = STEP
        if unit == EPOCH and name and name == word_of(node) and not _is_of_a_loop(node, units):
            unit = None  # a parameter called `max_epochs` counts ticks, and so may what it is given
        own = attrs.evolve(scope, assumed={}, work=[0])
        try:
            value = own.value(node)
        except UnreadableError:
            value = None
        listed = isinstance(value, tuple) and all(is_number(item) for item in value)
        tree = node_of(value) if value is not None and (listed or is_number(value) or is_arithmetic(value)) else None
        extent = self.extent(node)
        text = " ".join(self.source[slice(*extent)].split()) or ast.unparse(node)
        is_open = not isinstance(node, ast.Constant | ast.List | ast.Tuple)
        batches = unit is not None and unit.word == "step" and units.has_loader(node) and not units.matches(node, ACCUMULATION)
        return Time(text, extent, unit.word if unit is not None else "", tree, name, role, bool(own.assumed), is_open, batches)

    def times(self, call: Call, units: Units, scope: Scope) -> Iterator[Time]:
        """The arguments of a call that are times, and those of the calls that are its parts."""
        for node, entry in [(call.form, call.entry), *call.inner]:
            for name, role in call.dialect.times.items():
                parts = [argument_of(node, entry, part) for part in name.split(" * ")]
                if any(part is None or (isinstance(part, ast.Constant) and part.value is None) for part in parts):
                    continue
                if (of_step := self._function(parts[0])) is not None:
                    for divisor in _divisors(of_step):
                        time = self.time(divisor, units, scope)
                        sure = call.form is call.node or any(_is_of_a_loop(part, units) for part in ast.walk(divisor) if isinstance(part, ast.expr))
                        yield time if sure or time.unit != "epoch" else attrs.evolve(time, unit="")  # an own class may call its ticks epochs
                elif len(parts) == 1 and parts[0] is not None:
                    yield self.time(parts[0], units, scope, name, role=role)
                elif parts[0] is not None and parts[1] is not None and isinstance(parts[1], ast.expr):
                    unit = EPOCH if isinstance(parts[1], ast.Constant) and parts[1].value == 1 else STEP if _is_open_count(units, parts[1]) else None
                    time = self.time(ast.BinOp(parts[0], ast.Mult(), parts[1]), units, scope, name, unit, role)
                    both = dict(zip(name.split(" * "), (parts[0], parts[1]), strict=True))
                    text = ", ".join(f"{own}={segment(self.source, part) or ast.unparse(part)}" for own, part in both.items())
                    extents = [extent for part in both.values() if (extent := self.extent(part))[1]]
                    extent = (min(start for start, _ in extents), max(end for _, end in extents)) if extents else (0, 0)
                    yield attrs.evolve(time, extent=extent, text=" ".join(text.split()), is_open=True)

    def _function(self, node: ast.expr | None) -> ast.Lambda | ast.FunctionDef | None:
        """The function that an argument is: a lambda, or a function of the file."""
        if isinstance(node, ast.Name):
            value = self.names.values.get(node.id)
            return value if isinstance(value, ast.Lambda) else self.names.functions.get(node.id)
        return node if isinstance(node, ast.Lambda) else None

    def run(self, call: Call, place: Place, units: Units, scope: Scope) -> Run:
        """What the file says of the run of a scheduler."""
        if call.dialect.by_update:
            return attrs.evolve(self.trained(units, scope), stepping=Stepping("step", f"{call.dialect.title} counts the updates of the optimizer"))
        scheduler = followed(self.program, call.node)
        by_lightning = lightning.stepping(scheduler)
        if by_lightning is not None:
            return attrs.evolve(self.trained(units, scope), stepping=by_lightning)
        if not scheduler.steps:
            is_local = not (scheduler.calls or scheduler.returns or scheduler.is_kept or self.changes(call, place))
            if (
                is_local
                and not self.changes(call, place)
                and any(place.function is update.function for update in updates_of(self.program, scheduler, call.optimizer) if update.loops)
            ):
                return Run(is_unused=True)
            takers = [place.word for place, _ in scheduler.calls]
            if "initialize" in takers:
                return Run(Stepping("step", "DeepSpeed steps its scheduler after each update"))
            if any(word.endswith("Trainer") for word in takers):
                return attrs.evolve(self.trained(units, scope), stepping=Stepping("step", "`Trainer` steps its scheduler after each update"))
            return Run()
        steps = steps_of(scheduler, updates_of(self.program, scheduler, call.optimizer), units, place, call.entry.name)
        if steps == NEVER:
            return Run(is_unused=True)
        if steps is None:
            return Run()
        return self.looped(steps, units, scope)

    def changes(self, call: Call, place: Place) -> bool:
        """Whether the name of the optimizer holds another one after a scheduler is made."""
        return isinstance(call.optimizer, ast.Name) and any(
            isinstance(target, ast.Name) and target.id == call.optimizer.id
            for one in self.program.assignments
            if one.function is place.function and getattr(one.node, "lineno", 0) > call.node.lineno
            for target in getattr(one.node, "targets", [getattr(one.node, "target", None)])
        )

    def looped(self, steps: Steps, units: Units, scope: Scope) -> Run:
        """The run of a scheduler that loops of the file step."""
        node = steps.place.node
        assert isinstance(node, ast.Call)
        text = " ".join(ast.unparse(node).split())
        often = "after each batch" if steps.kind == "step" else "once an epoch"
        repair = "call it after each batch" if steps.kind == "epoch" else "call it once an epoch"
        if steps.by_argument:
            often, repair = f"with the number of the {steps.kind}", ""
        every = self._accumulation() if isinstance(steps.every, ast.Call) else steps.every
        stepping = Stepping(
            steps.kind,
            f"`{text}` in {self.line(node.lineno)} is called {often}",
            None if every is None or not is_accumulation(every) else self.time(every, units, scope),
            repair,
            steps.is_early,
        )
        if any(_ends_early(loop) for loop in steps.loops) or (steps.every is not None and stepping.every is None):
            return Run(stepping)
        loops = [loop for loop in steps.loops if looks_like(loop, units) != "micro"]
        outer = next((loop for loop in reversed(loops) if looks_like(loop, units) == "epoch"), None)
        if outer is None and steps.kind == "epoch" and loops:
            outer = loops[-1]
        epochs = self._count(outer, units, scope, EPOCH) if outer is not None else None
        inner = loops[-1] if loops and loops[-1] is not outer else None
        steps_alone = self._count(inner, units, scope, STEP) if outer is None and inner is not None and len(loops) == 1 else None
        per_epoch = self._count(inner, units, scope, PER_EPOCH) if outer is not None and inner is not None else None
        return Run(stepping, epochs, steps_alone, per_epoch)

    def _accumulation(self) -> ast.expr | None:
        """The number of batches whose gradients Accelerate adds."""
        made = [place.node for place in self.program.calls if place.word == "Accelerator"]
        values = [k.value for call in made if isinstance(call, ast.Call) for k in call.keywords if k.arg == "gradient_accumulation_steps"]
        return values[0] if len(values) == 1 else None

    def _count(self, loop: Loop, units: Units, scope: Scope, unit: Unit) -> Time | None:
        count = count_of(loop)
        return None if count is None else self.time(count, units, scope, unit=unit)

    def trained(self, units: Units, scope: Scope) -> Run:
        """The length that a trainer of the file is given: Lightning's `Trainer(max_epochs=...)`, transformers' `TrainingArguments`, Keras' `fit`."""
        lengths: dict[str, list[ast.expr]] = {}
        if any(place.word == "StochasticWeightAveraging" for place in self.program.calls):
            return Run()  # it takes the rate over, at an epoch of its own
        for place in self.program.calls:
            if place.word in ("Trainer", "TrainingArguments", "Seq2SeqTrainingArguments", "fit"):
                assert isinstance(place.node, ast.Call)
                for k in place.node.keywords:
                    if k.arg in ("max_epochs", "num_train_epochs", "max_steps", "epochs"):
                        lengths.setdefault("steps" if k.arg == "max_steps" else "epochs", []).append(k.value)
        times = {kind: self.time(values[0], units, scope, unit=STEP if kind == "steps" else EPOCH) for kind, values in lengths.items() if len(values) == 1}
        steps = times.get("steps")
        if steps is not None and steps.number is not None and steps.number < 0:
            steps = None
        return Run(None, times.get("epochs"), steps)


def _is_of_a_loop(node: ast.expr, units: Units) -> bool:
    """Whether a name is known to count epochs by more than its words: a loop over epochs has it, or a trainer."""
    return ast.dump(node) in units.stated or "trainer" in ast.unparse(node).lower()


def _divisors(function: ast.Lambda | ast.FunctionDef) -> Iterator[ast.expr]:
    """What a function of the step divides the step by: lengths, as in `lambda step: 1 - step / total`."""
    step = next((a.arg for a in function.args.args), None)
    for part in ast.walk(function):
        match part:
            case ast.BinOp(left, ast.Div(), right) if any(isinstance(inner, ast.Name) and inner.id == step for inner in ast.walk(left)):
                yield right
            case _:
                pass


def _is_open_count(units: Units, node: ast.expr) -> bool:
    """Whether an expression counts the steps of an epoch, by its unit, or as the only thing that may stand there."""
    unit = units.of(node)
    return unit == PER_EPOCH or (unit == NUMBER and not isinstance(node, ast.Constant))


def _ends_early(loop: Loop) -> bool:
    """Whether a loop may end before its count, at a number of steps: `if step >= max_steps: break`."""
    for node in ast.walk(loop):
        if isinstance(node, ast.If) and any(isinstance(part, ast.Break | ast.Return) for statement in node.body for part in ast.walk(statement)):
            words = " ".join(word_of(part).lower() for part in ast.walk(node.test))
            if isinstance(node.test, ast.Compare) and any(word in words for word in ("max_", "total", "num_", "_iters", "_steps", "maxiter")):
                return True
    return False
