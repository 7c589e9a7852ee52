# SPDX-License-Identifier: Apache-2.0
"""The hook against the C++ trainer: the same weights and batch, the same network in torch.

Both sides run their own forward and backward pass, on one thread, since sums over rows depend on the
number of threads. With the trainer's products, torch has its bits: slots and gradients are compared
bit for bit. With torch's own products the last bits differ, and a value now and then is cut elsewhere.
"""

import contextlib
import ctypes
import os
import subprocess
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from actplane.torch import compressed
from gpt2 import Gpt2, Pieces, Step, Whole

ROOT = Path(__file__).resolve().parents[2]
TRAINER = Path(os.environ.get("ACTPLANE_TRAIN", ROOT / "build" / "train" / "bin" / "actplane-train"))
pytestmark = pytest.mark.skipif(not TRAINER.exists(), reason="no actplane-train: make train-build builds it")

CASES = {  # options of the trainer, settings of the hook
    "field at 3.2": (["--stash", "actplane"], {"ratio": 3.2, "order": "field"}),
    "field at 3, zero fill": (
        ["--stash", "actplane:fill=zero,ratio=3,block=64"],
        {"ratio": 3, "order": "field", "fill": "zero", "block_len": 64},
    ),
    "significance at 8": (["--stash", "actplane:order=significance,ratio=8"], {"ratio": 8}),
    "significance at 8, groups of 8, no dropout": (
        ["--stash", "actplane:order=significance,ratio=8,group=8,rows=12,block=256", "--dropout", "0"],
        {"ratio": 8, "group_len": 8, "row_limit": 12, "block_len": 256},
    ),
    "significance at 8, all kinds alike": (
        ["--stash", "actplane:order=significance,ratio=8,split=even"],
        {"ratio": 8, "split": "even"},
    ),
    "significance by kind": (
        ["--stash", "actplane:order=significance,ratio=4,split=even,ratio.gelu_output=16,ratio.gelu_input=exact"],
        {"ratio": 4, "split": "even", "ratios": {"*.mlp.down": 16, "*.mlp": None}},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    blas = ctypes.CDLL("libblas.so.3")
    before = torch.get_num_threads(), blas.openblas_get_num_threads()
    torch.set_num_threads(1)
    blas.openblas_set_num_threads(1)
    yield
    torch.set_num_threads(before[0])
    blas.openblas_set_num_threads(before[1])


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def case(request, tmp_path_factory):
    options, settings = request.param
    folder = tmp_path_factory.mktemp("capture") / "step"
    command = [TRAINER, "capture", "--trace", "--preset", "tiny", "--after", "20", "--threads", "1"]
    subprocess.run([*command, *options, "--out", folder], check=True, stdout=subprocess.DEVNULL)
    return Step(folder), settings


def run(model, context):
    """The loss, the gradient of every parameter, and the slots that were held."""
    model.zero_grad(set_to_none=True)
    with context as held:
        loss = model()
        slots = [] if held is None else [e.data.numpy().tobytes() for e in held._table.values() if e.kind == "slots"]
        stored = 0 if held is None else held.stored_bytes
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters()}, slots, stored


def distance(h, g):
    """The gradient error as the trainer has it."""
    squares = lambda tensors: sum(t.double().pow(2).sum() for t in tensors)
    return (squares(h[name].double() - g[name].double() for name in g) / squares(g.values())).sqrt().item()


def differing(ours, theirs):
    assert ours.keys() == theirs.keys()
    return [name for name in theirs if not torch.equal(ours[name], theirs[name])]


def test_the_gradient_error_is_that_of_the_trainer(case, capsys):
    step, settings = case
    exact_there, lossy_there = step.of_parameters("exact"), step.of_parameters("stash")
    assert distance(lossy_there, exact_there) == pytest.approx(step.relative, rel=1e-12)

    model = Gpt2(step, Pieces)
    loss, exact, _, _ = run(model, contextlib.nullcontext())
    assert loss == pytest.approx(step.loss, rel=1e-6)  # torch sums it in float32
    assert differing(exact, exact_there) == []

    same_loss, lossy, slots, stored = run(model, compressed(model, **settings))
    assert same_loss == loss
    assert [name for name, there in step.slots().items() if there not in slots] == []
    assert len(slots) == len(step.slots())
    assert stored == sum(t["stored_bytes"] for t in step.tensors.values()) + 4  # a weight that nll_loss keeps
    assert differing(lossy, lossy_there) == []
    error = distance(lossy, exact)
    assert error == pytest.approx(step.relative, rel=1e-6)
    with capsys.disabled():
        print(
            f"\ngradient error {error:.9e}, of the trainer {step.relative:.9e}: relative difference "
            f"{abs(error / step.relative - 1):.1e}; {len(slots)} tensors, the same slots; losses differ by "
            f"{abs(loss / step.loss - 1):.1e}",
            end=" ",
        )


def test_with_the_products_of_torch_it_is_close(case, capsys):
    step, settings = case
    model = Gpt2(step, Whole)
    loss, exact, _, _ = run(model, contextlib.nullcontext())
    assert loss == pytest.approx(step.loss, rel=1e-6)
    assert distance(exact, step.of_parameters("exact")) < 1e-6
    _, lossy, slots, _ = run(model, compressed(model, **settings))
    theirs = step.slots().values()
    error = distance(lossy, exact)
    assert error == pytest.approx(step.relative, rel=1e-3) and len(slots) == len(theirs)
    with capsys.disabled():
        same = sum(there in slots for there in theirs)
        print(
            f"\ngradient error {error:.9e}, of the trainer {step.relative:.9e}: relative difference "
            f"{abs(error / step.relative - 1):.1e}; {same} of {len(slots)} tensors have the same slots",
            end=" ",
        )
