"""`Program`: everything that a checked text says, which is a plan for each of its targets, and assertions. `Target`: which param groups a plan is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import attrs

from lrdsl.arguments import quoted
from lrdsl.clock import Clock
from lrdsl.diagnostics import ScheduleError, did_you_mean, refuse, shown
from lrdsl.expr import Expr
from lrdsl.expr.exact import Exact
from lrdsl.plan import Plan, best
from lrdsl.targets.patterns import braces_of, catch, catch_first, with_number

#: The most characters of the name of a target that a program asks for.
MAX_NAME = 1000
#: The letter of a family in its target.
_BRACES = re.compile(r"\{(\w+)\}")
#: The letter and the number of a member in its name.
_MEMBER = re.compile(r"\{(\w+)=([0-9]{1,15})\}")
#: The letters of the keys that papers have letters for.
_LETTERS = {"lr": "eta", "momentum": "beta", "betas": "beta", "weight_decay": "lambda"}


def quantity_letter(key: str) -> str:
    """Returns the letter of what a key sets: eta for a learning rate, beta for momentum and betas, lambda for a weight decay; the key itself for others."""
    return _LETTERS.get(key, key)


@attrs.frozen(slots=False)
class Target:
    """The plan of one key of the param groups, or of one `element` of it, as in `betas[0]`.

    `groups` picks the groups it is for, by patterns of their names and by indices; if it is empty, all that no later target picks. `written` is the target as a
    text writes it. A target with `{k}` is a family: `number` is the k of this member of it, whose plan this is.
    """

    key: str
    element: int | None
    groups: tuple[str | int, ...]
    plan: Plan
    written: str
    number: int | None = None

    @cached_property
    def name(self) -> str:
        """The target as a text writes it, with the number of a member: `lr["blocks.{k=3}.*"]`."""
        return self.written if self.number is None else _BRACES.sub(lambda braces: f"{{{braces[1]}={self.number}}}", self.written)

    def called(self, name: str) -> bool:
        """Whether a name is that of the target, with quotes around the key or without."""
        return name in (self.name, self._bare(self.name))

    def _bare(self, name: str) -> str:
        return name.replace(f'"{self.key}"', self.key, 1) if name.startswith('"') else name

    @property
    def letter(self) -> str:
        """What the target calls the number of a member; "" if it is no family."""
        braces = None if self.number is None else _BRACES.search(self.written)
        return "" if braces is None else braces[1]

    @property
    def quantity(self) -> str:
        """What it sets, whatever the group: `lr`, `betas[0]`."""
        return self.key if self.element is None else f"{self.key}[{self.element}]"

    @property
    def base_name(self) -> str:
        """The name of the letter of its base value: `eta_0` for a learning rate, `beta_1_0` for the first of the betas."""
        return "_".join([quantity_letter(self.key), *([] if self.element is None else [str(self.element + 1)]), "0"])

    @property
    def group(self) -> str | int | None:
        """What to call the groups: an index, names, or None for all."""
        if len(self.groups) == 1 and isinstance(self.groups[0], int):
            return self.groups[0]
        names = (group if self.number is None or isinstance(group, int) else with_number(group, self.number) for group in self.groups)
        return ", ".join(map(str, names)) or None

    def picks(self, index: int, group: str) -> bool:
        """Whether it is for the group of this index and name."""
        if self.number is not None:
            return self.number_of(group) == self.number
        return not self.groups or any(fits(selector, index, group) for selector in self.groups)

    def number_in(self, name: str) -> int | None:
        """The number that the name of a target gives this family, by that of a group (`lr["blocks.3.mlp"]`), or of a member (`lr["blocks.{k=3}.*"]`)."""
        member = _MEMBER.search(name)
        if member is not None and name.replace(member[0], f"{{{member[1]}}}") in (self.written, self._bare(self.written)):
            return int(member[2])
        head = next((head for head in (self.quantity, f'"{self.key}"') if name.startswith(f'{head}["')), None)
        return None if head is None or not name.endswith('"]') else self.number_of(name[len(head) + 2 : -2])

    def number_of(self, group: str) -> int | None:
        """The number that a family catches in the name of a group."""
        return catch_first((pattern for pattern in self.groups if isinstance(pattern, str)), group)


def fits(selector: str | int, index: int, group: str) -> bool:
    """Whether a selector fits the group of this index and name: an index, a pattern of names, or a pattern that catches a number."""
    if isinstance(selector, int):
        return selector == index
    return fnmatchcase(group, selector) if next(braces_of(selector), None) is None else catch(selector, group) is not None


#: What makes a selector a pattern.
_PATTERN = re.compile(r"[*?\[{]")


def _may_share(one: Target, two: Target) -> bool:
    """Whether two targets of one quantity may pick the same group, so that their order matters."""
    return any(_may_agree(a, b) for a in one.groups for b in two.groups)


def _may_agree(a: str | int, b: str | int) -> bool:
    if isinstance(a, int) or isinstance(b, int):
        return a == b or type(a) is not type(b)
    wild = [_PATTERN.search(name) is not None for name in (a, b)]
    return all(wild) or (fits(a, 0, b) if wild[0] else fits(b, 0, a))


def meaning(targets: Sequence[Target], families: Hashable = None) -> frozenset[Hashable]:
    """Returns what targets say, however it is written: equal for targets of equal functions and watches, in any order that changes nothing.

    `families` stands for the members of families, of which there is one for every number; if it is None, the targets have the members that count.
    """
    meanings: set[Hashable] = set()
    for i, target in enumerate(targets):
        key = (target.quantity, frozenset(target.groups), target.number)
        if families is None or target.number is None:
            meanings.add((key, best(target.plan.law), best(target.plan.level), target.plan.watches))
        else:
            meanings.add(families)
        if target.groups and (families is None or target.number is None):
            later = [other for other in targets[i + 1 :] if other.groups and other.quantity == target.quantity and other.written != target.written]
            meanings |= {(key, (other.quantity, frozenset(other.groups), other.number)) for other in later if _may_share(target, other)}
    return frozenset(meanings)


@attrs.frozen
class Measure:
    """One side of an assertion. `op` says how it is computed.

    "value" is a constant level; "level" is the level at every tick; "min", "max" and "total" are taken over the run; "at" is the level at `tick`; "continuous"
    and "monotone" are properties of the level; the signs of arithmetic combine the measures in `args`.
    """

    op: str
    level: Expr | None = None
    tick: Exact | None = None
    args: tuple[Measure, ...] = ()


@attrs.frozen
class Assertion:
    """An assertion of a file: `left op right` at every tick of the run, or, with an empty `op`, the property `left`.

    `run` is the last tick; None for an endless schedule in a run of unknown length.
    """

    text: str
    extent: tuple[int, int]
    left: Measure
    op: str
    right: Measure
    run: Exact | None


@attrs.frozen(slots=False)
class Program:
    """Everything that a text says: its targets and assertions in order, the clock with its settings, and the base if it sets one."""

    targets: tuple[Target, ...]
    assertions: tuple[Assertion, ...]
    clock: Clock
    base: Exact | None = None

    @property
    def base_value(self) -> float:
        """The default base: the base that the text sets, or 1."""
        return float(self.base or 1)

    @property
    def main(self) -> Target:
        """The default target: `lr`, or the first."""
        return next((t for t in self.targets if t.written == "lr"), self.targets[0])

    @cached_property
    def members(self) -> dict[tuple[str, int], Target]:
        """The members of families, by the target and the number."""
        return {(target.written, target.number): target for target in self.targets if target.number is not None}

    @property
    def numbers(self) -> dict[str, tuple[int, ...]]:
        """The numbers of the members of each family, by its target."""
        numbers: dict[str, tuple[int, ...]] = {}
        for written, number in self.members:
            numbers[written] = (*numbers.get(written, ()), number)
        return numbers

    @property
    def samples(self) -> dict[str, tuple[int, ...]]:
        """One number of each family, with which its target can be read."""
        return {written: numbers[:1] for written, numbers in self.numbers.items()}

    def with_members(self, numbers: Mapping[str, Iterable[int]], member: Callable[[Target, int], Target]) -> Program:
        """The program with the members of each family that have these numbers, in the place of those it has; `member` makes one."""
        targets: dict[str, Target] = {}
        for target in self.targets:
            own = () if target.number is None else sorted(set(numbers.get(target.written, ())))
            for one in [member(target, number) for number in own] or [target]:
                targets.setdefault(one.name, one)
        return self if list(targets) == [target.name for target in self.targets] else attrs.evolve(self, targets=tuple(targets.values()))

    def check_written(self, name: str, text: str = "") -> None:
        """Raises `ScheduleError`, which shows `text`, for the text of a target that is not one of these targets. A member of a family is none of them."""
        names = [target.written for target in self.targets]
        if name in names:
            return
        family = next((target.written for target in reversed(self.targets) if target.number is not None and target.number_in(name) is not None), None)
        if family is not None:
            raise refuse("LR153", f"`{shown(name)}` is one of the groups of `{shown(family, 100)}`", f"give all of them a schedule: `{family} = ...`", text)
        raise _unknown(name, names, text)

    def find(self, name: str | None, text: str = "") -> tuple[Target, int | None]:
        """The target of a name, the main one for None, and the number that the name gives a family, as `lr["blocks.3.mlp"]` gives `lr["blocks.{k}.*"]`.

        Raises `ScheduleError`, with the `text` of the schedule, for a name that is not there, and for a family without a number.
        """
        if name is None:
            return self.main, self.main.number
        word = name if isinstance(name, str) and len(name) < MAX_NAME else ""
        for target in self.targets:
            if isinstance(name, str) and target.called(name):
                return target, target.number
        for target in reversed(self.targets):
            number = None if target.number is None else target.number_in(word)
            if number is not None:
                return target, number
            if word and target.written == word:
                example = f'{target.quantity}["{with_number(str(target.groups[0]), 3)}"]'
                raise refuse("LR153", f"`{shown(word)}` has a schedule for each number in a group's name", f"name a group: `{example}`", text)
        raise _unknown(name, [target.name for target in self.targets], text)


def _unknown(name: Any, names: Sequence[str], text: str) -> ScheduleError:
    """The error of a name that none of the `names` of targets is."""
    word = name if isinstance(name, str) and len(name) < MAX_NAME else ""
    near = did_you_mean(word, names)
    help = f"did you mean `{near}`?" if near else f"it schedules {', '.join(f'`{one}`' for one in dict.fromkeys(names))}"
    return refuse("LR153", f"this does not schedule {f'`{shown(word)}`' if word else quoted(name)}", help, text)
