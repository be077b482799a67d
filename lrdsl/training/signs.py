"""`may_have`: whether a file may have schedules of other libraries. Most files have none, and nothing is loaded or read for them."""

from __future__ import annotations

import re

#: In Python, a call whose name is like that of a scheduler, or the schedule of a config.
_PYTHON = re.compile(
    r"\b(?:\w*LR|\w+Scheduler|ReduceLROnPlateau|CosineAnnealingWarmRestarts|get_\w*schedule\w*|\w+_(?:schedules?|decay)|\w+Decay(?:Restarts)?)\s*\("
    r"|\bparam_scheduler\b|\blr_config\b|TrainingArguments\(|(?:SFT|DPO|GRPO|Reward|ORPO)Config\("
)
#: What each of them has, in branches that begin with a letter: ten times as fast as a search for those, which may begin at any word.
_SIGN = re.compile(
    r"LR\s*\(|Scheduler\s*\(|Plateau\s*\(|Restarts\s*\(|schedule\w*\s*\(|_decay\s*\(|Decay\s*\(|param_scheduler|lr_config|TrainingArguments\("
    r"|SFTConfig\(|DPOConfig\(|GRPOConfig\(|RewardConfig\(|ORPOConfig\("
)
#: In configs, a key of one of the systems, or a section for a schedule.
_CONFIG = re.compile(
    r"class_path|_target_|scheduler|composer\.optim|micro_batch_size|num_train_epochs|per_device_train_batch_size|warmup_ratio|lr_config|SOLVER|num_train_steps"
    r"|t_warmup|with_warmup|train_module|lrf|lr[_-]decay[_-]style|lr[_-]scheduler|create_learning_rate_scheduler|sched:|\"sched\"|--sched "
    r"|sched\w*[\"']?\s*[:=]\s*(?:\n|\{)|\[[\w.]*sched"
)
#: In shell scripts and gin files, the words of the systems that have their flags there.
_FLAGS = re.compile(r"lr[_-]decay[_-]style|lr[_-]scheduler|--sched |create_learning_rate_scheduler")
_ENDINGS = {".py": _PYTHON} | dict.fromkeys((".yaml", ".yml", ".json", ".toml"), _CONFIG) | dict.fromkeys((".sh", ".bash", ".slurm", ".sbatch", ".gin"), _FLAGS)


def may_have(text: str, ending: str) -> bool:
    """Returns whether a file of an ending may have schedules of other libraries.

    >>> may_have("scheduler = StepLR(optimizer, 30)", ".py"), may_have("lr_schedule: cosine(30)", ".yaml")
    (True, False)
    """
    pattern = _ENDINGS.get(ending.lower())
    return pattern is not None and (pattern is not _PYTHON or _SIGN.search(text) is not None) and pattern.search(text) is not None
