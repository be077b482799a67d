"""What a text of Python has that may make a scheduler. It is looked for before anything else is read."""

from __future__ import annotations

import re

#: A call whose name is like that of a scheduler, or of a function that makes one; or a class of schedulers. Only the end of the name is looked for, as that is
#: fast.
LIKE_A_SCHEDULER = re.compile(r"(?:LR|[Ss]chedul\w*|Warm\w*|_warmup|Anneal\w*|Restarts?|Plateau|_decay|Decay)\s*\(|(?:LRScheduler|LambdaLR)\)\s*:")
