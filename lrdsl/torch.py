"""The public module for torch: `LRScheduler`, the class that `lrdsl.compile` returns for a torch optimizer, and `schedule`, a function of the step.

Importing this module imports torch.
"""

from lrdsl.runtime.torch import LRScheduler
from lrdsl.runtime.torch_function import schedule

__all__ = ["LRScheduler", "schedule"]
