"""Programs with schedulers of their own or of smaller packages, and with settings in classes and wrapped dictionaries: (code, file name, text), as in `cases`."""

from __future__ import annotations

_LOOP = """
import math
from dataclasses import dataclass, field

import torch
from omegaconf import OmegaConf
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, MultiStepLR, StepLR, _LRScheduler
{before}

def fit(model, loader, args):
    {setup}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = {call}
    for epoch in range({epochs}):
        for batch in loader:
            model(batch).backward()
            optimizer.step(){inner}{outer}
"""


def _loop(call: str, per_epoch: bool, epochs: str = "100", before: str = "", setup: str = "best = 0") -> str:
    inner, outer = ("", "\n        scheduler.step()") if per_epoch else ("\n            scheduler.step()", "")
    return _LOOP.format(call=call, epochs=epochs, before=before, setup=setup, inner=inner, outer=outer)


_POLY = """
class PolyLR(_LRScheduler):
    def __init__(self, optimizer, max_iters, power=0.9, last_epoch=-1, min_lr=0.0):
        self.power = power
        self.max_iters = max_iters
        self.min_lr = min_lr
        super(PolyLR, self).__init__(optimizer, last_epoch)

    def get_lr(self):
        return [max(base_lr * (1 - self.last_epoch / self.max_iters) ** self.power, self.min_lr) for base_lr in self.base_lrs]
"""
_WARMUP = """
class CosineWarmupScheduler(torch.optim.lr_scheduler._LRScheduler):
    def __init__(self, optimizer, warmup, max_iters):
        self.warmup = warmup
        self.max_num_iters = max_iters
        super().__init__(optimizer)

    def get_lr(self):
        lr_factor = self.get_lr_factor(epoch=self.last_epoch)
        return [base_lr * lr_factor for base_lr in self.base_lrs]

    def get_lr_factor(self, epoch):
        lr_factor = 0.5 * (1 + math.cos(math.pi * epoch / self.max_num_iters))
        if epoch <= self.warmup:
            lr_factor *= epoch * 1.0 / self.warmup
        return lr_factor
"""
_LAMBDA = """
class WarmupLinearSchedule(LambdaLR):
    def __init__(self, optimizer, warmup_steps, t_total, last_epoch=-1):
        self.warmup_steps = warmup_steps
        self.t_total = t_total
        super().__init__(optimizer, self.lr_lambda, last_epoch=last_epoch)

    def lr_lambda(self, step):
        if step < self.warmup_steps:
            return float(step) / float(max(1, self.warmup_steps))
        return max(0.0, float(self.t_total - step) / float(max(1.0, self.t_total - self.warmup_steps)))
"""
_STAR = """
from torch.optim.lr_scheduler import *

class Poly(LRScheduler):
    def __init__(self, optimizer, total, warmup=0, power=2.0, last_epoch=-1):
        self.total, self.power = total, power
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        if self.last_epoch < self.warmup:
            f = (self.last_epoch + 1) / self.warmup
        else:
            f = (1 - (self.last_epoch - self.warmup) / (self.total - self.warmup)) ** self.power
        return [b * f for b in self.base_lrs]
"""
#: A parameter that is called epochs and counts ticks.
_EPOCHS_IN_STEPS = """
import lightning as L
import torch
from torch.optim.lr_scheduler import LRScheduler


class LinearLR(LRScheduler):
    def __init__(self, optimizer, max_epochs):
        self.max_epochs = max_epochs
        super().__init__(optimizer)

    def get_lr(self):
        return [b * (1 - self.last_epoch / self.max_epochs) for b in self.base_lrs]


class Model(L.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)
        return [optimizer], [{"scheduler": LinearLR(optimizer, self.hparams.max_epochs), "interval": "step"}]
"""
#: A level that comes from the one before: its name says nothing here.
_RECURSIVE = """
class CosineWarmupLR(_LRScheduler):
    def __init__(self, optimizer, max_epochs):
        self.max_epochs = max_epochs
        super().__init__(optimizer)

    def get_lr(self):
        return [group["lr"] * 0.999 for group in self.optimizer.param_groups]
"""
_BOLTS = "from pl_bolts.optimizers.lr_scheduler import LinearWarmupCosineAnnealingLR"
_GRADUAL = "from warmup_scheduler import GradualWarmupScheduler"
_KATSURA = "from cosine_annealing_warmup import CosineAnnealingWarmupRestarts"
_LIGHTNING = """
import lightning as L
import torch
from pl_bolts.optimizers.lr_scheduler import LinearWarmupCosineAnnealingLR


class Model(L.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)
        scheduler = LinearWarmupCosineAnnealingLR(optimizer, 10, {})
        return [optimizer], [{{"scheduler": scheduler, "interval": "step"}}]
"""
_CONFIG = """
@dataclass
class Config:
    epochs: int = 40
    milestones: list = field(default_factory=lambda: [60, 80])
"""
#: The cases.
CASES: list[tuple[str | None, str, str]] = [
    ("LR601", "own_batches.py", _loop("PolyLR(optimizer, args.epochs * len(loader))", True, "args.epochs", _POLY)),
    (None, "own_batches_stepped.py", _loop("PolyLR(optimizer, args.epochs * len(loader))", False, "args.epochs", _POLY)),
    ("LR601", "own_with_a_floor.py", _loop("PolyLR(optimizer, max_iters=args.epochs * len(loader), min_lr=1e-6)", True, "args.epochs", _POLY)),
    ("LR604", "own_over_early.py", _loop("PolyLR(optimizer, 40)", True, "100", _POLY).replace("0.9, last", "1, last")),
    ("LR601", "own_epochs.py", _loop("CosineWarmupScheduler(optimizer, 1, max_iters=args.epochs)", False, "args.epochs", _WARMUP)),
    (None, "own_epochs_stepped.py", _loop("CosineWarmupScheduler(optimizer, 500, args.epochs * len(loader))", False, "args.epochs", _WARMUP)),
    ("LR601", "own_lambda.py", _loop("WarmupLinearSchedule(optimizer, 500, t_total=len(loader) * args.epochs)", True, "args.epochs", _LAMBDA)),
    (None, "own_lambda_stepped.py", _loop("WarmupLinearSchedule(optimizer, 500, t_total=len(loader) * args.epochs)", False, "args.epochs", _LAMBDA)),
    (None, "own_recursive.py", _loop("CosineWarmupLR(optimizer, len(loader) * args.epochs)", True, "args.epochs", _RECURSIVE)),
    ("LR601", "bolts.py", _loop("LinearWarmupCosineAnnealingLR(optimizer, 10, args.epochs)", False, "args.epochs", _BOLTS)),
    (None, "bolts_stepped.py", _loop("LinearWarmupCosineAnnealingLR(optimizer, 10, args.epochs, warmup_start_lr=0.01)", True, "args.epochs", _BOLTS)),
    ("LR601", "bolts_trainer.py", _LIGHTNING.format("self.trainer.max_epochs")),
    (None, "bolts_parameter_of_the_same_name.py", _LIGHTNING.format("self.hparams.max_epochs")),
    (
        "LR607",
        "gradual.py",
        _loop("GradualWarmupScheduler(optimizer, multiplier=1, total_epoch=5, after_scheduler=CosineAnnealingLR(optimizer, 95))", True, "100", _GRADUAL),
    ),
    (None, "gradual_whole.py", _loop("GradualWarmupScheduler(optimizer, 8, 5, CosineAnnealingLR(optimizer, 95))", True, "100", _GRADUAL)),
    ("LR601", "cycles.py", _loop("CosineAnnealingWarmupRestarts(optimizer, first_cycle_steps=len(loader) * args.epochs)", True, "args.epochs", _KATSURA)),
    (None, "cycles_whole.py", _loop("CosineAnnealingWarmupRestarts(optimizer, first_cycle_steps=100, min_lr=0.01)", True, "100", _KATSURA)),
    (
        "LR602",
        "dataclass_given.py",
        _loop("MultiStepLR(optimizer, cfg.milestones)", True, "cfg.epochs", _CONFIG, "cfg = Config(epochs=30, milestones=[60, 80])"),
    ),
    (None, "dataclass_default.py", _loop("MultiStepLR(optimizer, cfg.milestones)", True, "cfg.epochs", _CONFIG, "cfg = Config()")),
    (None, "dataclass_changed.py", _loop("MultiStepLR(optimizer, [60])", True, "cfg.epochs", _CONFIG, "cfg = Config(epochs=30)\n    cfg.epochs = 90")),
    (
        "LR602",
        "class_of_constants.py",
        _loop("StepLR(optimizer, CFG.step)", True, "CFG.epochs", "class CFG:\n    epochs = 30\n    step = 40\n"),
    ),
    (
        "LR602",
        "omegaconf.py",
        _loop("StepLR(optimizer, cfg.sched.step)", True, "cfg.epochs", "cfg = OmegaConf.create({'epochs': 30, 'sched': {'step': 40}})\n"),
    ),
    (
        None,
        "omegaconf_fits.py",
        _loop("StepLR(optimizer, cfg.sched.step)", True, "cfg.epochs", "cfg = OmegaConf.create({'epochs': 90, 'sched': {'step': 40}})\n"),
    ),
    (
        None,
        "optimizer_of_later.py",
        _loop("StepLR(optimizer, 30)", False, "90")
        .replace("scheduler.step()", "pass")
        .replace("    for epoch", "    optimizer = torch.optim.Adam(model.parameters())\n    for epoch"),
    ),
    (
        None,
        "two_runs_with_one_name.py",
        """
import torch
from torch.optim.lr_scheduler import StepLR

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = StepLR(optimizer, 7)
for epoch in range(25):
    for batch in loader:
        model(batch).backward()
        optimizer.step()
    scheduler.step()

scheduler = StepLR(optimizer, 30)
for epoch in range(90):
    for batch in loader:
        model(batch).backward()
        optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR603",
        "mmengine_beside_a_warmup.py",
        """
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='CosineAnnealingLR', T_max=20, eta_min=1e-6, begin=0, end=200, by_epoch=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200)
""",
    ),
    (
        "LR604",
        "basicsr.yml",
        "train:\n  optim_g:\n    type: Adam\n    lr: 0.0002\n  scheduler:\n    type: CosineAnnealingRestartLR\n    periods: [50000]\n    restart_weights: [1]\n"
        "    eta_min: 0.0000001\n  total_iter: 400000\n",
    ),
    (
        None,
        "basicsr_whole.yml",
        "train:\n  optim_g:\n    type: Adam\n    lr: 0.0002\n  scheduler:\n    type: CosineAnnealingRestartLR\n    periods: [400000]\n    restart_weights: [1]\n"
        "    eta_min: 0.0000001\n  total_iter: 400000\n",
    ),
    (
        "LR602",
        "detectron2_assigned.py",
        "from detectron2.config import get_cfg\ncfg = get_cfg()\ncfg.SOLVER.BASE_LR = 0.00025\ncfg.SOLVER.MAX_ITER = 3000\ncfg.SOLVER.STEPS = (20000, 25000)\n",
    ),
    (
        None,
        "detectron2_assigned_twice.py",
        "from detectron2.config import get_cfg\ncfg = get_cfg()\ncfg.SOLVER.STEPS = (20000, 25000)\nif fast:\n    cfg.SOLVER.MAX_ITER = 3000\nelse:\n"
        "    cfg.SOLVER.MAX_ITER = 90000\n",
    ),
    ("LR602", "timm_never_drops.yaml", "model: resnet50\nsched: step\nepochs: 30\ndecay_epochs: 50\nlr: 0.1\nwarmup_epochs: 0\n"),
    (
        "LR601",
        "own_star.py",
        _loop("Poly(optimizer, total=len(loader) * args.epochs, warmup=100)", True, "args.epochs", _STAR),
    ),
    (None, "own_called_epochs.py", _EPOCHS_IN_STEPS),
    (
        None,
        "gradual_stepped_first.py",
        """
from torch.optim import SGD
from torch.optim.lr_scheduler import StepLR
from warmup_scheduler import GradualWarmupScheduler

optimizer = SGD(model, 0.1)
scheduler = GradualWarmupScheduler(optimizer, multiplier=1, total_epoch=5, after_scheduler=StepLR(optimizer, step_size=10, gamma=0.1))
optimizer.zero_grad()
optimizer.step()
for epoch in range(1, 20):
    scheduler.step(epoch)
    for batch in loader:
        model(batch).backward()
        optimizer.step()
""",
    ),
    (
        None,
        "drops_in_a_run_whose_length_is_not_known.py",
        """
import torch

def fit(args, model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [160])
    for epoch in range(args.epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
""",
    ),
    (
        None,
        "a_floor_in_a_run_whose_length_is_not_known.py",
        """
import torch

def fit(args, model, loader):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=4)
    for epoch in range(args.epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR601",
        "a_length_of_two_arguments_of_an_own_function.py",
        """
import torch
from torch.optim.lr_scheduler import OneCycleLR

def make_scheduler(optimizer, loader, cfg):
    return OneCycleLR(optimizer, max_lr=0.1, epochs=cfg.epochs * 1, steps_per_epoch=len(loader) // cfg.accum)

def fit(args, model, loader, cfg):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = make_scheduler(optimizer, loader, cfg)
    for epoch in range(cfg.epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR601",
        "a_lambda_with_a_name.py",
        """
import math, torch
from torch.optim.lr_scheduler import LambdaLR

def main(args, model, train_loader):
    optimizer = torch.optim.SGD(model.parameters(), args.lr)
    total_steps = args.epochs * len(train_loader)
    lr_lambda = lambda step: 0.5 * (1 + math.cos(math.pi * step / total_steps))
    scheduler = LambdaLR(optimizer, lr_lambda)
    for epoch in range(args.epochs):
        for x, y in train_loader:
            model(x, y).backward()
            optimizer.step()
        scheduler.step()
""",
    ),
    (
        None,
        "keras_steps_of_an_epoch.py",
        """
from tensorflow import keras

EPOCHS = 50
STEPS = 1000
schedule = keras.optimizers.schedules.CosineDecay(initial_learning_rate=1e-3, decay_steps=EPOCHS * STEPS)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=schedule), loss="mse")
model.fit(data, epochs=EPOCHS, steps_per_epoch=STEPS)
""",
    ),
    (
        None,
        "one_epoch_of_three_hundred.yaml",
        "model: vit_small_patch16_224\nepochs: 300\nsched: cosine\nlr: 0.001\nmin_lr: 1.0e-05\nwarmup_epochs: 20\nwarmup_lr: 1.0e-06\nopt: adamw\n",
    ),
    (
        None,
        "a_run_that_shows_that_it_runs.sh",
        "fairseq-train data --optimizer adam --lr 0.0001 --lr-scheduler polynomial_decay --warmup-updates 5 --total-num-update 10 --max-update 2\n",
    ),
    (
        "LR609",
        "a_floor_above_the_rate_in_another_function.py",
        """
