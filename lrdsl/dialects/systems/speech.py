"""Systems that train models of speech."""

from __future__ import annotations

from lrdsl.dialects.systems import Line, System

SYSTEMS = (
    System(
        "NeMo",
        "nemo/core/optim/lr_scheduler.py",
        "A warmup makes its first update at 1/(w + 1).",
        (
            Line("WarmupPolicy", "nemo.warmup_policy"),
            Line("SquareAnnealing", "nemo.square_annealing"),
            Line("SquareRootAnnealing", "nemo.square_root_annealing"),
            Line("CosineAnnealing", "nemo.cosine_annealing"),
            Line("CosineAnnealing(constant_steps)", "nemo.cosine_annealing_constant"),
            Line("NoamAnnealing", "nemo.noam_annealing"),
            Line("NoamHoldAnnealing", "nemo.noam_hold_annealing"),
            Line("WarmupAnnealing", "nemo.warmup_annealing"),
            Line("InverseSquareRootAnnealing", "nemo.inverse_square_root_annealing"),
            Line("T5InverseSquareRootAnnealing", "nemo.t5_inverse_square_root_annealing"),
            Line("PolynomialDecayAnnealing", "nemo.polynomial_decay_annealing"),
            Line("PolynomialHoldDecayAnnealing", "nemo.polynomial_hold_decay_annealing"),
        ),
    ),
    System(
        "ESPnet",
        "espnet2/schedulers/",
        "A tick is a step; all but the two decays count from 1.",
        (
            Line("NoamLR", "skip(1, noam(warmup_steps)) / sqrt(model_size * warmup_steps)"),
            Line("WarmupLR", "skip(1, noam(warmup_steps))"),
            Line(
                "PiecewiseLinearWarmupLR",
                "skip(1, linear(a, from=x, to=y) then linear(b - a, to=1x) then rsqrt(b))",
                "warmup_steps_list=[0, a, b], warmup_lr_list=[x, y, base]",
            ),
            Line(
                "WarmupStepLR",
                "skip(1, warmup(w) then restart skip(w - floor(w / per) * per, step(step_size * per, gamma)))",
                "per is its steps_per_epoch",
            ),
            Line("TristageLR", "skip(1, tri_stage(w, s, d, from=init_lr_scale * base, to=final_lr_scale * base))"),
            Line("ExponentialDecayWarmup", "warmup(w, touches=end) then exp(n - w, to=min_lr)", "the base is max_lr; for warm_from_zero"),
            Line("LinearWarmupDecayLR", "warmup(w, from=start_factor * base) then linear(n - w, to=end_factor * base)"),
            Line(
                "CosineAnnealingWarmupRestarts",
                "restarts(linear(warmup_steps, from=min_lr, to=max_lr) then cosine(first_cycle_steps - warmup_steps, to=min_lr))",
                "katsura's; for cycle_mult=1 and gamma=1",
            ),
        ),
    ),
    System(
        "WeNet",
        "wenet/utils/scheduler.py",
        "A tick is a step, counted from 1.",
        (Line("WarmupLR", "skip(1, noam(warmup_steps))", "for device_factor=1"),),
    ),
    System(
        "SpeechBrain",
        "speechbrain/nnet/schedulers.py",
        "Tick t has the rate that call t + 1 returns.",
        (
            Line("WarmAndExpDecayLRSchedule", "warmup(n_warmup_steps) then exp(total_steps - n_warmup_steps, to=decay_factor * base)"),
            Line("LinearScheduler", "linear(epoch_count, to=final_value, touches=both)"),
            Line("LinearWarmupScheduler", "hf.linear(num_warmup_steps, num_training_steps)"),
            Line("StepScheduler", "skip(1, step(decay_drop, decay_factor))"),
            Line("NoamScheduler", "skip(1, noam(n_warmup_steps))", "with a model_size, by sqrt(model_size * n_warmup_steps)"),
            Line("NoamIntervalScheduler", "skip(1, noam(n_warmup_steps)) * multistep(anneal_steps, anneal_rates)"),
            Line("CyclicCosineScheduler", "skip(2 * total_steps + 1 - n_warmup_steps, bounce(cosine(total_steps)))"),
            Line("CyclicLRScheduler", "skip(1, cyclic(base_lr, max_lr, step_size))", "mode and gamma as here"),
            Line("IntervalScheduler", "skip(1, hold(a) then hold(b - a, at=x) then hold(at=y))", "steps a and b, rates x and y"),
            Line("InverseSquareRootScheduler", "skip(1, hold(warmup_steps, at=1 / sqrt(warmup_steps)) then rsqrt(warmup_steps))"),
            Line(
                "WarmCoolDecayLRSchedule",
                "warmup(w) then exp(g, per=k) for n - w - c + 1 then skip(1, linear(c, from=g^((n - c) / k) * base))",
                "g every k steps; it jumps where the cooldown begins",
            ),
            Line("TriStageLRSchedule", "tri_stage(warmup_steps, hold_steps, decay_steps, from=init_lr_scale * base, to=final_lr_scale * base)"),
            Line(
                "NewBobScheduler",
                "plateau(annealing_factor, patience=0, threshold=improvement_threshold, eps=0, compare=previous)",
                "for patient=0; with more, an improvement does not restore its patience",
            ),
            Line("ReduceLROnPlateau", "", "it takes an equal loss for a better one"),
        ),
    ),
    System("icefall", "optim.py", "`lr_batches` and `lr_epochs` are those of the text; epochs are whole ones.", (Line("Eden", "eden"),)),
)
