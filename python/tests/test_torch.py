# SPDX-License-Identifier: Apache-2.0
import contextlib
import copy
import gc
import importlib
import importlib.util
import io
import re
import statistics
import threading
import time
import warnings
import weakref
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

try:
    from torch.func import functional_call
except ImportError:
    from torch.nn.utils.stateless import functional_call

import actplane.torch
from actplane import ActplaneError, Config, ConfigError, DamagedError, InputError
from actplane.emulate import reconstruct
from actplane._kinds import HIGHEST_RATIO, SPLIT, storage_of
from actplane.torch import compressed, mark

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("torch_gpt", ROOT / "examples" / "torch_gpt.py")
torch_gpt = importlib.util.module_from_spec(spec)
spec.loader.exec_module(torch_gpt)

warnings.filterwarnings("ignore", message="None of the inputs have requires_grad")


@pytest.fixture(autouse=True)
def same_every_time():
    torch.manual_seed(17)


def activation(*size):
    """It has a gradient and is no leaf, as what a layer makes."""
    return torch.randn(*size, requires_grad=True) * 1


def grads(model, run, *contexts):
    model.zero_grad()
    with contextlib.ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        loss = run()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


def is_nothing(held):
    gc.collect()
    return (held.raw_bytes, held.stored_bytes, held.entries, len(held._table)) == (0, 0, 0, 0)


class Inside(actplane.torch.Held):
    """`compressed` of a module whose forward is what runs in the context."""

    def __init__(self, ratio=8, *, ratios=None, split=None, min_values=1024, emulate=False, **settings):
        self._module = nn.Identity()
        super().__init__(self._module, ratio, ratios or {}, split, min_values, emulate, settings)

    def __enter__(self):
        super().__enter__()
        self._enter_module(self._module, ())
        return self


def plain_hooks(ratio, **settings):
    """The same for every tensor of 1,024 values and more, none shared: the simplest that is right."""
    return torch.autograd.graph.saved_tensors_hooks(
        lambda t: reconstruct(t, ratio=ratio, **settings)
        if t.numel() >= 1024 and t.is_floating_point()
        else t.clone(),
        lambda t: t,
    )


class Mlp(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.down(F.gelu(self.up(self.norm(x))))


# ---- a small GPT ----


@pytest.fixture(scope="module", params=["eager", "fused"])
def gpt(request):
    attend = getattr(torch_gpt, request.param)
    model, _, _ = torch_gpt.train(attend, 20, None)
    data = torch_gpt.batch(-1)
    return request.param, model, lambda: model(*data)


def test_gpt_gradient_error(gpt, capsys):
    name, model, run = gpt
    exact = grads(model, run)
    assert torch.equal(exact, grads(model, run, compressed(model, ratio=None)))
    held = compressed(model, ratio=8)
    errors = {8: distance(grads(model, run, held), exact)}
    assert is_nothing(held) and held.peak_raw_bytes > 5 * held.peak_stored_bytes > 0
    for ratio in (3.2, 4, 6):
        errors[ratio] = distance(grads(model, run, compressed(model, ratio=ratio)), exact)
    evens = {
        ratio: distance(grads(model, run, compressed(model, ratio=ratio, split="even")), exact) for ratio in errors
    }
    field = distance(grads(model, run, compressed(model, ratio=8, order="field")), exact)
    assert errors[3.2] < errors[4] < errors[6] < errors[8] < 0.25 and errors[8] < field
    assert errors[8] < evens[8] and all(evens[ratio] < errors[ratio] for ratio in (3.2, 4, 6))
    with capsys.disabled():
        text, even = (", ".join(f"{e:.2e} at {r:g}" for r, e in sorted(d.items())) for d in (errors, evens))
        print(
            f"\n{name}: gradient error {text}; with split=even {even}; order field {field:.2e} at 8; "
            f"{held.peak_raw_bytes:,} bytes as {held.peak_stored_bytes:,}",
            end=" ",
        )


def test_gpt_emulation_gives_the_same_gradient(gpt):
    _, model, run = gpt
    for order in ("significance", "field"):
        held = compressed(model, ratio=8, order=order, emulate=True)
        assert torch.equal(grads(model, run, held), grads(model, run, compressed(model, ratio=8, order=order)))
        assert held.emulated and "emulated" in str(held) and is_nothing(held)


def test_gpt_training_goes_on(gpt):
    _, model, _ = gpt
    _, loss, _ = torch_gpt.train(model.blocks[0].attn.attend, 20, 8)
    _, exact, _ = torch_gpt.train(model.blocks[0].attn.attend, 20, None)
    assert abs(loss - exact) < 0.05 * exact


def test_gpt_prints_the_time_of_a_step(gpt, capsys):
    name, model, run = gpt
    held, times = compressed(model, ratio=8), {}
    for _ in range(9):
        for what, contexts in (("exact", ()), ("ours", (held,))):
            start = time.perf_counter()
            grads(model, run, *contexts)
            times.setdefault(what, []).append(time.perf_counter() - start)
    exact, ours = (statistics.median(times[what]) for what in ("exact", "ours"))
    with capsys.disabled():
        print(
            f"\n{name}: a step takes {exact * 1e3:.1f} ms exact, {ours * 1e3:.1f} ms at ratio 8: {ours / exact:.2f}",
            end=" ",
        )


# ---- what is kept, and how ----


def test_a_linear_layer_by_hand():
    model = nn.Linear(64, 32)
    x, out = torch.randn(50, 64), torch.randn(50, 32)
    grads(model, lambda: (model(x) * out).sum(), compressed(model, ratio=8, ratios={"(outside the model)": 8}))
    assert distance(model.weight.grad, reconstruct(out, ratio=8).t() @ reconstruct(x, ratio=8)) < 1e-6


def slots(ratio, values, **settings):
    return Config(ratio=ratio, **settings).slots_bytes(values)


def kept(model, *inputs, **settings):
    """Bytes of the slots that a forward pass leaves, in the order in which they were saved."""
    inputs = [x * 1 if x.requires_grad else x for x in inputs]  # no leaves
    with compressed(model, **settings) as held:
        out = model(*inputs)
        bytes_ = [entry.stored for entry in held._table.values() if entry.kind == "slots"]
    assert out.requires_grad
    return bytes_


def test_the_factors_are_those_of_the_trainer():
    text = (ROOT / "train" / "stash" / "methods" / "actplane.cc").read_text()
    table = re.search(r"kByGradient = \{(.*?)constexpr", text, re.S).group(1)
    shares = re.findall(r"Share\{([\d.]+), (\w+|[\d.]+)\}\S*\s+// (\w+)", table)
    assert {k: (float(f), HIGHEST_RATIO if m == "kHighestRatio" else float(m)) for f, m, k in shares} == SPLIT


def test_a_layer_norm_and_its_statistics():
    model = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 64), nn.Tanh())
    x = torch.randn(2000, 64)
    for ratio, residual, output in ((8, 8, 6.8), (12, 10, 10.2)):
        with compressed(model, ratio=ratio) as held:
            loss = model(x).sum()
        norm, linear, tanh = held.table()
        assert norm.stored_bytes == slots(residual, x.numel()) + 2 * 2000 * 4
        assert (norm.saved, norm.packed) == (3, 1)
        assert linear.stored_bytes == slots(output, x.numel())
        assert tanh.stored_bytes == slots(ratio, x.numel())
        del loss
        assert is_nothing(held)
    with compressed(model, ratio=8, split="even") as held:
        model(x).sum()
    assert [row.stored_bytes for row in held.table()] == [slots(8, x.numel()) + n for n in (16000, 0, 0)]


def test_norms_by_function_and_by_class_name():
    class Functional(nn.Module):
        def forward(self, x):
            return F.layer_norm(x, x.shape[-1:])

    class MyRMSNorm(nn.Module):
        def forward(self, x):
            return x * x.pow(2).mean(-1, keepdim=True).add(1e-6).rsqrt()

    for norm in (Functional(), MyRMSNorm()):
        x = torch.randn(100, 64, requires_grad=True)
        found = kept(nn.Sequential(norm, nn.Linear(64, 8)), x, ratio=12)
        assert set(found[:-1]) == {slots(10, x.numel())} and found[-1] == slots(10.2, x.numel())


def test_bfloat16_has_the_bits_of_float32():
    model = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 64), nn.GELU()).to(torch.bfloat16)
    x = torch.randn(256, 64, dtype=torch.bfloat16)
    found = kept(model, x, ratio=4)  # 8 against float32
    # The reconstruction of a norm's statistics is small; what follows are its input, its output, GELU's input.
    assert found == [slots(r, x.numel(), format="bf16") for r in (4, 3.4, 2.4)]


