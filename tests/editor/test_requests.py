"""Tests of signatures, references, outlines, repairs, layouts, and names of other files, through a client, in schedule files and in files of other formats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrdsl.editor.positions import Positions
from lrdsl.linting.fixes import applied
from tests.editor.test_lsp import Client, refused

#: A text, and how a file of each format holds it; `at` in the name of a test is an offset in the file.
TEXT = "let 𝕏w = 5; def f(n, to=0.1x) = warmup(n) then cosine(9, to=to); lr = f(𝕏w) then f(3, to=0); momentum = 0.5 * lr"
HOLDERS = {
    "a.lrs": "# 𝕏\n%s\n",
    "a.yaml": "a: '𝕏'\nlr_schedule: '%s' # 𝕏\n",
    "b.yaml": "lr_schedule: |\n  # 𝕏\n  %s\nb: 3\n",
    "a.toml": "lr_schedule = '''%s'''\n",
    "a.json": '{"𝕏": 1, "lr_schedule": "%s"}',
    "a.py": "lr_schedule = '%s'\n",
    "b.py": "import lrdsl\n\nlrdsl.parse('''\n    %s\n''')\n",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    client = Client(tmp_path_factory.mktemp("requests"))
    yield client
    client.close()


class Opened:
    """A file that the client has open, with its places."""

    def __init__(self, client: Client, name: str, source: str) -> None:
        self.client, self.source, self.places = client, source, Positions.of(source)
        self.uri = client.open(name, source)

    def position(self, words: str, nth: int = 0) -> dict[str, int]:
        """The position of the place that `|` marks in words of the file."""
        at = -1
        for _ in range(nth + 1):
            at = self.source.index(words.replace("|", ""), at + 1)
        line, character = self.places.at(at + words.index("|"))
        return {"line": line, "character": character}

    def ask(self, method: str, words: str, nth: int = 0, **more: Any) -> Any:
        return self.client.ask(f"textDocument/{method}", {"textDocument": {"uri": self.uri}, "position": self.position(words, nth), **more})

    def extent(self, place: dict[str, Any]) -> tuple[int, int]:
        start, end = (self.places.offset(place[end]["line"], place[end]["character"]) for end in ("start", "end"))
        return start, end

    def words(self, place: dict[str, Any]) -> str:
        return self.source[slice(*self.extent(place))]

    def changed(self, edits: list[dict[str, Any]]) -> str:
        from lrdsl.diagnostics import Fix

        return applied(self.source, [Fix(*self.extent(edit["range"]), edit["newText"]) for edit in edits])


@pytest.fixture(params=HOLDERS)
def held(client: Client, request: pytest.FixtureRequest) -> Opened:
    return Opened(client, request.param, HOLDERS[request.param] % TEXT)


def test_signatures(held: Opened) -> None:
    for words, nth, label, active in (
        ("warmup(|n", 0, "warmup(n, from=0, shape=linear, power=1, touches=start)", 0),
        ("cosine(9|, to", 0, "cosine(n, to=0, from=v, power=1, touches=start)", 0),
        ("cosine(9, to=|to", 0, "cosine(n, to=0, from=v, power=1, touches=start)", 1),
        ("f(3,| to", 0, "f(n, to=0.1x)", 1),
        ("f(|𝕏w", 0, "f(n, to=0.1x)", 0),
    ):
        answer = held.ask("signatureHelp", words, nth)
        assert (answer["signatures"][answer["activeSignature"]]["label"], answer["activeParameter"]) == (label, active)
    assert held.ask("signatureHelp", "lr =| f") is None


def test_signatures_while_a_call_is_typed(client: Client) -> None:
    for name, line in (
        ("a.yaml", "lr_schedule: warmup(5, fr"),
        ("a.toml", 'lr_schedule = "warmup(5, fr'),
        ("a.py", 'lr_schedule = "warmup(5, fr'),
        ("a.lrs", "warmup(5, fr"),
    ):
        answer = Opened(client, name, f"{line}\n").ask("signatureHelp", "fr|")
        assert answer["activeParameter"] == 1
        assert answer["signatures"][0]["parameters"][1]["label"] == "from=0"


def test_references(held: Opened) -> None:
    def places(words: str, definitions: bool = True) -> list[tuple[int, str]]:
        answer = held.ask("references", words, context={"includeDeclaration": definitions})
        assert all(location["uri"] == held.uri for location in answer)
        return [(held.extent(location["range"])[0], held.words(location["range"])) for location in answer]

    at = held.source.index("let") + 4
    assert places("let 𝕏|w") == [(at, "𝕏w"), (held.source.index("f(𝕏w") + 2, "𝕏w")]
    assert places("f(𝕏|w", False) == [(held.source.index("f(𝕏w") + 2, "𝕏w")]
    assert [word for _, word in places("f(|n")] == ["n", "n"]
    assert [word for _, word in places("to=|to")] == ["to"] * 3
    assert [word for _, word in places("; |lr")] == ["lr", "lr"]
    assert [word for _, word in places("|f(3")] == ["f", "f", "f"]
    assert places("cos|ine") == []


def test_outline(held: Opened) -> None:
    symbols = held.client.ask("textDocument/documentSymbol", {"textDocument": {"uri": held.uri}})
    assert [(s["name"], s["kind"], s["detail"]) for s in symbols] == [
        ("𝕏w", 14, "5"),
        ("f", 12, "f(n, to=0.1x)"),
        ("lr", 7, "f(𝕏w) then f(3, to=0)"),
        ("momentum", 7, "0.5 * lr"),
    ]
    assert [held.words(s["selectionRange"]) for s in symbols] == ["𝕏w", "f", "lr", "momentum"]
    assert [held.words(s["range"]) for s in symbols] == TEXT.split("; ")


def test_outline_of_expressions(client: Client) -> None:
    opened = Opened(client, "c.yaml", "a: {lr_schedule: cosine(9)}\nb_schedule: 'cosin(3)'\n")
    symbols = client.ask("textDocument/documentSymbol", {"textDocument": {"uri": opened.uri}})
    assert [(s["name"], opened.words(s["range"])) for s in symbols] == [("lr", "cosine(9)"), ("lr", "cosin(3)")]


@pytest.mark.parametrize("only", [["source"], ["source.fixAll"], ["source.fixAll.lrdsl"], ["quickfix", "source.fixAll"]])
def test_fix_all(client: Client, only: list[str]) -> None:
    wrong, right = "hold(3) then restart linear(5)", "hold(3) then linear(5)"
    for name, holder in HOLDERS.items():
        opened = Opened(client, name, holder % wrong)
        params = {"textDocument": {"uri": opened.uri}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}}
        actions = client.ask("textDocument/codeAction", {**params, "context": {"diagnostics": [], "only": only}})
        (action,) = [action for action in actions if action["kind"] == "source.fixAll.lrdsl"]
        assert opened.changed(action["edit"]["changes"][opened.uri]) == holder % right, name


@pytest.mark.parametrize(
    ("only", "kinds"),
    [(None, {"quickfix"}), (["quickfix"], {"quickfix"}), (["refactor"], set()), (["source.organizeImports"], set()), (["sourc"], set()), ([], set())],
)
def test_only_the_actions_that_are_asked_for(client: Client, only: list[str] | None, kinds: set[str]) -> None:
    opened = Opened(client, "fix.lrs", "lr = cosin(5)\n")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    actions = client.ask("textDocument/codeAction", {"textDocument": {"uri": opened.uri}, "range": whole, "context": {"diagnostics": [], "only": only}})
    assert {action["kind"] for action in actions} == kinds


def test_nothing_is_offered_where_nothing_is_to_repair(client: Client) -> None:
    opened = Opened(client, "fix.lrs", "lr = cosine(5)\n")
    params = {"textDocument": {"uri": opened.uri}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}}
    assert client.ask("textDocument/codeAction", {**params, "context": {"diagnostics": [], "only": ["source.fixAll"]}}) == []


OPTIONS = {"options": {"tabSize": 4, "insertSpaces": True}}


def test_layout_makes_small_edits(client: Client) -> None:
    for name, holder in HOLDERS.items():
        opened = Opened(client, name, holder % "lr=cosine( 20 )")
        edits = client.ask("textDocument/formatting", {"textDocument": {"uri": opened.uri}, **OPTIONS})
        after = holder % "lr = cosine(20)"
        assert opened.changed(edits) == after, name
        assert sum(len(opened.words(edit["range"])) for edit in edits) <= len("=cosine( 20 )")
        assert client.ask("textDocument/formatting", {"textDocument": {"uri": Opened(client, name, after).uri}, **OPTIONS}) == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_layout_of_a_stretch(client: Client, end: str) -> None:
    lines = ["# 𝕏", "lr=cosine( 20 ) # 𝕏", "momentum=hold(at=0.9)", "", "eps=hold( 3)", ""]
    opened = Opened(client, "range.lrs", end.join(lines))
    for first, last, changed in ((1, 1, [1]), (1, 2, [1, 2]), (3, 3, []), (4, 4, [4]), (0, 5, [1, 2, 4])):
        stretch = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 8}}
        edits = client.ask("textDocument/rangeFormatting", {"textDocument": {"uri": opened.uri}, "range": stretch, **OPTIONS})
        laid_out = {1: "lr       = cosine(20)  # 𝕏", 2: "momentum = hold(at=0.9)", 4: "eps = hold(3)"}
        assert opened.changed(edits) == end.join(laid_out[i] if i in changed else line for i, line in enumerate(lines))


def test_layout_of_a_stretch_of_other_files(client: Client) -> None:
    opened = Opened(client, "range.yaml", "a_schedule: cosine( 20 )\nb_schedule: |\n  lr=hold( 3)\n  eps=hold( 4)\n")
    for line, after in (
        (0, "a_schedule: cosine(20)\nb_schedule: |\n  lr=hold( 3)\n  eps=hold( 4)\n"),
        (3, "a_schedule: cosine( 20 )\nb_schedule: |\n  lr=hold( 3)\n  eps = hold(4)\n"),
    ):
        stretch = {"start": {"line": line, "character": 3}, "end": {"line": line, "character": 5}}
        edits = client.ask("textDocument/rangeFormatting", {"textDocument": {"uri": opened.uri}, "range": stretch, **OPTIONS})
        assert opened.changed(edits) == after
    broken = Opened(client, "range.lrs", "lr=cosine(\n")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    assert client.ask("textDocument/rangeFormatting", {"textDocument": {"uri": broken.uri}, "range": whole, **OPTIONS}) == []


@pytest.fixture
def project(client: Client) -> Path:
    """A folder with a file that others use."""
    folder = client.folder / "project"
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "common.lrs").write_text('# 𝕏\nuse "sub/more.lrs"\nlet warm = 5\ndef decay(n, to=0.1x) = cosine(n, to=to)\n', "utf-8")
    (folder / "sub" / "more.lrs").write_text("let 𝕏𝕏 = 3; let deep = 7\n", "utf-8")
    (client.folder / "out.lrs").write_text("let secret = 3\n", "utf-8")
    return folder


MAIN = 'use "common.lrs"\nlr = warmup(warm) then hold(deep) then decay(20, to=0)\n'


def test_names_of_other_files(client: Client, project: Path) -> None:
    opened = Opened(client, "project/main.lrs", MAIN)
    assert client.published[opened.uri] == []
    hover = opened.ask("hover", "(|warm)")["contents"]["value"]
    assert "let warm = 5" in hover
    assert "from common.lrs" in hover
    assert "from sub/more.lrs" in opened.ask("hover", "(|deep)")["contents"]["value"]
    assert "a parameter of `decay`" in opened.ask("hover", "|to=0")["contents"]["value"]
    assert {"warm", "decay", "deep"} <= {item["label"] for item in opened.ask("completion", "then |decay")}
    assert opened.ask("completion", "decay(|20")[0]["label"] == "n="
    assert opened.ask("signatureHelp", "decay(|20")["signatures"][0]["label"] == "decay(n, to=0.1x)"
    location = opened.ask("definition", "|warm)")
    assert location == {"uri": (project / "common.lrs").as_uri(), "range": {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 8}}}
    location = opened.ask("definition", "|deep)")
    assert location == {"uri": (project / "sub" / "more.lrs").as_uri(), "range": {"start": {"line": 0, "character": 18}, "end": {"line": 0, "character": 22}}}
    assert opened.ask("definition", "comm|on")["uri"] == (project / "common.lrs").as_uri()
    places = opened.ask("references", "|decay", context={"includeDeclaration": True})
    assert [place["uri"].rpartition("/")[2] for place in places] == ["common.lrs", "main.lrs"]
    assert len(opened.ask("references", "|decay", context={"includeDeclaration": False})) == 1
    assert "is defined in common.lrs" in refused(client, opened.uri, 1, 13, "x")
    (client.folder / "project" / "common.lrs").write_text("let warm = 5; let other = 3\n", "utf-8")
    opened = Opened(client, "project/main.lrs", 'use "common.lrs"\nlet a = 3\nlr = hold(a)\n')
    assert "another name" in refused(client, opened.uri, 1, 4, "other")


@pytest.mark.parametrize("path", ["../out.lrs", "/out.lrs", "link.lrs", "none.lrs", "sub"])
def test_files_outside_of_the_folder_are_not_read(client: Client, project: Path, path: str) -> None:
    if not (project / "link.lrs").is_symlink():
        (project / "link.lrs").symlink_to(client.folder / "out.lrs")
    client.open("out.lrs", "let secret = 3\n")
    opened = Opened(client, "project/main.lrs", f'use "{path}"\nlr = hold(secret)\n')
    assert {d["code"] for d in client.published[opened.uri]} >= {"LR146"}
    assert opened.ask("hover", "(|secret") is None
    assert opened.ask("definition", "(|secret") is None
    assert opened.ask("definition", f"{path[:3]}|") is None
    assert "secret" not in [item["label"] for item in opened.ask("completion", "= |hold")]
    assert opened.ask("references", "(|secret", context={"includeDeclaration": True}) == []


@pytest.mark.usefixtures("project")
def test_files_that_are_not_saved_count_as_they_are_typed(client: Client) -> None:
    """A change of a file is seen in those that use it, without a key in them."""
    common = Opened(client, "project/common.lrs", "# more\nlet warm = 8\n")
    opened = Opened(client, "project/main.lrs", 'use "common.lrs"\nlr = hold(warm)\n')
    assert client.published[opened.uri] == []
    assert "let warm = 8" in opened.ask("hover", "(|warm)")["contents"]["value"]

    def wait() -> list[str]:
        client.published.pop(opened.uri, None)
        while opened.uri not in client.published:
            client.receive()
        return [d["code"] for d in client.published[opened.uri]]

    client.published.clear()
    client.tell("textDocument/didChange", {"textDocument": {"uri": common.uri, "version": 2}, "contentChanges": [{"text": "let cold = 8\n"}]})
    assert wait() == ["LR103"]
    client.tell("textDocument/didClose", {"textDocument": {"uri": common.uri}})
    assert wait() == []
    assert "let warm = 5" in opened.ask("hover", "(|warm)")["contents"]["value"]


def test_names_that_a_program_gives(client: Client) -> None:
    opened = Opened(client, "given.py", "import lrdsl\n\ns = lrdsl.parse('let a = 3; lr = warmup(a) then hold(w)', names={'w': 7})\n")
    assert "ticks 3 … 10" in opened.ask("hover", "|hold(w)")["contents"]["value"]
    line = opened.position("let |a")
    assert "the program gives a value to `w`" in refused(client, opened.uri, line["line"], line["character"], "w")
    unknown = Opened(client, "unknown.py", "import lrdsl\n\ns = lrdsl.parse('let a = 3; lr = warmup(a) then hold(w)', names={'w': count()})\n")
    assert "the program gives a value to `w`" in refused(client, unknown.uri, line["line"], line["character"], "w")


@pytest.mark.parametrize(
    ("name", "source", "words", "after"),
    [
        (
            "a.json",
            '{"lr_schedule": "let w = 5;\\nlr = hold(w)\\nbetas[0] = hold(w)"}',
            "let |w",
            '{"lr_schedule": "let v = 5;\\nlr = hold(v)\\nbetas[0] = hold(v)"}',
        ),
        ("a.py", "lr_schedule = ('let w = 5; '\n   \"lr = hold(w)\")\n", "let |w", "lr_schedule = ('let v = 5; '\n   \"lr = hold(v)\")\n"),
        ("a.yaml", "lr_schedule: >\n  let w = 5;\n  lr = hold(w)\n", "hold(|w", "lr_schedule: >\n  let v = 5;\n  lr = hold(v)\n"),
    ],
)
def test_rename_in_other_files(client: Client, name: str, source: str, words: str, after: str) -> None:
    opened = Opened(client, name, source)
    assert opened.changed(opened.ask("rename", words, newName="v")["changes"][opened.uri]) == after


def test_a_definition_that_other_files_use_is_not_renamed_in_one(client: Client, project: Path) -> None:
    (project / "main.lrs").write_text(MAIN, "utf-8")
    (project / "lrdsl.toml").write_text("ignore = []\n", "utf-8")
    common = Opened(client, "project/common.lrs", (project / "common.lrs").read_text("utf-8"))
    at = common.position("let |warm")
    assert "main.lrs uses this file, and has `warm` too" in refused(client, common.uri, at["line"], at["character"], "cold")
    more = Opened(client, "project/sub/more.lrs", (project / "sub" / "more.lrs").read_text("utf-8"))
    at = more.position("|deep")
    assert "has `deep` too" in refused(client, more.uri, at["line"], at["character"], "low")
