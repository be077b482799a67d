"""Tests of what the language server does while a user types: keys are checked together, and each costs what it changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument, Workspace

from lrdsl.editor import server as module
from lrdsl.editor.editing import Document
from lrdsl.editor.open_file import OpenFile
from lrdsl.editor.padding import padded
from lrdsl.linting.settings import Settings
from lrdsl.work import Memory, remembering
from tests.bench.editor import large


class Timers:
    """Stands for the loop of events: keeps the calls that are to come."""

    def __init__(self) -> None:
        self.calls: list[Timers.Timer] = []

    class Timer:
        def __init__(self, call: Callable[[], None]) -> None:
            self.call, self.cancelled = call, False

        def cancel(self) -> None:
            self.cancelled = True

    def call_later(self, _seconds: float, call: Callable[..., None], *arguments: Any) -> Timer:
        self.calls.append(Timers.Timer(lambda: call(*arguments)))
        return self.calls[-1]

    def run(self) -> int:
        """Makes the calls that were not cancelled; returns how many."""
        due = [timer for timer in self.calls if not timer.cancelled]
        self.calls = []
        for timer in due:
            timer.call()
        return len(due)


class Typist:
    """A server without a client, and the diagnostics that it publishes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.timers, self.published = Timers(), list[lsp.PublishDiagnosticsParams]()
        monkeypatch.setattr(module.asyncio, "get_running_loop", lambda: self.timers)
        self.server: LanguageServer = module.server()
        self.server.protocol._workspace = Workspace(folder.as_uri(), lsp.TextDocumentSyncKind.Incremental)
        monkeypatch.setattr(self.server, "text_document_publish_diagnostics", self.published.append)
        self.uri, self.version = (folder / "a.lrs").as_uri(), 1

    def tell(self, method: str, params: Any) -> Any:
        return self.server.protocol.fm.features[method](params)

    def open(self, text: str) -> None:
        item = lsp.TextDocumentItem(self.uri, "lrs", 1, text)
        self.server.workspace.put_text_document(item)
        self.tell(lsp.TEXT_DOCUMENT_DID_OPEN, lsp.DidOpenTextDocumentParams(item))

    def change(self, text: str) -> None:
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        changes: list[Any] = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.server.workspace.update_text_document(document, changes[0])
        self.tell(lsp.TEXT_DOCUMENT_DID_CHANGE, lsp.DidChangeTextDocumentParams(document, changes))

    def close(self) -> None:
        self.tell(lsp.TEXT_DOCUMENT_DID_CLOSE, lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(self.uri)))

    def codes(self) -> list[list[Any]]:
        """The codes of the diagnostics of each publication since the last call."""
        codes = [[d.code for d in params.diagnostics] for params in self.published]
        self.published.clear()
        return codes


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typist:
    return Typist(tmp_path, monkeypatch)


def test_keys_that_come_together_are_checked_once(typist: Typist) -> None:
    typist.open("lr = hold(3)\n")
    assert typist.codes() == [[]]
    for text in ("lr = hol(3)\n", "lr = ho(3)\n", "lr = hos(3)\n", "lr = cosin(3)\n"):
        typist.change(text)
    assert typist.codes() == []
    assert typist.timers.run() == 1
    assert typist.codes() == [["LR101"]]
    assert typist.timers.run() == 0


def test_a_closed_file_has_no_diagnostics(typist: Typist) -> None:
    typist.open("lr = cosin(3)\n")
    typist.change("lr = hos(3)\n")
    typist.close()
    assert typist.codes() == [["LR101"], []]
    assert typist.timers.run() == 0


def test_a_version_is_read_once(typist: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hover, tokens and hints of one version share one document."""
    made: list[str] = []
    of = Document.of
    monkeypatch.setattr(Document, "of", lambda text, *more: made.append(text) or of(text, *more))
    typist.open("lr = hold(3)\n")
    for version in range(3):
        typist.change(f"lr = hold({version})\n")
        document = lsp.TextDocumentIdentifier(typist.uri)
        for _ in range(2):
            typist.tell(lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(document, lsp.Position(0, 5)))
            typist.tell(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, lsp.SemanticTokensParams(document))
            typist.tell(lsp.TEXT_DOCUMENT_INLAY_HINT, lsp.InlayHintParams(document, lsp.Range(lsp.Position(0, 0), lsp.Position(1, 0))))
    assert len(made) == 3


def test_a_key_costs_what_it_changed() -> None:
    """In a file of 60 statements, a key in one target reads one statement, and one target for each of the checks: for levels, and for people."""
    text, memory = large(), Memory()
    at = text.index("hold(5ep)", len(text) // 2)
    for n in ("", "1", ""):
        typed = padded(f"{text[: at + 5]}{n}{text[at + 5 :]}").text
        memory.turn()
        memory.made.clear()
        document = Document.of(typed, {}, None, memory)
        with remembering(memory):
            assert document.hover(typed.index("hold(", at)) is not None
            assert len(list(document.hints())) > 100
    assert memory.made == {"text": 1, "tree": 1, "target": 2, "rows": 1}


def test_the_rules_cost_little_more() -> None:
    """Rules that leave out a part of a text, to see what it changes, read the target that it stands in, and no other."""
    text, memory = large(), Memory()
    at = text.index("hold(5ep)", len(text) // 2)
    for n in ("", "1", ""):
        memory.turn()
        memory.made.clear()
        host = TextDocument("file:///large.lrs", f"{text[: at + 5]}{n}{text[at + 5 :]}", language_id="lrs")
        assert OpenFile.of(host, Settings(Path()), memory, {}).problems
    assert memory.made["target"] < 20
