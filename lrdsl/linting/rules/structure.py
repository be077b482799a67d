"""Rules about structure: phases that do nothing, names that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.diagnostics import Fix
from lrdsl.expr import ENTRY, ZERO
from lrdsl.linting.rules.rule import LEVELS, Facts, Finding, Rule, value
from lrdsl.shapes.shape import keywords
from lrdsl.syntax import canonical, nodes

#: The parameters that say at what level a shape is, as formulas name them.
_LEVELS = keywords(dict.fromkeys(LEVELS))


def _no_time(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, item in enumerate(chain.items):
            if not isinstance(item, nodes.Call) or chain.lengths[i] != 0 or len(chain.items) == 1:
                continue
            use = f.notes.uses.get((item.extent, item.name))
            if use is not None and item.name in ("hold", "warmup") and "at" not in use.given and "from" not in use.given:
                after = chain.items[i + 1].extent[0] if i + 1 < len(chain.items) else item.extent[1]
                before = chain.items[i - 1].extent[1] if i + 1 == len(chain.items) else item.extent[0]
                yield Finding(item.extent, f"`{canonical(item)}` takes no time and changes nothing", "leave it out", Fix(before, after, ""))


def _stays_at_zero(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, item in enumerate(chain.items):
            if i == 0 or chain.entries[i] != ZERO or not isinstance(item, nodes.Call) or chain.lengths[i] == 0:
                continue
            use = f.notes.uses.get((item.extent, item.name))
            if use is None:
                continue
            levels = [use.arguments[name] for name in _LEVELS if name in use.arguments]
            if all(level in (ZERO, ENTRY) for level in levels):
                help = "end the phase before it above 0, or `restart` this one"
                yield Finding(item.extent, "the level is 0 when this phase begins, and stays there", help)


def _times_zero(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if isinstance(node, nodes.Binary) and node.op == "*":
            for side in (node.left, node.right):
                if isinstance(side, nodes.Number) and side.value == 0:
                    yield Finding(node.extent, "a schedule times 0 is 0", "`hold(at=0)` says so")


def _unused(f: Facts) -> Iterator[Finding]:
    if not isinstance(f.tree, nodes.File):
        return
    used = {n.name if isinstance(n, nodes.Call) else n.id for n in f.parts if isinstance(n, nodes.Call | nodes.Name | nodes.Indexed)}
    for s in f.tree.statements:
        if isinstance(s, nodes.Binding | nodes.Function) and s.name not in used:
            kind = "let" if isinstance(s, nodes.Binding) else "def"
            yield Finding(s.name_extent, f"`{s.name}` is not used", f"take the `{kind}` out", Fix(*_line_of(f.text, *s.extent), ""))


def _line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """A statement with what separates it from the next, and with its indentation where it is all of its line."""
    while end < len(text) and text[end] in " \t;":
        end += 1
    margin = text.rfind("\n", 0, start) + 1
    if end < len(text) and text[end] == "\n":
        return (margin if text[margin:start].isspace() else start), end + 1
    return start, end


def _shadowed(f: Facts) -> Iterator[Finding]:
    if not isinstance(f.tree, nodes.File):
        return
    outer = {s.name for s in f.tree.statements if isinstance(s, nodes.Binding | nodes.Function)}
    for function in (s for s in f.tree.statements if isinstance(s, nodes.Function)):
        for slot in function.parameters:
            if slot.name in outer:
                yield Finding(slot.extent, f"`{slot.name}` hides the name of the same spelling outside `{function.name}`", "rename the parameter")


def _hidden_constant(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if not isinstance(node, nodes.Binary) or node.op != "*":
            continue
        use = f.notes.uses.get((node.right.extent, "hold"))
        if use is None or not use.factor or use.arguments["n"] is not None:
            continue
        level = value(use.arguments["at"])
        if "at" not in use.given:
            yield Finding(node.right.extent, "a factor that stays at 1", "leave it out", Fix(node.left.extent[1], node.right.extent[1], ""))
        elif level is not None or len(use.node.arguments) == 1:
            yield Finding(node.right.extent, "a factor that never changes is a number", "as in `0.5 * A`")


RULES = (
    Rule(
        "LR401",
        "phase-of-no-time",
        "A phase of length 0 that changes nothing.",
        "It is left over from an edit, or a length is missing.",
        "warmup(5) then hold(0) then cosine(95)",
        "warmup(5) then hold(1) then cosine(95)",
        _no_time,
        "safe",
    ),
    Rule(
        "LR402",
        "stays-at-zero",
        "A phase that begins at 0 and goes nowhere.",
        "A phase begins where the last one ended: behind a decay to 0, another decay is 0 from first to last.",
        "cosine(50) then linear(50)",
        "cosine(50, to=0.1x) then linear(50)",
        _stays_at_zero,
    ),
    Rule("LR403", "times-zero", "A schedule that is multiplied by 0.", "All of it is 0.", "0 * cosine(100)", "0.1 * cosine(100)", _times_zero),
    Rule(
        "LR404",
        "unused-name",
        "A `let` or a `def` that nothing uses.",
        "A reader looks for what it is for; perhaps the schedule has a number where the name was meant.",
        "let warm = 5\nlr = warmup(6) then cosine(95)",
        "let warm = 5\nlr = warmup(warm) then cosine(95)",
        _unused,
        "safe",
    ),
    Rule(
        "LR405",
        "hidden-name",
        "A parameter with the name of a `let` or a `def` outside.",
        "The same word then means two things in one file.",
        "let n = 5; def two(n) = hold(n) then cosine(n); lr = two(n)",
        "let n = 5; def two(m) = hold(m) then cosine(m); lr = two(n)",
        _shadowed,
    ),
    Rule(
        "LR406",
        "constant-factor",
        "A factor that is a schedule, and never changes.",
        "A number says the same at a glance.",
        "cosine(100) * hold(at=0.5x)",
        "0.5 * cosine(100)",
        _hidden_constant,
    ),
)
