# SPDX-License-Identifier: Apache-2.0
"""The emulation gives the bits of the library."""

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import actplane
from actplane import Config, ConfigError, InputError, emulate
from patterns import FLOAT, UINT, blocks, config

COUNT = {"quick": 10, "ci": 40, "full": 2000}[os.environ.get("ACTP_TEST_SCALE", "ci")]
TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def tensor(p: np.ndarray, form: str):
    return torch.from_numpy(p.view(np.int32 if form == "fp32" else np.int16).copy()).view(TYPES[form])


def bits(t) -> np.ndarray:
    wide = t.dtype == torch.float32
    return t.view(torch.int32 if wide else torch.int16).numpy().view(np.uint32 if wide else np.uint16)


def check(p: np.ndarray, c: Config) -> None:
    wants = actplane.decompress(actplane.compress(p.view(FLOAT[c.format]), config=c)).view(UINT[c.format])
    gives = bits(emulate.reconstruct(tensor(p, c.format), config=c))
    wrong = np.flatnonzero(wants != gives)
    assert (
        not wrong.size
    ), f"{c}: {wrong.size} differ, first {wrong[0]}: {p[wrong[0]]:x} {wants[wrong[0]]:x} {gives[wrong[0]]:x}"


@pytest.mark.parametrize("order", ["field", "significance"])
@pytest.mark.parametrize("form", ["fp32", "fp16", "bf16"])
def test_random_blocks(rng, form, order):
    for _ in range(COUNT):
        check(blocks(rng, form, 12), config(rng, form, order))


@pytest.mark.parametrize("order", ["field", "significance"])
@pytest.mark.parametrize("form", ["fp32", "fp16", "bf16"])
def test_real_tensors(real, form, order):
    x = torch.from_numpy(real).flatten()[:20000].to(TYPES[form])
    for c in (Config(format=form, order=order, ratio=2), Config(format=form, order=order, ratio=4, block_len=64)):
        check(bits(x), c)


def test_shapes_and_strides():
    x = torch.randn(7, 33, 5).transpose(0, 2)
    y = emulate.reconstruct(x, ratio=4)
    assert y.shape == x.shape and y.is_contiguous() and not y.requires_grad
    assert torch.equal(y, torch.from_numpy(actplane.decompress(actplane.compress(x.contiguous().numpy(), ratio=4))))
    assert emulate.reconstruct(torch.zeros(0, 3)).shape == (0, 3)
    assert torch.equal(emulate.reconstruct(x, order="field", lossless=True), x)


def test_what_is_refused():
    with pytest.raises(InputError, match="x.float"):
        emulate.reconstruct(torch.zeros(9, dtype=torch.float64))
    with pytest.raises(ConfigError, match="ratio 1.566"):
        emulate.reconstruct(torch.zeros(9), ratio=1.1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda(rng):
    for form in TYPES:
        for order in ("field", "significance"):
            x, c = tensor(blocks(rng, form, 200), form), config(rng, form, order)
            assert (
                bits(emulate.reconstruct(x.cuda(), config=c).cpu()) == bits(emulate.reconstruct(x, config=c))
            ).all()
