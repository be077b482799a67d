"""The public module for torch: `LRScheduler` is the class that `lrdsl.compile` returns for a torch optimizer. Importing this module imports torch."""

from lrdsl.runtime.torch import LRScheduler

__all__ = ["LRScheduler"]
