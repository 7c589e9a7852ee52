# SPDX-License-Identifier: Apache-2.0
"""The example for long runs: where its windows lie."""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import actplane.torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
import torch_train

sys.path.pop(0)  # an example has the name of zarr


class Text:
    """As long as is said, and nothing in it."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, at):
        self.at = at
        return at % 256


@pytest.mark.parametrize("length", [10_000, 100_000_000, 1_000_000_007])
def test_windows_end_with_the_text(length):
    text, split = Text(length), int(0.9 * length)
    x, y = torch_train.windows(text, split, 64, 160)
    assert x.shape == y.shape == (160, 64)
    assert text.at.min() == split and text.at.max() == length - 1
    assert (text.at[:, 0].diff() > 0).all()


def test_a_text_that_is_too_short(tmp_path, capsys):
    path = tmp_path / "text"
    path.write_bytes(b"0" * 600)
    with pytest.raises(SystemExit):
        torch_train.main(["--text", str(path)])
    assert "shorter than a window" in capsys.readouterr().err
