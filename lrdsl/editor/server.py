"""The language server that `lrdsl lsp` runs, built on pygls. It only speaks the protocol: the answers come from `editing`, and diagnostics from `projects`."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from lrdsl.editor.names import RenameError
from lrdsl.editor.padding import padded
from lrdsl.editor.positions import Positions
from lrdsl.escaping.visible import visible, visible_lines
from lrdsl.linting.checker import Checker, File
from lrdsl.linting.hosts import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.tolerant import text_at
from lrdsl.linting.projects import formatted
from lrdsl.linting.reports import url
from lrdsl.linting.settings import Settings, SettingsError, SettingsOfFiles
from lrdsl.syntax.tokens import MAX_TEXT
from lrdsl.work import Memory, remembering

#: The kinds of words to colour. Their order gives the numbers that the protocol uses.
KINDS = ("keyword", "function", "parameter", "number", "string", "comment", "variable", "operator")
_COMPLETIONS = {
    "function": lsp.CompletionItemKind.Function,
    "parameter": lsp.CompletionItemKind.Field,
    "unit": lsp.CompletionItemKind.Unit,
    "keyword": lsp.CompletionItemKind.Keyword,
    "value": lsp.CompletionItemKind.Value,
    "name": lsp.CompletionItemKind.Variable,
}
#: How many seconds the server waits for more keys before it checks a file.
_PAUSE = 0.02
#: The ending of the files of a language, by the name that editors give it.
_LANGUAGES = {"lrs": ".lrs", "lrdsl": ".lrs", "yaml": ".yaml", "toml": ".toml", "json": ".json", "jsonc": ".jsonc", "python": ".py"}
_SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning, "note": lsp.DiagnosticSeverity.Information}


class _Protocol(LanguageServerProtocol):
    """The protocol, with an answer to every request, even to one that cannot be read."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message in a JSON object. Raises `JsonRpcException` for an object that is no message."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and isinstance(data.get("id"), int | str):
                self._send_response(data["id"], error=error.to_response_error())
            raise