@pytest.mark.parametrize("dropout", [0, 0.5])
@pytest.mark.parametrize("made", ["view", "copy"])
def test_kinds_of_attention(dropout, made):
    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv, self.proj = nn.Linear(32, 96), nn.Linear(32, 32)

        def forward(self, x):
            b, t, c = x.shape
            q, k, v = self.qkv(x).view(b, t, 3, 2, -1).permute(2, 0, 3, 1, 4)
            if made == "copy":
                q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
            scores = (q @ k.transpose(-2, -1)) / 4
            scores = scores.masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), float("-inf"))
            p = F.dropout(F.softmax(scores, dim=-1), dropout)
            return self.proj((p @ v).transpose(1, 2).reshape(b, t, c))

    model = Attend()
    x = torch.randn(4, 40, 32)
    n, maps = x.numel(), 4 * 2 * 40 * 40
    mask = [slots(8, maps)] if dropout else []  # torch keeps it as values
    dropped = [slots(16, maps)] if dropout else []
    expected = [slots(8, n), slots(5.6, n), slots(5.6, n), slots(16, maps), *mask, *dropped, slots(6, n), slots(6.8, n)]
    assert sorted(kept(model, x, ratio=8)) == sorted(expected)
    assert sorted(kept(model, x, ratio=8, ratios={"": 4}))[:2] == sorted([slots(8, n), slots(6.8, n)])


@pytest.mark.parametrize(
    "maps",
    [
        lambda q, k, m: torch.where(m, torch.tensor(-1e9), q @ k.transpose(-2, -1) * 0.25).softmax(-1),
        lambda q, k, m: (m * -1e9 + q @ k.transpose(-2, -1)).softmax(-1),
        lambda q, k, m: torch.tanh(torch.matmul(q, other=k.transpose(-2, -1)) / 9).mul(9).double().float().softmax(-1),
        lambda q, k, m: torch.einsum("bhqd,bhkd->bhqk", q, k).add_(m * -1e9).softmax(-1),
    ],
)
def test_maps_are_known_however_they_are_masked(maps):
    class Attend(nn.Module):
        def forward(self, q, k, v):
            return maps(q, k, torch.ones(64, 64, dtype=torch.bool).triu(1)) @ v

    q, k, v = (torch.randn(4, 2, 64, 16, requires_grad=True) for _ in range(3))
    bytes_ = kept(Attend(), q, k, v, ratio=8)
    assert slots(16, 4 * 2 * 64 * 64) in bytes_ and slots(5.6, 4 * 2 * 64 * 64) not in bytes_
    assert slots(6, v.numel()) in bytes_


