"""Documents of YAML, JSON, TOML, Python, shell and gin: their values, their places, and that no text, however hostile, runs, hangs or escapes."""

from __future__ import annotations

import math
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.documents import MAX_DEPTH, MAX_VALUES, Opaque, UnreadableError, documents, place, plain
from lrdsl.documents import json as json_documents
from lrdsl.documents.python import with_bases
from tests.drawing import examples

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    ("format", "text", "value"),
    [
        ("yaml", "a: 1e-3\nb: 1.0e-3\nc: [1, yes, ~]\nd: 2024-01-01", {"a": "1e-3", "b": 0.001, "c": [1, True, None], "d": "2024-01-01"}),
        ("yaml", "x: &x {b: 1, c: 2}\ny: {<<: *x, b: 5}", {"x": {"b": 1, "c": 2}, "y": {"b": 5, "c": 2}}),
        ("yaml", "a: !!float 1\nb: !!str 1\nc: '1'\nd: .inf", {"a": 1.0, "b": "1", "c": "1", "d": math.inf}),
        ("json", '{"a": [1, 2.5e-3, "\\u00e9\\ud83d\\ude00", true,], /* c */ "b": {"c": null}} // d', {"a": [1, 0.0025, "é😀", True], "b": {"c": None}}),
        ("toml", "a = 1\n[b.c]\nd = [1,\n2]\n[[e]]\nf = 'x'", {"a": 1, "b": {"c": {"d": [1, 2]}}, "e": [{"f": "x"}]}),
        ("python", "n = 24\na = dict(x=n * 2, y=[n // 5, -1.5], z=dict(k='v'))", {"n": 24, "a": {"x": 48, "y": [4, -1.5], "z": {"k": "v"}}}),
        ("shell", "LR=3e-4\nrun --lr $LR --a-b 1 2 3 \\\n  --flag --c=x # --d 5", {"lr": 3e-4, "a_b": [1, 2, 3], "flag": True, "c": "x"}),
        ("gin", "N = 1_0\nf:\n  a = %N # c\n  b = 'x * y'\ng.c = 0.5", {"N": 10, "f": {"a": 10, "b": "x * y"}, "g": {"c": 0.5}}),
    ],
)
def test_values(format: str, text: str, value: object) -> None:
    assert documents(text, format) == [value]


@pytest.mark.parametrize(
    ("format", "text", "key", "key_text", "value_text"),
    [
        ("yaml", "é: 1\nlr: 0.1  # c\n", "lr", "lr", "0.1"),
        ("json", '{"é": 1, "lr": 0.1}', "lr", '"lr"', "0.1"),
        ("toml", "é = 1\n".replace("é", "e") + "lr = 0.1\n", "lr", "lr", "0.1"),
        ("python", "s = 'é'; lr = 0.1\n", "lr", "lr", "0.1"),
        ("shell", "# é\nrun --x 1 --lr 0.1\n", "lr", "--lr", "0.1"),
    ],
)
def test_places(format: str, text: str, key: str, key_text: str, value_text: str) -> None:
    where = place(documents(text, format)[0], key)
    assert where is not None
    assert text[where.key :].startswith(key_text)
    assert text[where.start : where.end].strip() == value_text


def test_what_was_not_read_from_a_text_stands_nowhere() -> None:
    assert place([1], 0) is place({"a": 1}, "a") is None


def test_all_documents_of_a_stream() -> None:
    assert documents("a: 1\n---\n- 2\n---\n3\n", "yaml") == [{"a": 1}, [2], 3]
    assert documents("", "yaml") == []


@pytest.mark.parametrize("between", [" && ", "; ", " | "])
def test_a_command_of_a_script_has_flags_of_its_own(between: str) -> None:
    assert documents(f"train --lr 1{between}train --lr 2", "shell") == [{"lr": 1}, {"lr": 2}]


def test_each_document_of_a_stream_may_have_as_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrdsl.documents.MAX_VALUES", 5)
    full = "[1, 2, 3, 4]\n"
    assert documents(f"{full}---\n{full}", "yaml") == [[1, 2, 3, 4]] * 2
    with pytest.raises(UnreadableError, match="more than 5 values"):
        documents("[1, 2, 3, 4, 5]", "yaml")


@pytest.mark.parametrize("format", ["json", "toml"])
def test_lists_are_read_to_a_depth(format: str) -> None:
    before = "a = " if format == "toml" else ""
    assert documents(before + "[" * 59 + "]" * 59, format) != []
    with pytest.raises(UnreadableError):
        documents(before + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), format)


def test_signs_of_a_number_are_read_to_a_depth() -> None:
    deep = "-" * MAX_DEPTH
    assert documents(f"a = {deep}1\nb = {deep}-1", "python") == [{"a": 1, "b": Opaque("UnaryOp")}]


