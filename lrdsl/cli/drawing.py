"""A hook for rich's consoles: it makes hidden characters visible in everything that rich prints, and keeps lines from being commands of a CI log."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RichCast
from rich.segment import Segment

from lrdsl.escaping import visible


class VisibleHook(RenderHook):
    """Wraps everything that a console prints in `_Visible`."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Wraps the objects to print."""
        return [_Visible(each) for each in renderables]


@attrs.frozen
class _Visible:
    """An object to print, without hidden characters, and without lines that a CI log takes for commands."""

    content: ConsoleRenderable | RichCast | str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        line: list[Segment] = []
        for segment in console.render(self.content, options):
            first, *more = [segment.text] if segment.control else segment.text.split("\n")
            line.append(segment if segment.control else Segment(first, segment.style))
            for text in more:
                yield from _visible_line(line)
                yield Segment.line()
                line = [Segment(text, segment.style)]
        yield from _visible_line(line)


def _visible_line(line: list[Segment]) -> Iterator[Segment]:
    """The segments of a line; a single one without style if together they would be a command."""
    segments = [s if s.control else Segment(visible.visible(s.text), s.style) for s in line]
    whole = visible.line("".join(s.text for s in line if not s.control))
    yield from segments if whole == "".join(s.text for s in segments if not s.control) else [Segment(whole)]
