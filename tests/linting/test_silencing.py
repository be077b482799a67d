"""Tests of comments that silence problems: in every format, for all codes, on the line of the problem or of its value; and of those that `--add-ignore` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

import lrdsl
from lrdsl.linting.linter import Selection
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from tests.linting.hosts.test_notebook import notebook

SETTINGS = Settings(Path("/project"))
CELL = "import lrdsl\n!pip install \\\n  'x\ns = lrdsl.parse('cosin(5)')  # lrs: ignore[LR101]\nt = lrdsl.parse('cosine(6)')\n"


def codes(name: str, source: str, settings: Settings = SETTINGS) -> list[str]:
    return [d.code for d in check_source(Path("/project") / name, source, settings).diagnostics]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.yaml", "lr_schedule: cosin(5)  # lrs: ignore\n"),
        ("a.yaml", 'lr_schedule: "cosin(5)"\t#lrs:ignore[LR101]\r\n'),
        ("a.yaml", "lr_schedule: cosin(5)  # LRS: Ignore[lr1]\n"),
        ("a.yaml", "\ufeffé: 𝕏\nlr_schedule: 'cosin(5)' # it's so  # lrs: ignore [ LR3 , LR101 ]\n"),
        ("a.yaml", "lr_schedule: |  # lrs: ignore[LR101]\n  momentum = hold\n  lr = cosin(5)\n"),
        ("a.yaml", "lr_schedule: &a !x >-  # lrs: ignore[LR101]\n\n  cosin(5)\n"),
        ("a.yaml", "lr_schedule: |\n  momentum = hold\n  lr = cosin(5)  # lrs: ignore[LR101]\n"),
        ("a.yaml", 'lr_schedule: "warmup(5)\n  then cosin(5)"  # lrs: ignore[LR101]\n'),
        ("a.yaml", 'schedules: ["hold(3)",\n  "cosin(5)"] # lrs: ignore\n'),
        ("a.yaml", "# lrs: ignore-file\na_schedule: cosin(5)\nb_schedule: step(0)\n"),
        ("a.yaml", "a_schedule: cosin(5)\nb_schedule: cosin(0)\n\n# lrs: ignore-file[LR101]\n"),
        ("a.yaml", "lr_schedule: warmup(${w}) then cosine(5)  # lrs: ignore[LR903]\n"),
        ("a.yaml", "lr_schedule: [warmup(5, from=0.1x) then cosine(3)]  # lrs: ignore[LR904]\n"),
        ("a.toml", "a_schedule = 'cosin(5)'  # lrs: ignore\nb_schedule = '''\nlr = cosin(5)\n'''  # lrs: ignore\n"),
        ("a.toml", 'x = """# lrs: ignore""""\nschedules = [\n  "cosin(5)",  # lrs: ignore[LR1]\n]\n'),
        ("a.json", '{"a_schedule": "cosin(5)",  // lrs: ignore\n "b_schedule": "cosin(5)"  /* lrs: ignore[LR101] */}'),
        ("a.json", '// lrs: ignore-file[LR1]\n{"lr_schedule": "cosin(5)",}'),
        ("a.jsonc", '{"lr_schedule": "cosin(5)"} // lrs: ignore'),
        ("a.py", "lr_schedule = 'cosin(5)'  # type: ignore  # lrs: ignore[LR101]\n"),
        ("a.py", 'lr_schedule = """\n  lr = hold\n  momentum = cosin(5)\n"""  # lrs: ignore[LR101]\n'),
        ("a.py", "lr_schedule = (\n    'warmup(5) then '\n    'cosin(5) then '  # lrs: ignore[LR101]\n    'hold')\n"),
        ("a.py", "x = f'{a['#']}'; lr_schedule = 'cosin(5)'# lrs: ignore\n"),
        ("a.pyi", "def f(schedule: str = 'cosin(5)') -> None: ...  # lrs: ignore\n"),
        ("a.ipynb", notebook(CELL)),
        ("a.ipynb", notebook(CELL.splitlines(keepends=True))),
        ("a.lrs", "lr = cosin(5)  # lrs: ignore\nmomentum = cosine(5  # lrs: ignore[LR0]\n"),
        ("a.lrs", "\ufefflr = warmup(5) then\r\n  cosin(5)  # lrs: ignore[LR101] for now\r\n"),
        ("a.lrs", "# lrs: ignore-file\nlr = cosine(5) then cosine(4)\n"),
    ],
)
def test_what_a_comment_silences(name: str, source: str) -> None:
    assert codes(name, source) == []
    without = source.replace("lrs:", "lr:").replace("LRS:", "lr:")
    assert {"LR101", "LR402", "LR903", "LR904"}.intersection(codes(name, without))


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("a.yaml", "lr_schedule: cosin(5)  # lrs: ignore[LR2]\n", ["LR101"]),
        ("a.yaml", "# lrs: ignore\nlr_schedule: cosin(5)\n", ["LR901", "LR101"]),
        ("a.yaml", "x: '# lrs: ignore-file'\nlr_schedule: cosin(5)\n", ["LR101"]),
        ("a.yaml", "x: |\n  # lrs: ignore-file\nlr_schedule: cosin(5)\n", ["LR101"]),
        ("a.yaml", "lr_schedule: cosine(5)# lrs: ignore\n", ["LR903"]),
        ("a.yaml", "x: {\nlr_schedule: cosin(5)  # lrs: ignore-file\n", ["LR903"]),
        ("a.yaml", "lr_schedule: |\n  momentum = cosin(5)\n  lr = cosin(5)  # lrs: ignore[LR101]\n", ["LR101"]),
        ("a.py", 'lr_schedule = "cosin(5)"\n"""\n# lrs: ignore-file\n"""\nx = "# lrs: ignore-file"\n#: `# lrs: ignore-file` is none\n', ["LR101"]),
        ("a.py", "x = f'''{y} # lrs: ignore-file'''\nlr_schedule = 'cosin(5)'\n", ["LR101"]),
        ("a.json", '{"lr_schedule": "cosin(5)", "x": "// lrs: ignore"}', ["LR101"]),
        ("a.toml", "x = '''\n# lrs: ignore-file'''\nlr_schedule = 'cosin(5)'\n", ["LR101"]),
        ("a.lrs", 'lr["# lrs: ignore"] = cosin(5)\n', ["LR101"]),
        ("a.ipynb", notebook("lr_schedule = 'cosin(5)'\nx = 1  # lrs: ignore\n"), ["LR101", "LR901"]),
    ],
)
def test_what_it_does_not_silence(name: str, source: str, found: list[str]) -> None:
    assert codes(name, source) == found


