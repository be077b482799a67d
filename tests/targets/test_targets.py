"""What targets of a file mean together: their order counts where they may pick the same group, and a name calls one of them."""

from __future__ import annotations

import attrs
import pytest

import lrdsl
from lrdsl.targets import meaning

#: Two targets in either order, and whether the order may matter: whether both may pick one group.
PAIRS = [
    ('lr["a*"]', 'lr["*b"]', True),
    ('lr["a*"]', 'lr["abc"]', True),
    ('lr["abc"]', 'lr["a*"]', True),
    ('lr["abc"]', 'lr["b*"]', False),
    ('lr["abc"]', 'lr["abd"]', False),
    ('lr["abc", "b"]', 'lr["x", "b*"]', True),
    ("lr[0]", 'lr["abc"]', True),
    ("lr[0]", "lr[1]", False),
    ('lr["blocks.{k}"]', 'lr["blocks.3"]', True),
    ('lr["a*"]', 'momentum["*b"]', False),
]


@pytest.mark.parametrize(("one", "two", "shared"), PAIRS)
def test_the_order_of_targets_counts_where_they_may_share_a_group(one: str, two: str, shared: bool) -> None:
    first, second = f"{one} = hold(at=0.5x)", f"{two} = hold(at=0.25x)"
    there, back = (lrdsl.parse("\n".join(["lr = hold", *lines])) for lines in ((first, second), (second, first)))
    assert (there != back) == shared
    if not shared:
        assert hash(there) == hash(back)


def test_the_order_counts_beside_a_family_too() -> None:
    one, two, family = 'lr["a*"] = hold(at=0.5x)', 'lr["*b"] = hold(at=0.25x)', 'lr["blocks.{k}"] = 0.5^k * lr'
    there, again, back = (lrdsl.parse("\n".join(["lr = hold", *lines])) for lines in ((one, two, family), (one, two, family), (two, one, family)))
    assert there == again != back


def test_a_member_of_a_family_is_called_by_a_whole_name() -> None:
    schedule = lrdsl.parse('lr = hold\nlr["blocks.{k}.*"] = 0.5^k * lr')
    assert schedule.at(5, target='lr["blocks.3.mlp"]') == 0.125
    for name in ('lr["blocks.3.mlp', 'lr["blocks.3.mlp"', 'lr["blocks.3.mlp]]', 'lr["blocks.x.mlp"]'):
        with pytest.raises(lrdsl.ScheduleError, match="LR153"):
            schedule.at(5, target=name)


def test_the_base_of_a_target_has_a_letter_of_its_own() -> None:
    text = "lr = hold\nbetas[0] = hold(at=0.9)\nbetas[1] = hold(at=0.99)"
    assert [target.base_name for target in lrdsl.parse(text).program.targets] == ["eta_0", "beta_1_0", "beta_2_0"]


def test_the_order_counts_beside_the_members_of_a_family() -> None:
    """Of families alone the members say what they are; of the other targets the order counts, whatever stands for the members."""
    lines = ['lr["a*"] = hold(at=0.5x)', 'lr["*b"] = hold(at=0.25x)', 'lr["blocks.{k}"] = 0.5^k * lr']
    there, back = (lrdsl.parse("\n".join(["lr = hold", *some])).program.targets for some in (lines, [lines[1], lines[0], lines[2]]))
    assert meaning(there, "any") == meaning(there, "any") != meaning(back, "any")
    assert meaning(there, "any") != meaning(there, "others")


def test_a_family_is_read_with_one_number() -> None:
    program = lrdsl.parse('lr = hold\nlr["blocks.{k}"] = 0.5^k * lr').program
    written = program.targets[-1].written
    several = program.with_members({written: (2, 5, 3)}, lambda target, number: attrs.evolve(target, number=number))
    assert (several.numbers, several.samples) == ({written: (2, 3, 5)}, {written: (2,)})