class Softmax(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.key = nn.Linear(width, width)

    def forward(self, x):
        return F.softmax(3 * x @ self.key(x).transpose(-2, -1), -1) @ x


class Multihead(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.attention.in_proj_bias.data.normal_()

    def forward(self, x):
        return self.attention(3 * x, 3 * x, 3 * x)[0]


def gradients(model, x, context=None, ratio=None, **options):
    model.zero_grad()
    with compressed(model, ratio=ratio, **options) if ratio else contextlib.nullcontext() as held:
        out = model(x)
        if context == "open":
            out.square().sum().backward()
    if context != "open":
        out.square().sum().backward()
    assert held is None or held.peak_stored_bytes < held.peak_raw_bytes / 2
    return {name: p.grad.detach().clone().float() for name, p in model.named_parameters()}


@pytest.mark.parametrize("split", ["gradient", "even"])
@pytest.mark.parametrize("emulate", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_of_a_map_sum_to_one(split, emulate, dtype):
    """Softmax does not see what is added to all keys: the gradient of that bias is 0, also through lossy maps."""
    model, x = Softmax().to(dtype), torch.randn(4, 40, 32, dtype=dtype)
    exact = gradients(model, x)["key.weight"].norm()
    found = gradients(model, x, ratio=8 if dtype == torch.float32 else 4, split=split, emulate=emulate)
    assert found["key.weight"].norm() > exact / 2
    assert found["key.bias"].norm() < (1e-5 if dtype == torch.float32 else 2e-2) * exact


@pytest.mark.parametrize("split", ["gradient", "even"])
@pytest.mark.parametrize("where", ["multihead", "checkpoint"])
def test_rows_of_maps_that_no_function_shows(split, where):
    class Segments(Softmax):
        def forward(self, x):
            return checkpoint(super().forward, x.requires_grad_(), use_reentrant=True)

    model = Multihead() if where == "multihead" else Segments()
    found = gradients(model, torch.randn(4, 40, 32), "open", ratio=8, split=split)
    if where == "multihead":
        query, key, _ = found["attention.in_proj_bias"].chunk(3)
        assert key.norm() < 1e-5 * query.norm()
    else:
        assert found["key.bias"].norm() < 1e-5 * found["key.weight"].norm()


def test_the_example_for_long_runs_makes_no_keys_drift():
    """Attention that keeps no maps: of what is added to all keys, the gradient is 0 if softmax is taken again."""
    mask = torch.ones(40, 40, dtype=torch.bool).triu(1)
    leaves = [(2 * torch.randn(2, 2, 40, 32)).requires_grad_() for _ in range(3)]

    def run(attend, ratio=None):
        with Inside(ratio=ratio) if ratio else contextlib.nullcontext():
            out = attend(*(t * 1 for t in leaves), mask)
        return torch.autograd.grad(out.square().sum(), leaves)

    for ours, exact in zip(run(torch_gpt.recomputed), run(torch_gpt.eager)):
        assert (ours - exact).norm() < 1e-5 * exact.norm()
    for attend, most, least in ((torch_gpt.recomputed, 1e-5, 0), (torch_gpt.FusedAttention.apply, 10, 1e-3)):
        dk = run(attend, ratio=8)[1]
        assert least <= dk.sum(2).norm() / dk.norm() < most


@pytest.mark.parametrize(
    "use",
    [
        lambda q, k, v: F.softmax(q @ k.transpose(1, 2), 1) @ v,  # rows are not along memory
        lambda q, k, v: F.softmax(q @ k.transpose(1, 2), -1).transpose(1, 2).contiguous() @ q,
        lambda q, k, v: F.softmax(q @ k.transpose(1, 2), -1).flatten(1) @ v.flatten()[: 40 * 40].view(-1, 1),
        lambda q, k, v: F.softmax(q @ k.transpose(1, 2), 1) * F.softmax(k @ q.transpose(1, 2), 2),
        lambda q, k, v: F.relu(q @ k.transpose(1, 2)) @ v,
    ],
)
@pytest.mark.parametrize("split", ["gradient", "even"])
def test_maps_by_another_dimension_and_in_another_shape(use, split):
    leaves = [torch.randn(4, 40, 64, requires_grad=True) for _ in range(3)]
    weights = torch.randn(1 << 14)

    def run(**options):
        for t in leaves:
            t.grad = None
        with Inside(**options) if options else contextlib.nullcontext():
            out = use(*(t * 1 for t in leaves))
        (out.flatten() * weights[: out.numel()]).sum().backward()
        return [t.grad.clone() for t in leaves if t.grad is not None]

    for exact, lossy in zip(run(), run(ratio=3.2, split=split)):
        assert (lossy - exact).norm() < 0.05 * exact.norm()


def test_what_is_marked_and_does_not_sum_to_one_comes_back_as_it_is():
    p = activation(4, 40, 40).abs()
    with Inside(ratio=4):
        out = mark(p, "probability").square()
    (gradient,) = torch.autograd.grad(out.sum(), p)
    assert (gradient - 2 * p).norm() < 0.05 * (2 * p).norm()


def test_a_row_that_is_lost_stays_so():
    scores = torch.full((2, 32, 32), -20.0)
    scores[:, 0, 0] = 20
    with Inside(ratio=16):
        p = F.softmax(scores.requires_grad_(), -1)
    found = p.grad_fn._saved_result
    assert found.isfinite().all() and found[0, 0, 0] == 1


def test_other_maps_are_held_once():
    class Attend(nn.Module):
        def forward(self, q, k, v):
            return torch.sigmoid(q @ k.transpose(-2, -1)).exp().softmax(-1) @ v

    q, k, v = (torch.randn(4, 2, 64, 16, requires_grad=True) for _ in range(3))
    bytes_ = kept(Attend(), q, k, v, ratio=8)
    assert sorted(bytes_) == sorted([slots(5.6, q.numel())] * 2 + [slots(8, 32768)] * 3 + [slots(6, v.numel())])


@pytest.mark.parametrize("nan", [1, 40])
def test_nan_is_no_map(nan):
    x = torch.rand(4, 2048)
    x[:, :nan] = float("nan")
    w = torch.randn(4, 2048, requires_grad=True)
    with Inside(ratio=4):
        out = (x * w).sum()
    out.backward()
    assert w.grad.isnan().sum() <= 4 * -(-nan // 128) * 128 and actplane.torch._row_of_ones(x) == 0


def test_functions_of_ones_own_get_few_bits_by_mark_alone():
    x = torch.randn(64, 32, requires_grad=True)
    n = x.numel()

    class Own(nn.Module):
        def __init__(self, then, said):
            super().__init__()
            self.then, self.said = then, said

        def forward(self, x):
            y = F.gelu(x)
            return self.then(mark(y, "gelu_output") if self.said else y)

    save = lambda y: Keeps.apply(y, y)
    segment = lambda y: checkpoint(torch.sin, y, use_reentrant=True)
    for then, said, ratio in ((save, False, 8), (save, True, 16), (segment, False, 8), (segment, True, 16)):
        assert kept(Own(then, said), x, ratio=8) == [slots(4.8, n), slots(ratio, n)]


def test_few_bits_are_for_products_alone():
    class After(nn.Module):
        def __init__(self, then, of=F.gelu):
            super().__init__()
            self.then, self.of = then, of

        def forward(self, x, y):
            return self.then(self.of(x), y)

    x, y = (torch.randn(64, 32, requires_grad=True) for _ in range(2))
    n = x.numel()
    assert kept(After(lambda g, y: g.pow(3)), x, y, ratio=8) == [slots(4.8, n), slots(8, n)]
    assert kept(After(lambda g, y: g @ y.t()), x, y, ratio=8) == [slots(4.8, n), slots(16, n), slots(8, n)]
    # A gate of GELU, whose product goes through a linear layer.
    assert kept(After(lambda g, y: F.linear(g * y, torch.ones(4, 32, requires_grad=True))), x, y, ratio=8) == [
        slots(r, n) for r in (4.8, 7.2, 7.2, 12.8)
    ]
    # A factor is no gate.
    assert kept(After(lambda g, y: (0.5 * g) @ y.t(), F.silu), x, y, ratio=8) == [
        slots(r, n) for r in (6, 8, 8)
    ]


def test_a_block_is_not_an_activation_for_its_name():
    class GeluMlp(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(32, 32), nn.Linear(32, 32)

        def forward(self, x):
            return self.down(F.gelu(self.up(x)))

    class PreNorm(GeluMlp):
        def forward(self, x):
            return super().forward(x.sin())

    x = torch.randn(64, 32, requires_grad=True)
    n = x.numel()
    assert kept(nn.Sequential(GeluMlp(), nn.Linear(32, 8)), x, ratio=8)[-1] == slots(8, n)
    assert kept(nn.Sequential(PreNorm(), nn.Linear(32, 8)), x, ratio=12)[0] == slots(12, n)


def test_statistics_of_functional_norms_stay_exact():
    class Norm(nn.Module):
        def __init__(self, norm):
            super().__init__()
            self.norm = norm

        def forward(self, x):
            return self.norm(x)

    x = torch.randn(4, 2048, 2, requires_grad=True)
    for norm in (
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.group_norm(x, 1024),
        lambda x: F.layer_norm(input=x, normalized_shape=(2,)),
    ):
        assert kept(Norm(norm), x, ratio=8) == [slots(8, x.numel())]


@pytest.mark.parametrize("split", ["gradient", "even"])
def test_what_has_no_memory_of_its_own_passes(split):
    model = nn.Sequential(nn.LayerNorm(64), nn.GELU())
    sparse = torch.eye(64).to_sparse().unsqueeze(0)
    with compressed(model, ratio=8, split=split) as held:
        with torch.inference_mode():
            mark(model(torch.randn(64, 64)), "query")
        assert torch.bmm(sparse, torch.ones(1, 64, 64)).shape == (1, 64, 64)
    assert is_nothing(held)


def test_a_tensor_at_two_ratios_counts_once():
    model = nn.ModuleDict({"gelu": nn.GELU(), "linear": nn.Linear(64, 64)})
    x = activation(128, 64)
    with compressed(model, ratio=8) as held:
        loss = model["linear"](x).sum() + model["gelu"](x).sum()
    assert held.raw_bytes == x.numel() * 4
    assert held.stored_bytes == slots(8, x.numel()) + slots(4.8, x.numel())
    del loss
    assert is_nothing(held)


def test_mark_before_the_model_and_of_a_part():
    model = nn.Linear(32, 8)
    x = torch.randn(128, 64)
    with compressed(model, ratio=8) as held:
        y = mark(x[:, :32].contiguous(), "gelu_output")
        mark(x[:, :32], "gelu_output")
        loss = model(y).sum() + model(x.view(-1)[:4096].view(128, 32)).sum()
    assert [entry.stored for entry in held._table.values()] == [slots(16, 4096), slots(8, 4096)]
    assert loss.requires_grad
    with pytest.raises(InputError, match="mark takes a tensor, not a str"):
        mark("query", x)


def test_kinds_of_a_gated_unit():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.up, self.down = (nn.Linear(32, 32) for _ in range(3))

        def forward(self, x):
            return self.down(F.silu(self.gate(x)) * self.up(x))

    x = torch.randn(64, 32)
    n = x.numel()
    assert kept(Gated(), x, ratio=8) == [slots(r, n) for r in (8, 6, 7.2, 7.2, 12.8)]


def test_kinds_of_gelu_by_function_and_by_class_name():
    class NewGELU(nn.Module):
        def forward(self, x):
            return 0.5 * x * (1 + torch.tanh(0.8 * (x + 0.044715 * x.pow(3))))

    x = torch.randn(64, 32)
    n = x.numel()
    found = kept(nn.Sequential(nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 8)), x, ratio=8)
    assert found == [slots(r, n) for r in (8, 4.8, 16)]
    found = kept(nn.Sequential(nn.Linear(32, 32), NewGELU(), nn.Linear(32, 8)), x, ratio=8)
    assert set(found[1:-1]) == {slots(4.8, n)} and found[-1] == slots(16, n)


def test_a_write_takes_the_kind_away():
    class Written(nn.Module):
        def __init__(self, write):
            super().__init__()
            self.linear, self.write = nn.Linear(32, 8), write

        def forward(self, x):
            y = F.gelu(x)
            if self.write:
                y.add_(1)
            return self.linear(y)

    x = torch.randn(64, 32)
    assert kept(Written(False), x, ratio=8) == [slots(16, x.numel())]
    assert kept(Written(True), x, ratio=8) == [slots(8, x.numel())]


def test_mark():
    class Marked(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.linear, self.kind = nn.Linear(32, 8), kind

        def forward(self, x):
            y = x.sin()
            assert mark(y, self.kind) is y
            return self.linear(y)

    x = torch.randn(64, 32)
    for kind, (factor, most) in SPLIT.items():
        assert kept(Marked(kind), x, ratio=8) == [slots(min(8 * factor, most), x.numel())]
        assert kept(Marked(kind), x, ratio=8, split="even") == [slots(8, x.numel())]
    Marked("key")(x)  # no context: nothing happens
    with pytest.raises(ConfigError, match="no kind 'keys'; give one of residual, norm_output"):
        Marked("keys")(x)


def test_split_is_checked():
    model = nn.Linear(32, 8)
    with pytest.raises(ConfigError, match="split is 'odd'; give 'gradient' or 'even'"):
        compressed(model, split="odd")
    with pytest.raises(ConfigError, match="at most that, or split='even'"):
        compressed(model, ratio=22)
    with pytest.raises(ConfigError, match="gelu_input, by split='gradient': .*or give split='even'"):
        compressed(model, ratio=4, row_limit=8)
    x = torch.randn(64, 32)
    assert kept(model, x, ratio=22, split="even") == [slots(22, x.numel())]
    assert kept(nn.Sequential(nn.GELU(), model), x.requires_grad_(), ratio=8, order="field")[0] == slots(8, x.numel())


def test_ratios_by_name():
    model = nn.Sequential()
    model.add_module("in", nn.Linear(64, 64))
    model.add_module("act", nn.Tanh())
    model.add_module("mlp", Mlp())
    x = torch.randn(128, 64)
    with compressed(model, ratio=8, ratios={"mlp.norm": 7, "mlp*": 4, "act": None}) as held:
        loss = model(x).sum()
    got = {row.name: row for row in held.table()}
    assert got["in"].stored_bytes == Config(ratio=8).slots_bytes(x.numel())
    assert got["act"].stored_bytes == x.nelement() * 4
    assert got["mlp.norm"].shared == 1  # tanh's output is there already, exact
    assert got["mlp.up"].stored_bytes == Config(ratio=4).slots_bytes(x.numel())
    loss.backward()
    with pytest.raises(ConfigError, match="'mpl.*' fits no module; names are like in, act"):
        compressed(model, ratios={"mpl.*": 4})


def test_ratios_decide_for_products_of_attention():
    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.softmax = nn.Softmax(-1)

        def forward(self, x):
            return self.softmax(x @ x.transpose(1, 2)) @ x

    model = nn.ModuleDict({"tanh": nn.Tanh(), "attn": Attend()})
    x = torch.randn(4, 48, 64, requires_grad=True)
    n, maps = x.numel(), 4 * 48 * 48
    for ratios, expected in (
        ({}, [slots(8, n), slots(16, maps)]),
        ({"attn": 2}, [slots(8, n), slots(2, n), slots(16, maps), slots(2, maps)]),
        ({"attn": 16}, [slots(8, n), slots(16, maps)]),
    ):
        with compressed(model, ratio=8, ratios=ratios) as held:
            out = model["attn"](model["tanh"](x))
        assert out.requires_grad and held.stored_bytes == sum(expected)


def test_what_stays_exact():
    model = nn.Embedding(100, 64)
    tokens = torch.randint(100, (2000,))
    with compressed(model, ratio=8) as held:
        x = model(tokens)
        double = x.double().exp()
        small = x[:10].exp()
        logits = F.log_softmax(x, -1)
    assert held.stored_bytes == held.raw_bytes and all(row.packed == 0 for row in held.table())
    (double.sum() + small.sum() + logits[:, 0].sum()).backward()


def test_parameters_and_buffers_are_not_kept_again():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.randn(64, 64))
            self.register_buffer("b", torch.randn(64, 64))

        def forward(self, x):
            return (x @ self.w.t()) * self.b[:32].t()[:, :32].sum() + (x @ self.w)[:, :32].sum() * self.b.sum()

    model, x = Model(), torch.randn(64, 64)
    with compressed(model, ratio=8) as held:
        loss = model(x).sum()
    assert x.numel() * 4 <= held.raw_bytes < x.numel() * 4 + 64  # and nothing of w, w.t(), b
    loss.backward()
    del loss
    assert is_nothing(held)


def test_masks_are_bits():
    model = nn.Identity()
    x, mask = torch.randn(100, 101, requires_grad=True), torch.rand(100, 101) < 0.3
    with compressed(model) as held:
        y = x.masked_fill(mask, 0)
    assert held.raw_bytes == 10100 and held.stored_bytes == 1263
    y.sum().backward()
    assert torch.equal(x.grad, (~mask).float())


def test_dropout_keeps_what_it_dropped():
    model = nn.Sequential(nn.Dropout(0.3), nn.Linear(64, 64))
    x = torch.randn(300, 64, requires_grad=True)
    torch.manual_seed(1)
    grads(model, lambda: model[0](x).sum() + model[1](x)[0].sum() * 0)
    exact, x.grad = x.grad.clone(), None
    torch.manual_seed(1)
    grads(model, lambda: model[0](x).sum() + model[1](x)[0].sum() * 0, compressed(model, ratio=8))
    assert torch.equal(x.grad, exact)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_layouts(dtype):
    base = torch.randn(4, 32, 96, requires_grad=True)
    cases = [
        lambda t: t.transpose(0, 2),
        lambda t: t.permute(2, 0, 1),
        lambda t: t[:, :, :32],
        lambda t: t[:, :, 32:64].transpose(1, 2),
        lambda t: t[:, ::3],
        lambda t: t[1:],
        lambda t: t[:1, :, :].expand(5, 32, 96),
        lambda t: t.reshape(-1)[5:5005],
        lambda t: t.flip(0).unfold(2, 48, 24),
    ]
    for case in cases:
        results = []
        for context in (None, Inside(ratio=2, emulate=False), plain_hooks(2)):
            base.grad = None
            with context or contextlib.nullcontext():
                t = case((base * 1).to(dtype))
                y = (t.tanh() * 3).exp().float().sum()
            y.backward()
            results.append(base.grad.clone())
        assert distance(results[1], results[0]) < 0.2 and distance(results[2], results[0]) < 0.2


def test_conv_and_batch_norm():
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(16, 8, 3)
    )
    x = torch.randn(4, 3, 32, 32)
    for layout in (torch.contiguous_format, torch.channels_last):
        run = lambda: model(x.to(memory_format=layout)).pow(2).sum()
        held = compressed(model, ratio=4)
        assert distance(grads(model, run, held), grads(model, run)) < 0.05
        assert held.peak_raw_bytes > 2 * held.peak_stored_bytes and is_nothing(held)


def test_autocast_keeps_the_cast_weights():
    model = nn.Linear(64, 128, bias=False)
    x = torch.randn(64, 64, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16), compressed(model, ratio=4) as held:
        loss = model(x).float().sum()
    (row,) = [r for r in held.table() if r.name == ""]
    assert row.packed == 1 and row.raw_bytes >= 64 * 64 * 2 + 64 * 128 * 2
    loss.backward()


def test_an_impossible_ratio_under_autocast():
    model, x = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 8)), torch.randn(64, 64)
    held = compressed(model, ratio=8, order="field")  # possible in float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with pytest.raises(ConfigError, match="for bf16 blocks .*ratio 0.9275 to 4.923"):
            held.__enter__()
    assert not any(m._forward_pre_hooks for m in model)
    for warned in (1, 0):
        with warnings.catch_warnings(record=True) as said, held:
            warnings.simplefilter("always")
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = model(x).float().sum()
        loss.backward()
        assert held.peak_stored_bytes == held.peak_raw_bytes > 0
        found = [str(w.message) for w in said if w.category is UserWarning]
        assert len(found) == warned and all("bf16 tensors stay exact: " in text and "4.923" in text for text in found)


@pytest.mark.parametrize("split", ["gradient", "even"])
@pytest.mark.parametrize("bias", [True, False])
def test_autocast_tells_an_activation_from_a_weight_of_its_shape(split, bias):
    model, x = nn.Sequential(nn.Linear(64, 64, bias=bias), nn.Linear(64, 64, bias=bias)), activation(64, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16), compressed(model, ratio=4, split=split) as held:
        y = model(x)
        kinds = sorted(e.kind for e in held._table.values())
    assert kinds == ["exact", "exact", "slots", "slots"] and y.requires_grad
    found = torch.autograd.grad(y.float().sum(), x)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        exact = torch.autograd.grad(model(x).float().sum(), x)[0]
    assert torch.equal(found, exact)  # of the weights alone


def test_autocast_of_later_versions_is_asked_by_device(monkeypatch):
    monkeypatch.setattr(torch, "get_autocast_dtype", {"cpu": torch.bfloat16, "cuda": torch.float16}.get, raising=False)
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda name: name == "cuda")
    held = compressed(nn.Linear(64, 64), ratio=8, order="field")
    with pytest.raises(ConfigError, match="for fp16 blocks"):
        held.__enter__()