@pytest.mark.parametrize(
    ("name", "source", "message", "repaired"),
    [
        ("a.yaml", "a: 1  # lrs: ignore\n", "", "a: 1\n"),
        ("a.yaml", "a: 1\r\n  # lrs: ignore\r\nb: 2\r\n", "", "a: 1\r\nb: 2\r\n"),
        ("a.yaml", "a: 1  # why # lrs: ignore[LR2] # x\n", ": `LR2`", "a: 1  # why # x\n"),
        ("a.yaml", "a: 1  # lrs: ignore because of b\n", "", "a: 1  # because of b\n"),
        ("a.yaml", "schedule: cosin(5)  # lrs: ignore[LR101, LR102, lr103]\n", ": `LR102`, `LR103`", "schedule: cosin(5)  # lrs: ignore[LR101]\n"),
        (
            "a.yaml",
            "schedule: warmup(5) then restart cosine(95)  # lrs: ignore[LR4,LR307]\n",
            ": `LR4`",
            "schedule: warmup(5) then restart cosine(95)  # lrs: ignore[LR307]\n",
        ),
        ("a.yaml", "schedule: hold(3)\n# lrs: ignore-file[LR1]", ": `LR1`", "schedule: hold(3)\n"),
        ("a.json", '{"a": 1, /* lrs: ignore */ "b": 2}', "", '{"a": 1,  "b": 2}'),
        ("a.json", '{"a": 1 // lrs: ignore\n}', "", '{"a": 1\n}'),
        ("a.py", "x = 'lrs'# lrs: ignore\n", "", "x = 'lrs'\n"),
        ("a.py", "x = '''\n  # lrs: ignore'''  # lrs: ignore\n", "", "x = '''\n  # lrs: ignore'''\n"),
        ("a.ipynb", notebook(["x = 1  # lrs: ignore\n", "y"]), "", notebook(["x = 1\n", "y"])),
        ("a.lrs", "lr = hold\n# lrs: ignore[LR101]\nmomentum = hold\n", ": `LR101`", "lr = hold\nmomentum = hold\n"),
    ],
)
def test_what_silences_nothing_is_reported_and_removed(name: str, source: str, message: str, repaired: str) -> None:
    (d,) = check_source(Path(name), source, SETTINGS).diagnostics
    assert (d.code, d.message) == ("LR901", f"there is no problem for this comment to silence{message}")
    done = check_source(Path(name), source, SETTINGS, "safe")
    assert done.source == repaired
    assert done.diagnostics == ()
    assert codes(name, source, Settings(Path("/project"), Selection(ignore=("LR9",)))) == []


