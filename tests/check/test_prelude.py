"""Tests of the standard recipes: which of them a text reads, and that every name is where its namespace says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lrdsl
from lrdsl.check import prelude
from lrdsl.linting.hosts.likeness import looks_like_one


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The namespaces that are read while the test runs, in order, each as often as it is read. None has been read before."""
    read: list[str] = []
    parse = prelude.parse_tree

    def counted(text: str) -> object:
        read.append(next(namespace for namespace in prelude.namespaces() if prelude._text(namespace) == text))
        return parse(text)

    monkeypatch.setattr(prelude, "parse_tree", counted)
    prelude._read.cache_clear()
    yield read
    prelude._read.cache_clear()


@pytest.mark.parametrize(
    ("text", "namespaces"),
    [
        ("warmup(5) then cosine(20)", []),
        ("let warm = 5; def power(n) = poly(n, power=2); lr = warmup(warm) then hold(9) until val_loss < 0.3", []),
        ("hf.cosine(5, 100)", ["hf"]),
        ("lr = hf.cosine(5, 100); momentum = hf.linear(5, 100)", ["hf"]),
        ("wsd(5, 10, 5)", ["recipes"]),
        ("noam(5) * timm.step(3)", ["recipes", "timm"]),
    ],
)
def test_a_text_reads_the_namespaces_that_it_names(text: str, namespaces: list[str], reads: list[str]) -> None:
    for _ in range(2):
        try:
            lrdsl.parse(text)
        except lrdsl.ScheduleError as error:
            pytest.fail(str(error))
    assert sorted(reads) == namespaces


def test_a_name_of_the_host_is_no_recipe(reads: list[str]) -> None:
    assert lrdsl.parse("hold(noam)", names={"noam": 4}).length == 4
    assert reads == []


@pytest.mark.parametrize(
    ("wrong", "right"), [("hf.cosin", "hf.cosine"), ("keras.cosine_restart", "keras.cosine_restarts"), ("noan", "noam"), ("hf_cosine", "hf.cosine")]
)
def test_a_misspelled_name_reads_none(wrong: str, right: str, reads: list[str]) -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.parse(f"{wrong}(5, 100)")
    assert caught.value.diagnostics[0].help == f"did you mean `{right}`?"
    assert reads == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("hf.cosine(5, 100)", True),
        ("hf.cosin(5, 100)", True),
        ("tim.cosine(100)", True),
        ("trapezod(40, 5, 6)", True),
        ("hf.load(5, 100)", False),
        ("torch.cosine(100)", False),
    ],
)
def test_a_string_is_told_from_others_without_reading(text: str, is_one: bool, reads: list[str]) -> None:
    assert looks_like_one(text) is is_one
    assert reads == []


@pytest.mark.parametrize("namespace", prelude.namespaces())
def test_names_are_in_their_namespace(namespace: str) -> None:
    """The names that a look at the text finds are those of its functions. Each has the namespace of its file, and none is defined twice."""
    names = prelude.names_in(namespace)
    assert tuple(prelude._read(namespace)) == names
    assert len(set(names)) == len(names) > 0
    assert {prelude.namespace_of(name) for name in names} == {namespace}


def test_a_word_is_a_recipe_if_it_is_the_whole_name() -> None:
    assert prelude.is_recipe("wsd")
    assert not prelude.is_recipe("recipes.wsd")
    assert not prelude.is_recipe("hf")
    assert not prelude.is_recipe("../hf.cosine")
    assert prelude.recipe("cosine") is None
