"""How long an editor waits for the language server while a user types: `python -m tests.bench.editor`. A client types ten keys a second in a file of 300 lines."""

from __future__ import annotations

import select
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.editor.test_lsp import Client

#: How many keys are typed, and the seconds between two of them.
KEYS, BETWEEN = 60, 0.1
#: The requests that an editor makes after each key.
REQUESTS = ("hover", "semanticTokens/full", "inlayHint", "completion", "signatureHelp")
_LAYOUT: dict[str, Any] = {"options": {"tabSize": 4, "insertSpaces": True}}
#: The requests that a user makes, each with what it needs; and how often each is made.
COMMANDS: dict[str, dict[str, Any]] = {
    "definition": {},
    "references": {"context": {"includeDeclaration": True}},
    "documentSymbol": {},
    "codeAction": {"context": {"diagnostics": [], "only": ["quickfix", "source.fixAll"]}},
    "prepareRename": {},
    "rename": {"newName": "another"},
    "formatting": _LAYOUT,
    "rangeFormatting": _LAYOUT,
}
TIMES = 10


class Watch(Client):
    """A client that keeps when the last diagnostics came."""

    came = 0.0

    def receive(self) -> dict[str, Any]:
        message = super().receive()
        if message.get("method") == "textDocument/publishDiagnostics":
            self.came = time.perf_counter()
        return message

    def listen(self, until: float) -> None:
        """Reads what the server sends up to a time, which is that of the next key."""
        assert self.process.stdout is not None
        while (left := until - time.perf_counter()) > 0 and select.select([self.process.stdout], [], [], left)[0]:
            self.receive()


def large(statements: int = 60) -> str:
    """Returns a file of about 300 lines with so many targets and definitions."""
    lines = ["# a run with many groups", "set epoch = 1251 steps", "set total = 90ep", ""]
    for i in range(statements // 3):
        lines += [f"# the lengths of part {i}", f"let warm{i} = {i % 5 + 1}ep", f"let low{i}  = {i + 1}e-3x", ""]
    for i in range(statements // 6):
        lines += ["# a function", f"def part{i}(n, to=0.1x) =", "    warmup(n)", f"    then hold({i + 2}ep)", "    then cosine(rest, to=to)", ""]
    for i in range(statements // 2):
        key, k = f'lr["group{i}"]' if i else "lr", i % (statements // 3)
        match i % 3:
            case 0:
                lines += [f"{key} =", f"    warmup(warm{k})", "    then hold(5ep)", f"    then cosine(rest, to=low{k})", ""]
            case 1:
                lines += [f"{key} = part{i % (statements // 6)}(warm{k}, to=low{k})", "# as in the paper", ""]
            case _:
                lines += [f"{key} =", f"    warmup(warm{k})", "    then restarts(cosine(10ep), decay=0.9) for 60ep", "    then linear(rest)", ""]
    return "\n".join(lines)


def typed(line: int, column: int) -> Iterator[dict[str, Any]]:
    """Yields the changes of a user who types numbers and deletes them, at one place."""
    for i in range(KEYS):
        start, end = {"line": line, "character": column}, {"line": line, "character": column + i % 2}
        yield {"range": {"start": start, "end": end}, "text": "" if i % 2 else str(i % 9 + 1)}


def measured(client: Watch, text: str) -> dict[str, list[float]]:
    """Returns the seconds that each request takes, and those from a key to the diagnostics of the text with it."""
    uri = client.open("large.lrs", text)
    lines = text.split("\n")
    line = next(i for i, words in enumerate(lines) if "then hold(5ep)" in words and i > len(lines) / 2)
    name = next(i for i, words in enumerate(lines) if words.startswith("let warm"))
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(lines), "character": 0}}
    seconds: dict[str, list[float]] = {name: [] for name in (*REQUESTS, "diagnostics", *COMMANDS)}

    def ask(method: str, line: int, column: int, more: Mapping[str, Any]) -> None:
        start = time.perf_counter()
        client.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}, "range": whole, **more})
        seconds[method].append(time.perf_counter() - start)

    column = lines[line].index("5ep")
    for version, change in enumerate(typed(line, column), 2):
        start = time.perf_counter()
        client.published.pop(uri, None)
        client.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]})
        for method in REQUESTS:
            ask(method, line, column, {})
        while uri not in client.published:
            client.receive()
        seconds["diagnostics"].append(client.came - start)
        client.listen(start + BETWEEN)
    for _ in range(TIMES):
        for method, more in COMMANDS.items():
            ask(method, name, 5, more)
    return seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        client = Watch(Path(folder))
        for name, all_seconds in measured(client, large()).items():
            print(f"{name:20} median {statistics.median(all_seconds) * 1000:6.1f} ms   worst {max(all_seconds) * 1000:6.1f} ms")
        client.close()
