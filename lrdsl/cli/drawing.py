"""What rich draws, line by line as `terminal` shows it: a hook that every console here has."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RichCast
from rich.segment import Segment

from lrdsl.escaping import visible


class Seen(RenderHook):
    """Lets what is printed pass through `_Seen`."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """The same, to be seen."""
        return [_Seen(each) for each in renderables]


@attrs.frozen
class _Seen:
    """Something drawn, with all that is in its lines to be seen, and none of them a command of a log."""

    of: ConsoleRenderable | RichCast | str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        line: list[Segment] = []
        for segment in console.render(self.of, options):
            first, *more = [segment.text] if segment.control else segment.text.split("\n")
            line.append(segment if segment.control else Segment(first, segment.style))
            for text in more:
                yield from _shown(line)
                yield Segment.line()
                line = [Segment(text, segment.style)]
        yield from _shown(line)


def _shown(line: list[Segment]) -> Iterator[Segment]:
    """The pieces of a line; all in one, without its styles, where together they would be a command."""
    seen = [s if s.control else Segment(visible.visible(s.text), s.style) for s in line]
    whole = visible.line("".join(s.text for s in line if not s.control))
    yield from seen if whole == "".join(s.text for s in seen if not s.control) else [Segment(whole)]