class _Text(TextDocument):
    """A document whose lines end where the protocol says. Python's `splitlines` knows more line ends. The lines are split once per source."""

    _lines: tuple[str, tuple[str, ...]] = ("", ())

    @property
    def lines(self) -> Sequence[str]:
        if self._lines[0] is not self.source:
            self._lines = self.source, tuple(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", self.source))
        return self._lines[1]


@contextmanager
def _refusals() -> Iterator[None]:
    """Answers a request that is refused with an error of the protocol, which editors show."""
    try:
        yield
    except RenameError as error:
        raise JsonRpcException(visible(str(error)), lsp.LSPErrorCodes.RequestFailed) from None


@attrs.frozen(slots=False)
class _OpenFile:
    """A version of a file that is open in the editor, with its settings and its schedules. What is read of it is kept, in the `memory` of the file."""

    host: TextDocument
    source: str
    path: Path
    settings: Settings
    memory: Memory
    _documents: dict[str, Document] = attrs.field(factory=dict, eq=False)

    @cached_property
    def file(self) -> File:
        """The file with its schedules."""
        if self.path.suffix.lower() == ".lrs" and not self.source.startswith("\ufeff"):
            return File(self.path, self.source, self.settings, (padded(self.source),), None)
        return File.of(self.path, self.source, self.settings)

    @property
    def texts(self) -> list[Embedded]:
        """The schedules in the file, without those that are too long to parse."""
        return [embedded for embedded in self.file.texts if len(embedded.text) <= MAX_TEXT]

    @cached_property
    def problems(self) -> list[Diagnostic]:
        """The problems of the file."""
        with remembering(self.memory):
            problems = [p.diagnostic for p in Checker.of(self.path, self.settings).check(self.file)]
        return sorted(problems, key=lambda d: (d.span.start.offset, d.code))

    def document(self, embedded: Embedded) -> Document:
        """The document of a schedule in the file."""
        if embedded.text not in self._documents:
            library = self.path if self.path.suffix == ".lrs" else None
            self._documents[embedded.text] = Document.of(embedded.text, self.settings.options(self.path), library, self.memory)
        return self._documents[embedded.text]

    @cached_property
    def positions(self) -> Positions:
        """The positions in the file, in the client's units."""
        encoding = self.host.position_codec.encoding
        return Positions.of(self.source, encoding.value if isinstance(encoding, lsp.PositionEncodingKind) else encoding or "utf-16")

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
        return lsp.Range(self._position(start), self._position(end))

    def within(self, embedded: Embedded, start: int, end: int) -> lsp.Range:
        """A stretch of a schedule in the file as a range of the protocol."""
        return self.range(*embedded.place(start, end))

    def _position(self, offset: int) -> lsp.Position:
        return lsp.Position(*self.positions.at(offset))

    def edit(self, fix: Fix) -> lsp.TextEdit:
        return lsp.TextEdit(self.range(fix.start, fix.end), fix.replacement)


def server() -> LanguageServer:
    """Makes the server, with a handler for each request that it answers."""
    files: dict[str, _OpenFile] = {}  # the last version of each file
    waiting: dict[str, asyncio.TimerHandle] = {}  # the checks that are to come
    reported: set[str] = set()  # the last error in the settings, so that it is shown once
    sync = lsp.TextDocumentSyncKind.Incremental
    server = LanguageServer("lrdsl", __version__, sync, protocol_cls=_Protocol, converter_factory=default_converter)

    def opened(uri: str) -> _OpenFile | None:
        """The file at an address if the editor has it open. The server reads no other file."""
        host = server.workspace.text_documents.get(unquote(uri))
        if host is None:
            return None
        path = _path(host)
        settings, last = settings_for(path.parent), files.get(uri)
        if last is None or (last.host, last.path, last.settings) != (host, path, settings) or last.source != host.source:
            memory = Memory() if last is None or (last.path, last.settings) != (path, settings) else last.memory
            memory.turn()
            files[uri] = last = _OpenFile(host, host.source, path, settings, memory)
        return last

    def settings_for(folder: Path) -> Settings:
        """The settings of a folder; the default settings, and a message to the user, if they are wrong."""
        try:
            settings, problem = SettingsOfFiles().of_folder(folder), ""
        except (OSError, ValueError, SettingsError) as error:  # the address may not be that of a file
            settings, problem = Settings(folder), str(error) if isinstance(error, SettingsError) else ""
        if problem and problem not in reported:
            server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"lrdsl: {problem}"))
        reported.clear()
        reported.add(problem)
        return settings

    def publish(uri: str) -> None:
        """Sends the diagnostics of a file to the client."""
        file = opened(uri)
        if file is None:
            return
        diagnostics = []
        for d in file.problems:
            place, text = file.range(d.span.start.offset, d.span.end.offset), f"{visible(d.message)}\n{visible(d.help)}"
            about = lsp.CodeDescription(url(d.code))
            diagnostics.append(lsp.Diagnostic(place, text, severity=_SEVERITIES[d.severity], code=d.code, code_description=about, source="lrdsl"))
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, diagnostics, file.host.version))

    def publish_later(uri: str) -> None:
        """Checks a file when no more keys come. Each key puts the check off, so that only the last text is checked."""
        forget(uri)
        waiting[uri] = asyncio.get_running_loop().call_later(_PAUSE, publish, uri)

    def forget(uri: str) -> None:
        """Cancels the check that is to come."""
        timer = waiting.pop(uri, None)
        if timer is not None:
            timer.cancel()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.workspace.text_documents[unquote(item.uri)] = _Text(
            item.uri, item.text, item.version, item.language_id, sync_kind=sync, position_codec=server.workspace.position_codec
        )
        publish(item.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeTextDocumentParams) -> None:
        publish_later(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        forget(params.text_document.uri)
        files.pop(params.text_document.uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def _(params: lsp.HoverParams) -> lsp.Hover | None:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        hover = None if place is None else place[1].hover(place[2])
        if file is None or place is None or hover is None:
            return None
        extent, text = hover
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, visible_lines(text)), file.within(place[0], *extent))

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["(", ",", "=", " "]))
    def _(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        return [
            lsp.CompletionItem(s.text, kind=_COMPLETIONS[s.kind], detail=s.detail, documentation=s.doc or None, sort_text=f"{i:04}")
            for i, s in enumerate(place[1].suggestions(place[2]) if place is not None else ())
        ]

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def _(params: lsp.DefinitionParams) -> lsp.Location | None:
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        extent = None if place is None else place[1].definition(place[2])
        return None if file is None or place is None or extent is None else lsp.Location(params.text_document.uri, file.within(place[0], *extent))

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def _(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder:
        with _refusals():
            file, embedded, document, offset = renamable(params)
            symbol = document.symbol(offset)
            return lsp.PrepareRenamePlaceholder(file.within(embedded, *(symbol.at(offset) or (offset, offset))), symbol.word)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def _(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        with _refusals():
            file, embedded, document, offset = renamable(params)
            fixes = document.renamed(offset, params.new_name)
            return lsp.WorkspaceEdit({params.text_document.uri: [lsp.TextEdit(file.within(embedded, f.start, f.end), f.replacement) for f in fixes]})

    def renamable(params: lsp.PrepareRenameParams | lsp.RenameParams) -> tuple[_OpenFile, Embedded, Document, int]:
        """The file, the schedule and the place in it that a rename is about. Raises `RenameError` if there is no schedule."""
        file = opened(params.text_document.uri)
        place = None if file is None else file.at(params.position)
        if file is None or place is None:
            raise RenameError("there is no schedule here")
        return (file, *place)

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def _(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        file = opened(params.text_document.uri)
        if file is None:
            return []
        try:
            after = formatted(file.path, file.source, file.settings)
        except (ScheduleError, UnreadableError):
            return []
        return [] if after == file.source else [file.edit(Fix(0, len(file.source), after))]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        file = opened(params.text_document.uri)
        if file is None:
            return []
        first, last = (file.offset(p) for p in (params.range.start, params.range.end))
        actions = []
        for d in file.problems:
            if d.fix is not None and d.span.start.offset <= last and first <= d.span.end.offset:
                change = lsp.WorkspaceEdit({params.text_document.uri: [file.edit(d.fix)]})
                actions.append(lsp.CodeAction(f"{d.code}: {d.help}", lsp.CodeActionKind.QuickFix, edit=change))
        return actions

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def _(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        file = opened(params.text_document.uri)
        if file is None:
            return []
        hints = [(embedded, at, text) for embedded in file.texts for at, text in file.document(embedded).hints()]
        return [lsp.InlayHint(file.within(embedded, at, at).start, text, padding_left=True) for embedded, at, text in hints]

    @server.feature(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, lsp.SemanticTokensLegend(list(KINDS), []))
    def _(params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
        file = opened(params.text_document.uri)
        return lsp.SemanticTokens([] if file is None else list(_token_data(file)))

    return server


def _path(host: TextDocument) -> Path:
    """The path of a document. One that is not saved yet gets a name in the current folder, with the ending of its language, or else of its address."""
    if host.uri.startswith("file:") and host.path and "\0" not in host.path:
        return Path(host.path)
    return Path(f"untitled{_LANGUAGES.get(host.language_id or '') or Path(host.path or '').suffix}".replace("\0", ""))


def _token_data(file: _OpenFile) -> Iterator[int]:
    """The words of a file as the protocol's numbers: five for each word, which give its distance from the word before, its length and its kind."""
    line, column = 0, 0
    words: list[tuple[Any, str]] = [(file.within(embedded, *extent), kind) for embedded in file.texts for extent, kind in file.document(embedded).words()]
    for word, kind in sorted(words, key=lambda word: (word[0].start.line, word[0].start.character)):
        start = word.start
        if word.end.line == start.line:
            yield from (
                start.line - line,
                start.character - (column if start.line == line else 0),
                word.end.character - start.character,
                KINDS.index(kind),
                0,
            )
            line, column = start.line, start.character


def serve() -> None:
    """Serves an editor over standard input and output."""
    stream = sys.stdin.buffer
    read = stream.read1 if hasattr(stream, "read1") else stream.read
    server().start_io(cast(BinaryIO, Messages(lambda: read(1 << 16))))