@pytest.mark.parametrize(
    "source",
    [
        "lr_schedule: cosin(5)  # lrs: ignore[LR101, LR307]\n",  # rules look at texts without errors
        "lr_schedule: warmup(${n}) then cosine(5)  # lrs: ignore[LR903, LR307]\n",
    ],
)
def test_what_is_not_checked_is_not_called_idle(source: str) -> None:
    assert codes("a.yaml", source) == []


def test_codes_that_are_not_selected_are_used() -> None:
    settings = Settings(Path("/project"), Selection(ignore=("LR307",)))
    assert codes("a.yaml", "lr_schedule: warmup(5) then restart cosine(95)  # lrs: ignore[LR307]\n", settings) == []


def test_a_comment_that_compile_needs_is_not_idle() -> None:
    assert lrdsl.lint("cosine(100, to=0.1)  # lrs: ignore[LR301]") == []
    assert [d.code for d in lrdsl.lint("cosine(100, to=0.1)  # lrs: ignore[LR307]")] == ["LR901"]


def test_errors_of_a_text_are_silenced() -> None:
    assert lrdsl.lint("cosin(5)  # lrs: ignore[LR1]") == []
    assert [d.code for d in lrdsl.lint("cosin(5)  # lrs: ignore[LR0]")] == ["LR101", "LR901"]


@pytest.mark.parametrize(
    ("name", "source", "added"),
    [
        ("a.yaml", 'a: {x_schedule: "cosin(5)", y_schedule: step(0)}\n', 'a: {x_schedule: "cosin(5)", y_schedule: step(0)}  # lrs: ignore[LR101, LR131]\n'),
        ("a.yaml", "lr_schedule: cosin(5) \r\nb: 1\r\n", "lr_schedule: cosin(5)  # lrs: ignore[LR101]\r\nb: 1\r\n"),
        ("a.yaml", "lr_schedule: cosin(5)  # ours # lrs: ignore[LR3]\n", "lr_schedule: cosin(5)  # ours # lrs: ignore[LR101, LR3]\n"),
        ("a.yaml", "lr_schedule: >\n  warmup(5)\n  then cosin(5)\n", "lr_schedule: >  # lrs: ignore[LR101]\n  warmup(5)\n  then cosin(5)\n"),
        ("a.yaml", "lr_schedule: warmup(5)\n  then cosin(5)\n", "lr_schedule: warmup(5)\n  then cosin(5)  # lrs: ignore[LR101]\n"),
        ("a.toml", "schedule = '''\ncosin(5)\n'''", "schedule = '''\ncosin(5)\n'''  # lrs: ignore[LR101]"),
        ("a.jsonc", '{"schedule": "cosin(5)"}', '{"schedule": "cosin(5)"}  // lrs: ignore[LR101]'),
        ("a.json", '{"schedule": "cosin(5)", // ours\n}', '{"schedule": "cosin(5)", // ours  // lrs: ignore[LR101]\n}'),
        ("a.json", '{"schedule": "cosin(5)"}', ""),
        ("a.py", "schedule = 'cosin(5)' \\\n  ' then step(0)'\n", "schedule = 'cosin(5)' \\\n  ' then step(0)'  # lrs: ignore[LR101, LR131]\n"),
        ("a.py", 'schedule = """\ncosin(5)""" + f("""\n""")\n', ""),
        ("a.py", 'f(schedule="""\ncosin(5)""", x="""\n""")\n', ""),
        ("a.ipynb", notebook(["schedule = 'cosin(5)'\n", "x"]), notebook(["schedule = 'cosin(5)'  # lrs: ignore[LR101]\n", "x"])),
        ("a.lrs", "\ufefflr = cosin(5)\r\nmomentum = step(0)", "\ufefflr = cosin(5)  # lrs: ignore[LR101]\r\nmomentum = step(0)  # lrs: ignore[LR131]"),
    ],
)
def test_comments_that_are_added(name: str, source: str, added: str) -> None:
    done = check_source(Path(name), source, SETTINGS, silence=True)
    assert done.source == (added or source)
    assert (done.silenced > 0) == bool(added)
    if added:
        assert done.problems == ()
        assert check_source(Path(name), added, SETTINGS, silence=True).source == added


def test_notes_and_files_that_cannot_be_read_get_no_comment() -> None:
    for source in ("schedule: warmup(${n}) then cosine(5)\n", "schedule: [\n", "a: 1  # lrs: ignore\n"):
        assert check_source(Path("a.yaml"), source, SETTINGS, silence=True).source == source
