"""Tests of the language server through its protocol: a client starts it and speaks JSON-RPC over pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrdsl.editor.answers import KINDS

_TEXT = "# 𝕏\nlet warm = 5\ndef f(n) = warmup(warm) then cosine(n, to=0.1x)\nlr = f(95)  # 𝕏𝕏\nmomentum = hold(at=0.9) # 𝕏 warm\n"


class Client:
    """A client that speaks to the server as an editor does."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "lrdsl", "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.folder, self.number, self.published, self.shown = folder, 0, dict[str, list[Any]](), list[str]()
        self.capabilities = self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})["capabilities"]
        self.tell("initialized", {})

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline().strip()) or not length:
            assert line or self.process.poll() is None
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "window/showMessage":
            self.shown.append(message["params"]["message"])
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def tell(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.number or "method" in message:
            pass
        assert "error" not in message, message
        return message["result"]

    def open(self, name: str, text: str) -> str:
        """Open a file; gives its address after its diagnostics have come."""
        uri = (self.folder / name).as_uri()
        self.published.pop(uri, None)
        self.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "lrs", "version": 1, "text": text}})
        while uri not in self.published:
            self.receive()
        return uri

    def at(self, method: str, uri: str, line: int, character: int, **more: Any) -> Any:
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}, **more})

    def close(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        assert self.process.wait(20) == 0
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    found = Client(tmp_path_factory.mktemp("server"))
    yield found
    found.close()


@pytest.fixture
def client(server: Client, tmp_path: Path) -> Client:
    """The client of all tests, in a folder of this one."""
    server.folder = tmp_path
    server.published.clear()
    server.shown.clear()
    return server


def spans(edits: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    return sorted((e["range"]["start"]["line"], e["range"]["start"]["character"], e["range"]["end"]["character"]) for e in edits)


def test_diagnostics_and_quick_fixes(client: Client) -> None:
    uri = client.open("a.yaml", 'x: "𝕏𝕏"\nschedule: "hold(3) then restart linear(5)"  # 𝕏\nother_schedule: \'𝕏\' # lrs\n')
    first, second = client.published[uri]
    assert (first["code"], first["range"]["start"]) == ("LR307", {"line": 1, "character": 24})
    assert (second["code"], second["range"]) == ("LR101", {"start": {"line": 2, "character": 17}, "end": {"line": 2, "character": 19}}), "UTF-16: two units"
    (action,) = client.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": first["range"], "context": {"diagnostics": []}})
    assert action["edit"]["changes"][uri] == [{"range": {"start": {"line": 1, "character": 24}, "end": {"line": 1, "character": 32}}, "newText": ""}]
    change = {"range": {"start": {"line": 1, "character": 24}, "end": {"line": 1, "character": 32}}, "text": ""}
    client.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]})
    client.published.clear()
    while uri not in client.published:
        client.receive()
    assert [d["code"] for d in client.published[uri]] == ["LR101"]


def test_settings_that_are_wrong_are_said_once(client: Client) -> None:
    (client.folder / "pyproject.toml").write_text("[tool.lrdsl]\nselct = []\n", "utf-8")
    for name in ("a.lrs", "b.lrs"):
        uri = client.open(name, "cosin(3)\n")
        assert [d["code"] for d in client.published[uri]] == ["LR101"]
    (message,) = client.shown
    assert "no setting `selct`" in message


def test_hover(client: Client) -> None:
    uri = client.open("a.lrs", _TEXT.replace("f(95)", "warmup(5) then cosine(95)"))
    shown = client.at("hover", uri, 3, 6)["contents"]["value"]
    assert "warmup(n, from=0, shape=linear" in shown
    assert "ticks 0 … 5, length 5, level 0 → 1" in shown
    assert "The learning rate warms up linearly over 5 steps to the base value, then follows a half cosine" in shown
    assert "```text\nη₀·t/5" in shown
    assert client.at("hover", uri, 3, 1)["contents"]["value"].startswith("The learning rate warms up linearly")
    assert "the level it ends at" in client.at("hover", uri, 2, 39)["contents"]["value"]
    assert client.at("hover", uri, 0, 0) is None