def test_autocast_keeps_the_kind_of_what_it_casts():
    model, x = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 32)), activation(4, 50, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = kept(model, x, ratio=4)
        assert found[-1] == slots(3.4, x.numel(), format="bf16")  # an output of a norm
        grid = torch.rand(2, 40, 40, 2, dtype=torch.bfloat16, requires_grad=True) * 1
        image = activation(2, 3, 20, 20)
        for split in ("gradient", "even"):
            with Inside(ratio=4, split=split) as held:
                out = F.grid_sample(image, grid, align_corners=False)
                assert {e.kind for e in held._table.values() if e.count == grid.numel()} == {"exact"}
            with Inside(ratio=4, split=split) as held:
                y = F.linear(mark(x * 1, "exact"), torch.ones(2, 64))
                z = F.linear(mark(x * 1, "exact"), nn.Parameter(torch.ones(2, 64)))
                assert {e.kind for e in held._table.values() if e.count == x.numel()} == {"exact"}
    assert out.requires_grad and y.requires_grad and z.requires_grad


@pytest.mark.parametrize("split", ["gradient", "even"])
def test_autocast_keeps_the_cast_weights_of_other_modules(split):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(128, 64)

        def forward(self, x):
            return F.linear(x, self.embed.weight)

    class Cross(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(64, 4)

        def forward(self, x):
            return self.attention(x, x[:40] * 2, x[:40] * 2 if self.two else x[:40] * 3)[0]

    x = torch.randn(50, 3, 64, requires_grad=True)
    for model, made, two in ((Tied(), [128 * 64], 0), (Cross(), [4096] * 3, 0), (Cross(), [4096] * 2 + [8192], 1)):
        model.two = two
        with torch.autocast("cpu", dtype=torch.bfloat16), compressed(model, ratio=4, split=split) as held:
            out = model(x)
            weights = [e.kind for e in held._table.values() if e.count in made and e.dtype == torch.bfloat16]
        assert weights and set(weights) == {"exact"} and out.requires_grad


def test_modules_outside_the_model_keep_their_weights():
    inside, outside = nn.Linear(64, 64), nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64))
    x = activation(50, 64)
    found = []
    for context in (contextlib.nullcontext(), compressed(inside, ratio=8)):
        with context as held:
            loss = outside[0](inside(x)).sum()
        (gradient,) = torch.autograd.grad(loss, x, retain_graph=True)
        found.append(gradient)
    assert torch.equal(*found)  # of the weights alone
    assert held.peak_stored_bytes == slots(8, x.numel()) + x.numel() * 4
    assert not torch.nn.modules.module._global_forward_pre_hooks


