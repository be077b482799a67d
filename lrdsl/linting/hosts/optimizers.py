"""The rate of an optimizer that a Python program makes and hands to lrdsl beside a text: the base of all its groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import attrs

from lrdsl.linting.hosts.beside import NUMBER
from lrdsl.linting.hosts.functions import entries
from lrdsl.syntax.nodes import Extent

_CALL = re.compile(r"[\w.]+[ \t]*\(")
_NAME = re.compile(r"[^\W\d][\w.]*")
#: How a program changes the rate of an optimizer, or gives it other groups, after it was made.
_CHANGES = ("param_groups", "add_param_group", "load_state_dict")
#: The parameters of a whole model, which are one group.
_PARAMETERS = re.compile(r"\.(?:named_)?parameters\(\)")
_RATE = re.compile(r"\blr[ \t]*=")
_ONE_NUMBER = re.compile(NUMBER)


@attrs.define
class Optimizers:
    """The optimizers of a program. `strings` gives the extents of all its strings: an assignment in one of them is none.

    >>> optimizers = Optimizers("opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)", list)
    >>> optimizers.rate("opt"), optimizers.rate("Adam(m.parameters(), lr=1e-3)"), optimizers.rate("optimizer")
    (0.1, 0.001, None)
    """

    source: str
    strings: Callable[[], Iterable[Extent]]
    _rates: dict[str, float | None] = attrs.field(factory=dict)

    def rate(self, written: str) -> float | None:
        """The rate of the optimizer that a program hands over as `written`: a call that makes one, or a name that is assigned such a call, and only it.

        None if the rate is no number, or may be another one: its groups may have rates of their own, or the program may change them.
        """
        if _CALL.match(written) is not None:
            return _rate(written, written.index("("))
        if written not in self._rates:
            self._rates[written] = self._assigned(written) if _NAME.fullmatch(written) is not None else None
        return self._rates[written]

    def _assigned(self, name: str) -> float | None:
        """The rate of the optimizer that a name is assigned."""
        if any(f"{name}.{change}" in self.source for change in _CHANGES):
            return None
        places = list(re.finditer(rf"^[ \t]*{re.escape(name)}[ \t]*(?::[^=\n]*)?=(?!=)[ \t]*", self.source, re.MULTILINE))
        call = _CALL.match(self.source, places[0].end()) if len(places) == 1 else None
        if call is None or any(start <= call.start() < end for start, end in self.strings()):
            return None
        return _rate(self.source, call.end() - 1)


def _rate(source: str, bracket: int) -> float | None:
    """The rate among the arguments of a call whose bracket opens at an offset, if its first argument is the parameters of one model."""
    named = entries(source, bracket)
    rate = named.get("lr", "")
    if _ONE_NUMBER.fullmatch(rate) is None or float(rate.replace("_", "")) <= 0:
        return None
    written = _RATE.search(source, bracket)
    before = source[bracket : written.start()] if written is not None else ""
    return float(rate.replace("_", "")) if _PARAMETERS.search(before) is not None and "{" not in before and "dict(" not in before else None
