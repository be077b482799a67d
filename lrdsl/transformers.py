"""The public module for Hugging Face's Trainer: a callback that reports evaluations, schedules for its own optimizer. Importing it imports transformers."""

from lrdsl.runtime.transformers import ReportMetrics, set_schedule

__all__ = ["ReportMetrics", "set_schedule"]
