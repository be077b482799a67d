"""The language server, by pygls: what `lrdsl lsp` runs. It knows the protocol; what there is to say comes from `editing` and `projects`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

import attrs
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.workspace import TextDocument

from lrdsl import __version__
from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError
from lrdsl.editor.editing import Document
from lrdsl.editor.framing import Messages
from lrdsl.editor.positions import Positions
from lrdsl.escaping.visible import visible, visible_lines
from lrdsl.linting.hosts import Embedded, UnreadableError
from lrdsl.linting.projects import check_source, formatted, texts_of
from lrdsl.linting.settings import Settings, SettingsError
from lrdsl.syntax.tokens import MAX_TEXT

#: The kinds of words, in the order in which the protocol numbers them.
KINDS = ("keyword", "function", "parameter", "number", "string", "comment", "variable", "operator")
_COMPLETIONS = {
    "function": lsp.CompletionItemKind.Function,
    "parameter": lsp.CompletionItemKind.Field,
    "unit": lsp.CompletionItemKind.Unit,
    "keyword": lsp.CompletionItemKind.Keyword,
    "value": lsp.CompletionItemKind.Value,
    "name": lsp.CompletionItemKind.Variable,
}
_SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


class _Protocol(LanguageServerProtocol):
    """The protocol, in which every request has an answer, one that cannot be read too."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message in a JSON object. Raises `JsonRpcException` for one that is none."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and isinstance(data.get("id"), int | str):
                self._send_response(data["id"], error=error.to_response_error())
            raise


