"""The lengths that a text passes to functions: to its own, and to the standard recipes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from lrdsl.check.combinators import declarations
from lrdsl.check.prelude import recipe
from lrdsl.kinds import REQUIRED, Kind
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Function, Node

#: The durations that are the length of a phase, the interval between two drops, or times of drops.
LENGTHS = ("n", "milestones", "interval", "up", "down")
#: Functions whose value has the unit of their arguments.
_KEEPING = ("abs", "ceil", "floor", "max", "min", "round")


def passed_lengths(parts: Iterable[Node], functions: Mapping[str, Function]) -> Iterator[Node]:
    """Yields the arguments, among the nodes of a text, that functions take for lengths, and the defaults of its own `functions` that are lengths."""
    known = _Lengths(functions)
    for node in parts:
        if isinstance(node, nodes.Call):
            yield from known.passed(node)
        elif isinstance(node, Function):
            lengths = known.slots(node)
            yield from (slot.default for slot in node.parameters if slot.name in lengths and slot.default is not None)


@attrs.frozen
class _Lengths:
    """Which parameters of functions are lengths. `known` has those of each function that was asked for."""

    functions: Mapping[str, Function]
    known: dict[str, frozenset[str]] = attrs.field(factory=dict)

    def slots(self, function: Function) -> frozenset[str]:
        """The parameters of a function that are lengths in its body: as they are, in sums, multiples and parts, or passed on."""
        if function.name not in self.known:
            self.known[function.name] = frozenset()  # while it is looked for
            names = {slot.name for slot in function.parameters}
            places = [place for node in nodes.walk(function.body) for place in self._places(node)]
            self.known[function.name] = frozenset([part.id for place in places for part in _terms(place) if isinstance(part, nodes.Name) and part.id in names])
        return self.known[function.name]

    def passed(self, call: nodes.Call) -> Iterator[Node]:
        """Yields the arguments of a call that a function takes for lengths; nothing for a call of a shape."""
        binding = None if call.name in self.functions else recipe(call.name)
        function = self.functions.get(call.name) if binding is None else binding.function
        if function is not None:
            yield from _by_name(call, [slot.name for slot in function.parameters], self.slots(function))

    def _places(self, node: Node) -> Iterator[Node]:
        """Yields what stands for a length in a node itself."""
        if isinstance(node, nodes.Limited | nodes.Lasting):
            yield node.length
        elif isinstance(node, nodes.Call):
            yield from self.passed(node)
            count, named = sum(not a.name for a in node.arguments), {a.name for a in node.arguments}
            for declared in declarations(node.name):
                if all(p.default is not REQUIRED or i < count or p.name in named for i, p in enumerate(declared.parameters)):
                    lengths = [p.name for p in declared.parameters if p.kind is Kind.DURATION and p.name in LENGTHS]
                    yield from _by_name(node, [p.name for p in declared.parameters], lengths)
                    return


def _by_name(call: nodes.Call, order: list[str], wanted: Collection[str]) -> Iterator[Node]:
    """Yields the arguments of a call, by name or by position, for the `wanted` parameters; of a list, its items."""
    for i, a in enumerate(call.arguments):
        if (a.name or (order[i] if i < len(order) else "")) in wanted:
            yield from a.value.items if isinstance(a.value, nodes.List) else (a.value,)


def _terms(node: Node) -> Iterator[Node]:
    """Yields the terms of a sum, of what is divided or multiplied, and of what a maximum or a minimum chooses from; any other node is its own term.

    Of the factors of a product, a length is the one beside which there are only numbers. Beside a name, either may be the length.
    """
    if isinstance(node, nodes.Binary) and node.op in "+-":
        yield from (*_terms(node.left), *_terms(node.right))
    elif isinstance(node, nodes.Binary) and node.op == "/":
        yield from _terms(node.left)
    elif isinstance(node, nodes.Binary) and node.op == "*":
        for factor, other in ((node.left, node.right), (node.right, node.left)):
            if not any(isinstance(part, nodes.Name) for part in nodes.walk(other)):
                yield from _terms(factor)
    elif isinstance(node, nodes.Call) and node.name in _KEEPING:
        for a in node.arguments:
            yield from _terms(a.value)
    else:
        yield node
