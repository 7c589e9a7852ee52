#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small GPT of your own, with and without the codec, side by side.

    ACTPLANE_LIBRARY=... PYTHONPATH=python examples/torch_gpt.py --ratio 8

For eager attention, which keeps its maps, and fused attention, which does not: the loss after some
steps, the error of the gradient on the trained weights, and the bytes that autograd holds between
forward and backward.
"""

import argparse
import inspect
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

import actplane.torch
from actplane.torch import mark


class FusedAttention(torch.autograd.Function):
    """Keeps q, k, v, the output and the log of the sums, as fused kernels do; for torch before 2.0."""

    @staticmethod
    def maps(q, k, mask):
        return (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).masked_fill(mask, float("-inf"))

    @staticmethod
    def forward(ctx, q, k, v, mask):
        scores = FusedAttention.maps(q, k, mask)
        sums = scores.logsumexp(-1, keepdim=True)
        out = mark((scores - sums).exp() @ v, "attention_output")
        ctx.save_for_backward(q, k, v, mask, sums, out)
        return out

    @staticmethod
    def backward(ctx, grad):
        q, k, v, mask, sums, out = ctx.saved_tensors
        p = (FusedAttention.maps(q, k, mask) - sums).exp()
        d = p * (grad @ v.transpose(-1, -2) - (grad * out).sum(-1, keepdim=True)) * q.shape[-1] ** -0.5
        return d @ k, d.transpose(-1, -2) @ q, p.transpose(-1, -2) @ grad, None


def fused(q, k, v, mask):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    q, k, v = mark(q, "query"), mark(k, "key"), mark(v, "value")  # nobody knows what a function of one's own keeps
    return FusedAttention.apply(q, k, v, mask)


class RecomputedAttention(torch.autograd.Function):
    """Keeps q, k and v. Backward takes softmax of what comes back, so that rows sum to 1: docs/methods.md, "Maps"."""

    @staticmethod
    def forward(ctx, q, k, v, mask):
        ctx.save_for_backward(q, k, v, mask)
        return mark(eager(q, k, v, mask), "attention_output")

    @staticmethod
    def backward(ctx, grad):
        q, k, v, mask = ctx.saved_tensors
        p = FusedAttention.maps(q, k, mask).softmax(-1)
        d = grad @ v.transpose(-1, -2)
        d = p * (d - (p * d).sum(-1, keepdim=True)) * q.shape[-1] ** -0.5
        return d @ k, d.transpose(-1, -2) @ q, p.transpose(-1, -2) @ grad, None


def recomputed(q, k, v, mask):
    return RecomputedAttention.apply(mark(q, "query"), mark(k, "key"), mark(v, "value"), mask)


def eager(q, k, v, mask):
    return FusedAttention.maps(q, k, mask).softmax(-1) @ v


class Attention(nn.Module):
    def __init__(self, width, heads, context, attend):
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.heads, self.attend = heads, attend
        self.register_buffer("mask", torch.ones(context, context, dtype=torch.bool).triu(1))

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = self.attend(q, k, v, self.mask[:t, :t])
        return self.proj(y.transpose(1, 2).reshape(b, t, c))


class Block(nn.Module):
    def __init__(self, width, heads, context, attend):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, context, attend)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, width=128, heads=4, blocks=2, context=64, attend=eager):
        super().__init__()
        self.token, self.place = nn.Embedding(256, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads, context, attend) for _ in range(blocks))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 256, bias=False)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, tokens, targets):
        x = self.token(tokens) + self.place.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), targets.flatten())


TEXT = torch.tensor(list(inspect.getsource(argparse).encode()))


def batch(step, size=8, context=64):
    """Some pieces of the text, and the same one byte further on."""
    at = torch.randint(len(TEXT) - context - 1, (size, 1), generator=torch.Generator().manual_seed(step))
    x = TEXT[at + torch.arange(context + 1)]
    return x[:, :-1].contiguous(), x[:, 1:].contiguous()


def gradient(model, data, context):
    """Of the loss, as one vector; and the loss."""
    model.zero_grad()
    with context:
        loss = model(*data)
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()]), loss.item()


def train(attend, steps, ratio):
    """A trained model, its last loss, and the seconds of a step. ratio None: without the codec."""
    torch.manual_seed(0)
    model = GPT(attend=attend)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    held = actplane.torch.compressed(model, ratio=ratio)
    losses, seconds = [], []
    for step in range(steps):
        x, y = batch(step)
        start = time.perf_counter()
        if ratio is None:
            loss = model(x, y)
        else:
            with held:  # the one line
                loss = model(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    return model, statistics.mean(losses[-10:]), statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratio", type=float, default=8)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--table", action="store_true", help="what every module keeps")
    options = parser.parse_args()
    print(
        f"{'attention':10} {'kept':10} {'loss':>8} {'gradient error':>15} {'bytes held':>12} {'ratio':>6} {'step':>8}"
    )
    for name, attend in (("eager", eager), ("fused", fused)):
        model, loss, seconds = train(attend, options.steps, None)
        data = batch(-1)
        held = actplane.torch.compressed(model, ratio=None)
        exact, _ = gradient(model, data, held)
        print(
            f"{name:10} {'exact':10} {loss:8.4f} {0:15.2e} {held.peak_raw_bytes:12,} {1:6.2f} {seconds * 1e3:5.0f} ms"
        )
        _, loss, slower = train(attend, options.steps, options.ratio)
        held = actplane.torch.compressed(model, ratio=options.ratio)
        ours, _ = gradient(model, data, held)
        error = ((ours - exact).norm() / exact.norm()).item()
        print(
            f"{'':10} {f'ratio {options.ratio:g}':10} {loss:8.4f} {error:15.2e} {held.peak_stored_bytes:12,} "
            f"{held.peak_raw_bytes / held.peak_stored_bytes:6.2f} "
            f"{slower * 1e3:5.0f} ms = {slower / seconds:.2f} times exact"
        )
        if options.table:
            print(held)


if __name__ == "__main__":
    main()