def test_completion(client: Client) -> None:
    uri = client.open("a.lrs", "lr = warmup(5, sh)\nx = plateau(mode=)\ny = hold(5 )\nz = \n")

    def offered(line: int, character: int) -> list[str]:
        return [item["label"] for item in client.at("completion", uri, line, character)]

    assert offered(0, 15)[:3] == ["n=", "from=", "shape="]
    assert offered(1, 17) == ["min", "max"]
    assert {"ep", "steps", "%", "x"} <= set(offered(2, 11))
    assert {"cosine", "restarts", "hf.cosine", "rest", "then"} <= set(offered(3, 4))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.yaml", "lr_schedule: war"),
        ("a.yaml", "lr_schedule: "),
        ("a.yaml", 'lr_schedule: "war'),
        ("a.toml", 'lr_schedule = "war'),
        ("a.json", '{"lr_schedule": "war'),
        ("a.py", 'lr_schedule = "war'),
        ("a.toml", "lr_schedule = "),
        ("a.toml", "lr_schedule = war"),
        ("a.json", '{"lr_schedule": '),
    ],
)
def test_completion_where_a_schedule_begins(client: Client, name: str, line: str) -> None:
    """A file that cannot be read, because a quote is open or for an error before it, has completions too."""
    for text in (line, f"{line}\n", f"x: ]\n{line}\n"):
        uri = client.open(name, text)
        place = text.count("\n", 0, text.index(line))
        assert "warmup" in [item["label"] for item in client.at("completion", uri, place, len(line))]
        assert client.at("completion", uri, place, 1) == []


@pytest.mark.parametrize(
    ("name", "text", "inserted"),
    [
        ("a.toml", "lr_schedule = ", '"warmup"'),
        ("a.json", '{"lr_schedule": war', '"warmup"'),
        ("a.toml", 'lr_schedule = "war', None),
        ("a.yaml", "lr_schedule: war", None),
        ("a.toml", "lr_schedule = true", ""),
        ("a.json", '{"lr_schedule": null', ""),
        ("a.py", "lr_schedule = war", ""),
    ],
)
def test_completion_brings_the_quotes_that_a_value_lacks(client: Client, name: str, text: str, inserted: str | None) -> None:
    items = {item["label"]: item.get("insertText") for item in client.at("completion", client.open(name, text), 0, len(text))}
    assert items.get("warmup", "") == inserted


def test_hover_in_a_file_with_an_error(client: Client) -> None:
    uri = client.open("a.yaml", "x: [\n𝕏: ]\nlr_schedule: warmup(5) then cosine(95)\ny: ]\n")
    hover = client.at("hover", uri, 2, 15)
    assert "ticks 0 … 5" in hover["contents"]["value"]
    assert hover["range"] == {"start": {"line": 2, "character": 13}, "end": {"line": 2, "character": 19}}


def test_definition_and_rename(client: Client) -> None:
    uri = client.open("a.lrs", _TEXT)
    assert client.at("definition", uri, 2, 20)["range"]["start"] == {"line": 1, "character": 4}
    assert client.at("definition", uri, 2, 36)["range"]["start"] == {"line": 2, "character": 6}, "a parameter of the function"
    assert client.at("definition", uri, 3, 5)["range"]["start"] == {"line": 2, "character": 4}
    edits = client.at("rename", uri, 1, 5, newName="w")["changes"][uri]
    assert spans(edits) == [(1, 4, 8), (2, 18, 22)]
    assert "is not a name" in refused(client, uri, 3, 6, "not a name")


def refused(client: Client, uri: str, line: int, character: int, word: str) -> str:
    """The message with which the server refuses to rename."""
    client.number += 1
    position = {"line": line, "character": character}
    client.send({"id": client.number, "method": "textDocument/rename", "params": {"textDocument": {"uri": uri}, "position": position, "newName": word}})
    while (answer := client.receive()).get("id") != client.number:
        pass
    assert answer["error"]["code"] == -32803
    message: str = answer["error"]["message"]
    return message


def test_rename_of_parameters_and_refusals(client: Client) -> None:
    uri = client.open("a.lrs", _TEXT)
    assert client.at("prepareRename", uri, 2, 37) == {
        "range": {"start": {"line": 2, "character": 36}, "end": {"line": 2, "character": 37}},
        "placeholder": "n",
    }
    assert spans(client.at("rename", uri, 2, 36, newName="length")["changes"][uri]) == [(2, 6, 7), (2, 36, 37)]
    assert "another parameter" in refused(client, uri, 1, 5, "n")
    assert "only names that the text defines" in refused(client, uri, 2, 12, "x")
    assert "there is no schedule here" in refused(client, client.open("b.yaml", "a: 3\n"), 0, 1, "x")


def test_reports_carry_the_address_of_their_explanation(client: Client) -> None:
    for name, text, code in (
        ("a.lrs", "cosin(3)\n", "lr101-unknown-shape"),
        ("b.lrs", "lr = cosine(95)  # lrs: ignore[LR307]\n", "lr901-comment-that-silences-nothing"),
    ):
        (report,) = client.published[client.open(name, text)]
        assert report["codeDescription"]["href"].endswith(f"rules.md#{code}")
    (note,) = client.published[client.open("c.yaml", 'lr_schedule: "cosine(${n})"\n')]
    assert note["severity"] == 3, "a note is information"


