"""A schedule in a notebook: the curve of its main target, and a page with a sentence, a formula and a curve for each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdsl.clock import total_of
from lrdsl.figures.page import curve, page
from lrdsl.work import bounded

if TYPE_CHECKING:
    from lrdsl.schedule import Schedule


def svg(s: Schedule) -> str:
    """Returns the curve of the main target."""
    return curve(s.main.plan, s.program.base_value, total_of(s.clock), str(s))


def html(s: Schedule) -> str:
    """Returns the page of all targets."""
    base, total = s.program.base_value, total_of(s.clock)
    with bounded(s.text):
        sections = [(s.sentence(target=t.name), s.typeset("mathml", target=t.name), curve(t.plan, base, total, str(s))) for t in s.targets]
    return page(str(s), sections)
