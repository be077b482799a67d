"""How each schedule of other libraries is written here: the text of an entry of a dialect, and a list for systems that have no dialect of their own.

The tests against those libraries are made from both.
"""

from __future__ import annotations

from typing import Any

import attrs

from lrdsl.dialects import dialect
from lrdsl.dialects.code.calls import calls
from lrdsl.dialects.entry import Entry
from lrdsl.dialects.simplifying import simplified
from lrdsl.dialects.simplifying import text_of as text_of_trees
from lrdsl.dialects.transformers import TYPES
from lrdsl.syntax import canonical


@attrs.frozen
class Peer:
    """A schedule of another library: `call` as its users write it, with the letters of `text` for its arguments.

    A schedule has several entries where some arguments are written otherwise; `case` tells them apart.
    """

    library: str
    name: str
    call: str
    text: str
    note: str = ""
    case: str = ""

    def written(self, **values: Any) -> str:
        """The text for given arguments."""
        return self.text.format(**{k: repr(v) if isinstance(v, float) else v for k, v in values.items()})


TORCH, HF, OPTAX, KERAS, TIMM, MLX = "torch", "transformers", "optax", "keras", "timm", "mlx"
TITAN, NANOGPT, NEMO, DINO, OPEN_CLIP = "torchtitan", "nanoGPT", "NeMo", "DINO", "open_clip"

PEERS = (
    Peer(
        TITAN,
        "warmup_stable_decay",
        "steps=n, warmup_steps=w, decay_ratio=d/n, decay_type='linear', min_lr_factor=r",
        "torchtitan.linear({n}, {w}, decay_steps={d}, min_lr_factor={r})",
        "share (t + 1)/w: the first update is not at 0; `torchtitan.sqrt` for 'sqrt', `torchtitan.cosine` for 'cosine'",
    ),
    Peer(NANOGPT, "get_lr", "warmup_iters = w, lr_decay_iters = n, min_lr = m", "nanogpt.cosine({w}, {n}, to={m})", "share (t + 1)/(w + 1)"),
    Peer(
        NEMO,
        "CosineAnnealing",
        "CosineAnnealing(opt, max_steps=n, warmup_steps=w, min_lr=m)",
        "nemo.cosine_annealing({n}, {w}, {m})",
        "share (t + 1)/(w + 1)",
    ),
    Peer(
        DINO,
        "cosine_scheduler",
        "cosine_scheduler(base, m, epochs, steps, warmup_epochs, start_warmup_value=s)",
        "warmup({w}, from={s}, touches=both) then cosine({n} - {w}, to={m})",
        "w and n in steps; share t/(w - 1), as numpy.linspace; the tables of MAE count so too",
    ),
    Peer(OPEN_CLIP, "cosine_lr", "cosine_lr(opt, base, w, n)", "openclip.cosine_lr({w}, {n})", "share (t + 1)/w"),
)


def peer(library: str, name: str) -> Peer:
    """The entry for a schedule of a system."""
    return next(p for p in PEERS if (p.library, p.name) == (library, name))


def entry_of(library: str, name: str) -> Entry:
    """The entry of a dialect; the schedules of transformers have the names that Trainer takes too."""
    return dialect(library).entry(TYPES.get(name, name))


def text_of(library: str, name: str, **arguments: Any) -> str:
    """The text of a schedule of another library, for some of its arguments."""
    return canonical(simplified(entry_of(library, name).read(**arguments).schedule))


def usual_texts(scale: float = 1) -> dict[str, str]:
    """The text of each entry that has one, for usual arguments; `scale` multiplies its absolute levels."""
    texts = {}
    for library in (TORCH, HF, OPTAX, KERAS, TIMM, MLX):
        for entry in dialect(library).entries:
            if entry.usual:
                [call] = calls(entry.usual_call(scale), (library,), lenient=True)
                assert call.written is not None, (entry.name, call.problem)
                texts[f"{library} {entry.name}"] = text_of_trees(call.written)
    return texts
