"""The public module for Hugging Face's Trainer: `ReportMetrics` reports its evaluations, `set_schedule` keeps its own optimizer. Importing it imports transformers."""

from lrdsl.runtime.transformers import ReportMetrics, set_schedule

__all__ = ["ReportMetrics", "set_schedule"]
