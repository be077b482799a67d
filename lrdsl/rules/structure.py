"""Lint rules about structure: phases and factors that change nothing, names that nothing uses, names that hide others."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.check.combinators import parameters_of
from lrdsl.check.notes import Use
from lrdsl.diagnostics import Fix, shown
from lrdsl.expr import BASE, ENTRY, STAIRS, ZERO, Expr, substitute
from lrdsl.kinds import Kind
from lrdsl.plan import Plan
from lrdsl.rules.rule import Facts, Finding, Rule, argument
from lrdsl.rules.runs import DECAYS
from lrdsl.shapes.shape import keywords
from lrdsl.syntax import canonical, nodes
from lrdsl.targets import Target, fits
from lrdsl.targets.patterns import braces_of


def _zero_length(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, item in enumerate(chain.items):
            if not isinstance(item, nodes.Call) or chain.lengths[i] != 0 or len(chain.items) == 1 or not item.arguments:
                continue
            use = f.notes.uses.get((item.extent, item.name))
            if use is not None and item.name in ("hold", "warmup") and "at" not in use.given and "from" not in use.given:
                after = chain.items[i + 1].extent[0] if i + 1 < len(chain.items) else item.extent[1]
                before = chain.items[i - 1].extent[1] if i + 1 == len(chain.items) else item.extent[0]
                yield Finding(item.extent, f"`{canonical(item)}` has length 0 and changes nothing", "remove it", Fix(before, after, ""))
            elif item.name in DECAYS and sum(not a.name for a in item.arguments) > 1:
                help = f"write the length first, and the levels by name: `{item.name}(500, to=0.1x)`"
                yield Finding(item.extent, f"`{shown(canonical(item))}` has length 0, and jumps to its end at once", help)


def _same_milestones(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        milestones = argument(use, "milestones") if use.name == "multistep" else None
        items = milestones.value.items if milestones is not None and isinstance(milestones.value, nodes.List) else ()
        times = use.arguments["milestones"] if items else ()
        for node, one, two in zip(items[1:], times, times[1:], strict=False):
            if one == two:
                message = "this milestone is the one before it, so the level drops twice at once"
                yield Finding(node.extent, message, "remove it, or give the time that was meant")


def _no_time(f: Facts) -> Iterator[Finding]:
    yield from _zero_length(f)
    yield from _same_milestones(f)


def _stays_at_zero(f: Facts) -> Iterator[Finding]:
    for chain in f.chains if any(_may_enter_at_zero(f, d.target.plan) for d in f.driven) else ():
        for i, item in enumerate(chain.items):
            if i == 0 or chain.entries[i] != ZERO or not isinstance(item, nodes.Call) or chain.lengths[i] == 0:
                continue
            if _keeps_zero(f, item):
                help = "end the phase before it above 0, or `restart` this one"
                yield Finding(item.extent, "the level is 0 when this phase begins, and stays there", help)


def _may_enter_at_zero(f: Facts, plan: Plan) -> bool:
    """Whether a phase of a plan, or one within its phases, may be 0 from its start on: the plans of most schedules show that none is."""
    end = min([time for time in (f.total, plan.length) if time is not None], default=None)
    zero = any(part.level == ZERO and (end is None or part.start < end) for part in f.pieces(plan))
    return zero or bool(plan.watches) or bool(plan.level.holds & STAIRS)


def _keeps_zero(f: Facts, call: nodes.Call) -> bool:
    """Whether a phase that enters at 0 stays there: no shape in it is given another level, and nothing in it restarts or adds."""
    use = f.notes.uses.get((call.extent, call.name))
    if use is None or (use.name == "hold" and "at" in use.given):
        return False
    parameters = parameters_of(use.name)
    levels = keywords(dict.fromkeys(name for name, p in parameters.items() if p.sets))
    if not all(use.arguments.get(name) in (None, ZERO, ENTRY) for name in levels):
        return False
    order = list(parameters.values())
    filled = [(a.value, parameters[a.name] if a.name else order[min(i, len(order) - 1)]) for i, a in enumerate(call.arguments)]
    phases = [value for value, parameter in filled if parameter.kind is Kind.PHASE]
    parts = [part for phase in phases for part in nodes.walk(phase)]
    if any(isinstance(part, nodes.Restart | nodes.Binary | nodes.Name) for part in parts):
        return False
    return all(_keeps_zero(f, part) for part in parts if isinstance(part, nodes.Call))


def _multiplied_by_zero(f: Facts) -> Iterator[Finding]:
    for node in f.parts:
        if isinstance(node, nodes.Binary) and node.op == "*":
            for side in (node.left, node.right):
                if isinstance(side, nodes.Number) and side.value == 0:
                    yield Finding(node.extent, "a schedule times 0 is always 0", "write `hold(at=0)` if you mean it")


def _unused_names(f: Facts) -> Iterator[Finding]:
    if not isinstance(f.tree, nodes.File):
        return
    used = {n.name if isinstance(n, nodes.Call) else n.id for n in f.parts if isinstance(n, nodes.Call | nodes.Name | nodes.Indexed)}
    for s in f.tree.statements:
        if isinstance(s, nodes.Binding | nodes.Function) and s.name not in used:
            kind = "let" if isinstance(s, nodes.Binding) else "def"
            yield Finding(s.name_extent, f"`{s.name}` is not used", f"remove the `{kind}`", Fix(*_line_of(f.text, *s.extent), ""))
    for function in (s for s in f.tree.statements if isinstance(s, nodes.Function)):
        words = {part.id for part in nodes.walk(function) if isinstance(part, nodes.Name)} | {
            part.name for part in nodes.walk(function) if isinstance(part, nodes.Call)
        }
        for slot in function.parameters:
            if slot.name not in words:
                yield Finding(
                    slot.extent, f"`{function.name}` does not use its parameter `{slot.name}`", "use it in the definition, or remove it there and in the calls"
                )


def _hidden_targets(f: Facts) -> Iterator[Finding]:
    written = {canonical(s.target): s.target for s in f.tree.statements if isinstance(s, nodes.Target)} if isinstance(f.tree, nodes.File) else {}
    targets = f.program.targets
    for i, one in enumerate(targets):
        for two in targets[i + 1 :]:
            if one.quantity == two.quantity and one.written != two.written and one.groups and all(_is_within(group, two) for group in one.groups):
                node = next((node for text, node in written.items() if text in (one.written, one.name)), None)
                message = f"`{one.written}` has no groups left: `{two.written}` comes later, and picks all of them"
                yield Finding(f.tree.extent if node is None else node.extent, message, "put the more special target last")
                break
    yield from _repeated_targets(f)


def _repeated_targets(f: Facts) -> Iterator[Finding]:
    """Targets with groups that say no more than the target without groups, where no other target with groups comes before them, and no `assert` names them."""
    statements = f.tree.statements if isinstance(f.tree, nodes.File) else ()
    asserted = {canonical(x) for s in statements if isinstance(s, nodes.Assertion) for x in nodes.walk(s) if isinstance(x, nodes.Indexed)}
    special: set[str] = set()
    for s in statements:
        if not isinstance(s, nodes.Target) or not isinstance(s.target, nodes.Indexed):
            continue
        key, written = s.target.id, canonical(s.target)
        if isinstance(s.body, nodes.Name) and s.body.id == key and key not in special and written not in asserted:
            yield Finding(s.extent, f"`{shown(written)}` has the schedule that its groups have without it", f"remove it, or give a factor, as `10 * {key}`")
        special.add(key)


def _is_within(group: str | int, other: Target) -> bool:
    """Whether a later target picks every group that a selector picks."""
    if not other.groups or (isinstance(group, str) and next(braces_of(group), None) is not None):
        return "*" in other.groups
    return any(pattern in ("*", group) or (isinstance(pattern, str) and isinstance(group, str) and fits(pattern, 0, group)) for pattern in other.groups)


def _line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The extent of a statement with the separator behind it, and with its indentation if it is alone in its line."""
    while end < len(text) and text[end] in " \t;":
        end += 1
    margin = text.rfind("\n", 0, start) + 1
    if end < len(text) and text[end] == "\n":
        return (margin if text[margin:start].isspace() else start), end + 1
    return start, end