@pytest.mark.parametrize("kind", ["weight_norm", "parametrization", "data"])
def test_weights_that_are_made_or_moved_stay_exact(kind):
    model = nn.Sequential(nn.Linear(64, 128), nn.Tanh())
    if kind == "weight_norm":
        nn.utils.weight_norm(model[0])
    if kind == "parametrization":
        nn.utils.parametrizations.spectral_norm(model[0])
        model.eval()  # no power iteration
    x = torch.randn(64, 64, requires_grad=True)
    with compressed(model, ratio=8, ratios={"1": None}) as held:
        if kind == "data":
            model[0].weight.data = model[0].weight.data.clone()
        loss = model(x).sum()
    loss.backward()
    ours = x.grad.clone()
    x.grad = None
    model(x).sum().backward()
    assert distance(ours, x.grad) < 1e-6 and held.peak_stored_bytes > 0


class Swaps(nn.Linear):
    """Its weight is put in its place before every forward pass."""

    def __init__(self):
        super().__init__(64, 64)
        self.register_forward_pre_hook(lambda module, inputs: setattr(self, "weight", nn.Parameter(self.weight * 2)))


class Borrows(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = [weight]  # in no list of parameters

    def forward(self, x):
        return F.linear(x, self.weight[0].t())


@pytest.mark.parametrize(
    "made",
    [
        *(lambda: nn.LazyLinear(64), Swaps, lambda: Borrows(nn.Parameter(torch.randn(64, 64)))),
        *(lambda: Borrows(torch.randn(64, 64, requires_grad=True)), lambda: Borrows(Swaps().requires_grad_(False).weight)),
    ],
)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_weights_that_take_their_place_late_stay_exact(made):
    model, x = nn.Sequential(made(), nn.Tanh()), activation(64, 64)
    with compressed(model, ratio=8) as held:
        y = model[0](model(x))
    frozen = isinstance(model[0], Borrows) and not model[0].weight[0].requires_grad  # then no input is kept
    assert y.requires_grad and held.stored_bytes == (1 if frozen else 2) * slots(8, x.numel())


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("called", [True, False])
def test_weights_of_functional_call_stay_exact(leaf, called):
    class Model(nn.Sequential):
        def forward(self, x):
            return self[1](self[0](x) if called else F.linear(x, self[0].weight))

    model, x = Model(nn.Linear(64, 64), nn.Tanh()), activation(64, 64)
    weights = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
    if not leaf:
        weights = {name: p * 1 for name, p in weights.items()}
    with compressed(model, ratio=8) as held:
        y = functional_call(model, weights, (x,))
    assert y.requires_grad and held.stored_bytes == 2 * slots(8, x.numel())


def test_storages_of_weights_that_are_gone_are_forgotten():
    model, x = nn.ModuleList([Swaps()]), activation(64, 64)
    with compressed(model, ratio=8) as held:
        held._most_own = 4
        for _ in range(3):
            model[0](x)
        assert len(held._own) == 2


def test_what_was_packed_is_let_go():
    model = nn.Sequential(*(Mlp() for _ in range(3)))
    x = torch.randn(256, 64)
    with compressed(model, ratio=8) as held:
        loss = model(x).sum()
    slots = [entry for entry in held._table.values() if entry.kind == "slots"]
    alive = [entry for entry in slots if not entry.storage.expired()]
    assert len(slots) == 12 and len(alive) == 1 and loss.requires_grad  # x, which the test holds


# ---- what backward needs exactly ----


def gradient_of(f, x, **options):
    """With respect to `x`, of the sum; under the hook where there are options."""
    x = x.clone().requires_grad_()
    with Inside(**options) if options else contextlib.nullcontext():
        out = f(x * 1).float().sum()
    out.backward()
    return x.grad


POSITIVE = torch.rand(64, 64, generator=torch.Generator().manual_seed(5)).pow(4) * 0.9 + 1e-4
PAST = torch.ones(64, 64, dtype=torch.bool).triu(1)
PLACES = torch.arange(64 * 64).view(64, 64) * 5 // 7 % 8


def scattered(x, reduce):
    return torch.zeros(8, 64).scatter_reduce(0, PLACES, x, reduce)


@pytest.mark.filterwarnings("ignore:.* in beta", "ignore:torch.lu is deprecated")
@pytest.mark.parametrize("split", ["gradient", "even"])
@pytest.mark.parametrize(
    "f",
    [
        *(lambda x: x.amax(-1), lambda x: torch.amin(x, 0), lambda x: x.max(), lambda x: x.median()),
        *(lambda x: torch.maximum(x, x.flip(0)), lambda x: x.norm(p=float("inf"), dim=-1)),
        *(torch.log, lambda x: x.clone().log_(), torch.special.logit, lambda x: torch.xlogy(x, x), torch.acos),
        *(torch.sqrt, lambda x: x**-1, lambda x: x.pow(0.5), lambda x: x**x, lambda x: x.add(0.5).prod(-1)),
        *(lambda x: torch.ones(64, 64) / x, lambda x: torch.ones(64, 64).div_(x), torch.lgamma),
        *(lambda x: F.softmax(8 * x, -1).log()[:, 0], lambda x: F.softmax(8 * x, -1).clamp(min=1e-9).log()[:, 0]),
        *(lambda x: torch.linalg.inv(x + torch.eye(64)), lambda x: F.cosine_similarity(x, x.flip(0))),
        lambda x: x.masked_fill(PAST, float("-inf")).logsumexp(-1),
        lambda x: torch.special.log_softmax(9 * x, -1)[:, 0],
        *(lambda x: scattered(x, "amax"), lambda x: scattered(x, "amin"), lambda x: scattered(x, "prod")),
        lambda x: torch.zeros(8, 64).scatter_reduce_(0, PLACES, x, "amax"),
        lambda x: torch.zeros(8, 64).index_reduce(0, PLACES[:, 0], x, "amax"),
        lambda x: torch.zeros(8, 64).index_reduce_(0, PLACES[:, 0], x, "prod"),
        lambda x: torch.segment_reduce(x, "max", lengths=torch.tensor([32, 32]), unsafe=True),
        *(lambda x: torch.renorm(x, 2.0, 0, 0.5), lambda x: 2**x, lambda x: torch.copysign(x, x.flip(0))),
        *(torch.special.i1e, torch.special.log_ndtr, torch.special.erfcx),
        lambda x: torch.igamma(torch.full((64, 64), 0.5), x),
        *(F.softsign, nn.Softsign(), lambda x: F.local_response_norm(x[None], 5, k=0.0)),
        *(lambda x: F.lp_pool1d(x, 3.0, 2), lambda x: F.lp_pool2d(x[None], 3.0, 2)),
        lambda x: F.hardtanh(x, 0.01, 1.0),
        *(lambda x: F.pairwise_distance(x, x.flip(0)), lambda x: F.gumbel_softmax(torch.zeros(64, 64), tau=x)[:, 0]),
        *(torch.linalg.svdvals, lambda x: torch.linalg.eigvalsh(x + x.T)),
        lambda x: torch.linalg.cond(x + torch.eye(64)),
        *(lambda x: torch.linalg.lu_factor(x + torch.eye(64))[0], lambda x: torch.lu(x + torch.eye(64))[0]),
        *(lambda x: torch.linalg.householder_product(x, x[0]), lambda x: torch.linalg.inv_ex(x + torch.eye(64))[0]),
        *(lambda x: torch.linalg.matrix_norm(x, "nuc"), lambda x: torch.linalg.multi_dot([x, x.T, x])),
        lambda x: torch.cholesky_solve(POSITIVE, torch.tril(x) + torch.eye(64)),
        lambda x: torch.cholesky_inverse(torch.tril(x) + torch.eye(64)),
    ],
)
def test_what_is_compared_or_divided_by_stays_exact(f, split):
    """Values cut to +0 would no longer be the largest, and end in Inf or NaN as divisors."""
    exact = gradient_of(f, POSITIVE)
    torch.manual_seed(17)  # of what draws numbers, the same
    assert exact.isfinite().all() and torch.equal(gradient_of(f, POSITIVE, ratio=8, split=split), exact)


def test_a_product_of_linalg_goes_into_slots():
    x = activation(64, 64)
    for split in ("gradient", "even"):
        with Inside(ratio=8, split=split) as held:
            out = torch.linalg.matmul(x, x)
        assert out.requires_grad and held.stored_bytes == slots(8, x.numel())


@pytest.mark.parametrize(
    "f",
    [
        *(F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.soft_margin_loss, F.poisson_nll_loss, F.kl_div),
        lambda x, y: F.triplet_margin_loss(x, y, y.flip(0)),
        lambda x, y: F.cosine_embedding_loss(x, y, torch.ones(64)),
        lambda x, y: F.gaussian_nll_loss(x, y, y.abs() + 0.1),
    ],
)
def test_what_a_loss_saves_stays_exact(f):
    """The gradient is the difference of two tensors that are close."""
    both = lambda x: f(x, x.detach() + 0.01 * POSITIVE.flip(0))
    assert torch.equal(gradient_of(both, POSITIVE, ratio=8), gradient_of(both, POSITIVE))


def test_what_is_saved_outside_the_model_stays_exact():
    """A loss written by hand: its gradient is a difference of two tensors that are close."""
    model, x = nn.Sequential(nn.Linear(64, 64), nn.Tanh()), torch.randn(50, 64)
    t = model(x).detach() + 0.01 * torch.randn(50, 64)
    for ratios in ({}, {"*": 8}, {"(outside the model)": 8}):
        with compressed(model, ratio=8, ratios=ratios) as held:
            y = model(x)
            loss = ((y - t) ** 2).sum()
        (row,) = [row for row in held.table() if row.name == "(outside the model)"]
        assert row.packed == ("(outside the model)" in ratios)
        (gradient,) = torch.autograd.grad(loss, y)
        assert torch.equal(gradient, 2 * (y - t)) == (not row.packed)


def test_softmax_by_hand():
    def softmax(x):
        e = (x - x.amax(-1, keepdim=True)).exp()
        return e / e.sum(-1, keepdim=True) * POSITIVE

    x = torch.randn(64, 64)
    for split in ("gradient", "even"):
        assert distance(gradient_of(softmax, x, ratio=8, split=split), gradient_of(softmax, x)) < 0.2


def test_a_dividend_and_an_even_power_go_into_slots():
    x = activation(64, 64)
    with Inside(ratio=8) as held:
        out = x / x.pow(2).mean(-1, keepdim=True).sqrt()
        assert {(e.kind, e.count) for e in held._table.values()} == {("slots", x.numel()), ("exact", 64)}
    assert out.requires_grad


@pytest.mark.parametrize("f", [lambda x: x.std(-1), lambda x: x.norm(dim=-1), lambda x: F.normalize(x, dim=1)])
@pytest.mark.parametrize("split", ["gradient", "even"])
def test_statistics_without_a_trailing_dimension_stay_exact(f, split):
    x = activation(32, 64, 64)
    with Inside(ratio=8, split=split) as held:
        out = f(x)
        entries = [(entry.kind, entry.count) for entry in held._table.values()]
    assert out.requires_grad and ("slots", x.numel()) in entries
    assert all(kind == "exact" for kind, count in entries if count < x.numel())


def test_an_exact_wish_makes_all_exact():
    x = torch.randn(64, 64)
    with Inside(ratio=8) as held:
        p = F.softmax(x.requires_grad_(), -1)
        before = held.stored_bytes
        loss = p.log()[:, 0].sum()
        assert before == slots(8, x.numel()) and held.stored_bytes == held.raw_bytes and held.entries == 1
    loss.backward()
    assert held.peak_stored_bytes == held.peak_raw_bytes
    del loss, p
    assert is_nothing(held)


def test_exact_by_mark_whoever_saves_it():
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, mark(x.logsumexp(-1), "exact"))
            return x.sin()

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0].cos()

    x, w = activation(4, 16, 32, 32), torch.randn(64, 64, requires_grad=True)
    for split in ("gradient", "even"):
        with Inside(ratio=8, split=split) as held:
            out = Own.apply(x)
            assert [(e.kind, e.count) for e in held._table.values()] == [("slots", x.numel()), ("exact", 2048)]
            y = F.linear(torch.randn(8, 64).requires_grad_(), mark(w * 0.1, "exact").t())
            assert {e.kind for e in held._table.values() if e.count == 4096} == {"exact"}
        assert out.requires_grad and y.requires_grad


