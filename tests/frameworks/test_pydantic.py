"""Tests of `Schedule` as the type of a pydantic field."""

from __future__ import annotations

import pydantic
import pytest

import lrdsl


class Config(pydantic.BaseModel):
    """A training configuration."""

    schedule: lrdsl.Schedule
    rate: float = 0.1


def test_text_becomes_a_schedule_and_text_again() -> None:
    config = Config.model_validate_json('{"schedule": "step(3, .1)then cosine(20)"}')
    assert config.schedule == lrdsl.parse("step(3, 0.1) then cosine(20)")
    assert config.model_dump_json() == '{"schedule":"step(3, 0.1) then cosine(20)","rate":0.1}'
    assert Config(schedule=config.schedule).schedule is config.schedule
    assert Config.model_json_schema()["properties"]["schedule"]["type"] == "string"


def test_a_wrong_text_says_what_is_wrong() -> None:
    with pytest.raises(pydantic.ValidationError, match="did you mean `cosine`"):
        Config(schedule="cosin(20)")  # type: ignore[arg-type]
