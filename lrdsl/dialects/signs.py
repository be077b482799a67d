"""`may_have`: whether a file may have schedules of other libraries. Most files have none: they are not read, and the tables of the dialects say so."""

from __future__ import annotations

import re

from lrdsl.documents import format_of

#: What a text of Python has that may make a scheduler, so that most files need not be read: a call whose name is like that of a scheduler, or of a function
#: that makes one; or a class of schedulers. Only the end of the name is looked for, as that is fast.
LIKE_A_SCHEDULER = re.compile(
    r"(?:LR|WSDS?|[Ss]chedul\w{0,40}|Warm\w{0,40}|_warmup|Anneal\w{0,40}|Restarts?|Plateau|_decay|Decay)\s{0,9}\(|(?:LRScheduler|LambdaLR)\)\s{0,9}:"
)
#: What a text has that may have a schedule: a word of training. It spares most files the tables of the dialects.
_PERHAPS = re.compile(
    r"scheduler|sched[\"']?\s{0,9}[:=]|schedule[\"']?\s{0,9}[:=]\s{0,200}(?:#.{0,200})?[\n{\[]|\[[\w.]{0,200}sched|-sched|warmup_|_warmup|learning_rate|_target_|class_path|SOLVER|train|lrf|lr_config"
    r"|decay|micro_batch|TrainingArg|[A-Z]Config\("
)


def may_have(text: str, ending: str) -> bool:
    """Returns whether a file of an ending may have schedules of other libraries.

    >>> may_have("scheduler = StepLR(optimizer, 30)", ".py"), may_have("lr_schedule: cosine(30)", ".yaml")
    (True, False)
    """
    format = format_of(f"file{ending}")
    if format == "python" and LIKE_A_SCHEDULER.search(text):
        return True
    if format is None or not _PERHAPS.search(text):
        return False
    from lrdsl.dialects.configs import may_have as is_config

    return is_config(text, format)
