"""How each schedule of other libraries is written here. The tests against those libraries and the table of the reference are both made from this list."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Peer:
    """A schedule of another library: `call` as its users write it, with the letters of `text` for its arguments.

    A schedule has several entries where some arguments are written otherwise; `case` tells them apart.
    """

    library: str
    name: str
    call: str
    text: str
    note: str = ""
    case: str = ""

    def written(self, **values: Any) -> str:
        """The text for given arguments."""
        return self.text.format(**{k: repr(v) if isinstance(v, float) else v for k, v in values.items()})


TORCH = "torch"
#: What ConstantLR, LinearLR and PolynomialLR do without any step: they stay where they begin.
NO_STEPS = "no steps"
HF = "transformers"
OPTAX = "optax"
KERAS = "keras"
TIMM = "timm"
TITAN, NANOGPT, NEMO, DEEPSPEED, DINO, OPEN_CLIP, MMENGINE = "torchtitan", "nanoGPT", "NeMo", "DeepSpeed", "DINO", "open_clip", "mmengine"

PEERS = (
    Peer(TORCH, "StepLR", "StepLR(opt, n, g)", "step({n}, {g})"),
    Peer(
        TORCH,
        "MultiStepLR",
        "MultiStepLR(opt, ms, g)",
        "multistep({ms}, {g})",
        "in rising order; one that stands twice counts twice, and `[]` is none, as there",
    ),
    Peer(TORCH, "ExponentialLR", "ExponentialLR(opt, g)", "exp({g})"),
    Peer(TORCH, "ConstantLR", "ConstantLR(opt, f, n)", "hold({n}, at={f}x) then restart hold", "n at least 1"),
    Peer(TORCH, "ConstantLR", "ConstantLR(opt, f, 0)", "hold(at={f}x)", "it never leaves f", NO_STEPS),
    Peer(TORCH, "LinearLR", "LinearLR(opt, a, b, n)", "linear({n}, to={b}x, from={a}x)", "n at least 1"),
    Peer(TORCH, "LinearLR", "LinearLR(opt, a, b, 0)", "hold(at={a}x)", "it never leaves a", NO_STEPS),
    Peer(TORCH, "PolynomialLR", "PolynomialLR(opt, n, p)", "poly({n}, power={p})", "n at least 1"),
    Peer(TORCH, "PolynomialLR", "PolynomialLR(opt, 0, p)", "hold", "it never leaves the base", NO_STEPS),
    Peer(TORCH, "CosineAnnealingLR", "CosineAnnealingLR(opt, n, m)", "bounce(cosine({n}, to={m}))", "`cosine(n, to=m)` up to n"),
    Peer(TORCH, "CosineAnnealingWarmRestarts", "CosineAnnealingWarmRestarts(opt, n, k, m)", "restarts(cosine({n}, to={m}), stretch={k})"),
    Peer(TORCH, "LambdaLR", "LambdaLR(opt, lambda t: f)", "scale({f})", "f an expression of t"),
    Peer(TORCH, "MultiplicativeLR", "MultiplicativeLR(opt, lambda t: f)", "cumprod({f})", "f an expression of t"),
    Peer(
        TORCH,
        "CyclicLR",
        "CyclicLR(opt, low, high, up, down, mode=mode, gamma=g)",
        "cyclic({low}, {high}, {up}, {down}, mode={mode}, gamma={g})",
        "momentum as a target of its own",
    ),
    Peer(
        TORCH,
        "OneCycleLR",
        "OneCycleLR(opt, peak, n, pct_start=p, anneal_strategy=a, div_factor=d, final_div_factor=f, three_phase=tp)",
        "onecycle({n}, peak={peak}, div={d}, final_div={f}, pct={p}, anneal={a}, three_phase={tp})",
        "momentum as a target of its own; p*n below 1 as there; at p*n = 1 torch divides by 0, and the text begins at the peak",
    ),
    Peer(TORCH, "SequentialLR", "SequentialLR(opt, [A, B], [m])", "({A}) for {m} then restart ({B})"),
    Peer(TORCH, "ChainedScheduler", "ChainedScheduler([A, B])", "({A}) * ({B})"),
    Peer(
        TORCH,
        "ReduceLROnPlateau",
        "ReduceLROnPlateau(opt, mode, f, p, th, tm, c, m, e)",
        "plateau({f}, {p}, {th}, {tm}, {c}, {m}, {e}, {mode})",
        "`step(loss)` as there, `step(loss=...)` with `metric=loss`",
    ),
    Peer(TORCH, "SWALR", "SWALR(opt, m, anneal_epochs=n)", "cosine({n}, to={m})", "`linear` for anneal_strategy='linear'"),
    Peer(HF, "reduce_lr_on_plateau", "get_reduce_on_plateau_schedule(opt, factor=f, patience=p)", "plateau({f}, {p})", "further arguments as for torch"),
    Peer(HF, "constant", "get_constant_schedule(opt)", "hf.constant()"),
    Peer(HF, "constant_with_warmup", "get_constant_schedule_with_warmup(opt, w)", "hf.constant_with_warmup({w})"),
    Peer(HF, "linear", "get_linear_schedule_with_warmup(opt, w, n)", "hf.linear({w}, {n})"),
    Peer(HF, "cosine", "get_cosine_schedule_with_warmup(opt, w, n, num_cycles=c)", "hf.cosine({w}, {n}, cycles={c})"),
    Peer(
        HF,
        "cosine_with_restarts",
        "get_cosine_with_hard_restarts_schedule_with_warmup(opt, w, n, num_cycles=k)",
        "hf.cosine_with_restarts({w}, {n}, cycles={k})",
    ),
    Peer(
        HF,
        "polynomial",
        "get_polynomial_decay_schedule_with_warmup(opt, w, n, lr_end=m, power=p)",
        "hf.polynomial({w}, {n}, end={m}, power={p})",
        "at n = w, transformers divides by 0, and the text is at m from w on",
    ),
    Peer(
        HF,
        "inverse_sqrt",
        "get_inverse_sqrt_schedule(opt, w, timescale=s)",
        "hf.inverse_sqrt({w}, timescale={s})",
        "without timescale leave it out: it is then w, or 10,000 where w is 0",
    ),
    Peer(
        HF,
        "cosine_with_min_lr",
        "get_cosine_with_min_lr_schedule_with_warmup(opt, w, n, num_cycles=c, min_lr_rate=r)",
        "hf.cosine_with_min_lr({w}, {n}, cycles={c}, min_rate={r})",
    ),
    Peer(
        HF,
        "cosine_warmup_with_min_lr",
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate(opt, w, n, num_cycles=c, min_lr_rate=r, warmup_lr_rate=f)",
        "hf.cosine_warmup_with_min_lr({w}, {n}, cycles={c}, min_rate={r}, from={f}x)",
        "without warmup_lr_rate leave `from` out",
    ),
    Peer(
        HF,
        "warmup_stable_decay",
        "get_wsd_schedule(opt, w, d, num_stable_steps=s, min_lr_ratio=r, num_cycles=c)",
        "hf.wsd({w}, {s}, {d}, min_ratio={r}, cycles={c})",
        "s may be below 0; decay_type linear: `hf.wsd_linear`; 1-sqrt: `hf.wsd_sqrt`; warmup_type 1-sqrt: `warmup_type=one_minus_sqrt`",
    ),
    Peer(OPTAX, "constant_schedule", "constant_schedule(a)", "optax.constant({a})", "optax holds values; the base is not used"),
    Peer(OPTAX, "linear_schedule", "linear_schedule(a, b, n, begin)", "optax.linear({a}, {b}, {n}, {begin})", "n of 0: constant, as there"),
    Peer(OPTAX, "polynomial_schedule", "polynomial_schedule(a, b, p, n, begin)", "optax.polynomial({a}, {b}, {p}, {n}, {begin})", "n of 0: constant, as there"),
    Peer(OPTAX, "piecewise_constant_schedule", "piecewise_constant_schedule(a, dict(zip(at, scales)))", "optax.piecewise_constant({a}, {at}, {scales})"),
    Peer(
        OPTAX,
        "piecewise_interpolate_schedule",
        "piecewise_interpolate_schedule('linear', a, {n: s})",
        "linear({n}, from={a}, to={s} * {a})",
        "`cosine` for 'cosine'; each further boundary is one more `then linear(...)`",
    ),
    Peer(
        OPTAX,
        "exponential_decay",
        "exponential_decay(a, n, rate, begin)",
        "optax.exponential({a}, {n}, {rate}, {begin})",
        "staircase: `optax.exponential_staircase`; end_value: `max(..., end)`; a rate above 1 needs `for`; n or rate of 0: constant, as there",
    ),
    Peer(OPTAX, "cosine_decay_schedule", "cosine_decay_schedule(a, n, alpha, p)", "optax.cosine({a}, {n}, {alpha}, {p})"),
    Peer(OPTAX, "warmup_constant_schedule", "warmup_constant_schedule(a, peak, w)", "optax.warmup_constant({a}, {peak}, {w})"),
    Peer(
        OPTAX,
        "warmup_cosine_decay_schedule",
        "warmup_cosine_decay_schedule(a, peak, w, n, end, p)",
        "optax.warmup_cosine({a}, {peak}, {w}, {n}, {end}, {p})",
    ),
    Peer(
        OPTAX,
        "warmup_exponential_decay_schedule",
        "warmup_exponential_decay_schedule(a, peak, w, n, rate, begin)",
        "optax.warmup_exponential({a}, {peak}, {w}, {n}, {rate}, {begin})",
    ),
    Peer(OPTAX, "linear_onecycle_schedule", "linear_onecycle_schedule(n, peak, p, q, d, f)", "optax.linear_onecycle({n}, {peak}, {p}, {q}, {d}, {f})"),
    Peer(OPTAX, "cosine_onecycle_schedule", "cosine_onecycle_schedule(n, peak, p, d, f)", "optax.cosine_onecycle({n}, {peak}, {p}, {d}, {f})"),
    Peer(OPTAX, "sgdr_schedule", "sgdr_schedule([kwargs, ...])", "optax.warmup_cosine({a}, {peak}, {w}, {n})", "one for each, joined with `then`"),
    Peer(OPTAX, "join_schedules", "join_schedules([A, B], [m])", "({A}) for {m} then restart ({B})"),
    Peer(KERAS, "InverseTimeDecay", "InverseTimeDecay(a, n, r)", "keras.inverse_time({a}, {n}, {r})", "staircase=True: `keras.inverse_time_staircase`"),
    Peer(KERAS, "ExponentialDecay", "ExponentialDecay(a, n, r)", "keras.exponential({a}, {n}, {r})", "staircase=True: `keras.exponential_staircase`"),
    Peer(
        KERAS, "PiecewiseConstantDecay", "PiecewiseConstantDecay([b], [x, y])", "hold({b} + 1, at={x}) then hold(at={y})", "one more `hold` for each boundary"
    ),
    Peer(KERAS, "PolynomialDecay", "PolynomialDecay(a, n, m, p)", "keras.polynomial({a}, {n}, {m}, {p})", "cycle=True: `keras.polynomial_cycle`"),
    Peer(KERAS, "CosineDecay", "CosineDecay(a, n, f)", "keras.cosine({a}, {n}, {f})", "with warmup_target: `keras.warmup_cosine(a, target, warm, n, f)`"),
    Peer(KERAS, "CosineDecayRestarts", "CosineDecayRestarts(a, n, k, d, f)", "keras.cosine_restarts({a}, {n}, {k}, {d}, {f})"),
    Peer(
        TIMM,
        "CosineLRScheduler",
        "CosineLRScheduler(opt, n, m, cycle_mul=k, cycle_decay=d, cycle_limit=c)",
        "timm.cosine({n}, {m}, {k}, {d}, {c})",
        "k_decay: see the prelude; noise is random and has no text",
    ),
    Peer(TIMM, "PolyLRScheduler", "PolyLRScheduler(opt, n, p, m, cycle_mul=k, cycle_decay=d, cycle_limit=c)", "timm.poly({n}, {p}, {m}, {k}, {d}, {c})"),
    Peer(
        TIMM, "TanhLRScheduler", "TanhLRScheduler(opt, n, l, u, m, cycle_mul=k, cycle_decay=d, cycle_limit=c)", "timm.tanh({n}, {l}, {u}, {m}, {k}, {d}, {c})"
    ),
    Peer(TIMM, "StepLRScheduler", "StepLRScheduler(opt, n, r)", "timm.step({n}, {r})"),
    Peer(TIMM, "MultiStepLRScheduler", "MultiStepLRScheduler(opt, ms, r)", "timm.multistep({ms}, {r})", "its milestones come a step early"),
    Peer(TIMM, "PlateauLRScheduler", "PlateauLRScheduler(opt, r, p, th, c, lr_min=m, mode=mode)", "timm.plateau({r}, {p}, {th}, {c}, {m}, {mode})"),
    Peer(
        TIMM,
        "WSDLRScheduler",
        "WSDLRScheduler(opt, n, d, m)",
        "timm.wsd({n}, {d}, {m})",
        "decay_fn: `timm.wsd_linear`, `_cosine`, `_power`, `_exp`; stable_fn rsqrt: `(max(rsqrt(s), m) - m) * (hold(n - d) then one_minus_sqrt(d)) + m`",
    ),
    Peer(TIMM, "warmup", "warmup_t=w, warmup_lr_init=i, warmup_prefix=True", "timm.prefix({w}, {i}, {A})", "of any of them, A"),
    Peer(TIMM, "warmup in front", "warmup_t=w, warmup_lr_init=i", "timm.warmup({w}, {i}, {A})", "A has run under the warmup"),
    Peer(
        TITAN,
        "warmup_stable_decay",
        "warmup_steps=w, decay_type='linear', min_lr_factor=r; s steps between",
        "warmup({w}, touches=end) then hold({s}) then linear({d}, to={r}x, touches=end)",
        "share (t + 1)/w: the first update is not at 0; `one_minus_sqrt` for 'sqrt', `cosine` for 'cosine'",
    ),
    Peer(NANOGPT, "get_lr", "warmup_iters = w, lr_decay_iters = n, min_lr = m", "nanogpt.cosine({w}, {n}, to={m})", "share (t + 1)/(w + 1)"),
    Peer(
        NEMO,
        "CosineAnnealing",
        "CosineAnnealing(opt, max_steps=n, warmup_steps=w, min_lr=m)",
        "warmup({w}, touches=neither) then cosine({n} - {w}, to={m})",
        "share (t + 1)/(w + 1)",
    ),
    Peer(
        DEEPSPEED,
        "WarmupLR",
        "WarmupLR(warmup_min_lr=m, warmup_num_steps=w)",
        "hold(1, at={m}) then restart warmup({w}, from={m}, shape=log, touches=both)",
        "share log(1 + i)/log(w), base its warmup_max_lr, w at least 2; its iteration i is 0 at the first two ticks. warmup_type='linear': no `shape`, `touches=start`",
    ),
    Peer(
        DINO,
        "cosine_scheduler",
        "cosine_scheduler(base, m, epochs, steps, warmup_epochs, start_warmup_value=s)",
        "warmup({w}, from={s}, touches=both) then cosine({n} - {w}, to={m})",
        "w and n in steps; share t/(w - 1), as numpy.linspace; the tables of MAE count so too",
    ),
    Peer(OPEN_CLIP, "cosine_lr", "cosine_lr(opt, base, w, n)", "warmup({w}, touches=end) then cosine({n} - {w})", "share (t + 1)/w"),
    Peer(
        MMENGINE,
        "LinearLR",
        "dict(type='LinearLR', start_factor=f, begin=0, end=w)",
        "warmup({w}, from={f}x, touches=both)",
        "share t/(w - 1): its last step is `end - 1`; `by_epoch` says what a tick is",
    ),
)


def peer(library: str, name: str, case: str = "") -> Peer:
    """The entry for a schedule."""
    return next(p for p in PEERS if (p.library, p.name, p.case) == (library, name, case))
