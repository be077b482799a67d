"""The language server that `lrdsl lsp` runs, built on pygls. It keeps the open files and their checks; `answers` has the answers to requests."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.workspace import TextDocument

from lrdsl import __version__
from lrdsl.arguments import is_schedule_file
from lrdsl.editor.answers import ANSWERS, Answer
from lrdsl.editor.framing import Messages
from lrdsl.editor.names import RenameError
from lrdsl.editor.open_file import OpenFile, path_of
from lrdsl.escaping.visible import visible
from lrdsl.linting.reports import url
from lrdsl.linting.settings import Settings, SettingsError, SettingsOfFiles
from lrdsl.work import Memory

#: How many seconds the server waits for more keys before it checks a file.
_PAUSE = 0.02
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


def server() -> LanguageServer:
    """Makes the server, with a handler for each request that it answers."""
    files: dict[str, OpenFile] = {}  # the last version of each file
    waiting: dict[str, asyncio.TimerHandle] = {}  # the checks that are to come
    reported: set[str] = set()  # the last error in the settings, so that it is shown once
    sync = lsp.TextDocumentSyncKind.Incremental
    server = LanguageServer("lrdsl", __version__, sync, protocol_cls=_Protocol, converter_factory=default_converter)

    def opened(uri: str) -> OpenFile | None:
        """The file at an address if the editor has it open. Of other files, the server reads only those that it uses."""
        host = server.workspace.text_documents.get(unquote(uri))
        if host is None:
            return None
        path = path_of(host)
        settings, last = settings_for(path.parent), files.get(uri)
        if last is None or (last.host, last.path, last.settings) != (host, path, settings) or last.source != host.source:
            files[uri] = last = version(host, settings, Memory() if last is None or (last.path, last.settings) != (path, settings) else last.memory)
        return last

    def version(host: TextDocument, settings: Settings, memory: Memory) -> OpenFile:
        """This version of a file, which may use the schedule files that are open as the editor has them."""
        memory.turn()
        others = [other for other in server.workspace.text_documents.values() if other.uri.startswith("file:")]
        return OpenFile.of(host, settings, memory, {_real(path): other.source for other in others if is_schedule_file(path := path_of(other))})

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

    def refresh(uri: str) -> None:
        """Reads the open files again that use the file at an address, because it has changed."""
        path = _real(files[uri].path) if uri in files else None
        for other, file in [*files.items()]:
            if path is not None and other != uri and file.uses(path):
                files[other] = version(file.host, file.settings, file.memory)
                publish_later(other)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.workspace.text_documents[unquote(item.uri)] = _Text(
            item.uri, item.text, item.version, item.language_id, sync_kind=sync, position_codec=server.workspace.position_codec
        )
        publish(item.uri)
        refresh(item.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeTextDocumentParams) -> None:
        publish_later(params.text_document.uri)
        refresh(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        forget(params.text_document.uri)
        refresh(params.text_document.uri)
        files.pop(params.text_document.uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))

    def register(method: str, answer: Answer) -> None:
        """Adds the handler of a request. One that is refused is answered with an error of the protocol, which editors show."""

        def handle(params: Any) -> Any:
            file = opened(params.text_document.uri)
            try:
                return answer.make(file, params) if file is not None else answer.nothing()
            except RenameError as error:
                raise JsonRpcException(visible(str(error)), lsp.LSPErrorCodes.RequestFailed) from None

        server.feature(method, answer.options)(handle)

    for method, answer in ANSWERS.items():
        register(method, answer)
    return server


def _real(path: Path) -> Path:
    """A path without links, by which files know those that they use."""
    return Path(os.path.realpath(path))


def serve() -> None:
    """Serves an editor over standard input and output."""
    stream = sys.stdin.buffer
    read = stream.read1 if hasattr(stream, "read1") else stream.read
    server().start_io(cast(BinaryIO, Messages(lambda: read(1 << 16))))
