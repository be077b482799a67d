"""Frameworks, and collections of schedules."""

from __future__ import annotations

from lrdsl.dialects.systems import Line, System

_ITERATION = "A tick is an iteration, from 0."
_UPDATE = "A tick is an update. The system counts updates from 1, so that tick t has the rate of update t + 1."
_RHO = "(rho_inf - 2 * (t + offset) * beta2^(t + offset) / (1 - beta2^(t + offset)))"

SYSTEMS = (
    System(
        "PyTorch Ignite",
        "ignite/handlers/param_scheduler.py",
        "A tick is an event. Levels are absolute: the base is not used.",
        (
            Line("LinearCyclicalScheduler", "ignite.linear_cyclical"),
            Line("LinearCyclicalScheduler(start_value_mult, end_value_mult)", "ignite.linear_cyclical_mult"),
            Line("LinearCyclicalScheduler(monotonic=True)", "ignite.linear_cyclical_monotonic"),
            Line("LinearCyclicalScheduler(monotonic=True, warmup_duration)", "ignite.linear_cyclical_warmup"),
            Line("CosineAnnealingScheduler", "ignite.cosine_annealing"),
            Line("CosineAnnealingScheduler(start_value_mult, end_value_mult)", "ignite.cosine_annealing_mult"),
            Line("CosineAnnealingScheduler(warmup_duration)", "ignite.cosine_annealing_warmup"),
            Line("create_lr_scheduler_with_warmup", "ignite.with_warmup"),
            Line("PiecewiseLinear", "hold(a, at=x) then linear(b - a, to=y)", "milestones_values=[(a, x), (b, y)]"),
            Line("LinearCyclicalScheduler(warmup_duration, cycle_mult)", "", "the warmup and the cycle are cut to whole events apart from each other"),
        ),
    ),
    System(
        "fastai",
        "fastai/callback/schedule.py",
        "A tick is a batch; the base is `lr_max`. fastai computes shares of time in single precision.",
        (
            Line("fit_one_cycle", "fastai.fit_one_cycle"),
            Line("fit_one_cycle, its momentum", "fastai.fit_one_cycle_mom"),
            Line("fit_flat_cos", "fastai.fit_flat_cos"),
            Line("fit_sgdr", "fastai.fit_sgdr"),
            Line("lr_find", "fastai.lr_find"),
            Line("SchedLin", "fastai.sched_lin"),
            Line("SchedCos", "fastai.sched_cos"),
            Line("SchedNo", "fastai.sched_no"),
            Line("SchedExp", "fastai.sched_exp"),
            Line("SchedPoly", "fastai.sched_poly"),
        ),
    ),
    System(
        "fvcore and ClassyVision",
        "fvcore/common/param_scheduler.py",
        "Tick t is at `where` t/num_updates. Levels are absolute.",
        (
            Line("ConstantParamScheduler", "fvcore.constant"),
            Line("LinearParamScheduler", "fvcore.linear"),
            Line("CosineParamScheduler", "fvcore.cosine"),
            Line("ExponentialParamScheduler", "fvcore.exponential"),
            Line("PolynomialDecayParamScheduler", "fvcore.polynomial_decay"),
            Line("StepWithFixedGammaParamScheduler", "fvcore.step_with_fixed_gamma"),
            Line("MultiStepParamScheduler", "hold(a, at=x) then hold(b - a, at=y) then hold(at=z)", "values=[x, y, z], milestones=[a, b]"),
            Line("StepParamScheduler", "hold(n / 3, at=x) then hold(n / 3, at=y) then hold(at=z)", "values=[x, y, z], num_updates=n"),
        ),
    ),
    System(
        "MXNet",
        "python/mxnet/lr_scheduler.py",
        _UPDATE,
        (
            Line("FactorScheduler", "mxnet.factor_scheduler"),
            Line("MultiFactorScheduler", "mxnet.multi_factor_scheduler"),
            Line("PolyScheduler", "mxnet.poly_scheduler"),
            Line("CosineScheduler", "mxnet.cosine_scheduler"),
        ),
    ),
    System(
        "GluonCV",
        "gluoncv/utils/lr_scheduler.py",
        _UPDATE + " The last of n iterations is at the end.",
        (
            Line("LRScheduler('constant')", "hold"),
            Line("LRScheduler('linear')", "skip(1, linear(niters, to=target_lr, touches=both))"),
            Line("LRScheduler('poly')", "skip(1, poly(niters, power, to=target_lr, touches=both))"),
            Line("LRScheduler('cosine')", "skip(1, cosine(niters, to=target_lr, touches=both))"),
            Line("LRScheduler('step')", "skip(1, multistep(step_iter, step_factor))"),
        ),
    ),
    System(
        "PaddlePaddle",
        "python/paddle/optimizer/lr.py",
        "A tick is a call of `scheduler.step()`. Levels are absolute.",
        (
            Line("NoamDecay", "paddle.noam_decay", "at tick 1 there is no level of tick 0"),
            Line("NaturalExpDecay", "paddle.natural_exp_decay"),
            Line("InverseTimeDecay", "paddle.inverse_time_decay"),
            Line("ExponentialDecay", "paddle.exponential_decay"),
            Line("PolynomialDecay", "paddle.polynomial_decay"),
            Line("PolynomialDecay(cycle=True)", "paddle.polynomial_decay_cycle"),
            Line("LinearWarmup", "paddle.linear_warmup"),
            Line("MultiStepDecay", "paddle.multi_step_decay"),
            Line("StepDecay", "paddle.step_decay"),
            Line("CosineAnnealingDecay", "paddle.cosine_annealing_decay"),
            Line("CosineAnnealingWarmRestarts", "paddle.cosine_annealing_warm_restarts"),
            Line("OneCycleLR", "paddle.one_cycle_lr"),
            Line("CyclicLR", "paddle.cyclic_lr"),
            Line("LinearLR", "paddle.linear_lr"),
            Line("PiecewiseDecay", "hold(a, at=x) then hold(b - a, at=y) then hold(at=z)", "boundaries=[a, b], values=[x, y, z]"),
        ),
    ),
    System(
        "Caffe",
        "src/caffe/solvers/sgd_solver.cpp",
        _ITERATION,
        (
            Line("fixed", "hold"),
            Line("step", "step(stepsize, gamma)"),
            Line("exp", "exp(gamma)"),
            Line("inv", "inv(1 / gamma, power)"),
            Line("multistep", "multistep(stepvalue, gamma)"),
            Line("poly", "poly(max_iter, power)"),
            Line("sigmoid", "scale(1 / (1 + exp(gamma * (stepsize - t))))", "with a gamma below 0, it falls"),
        ),
    ),
    System(
        "Chainer",
        "chainer/training/extensions/",
        _ITERATION + " The base is `init`.",
        (
            Line("ExponentialShift", "clip(exp(rate), low=target)"),
            Line("InverseShift", "inv(1 / gamma, power)"),
            Line("LinearShift", "hold(a, at=x) then linear(b - a, to=y)", "value_range=(x, y), time_range=(a, b)"),
            Line("MultistepShift", "multistep(step_value, gamma)"),
            Line("PolynomialShift", "poly(max_count, rate)"),
            Line("StepShift", "step(n, gamma)", "n is its step"),
            Line("WarmupShift", "warmup(warmup_iter, from=warmup_start)"),
        ),
    ),
    System(
        "TensorFlow Model Garden",
        "official/modeling/optimization/lr_schedule.py",
        "A tick is a step, from 0. The schedules WithOffset are those of Keras, begun later: `hold(offset) then A`.",
        (
            Line(
                "LinearWarmup",
                "linear(warmup_steps, from=warmup_learning_rate, to=base)",
                "before another schedule A: `linear(w, from=l, to=(A at w)) then restart skip(w, A)`",
            ),
            Line("PolynomialWarmUp", "clip(warmup(warmup_steps, power=power), low=base / warmup_steps^power)"),
            Line("DirectPowerDecay", "hold(1) then inv(1, p)", "p is -power"),
            Line("PowerAndLinearDecay", "(hold(1) then inv(1, p)) * (hold(n - d) then linear(d))", "p is -power; n steps, with a linear decay over the last d"),
            Line("PowerDecayWithOffset", "min(hold(offset + 1, at=top) then restart inv(1, p), hold(at=top))", "p is -power, top its pre_offset_learning_rate"),
            Line("StepCosineDecayWithOffset", "hold(0, at=x) then cosine(a, to=y) then cosine(b - a)", "boundaries=[a, b], values=[x, y], offset=0"),
        ),
    ),
    System(
        "TensorFlow Addons",
        "tensorflow_addons/optimizers/cyclical_learning_rate.py",
        "A tick is a step, from 0. Levels are absolute.",
        (
            Line("TriangularCyclicalLearningRate", "cyclic(low, high, step_size)"),
            Line("Triangular2CyclicalLearningRate", "cyclic(low, high, step_size, mode=triangular2)"),
            Line("ExponentialCyclicalLearningRate", "cyclic(low, high, step_size, mode=exp_range, gamma=gamma)"),
            Line(
                "ExponentialCyclicalLearningRate(scale_mode='cycle')",
                "sum(hold(at=low), hold(0, at=gamma * (high - low)) then restarts(warmup(step_size) then linear(step_size), decay=gamma))",
            ),
        ),
    ),
    System(
        "Big Vision",
        "big_vision/utils.py",
        "A tick is a step, from 0. A warmup of w steps multiplies, and a cooldown: `A * (hold(n - c) then linear(c))`.",
        (
            Line("cosine", "warmup(w) then cosine(n - w)"),
            Line("linear", "warmup(w) then linear(n - w, to=linear_end)", "with a warmup from 0"),
            Line("polynomial", "warmup(w) then poly(n - w, power, to=linear_end)"),
            Line("rsqrt", "(warmup(w) then rsqrt(timescale)) * (hold(n - c) then linear(c))", "for shift=0"),
            Line("stair", "(warmup(w) then hold) * (hold(a) then hold(b - a, at=f * base) then hold(at=g * base))", "steps=[a, b], mults=[f, g]"),
        ),
    ),
    System(
        "pytorch_warmup",
        "pytorch_warmup/",
        "A tick is an iteration. Each is a factor: `A * warmup(...)`.",
        (
            Line("LinearWarmup", "warmup(warmup_period, touches=end)"),
            Line("ExponentialWarmup", "skip(1, 1x - exp(exp(-1), per=warmup_period))"),
            Line("UntunedLinearWarmup", "warmup(warmup_period, touches=end)", "warmup_period is int(2 / (1 - beta2)): 1999 for 0.999"),
            Line("UntunedExponentialWarmup", "skip(1, 1x - exp(exp(-1), per=warmup_period))", "warmup_period is int(1 / (1 - beta2))"),
            Line(
                "RAdamWarmup", f"scale(sqrt(({_RHO} - 4) * ({_RHO} - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * {_RHO})))", "rho_inf is 2/(1 - beta2) - 1"
            ),
        ),
    ),
    System(
        "Catalyst",
        "catalyst/contrib/schedulers/onecycle.py",
        "A tick is a step. Shares of time are those of numpy.linspace.",
        (
            Line(
                "OneCycleLR",
                "linear(w, from=init_lr, to=max_lr, touches=both) then linear(a, to=min_lr, touches=both) then linear(d, to=final_lr, touches=both)",
                "w warmup, a annealing and d decay steps",
            ),
        ),
    ),
    System(
        "Darknet",
        "src/network.c",
        "A tick is a batch, which is counted before its update: tick t has the rate of batch t + 1.",
        (
            Line("constant", "warmup(burn_in, power=power, touches=end)"),
            Line("step", "skip(1, warmup(burn_in, power=power) then restart skip(burn_in, step(n, gamma)))", "n and gamma are its step and scale"),
            Line("steps", "skip(1, warmup(burn_in, power=power) then restart skip(burn_in, multistep(steps, scales)))"),
            Line("exp", "skip(1, warmup(burn_in, power=power) then restart skip(burn_in, exp(gamma)))"),
            Line("poly", "skip(1, warmup(burn_in, power=power) then restart skip(burn_in, poly(max_batches, power)))"),
            Line("sig", "skip(1, warmup(burn_in, power=power) then restart skip(burn_in, scale(1 / (1 + exp(gamma * (t - n))))))", "n is its step"),
            Line("random", "", "it draws a rate for each batch"),
        ),
    ),
)
