"""Systems that train models of language."""

from __future__ import annotations

from lrdsl.dialects.systems import Line, System

SYSTEMS = (
    System(
        "AllenNLP",
        "allennlp/training/learning_rate_schedulers/, momentum_schedulers/",
        "Those by the batch count batches from 1, so that tick t has the rate of step t + 1; `cosine` and `inverted_triangular` go by epochs, from 0.",
        (
            Line("cosine", "allennlp.cosine"),
            Line("polynomial_decay", "allennlp.polynomial_decay"),
            Line("linear_with_warmup", "allennlp.linear_with_warmup"),
            Line("noam", "allennlp.noam"),
            Line("slanted_triangular", "allennlp.slanted_triangular", "without gradual_unfreezing, which depends on the groups"),
            Line("inverted_triangular", "allennlp.inverted_triangular", "a schedule of momentum"),
            Line("step", "step(step_size, gamma)"),
            Line("multi_step", "multistep(milestones, gamma)"),
            Line("exponential", "exp(gamma)"),
            Line("combined", "A for n then B"),
        ),
    ),
    System(
        "diffusers",
        "diffusers/optimization.py",
        "As transformers.",
        (
            Line("get_constant_schedule", "diffusers.constant"),
            Line("get_constant_schedule_with_warmup", "diffusers.constant_with_warmup"),
            Line("get_linear_schedule_with_warmup", "diffusers.linear"),
            Line("get_cosine_schedule_with_warmup", "diffusers.cosine"),
            Line("get_cosine_with_hard_restarts_schedule_with_warmup", "diffusers.cosine_with_restarts"),
            Line("get_polynomial_decay_schedule_with_warmup", "diffusers.polynomial"),
            Line("get_piecewise_constant_schedule", "hold(a, at=f * base) then hold(b - a, at=g * base) then hold(at=h * base)", "step_rules 'f:a,g:b,h'"),
        ),
    ),
    System(
        "torchtune",
        "torchtune/training/lr_schedulers.py",
        "As transformers.",
        (Line("get_cosine_schedule_with_warmup", "torchtune.cosine_schedule_with_warmup"),),
    ),
    System(
        "llm.c",
        "llmc/schedulers.h",
        "The first update is at 1/warmup_iterations.",
        (
            Line("cosine", "llmc.cosine"),
            Line("linear", "llmc.linear"),
            Line("constant", "llmc.constant"),
            Line("wsd", "llmc.wsd"),
        ),
    ),
    System("nanoGPT", "train.py", "The first update is at 1/(warmup_iters + 1).", (Line("get_lr", "nanogpt.cosine"),)),
    System(
        "OpenNMT-py",
        "onmt/utils/optimizers.py",
        "A tick is an update, counted from 1. The base is `learning_rate`.",
        (
            Line("noam", "skip(1, noam(warmup_steps)) / sqrt(hidden_size * warmup_steps)"),
            Line(
                "noamwd",
                "skip(1, noam(warmup_steps) * (hold(start) then drop(rate) then step(n, rate))) / sqrt(hidden_size * warmup_steps)",
                "start, n and rate are its start_decay_steps, decay_steps and learning_rate_decay",
            ),
            Line("rsqrt", "skip(1, hold(warmup_steps) then rsqrt(warmup_steps)) / sqrt(warmup_steps)"),
            Line("none, with start_decay_steps", "skip(1, hold(start) then drop(rate) then step(n, rate))"),
        ),
    ),
    System(
        "JoeyNMT",
        "joeynmt/builders.py",
        "`decaying` and `exponential` tick by epochs, `noam` by steps, counted from 1.",
        (
            Line("decaying", "step(decaying_step_size)"),
            Line("exponential", "exp(decrease_factor)"),
            Line(
                "noam", "hold(0, at=factor / sqrt(hidden_size * w)) then skip(1, noam(w))", "factor and w are its learning_rate_factor and learning_rate_warmup"
            ),
        ),
    ),
    System(
        "Tensor2Tensor",
        "tensor2tensor/utils/learning_rate.py",
        "A tick is a step, from 0. The factors of `learning_rate_schedule` multiply; a scheme of decay follows an exponential warmup of w steps.",
        (
            Line("constant", "hold(at=learning_rate_constant)"),
            Line("linear_warmup", "warmup(w)"),
            Line("rsqrt_decay", "(hold(w) then rsqrt(w)) / sqrt(w)"),
            Line("rsqrt_hidden_size", "hold / sqrt(hidden_size)"),
            Line("legacy: noam", "5000 * skip(1, noam(w)) / sqrt(hidden_size * w)"),
            Line("legacy: none", "warmup(w, from=0.01x, shape=exp)"),
            Line("legacy: exp", "warmup(w, from=0.01x, shape=exp) then exp(rate, per=n)", "rate and n are its decay_rate and decay_steps"),
            Line("legacy: exp, in stairs", "warmup(w, from=0.01x, shape=exp) then step(n, rate)"),
            Line(
                "legacy: piecewise",
                "warmup(w, from=0.01x, shape=exp) then hold(a + 1 - w) then hold(at=f * base)",
                "boundaries=[a], multiples=[f], w at most a",
            ),
            Line("legacy: cosine", "warmup(w, from=0.01x, shape=exp) then restart skip(w, bounce(cosine(n)))", "n is its cosine_cycle_steps"),
            Line("legacy: cyclelinear10x", "warmup(w, from=0.01x, shape=exp) then restart skip(w, cyclic(0.3x, 3.3x, w))"),
            Line("legacy: sqrt", "warmup(w, from=0.01x, shape=exp) then 500 * (hold(1) then rsqrt(1))"),
        ),
    ),
    System(
        "Mesh TensorFlow",
        "mesh_tensorflow/transformer/learning_rate_schedules.py",
        "A tick is a step, from 0, of n. Levels are absolute, but for those of factors.",
        (
            Line("constant", "hold(at=value)"),
            Line("constant_learning_rate", "hold(at=learning_rate)"),
            Line("linear_warmup", "warmup(w)"),
            Line("linear_decay", "hold(n - d) then linear(d)"),
            Line("truncated_rsqrt", "(hold(w) then rsqrt(w)) / sqrt(w)"),
            Line("product_learning_rate", "A * B"),
            Line("linear_decay_learning_rate", "linear(n, from=initial_lr)"),
            Line("learning_rate_schedule_noam", "((hold(w) then rsqrt(w)) * (hold(n - d) then linear(d))) / sqrt(w)"),
            Line("slanted_triangular", "slanted_triangular"),
        ),
    ),
    System(
        "RWKV-LM",
        "src/trainer.py",
        "A tick is a step, from 0, of n. The base is `lr_init`. A warmup of w steps multiplies.",
        (
            Line("exponential", "(warmup(w, from=0.2x) then hold) * (hold(w - 1) then exp(n - w, to=r * base))", "r is lr_final by lr_init"),
            Line("linear, for lr_final=0", "(warmup(w, from=0.2x) then hold) * (hold(w - 1) then linear(n - w))"),
            Line("cosine, for my_exit_tokens", "warmup(w, from=0.2x) then cosine(n - w, to=lr_final)"),
        ),
    ),
)