@pytest.mark.parametrize(
    ("uri", "language", "text", "codes"),
    [
        ("untitled:Untitled-1", "lrs", "cosin(3)\n", ["LR101"]),
        ("untitled:Untitled-2", "yaml", 'lr_schedule: "cosin(3)"\n', ["LR101"]),
        ("untitled:Untitled-3", "python", "x = cosin(3)\n", []),
        ("untitled:Untitled-4", "plaintext", "Dear all,\n", []),
        ("untitled:Untitled-5", "python", 'import lrdsl\nlrdsl.parse("cosin(3)")\n', ["LR101"]),
        ("vscode-notebook-cell:/a.ipynb#W0", "python", 'lr_schedule = "cosin(3)"\n', ["LR101"]),
        ("untitled:/home/a.toml", "plaintext", 'lr_schedule = "cosin(3)"\n', ["LR101"]),
    ],
)
def test_a_document_that_is_not_saved_is_read_by_its_language(client: Client, uri: str, language: str, text: str, codes: list[str]) -> None:
    client.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}})
    while uri not in client.published:
        client.receive()
    assert [d["code"] for d in client.published.pop(uri)] == codes
    client.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    while uri not in client.published:
        client.receive()
    assert client.published[uri] == []


def test_formatting(client: Client) -> None:
    uri = client.open("a.lrs", "lr=cosine( 20 ) # 𝕏\n")
    (edit,) = client.ask("textDocument/formatting", {"textDocument": {"uri": uri}, "options": {"tabSize": 4, "insertSpaces": True}})
    assert (edit["newText"], edit["range"]) == (" = cosine(20) ", {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 15}})
    wrong = client.open("b.lrs", "lr = cosine(\n")
    assert client.ask("textDocument/formatting", {"textDocument": {"uri": wrong}, "options": {"tabSize": 4, "insertSpaces": True}}) == []


def test_inlay_hints(client: Client) -> None:
    uri = client.open("a.lrs", "# 𝕏\nset epoch = 100 steps\nlr = warmup(5ep) then cosine(500)\n")
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    hints = client.ask("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": everything})
    assert [(h["position"]["line"], h["position"]["character"], h["label"]) for h in hints if h["position"]["line"] == 2] == [
        (2, 16, "0 … 500: 0 → 1"),
        (2, 33, "500 … 1_000: 1 → 0"),
        (2, 15, "500 ticks"),
    ]


def test_semantic_tokens(client: Client) -> None:
    uri = client.open("a.lrs", "lr = cosine(20, to=0.1x)  # 𝕏\nmomentum = hold\n")
    data = client.ask("textDocument/semanticTokens/full", {"textDocument": {"uri": uri}})["data"]
    words, line, column = [], 0, 0
    for i in range(0, len(data), 5):
        line, column = line + data[i], data[i + 1] + (column if data[i] == 0 else 0)
        words.append((line, column, data[i + 2], KINDS[data[i + 3]]))
    assert (0, 5, 6, "function") in words
    assert (0, 16, 2, "parameter") in words
    assert (0, 26, 4, "comment") in words
    assert (1, 0, 8, "variable") in words


def test_files_that_cannot_be_read_are_said_so(client: Client) -> None:
    uri = client.open("a.yaml", "schedule: [\n")
    assert [d["code"] for d in client.published[uri]] == ["LR903"]
    assert client.at("hover", uri, 0, 3) is None


def test_what_comes_and_goes_while_one_types_a_program_is_not_said(client: Client) -> None:
    theirs = "from torch.optim.lr_scheduler import StepLR\ns = StepLR(optimizer, 30"
    for i, (source, codes) in enumerate(
        [
            ("lr_schedule = 'cosin(3)'\nf(x, ", ["LR101"]),
            ("lr_schedule = 'cosin(3)'\nx = 'a", ["LR101"]),
            ("lr_schedule = 'cosin(3)'\nx = )", ["LR101"]),
            (theirs, []),
            (f"{theirs})\n", []),
            ("lr_schedule = 'cosin(3)'\nx = 1\0\n", ["LR101", "LR903"]),
            (f"{theirs})\nx = 1\0\n", ["LR903"]),
            (f"{theirs})\nprint 'a'\n", ["LR903"]),
            ("lr_schedule = f'warmup({n}) then cosine(rest)'\n", ["LR903"]),
        ]
    ):
        uri = client.open(f"typed{i}.py", source)
        assert [d["code"] for d in client.published[uri]] == codes, source
