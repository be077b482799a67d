"""Tests that equal nodes are one object, and that each node knows which symbols and operations it contains."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import count
from threading import Event

import pytest
from hypothesis import given

from lrdsl import parse
from lrdsl.diagnostics import ScheduleError
from lrdsl.expr import BASE, ENTRY, FORMS, HALF_COSINES, INDEX, STAIRS, Call, Expr, Forms, Num, T, call, decimal, mentions, number, sharing, walk
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node
from tests.drawing import examples
from tests.properties.texts import trees

TEXT = "warmup(5) then step(3, 0.7) for 31 then cosine(20, to=0.01x) * (scale(1 / (1 + t)) for 9)"


def test_equal_formulas_are_one_object() -> None:
    assert parse(TEXT).plan.level is parse(TEXT).plan.level
    assert number(3) is number(Fraction(3))
    assert decimal(Fraction(1, 10)) is not number(0.1), "the decimal and the double are two things, with one double"
    assert Num(Fraction(1, 2), Fraction(1, 2)) is number(0.5)


def test_copies_and_pickles_are_the_same_object() -> None:
    level = parse(TEXT).plan.level
    assert copy.deepcopy(level) is level
    assert pickle.loads(pickle.dumps(level)) is level


def test_what_is_no_longer_used_is_swept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = parse(TEXT).plan.level
    monkeypatch.setattr(sharing, "_LEAST", 0)
    monkeypatch.setattr(sharing, "_limit", 0)
    for n in range(40):
        parse(f"cosine({n + 7}, to={n + 1}e-7)")
    gc.collect()
    for _ in range(2):  # one that was made again stands where it stood before, perhaps before what is below it
        sharing._clear()
    assert all(node() is not None for node in sharing._NODES.values())
    assert parse(TEXT).plan.level is kept


def test_threads_share_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_LEAST", 0)
    monkeypatch.setattr(sharing, "_limit", 0)
    texts = [f"warmup({n % 5 + 1}) then cosine({n % 7 + 20}, to={n % 3}e-3) then hold" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: (text, parse(text).plan.level), texts))
    first: dict[str, Expr] = {}
    for text, level in found:
        assert first.setdefault(text, level) is level


def test_a_collection_of_garbage_lets_other_threads_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is swept while another thread adds to it: in the middle of a list that is made item by item, the collector may let it."""
    monkeypatch.setattr(sharing, "_LEAST", 0)
    stop = Event()

    def let_in(_phase: str, _info: object) -> None:
        for _ in range(500):  # as long as it takes for another thread to have its turn
            pass

    def add() -> None:
        kept = []
        for n in count():
            kept.append(number(Fraction(n, 7)))
            if stop.is_set():
                return
            del kept[:-50]

    many = [number(Fraction(k, 70)) for k in range(5000)]  # more than the pairs that Python keeps for use without the collector
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(let_in)
    gc.set_threshold(20)
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as pool:
            adding = pool.submit(add)
            try:
                for _ in range(10):
                    sharing._clear()
            finally:
                stop.set()
            adding.result()
        assert all(node is number(Fraction(k, 70)) for k, node in enumerate(many))
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(let_in)


@examples(50)
@given(trees(3, 200))
def test_a_node_knows_what_it_holds(node: Node) -> None:
    """By looking at all of it."""
    try:
        level = parse(canonical(node)).plan.level
    except ScheduleError:
        return
    for x in walk(level):
        below = list(walk(x))
        for symbol in (T, ENTRY, BASE, INDEX):
            assert mentions(x, symbol) == any(y is symbol for y in below)
        assert bool(x.holds & FORMS) == any(isinstance(y, Forms) for y in below)
        assert bool(x.holds & STAIRS) == any(isinstance(y, Call) and y.op in ("floor", "mod") for y in below)
        assert bool(x.holds & HALF_COSINES) == any(isinstance(y, Call) and y.op == "hav" for y in below)
        assert x.height == 1 + max((y.height for y in x.below), default=0)
        assert x.weight == 1 + sum(y.weight for y in x.below) >= len(below)


def test_a_chain_of_sharing_is_as_high_as_it_is_long() -> None:
    e: Expr = T
    for _ in range(100):
        e = call("max", e + 1, e * 2)
    assert e.height > 100
    assert e.weight > 2**100
    assert sum(1 for _ in walk(e)) < 500
