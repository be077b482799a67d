"""Tests of configs that update what another file has."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.documents.python import with_bases


@pytest.mark.parametrize("update", ["train_cfg.update(max_epochs=500, val_interval=10)", "train_cfg.update(dict(max_epochs=500, val_interval=10))"])
def test_an_update_is_merged_into_the_base(update: str, tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=150)\n", "utf-8")
    path = tmp_path / "own.py"
    source = f"from mmengine.config import read_base\nwith read_base():\n    from .base import *\n{update}\n"
    [document] = with_bases(source, path, tmp_path)
    assert dict(document["train_cfg"]) == {"type": "EpochBasedTrainLoop", "max_epochs": 500, "val_interval": 10}