class _Text(TextDocument):
    """A document whose lines end where the protocol says: Python takes more for ends of lines. They are found once for each source."""

    _lines: tuple[str, tuple[str, ...]] = ("", ())

    @property
    def lines(self) -> Sequence[str]:
        if self._lines[0] is not self.source:
            self._lines = self.source, tuple(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", self.source))
        return self._lines[1]


@attrs.frozen(slots=False)
class _Open:
    """A file that is open, with its settings, and the texts in it."""

    host: TextDocument
    path: Path
    settings: Settings

    @property
    def texts(self) -> list[Embedded]:
        """The texts of the file that may be schedules."""
        return [one for one in texts_of(self.path, self.host.source, self.settings)[0] if len(one.text) <= MAX_TEXT]

    def document(self, one: Embedded) -> Document:
        return Document.of(one.text, self.settings.options(self.path), self.path if self.path.suffix == ".lrs" else None)

    @cached_property
    def positions(self) -> Positions:
        """The positions of the file, in the units of the client."""
        encoding = self.host.position_codec.encoding
        return Positions.of(self.host.source, encoding.value if isinstance(encoding, lsp.PositionEncodingKind) else encoding or "utf-16")

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position."""
        return self.positions.offset(position.line, position.character)

    def at(self, position: lsp.Position) -> tuple[Embedded, Document, int] | None:
        """The text at a position of the file, and the offset in it."""
        offset = self.offset(position)
        for one in self.texts:
            if one.offsets[0] <= offset <= one.offsets[-1]:
                return one, self.document(one), one.offsets.character(offset)
        return None

    def range(self, start: int, end: int) -> lsp.Range:
        """A stretch of the file, in the units of the client."""
        return lsp.Range(self._position(start), self._position(end))

    def within(self, one: Embedded, start: int, end: int) -> lsp.Range:
        """A stretch of a text in the file."""
        return self.range(*one.place(start, end))

    def _position(self, offset: int) -> lsp.Position:
        return lsp.Position(*self.positions.at(offset))

    def edit(self, fix: Fix) -> lsp.TextEdit:
        return lsp.TextEdit(self.range(fix.start, fix.end), fix.replacement)


def server() -> LanguageServer:
    """The server with all that it can do."""
    told: set[str] = set()  # what was wrong with the settings last
    sync = lsp.TextDocumentSyncKind.Incremental
    made = LanguageServer("lrdsl", __version__, sync, protocol_cls=_Protocol, converter_factory=default_converter)

    def opened(uri: str) -> _Open | None:
        """The file at an address, if the editor has it open: no other is read."""
        host = made.workspace.text_documents.get(unquote(uri))
        if host is None:
            return None
        path = _path(host)
        return _Open(host, path, settings_for(path.parent))

    def settings_for(folder: Path) -> Settings:
        try:
            settings, wrong = Settings.of(folder.resolve()), ""
        except (OSError, ValueError, SettingsError) as error:  # an address need not be that of a file
            settings, wrong = Settings(folder), str(error) if isinstance(error, SettingsError) else ""
        if wrong and wrong not in told:
            made.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"lrdsl: {wrong}"))
        told.clear()
        told.add(wrong)
        return settings

    def found(file: _Open) -> tuple[Diagnostic, ...]:
        return check_source(file.path, file.host.source, file.settings).diagnostics

    def publish(uri: str) -> None:
        file = opened(uri)
        if file is None:
            return
        shown = []
        for d in found(file):
            place, text = file.range(d.span.start.offset, d.span.end.offset), f"{visible(d.message)}\n{visible(d.help)}"
            shown.append(lsp.Diagnostic(place, text, severity=_SEVERITIES[d.severity], code=d.code, source="lrdsl"))
        made.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown, file.host.version))

    @made.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenTextDocumentParams) -> None:
        opening = params.text_document
        made.workspace.text_documents[unquote(opening.uri)] = _Text(
            opening.uri, opening.text, opening.version, opening.language_id, sync_kind=sync, position_codec=made.workspace.position_codec
        )
        publish(opening.uri)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        made.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))

    @made.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _(params: lsp.HoverParams) -> lsp.Hover | None:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        shown = None if place is None else place[1].hover(place[2])
        if file is None or place is None or shown is None:
            return None
        extent, text = shown
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, visible_lines(text)), file.within(place[0], *extent))

    @made.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["(", ",", "=", " "]))
    def _(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        return [
            lsp.CompletionItem(s.text, kind=_COMPLETIONS[s.kind], detail=s.detail, documentation=s.doc or None, sort_text=f"{i:04}")
            for i, s in enumerate(place[1].suggestions(place[2]) if place is not None else ())
        ]

    @made.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def _(params: lsp.DefinitionParams) -> lsp.Location | None:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        extent = None if place is None else place[1].definition(place[2])
        return None if file is None or place is None or extent is None else lsp.Location(params.text_document.uri, file.within(place[0], *extent))

    @made.feature(lsp.TEXT_DOCUMENT_RENAME)
    def _(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        extents = [] if place is None or not params.new_name.isidentifier() else place[1].occurrences(place[2])
        if file is None or place is None or not extents:
            return None
        return lsp.WorkspaceEdit({params.text_document.uri: [lsp.TextEdit(file.within(place[0], *extent), params.new_name) for extent in extents]})

    @made.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def _(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        file = opened(params.text_document.uri)
        if file is None:
            return []
        try:
            after = formatted(file.path, file.host.source, file.settings)
        except (ScheduleError, UnreadableError):
            return []
        return [] if after == file.host.source else [file.edit(Fix(0, len(file.host.source), after))]

    @made.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        file = opened(params.text_document.uri)
        if file is None:
            return []
        first, last = (file.offset(p) for p in (params.range.start, params.range.end))
        actions = []
        for d in found(file):
            if d.fix is not None and d.span.start.offset <= last and first <= d.span.end.offset:
                change = lsp.WorkspaceEdit({params.text_document.uri: [file.edit(d.fix)]})
                actions.append(lsp.CodeAction(f"{d.code}: {d.help}", lsp.CodeActionKind.QuickFix, edit=change))
        return actions

    @made.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def _(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        file = opened(params.text_document.uri)
        if file is None:
            return []
        return [lsp.InlayHint(file.within(one, at, at).start, text, padding_left=True) for one in file.texts for at, text in file.document(one).hints()]

    @made.feature(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, lsp.SemanticTokensLegend(list(KINDS), []))
    def _(params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
        file = opened(params.text_document.uri)
        return lsp.SemanticTokens([] if file is None else list(_numbers(file)))

    return made


def _path(host: TextDocument) -> Path:
    """Where a document stands: one that is in no file stands here, and its language says what it is."""
    if host.uri.startswith("file:") and host.path and "\0" not in host.path:
        return Path(host.path)
    return Path("untitled.lrs" if host.language_id in ("lrs", "lrdsl") else f"untitled{Path(host.path or '').suffix or '.lrs'}".replace("\0", ""))


def _numbers(file: _Open) -> Iterator[int]:
    """The words of a file as the protocol counts them: each by its distance from the one before."""
    line, column = 0, 0
    words: list[tuple[Any, str]] = [(file.within(one, *extent), kind) for one in file.texts for extent, kind in file.document(one).words()]
    for stretch, kind in sorted(words, key=lambda word: (word[0].start.line, word[0].start.character)):
        start = stretch.start
        if stretch.end.line == start.line:
            yield from (
                start.line - line,
                start.character - (column if start.line == line else 0),
                stretch.end.character - start.character,
                KINDS.index(kind),
                0,
            )
            line, column = start.line, start.character


def serve() -> None:
    """Serve an editor over standard input and output."""
    stream = sys.stdin.buffer
    read = stream.read1 if hasattr(stream, "read1") else stream.read
    server().start_io(cast(BinaryIO, Messages(lambda: read(1 << 16))))
