# SPDX-License-Identifier: Apache-2.0
"""The example for long runs: where its windows lie, and what it goes on from."""

import json
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


def run(folder, capsys, *options):
    torch_train.main(["--steps", "2", "--device", "cpu", "--out", str(folder), *options])
    (found,) = folder.glob("*.json")
    return json.loads(found.read_text()), capsys.readouterr().out


def test_a_finished_run_says_the_same_again(tmp_path, capsys):
    first, printed = run(tmp_path, capsys)
    assert first[1]["raw_bytes"] > 4 * first[1]["stored_bytes"] > 0
    assert run(tmp_path, capsys) == (first, printed)


@pytest.mark.parametrize(
    "options, what",
    [
        (["--split", "even"], "split gradient, not even"),
        (["--lr", "1e-2"], "lr 0.0006, not 0.01"),
        (["--steps", "3"], "steps 2, not 3"),
        (["--text", __file__], "text"),
    ],
)
def test_a_run_with_other_options_is_another_run(tmp_path, capsys, options, what):
    first, _ = run(tmp_path, capsys)
    with pytest.raises(SystemExit, match=f"is of another run .*{what}.*choose another --out"):
        run(tmp_path, capsys, *options)
    (found,) = tmp_path.glob("*.json")
    assert json.loads(found.read_text()) == first


def test_a_text_that_is_too_short(tmp_path, capsys):
    path = tmp_path / "text"
    path.write_bytes(b"0" * 600)
    with pytest.raises(SystemExit):
        torch_train.main(["--text", str(path)])
    assert "shorter than a window" in capsys.readouterr().err