import torch

def setup(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=1e-3)
    return optimizer, scheduler

def main():
    optimizer, scheduler = setup(model)
    for epoch in range(20):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
""",
    ),
    (
        None,
        "a_rate_of_one_of_two_optimizers.py",
        """
import torch

def setup(model, fast):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
    if fast:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=1e-3)
    return optimizer, scheduler

def main():
    optimizer, scheduler = setup(model)
    for epoch in range(20):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
""",
    ),
    (
        None,
        "keys_of_mmcv_in_a_config_of_mmengine.py",
        "val_evaluator = dict(type='CocoMetric')\nlr_config = dict(policy='step', step=[100])\nrunner = dict(type='EpochBasedRunner', max_epochs=24)\n",
    ),
    (
        "LR601",
        "a_dictionary_of_both.py",
        """
import torch

def make(model, cfg, n_batches):
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, cfg.lr, epochs=cfg.epochs, steps_per_epoch=n_batches)
    return {"opt": opt, "sched": sched}

def main(cfg, model, loader):
    both = make(model, cfg, len(loader))
    for epoch in range(cfg.epochs):
        for batch in loader:
            model(batch).backward()
            both["opt"].step()
        both["sched"].step()
""",
    ),
    (
        "LR604",
        "cosine_of_thirty_epochs_of_three_hundred.py",
        "base_lr = 0.004\ntrain_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300)\n"
        "optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=base_lr))\n"
        "param_scheduler = [\n    dict(type='LinearLR', start_factor=1.0e-5, by_epoch=False, begin=0, end=1000),\n"
        "    dict(type='CosineAnnealingLR', eta_min=base_lr * 0.01, begin=0, end=30, T_max=30, by_epoch=True, convert_to_iter_based=True),\n]\n",
    ),
    (
        None,
        "a_rate_that_is_a_default.py",
        """
import lightning.pytorch as pl
import torch

class Net(pl.LightningModule):
    def __init__(self, lr=1e-3):
        super().__init__()
        self.save_hyperparameters()

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=self.hparams.lr)
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=45, eta_min=6e-3)]
""",
    ),
    (
        None,
        "a_loop_over_batches_that_ends_with_an_epoch.py",
        """
import torch

def fit(model, iterator, loader, train, warmup_steps, max_steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / warmup_steps)
    step_count = 0
    while step_count < max_steps and iterator.epoch < train.epochs:
        batch = next(iterator)
        model(batch).backward()
        optimizer.step()
        scheduler.step()
        step_count += 1
    while iterator.epoch < train.epochs:
        batch = next(iterator)
        model(batch).backward()
        optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR601",
        "a_loop_over_epochs_with_while.py",
        """
import torch

def fit(model, loader, train, warmup_steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / warmup_steps)
    epoch = 0
    while epoch < train.epochs:
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
        epoch += 1
""",
    ),
]
