"""Makes the text of a schedule that was read shorter, with the same meaning: arguments that are defaults go, and lengths and restarts that change nothing."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from lrdsl.check.combinators import Combinator, declarations
from lrdsl.check.prelude import recipe
from lrdsl.dialects.entry import Written
from lrdsl.shapes.shape import Shape
from lrdsl.syntax import canonical, nodes, parse
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import number_in, number_node, rebuilt


def simplified(node: Node) -> Node:
    """Returns a shorter tree of the same schedule.

    >>> from lrdsl.syntax import canonical
    >>> canonical(simplified(parse("warmup(5, from=0, shape=linear) for 5 then restart cosine(n=95, to=0) for 95")))
    'warmup(5) then cosine(n=95)'
    """
    node = rebuilt(node, simplified)
    match node:
        case nodes.Call():
            return _without_defaults(node)
        case nodes.Limited(body, length, _):
            return _needed(body, length) or node
        case nodes.Sequence(items):
            kept = [item.body if i and isinstance(item, nodes.Restart) and _ends_at_base(items[i - 1]) else item for i, item in enumerate(items)]
            return attrs.evolve(node, items=tuple(part for item in kept for part in (item.items if isinstance(item, nodes.Sequence) else (item,))))
        case nodes.Restart(nodes.Restart() as inner, _):
            return inner
        case nodes.Quantity(0, _, "x"):
            return number_node(0)
        case _:
            return node


def text_of(written: Written) -> str:
    """Returns the text of trees: an expression, or a text with several targets.

    >>> text_of(Written(parse("step(3, gamma=0.1)"), {"momentum": parse("hold")}))
    'lr = step(3); momentum = hold'
    """
    targets = {"lr": written.schedule, **written.beside}
    if len(targets) == 1:
        return canonical(simplified(written.schedule))
    return "; ".join(f"{key} = {canonical(simplified(tree))}" for key, tree in targets.items())


def lists_of(tree: Node) -> list[str]:
    """Returns the names that stand for the milestones of `multistep(milestones)`: lists.

    >>> lists_of(parse("multistep(m, gamma)"))
    ['m']
    """
    firsts = [part.arguments[0].value for part in nodes.walk(tree) if isinstance(part, nodes.Call) and part.name == "multistep" and part.arguments]
    return [first.id for first in firsts if isinstance(first, nodes.Name)]


def _needed(body: Node, length: Node) -> Node | None:
    """Returns the body of `body for length`, if the length is its own; for several phases, the first of them, if it lasts so long."""
    if isinstance(body, nodes.Sequence):
        return body.items[0] if _length_of(body.items[0]) == length else None
    if isinstance(body, nodes.Call) and body.name == "bounce" and body.arguments:
        inside = body.arguments[0].value
        own, wanted = _length_of(inside), length
        if own is None:
            return None
        if own == wanted:
            return inside
        a, b = number_in(own), number_in(wanted)
        return attrs.evolve(nodes.Limited(inside, length, (0, 0))) if a is not None and b is not None and b <= a else None
    return body if _length_of(body) == length else None


def _length_of(node: Node) -> Node | None:
    """Returns the argument that is the natural length of a phase with an end, as the text has it."""
    shape = declared(node) if isinstance(node, nodes.Call) else None
    if not isinstance(node, nodes.Call) or not isinstance(shape, Shape) or shape.own_rule:
        return None
    names = [p.name for p in shape.parameters]
    return _argument(node, shape.length if isinstance(shape.length, str) else "n", names)


def declared(call: nodes.Call) -> Shape | Combinator | None:
    """Returns the declaration of the word of a call. Of two shapes of one name, it is the one that has all the arguments, and needs no other."""
    named = {a.name for a in call.arguments if a.name}
    several = [one for one in declarations(call.name) if named <= {p.name for p in one.parameters}]
    place = sum(not a.name for a in call.arguments)
    whole = (one for one in several if all(p.default_text for p in one.parameters[place:] if p.name not in named))
    return next(whole, several[0] if several else None)


def _argument(call: nodes.Call, name: str, names: list[str]) -> Node | None:
    for i, argument in enumerate(call.arguments):
        if argument.name == name or (not argument.name and names[i : i + 1] == [name]):
            return argument.value
    return None


def _ends_at_base(node: Node) -> bool:
    """Whether a phase that enters at base ends there, so that a restart changes nothing."""
    if isinstance(node, nodes.Call) and node.name == "linear":
        return any(a.name == "to" and a.value == nodes.Quantity(1, "", "x", (0, 0), (0, 0)) for a in node.arguments)
    return isinstance(node, nodes.Call) and node.name == "warmup"


def _without_defaults(call: nodes.Call) -> nodes.Call:
    """Returns a call without the arguments by name, and the last ones by position, that are the defaults. A default may be the value of another parameter."""
    defaults = dict(_defaults(call))
    names = list(defaults)
    values = {a.name or names[i]: a.value for i, a in enumerate(call.arguments) if a.name or i < len(names)}
    for name, default in defaults.items():
        if isinstance(default, nodes.Name) and default.id in defaults and declared(call) is None:  # of a recipe: words of shapes are options
            defaults[name] = values.get(default.id, defaults[default.id])
    kept = [a for a in call.arguments if not a.name or defaults.get(a.name) is None or defaults[a.name] != a.value]
    while kept and not kept[-1].name and len(kept) <= len(names) and defaults[names[len(kept) - 1]] == kept[-1].value:
        kept.pop()
    return attrs.evolve(call, arguments=tuple(kept)) if len(kept) != len(call.arguments) else call


def _defaults(call: nodes.Call) -> Mapping[str, Node | None]:
    """Returns the default of each parameter of a word of the language or of a recipe, None for one that must be given."""
    one = declared(call)
    if one is not None:
        return {} if isinstance(one, Combinator) and one.variadic else {p.name: _parsed(p.default_text) for p in one.parameters}
    defined = recipe(call.name)
    return {} if defined is None else {slot.name: slot.default for slot in defined.function.parameters}


def default_of(one: Shape | Combinator, name: str) -> Node | None:
    """Returns the default of a parameter; None for one without."""
    return next((_parsed(p.default_text) for p in one.parameters if p.name == name), None)


def _parsed(text: str) -> Node | None:
    return None if text in ("", "?", "v") else parse(text)
