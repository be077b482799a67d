"""Programs and configs with one mistake, or none: (code, file name, text); the code is None for one without."""

from __future__ import annotations

_TORCH = "from torch.optim.lr_scheduler import *\nimport torch\n"
_LIGHTNING = "import lightning.pytorch as pl\nimport torch\nfrom torch.optim.lr_scheduler import OneCycleLR, CosineAnnealingLR, LambdaLR, StepLR, MultiStepLR\nfrom transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup\nclass M(pl.LightningModule):\n    def configure_optimizers(self):\n        o = torch.optim.Adam(self.parameters(), lr=1e-3)\n"


def _module(body: str) -> str:
    return _LIGHTNING + "".join("        " + l + "\n" for l in body.split("\n"))


_TRANSFORMERS = "from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup, get_scheduler, Trainer\nimport torch\n"
#: The cases.
CASES: list[tuple[str | None, str, str]] = [
    (
        "LR601",
        "a1.py",
        _TORCH
        + """
def train(model, dl, E):
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    sched = OneCycleLR(o, 1e-2, epochs=E, steps_per_epoch=len(dl))
    for e in range(E):
        for x, y in dl:
            loss = model(x).sum()
            loss.backward()
            o.step()
        sched.step()
""",
    ),
    ("LR601", "a2.py", _module("return [o], [OneCycleLR(o, 1e-2, total_steps=self.trainer.estimated_stepping_batches)]")),
    (None, "a3.py", _module('return [o], [{"scheduler": OneCycleLR(o, 1e-2, total_steps=self.trainer.estimated_stepping_batches), "interval": "step"}]')),
    ("LR601", "a4.py", _module('s = get_linear_schedule_with_warmup(o, 100, self.num_training_steps)\nreturn {"optimizer": o, "lr_scheduler": s}')),
    (
        "LR601",
        "a5.py",
        _module('s = CosineAnnealingLR(o, T_max=self.trainer.max_epochs)\nreturn {"optimizer": o, "lr_scheduler": {"scheduler": s, "interval": "step"}}'),
    ),
    (None, "a6.py", _module("s = CosineAnnealingLR(o, T_max=self.trainer.max_epochs)\nreturn [o], [s]")),
    (
        "LR601",
        "a7.py",
        _TORCH
        + """
class Trainer:
    def __init__(self, model, loader, epochs):
        self.model, self.loader, self.epochs = model, loader, epochs
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        self.scheduler = CosineAnnealingLR(self.optimizer, T_max=self.epochs)
    def train_one_epoch(self):
        for batch in self.loader:
            self.optimizer.zero_grad()
            self.model(batch).backward()
            self.optimizer.step()
            self.scheduler.step()
    def fit(self):
        for epoch in range(self.epochs):
            self.train_one_epoch()
""",
    ),
    (
        None,
        "a8.py",
        _TORCH
        + """
class Trainer:
    def __init__(self, model, loader, epochs):
        self.model, self.loader, self.epochs = model, loader, epochs
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        self.scheduler = CosineAnnealingLR(self.optimizer, T_max=self.epochs)
    def train_one_epoch(self):
        for batch in self.loader:
            self.optimizer.zero_grad()
            self.model(batch).backward()
            self.optimizer.step()
    def fit(self):
        for epoch in range(self.epochs):
            self.train_one_epoch()
            self.scheduler.step()
""",
    ),
    (
        "LR601",
        "a9.py",
        _TRANSFORMERS
        + """
def main(args, model, train_dataloader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    total_steps = len(train_dataloader) * args.num_epochs
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=total_steps)
    for epoch in range(args.num_epochs):
        model.train()
        for step, batch in enumerate(train_dataloader):
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
""",
    ),
    (
        "LR612",
        "a10.py",
        _TRANSFORMERS
        + """
def main(args, model, train_dataloader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    total_steps = len(train_dataloader) * args.num_epochs
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=total_steps)
    for epoch in range(args.num_epochs):
        for step, batch in enumerate(train_dataloader):
            loss = model(**batch).loss / args.gradient_accumulation_steps
            loss.backward()
            if (step + 1) % args.gradient_accumulation_steps == 0:
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
""",
    ),
    (
        None,
        "a11.py",
        _TRANSFORMERS
        + """
import math
def main(args, model, train_dataloader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    steps_per_epoch = math.ceil(len(train_dataloader) / args.gradient_accumulation_steps)
    total_steps = steps_per_epoch * args.num_epochs
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=total_steps)
    for epoch in range(args.num_epochs):
        for step, batch in enumerate(train_dataloader):
            loss = model(**batch).loss / args.gradient_accumulation_steps
            loss.backward()
            if (step + 1) % args.gradient_accumulation_steps == 0:
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
""",
    ),
    (
        "LR602",
        "b1.py",
        """
param_scheduler = [dict(type='MultiStepLR', milestones=[90, 110], by_epoch=True, gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=30, val_interval=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
""",
    ),
    (
        "LR602",
        "b2.py",
        """
lr_config = dict(policy='step', warmup='linear', warmup_iters=500, warmup_ratio=0.001, step=[27, 33])
runner = dict(type='EpochBasedRunner', max_epochs=6)
optimizer = dict(type='SGD', lr=0.02)
""",
    ),
    (
        None,
        "b3.py",
        """
param_scheduler = [dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=300), dict(type='MultiStepLR', milestones=[16, 22], by_epoch=True, begin=0, end=24, gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=24)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
""",
    ),
    (
        "LR604",
        "b4.yaml",
        "tokens:\n  train_steps: 5000\noptimizer:\n  learning_rate_scheduler:\n    learning_rate: 3.0e-4\n    lr_decay_steps: 40\n    lr_warmup_steps: 10\n    lr_decay_style: cosine\n    min_decay_lr: 1.0e-6\n",
    ),
    ("LR603", "b5.yaml", "trainer:\n  max_epochs: 200\nlr_scheduler:\n  class_path: torch.optim.lr_scheduler.CosineAnnealingLR\n  init_args:\n    T_max: 25\n"),
    (
        None,
        "b6.yml",
        "name: x\nnetwork_g: {type: EDSR}\ntrain:\n  optim_g: {type: Adam, lr: 1.0e-4}\n  scheduler:\n    type: MultiStepLR\n    milestones: [300000]\n    gamma: 0.5\n  total_iter: 300000\n",
    ),
    (
        "LR602",
        "b7.yml",
        "name: x\nnetwork_g: {type: EDSR}\ntrain:\n  optim_g: {type: Adam, lr: 1.0e-4}\n  scheduler:\n    type: MultiStepLR\n    milestones: [250000, 400000]\n    gamma: 0.5\n  total_iter: 100000\n",
    ),
    ("LR602", "b8.yaml", "SOLVER:\n  BASE_LR: 0.02\n  STEPS: (60000, 80000)\n  MAX_ITER: 40000\n"),
    (
        "LR602",
        "b9.yaml",
        "trainer:\n  max_epochs: 20\nlr_scheduler:\n  class_path: torch.optim.lr_scheduler.MultiStepLR\n  init_args:\n    milestones: [30, 60]\n",
    ),
    ("LR605", "b10.yaml", "output_dir: x\nlearning_rate: 2.0e-5\nlr_scheduler_type: linear\nwarmup_steps: 1000\nmax_steps: 800\n"),
    (
        "LR603",
        "c1.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=50)
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        None,
        "c2.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingLR(optimizer, T_max=110)
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR602",
        "c3.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = MultiStepLR(optimizer, milestones=[150, 225])
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR608",
        "c4.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = MultiStepLR(optimizer, milestones=[30, 60])
for epoch in range(90):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR607",
        "c5.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = LambdaLR(optimizer, lambda e: min(1, e / 5))
for epoch in range(90):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR607",
        "c6.py",
        """
param_scheduler = [dict(type='LinearLR', start_factor=1e-9, by_epoch=True, begin=0, end=1), dict(type='CosineAnnealingLR', T_max=99, by_epoch=True, begin=1, end=100)]
train_cfg = dict(by_epoch=True, max_epochs=100)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
""",
    ),
    (
        "LR609",
        "c7.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
scheduler = CosineAnnealingLR(optimizer, T_max=100, eta_min=1e-4)
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        None,
        "c8.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
scheduler = CosineAnnealingLR(optimizer, T_max=100, eta_min=1e-5)
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR610",
        "c9.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
scheduler = StepLR(optimizer, step_size=30, gamma=1.5)
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR606",
        "d1.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
warm = LinearLR(optimizer, start_factor=0.01, total_iters=10)
cos = CosineAnnealingLR(optimizer, T_max=95)
scheduler = SequentialLR(optimizer, [warm, cos], milestones=[5])
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        None,
        "d2.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
warm = LinearLR(optimizer, start_factor=0.01, total_iters=5)
cos = CosineAnnealingLR(optimizer, T_max=100)
scheduler = SequentialLR(optimizer, [warm, cos], milestones=[5])
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR606",
        "d3.py",
        _TRANSFORMERS
        + """
def main(args, model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    total = len(loader) * args.epochs
    warmup = int(0.1 * total)
    scheduler = get_linear_schedule_with_warmup(optimizer, warmup, total - warmup)
    for epoch in range(args.epochs):
        for batch in loader:
            model(batch).backward(); optimizer.step(); scheduler.step()
""",
    ),
    (
        "LR604",
        "d4.py",
        _TORCH
        + """
model, loader = make()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = LinearLR(optimizer, start_factor=1.0, end_factor=0.01, total_iters=20)
for epoch in range(100):
    for x in loader:
        optimizer.zero_grad(); model(x).backward(); optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR604",
        "d5.py",
        _TRANSFORMERS
        + """
def main(model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scheduler = get_linear_schedule_with_warmup(optimizer, 10, 1000)
    step = 0
    for step in range(10000):
        model(next(loader)).backward(); optimizer.step(); scheduler.step()
""",
    ),
    (
        "LR601",
        "e1.py",
        """
import optax
def make(args, loader):
    for epoch in range(args.epochs):
        for b in loader: update(b)
    return optax.cosine_decay_schedule(1e-3, decay_steps=args.epochs)
""",
    ),
    (
        "LR601",
        "e2.py",
        """
import tensorflow as tf
EPOCHS = 50
lr = tf.keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=EPOCHS)
model.compile(tf.keras.optimizers.Adam(lr))
model.fit(ds, epochs=EPOCHS)
""",
    ),
    (
        "LR601",
        "e3.py",
        _TRANSFORMERS
        + """
def main(args, model, ds, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = get_cosine_schedule_with_warmup(optimizer, 0, args.num_train_epochs)
    Trainer(model, train_dataset=ds, optimizers=(optimizer, scheduler)).train()
""",
    ),
    (
        "LR601",
        "e4.py",
        _TORCH
        + """
from accelerate import Accelerator
def main(args, model, loader):
    accelerator = Accelerator()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = CosineAnnealingLR(optimizer, T_max=args.epochs)
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for epoch in range(args.epochs):
        for batch in loader:
            with accelerator.accumulate(model):
                loss = model(batch)
                accelerator.backward(loss)
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
""",
    ),
    (
        None,
        "e5.py",
        _TORCH
        + """
def main(args, model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=10)
    for epoch in range(args.epochs):
        for i, batch in enumerate(loader):
            model(batch).backward()
            optimizer.step()
            scheduler.step(epoch + i / len(loader))
""",
    ),
    (
        None,
        "e6.py",
        _TORCH
        + """
def build(args, optimizer, loader):
    if args.sched == 'onecycle':
        return OneCycleLR(optimizer, args.lr, epochs=args.epochs, steps_per_epoch=len(loader))
    return StepLR(optimizer, 30)
def main(args, model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = build(args, optimizer, loader)
    for epoch in range(args.epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
            if args.sched == 'onecycle':
                scheduler.step()
        if args.sched != 'onecycle':
            scheduler.step()
""",
    ),
    (
        "LR601",
        "e7.py",
        _TORCH
        + """
def build(args, optimizer, loader):
    scheduler = OneCycleLR(optimizer, args.lr, epochs=args.epochs, steps_per_epoch=len(loader))
    return scheduler
def train(model, loader, optimizer):
    for batch in loader:
        model(batch).backward()
        optimizer.step()
def main(args, model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = build(args, optimizer, loader)
    for epoch in range(args.epochs):
        train(model, loader, optimizer)
        validate(model)
        scheduler.step()
""",
    ),
    (
        "LR601",
        "e8.py",
        _TORCH
        + """
def train(model, loader, optimizer, lr_sched):
    for batch in loader:
        model(batch).backward()
        optimizer.step()
        lr_sched.step()
def main(args, model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = CosineAnnealingLR(optimizer, args.epochs, eta_min=1e-6)
    for epoch in range(1, args.epochs + 1):
        train(model, loader, optimizer, scheduler)
""",
    ),
    (
        "LR614",
        "e9.py",
        _TORCH
        + """
def main(args, model, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = CosineAnnealingLR(optimizer, args.epochs, eta_min=1e-6)
    for epoch in range(1, args.epochs + 1):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
""",
    ),
    (
        "LR611",
        "e10.py",
        _TORCH
        + """
import argparse
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.1)
args = p.parse_args()
def main(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = OneCycleLR(optimizer, max_lr=0.01, epochs=epochs, steps_per_epoch=len(loader))
    for epoch in range(epochs):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
            scheduler.step()
""",
    ),
    ("LR615", "f1.yaml", "output_dir: x\nlearning_rate: 2.0e-5\nlr_scheduler_type: constant\nwarmup_ratio: 0.1\nnum_train_epochs: 3\n"),
    (
        "LR601",
        "f2.py",
        """
param_scheduler = [dict(type='MultiStepLR', milestones=[8, 11])]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=80000)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02))
""",
    ),
    (
        "LR601",
        "g1.py",
        _TRANSFORMERS
        + """
from tqdm import tqdm
EPOCHS = 10
def train_fn(data_loader, model, optimizer, device, scheduler):
    model.train()
    for bi, d in tqdm(enumerate(data_loader), total=len(data_loader)):
        optimizer.zero_grad()
        loss = model(d)
        loss.backward()
        optimizer.step()
def run():
    num_train_steps = int(len(df_train) / TRAIN_BATCH_SIZE * EPOCHS)
    optimizer = torch.optim.AdamW(params, lr=3e-5)
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=num_train_steps)
    for epoch in range(EPOCHS):
        train_fn(train_data_loader, model, optimizer, device, scheduler)
        scheduler.step()
""",
    ),
    (
        None,
        "g2.py",
        _TRANSFORMERS
        + """
EPOCHS = 10
def train_fn(data_loader, model, optimizer, device, scheduler):
    for d in data_loader:
        optimizer.zero_grad()
        loss = model(d)
        loss.backward()
        optimizer.step()
        scheduler.step()
def run():
    num_train_steps = int(len(df_train) / TRAIN_BATCH_SIZE * EPOCHS)
    optimizer = torch.optim.AdamW(params, lr=3e-5)
    scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=num_train_steps)
    for epoch in range(EPOCHS):
        train_fn(train_data_loader, model, optimizer, device, scheduler)
""",
    ),
    (
        "LR601",
        "g3.py",
        _TORCH
        + """
class Runner:
    def __init__(self, cfg):
        self.cfg = cfg
        self.build()
    def build(self):
        self.optim = torch.optim.SGD(self.model.parameters(), lr=self.cfg.lr)
        self.sched = CosineAnnealingLR(self.optim, self.cfg.num_epochs)
    def run(self):
        for self.epoch in range(self.cfg.num_epochs):
            self.model.train()
            for i, (x, y) in enumerate(self.train_loader):
                loss = self.criterion(self.model(x), y)
                self.optim.zero_grad()
                loss.backward()
                self.optim.step()
                self.sched.step()
""",
    ),
    (
        "LR603",
        "g4.py",
        _TORCH
        + """
num_epochs = 300
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=150)
def train(epoch):
    for i, (x, y) in enumerate(trainloader):
        opt.zero_grad(); loss = net(x); loss.backward(); opt.step()
for epoch in range(num_epochs):
    train(epoch)
    test(epoch)
    scheduler.step()
""",
    ),
    (
        "LR601",
        "g5.py",
        _module("""n = self.trainer.estimated_stepping_batches
scheduler = get_cosine_schedule_with_warmup(o, num_warmup_steps=int(0.1 * n), num_training_steps=n)
return {"optimizer": o, "lr_scheduler": {"scheduler": scheduler, "monitor": "val_loss"}}"""),
    ),
    (
        None,
        "g6.py",
        _module("""n = self.trainer.estimated_stepping_batches
scheduler = get_cosine_schedule_with_warmup(o, num_warmup_steps=int(0.1 * n), num_training_steps=n)
config = {"scheduler": scheduler, "interval": "step", "frequency": 1}
return {"optimizer": o, "lr_scheduler": config}"""),
    ),
    (
        "LR601",
        "g7.py",
        _module("""scheduler = OneCycleLR(o, max_lr=1e-2, steps_per_epoch=len(self.train_dataloader()), epochs=self.trainer.max_epochs)
return [o], [{"scheduler": scheduler, "interval": "epoch"}]"""),
    ),
    (
        "LR603",
        "g8.py",
        _module("""return [o], [CosineAnnealingLR(o, T_max=10)]""")
        + """
trainer = pl.Trainer(max_epochs=100)
trainer.fit(M())
""",
    ),
    (
        "LR602",
        "g9.py",
        _module("""return [o], [MultiStepLR(o, milestones=[100, 150])]""")
        + """
trainer = pl.Trainer(max_epochs=50)
trainer.fit(M())
""",
    ),
    (
        "LR604",
        "g10.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = PolynomialLR(optimizer, total_iters=20, power=0.9)
    for epoch in range(200):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR608",
        "g11.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = CosineAnnealingLR(optimizer, T_max=100)
    for epoch in range(100):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
            scheduler.step()
""",
    ),
    (
        "LR608",
        "g12.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = StepLR(optimizer, step_size=30, gamma=0.1)
    for epoch in range(90):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
            scheduler.step()
""",
    ),
    (
        None,
        "g13.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = StepLR(optimizer, step_size=10000, gamma=0.1)
    for epoch in range(90):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
            scheduler.step()
""",
    ),
    (
        None,
        "g14.py",
        _TORCH
        + """
G, D = Gen(), Disc()
optG = torch.optim.Adam(G.parameters(), lr=2e-4)
optD = torch.optim.Adam(D.parameters(), lr=2e-4)
schedG = LambdaLR(optG, lr_lambda=lambda e: 1.0 - max(0, e - 100) / 101)
schedD = LambdaLR(optD, lr_lambda=lambda e: 1.0 - max(0, e - 100) / 101)
for epoch in range(200):
    for real in loader:
        optD.zero_grad(); lossD(real).backward(); optD.step()
        optG.zero_grad(); lossG(real).backward(); optG.step()
    schedG.step(); schedD.step()
""",
    ),
    (
        "LR612",
        "g15.py",
        _TORCH
        + """
def main(args):
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = OneCycleLR(optimizer, max_lr=args.lr, epochs=args.epochs, steps_per_epoch=len(train_loader))
    for epoch in range(args.epochs):
        for i, x in enumerate(train_loader):
            loss = model(x) / args.accum_steps
            scaler.scale(loss).backward()
            if (i + 1) % args.accum_steps == 0 or (i + 1) == len(train_loader):
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
                scheduler.step()
""",
    ),
    (
        "LR601",
        "g16.py",
        _TORCH
        + """
def get_scheduler(optimizer, cfg, loader):
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=cfg.lr, total_steps=cfg.epochs * len(loader))
def main(cfg):
    train_loader, val_loader = loaders(cfg)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
    lr_scheduler = get_scheduler(optimizer, cfg, train_loader)
    best = 0
    for epoch in range(cfg.epochs):
        train_loss = 0
        model.train()
        for batch in train_loader:
            optimizer.zero_grad()
            loss = model(batch)
            loss.backward()
            optimizer.step()
        lr_scheduler.step()
        acc = evaluate(model, val_loader)
""",
    ),
    ("LR605", "g17.yaml", "SOLVER:\n  BASE_LR: 0.01\n  MAX_ITER: 500\n  WARMUP_ITERS: 1000\n  STEPS: (400,)\n"),
    (
        "LR604",
        "g18.yaml",
        "trainer:\n  max_epochs: 500\nlr_scheduler:\n  class_path: torch.optim.lr_scheduler.PolynomialLR\n  init_args:\n    total_iters: 50\n",
    ),
    (
        "LR609",
        "g19.yaml",
        "trainer:\n  max_epochs: 50\noptimizer:\n  class_path: torch.optim.Adam\n  init_args:\n    lr: 1.0e-5\nlr_scheduler:\n  class_path: torch.optim.lr_scheduler.CosineAnnealingLR\n  init_args:\n    T_max: 50\n    eta_min: 0.001\n",
    ),
    (
        "LR604",
        "g20.py",
        """
lr_config = dict(policy='step', step=[8, 11])
runner = dict(type='IterBasedRunner', max_iters=80000)
optimizer = dict(type='SGD', lr=0.02)
""",
    ),
    (
        None,
        "g21.py",
        """
lr_config = dict(policy='step', step=[60000, 72000], by_epoch=False)
runner = dict(type='IterBasedRunner', max_iters=80000)
optimizer = dict(type='SGD', lr=0.02)
""",
    ),
    (
        None,
        "g22.py",
        _TORCH
        + """
from accelerate import Accelerator
def main(args, model, loader):
    accelerator = Accelerator(gradient_accumulation_steps=args.gradient_accumulation_steps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    import math
    num_update_steps_per_epoch = math.ceil(len(loader) / args.gradient_accumulation_steps)
    args.max_train_steps = args.num_train_epochs * num_update_steps_per_epoch
    from transformers import get_scheduler
    scheduler = get_scheduler(name=args.lr_scheduler_type, optimizer=optimizer, num_warmup_steps=args.num_warmup_steps * accelerator.num_processes, num_training_steps=args.max_train_steps * accelerator.num_processes)
    model, optimizer, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for epoch in range(args.num_train_epochs):
        for batch in loader:
            with accelerator.accumulate(model):
                loss = model(batch)
                accelerator.backward(loss)
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
""",
    ),
    (
        "LR606",
        "g23.py",
        _TORCH
        + """
def main(args):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    w = LinearLR(optimizer, start_factor=0.1, total_iters=20)
    c = CosineAnnealingLR(optimizer, T_max=80)
    s = SequentialLR(optimizer, schedulers=[w, c], milestones=[10])
    for epoch in range(100):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        s.step()
""",
    ),
    (
        "LR613",
        "g24.py",
        _TORCH
        + """
def main(args, loader):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    w = LinearLR(optimizer, start_factor=0.1, total_iters=len(loader))
    c = CosineAnnealingLR(optimizer, T_max=args.epochs)
    return SequentialLR(optimizer, schedulers=[w, c], milestones=[len(loader)])
""",
    ),
    (
        None,
        "g25.py",
        _TORCH
        + """
# cosine to ten times the rate, then down: as mmdetection3d has it
def main():
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    up = CosineAnnealingLR(optimizer, T_max=8, eta_min=1e-3)
    down = CosineAnnealingLR(optimizer, T_max=12, eta_min=1e-8)
    s = SequentialLR(optimizer, schedulers=[up, down], milestones=[8])
    for epoch in range(20):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        s.step()
""",
    ),
    (
        None,
        "g26.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2)
    for epoch in range(75):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        scheduler.step()
""",
    ),
    (
        None,
        "g27.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = ReduceLROnPlateau(optimizer, patience=5)
    for epoch in range(75):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        scheduler.step(validate())
""",
    ),
    (
        None,
        "g28.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = ExponentialLR(optimizer, gamma=0.95)
    for epoch in range(20):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR610",
        "g29.py",
        _TORCH
        + """
def main():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = MultiStepLR(optimizer, [10, 15], gamma=2)
    for epoch in range(20):
        for x in loader:
            optimizer.zero_grad(); model(x).backward(); optimizer.step()
        scheduler.step()
""",
    ),
    (
        "LR601",
        "g30.py",
        """
import optax, jax
num_epochs = 20
def fit(loader):
    schedule = optax.warmup_cosine_decay_schedule(0.0, 1e-3, warmup_steps=2, decay_steps=num_epochs)
    tx = optax.adam(schedule)
    for epoch in range(num_epochs):
        for batch in loader:
            params, state = update(params, state, batch)
""",
    ),
    (
        None,
        "full_batch.py",
        """
import torch

# full-batch GCN: one update an epoch
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
sch = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[100, 150])
for epoch in range(200):
    model.train()
    opt.zero_grad()
    out = model(data.x, data.edge_index)
    loss = F.nll_loss(out[data.train_mask], data.y[data.train_mask])
    loss.backward()
    opt.step()
    sch.step()
""",
    ),
    (
        None,
        "meta_learning.py",
        """
import torch

# MAML: the outer loop is one meta-update an "epoch"
opt = torch.optim.Adam(meta.parameters(), lr=1e-3)
sch = torch.optim.lr_scheduler.StepLR(opt, step_size=20, gamma=0.5)
for epoch in range(100):
    opt.zero_grad()
    for task in sample_tasks(4):
        fast = meta.clone()
        for k in range(5):
            fast.adapt(task.support)
        fast.loss(task.query).backward()
    opt.step()
    sch.step()
""",
    ),
    (
        None,
        "stepped_first.py",
        """
import torch
from transformers import get_cosine_schedule_with_warmup

opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
sched = get_cosine_schedule_with_warmup(opt, 5, 100)
for epoch in range(100):
    sched.step()
    for b in loader:
        opt.zero_grad()
        net(b).backward()
        opt.step()
""",
    ),
    (
        "LR603",
        "class_of_constants.py",
        """
import torch
class CFG:
    epochs = 6
    lr = 1e-4
    T_max = 3
    min_lr = 1e-6
opt = torch.optim.Adam(net.parameters(), lr=CFG.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=CFG.T_max, eta_min=CFG.min_lr)
for epoch in range(CFG.epochs):
    train_fn(net, loader, opt)
    sched.step()
""",
    ),
    (
        "LR602",
        "dict_of_settings.py",
        """
import torch

config = {"epochs": 60, "lr": 0.1, "step_size": 70, "gamma": 0.1, "batch_size": 128}
model = resnet()
optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"])
lr_scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=config["step_size"], gamma=config["gamma"])
for epoch in range(1, config["epochs"] + 1):
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
    lr_scheduler.step()
""",
    ),
    (
        "LR602",
        "dict_call.py",
        """
import torch
hp = dict(epochs=90, milestones=[100, 200], gamma=0.1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=hp["milestones"], gamma=hp["gamma"])
for epoch in range(hp["epochs"]):
    for b in loader:
        opt.zero_grad()
        net(b).backward()
        opt.step()
    sched.step()
""",
    ),
    (
        "LR601",
        "dict_of_schedulers.py",
        """
import itertools
import torch


def main(opt):
    G, D = make_generator(opt), make_discriminator(opt)
    loader = make_loader(opt)
    optims = {
        "G": torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999)),
        "D": torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999)),
    }
    n_epochs = 200
    scheds = {k: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=len(loader) * n_epochs) for k, o in optims.items()}
    for epoch in range(n_epochs):
        for real in loader:
            d_loss = train_d(G, D, real, optims["D"])
            g_loss = train_g(G, D, real, optims["G"])
        for s in scheds.values():
            s.step()
        print(epoch, d_loss, g_loss)
""",
    ),
    (
        None,
        "accumulated.py",
        """
import torch
from transformers import get_linear_schedule_with_warmup

accumulation_steps = 8
opt = torch.optim.AdamW(model.parameters(), lr=3e-5)
total = len(train_loader) // accumulation_steps * EPOCHS
sched = get_linear_schedule_with_warmup(opt, int(0.1 * total), total)
for epoch in range(EPOCHS):
    for i, batch in enumerate(train_loader):
        loss = model(**batch).loss / accumulation_steps
        loss.backward()
        if (i + 1) % accumulation_steps == 0:
            opt.step()
            sched.step()
            opt.zero_grad()
""",
    ),
    (
        "LR605",
        "trainer_arguments.py",
        """
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

tok = AutoTokenizer.from_pretrained("gpt2")
model = AutoModelForCausalLM.from_pretrained("gpt2")
ds = load_dataset("wikitext", "wikitext-2-raw-v1")

training_args = TrainingArguments(
    output_dir="./results",
    per_device_train_batch_size=4,
    gradient_accumulation_steps=4,
    max_steps=300,
    warmup_steps=500,
    learning_rate=2e-5,
    lr_scheduler_type="linear",
    weight_decay=0.01,
    logging_steps=10,
)
trainer = Trainer(model=model, args=training_args, train_dataset=ds["train"])
trainer.train()
""",
    ),
    (
        "LR602",
        "step_past_the_end.py",
        """
import torch

opt = torch.optim.Adam(net.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 70, 0.1)
for epoch in range(60):
    for xb in dl:
        opt.zero_grad()
        net(xb).backward()
        opt.step()
    sched.step()
""",
    ),
    (
        "LR604",
        "short_cosine.py",
        """
train_cfg = dict(by_epoch=True, max_epochs=400, val_interval=10)
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=True, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=90, eta_min=1e-6, by_epoch=True, begin=10, end=100),
]
""",
    ),
    (
        "LR604",
        "drops_to_nothing.py",
        """
import torch
from torch.optim.lr_scheduler import StepLR


def cycle(dl):
    while True:
        for d in dl:
            yield d


def train(model, dl, num_steps=200000):
    opt = torch.optim.Adam(model.parameters(), lr=4e-4)
    sch = StepLR(opt, step_size=30, gamma=0.1)
    it = cycle(dl)
    for step in range(200000):
        batch = next(it)
        loss = model(batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sch.step()
        if step % 1000 == 0:
            torch.save(model.state_dict(), f"ckpt_{step}.pt")
""",
    ),
    (
        "LR604",
        "onecycle_that_ends.py",
        """
import torch
E = 100
opt = torch.optim.SGD(net.parameters(), lr=0.01)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.1, steps_per_epoch=len(loader), epochs=10)
for epoch in range(E):
    for b in loader:
        opt.zero_grad()
        net(b).backward()
        opt.step()
        sched.step()
""",
    ),
    (
        None,
        "long_full_batch.py",
        """
import torch
from tqdm import trange

optimizer = torch.optim.Adam(pinn.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[5000, 8000], gamma=0.1)
for epoch in trange(10000):
    optimizer.zero_grad()
    loss = pinn.loss(sample(1000))
    loss.backward()
    optimizer.step()
    scheduler.step()
""",
    ),
    (
        "LR608",
        "boundaries.py",
        """
import tensorflow as tf

epochs = 100
lr_fn = tf.keras.optimizers.schedules.PiecewiseConstantDecay(boundaries=[50, 75], values=[1e-3, 1e-4, 1e-5])
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=lr_fn), loss="mse")
history = model.fit(train_ds, epochs=100, validation_data=val_ds)
""",
    ),
]