def scaled_dot_product_attention(q, k, v):
    """What the function of torch 2 saves, in its place."""
    if torch.overrides.has_torch_function((q, k, v)):
        return torch.overrides.handle_torch_function(scaled_dot_product_attention, (q, k, v), q, k, v)
    out = torch_gpt.FusedAttention.apply(q, k, v, torch.zeros(q.shape[-2], k.shape[-2], dtype=torch.bool))
    return Keeps.apply(out, (q @ k.transpose(-1, -2)).detach().logsumexp(-1))


def multi_head_attention_forward(q, k, v, width, heads):
    """As above: it keeps the log of the sums, of a query (tokens, batch, width)."""
    if torch.overrides.has_torch_function((q, k, v)):
        return torch.overrides.handle_torch_function(
            multi_head_attention_forward, (q, k, v), q, k, v, width, heads
        )
    return Keeps.apply(q, k, torch.randn(q.shape[1], heads, q.shape[0]))


class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, *others):
        ctx.save_for_backward(*others)
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return (g, *[None] * len(ctx.saved_tensors))


@pytest.mark.parametrize("heads", [(), (16,)])
def test_fused_attention_without_heads_goes_into_slots(heads):
    q, k, v = (activation(4, *heads, 64, 32) for _ in range(3))
    with Inside(ratio=8) as held:
        out = scaled_dot_product_attention(q, k, v)
        stored = {e.count: e.kind for e in held._table.values() if e.count != 4 * 64}
        packed = sorted(e.stored for e in held._table.values() if e.kind == "slots")
    assert stored[q.numel()] == "slots" and out.requires_grad
    assert packed == sorted(slots(r, q.numel()) for r in (5.6, 5.6, 6, 6.8))
    assert not heads or stored[4 * 16 * 64] == "exact"


def test_multihead_attention_keeps_the_log_of_the_sums():
    q, k = (activation(64, 16, 32) for _ in range(2))
    for split in ("gradient", "even"):
        with Inside(ratio=8, split=split) as held:
            out = multi_head_attention_forward(q, k, k, 32, 4)
            assert {e.count: e.kind for e in held._table.values()} == {k.numel(): "slots", 4096: "exact"}
        assert out.requires_grad


# ---- shared, and never mixed up ----


def test_a_tensor_saved_twice_is_packed_once():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64)

        def forward(self, x):
            return self.q(x) + self.k(x) + self.v(x.view(-1, 64)).view_as(x)

    model, x = Heads(), torch.randn(4, 16, 64)
    with compressed(model, ratio=8, ratios={"(outside the model)": 8}) as held:
        loss = model(x).sum()
        loss = loss + (x.transpose(1, 2) * model.q.weight[:, :16]).sum()
    rows = {row.name: row for row in held.table()}
    assert (
        held.entries == 1
        and held.raw_bytes == x.numel() * 4
        and held.stored_bytes == Config(ratio=8).slots_bytes(x.numel())
    )
    assert rows["k"].shared == rows["v"].shared == rows["(outside the model)"].shared == 1
    model.zero_grad()
    loss.backward()
    assert torch.equal(model.q.weight.grad[0, 17:], model.k.weight.grad[0, 17:])
    del loss
    assert is_nothing(held)


def test_a_finer_wish_gets_slots_of_its_own():
    model = nn.ModuleDict({"coarse": nn.Linear(64, 64), "gelu": nn.GELU()})
    x = activation(128, 64)
    for names, entries in ((["coarse", "gelu"], 2), (["gelu", "coarse"], 1)):
        with compressed(model, ratio=8) as held:
            loss = sum(model[name](x).sum() for name in names)
        assert held._table and sum(e.kind == "slots" for e in held._table.values()) >= 1
        assert sum(row.packed for row in held.table()) == entries
        del loss


def test_addresses_that_come_again():
    """Freed memory is used again by the next tensor of its size: it must not be taken for the old one."""
    w = torch.randn(64, 64, requires_grad=True)

    def run(context, saved=None):
        w.grad = None
        x = torch.linspace(-1, 1, 64 * 64).view(64, 64)
        with context:
            v = w * 1
            for i in range(30):
                x = torch.tanh(x * v + i * 0.01)
                x = x * (v + 1)
                if saved is not None:
                    saved.append(storage_of(x)._cdata)
        x.sum().backward()
        return w.grad.clone()

    saved = []
    held = Inside(ratio=4)
    ours = run(held, saved)
    assert len(set(saved)) == len(saved)  # the key of a tensor is not given again while its slots are held
    assert torch.equal(ours, run(plain_hooks(4))) and is_nothing(held)
    assert distance(ours, run(contextlib.nullcontext())) < 0.2


