"""Writes a schedule for transformers' Trainer: the keys of TrainingArguments, as JSON."""

from lrdsl.dialects.writing.arguments import transformers as write

__all__ = ["write"]
