"""`lrdsl.torch.LRScheduler`: what `lrdsl.compile` returns for a torch optimizer. Importing this module imports torch."""

from lrdsl.runtime.torch import LRScheduler

__all__ = ["LRScheduler"]
