"""What stands beside a text: the base and facts of the run, in configs and in programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings

RISES = "cosine(100, to=0.1)"

#: Files in which 0.001 is the base beside the text.
BASES = {
    "yaml": f"lr: 1e-3\nlr_schedule: {RISES}\n",
    "optimizer.yaml": f"train:\n  optimizer: {{name: adamw, lr: 1e-3}}\n  lr_schedule: {RISES}\n",
    "around.yaml": f"optimizer:\n  lr: 1e-3\nscheduler:\n  schedule: {RISES}\n",
    "list.yaml": f"learning_rate: 0.001\nlr_schedules:\n- {RISES}\n",
    "json": f'{{"a": [1, 2], "train": {{"lr_schedule": "{RISES}", "learning-rate": 1e-3}}}}',
    "toml": f'[optimizer]\nlr = 1e-3\n[scheduler]\nschedule = "{RISES}"\n',
    "inline.toml": f'a = [{{ b = [1, {{ c = 3 }}], d = 2020-01-01 00:00:00, lr = 1e-3, lr_schedule = "{RISES}", e = true }}]\n',
    "fields.py": f"@dataclass\nclass C:\n    lr: float = field(default=1e-3)\n    lr_schedule: str = '{RISES}'\n",
    "dict.py": f"a = {{'lr': 1e-3, 'b': {{}}, 'lr_schedule': '{RISES}'}}\n",
    "call.py": f"C(lr_schedule='{RISES}',\n  lr=0.001)  # so\n",
    "defaults.py": f"def train(model, lr: float = 1e-3, lr_schedule: str = '{RISES}'): ...\n",
    "options.py": f"p.add_argument('--lr', type=float, default=1e-3)\np.add_argument('--lr-schedule', default='{RISES}')\n",
    "items.py": f"cfg['lr'] = 1e-3\ncfg['lr_schedule'] = '{RISES}'\n",
    "names.py": f"LR = 1e-3\nLR_SCHEDULE = '{RISES}'\n",
    "alias.yaml": f"texts: &s {RISES}\ntrain:\n  lr: 1e-3\n  lr_schedule: *s\n",
    "aliases.yaml": f"a: {{lr: 1e-3, lr_schedule: &s '{RISES}'}}\nb: {{lr: 0.001, lr_schedule: *s}}\n",
    "optimizer.py": f"import lrdsl\nopt = torch.optim.SGD(model.parameters(), lr=1e-3)\ns = lrdsl.compile('{RISES}', opt)\n",
    "made.py": f"import lrdsl\ns = lrdsl.compile('{RISES}', optimizer=torch.optim.AdamW(net.parameters(), weight_decay=0, lr=1e-3))\n",
    "own.py": f"import lrdsl.torch\nself.opt = Adam(\n    self.net.parameters(),\n    lr=0.001,\n)\ns = lrdsl.torch.LRScheduler(self.opt, '{RISES}')\n",
    "attributes.py": f"def f(self):\n    self.lr = 1e-3\n    self.lr_schedule = '{RISES}'\n",
}

#: Files that say no one base, or that of something else.
NONE = {
    "other.yaml": f"model:\n  lr: 1e-3\nlr_schedule: {RISES}\n",
    "text.yaml": f"lr: auto\nlr_schedule: {RISES}\n",
    "set.yaml": f"lr: 1e-3\nlr_schedule: set base = 1; lr = {RISES}\n",
    "twice.json": f'[{{"lr": 1e-3, "lr_schedule": "{RISES}"}}, {{"lr": 1, "lr_schedule": "{RISES}"}}]',
    "two.py": f"class C:\n    lr = 1e-3\n    lr = 1.0\n    lr_schedule = '{RISES}'\n",
    "prose.py": f"class C:\n    '''\n    lr = 1e-3\n    '''\n    lr_schedule = '{RISES}'\n",
    "block.py": f"class C:\n    lr = 1e-3\nclass D:\n    lr_schedule = '{RISES}'\n",
    "owner.py": f"other.lr = 1e-3\ncfg.lr_schedule = '{RISES}'\n",
    "aliases.yaml": f"a: {{lr: 1e-3, lr_schedule: &s '{RISES}'}}\nb: {{lr: 1, lr_schedule: *s}}\n",
    "twice.py": f"import lrdsl\no = A(m.parameters(), lr=1e-3)\no = A(m.parameters(), lr=1)\ns = lrdsl.compile('{RISES}', o)\n",
    "groups.py": f"import lrdsl\no = A([{{'params': m.parameters(), 'lr': 1}}], lr=1e-3)\ns = lrdsl.compile('{RISES}', o)\n",
    "list.py": f"import lrdsl\no = A(groups, lr=1e-3)\ns = lrdsl.compile('{RISES}', o)\n",
    "later.py": f"import lrdsl\no = A(m.parameters(), lr=1e-3)\no.param_groups[0]['lr'] = 1\ns = lrdsl.compile('{RISES}', o)\n",
    "string.py": f"import lrdsl\n'''\no = A(m.parameters(), lr=1e-3)\n'''\ns = lrdsl.compile('{RISES}', o)\n",
    "computed.py": f"import lrdsl\no = A(m.parameters(), lr=1e-3 * world)\ns = lrdsl.compile('{RISES}', o)\n",
    "open.py": f"cfg = dict(lr=1e-3, lr_schedule='{RISES}'\n",
}


def codes(name: str, source: str) -> list[str]:
    return [d.code for d in check_source(Path(f"a.{name.rpartition('.')[2]}"), source, Settings(Path()), "").diagnostics if d.code != "LR903"]


@pytest.mark.parametrize("name", BASES)
def test_a_base_beside_a_text_is_its_base(name: str) -> None:
    assert codes(name, BASES[name]) == ["LR301"]


@pytest.mark.parametrize("name", NONE)
def test_other_rates_are_not(name: str) -> None:
    assert codes(name, NONE[name]) == []


def test_facts_of_the_run_beside_a_text_hold_if_nothing_else_gives_one() -> None:
    beside = "max_steps: 1000\nlr_schedule: cosine(100)\n"
    assert codes("yaml", beside) == ["LR204"]
    given = Settings(Path(), clock=(("total_steps", 100),))
    assert check_source(Path("a.yaml"), beside, given, "").diagnostics == ()
    assert codes("yaml", "max_steps: 1000\nlr_schedule: set total = 100; lr = cosine(100)\n") == []
    assert codes("yaml", "epochs: 90\nsteps_per_epoch: 1251\nlr_schedule: multistep([30, 60, 80])\n") == ["LR217"]
    assert codes("yaml", "epochs: 90\nsteps_per_epoch: 1251\ntick: epoch\nlr_schedule: multistep([30, 60, 80])\n") == []
    assert codes("yaml", "epochs: 90\nsteps_per_epoch: 10\nmax_steps: 77\nlr_schedule: cosine(100)\n") == []  # they contradict each other


def test_a_length_that_comes_to_the_epochs_of_the_run_has_two_remedies() -> None:
    def help(schedule: str) -> str:
        source = f"epochs: 90\nsteps_per_epoch: 1251\nlr_schedule: {schedule}\n"
        return check_source(Path("a.yaml"), source, Settings(Path()), "").diagnostics[0].help

    assert help("warmup(5) then cosine(85)") == "the run has 90 epochs: write `85ep`; or `set tick = epoch`, if each epoch is one tick"
    assert help("warmup(500) then cosine(85000)") == "let the last phase take the `rest`, or end it above 0"
    assert "set tick = epoch" in help("multistep([30, 60, 80])")
