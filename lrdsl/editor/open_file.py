"""`OpenFile`: a version of a file that is open in an editor, with its schedules, its problems, and its places in the units of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
from lsprotocol import types as lsp
from pygls.workspace import TextDocument

from lrdsl.arguments import ENDING, is_schedule_file
from lrdsl.diagnostics import Diagnostic, Fix
from lrdsl.editor.editing import Document
from lrdsl.editor.padding import padded
from lrdsl.editor.positions import Positions
from lrdsl.files.folder import Folder
from lrdsl.linting.checker import Checker, File
from lrdsl.linting.hosts import Embedded, Finder
from lrdsl.linting.hosts.tolerant import text_at
from lrdsl.linting.layout import differences
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from lrdsl.syntax.nodes import Extent
from lrdsl.syntax.tokens import MAX_TEXT
from lrdsl.work import Memory, remembering

#: The ending of the files of a language, by the name that editors give it.
_LANGUAGES = {"lrs": ENDING, "lrdsl": ENDING, "yaml": ".yaml", "toml": ".toml", "json": ".json", "jsonc": ".jsonc", "python": ".py"}


def path_of(host: TextDocument) -> Path:
    """The path of a document. One that is not saved yet gets a name in the current folder, with the ending of its language, or else of its address."""
    if host.uri.startswith("file:") and host.path and "\0" not in host.path:
        return Path(host.path)
    return Path(f"untitled{_LANGUAGES.get(host.language_id or '') or Path(host.path or '').suffix}".replace("\0", ""))


@attrs.frozen(slots=False)
class OpenFile:
    """A version of a file that is open in the editor, with its settings and its schedules. What is read of it is kept, in the `memory` of the file.

    `library` has the files that it may use, if it is a schedule file.
    """

    host: TextDocument
    source: str
    path: Path
    settings: Settings
    memory: Memory
    library: Folder | None
    _documents: dict[str, Document] = attrs.field(factory=dict, eq=False)

    @classmethod
    def of(cls, host: TextDocument, settings: Settings, memory: Memory, buffers: Mapping[Path, str]) -> OpenFile:
        """This version of a file. `buffers` has the texts of the other files that are open."""
        path = path_of(host)
        return cls(host, host.source, path, settings, memory, Folder.of(path, buffers) if is_schedule_file(path) else None)

    @cached_property
    def file(self) -> File:
        """The file with its schedules."""
        if is_schedule_file(self.path) and not self.source.startswith("\ufeff"):
            return File(self.path, self.source, self.settings, (padded(self.source),), None)
        return File.of(self.path, self.source, self.settings)

    @property
    def texts(self) -> list[Embedded]:
        """The schedules in the file, without those that are too long to parse."""
        return [embedded for embedded in self.file.texts if len(embedded.text) <= MAX_TEXT]

    @cached_property
    def problems(self) -> list[Diagnostic]:
        """The problems of the file. What is no Python while it is typed, an editor's own server says."""
        with remembering(self.memory):
            problems = [p.diagnostic for p in Checker.of(self.path, self.settings, self.library).check(self.file) if not p.is_passing]
        return sorted(problems, key=lambda d: (d.span.start.offset, d.code))

    @cached_property
    def repaired(self) -> str:
        """The source after all safe repairs."""
        with remembering(self.memory):
            return check_source(self.path, self.source, self.settings, "safe").source

    def uses(self, path: Path) -> bool:
        """Whether the file was read with the definitions of the file at a path."""
        return self.library is not None and any(used.file == path for used in self.library.used.values())

    def document(self, embedded: Embedded) -> Document:
        """The document of a schedule in the file."""
        if embedded.text not in self._documents:
            facts = embedded.given.among(self.settings.options(self.path))
            names = {**facts.get("names", {}), **dict(embedded.given.names)}
            options: dict[str, Any] = {**facts, "names": names} if names else facts
            self._documents[embedded.text] = Document.of(embedded.text, options, self.library, self.memory)
        return self._documents[embedded.text]

    @cached_property
    def _encoding(self) -> str:
        encoding = self.host.position_codec.encoding
        return encoding.value if isinstance(encoding, lsp.PositionEncodingKind) else encoding or "utf-16"

    @cached_property
    def positions(self) -> Positions:
        """The positions in the file, in the client's units."""
        return Positions.of(self.source, self._encoding)

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position."""
        return self.positions.offset(position.line, position.character)

    def at(self, position: lsp.Position) -> tuple[Embedded, Document, int] | None:
        """The schedule at a position of the file, its document, and the offset in it; None if there is no schedule."""
        offset = self.offset(position)
        embedded = next((embedded for embedded in self.texts if embedded.offsets[0] <= offset <= embedded.offsets[-1]), None)
        embedded = embedded or text_at(self.path, self.source, offset, Finder(self.settings.keys))
        if embedded is None or len(embedded.text) > MAX_TEXT:
            return None
        at = embedded.offsets.character(offset)
        while at > 0 and embedded.offsets[at - 1] == embedded.offsets[at]:  # the first of the characters that stand at one place
            at -= 1
        return embedded, self.document(embedded), at

    def range(self, start: int, end: int) -> lsp.Range:
        """A stretch of the file as a range of the protocol."""
        return _range(self.positions, start, end)

    def within(self, embedded: Embedded, extent: Extent) -> lsp.Range:
        """A stretch of a schedule in the file as a range of the protocol."""
        return self.range(*embedded.place(*extent))

    def elsewhere(self, path: Path, text: str, extent: Extent) -> lsp.Location:
        """A stretch of another file as a place of the protocol."""
        return lsp.Location(path.as_uri(), _range(Positions.of(text, self._encoding), *extent))

    def edits(self, fixes: Iterable[Fix]) -> list[lsp.TextEdit]:
        """Edits of the file as those of the protocol."""
        return [lsp.TextEdit(self.range(fix.start, fix.end), fix.replacement) for fix in fixes]

    def edits_to(self, source: str) -> list[lsp.TextEdit]:
        """The small edits that turn the file into another source."""
        return self.edits(differences(self.source, source))


def _range(positions: Positions, start: int, end: int) -> lsp.Range:
    return lsp.Range(lsp.Position(*positions.at(start)), lsp.Position(*positions.at(end)))
