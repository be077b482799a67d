"""Tests that a call which raises changes nothing: neither the scheduler, nor the groups, nor any later level."""

from __future__ import annotations

import copy
import functools
import json
import math
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.numbers import products
from lrdsl.runtime.reports import MetricWarning
from tests.drawing import examples

pytestmark = pytest.mark.filterwarnings("ignore::lrdsl.ResumeWarning")

HUGE = 10**400


def deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(2000):
        found = [found]
    return found


#: What a state may hold where something else belongs.
HOSTILE: dict[str, Any] = {
    "None": None, "True": True, "0": 0, "-1": -1, "5": 5, "1.5": 1.5, "NaN": math.nan, "infinity": math.inf, "10**400": HUGE, "10**30": 10**30,
    "empty text": "", "text": "x", "1/0": "1/0", "1e999999999": "1e999999999", "bytes": b"x", "[]": [], "[5]": [5], '[["x"]]': [["x"]], "[[3, 5]]": [[3, 5]],
    "[[-1, hold]]": [[-1, "hold"]], "[[True, hold]]": [[True, "hold"]], "[[1e30, hold]]": [[10**30, "hold"]], "[[3, cosin]]": [[3, "cosin(5)"]], "[[3, '']]": [[3, ""]],
    "[None]": [None], "[[[]]]": [[[]]], "deep": deep(), "{}": {}, "{x: 5}": {"x": 5}, "{5: 5}": {5: 5}, "{lr: 5}": {"lr": 5}, "{lr: []}": {"lr": []},
    "{lr: [None]}": {"lr": [None, None]}, "{lr: [NaN]}": {"lr": [math.nan, 0.1]}, "{lr: [10**400]}": {"lr": [HUGE, 0.1]}, "{lr: [True]}": {"lr": [True, 0.1]}, "{lr: text}": {"lr": ["0.1", "0.1"]},
    "{lr: deep}": {"lr": [deep(), deep()]}, "500 replans": [[3, "hold"]] * 500, "object": object(), "tensor": torch.tensor([1.0, 2.0]), "metric": [["loss < 0.3", 0, [2], None, 0, 0]] * 2,
    "watch 1/0": [["loss < 0.3", "1/0", [2], None, 0, 0]], "watch 1e999999999": [["loss < 0.3", "1e999999999", [2], None, 0, 0]], "watch late": [["loss < 0.3", 0, [10**6], None, 0, 0]],
    "watch short": [["loss < 0.3", 0]], "watch NaN": [["loss < 0.3", math.nan, [2], None, 0, 0]], "watch best": [["loss < 0.3", 0, [], "0x", 0, 0]], "watch bad": [["loss < 0.3", 0, [], 1.0, -1, 0]],
    "watch back": [["loss < 0.3", 0, [3, 2], None, 0, 0]], "watch huge": [["loss < 0.3", 0, [], HUGE, 0, 0]], "watch float": [["loss < 0.3", 0, [1.5], None, 0, 0]],
    "folded late": [10**6, "hold"], "folded wrong": [3, "cosin(5)"], "folded number": [3, 5], "folded other": [3, "momentum = hold"],
}  # fmt: skip


def plain() -> Any:
    return lrdsl.compile("warmup(5) then cosine(95)", SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": 0.3}]))


def targets() -> Any:
    groups = [{"lr": 0.1, "momentum": 0.9, "betas": (0.9, 0.99)}, {"lr": 0.3, "momentum": 0.8, "betas": (0.8, 0.99), "name": "head"}]
    return lrdsl.compile('lr = cosine(100); lr["head"] = 0.5 * lr; momentum = linear(100, to=0.5x); betas[0] = hold', SimpleNamespace(param_groups=groups))


def plateau() -> Any:
    text = "warmup(2) then plateau(patience=0, metric=loss) until acc > 0.9 or for 20 then exp(50, to=0.001)"
    return lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1}, {"lr": 0.3}]))


@functools.cache
def replanned_often() -> str:
    made = lrdsl.compile("lr = cosine(1000); momentum = hold", pairs())
    for _ in range(26):
        made.step()
        made.replan("lr = exp(200, to=0.001)")
    assert made.course.folded
    return json.dumps(made.state_dict())


