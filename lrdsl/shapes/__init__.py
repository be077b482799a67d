"""The catalogue of built-in shapes by name. A name may have two forms with different parameters, as `exp(gamma)` and `exp(n, to=)`."""

from lrdsl.shapes import cycles, decays, plateau, rates
from lrdsl.shapes.shape import Shape, arguments_of, level_of, natural_length, phrase_of

_ALL = (*decays.SHAPES, *rates.SHAPES, *cycles.SHAPES, *plateau.SHAPES)

#: Name -> its forms, in the order in which they are tried.
SHAPES: dict[str, tuple[Shape, ...]] = {shape.name: tuple(s for s in _ALL if s.name == shape.name) for shape in _ALL}

#: The name of a shape in other libraries -> its name here, for hints.
KNOWN_AS: dict[str, str] = {word: shape.name for shape in _ALL for word in shape.known_as}

__all__ = ["KNOWN_AS", "SHAPES", "Shape", "arguments_of", "level_of", "natural_length", "phrase_of"]
