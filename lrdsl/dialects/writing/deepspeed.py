"""Writes a schedule for DeepSpeed: the part `scheduler` of its JSON."""

from lrdsl.dialects.writing.arguments import deepspeed as write

__all__ = ["write"]
