"""The public module for Lightning: `ReportMetrics` is a callback that reports what was logged. Importing it imports Lightning."""

from lrdsl.runtime.lightning import ReportMetrics

__all__ = ["ReportMetrics"]
