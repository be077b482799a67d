"""A call of every recipe with values that show it: for the gallery, and for the tests that draw and typeset every recipe."""

from __future__ import annotations

from lrdsl.check.prelude import names_in
from lrdsl.syntax import nodes

#: A value for each parameter of the recipes that has no default.
_VALUES = {
    "warm": "500", "total": "10000", "timescale": "2000", "stable": "7000", "decay": "2500", "init": "0.1", "n": "1000", "rate": "0.96", "target": "0.5",
    "first": "10", "value": "0.01", "end": "1e-4", "power": "2", "at": "[300, 600]", "scales": "[0.1, 0.5]", "peak": "0.3", "up": "100", "flat": "300",
    "down": "600", "low": "1e-4", "half": "2000", "batches": "1000", "epochs": "6", "times": "3", "cool": "300", "stay": "500", "anneal": "100",
    "steepness": "10", "a": "4",
    "t_scale": "2000", "t_cooldown": "2500", "k": "0.5", "milestones": "[30, 60, 80]", "schedule": "cosine(1000)",
    "fall": "200", "gamma": "0.9", "steps": "1000", "start": "0.1",
    "cycle_len": "10", "n_cycles": "3", "normal_iters": "6000", "hold_steps": "2000", "semi_iters": "2000", "iters_per_epoch": "100",
    "iters_per_epoch_semi": "200", "model_size": "512", "d_model": "512", "num_decays": "3", "force_anneal": "30", "decay_rate": "0.9",
    **dict.fromkeys(
        ("warmup_steps", "t_warmup", "num_warmup_steps", "lr_warmup_steps", "warmup_iterations", "warmup_length", "warmup_duration",
        "warmup_total_iters"),
        "500",
    ),
    **dict.fromkeys(
        ("total_steps", "total_num_steps", "num_training_steps", "total_num_update", "num_updates", "num_train_steps", "train_num_batches"),
        "10000",
    ),
    **dict.fromkeys(("lr_decay_steps", "t_max", "max_steps", "max_update", "total_iters", "num_epochs"), "10000"),
    **dict.fromkeys(("wsd_decay_steps", "decay_steps", "cooldown_steps", "constant_steps", "no_aug_iters", "wd_incr_steps", "lr_decay_starting_step"), "2500"),
    **dict.fromkeys(("step_size", "step_size_up", "lr_period_updates", "cycle_size", "cool_down", "warm_up", "t_initial", "t_0", "T_0", "T_max"), "100"),
    **dict.fromkeys(("cycle_min_lr", "end_lr", "end_value", "warmup_start_value", "warmup_begin_lr", "start_lr", "start_wd", "base_learning_rate"), "0.01"),
    **dict.fromkeys(("cycle_max_lr", "max_lr", "max_learning_rate", "eta_max", "learning_rate", "start_value", "base_value", "end_wd"), "0.3"),
}  # fmt: skip
#: The same, where a recipe needs another.
_OTHER = {
    "timm.warmup": {"warm": "5", "init": "1e-6"},
    "timm.warmup_tanh": {"warm": "5", "init": "1e-6"},
    "timm.wsd_rsqrt": {"decay": "linear(200)"},
    "timm.prefix": {"warm": "5", "init": "1e-6"},
    "keras.polynomial": {"power": "1"},
    "warmup_multistep": {"warm": "5"},
    "composer.step": {"step_size": "3000"},
    "composer.multi_step": {"milestones": "[3000, 6000, 8000]"},
    "composer.multi_step_with_warmup": {"milestones": "[3000, 6000, 8000]"},
    "fvcore.exponential": {"decay": "0.1"},
    "ignite.with_warmup": {"schedule": "ignite.cosine_annealing(0.3, 0.01, 100)"},
    "mxnet.multi_factor_scheduler": {"steps": "[30, 60, 80]"},
    "nanotron.decayed": {"decay": "cosine(2500)"},
    "megatron.wsd": {"decay": "cosine(2500)"},
    "paddle.linear_warmup": {"learning_rate": "paddle.step_decay(0.3, 100)"},
    **{name: {"end": "500"} for name in ("mmengine.constant", "mmengine.cosine_annealing", "mmengine.linear", "mmengine.poly")},
    "nemo.inverse_square_root_annealing": {"warmup_steps": "500"},
    **{f"fairseq.{name}": {"max_lr": "3x"} for name in ("triangular", "triangular_shrink_min")},
    **{name: {"epochs": "30"} for name in names_in("ultralytics")},
    "ultralytics.momentum": {"epochs": "30", "warmup_momentum": "0.8x"},
    **{f"allennlp.{name}": {"num_epochs": "30"} for name in ("linear_with_warmup", "polynomial_decay", "slanted_triangular")},
}
#: Facts of the clock that a recipe needs.
CLOCKS: dict[str, dict[str, int]] = {
    **{name: {"steps_per_epoch": 100} for name in ("eden", "fairseq.fixed_force_anneal", *names_in("allennlp"), *names_in("ultralytics"))},
    **{name: {"steps_per_epoch": 100, "total_steps": 10000} for name in names_in("composer")},
}


def call_of(name: str, recipe: nodes.Function) -> str:
    """Returns a call of a recipe, with a value for each parameter that has no default.

    >>> from lrdsl.check.prelude import recipes
    >>> call_of("wsd", recipes()["wsd"].function)
    'wsd(500, 7000, 2500)'
    """
    other = _OTHER.get(name, {})
    values = _VALUES | other
    slots = [values[p.name] if p.default is None else f"{p.name}={values[p.name]}" for p in recipe.parameters if p.default is None or p.name in other]
    return f"{name}({', '.join(slots)})"