def test_a_mark_of_the_byte_order_inside_a_text_stays() -> None:
    assert documents('{"a": "x\ufeffy"}', "json") == [{"a": "x\ufeffy"}]


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("yaml", BOMB),
        ("yaml", "[" * 100_000),
        ("yaml", "{a: " * 100_000),
        ("yaml", "- " * 50_000),
        ("yaml", "a: [1"),
        ("yaml", "a: \0"),
        ("yaml", "a: \ud800"),
        ("json", "[" * 100_000),
        ("json", '{"a":' * 100_000),
        ("json", '{"a": 1} x'),
        ("json", "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)),
        ("json", "[" + "1," * (MAX_VALUES + 1) + "1]"),
        ("json", "\0"),
        ("toml", "a" + ".a" * 100_000 + " = 1"),
        ("toml", "a = " + "[" * 100_000),
        ("toml", "a = " + "9" * 1_000_000),
        ("toml", "[" + " " * 1_000_000 + "a"),
        ("python", "a = " + "[" * 10_000),
        ("python", "a = " + "-" * 100_000 + "1"),
        ("python", "a = (1"),
        ("python", "a = '\0'"),
        ("python", "x0 = [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(f"x{i + 1} = [{', '.join([f'x{i}'] * 9)}]" for i in range(9))),
        ("yaml", "x" * 3_000_000),
    ],
)
def test_hostile_texts_are_refused(format: str, text: str) -> None:
    with pytest.raises(UnreadableError):
        documents(text, format)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [echo]", "!include secret.yaml", "!!python/name:os.system", "!!timestamp [x]", "!!int x"])
def test_tags_construct_nothing(tag: str) -> None:
    (document,) = documents(f"a: {tag}\nb: 1", "yaml")
    assert document["b"] == 1
    assert isinstance(document["a"], Opaque) or document["a"] in ([tag.partition("[")[2].rstrip("]")], "")


def test_a_cycle_is_an_alias_of_nothing() -> None:
    assert documents("a: &a [1, *a]", "yaml") == [{"a": [1, Opaque("*a")]}]


def test_arithmetic_in_python_is_bounded() -> None:
    document = documents("a = 10 ** 10\nb = 9**9**9\nc = 10**9\nd = 'x' * 10\ne = 1 / 0\nf = open('x')\ng = 2 * 1e14 * 10", "python")[0]
    assert all(isinstance(document[name], Opaque) for name in "abcdef")


def test_a_config_is_merged_into_what_it_builds_on(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "s.py").write_text("n = 12\na = dict(x=1, y=2)\nb = dict(x=1)\n", "utf-8")
    text = "_base_ = ['../base/s.py']\na = dict(y=3)\nb = dict(_delete_=True, z=1)\nm = n * 2\nk = _base_.n\n"
    name = tmp_path / "own" / "c.py"
    name.parent.mkdir()
    (document,) = with_bases(text, PurePath(name), tmp_path)
    assert (document["a"], document["b"], document["m"], document["k"]) == ({"x": 1, "y": 3}, {"_delete_": True, "z": 1}, 24, 12)
    (alone,) = with_bases(text, PurePath(name), None)
    assert alone["a"] == {"y": 3}
    new = "from mmengine.config import read_base\nwith read_base():\n    from ..base.s import *\na.update(dict(x=5))\n"
    assert with_bases(new, PurePath(name), tmp_path)[0]["n"] == 12


def test_bases_stay_in_their_folder(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "out.py").write_text("secret = 1\n", "utf-8")
    (inside / "link.py").symlink_to(tmp_path / "out.py")
    (inside / "self.py").write_text("_base_ = 'self.py'\nx = 1\n", "utf-8")
    for base in ("../out.py", str(tmp_path / "out.py"), "link.py", "nothing.py", "\0", "/dev/zero", "self.py"):
        (document,) = with_bases(f"_base_ = {base!r}\n", PurePath(inside / "c.py"), inside)
        assert "secret" not in document


def test_mappings_of_python_are_bounded() -> None:
    deep: list[object] = []
    for _ in range(MAX_DEPTH + 5):
        deep = [deep]
    cycle: dict[str, object] = {}
    cycle["a"] = cycle
    wide: list[object] = [1] * 10
    for _ in range(10):
        wide = [wide] * 10
    assert plain({"a": [1, {"b": 2}]})
    assert not any(plain(thing) for thing in (deep, cycle, wide))


@given(
    st.sampled_from(["yaml", "json", "toml", "python", "shell", "gin"]),
    st.text(st.sampled_from(list("ab:1. -_[]{}()'\"\\#=,\n\t&*!|>%$@é\ud800\0")), max_size=60),
)
@examples(400)
def test_any_text_is_read_or_refused(format: str, text: str) -> None:
    try:
        offset = 0 if documents(text, format) is not None else -1
    except UnreadableError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("python", "a = [" + "'é'," * 40_000 + "]"),
        ("shell", "run --a " + "'" * 300_001),
        ("shell", "run --x 1; " + "a" * 300_000 + "=" + "b" * 300_000),
        ("shell", '--a "' + "\\x" * 300_000),
        ("gin", "\n".join("a = x" + " " * 1980 + "x" for _ in range(900))),
        ("toml", "[" + " " * 400_000 + "a]"),
        ("json", "[" + "1 , " * 50_000 + "1]"),
        ("yaml", "a: " + "x " * 300_000),
    ],
)
def test_long_texts_take_time_in_proportion(format: str, text: str) -> None:
    """A text of the same kind that is read in quadratic time would take minutes."""
    assert documents(text, format)


def test_a_mark_of_the_byte_order_belongs_to_no_document() -> None:
    """It may stand before JSON. Within it, it is a character as any other."""
    assert len(json_documents.read('\ufeff{"a": 1}')) == 1
    with pytest.raises(UnreadableError):
        json_documents.read('{"a": \ufeff1}')
