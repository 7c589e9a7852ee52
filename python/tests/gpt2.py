# SPDX-License-Identifier: Apache-2.0
"""The network of actplane-train in torch, for a step that `actplane-train capture --trace` wrote.

Autograd saves what the trainer keeps, by functions of our own where torch's would save something else
or compute it in another order. The products are torch's, or cut into the pieces of the trainer, which
gives its bits.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from actplane.torch import mark


class Step:
    """What the trainer wrote: settings, weights, gradients, and what it kept."""

    def __init__(self, folder):
        self.folder = Path(folder)
        trace = json.loads((self.folder / "trace.json").read_text())
        self.config, self.loss, self.relative = trace["config"], trace["loss"], trace["relative"]
        self.parameters = trace["parameters"]
        self.tensors = {t["name"]: t for t in trace["tensors"]}

    def load(self, file, dtype="<f4", shape=None):
        path = self.folder / file
        return torch.from_numpy(np.load(path) if path.suffix == ".npy" else np.fromfile(path, dtype).reshape(shape))

    def content(self, name):
        t = self.tensors[name]
        return self.load(t["file"], t["dtype"], t["shape"])

    def mask(self, name):
        return torch.from_numpy(np.unpackbits(self.content(name + ".mask").numpy(), bitorder="little").view(np.bool_))

    def slots(self):
        """Of every tensor that the trainer packed, by name."""
        packed = (t for t in self.tensors.values() if t["stored"] != t["file"])
        return {t["name"]: (self.folder / t["stored"]).read_bytes() for t in packed}

    def of_parameters(self, what):
        """`weight`, or the gradient `exact` or `stash`, by the names that they have in Gpt2."""
        names = {"gamma": "weight", "beta": "bias"}
        named = lambda name: ".".join(names.get(part, part) for part in name.split("."))
        return {named(p["name"]): self.load(p[what]) for p in self.parameters}


class Whole:
    """Matrix products as torch computes them."""

    @staticmethod
    def matmul(a, b, bias=None):
        return a @ b if bias is None else torch.addmm(bias, a, b)

    @staticmethod
    def batch(a, b, factor=1.0):
        return torch.baddbmm(torch.zeros(1, 1, 1), a, b, beta=0, alpha=factor)


class Pieces:
    """The same as train/layers/matmul.cc does."""

    @staticmethod
    def spans(n):
        piece = -(-max(64, -(-n // 16)) // 16) * 16
        return [slice(i, i + piece) for i in range(0, n, piece)]

    @classmethod
    def matmul(cls, a, b, bias=None):
        rows, columns = a.shape[0], b.shape[1]
        c = torch.empty(rows, columns) if bias is None else bias.repeat(rows, 1)
        beta = int(bias is not None)
        if beta or rows >= columns:
            for i in cls.spans(rows):
                c[i].addmm_(a[i], b, beta=beta)
        else:
            for i in cls.spans(columns):
                c[:, i].addmm_(a, b[:, i], beta=0)
        return c

    @staticmethod
    def batch(a, b, factor=1.0):
        c = torch.empty(a.shape[0], a.shape[1], b.shape[2])
        for out, left, right in zip(c, a, b):
            out.addmm_(left, right, beta=0, alpha=factor)
        return c


class Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mask, scale):
        ctx.save_for_backward(mask)
        ctx.scale = scale
        return x * (mask * scale)

    @staticmethod
    def backward(ctx, dy):
        return dy * (ctx.saved_tensors[0] * ctx.scale), None, None


class Dropout(nn.Module):
    """The trainer's draw."""

    def __init__(self, step, name):
        super().__init__()
        cut = round(step.config["dropout"] * 65536)
        self.mask, self.scale = step.mask(name) if cut else None, 65536 / (65536 - cut)

    def forward(self, x):
        return x if self.mask is None else Masked.apply(x, self.mask[: x.numel()].view(x.shape), self.scale)


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, products):
        ctx.save_for_backward(x, weight)
        ctx.products = products
        return products.matmul(x, weight, bias)

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        return ctx.products.matmul(dy, weight.t()), ctx.products.matmul(x.t(), dy), dy.sum(0), None