#: Keys of optimizers that are long enough to be known with a wrong letter.
_KEYS = ("dampening", "momentum", "weight_decay")


def _misspelt_keys(f: Facts) -> Iterator[Finding]:
    for s in f.tree.statements if isinstance(f.tree, nodes.File) else ():
        written = s.target.id if isinstance(s, nodes.Target) and isinstance(s.target, nodes.Name | nodes.Indexed) else ""
        meant = next((key for key in _KEYS if _is_slip(written, key)), None)
        if meant is not None:
            message = f"no optimizer has a key `{shown(written)}`"
            yield Finding((s.extent[0], s.extent[0] + len(written)), message, f"did you mean `{meant}`?")


def _is_slip(written: str, key: str) -> bool:
    """Whether a name is a key with a letter too many, missing or another, or with two letters in the wrong order. A number behind it is no slip."""
    if written[-1:].isdigit():
        return False
    short, long = sorted((written, key), key=len)
    if len(short) < len(long):
        return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
    wrong = [i for i in range(len(key)) if written[i] != key[i]]
    return len(wrong) == 1 or (len(wrong) == 2 and [written[i] for i in wrong] == [key[i] for i in reversed(wrong)])


def _hidden_names(f: Facts) -> Iterator[Finding]:
    if not isinstance(f.tree, nodes.File):
        return
    outer = {s.name for s in f.tree.statements if isinstance(s, nodes.Binding | nodes.Function)}
    for function in (s for s in f.tree.statements if isinstance(s, nodes.Function)):
        for slot in function.parameters:
            if slot.name in outer:
                yield Finding(slot.extent, f"the parameter `{slot.name}` of `{function.name}` hides the `{slot.name}` of the file", "rename the parameter")


