"""Text to tree and back."""

from lrdsl.syntax.parser import parse
from lrdsl.syntax.printer import canonical

__all__ = ["canonical", "parse"]
