"""Systems that train models of images."""

from __future__ import annotations

from lrdsl.dialects.systems import Line, System

_TABLE = "warmup(w, from=start_warmup_value, touches=both) then cosine(n - w, to=final_value)"

SYSTEMS = (
    System(
        "OpenCLIP",
        "open_clip_train/scheduler.py",
        "The first update is at 1/warmup_length.",
        (Line("const_lr", "openclip.const_lr"), Line("const_lr_cooldown", "openclip.const_lr_cooldown"), Line("cosine_lr", "openclip.cosine_lr")),
    ),
    System(
        "YOLOX",
        "yolox/utils/lr_scheduler.py",
        "A tick is an iteration; lengths are iterations.",
        (
            Line("cos", "yolox.cos"),
            Line("warmcos", "yolox.warmcos"),
            Line("yoloxwarmcos", "yolox.yoloxwarmcos"),
            Line("yoloxsemiwarmcos", "yolox.yoloxsemiwarmcos"),
            Line("multistep", "yolox.multistep"),
        ),
    ),
    System("DINO", "utils.py", "A tick is an iteration; n and w are iterations.", (Line("cosine_scheduler", _TABLE),)),
    System(
        "MAE",
        "util/lr_sched.py",
        "A tick is an iteration; n and w are epochs in iterations.",
        (Line("adjust_learning_rate", "warmup(w) then cosine(n - w, to=min_lr)"),),
    ),
    System("MoCo", "main_moco.py", "A tick is an epoch.", (Line("--cos", "cosine(epochs)"), Line("--schedule", "multistep(schedule)"))),
    System(
        "Swin Transformer",
        "lr_scheduler.py",
        "A tick is an update.",
        (
            Line("cosine", "warmup(w, from=warmup_lr) then cosine(n - w, to=min_lr)", "with WARMUP_PREFIX; else as timm's"),
            Line("linear", "warmup(w, from=warmup_lr) then linear(n - w, to=0.01x)"),
            Line("step", "warmup(w, from=warmup_lr) then restart skip(w, step(decay_steps, decay_rate))"),
            Line("multistep", "warmup(w, from=warmup_lr) then restart skip(w, multistep(milestones, gamma))"),
        ),
    ),
    System(
        "pix2pix and CycleGAN",
        "models/networks.py",
        "A tick is an epoch.",
        (
            Line("linear", "hold(n_epochs - 1) then linear(n_epochs_decay + 1)", "for epoch_count=1"),
            Line("step", "step(lr_decay_iters)"),
            Line("plateau", "plateau(0.2, patience=5, threshold=0.01)"),
            Line("cosine", "bounce(cosine(n_epochs))"),
        ),
    ),
    System(
        "torchvision references",
        "references/classification/train.py",
        "A tick is an epoch. Each follows a warmup of w epochs from lr_warmup_decay.",
        (
            Line("steplr", "warmup(w, from=decay * base) then step(n, gamma)"),
            Line("cosineannealinglr", "warmup(w, from=decay * base) then bounce(cosine(n - w))"),
            Line("exponentiallr", "warmup(w, from=decay * base) then exp(gamma)"),
            Line("lr_warmup_method='constant'", "hold(w, at=decay * base) then restart step(n, gamma)", "before steplr"),
        ),
    ),
    System(
        "Stable Diffusion and latent diffusion",
        "ldm/lr_scheduler.py",
        "A tick is a step. Levels are multiples of the base, which is 1.0 there.",
        (
            Line("LambdaWarmUpCosineScheduler", "linear(w, from=lr_start, to=lr_max) then cosine(n - w, to=lr_min)"),
            Line("LambdaWarmUpCosineScheduler2", "linear(w, from=f_start, to=f_max) then cosine(n - w, to=f_min)", "each cycle"),
            Line("LambdaLinearScheduler", "linear(w, from=f_start, to=f_max) then skip(w, linear(n, to=f_min))", "each cycle, of n steps"),
        ),
    ),
)
