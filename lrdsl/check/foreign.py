"""Parameters that a word does not have: the name that it has for what another library calls so, and the words that have the parameter."""

from __future__ import annotations

from collections.abc import Sequence

from lrdsl.check.combinators import COMBINATORS
from lrdsl.diagnostics import Problems, shown
from lrdsl.kinds import Kind
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

_LENGTHS = (
    *("steps", "epochs", "length", "duration", "ticks", "total", "T_max", "t_max", "T_0", "t_0", "t_initial", "step_size"),
    *("decay_steps", "decay_t", "num_steps", "n_steps", "max_steps", "max_iters", "max_epochs", "max_iter", "iters", "iterations"),
    *("total_iters", "total_steps", "num_training_steps", "training_steps", "total_epochs", "num_epochs", "decay_iters"),
    *("lr_decay_iters", "transition_steps", "first_cycle_steps", "period"),
)
_WARMUPS = (
    *("warmup", "warm", "warmup_steps", "num_warmup_steps", "n_warmup_steps", "warmup_iters", "warmup_epochs", "warmup_t"),
    *("warmup_length", "warmup_period", "warmup_tokens", "warm_up_steps", "burn_in"),
)
_ENDS = (
    *("end", "end_value", "final", "final_value", "eta_min", "min_lr", "lr_min", "lr_end", "end_lr", "final_lr", "lr_final", "min"),
    *("min_value", "target", "floor", "alpha", "end_learning_rate", "stop_factor_lr", "annealing_to", "lower"),
)
_STARTS = (
    *("start", "init", "initial", "init_value", "start_value", "warmup_lr", "init_lr", "initial_lr", "start_lr", "lr_start"),
    *("warmup_start_lr", "warmup_init_lr", "warmup_lr_init", "warmup_init", "initial_learning_rate"),
)
_FACTORS = ("factor", "rate", "gamma", "decay", "decay_rate", "lr_decay", "decay_factor", "lr_decay_rate", "annealing_factor", "drop", "lr_factor")
#: What other libraries call a parameter, and the names here that it may stand for, the likeliest first.
KNOWN_AS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_ENDS, ("to", "low", "min")),
    **dict.fromkeys(_STARTS, ("from",)),
    **dict.fromkeys(_FACTORS, ("gamma", "factor", "decay", "k")),
    **dict.fromkeys(("value", "level", "lr", "learning_rate", "to"), ("at", "to")),
    **dict.fromkeys(_LENGTHS, ("n", "total", "per", "timescale", "interval", "milestones")),
    **dict.fromkeys(_WARMUPS, ("warm", "timescale")),
    **dict.fromkeys(("p", "exponent", "pow", "degree"), ("power",)),
    **dict.fromkeys(("max", "max_lr", "peak_value", "peak_lr", "upper", "lr_max"), ("peak", "high", "to")),
    "base_lr": ("low",),
    **dict.fromkeys(("cycles", "num_cycles", "count", "limit", "cycle_limit", "n_cycles", "n", "repeats"), ("times", "cycles", "timescale")),
    **dict.fromkeys(("mult", "t_mul", "T_mult", "cycle_mul", "cycle_mult", "t_mult"), ("stretch", "mult", "mul")),
    **dict.fromkeys(("monitor", "name"), ("metric",)),
    **dict.fromkeys(("mode", "type", "kind", "method", "curve", "style", "warmup_type", "warmup_method", "decay_type"), ("shape", "anneal")),
    **dict.fromkeys(("at", "boundaries", "drops", "lr_steps", "decay_epochs"), ("milestones",)),
    **dict.fromkeys(("wait", "patience_t", "num_bad_epochs"), ("patience",)),
    **{"pct_start": ("pct",), "div_factor": ("div",), "final_div_factor": ("final_div",), "anneal_strategy": ("anneal",)},
    **{"step_size_up": ("up",), "step_size_down": ("down",), "T_mul": ("stretch",), "cooldown_t": ("cooldown",)},
}
#: Parameters that are multiples of the base, and the level that each is.
_MULTIPLES = {
    **dict.fromkeys(("start_factor", "warmup_ratio", "warmup_factor", "init_lr_scale", "start_ratio", "warmup_start_factor"), "from"),
    **dict.fromkeys(("end_factor", "min_lr_ratio", "min_lr_rate", "final_lr_scale", "min_ratio", "end_ratio", "eta_min_ratio", "alpha_f", "lrf"), "to"),
}
#: The most words that are named.
_MOST = 4


def meant(name: str, names: Sequence[str], problems: Problems) -> str | None:
    """Returns the parameter, of some names, that another name means: one of another library, or one that is written nearly so; None if there is none."""
    return next((known for known in KNOWN_AS.get(name, ()) if known in names), None) or problems.near(name, names)


def advice(argument: nodes.Argument, word: str, names: Sequence[str]) -> str:
    """Returns the help for an argument whose name means no parameter of a word: a level, a phase of its own, or the words that take it."""
    name = argument.name
    level = _MULTIPLES.get(name)
    if level in names:
        return f"did you mean `{level}`, as a multiple of base, such as `{level}={_multiple(argument.value)}`?"
    value = shown(canonical(argument.value))
    if name in _WARMUPS:
        return f"did you mean a phase of its own: `warmup({value}) then {word}(...)`?" if word != "warmup" else f"did you mean `n`, as in `warmup({value})`?"
    known_as = KNOWN_AS.get(name, ())
    candidates = (*known_as, name) if name in _FACTORS else (name, *known_as)  # `decay` is a factor in most libraries
    taken, takers = next(((known, found) for known in candidates if (found := _takers(known, word))), ("", []))
    own = f"`{word}` takes {', '.join(f'`{n}`' for n in names)}" if names else f"`{word}` takes no arguments by name"
    if not takers:
        return own
    *others, last = (f"`{taker}`" for taker in takers[:_MOST])
    return f"did you mean {', '.join(others)}{' or ' if others else ''}{last}, which take{'s' * (not others)} `{taken}`? {own}"


def _multiple(value: nodes.Node) -> str:
    return f"{canonical(value)}x" if isinstance(value, nodes.Number) else "0.1x"


def _takers(name: str, word: str) -> list[str]:
    """Returns the words other than one that have a parameter by this name, the shapes first."""
    declared = {shape: [p for form in forms for p in form.parameters] for shape, forms in SHAPES.items()}
    declared |= {combinator: list(one.parameters) for combinator, one in COMBINATORS.items()}
    return [other for other, parameters in declared.items() if other != word and any(p.name == name and p.kind is not Kind.PHASE for p in parameters)]