class Logits(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, token, products):
        ctx.save_for_backward(x, token)
        ctx.products = products
        return products.matmul(x, token.t())

    @staticmethod
    def backward(ctx, dy):
        x, token = ctx.saved_tensors
        return ctx.products.matmul(dy, token), ctx.products.matmul(dy.t(), x), None


class Scores(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, factor, products):
        ctx.save_for_backward(q, k)
        ctx.factor, ctx.products = factor, products
        return products.batch(q, k.transpose(1, 2), factor)

    @staticmethod
    def backward(ctx, ds):
        q, k = ctx.saved_tensors
        batch = ctx.products.batch
        return batch(ds, k) * ctx.factor, batch(ds.transpose(1, 2), q) * ctx.factor, None, None


class Mix(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p, v, products):
        ctx.save_for_backward(p, v)
        ctx.products = products
        return products.batch(p, v)

    @staticmethod
    def backward(ctx, dy):
        p, v = ctx.saved_tensors
        return ctx.products.batch(dy, v.transpose(1, 2)), ctx.products.batch(p.transpose(1, 2), dy), None


class Linear(nn.Module):
    def __init__(self, inputs, outputs, products):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(inputs, outputs)), nn.Parameter(torch.empty(outputs))
        self.products = products

    def forward(self, x):
        return Affine.apply(x, self.weight, self.bias, self.products)


class Attention(nn.Module):
    def __init__(self, step, name, width, products):
        super().__init__()
        self.heads, self.batch, self.products = step.config["heads"], step.config["batch"], products
        self.qkv, self.projection = Linear(width, 3 * width, products), Linear(width, width, products)
        self.factor = float(1 / np.sqrt(np.float32(width // self.heads)))
        self.dropout = Dropout(step, name + ".p_dropped")

    def forward(self, x):
        n, width = x.shape
        parts = self.qkv(x).view(self.batch, -1, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = (part.contiguous().flatten(0, 1) for part in parts)
        q, k, v = mark(q, "query"), mark(k, "key"), mark(v, "value")
        scores = mark(Scores.apply(q, k, self.factor, self.products), "scores")
        p = (scores + torch.full(scores.shape[1:], -torch.inf).triu(1)).softmax(-1)
        p = mark(p, "probability") if self.dropout.mask is None else mark(self.dropout(p), "dropped_probability")
        heads = mark(Mix.apply(p, v, self.products), "attention_output").view(self.batch, self.heads, -1, width // self.heads)
        return self.projection(heads.transpose(1, 2).reshape(n, width))


class Mlp(nn.Module):
    def __init__(self, width, products):
        super().__init__()
        self.up, self.down = Linear(width, 4 * width, products), Linear(4 * width, width, products)

    def forward(self, x):
        return self.down(mark(F.gelu(self.up(x), approximate="tanh"), "gelu_output"))


class Block(nn.Module):
    def __init__(self, step, name, width, products):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), Attention(step, name + ".attn", width, products)
        self.ln_2, self.mlp = nn.LayerNorm(width), Mlp(width, products)
        self.dropout_1 = Dropout(step, name + ".attn.resid_dropout")
        self.dropout_2 = Dropout(step, name + ".mlp.resid_dropout")

    def forward(self, x):
        x = x + self.dropout_1(self.attn(self.ln_1(x)))
        return x + self.dropout_2(self.mlp(self.ln_2(x)))


class Gpt2(nn.Module):
    """The mean loss of the step's batch."""

    def __init__(self, step, products):
        super().__init__()
        width, self.products = step.config["width"], products
        self.token = nn.Parameter(torch.empty(step.config["vocabulary"], width))
        self.position = nn.Parameter(torch.empty(step.config["context"], width))
        self.dropout = Dropout(step, "embedding.dropout")
        self.blocks = [f"h{i}" for i in range(step.config["blocks"])]
        for name in self.blocks:
            self.add_module(name, Block(step, name, width, products))
        self.ln_f = nn.LayerNorm(width)
        self.tokens, self.targets = step.content("tokens"), step.content("targets")
        self.load_state_dict(step.of_parameters("weight"))

    def forward(self):
        x = F.embedding(self.tokens, self.token) + self.position
        x = self.dropout(x.flatten(0, 1))
        for name in self.blocks:
            x = getattr(self, name)(x)
        return F.cross_entropy(Logits.apply(self.ln_f(x), self.token, self.products), self.targets.flatten())
