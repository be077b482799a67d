"""The program that most examples of rules about training code are made of."""

from __future__ import annotations

_STEPPED = """\
import torch
from torch.optim.lr_scheduler import {name}

def fit(model, loader, optimizer, epochs):
    scheduler = {call}
    for epoch in range({epochs}):
        for batch in loader:
            model(batch).backward()
            optimizer.step(){inner}{outer}
"""


def stepped(call: str, per_epoch: bool, epochs: str = "epochs") -> str:
    """Returns a program that makes a scheduler and steps it: an example."""
    inner, outer = ("", "\n        scheduler.step()") if per_epoch else ("\n            scheduler.step()", "")
    return _STEPPED.format(name=call.partition("(")[0], call=call, epochs=epochs, inner=inner, outer=outer)