def _two_holds(f: Facts) -> Iterator[Finding]:
    for chain in f.chains:
        for i, (one, two) in enumerate(zip(chain.items, chain.items[1:], strict=False)):
            first, second = _held(f, one), _held(f, two)
            if first is None or second is None or chain.lengths[i] in (None, 0) or chain.lengths[i + 1] == 0:
                continue
            again = isinstance(two, nodes.Restart)
            levels = [_level_of(use, entry) for use, entry in ((first, chain.entries[i]), (second, BASE if again else chain.entries[i + 1]))]
            if levels[0] is not None and levels[0] == levels[1] and not f.is_open(first.node):
                message = f"`{shown(canonical(two))}` holds the level that the phase before it holds"
                yield Finding(two.extent, message, "make one `hold` of both, or give the second one a level: `hold(30, at=0.1x)`")


def _level_of(use: Use, entry: Expr | None) -> Expr | None:
    """The level that a `hold` holds, as a formula of the base; None if a metric decides."""
    level = entry if use.arguments["at"] is ENTRY else use.arguments["at"]
    return None if level is None else substitute(level, {ENTRY: BASE})


def _held(f: Facts, item: nodes.Node) -> Use | None:
    """The call of a phase that holds a level."""
    body = item.body if isinstance(item, nodes.Limited | nodes.Restart) else item
    return f.notes.uses.get((body.extent, "hold"))


RULES = (
    Rule(
        "LR401",
        "phase-of-no-time",
        "A phase of length 0, which changes nothing, or jumps to its end; or a milestone that comes twice.",
        "Usually it is left over from an edit, or its length is missing.",
        "warmup(5) then hold(0) then cosine(95)",
        "warmup(5) then hold(1) then cosine(95)",
        _no_time,
        "safe",
    ),
    Rule(
        "LR402",
        "stays-at-zero",
        "A phase that begins at 0 and stays there.",
        "A phase begins where the one before it ended: after a decay to 0, another decay is 0 from its first tick to its last.",
        "cosine(50) then linear(50)",
        "cosine(50, to=0.1x) then linear(50)",
        _stays_at_zero,
        compiles=True,
        alone=True,
    ),
    Rule(
        "LR403",
        "times-zero",
        "A schedule that is multiplied by 0.",
        "Every level of it is 0.",
        "0 * cosine(100)",
        "0.1 * cosine(100)",
        _multiplied_by_zero,
        about=(nodes.Binary,),
    ),
    Rule(
        "LR404",
        "unused-name",
        "A `let` or a `def` that nothing uses, or a parameter that its `def` does not use.",
        "A reader wonders what it is for; perhaps the schedule has a number where the name was meant.",
        "let warm = 5\nlr = warmup(6) then cosine(95)",
        "let warm = 5\nlr = warmup(warm) then cosine(95)",
        _unused_names,
        "safe",
        about=(nodes.Binding, nodes.Function),
    ),
    Rule(
        "LR405",
        "hidden-name",
        "A parameter with the same name as a `let` or a `def` of the file.",
        "The word then means two things in one file.",
        "let n = 5; def two(n) = hold(n) then cosine(n); lr = two(n)",
        "let n = 5; def two(m) = hold(m) then cosine(m); lr = two(n)",
        _hidden_names,
        about=(nodes.Function,),
    ),
    Rule(
        "LR410",
        "hidden-target",
        "A target whose groups a later target picks too, or that gives its groups the schedule of all groups.",
        "The last target that picks a group sets it, so the other one sets nothing.",
        'lr["head"] = cosine(100); lr["*"] = linear(100)',
        'lr["*"] = linear(100); lr["head"] = cosine(100)',
        _hidden_targets,
        about=(nodes.Target,),
    ),
    Rule(
        "LR411",
        "misspelt-key",
        "A target whose key is one of an optimizer's but for a letter.",
        "It sets nothing that an optimizer reads: a run fails at its first step, or a value outside the optimizer stays unused.",
        "lr = cosine(100); weight_deacy = hold(at=0.1)",
        "lr = cosine(100); weight_decay = hold(at=0.1)",
        _misspelt_keys,
        about=(nodes.Target,),
    ),
    Rule(
        "LR409",
        "two-holds",
        "Two phases in a row that hold the same level.",
        "Usually the second one was to have a level of its own.",
        "hold(30) then hold(60) then linear(10)",
        "hold(30) then hold(60, at=0.1x) then linear(10)",
        _two_holds,
        about=("hold",),
    ),
)
