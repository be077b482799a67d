"""Tests of the language server with a client that breaks the protocol: the server survives, and answers what it can."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.editor.framing import LARGEST, Messages
from tests.editor.test_lsp import Client

_FAR = 2**31 - 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    found = Client(tmp_path_factory.mktemp("protocol"))
    yield found
    found.close()


def raw(client: Client, data: bytes) -> None:
    assert client.process.stdin is not None
    client.process.stdin.write(data)
    client.process.stdin.flush()


def answer(client: Client, method: str, params: Any, **more: Any) -> dict[str, Any]:
    """The answer to a request, an error too."""
    client.number += 1
    client.send({"id": client.number, "method": method, "params": params, **more})
    while (message := client.receive()).get("id") != client.number or "method" in message:
        pass
    return message


def lives(client: Client) -> None:
    """The server says what is wrong with a file, and hovers over it."""
    uri = client.open("alive.lrs", "lr = cosine(20) then cosin(3)\n")
    assert [d["code"] for d in client.published[uri]] == ["LR101"]
    assert "cosine" in client.at("hover", uri, 0, 6)["contents"]["value"]


#: Bytes that are no message, each followed by one that is.
RUBBISH = [
    b"Content-Length: -1\r\n\r\n{}", b"Content-Length: NaN\r\n\r\n{}", b"Content-Length: \r\n\r\n{}", b"Content-Length: 0\r\n\r\n", b"Content-Length: 1e3\r\n\r\n{}", b"\r\n\r\n\r\n",
    b"Content-Length: 99999999999999999999\r\n\r\n{}", b"Content-Length: " + b"9" * 6000 + b"\r\n\r\n{}", b"Content-Length: 999999999\r\n\r\n{}", b"Content-Length: 0x10\r\n\r\n{}", b"{}", b"\0\xff" * 99,
    b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}', b"Content-Type: application/vscode-jsonrpc\r\n\r\n{}", b"Content-Length: 50\r\n\r\n{}", b"Content-Length: 1\r\n\r\n{}", b"Content-Length: 5\r\n",
    b"Content-Length: 2\r\n\r\n\xff\xfe", b"Content-Length: 4\r\n\r\nnull", b"Content-Length: 2\r\n\r\n[]", b"Content-Length: 3\r\n\r\n\"a\"", b"Content-Length: 3\r\n\r\nNaN", b"Content-Length: 6\r\n\r\n[[[[[[",
    b"Content-Length: 200000\r\n\r\n" + b"[" * 200000, b"Content-Length: 6000\r\n\r\n" + b"9" * 6000, b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", b"x" * 100_000, b"Content-Length: 2\r\n" * 999,
]  # fmt: skip


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_bytes_that_are_no_message(shared: Client, rubbish: bytes) -> None:
    raw(shared, rubbish)
    lives(shared)


def test_headers_as_others_write_them(shared: Client) -> None:
    for header in (b"content-length:%d\n\n", b"Content-Type: x\r\nContent-Length: %d\r\nX-More: y\r\n\r\n", b"CONTENT-LENGTH: %d \r\n\r\n"):
        shared.number += 1
        body = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": shared.number,
                "method": "textDocument/hover",
                "params": {"textDocument": {"uri": "file:///x.lrs"}, "position": {"line": 0, "character": 0}},
            }
        ).encode()
        raw(shared, header % len(body) + body)
        while (message := shared.receive()).get("id") != shared.number:
            pass
        assert message["result"] is None


#: Messages in JSON that are none of the protocol.
WRONG = [
    {"jsonrpc": "2.0"}, {"jsonrpc": "1.0", "id": 1, "method": "shutdown"}, {"jsonrpc": "2.0", "method": 5}, {"jsonrpc": "2.0", "id": {}, "method": "x"}, {"jsonrpc": "2.0", "id": [], "result": 1},
    {"jsonrpc": "2.0", "id": 99, "result": None}, {"jsonrpc": "2.0", "id": 99, "error": {"code": 1, "message": "x"}}, {"jsonrpc": "2.0", "id": 99, "error": 5}, {"jsonrpc": "2.0", "method": "$/cancelRequest"},
    {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": None}, {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 12345}}, {"jsonrpc": "2.0", "method": "nothing/known", "params": [1]},
    {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": None}, {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": 5, "text": []}}},
    {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///not/open.lrs", "version": 1}, "contentChanges": [{"text": "x"}]}},
    {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///not/open.lrs", "version": 1}, "contentChanges": [{}, 5, None]}},
    {"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///not/open.lrs"}}}, {"jsonrpc": "2.0", "method": "workspace/didChangeConfiguration", "params": 5},
    {"jsonrpc": "2.0", "method": "initialized", "params": {"jsonrpc": "2.0", "id": 3, "method": "x"}}, {"method": "shutdown", "id": 3}, {"jsonrpc": None}, {"jsonrpc": "2.0", "method": "textDocument/didSave"},
]  # fmt: skip


@pytest.mark.parametrize("message", WRONG, ids=range(len(WRONG)))
def test_json_that_is_no_message(shared: Client, message: dict[str, Any]) -> None:
    raw(shared, b"Content-Length: %d\r\n\r\n" % len(body := json.dumps(message).encode()) + body)
    lives(shared)


METHODS = (
    "prepareRename", "hover", "completion", "signatureHelp", "definition", "references", "documentSymbol", "rename", "formatting", "rangeFormatting", "codeAction", "inlayHint", "semanticTokens/full",
)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_every_request_has_an_answer(shared: Client, method: str) -> None:
    """Of the wrong type, about a file that is not open, and at places that are not there."""
    uri = shared.open("a.lrs", "let w = 5\nlr = cosine(w)  # 𝕏")
    empty = shared.open("empty.lrs", "")
    shared.tell("textDocument/didOpen", {"textDocument": {"uri": "file:///closed.lrs", "languageId": "lrs", "version": 1, "text": "cosin(3)"}})
    shared.tell("textDocument/didClose", {"textDocument": {"uri": "file:///closed.lrs"}})
    for wrong in (
        None,
        5,
        [],
        {},
        "x",
        {"textDocument": None},
        {"textDocument": {"uri": None}},
        {"textDocument": {"uri": uri}, "position": {"line": -1, "character": 0}},
    ):
        assert "error" in answer(shared, f"textDocument/{method}", wrong) or method in ("formatting", "documentSymbol", "semanticTokens/full")
    for place in ((0, 0), (0, _FAR), (_FAR, _FAR), (_FAR, 0), (1, 18), (1, 19), (2, 0)):
        position = {"line": place[0], "character": place[1]}
        more = {
            "position": position, "range": {"start": position, "end": {"line": 0, "character": 0}}, "newName": "v", "context": {"diagnostics": [], "triggerKind": 1, "includeDeclaration": True, "isRetrigger": False}, "options": {"tabSize": 0, "insertSpaces": False},
        }  # fmt: skip
        for address in (
            uri,
            empty,
            "file:///closed.lrs",
            "file:///never/opened.lrs",
            "file:///dev/zero",
            "untitled:x",
            "",
            "http://[",
            "%",
            "file:///a%00b.lrs",
            "vscode-notebook-cell:/a.ipynb#W0",
        ):
            found = answer(shared, f"textDocument/{method}", {"textDocument": {"uri": address}, **more})
            if method in ("prepareRename", "rename") and found.get("error", {}).get("code") == -32803:  # refused, with a message
                continue
            assert "error" not in found, (address, place, found)
            assert address in (uri, empty) or found["result"] in (None, [], {"data": []})
    lives(shared)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/a.ipynb#W0",
        "file:///a%20b%25c.lrs",
        "file:///caf%C3%A9.lrs",
        "file:///caf%E9.lrs",
        "file:///a%00b.lrs",
        "file:///a%0Ab.lrs",
        f"file:///{'x' * 5000}.lrs",
        "file:///dev/zero",
        "file:",
        "",
        "lrs",
        "git:/a.lrs?{}",
    ],
)
def test_any_address_will_do(shared: Client, uri: str) -> None:
    """What is wrong is said of the text that the editor sent; nothing is read from where the address leads."""
    shared.published.pop(uri, None)
    shared.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "lrs", "version": 1, "text": "cosin(3)\n"}})
    if uri.endswith(".lrs") or not uri.startswith("file:"):
        while uri not in shared.published:
            shared.receive()
        assert [d["code"] for d in shared.published[uri]] == ["LR101"]
    shared.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    lives(shared)


def test_a_file_that_is_a_pipe_or_a_folder_is_not_read(shared: Client) -> None:
    os.mkfifo(shared.folder / "pipe.lrs")
    (shared.folder / "folder.lrs").mkdir()
    (shared.folder / "secret.lrs").write_text("let secret = 5\nlr = hold(secret)\n", "utf-8")
    for name in ("pipe.lrs", "folder.lrs", "secret.lrs"):
        uri = (shared.folder / name).as_uri()
        assert shared.at("hover", uri, 0, 5) is None
        opened = shared.open(name, "lr = cosin(3)\n")
        assert [d["code"] for d in shared.published[opened]] == ["LR101"]
    lives(shared)


def change(client: Client, uri: str, version: int, *changes: Any) -> list[str]:
    client.published.pop(uri, None)
    client.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)})
    while uri not in client.published:
        client.receive()
    return [d["code"] for d in client.published[uri]]


def edit(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    return {"range": {"start": {"line": start[0], "character": start[1]}, "end": {"line": end[0], "character": end[1]}}, "text": text}


def test_edits_beyond_the_document_and_versions_that_go_back(shared: Client) -> None:
    uri = shared.open("edits.lrs", "lr = cosine(20)\n")
    assert change(shared, uri, 7, edit((0, 5), (0, 11), "cosin")) == ["LR101"]
    assert change(shared, uri, 3, edit((0, 5), (0, 10), "cosine")) == []
    assert change(shared, uri, -1, edit((_FAR, _FAR), (_FAR, _FAR), "momentum = cosin(3)\n")) == ["LR101"]
    change(shared, uri, 4, edit((0, 9), (0, 2), "x"), edit((3, 0), (1, 0), "y"), edit((0, _FAR), (_FAR, 0), "z"))
    assert change(shared, uri, 5, {"text": "cosin(20)"}) == ["LR101"]
    assert change(shared, uri, 6, {"text": ""}) == ["LR004"]
    assert change(shared, uri, 7, {"text": "\ud800 \0"}) != []
    lives(shared)


def test_lines_end_where_the_protocol_says(shared: Client) -> None:
    """Form feeds and separators, at which Python splits lines, end none here."""
    uri = shared.open("lines.lrs", "# a\u2028b\x0bc\x0cd\x85e\x1cf\r\n# x\ry\nlr = cosin(20)\nmomentum = cosine(3, to=0.85)")
    (one,) = shared.published[uri]
    assert one["range"] == {"start": {"line": 3, "character": 5}, "end": {"line": 3, "character": 10}}
    assert change(shared, uri, 2, edit((3, 5), (3, 10), "cosine")) == []
    assert "cosine" in shared.at("hover", uri, 4, 12)["contents"]["value"]


def test_the_end_of_a_text_is_on_its_last_line(shared: Client) -> None:
    for text, end in (("", (0, 0)), ("cosin", (0, 5)), ("x = 3\n# 𝕏\ncosin", (2, 5))):
        uri = shared.open("end.lrs", text)
        assert tuple(shared.published[uri][-1]["range"]["end"].values()) == end


def test_diagnostics_go_when_a_file_is_closed(shared: Client) -> None:
    uri = shared.open("closing.lrs", "cosin(3)\n")
    shared.published.pop(uri)
    shared.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    while uri not in shared.published:
        shared.receive()
    assert shared.published[uri] == []


def test_what_is_shown_can_be_seen(shared: Client) -> None:
    uri = shared.open("seen.lrs", 'lr["<img src=x> [a](command:x) \u202e"] = cosine(20) then \u202ecosin(3)\n')
    assert all("\u202e" not in d["message"] for d in shared.published[uri])
    uri = shared.open("seen.lrs", 'lr["<img src=x> [a](command:x) \u202e"] = cosine(20)\n')
    shown = shared.at("hover", uri, 0, 1)["contents"]["value"]
    assert "\\<img" in shown
    assert "\\[a\\](command:x)" in shown
    assert "\u202e" not in shown


def test_requests_before_initialize(tmp_path: Path) -> None:
    class Early(Client):
        def ask(self, method: str, params: Any) -> Any:
            if method == "initialize":
                for each in METHODS:
                    early = answer(self, f"textDocument/{each}", {"textDocument": {"uri": "file:///a.lrs"}, "position": {"line": 0, "character": 0}})
                    assert "error" in early
                self.tell("textDocument/didOpen", {"textDocument": {"uri": "file:///a.lrs", "languageId": "lrs", "version": 1, "text": "cosin(3)"}})
                assert "error" in answer(self, "initialize", {"capabilities": 5})
            return super().ask(method, params)

    client = Early(tmp_path)
    lives(client)
    assert "capabilities" in answer(client, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})["result"]
    lives(client)
    client.close()


def test_the_end_of_the_stream_is_the_end(tmp_path: Path) -> None:
    for last in (b"", b"Content-Length: 10\r\n\r\n{", b"Content-Le"):
        client = Client(tmp_path)
        raw(client, last)
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert client.process.wait(20) == 0
        assert client.process.stdout is not None
        client.process.stdout.close()


def test_any_messages_at_all(shared: Client) -> None:
    """Seeded: pieces of the protocol put together at random."""
    pick = random.Random(15)
    values: list[Any] = [
        None,
        0,
        -1,
        _FAR,
        2**70,
        1.5,
        "",
        "x",
        "\ud800",
        [],
        {},
        True,
        {"uri": "file:///a.lrs"},
        {"line": 0, "character": 0},
        {"line": _FAR, "character": "x"},
        ["file:///a.lrs"],
    ]
    keys = ["textDocument", "position", "range", "contentChanges", "newName", "context", "options", "id", "jsonrpc", "uri", "text"]
    for _ in range(150):
        message = {"jsonrpc": "2.0", "method": f"textDocument/{pick.choice([*METHODS, 'didOpen', 'didChange', 'didClose', 'didSave'])}"}
        if pick.random() < 0.7:
            message["params"] = {key: pick.choice(values) for key in pick.sample(keys, pick.randint(0, 5))}  # type: ignore[assignment]
        if pick.random() < 0.5:
            message["id"] = pick.choice(["a", -1, 1.5, None, {}])
        body = json.dumps(message).encode()
        raw(shared, b"Content-Length: %d\r\n\r\n" % (len(body) + pick.choice([0, 0, 0, 0, 1, -1, 7])) + body)
    lives(shared)


# The bytes


@given(st.lists(st.one_of(st.sampled_from(RUBBISH), st.binary(max_size=40)), max_size=4), st.binary(max_size=60), st.integers(1, 50))
def test_a_message_behind_any_bytes_is_found(rubbish: list[bytes], body: bytes, step: int) -> None:
    """In pieces of any size. What comes before may swallow nothing of it but its own rest."""
    body = b'{"a":[' + body.replace(b":", b"") + b"]}"
    stream = b"".join(rubbish) + b"\r\n" + b"Content-Length: %d\r\n\r\n" % len(body) + body
    at = iter([stream[i : i + step] for i in range(0, len(stream), step)] + [b"", b"", b""])
    messages, found = Messages(lambda: next(at)), []
    while header := messages.readline():
        assert messages.readline() == b"\r\n"
        found.append(messages.read(int(header.split(b":")[1])))
    assert found[-1] == body


def test_what_is_kept_of_rubbish_is_little() -> None:
    """A stream without an end takes no memory, and each byte of it is looked at a few times at most."""
    pieces = iter([b"Content-Length: 1\n" * 3000] * 40 + [b"Content-Length: %d\r\n\r\n" % (LARGEST + 1)] + [b"z" * 65536] * 40 + [b""])
    messages = Messages(lambda: next(pieces))
    largest = 0

    def watched() -> bytes:
        nonlocal largest
        largest = max(largest, len(messages._read))
        return next(pieces)

    messages._more = watched
    assert messages.readline() == b""
    assert largest < 1 << 17