def test_changed_in_place_between_two_saves():
    w = torch.randn(2, 64, 64, requires_grad=True)

    def run(context):
        w.grad = None
        with context:
            x = torch.randn(64, 64, generator=torch.Generator().manual_seed(1))
            y = (x.clone() * w[0]).sum()
            z = x * 1
            first = (z * w[1]).sum()
            with torch.no_grad():
                other = z.data  # another counter, the same memory
                other.mul_(1)
            z = z.clone().add_(1)
            second = (z * w[1]).sum()
        (y + first + second).backward()
        return w.grad.clone()

    assert torch.equal(run(Inside(ratio=4)), run(plain_hooks(4)))


def test_written_through_another_counter():
    held = Inside(ratio=4)
    w = torch.randn(64, 64, requires_grad=True)
    x = torch.randn(64, 64)
    alias = x.data
    with held:
        (x * w).sum()
        first = (x * w).sum()
        x.add_(1)
        second = (alias * w).sum()  # version 0 as x was, other values
    assert held.entries == 2 and first is not None
    second.backward()
    assert torch.equal(w.grad, reconstruct(x, ratio=4))


@pytest.mark.parametrize("ratio", [None, 4])
def test_changed_in_place_is_an_error_as_without(ratio):
    def run(context):
        w = torch.randn(64, 64, requires_grad=True)
        with context:
            x = w * 1
            y = (x * x).sum()
            x.add_(1)
        return y.backward

    for context in (contextlib.nullcontext(), Inside(ratio=ratio)):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            run(context)()


@pytest.mark.parametrize("kind", ["parameter", "small", "integer"])
def test_kept_tensors_changed_in_place(kind):
    model = nn.Linear(64, 64)
    x = torch.randn(100, 64, requires_grad=True)
    small, index = torch.randn(64), torch.arange(50)

    def run(context):
        with context:
            y = model(x) * small
            loss = y[index].sum()
        with torch.no_grad():
            {"parameter": model.weight, "small": small, "integer": index}[kind].mul_(2)
        loss.backward()

    for context in (contextlib.nullcontext(), compressed(model)):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            run(context)


def test_backward_twice_gives_the_same():
    model, x = Mlp(), torch.randn(32, 64)
    held = compressed(model, ratio=8)
    with held:
        loss = model(x).pow(2).sum()
    results = []
    for _ in range(3):
        model.zero_grad()
        loss.backward(retain_graph=True)
        results.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
    assert held.raw_bytes > 0
    del loss
    assert is_nothing(held)