def pairs() -> Any:
    return SimpleNamespace(param_groups=[{"lr": 0.1, "momentum": 0.9}, {"lr": 0.3, "momentum": 0.9}])


def replanned() -> Any:
    made = lrdsl.compile("lr = cosine(1000); momentum = hold", pairs())
    made.load_state_dict(json.loads(replanned_often()))
    return made


def parameters() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(2))]


def torch_tensors() -> Any:
    groups: Any = [{"params": parameters(), "lr": torch.tensor(0.1)}, {"params": parameters(), "lr": torch.tensor(0.2, dtype=torch.float64), "name": "head"}]
    return lrdsl.compile('lr = cosine(100); lr["head"] = linear(50)', torch.optim.Adam(groups, lr=torch.tensor(0.5)))


def torch_metrics() -> Any:
    return lrdsl.compile("hold until loss < 0.3 then linear(20)", torch.optim.SGD([{"params": parameters(), "lr": 0.1}, {"params": parameters(), "lr": 0.3}]))


def longer() -> Any:
    made = lrdsl.compile("set batch_size = hold(5 steps, at=8) then hold(at=16)\nlr = warmup(w) then cosine(rest)", pairs(), total_steps=40, names={"w": 1 / 3})
    made.seek(40)
    made.replan("restart linear(rest)", total_steps=60.5)
    return made


MAKERS: dict[str, Callable[[], Any]] = {f.__name__: f for f in (plain, targets, plateau, replanned, torch_tensors, torch_metrics, longer)}