def test_an_unpacked_tensor_changed_in_place_is_an_error_as_without():
    class Rude(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x.detach().mul_(2)

    x = activation(64, 64)
    for context in (contextlib.nullcontext(), Inside(ratio=4)):
        with context:
            y = (Rude.apply(x) + Rude.apply(x)).sum()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()


def test_second_derivatives():
    x = torch.randn(64, 64, requires_grad=True)
    with Inside(ratio=2):
        y = (x * 1).pow(3).sum()
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        g.sum().backward()
    assert distance(x.grad, 6 * x.detach()) < 0.02


def test_a_model_that_calls_itself_keeps_its_name():
    class Twice(nn.Module):
        def forward(self, x, depth=2):
            y = torch.sin(x)
            if depth == 0:
                raise KeyError("mine")
            return torch.cos(self(y, depth - 1) if depth > 1 else y)

    model, x = Twice(), activation(64, 64)
    with compressed(model, ratio=8, ratios={"": 4}) as held:
        y = model(x)
        (row,) = held.table()
        assert (row.name, row.packed, row.stored_bytes) == ("", 4, 4 * slots(4, x.numel())) and y.requires_grad
        with pytest.raises(KeyError):
            model(x, 0)
        y = model(x.neg())  # the call that an exception ended is none that this one lies in
        assert not held._stack


def test_an_activation_among_the_attributes_goes_into_slots():
    class Stores(nn.Module):
        def forward(self, x):
            self.attn = torch.tanh(x)
            return self.attn.square()

    model, x = Stores(), activation(64, 64)
    for _ in range(2):  # also where there is one of the last time
        with compressed(model, ratio=8) as held:
            y = model(x)
        assert held.stored_bytes == slots(8, x.numel()) and y.requires_grad
        del y


# ---- checkpoints ----


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_checkpoint(reentrant, inside):
    class Blocks(nn.Sequential):
        def forward(self, y, use):
            for block in self:
                y = checkpoint(block, y, use_reentrant=reentrant) if use else block(y)
            return y

    first, model = nn.Linear(64, 64), Blocks(*(Mlp() for _ in range(3)))
    x = torch.randn(64, 64)

    def run(use):
        return model(first(x), use).pow(2).sum()

    exact = grads(model, lambda: run(False))
    held = compressed(model, ratio=4)
    if inside:
        model.zero_grad()
        with held:
            run(True).backward()
        ours = torch.cat([p.grad.flatten() for p in model.parameters()])
    else:
        ours = grads(model, lambda: run(True), held)
    assert 0 <= distance(ours, exact) < 0.1 and is_nothing(held)
    if reentrant:  # inputs of the segments
        assert distance(ours, exact) > 0
        if not inside:
            assert held.peak_stored_bytes == 2 * x.numel() * 4 + 3 * slots(4, x.numel())  # of first, of the loss


def test_what_a_function_saves_when_it_runs_again_belongs_to_its_module():
    class Segment(nn.Module):
        def forward(self, x):
            return checkpoint(lambda x: x.sin().exp().cos(), x, use_reentrant=True)

    model, x = Segment(), torch.randn(64, 64, requires_grad=True)
    with compressed(model, ratio=8) as held:
        for before, error in ((torch.neg, None), (Raises.apply, KeyError)):
            loss = model(before(x)).sum()
            with pytest.raises(error) if error else contextlib.nullcontext():
                loss.backward()
            del loss
            assert held.peak_stored_bytes == 3 * slots(8, x.numel())
            loss = model(-x).square().sum()  # this is outside again
            assert held.stored_bytes == slots(8, x.numel()) + x.numel() * 4
            del loss
            held.reset()


class Raises(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        raise KeyError("mine")


# ---- no leak ----


def test_a_thousand_steps_leave_nothing():
    import resource

    model, x = Mlp(), torch.randn(64, 64)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    held = compressed(model, ratio=8)
    for step in range(1000):
        optimizer.zero_grad()
        with held:
            loss = model(x).pow(2).mean()
        if step % 10 == 3:  # a graph that is thrown away
            del loss
            assert held.raw_bytes == 0
            continue
        loss.backward()
        optimizer.step()
        assert held.raw_bytes == 0 and held.entries == 0
        if step == 100:
            gc.collect()
            before = len(gc.get_objects()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    del loss
    gc.collect()
    assert is_nothing(held)
    assert len(gc.get_objects()) - before[0] < 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before[1] < 4 << 10  # KiB


@pytest.mark.parametrize("stores", [False, True])
def test_a_model_dies_with_its_context(stores):
    class Stores(Mlp):
        def forward(self, x):
            y = super().forward(x)
            if stores:
                self.y = y  # its graph must not lead to the model: no collector sees that cycle
            return y

    gc.disable()
    try:
        model, x = Stores(), torch.randn(64, 64)
        held = compressed(model, ratio=8)
        with held:
            model(x)
        alive = weakref.ref(model)
        del model
        assert alive() is None and held.stored_bytes == 0
    finally:
        gc.enable()


def test_a_table_is_of_the_last_time():
    model, x = Mlp(), torch.randn(64, 64)
    held = compressed(model, ratio=8)
    for values in (x, x[:32], x[:16]):
        with held:
            model(values).sum().backward()
        found = {(row.name, row.saved, row.raw_bytes) for row in held.table()}, held.peak_raw_bytes
    with compressed(model, ratio=8) as once:
        model(x[:16]).sum().backward()
    assert found == ({(row.name, row.saved, row.raw_bytes) for row in once.table()}, once.peak_raw_bytes)


def test_one_context_over_many_steps():
    model, x = Mlp(), torch.randn(64, 64)
    with compressed(model, ratio=8) as held:
        for _ in range(50):
            model(x).pow(2).mean().backward()
            assert held.raw_bytes == 0
        rows = held.table()
        held.reset()
        assert held.table() == [] and held.peak_raw_bytes == 0
    assert all(row.saved % 50 == 0 for row in rows) and is_nothing(held)


def test_an_exception_in_forward():
    class Fails(nn.Module):
        def forward(self, x):
            raise KeyError("mine")

    model = nn.Sequential(Mlp(), Fails())
    held = compressed(model, ratio=8)
    with pytest.raises(KeyError, match="mine"), held:
        model(torch.randn(64, 64))
    assert is_nothing(held) and not held._open and not model[0]._forward_hooks
    with held:
        loss = model[0](torch.randn(64, 64)).sum()
    assert {row.name for row in held.table()} == {"0", "0.norm", "0.up", "0.down"}
    loss.backward()


def test_an_exception_in_one_of_several_models():
    class Fails(nn.Linear):
        def forward(self, x):
            raise KeyError("mine")

    class Outer(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(torch.sin(x)) * torch.cos(x)

    models, x = nn.ModuleList([Outer(Fails(64, 64)), Outer(nn.Linear(64, 64))]), activation(64, 64)
    with compressed(models, ratio=8) as held:
        with pytest.raises(KeyError):
            models[0](x)
        assert len(held._stack) == 2
        y = models[1](x)
        assert not held._stack and [row.name for row in held.table()] == ["0", "1", "1.inner"]
        loss = (2 * y).square().sum()
    assert held.table()[-1].name == "(outside the model)" and held.table()[-1].packed == 0 and loss.requires_grad


# ---- what is refused ----


def test_what_is_refused():
    model = Mlp()
    with pytest.raises(InputError, match="torch.nn.Module"):
        compressed(lambda x: x)
    with pytest.raises(ConfigError, match="ratio 1.566 to 128"):
        compressed(model, ratio=500)
    with pytest.raises(ConfigError, match="ratio 1.566 to 128"):
        compressed(model, ratios={"up": 1})
    with pytest.raises(ConfigError, match="formats follow"):
        compressed(model, format="bf16")
    for values in (None, "8", 1.5):
        with pytest.raises(ConfigError, match="min_values is .*give a whole number"):
            compressed(model, min_values=values)
    for ratios in ("up", [8], {0: 8}, 8):
        with pytest.raises(ConfigError, match="ratios is .*give {pattern"):
            compressed(model, ratios=ratios)
    with compressed(model) as held, pytest.raises(ActplaneError, match="open already"):
        held.__enter__()
    half = Mlp().to(torch.bfloat16)
    with pytest.raises(ConfigError, match="for bf16 blocks .*ratio 0.9275 to 4.923"):
        compressed(half, ratio=8, order="field")
    with pytest.raises(ConfigError, match="for bf16 blocks"):
        compressed(half, ratio=2, ratios={"up": 8}, order="field")


def test_a_second_context_is_refused():
    first, second = nn.Linear(64, 64), nn.Linear(64, 64)
    held, x = compressed(second), torch.randn(64, 64)
    with compressed(first, ratio=8) as outer:
        with pytest.raises(ConfigError, match="nn.ModuleList"):
            held.__enter__()
        assert not second._forward_pre_hooks and actplane.torch._OPEN == [outer]

        def run():
            with compressed(second, ratio=8) as inner:
                sums.append((second(x).sum(), inner.stored_bytes))

        sums = []
        thread = threading.Thread(target=run)  # another thread has hooks of its own
        thread.start()
        thread.join()
        assert sums[0][1] == slots(8, x.numel()) and outer.stored_bytes == 0
    with held:
        second(x)
    both = compressed(nn.ModuleList([first, second]), ratios={"0*": 8, "1*": None})
    with both:
        loss = first(x).sum() + second(x + 1).sum()
    assert both.stored_bytes == slots(8, x.numel()) + x.numel() * 4 and loss.requires_grad


def test_a_context_that_could_not_open_leaves_nothing():
    model = Mlp()
    held = compressed(model)
    with torch.autograd.graph.disable_saved_tensors_hooks("not now"):
        with pytest.raises(RuntimeError, match="not now"):
            held.__enter__()
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert not torch.nn.modules.module._global_forward_pre_hooks and held not in actplane.torch._OPEN
    with held:
        loss = model(torch.randn(64, 64)).sum()
    loss.backward()
    assert held.peak_stored_bytes > 0


def test_a_model_is_not_copied_while_a_context_is_open():
    model = Mlp()
    with compressed(model) as held:
        with pytest.raises(ActplaneError, match="close it first"):
            copy.deepcopy(model)
        with pytest.raises(ActplaneError, match="close it first"):
            torch.save(model, io.BytesIO())
    copy.deepcopy(model)
    with pytest.raises(ActplaneError, match="make one for the copy"):
        copy.deepcopy(held)


def test_compiled_models_are_refused():
    if hasattr(torch, "compile"):
        with pytest.raises(ActplaneError, match="torch.compile"):
            compressed(torch.compile(Mlp()))
        return

    class OptimizedModule(nn.Module):  # its name in torch 2
        pass

    with pytest.raises(ActplaneError, match="without compile"):
        compressed(nn.Sequential(OptimizedModule()))


def test_another_device_by_default():
    class Default(torch.overrides.TorchFunctionMode):  # as torch.set_default_device of torch 2
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return func(*args, **{**({"device": "meta"} if func is torch.empty else {}), **(kwargs or {})})

    w, x = torch.randn(64, 64, requires_grad=True), torch.randn(64, 64)
    with Default():
        with Inside(ratio=4):
            loss = (w * x).sum()
        torch.autograd.backward(loss)  # loss.backward() would run without the mode
    assert torch.equal(w.grad, reconstruct(x, ratio=4))


def test_a_module_that_compiled_itself_is_refused():
    model = nn.Sequential(Mlp())
    held = compressed(model)
    model[0]._compiled_call_impl = lambda x: x  # as model[0].compile() of torch 2 does
    for what in (lambda: compressed(model), held.__enter__):
        with pytest.raises(ActplaneError, match="without compile.*_compiled_call_impl"):
            what()


def test_modules_of_torchscript():
    x = torch.randn(64, 64)
    for scripted in (torch.jit.script(nn.Linear(64, 64)), torch.jit.trace(nn.Linear(64, 64), x)):
        for model in (scripted, nn.Sequential(scripted)):
            with pytest.raises(ConfigError, match="before torch.jit.script"):
                compressed(model)
        with compressed(nn.Linear(64, 64)) as held:  # outside the model they may be called
            y = scripted(x)
        assert held.stored_bytes == x.numel() * 4 and y.requires_grad


def test_damaged_slots():
    x = torch.randn(64, 64, requires_grad=True)
    with Inside(ratio=4) as held:
        y = x.exp().sum()
    (entry,) = held._table.values()
    entry.data[0] |= 7
    entry.data[0] &= 0xFD
    first = torch.__version__.startswith("1.")
    with pytest.raises(RuntimeError if first else DamagedError, match="DamagedError: 1 of 32" if first else "1 of 32"):
        y.backward()


def test_meta_and_sparse_tensors_pass():
    with Inside() as held:
        s = torch.eye(64).to_sparse().requires_grad_()
        torch.sparse.mm(s, torch.randn(64, 64)).sum()
        torch.empty(64, 64, device="meta", requires_grad=True).exp().sum().backward()
    assert held is not None


@pytest.mark.parametrize("split", ["gradient", "even"])
@pytest.mark.parametrize(
    "f",
    [
        lambda a: torch.tanh(a) * torch.tanh(a),
        lambda a: torch.softmax(a.view(2, 32, 64) @ a.view(2, 64, 32), -1) @ a.view(2, 32, 64),
        lambda a: torch.tanh(a) / (POSITIVE + a.abs()),
    ],
)
@pytest.mark.filterwarnings("ignore:Please use", "ignore:There is a performance drop")
def test_vmap(f, split):
    vmap = getattr(torch, "vmap", None) or importlib.import_module("torch._vmap_internals").vmap
    x = torch.randn(8, 64, 64)
    exact = gradient_of(lambda x: torch.stack([f(a) for a in x]), x)
    found = gradient_of(lambda x: vmap(f)(x), x, ratio=4, split=split)
    assert distance(found, exact) < 0.1


@pytest.mark.parametrize("split", ["gradient", "even"])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nested_tensors_stay_as_they_are(split):
    linear, x = nn.Linear(64, 64), torch.randn(8, 16, 64)

    def run(x):
        nested = torch._nested_tensor_from_mask(x, torch.ones(8, 16, dtype=torch.bool))
        y = F.dropout(linear(nested), 0.0) * nested
        return torch.nested.to_padded_tensor(y, 0.0).square()

    assert torch.equal(gradient_of(run, x, ratio=None, split=split), gradient_of(run, x))
    with Inside(ratio=8, split=split) as held:
        run(x * 1)
    assert held.peak_stored_bytes < 16 + slots(8, x.numel())  # of square alone


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_is_emulated():
    model = Mlp().cuda()
    x = torch.randn(64, 64, device="cuda")
    with pytest.warns(UserWarning, match="kept at full size"), compressed(model, ratio=8) as held:
        loss = model(x).sum()
    assert held.emulated
    loss.backward()