def go_on(scheduler: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler.step(**dict.fromkeys(scheduler.schedule.metrics, 0.5))


def groups(scheduler: Any) -> list[dict[str, Any]]:
    """What the groups hold, and which tensors it is held in."""
    found = []
    for group in scheduler.optimizer.param_groups:
        values = {key: value.clone() if isinstance(value, torch.Tensor) else copy.copy(value) for key, value in group.items() if key != "params"}
        found.append({**values, **{f"id of {key}": id(value) for key, value in group.items() if isinstance(value, torch.Tensor)}})
    return found


def everything(scheduler: Any) -> tuple[Any, ...]:
    """All that a scheduler is, by value where it could be changed in place."""
    own = {name: value for name, value in vars(scheduler).items() if name != "optimizer"}
    held = {name: copy.copy(value) if isinstance(value, list | dict) else value for name, value in own.items()}
    return held, json.dumps(scheduler.state_dict()), groups(scheduler), vars(scheduler.optimizer).get("_opt_called")


def is_refused(call: Callable[[Any], Any], scheduler: Any) -> bool:
    try:
        call(scheduler)
    except lrdsl.ScheduleError:
        return True
    return False


def unchanged(make: Callable[[], Any], call: Callable[[Any], Any], ticks: int = 3) -> bool:
    """Whether a call was refused; all is as it was then, and goes on as that of a twin that was never asked."""
    scheduler, twin = make(), make()
    for _ in range(ticks):
        go_on(scheduler)
        go_on(twin)
    before = everything(scheduler)
    if not is_refused(call, scheduler):
        return False
    assert everything(scheduler) == before
    for _ in range(2):
        go_on(scheduler)
        go_on(twin)
        assert scheduler.state_dict() == twin.state_dict()
        assert [g["lr"] for g in scheduler.optimizer.param_groups] == [g["lr"] for g in twin.optimizer.param_groups]
    return True


#: What is right where it stands, for some schedulers or all.
SOUND = {
    ("folded", "None"), ("replans", "[]"), ("watches", "[]"), ("reports", "[]"), ("names", "{}"), ("names", "{x: 5}"), ("names", "{lr: 5}"), ("names", "{lr: []}"), ("clock", "{}"), ("last_epoch", "0"), ("last_epoch", "5"),
}  # fmt: skip


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_part_of_a_state_may_be_hostile(make: Callable[[], Any]) -> None:
    scheduler, twin = make(), make()
    before = everything(scheduler)
    for key in scheduler.state_dict():
        for name, value in HOSTILE.items():
            if is_refused(lambda s, key=key, value=value: s.load_state_dict({**s.state_dict(), key: value}), scheduler):  # type: ignore[misc]
                assert everything(scheduler) == before, (key, name)
                continue
            assert (key, name) in SOUND or (key, name) == ("folded", "None"), (key, name)
            scheduler = make()
            before = everything(scheduler)
    go_on(scheduler)
    go_on(twin)
    assert scheduler.state_dict() == twin.state_dict()
    assert [g["lr"] for g in scheduler.optimizer.param_groups] == [g["lr"] for g in twin.optimizer.param_groups]


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all parts of a state, at any depth."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def mutated(state: dict[str, Any], random: Random) -> dict[str, Any]:
    """A copy of a state with a few wounds: a part that is lost, doubled, cut short, moved, made another number, or of another kind."""
    state = json.loads(json.dumps(state))
    for _ in range(random.randint(1, 3)):
        if not state:
            break
        *path, key = random.choice([*places(state)])
        holder: Any = functools.reduce(lambda inner, step: inner[step], path, state)
        value, wound = holder[key], random.randrange(7)
        if wound == 0:
            del holder[key]
        elif wound == 1 and isinstance(holder, list):
            holder.insert(key, value)
        elif wound == 2 and isinstance(value, str | list) and value:
            holder[key] = value[: random.randrange(len(value))]
        elif wound == 3 and isinstance(value, str) and value:
            at = random.randrange(len(value))
            holder[key] = value[:at] + random.choice("()[]0.9e-x;\\\n\0é") + value[at + random.randrange(2) :]
        elif wound == 4 and isinstance(value, int | float):
            holder[key] = random.choice([-value, value + 1, value * 1e9, value / 3, str(value), 2**63, float(value)])
        elif wound == 5:
            other: Any = functools.reduce(lambda inner, step: inner[step], random.choice([*places(state)]), state)
            holder[key] = copy.deepcopy(other)
        else:
            holder[key] = copy.deepcopy(HOSTILE[random.choice([name for name in HOSTILE if "deep" not in name])])
    return state


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_mutated_state_is_refused_whole_or_loads(make: Callable[[], Any]) -> None:
    """2,000 states with wounds at any depth, in all: what is refused leaves no trace, and what is taken is a state to go on with."""
    random, refused = Random(1), 0
    scheduler, again = make(), make()
    states = [scheduler.state_dict()]
    for _ in range(7):
        go_on(again)
    states.append(again.state_dict())
    before = everything(scheduler)
    count = 40 if isinstance(scheduler.optimizer, torch.optim.Optimizer) else 400  # to load tensors takes longer, and the states are alike
    for i in range(count):
        state = mutated(states[i % 2], random)
        if is_refused(lambda s, state=state: s.load_state_dict(state), scheduler):  # type: ignore[misc]
            assert everything(scheduler) == before
            refused += 1
            continue
        again.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
        assert again.state_dict() == scheduler.state_dict()
        assert all(math.isfinite(group["lr"]) for group in groups(scheduler))
        go_on(scheduler)
        scheduler.load_state_dict(states[0])
        before = everything(scheduler)
    assert refused > count / 2


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_states_with_a_part_too_many_or_too_few(make: Callable[[], Any]) -> None:
    for key in make().state_dict():
        assert unchanged(make, lambda s, key=key: s.load_state_dict({k: v for k, v in s.state_dict().items() if k != key}))  # type: ignore[misc]
    assert unchanged(make, lambda s: s.load_state_dict({**s.state_dict(), "more": 1}))
    assert unchanged(make, lambda s: s.load_state_dict({**s.state_dict(), "bases": {}}))
    assert unchanged(make, lambda s: s.load_state_dict({**s.state_dict(), "bases": {**s.bases, "wibble": [1.0, 1.0]}}))
    assert unchanged(make, lambda s: s.load_state_dict({**s.state_dict(), "bases": {**s.bases, "lr": [0.1]}}))


class Broken(dict[str, Any]):
    """A mapping that cannot be read."""

    def items(self) -> Any:
        raise RuntimeError("no")


def test_a_state_that_cannot_be_read() -> None:
    assert unchanged(plain, lambda s: s.load_state_dict(Broken(s.state_dict())))


def _no(*_args: Any, **_options: Any) -> Any:
    raise RuntimeError("no")


_READ = (
    "__eq__",
    "__ne__",
    "__lt__",
    "__hash__",
    "__len__",
    "__iter__",
    "__getitem__",
    "__contains__",
    "__str__",
    "__repr__",
    "__format__",
    "__bool__",
    "__float__",
)
_READ_TOO = ("items", "keys", "values", "get", "index", "count", "split", "encode", "isascii", "as_integer_ratio", "__radd__", "__int__", "__index__")
#: Subclasses that raise whatever is asked of them.
RAISING = {kind: type(f"Raising{kind.__name__}", (kind,), dict.fromkeys((*_READ, *_READ_TOO), _no)) for kind in (dict, list, tuple, str, float, int)}


def replaced(data: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """The data with the part at a path changed."""
    if not path:
        return change(data)
    copied = dict(data) if isinstance(data, dict) else list(data)
    copied[path[0]] = replaced(copied[path[0]], path[1:], change)
    return copied


def paths(data: Any) -> Iterator[tuple[Any, ...]]:
    """The paths to all parts of the data."""
    yield ()
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from ((key, *rest) for rest in paths(data[key]))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_states_with_parts_of_classes_that_raise(make: Callable[[], Any]) -> None:
    scheduler = make()
    for _ in range(3):
        go_on(scheduler)
    before, state = everything(scheduler), scheduler.state_dict()
    for path in paths(state):
        for raising in RAISING.values():

            def broken(part: Any, raising: Any = raising) -> Any:
                return raising(part) if isinstance(part, raising.__mro__[1]) and not isinstance(part, bool) else raising()

            if is_refused(lambda s, path=path, broken=broken: s.load_state_dict(replaced(state, path, broken)), scheduler):  # type: ignore[misc]
                assert everything(scheduler) == before, (path, raising)
            else:
                scheduler.load_state_dict(state)
                before = everything(scheduler)


def cut(part: Any) -> Any:
    """A part of a state without its second half."""
    if isinstance(part, dict):
        return dict(list(part.items())[: len(part) // 2])
    return part[: len(part) // 2] if isinstance(part, list | str) else None


@examples(300, costly=True)
@given(st.sampled_from(sorted(MAKERS)), st.data())
def test_a_state_that_is_damaged_anywhere(make: str, data: st.DataObject) -> None:
    """It is refused, and all is as it was; or what was loaded is a whole state, with its levels in the groups, as a twin that loads it again has."""
    state = json.loads(json.dumps(MAKERS[make]().state_dict()))
    path = data.draw(st.sampled_from(list(paths(state))[1:]))
    name = data.draw(st.sampled_from(["cut", *HOSTILE]))
    damaged = replaced(state, path, cut if name == "cut" else lambda _: HOSTILE[name])
    options = {"migrate": data.draw(st.booleans()), "bases": data.draw(st.sampled_from(["saved", "optimizer"]))}

    def load(scheduler: Any) -> None:
        scheduler.load_state_dict(damaged, **options)

    if not unchanged(MAKERS[make], load):
        scheduler, twin = MAKERS[make](), MAKERS[make]()
        load(scheduler)
        twin.load_state_dict(json.loads(json.dumps(scheduler.state_dict())), **options)
        assert twin.state_dict() == scheduler.state_dict()
        assert [float(g["lr"]) for g in scheduler.optimizer.param_groups] == [float(g["lr"]) for g in twin.optimizer.param_groups]
        go_on(scheduler)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_states_cut_short(make: Callable[[], Any]) -> None:
    """Every prefix of the lists in a state, and of its texts, is refused or is a state."""
    state = make().state_dict()
    for key, value in state.items():
        for cut in (value[: len(value) // 2], value[:-1]) if isinstance(value, list | str) and value else ():
            if key in ("replans", "watches") or key == "schedule":
                unchanged(make, lambda s, key=key, cut=cut: s.load_state_dict({**s.state_dict(), key: cut}))  # type: ignore[misc]


values = st.one_of(
    st.sampled_from(list(HOSTILE.values())),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=10),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.fractions(),
    st.lists(st.one_of(st.integers(-5, 5), st.text(max_size=3), st.floats()), max_size=3),
    st.sampled_from(
        ["cosin(5)", "cosine(rest)", "lr = hold; lr = hold", "weight_decay = hold", "exp(2)", "linear(10", "hold(at=1e-5) * hold(at=2)", 'lr["x"] = hold']
    ),
)


@examples(60, costly=True)
@given(
    st.sampled_from(sorted(MAKERS)),
    st.sampled_from(["seek", "replan", "step", "load", "state", "at", "values", "group", "target", "rate", "key"]),
    values,
    st.integers(0, 7),
    st.data(),
)
def test_whatever_is_asked_of_a_scheduler(make: str, method: str, value: Any, ticks: int, data: st.DataObject) -> None:
    def asked(s: Any) -> None:
        match method:
            case "seek":
                s.seek(value)
            case "replan":
                s.replan(value)
            case "step":
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    s.step(value) if value is not None else s.step(**dict.fromkeys(s.schedule.metrics, "x"))
            case "load":
                s.load_state_dict(value, migrate=True)
            case "state":
                state = s.state_dict()
                s.load_state_dict({**state, data.draw(st.sampled_from(sorted(state))): value}, migrate=data.draw(st.booleans()))
            case "at":
                s.at(value)
            case "values":
                s.values(value if not isinstance(value, int) or value < 100 else 100)
            case "group":
                s.at(1, value)
            case "target":
                s.at(1, 0, value)
            case "rate":
                s.optimizer.param_groups.append({**s.optimizer.param_groups[0], "lr": value, "initial_lr": value})
                try:
                    go_on(s)
                finally:
                    s.optimizer.param_groups.pop()
            case "key":
                held = s.optimizer.param_groups[1].pop("lr")
                s.optimizer.param_groups.append({})
                try:
                    go_on(s)
                finally:
                    s.optimizer.param_groups.pop()
                    s.optimizer.param_groups[1]["lr"] = held

    unchanged(MAKERS[make], asked, ticks)


def test_a_warning_that_is_an_error_changes_nothing() -> None:
    for make, report in ((plateau, {"loss": math.nan, "acc": 0.5}), (plateau, {}), (torch_metrics, {"los": 1.0})):
        scheduler = make()
        for _ in range(3):
            go_on(scheduler)
        before = everything(scheduler)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(MetricWarning):
                scheduler.step(**report)
        assert everything(scheduler) == before


def test_the_order_of_calls_as_an_error_changes_nothing() -> None:
    scheduler = torch_tensors()
    before = everything(scheduler)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="optimizer"):
            scheduler.step()
    assert everything(scheduler) == before


def test_an_optimizer_that_is_refused_is_left_as_it_was() -> None:
    for text in ('lr = hold; lr["nobody"] = hold', "lr = hold; momentum = hold; wibble = hold", "lr = hold; lr[1] = hold(at=1e50)"):
        optimizer = torch.optim.SGD([{"params": parameters(), "lr": torch.tensor(0.1)}, {"params": parameters(), "lr": torch.tensor(0.2)}], lr=0.3)
        before, step = [dict(group) for group in optimizer.param_groups], optimizer.step
        held = [float(group["lr"]) for group in optimizer.param_groups]
        with pytest.raises(lrdsl.ScheduleError):
            lrdsl.compile(text, optimizer)
        assert [list(group) for group in optimizer.param_groups] == [list(group) for group in before]
        assert all(group["lr"] is old["lr"] for group, old in zip(optimizer.param_groups, before, strict=True))
        assert [float(group["lr"]) for group in optimizer.param_groups] == held
        assert optimizer.step == step


def test_no_group_is_stored_where_one_is_refused() -> None:
    """The second tensor cannot hold its level at tick 3; the first is not filled with its own."""
    groups: Any = [{"params": parameters(), "lr": torch.tensor(1.0)}, {"params": parameters(), "lr": torch.tensor(1.0), "name": "x"}]
    scheduler = lrdsl.compile('lr = linear(10); lr["x"] = hold(3) then hold(at=1e50)', torch.optim.SGD(groups, lr=0.1))
    go_on(scheduler)
    go_on(scheduler)
    before = everything(scheduler)
    with pytest.raises(lrdsl.ScheduleError, match="float64"):
        scheduler.step()
    assert everything(scheduler) == before


def test_a_group_that_is_added_is_refused_until_it_is_repaired() -> None:
    scheduler = torch_metrics()
    scheduler.optimizer.add_param_group({"params": parameters(), "lr": torch.tensor(1)})
    for _ in range(2):
        before = everything(scheduler)
        with pytest.raises(lrdsl.ScheduleError, match="LR152"):
            go_on(scheduler)
        assert everything(scheduler) == before
    scheduler.optimizer.param_groups[2]["lr"] = torch.tensor(1.0)
    go_on(scheduler)
    assert scheduler.base_lrs == [0.1, 0.3, 1.0]


def test_a_product_of_too_many_factors_is_refused_before_any_is_made() -> None:
    text = 'lr = cumprod(0.9 + 0.1*t/(t + 5)); lr["x"] = linear(10)'
    scheduler = lrdsl.compile(text, SimpleNamespace(param_groups=[{"lr": 0.1, "name": "x"}, {"lr": 0.3}]))
    for ask in (lambda: scheduler.seek(10_000_001), lambda: scheduler.at(10**12, 1), lambda: scheduler.values([1, 10**9], 1)):
        before = everything(scheduler)
        with pytest.raises(lrdsl.ScheduleError, match="4000000 are the most"):
            ask()
        assert everything(scheduler) == before
    scheduler.seek(5)
    assert scheduler.optimizer.param_groups[1]["lr"] == scheduler.at(5, 1)


def test_a_product_is_left_behind_by_a_replan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "MOST_FACTORS", 1000)
    scheduler = lrdsl.compile("cumprod(0.9 + 0.1*t/(t + 5))", SimpleNamespace(param_groups=[{"lr": 0.1}]))
    scheduler.seek(1000)
    level = scheduler.optimizer.param_groups[0]["lr"]
    with pytest.raises(lrdsl.ScheduleError, match="replan"):
        scheduler.step()
    scheduler.replan("hold")
    scheduler.step()
    assert (scheduler.last_epoch, scheduler.optimizer.param_groups[0]["lr"]) == (1001, level)


def test_the_last_tick() -> None:
    scheduler = plain()
    scheduler.seek(10**12)
    before = everything(scheduler)
    with pytest.raises(lrdsl.ScheduleError, match="ticks run"):
        scheduler.step()
    assert everything(scheduler) == before
    assert Fraction(scheduler.last_epoch) == 10**12


def test_going_back_twice_forgets_events_twice() -> None:
    scheduler = lrdsl.compile("plateau(patience=0, metric=loss)", SimpleNamespace(param_groups=[{"lr": 1.0}]))
    for _ in range(6):
        scheduler.step(loss=1.0)
    scheduler.seek(4)
    assert scheduler.log.events
    scheduler.seek(0)
    assert not scheduler.log.events
    assert scheduler.at(5) == 1.0


class Stubborn(dict[str, Any]):
    """A group that refuses to store anything when `left` is used up."""

    left = [10**9]

    def __setitem__(self, key: str, value: Any) -> None:
        if self.left[0] == 0:
            raise RuntimeError
        self.left[0] -= 1
        super().__setitem__(key, value)


STUBBORN: dict[str, Callable[[Any], Any]] = {
    "step": lambda scheduler: scheduler.step(),
    "seek": lambda scheduler: scheduler.seek(50),
    "seek back": lambda scheduler: scheduler.seek(2),
    "load": lambda scheduler: scheduler.load_state_dict({**scheduler.state_dict(), "last_epoch": 60, "bases": {key: [1.0] * 3 for key in scheduler.bases}}),
}


@pytest.mark.parametrize(
    "text", ["cosine(100)", "hold(8) then cosine(100)", "lr = cosine(100); betas[0] = linear(100); momentum = cosine(70)", "lr = min(cosine(100), 0.05)"]
)
@pytest.mark.parametrize("call", [*STUBBORN, "compile"])
def test_a_group_that_refuses_in_the_middle_changes_no_other(call: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for allowed in range(9):
        groups = [Stubborn(lr=0.1 * i, momentum=0.9, betas=(0.9, 0.99)) for i in (1, 2, 3)]
        monkeypatch.setattr(Stubborn, "left", [10**9])
        scheduler: Any = None if call == "compile" else lrdsl.compile(text, SimpleNamespace(param_groups=groups))
        for _ in range(7 if scheduler else 0):
            scheduler.step()
        before = repr(groups), scheduler and scheduler.state_dict(), scheduler and scheduler.at(30)
        monkeypatch.setattr(Stubborn, "left", [allowed])
        try:
            STUBBORN[call](scheduler) if scheduler else lrdsl.compile(text, SimpleNamespace(param_groups=groups))
        except RuntimeError:
            assert (repr(groups), scheduler and scheduler.state_dict(), scheduler and scheduler.at(30)) == before, allowed
        else:
            assert allowed > 0


def test_a_tensor_that_came_to_require_a_gradient_leaves_the_others_as_they_were() -> None:
    groups = [{"lr": torch.tensor(0.1 * i)} for i in (1, 2, 3)]
    scheduler = lrdsl.compile("linear(100)", SimpleNamespace(param_groups=groups))
    groups[0]["lr"].fill_(0.7)
    groups[1]["lr"].requires_grad_(True)
    before = repr(groups)
    for call in (scheduler.step, lambda: scheduler.seek(50), lambda: scheduler.replan("hold(at=0.3x)")):
        with pytest.raises(lrdsl.ScheduleError, match="gradient"):
            call()
        assert repr(groups) == before


def test_a_rate_changed_by_hand_stays_where_a_group_refuses_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [Stubborn(lr=0.1 * i) for i in (1, 2, 3)]
    scheduler = lrdsl.compile("linear(100)", SimpleNamespace(param_groups=groups))
    groups[0]["lr"] = 0.7
    before = repr(groups)
    monkeypatch.setattr(Stubborn, "left", [1])
    with pytest.raises(RuntimeError):
        scheduler.step()
    assert repr(groups) == before


class Stopping(torch.Tensor):
    """A tensor in which the user stops the run, once, before it is filled."""

    stops = False

    def fill_(self, value: Any) -> Any:
        if Stopping.stops:
            Stopping.stops = False
            raise KeyboardInterrupt
        return super().fill_(value)


@pytest.mark.parametrize("call", ["step", "seek"])
@pytest.mark.parametrize("kind", [dict, Stubborn])
def test_a_run_that_is_stopped_while_levels_are_stored_can_go_on(call: str, kind: type) -> None:
    """All groups have the level of the tick before, and the next step is that after it."""
    text = "lr = linear(10); betas[0] = linear(10, from=0.9, to=0.5)"
    groups = [
        kind(lr=0.5, betas=(0.9, 0.99)),
        kind(lr=torch.tensor(1.0), betas=(0.9, 0.99)),
        kind(lr=torch.tensor(2.0).as_subclass(Stopping), betas=(0.9, 0.99)),
    ]
    scheduler = lrdsl.compile(text, SimpleNamespace(param_groups=groups))

    def levels() -> list[float]:
        return [float(x) for group in groups for x in (group["lr"], group["betas"][0])]

    def expected(tick: int) -> Any:
        return pytest.approx([scheduler.at(tick, i, target) for i in range(3) for target in ("lr", "betas[0]")], rel=1e-6)

    scheduler.step()
    tensors, before = [group["lr"] for group in groups[1:]], levels()
    assert before == expected(1)
    Stopping.stops = True
    with pytest.raises(KeyboardInterrupt):
        scheduler.step() if call == "step" else scheduler.seek(5)
    assert levels() == before
    assert scheduler.last_epoch == 1
    assert all(group["lr"] is tensor for group, tensor in zip(groups[1:], tensors, strict=True))
    scheduler.step()
    assert levels() == expected(2)


def test_a_compile_that_is_stopped_leaves_shared_tensors_shared() -> None:
    shared = torch.tensor(0.5)
    groups = [{"lr": shared}, {"lr": shared}, {"lr": torch.tensor(1.0).as_subclass(Stopping)}]
    Stopping.stops = True
    with pytest.raises(KeyboardInterrupt):
        lrdsl.compile("warmup(5, from=0.2x) then hold", SimpleNamespace(param_groups=groups))
    assert groups[0]["lr"] is groups[1]["lr"] is shared
    assert [[*group] for group in groups] == [["lr"]] * 3
    assert float(shared) == 0.5
