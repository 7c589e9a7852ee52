#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A larger GPT, trained exactly and with the codec, on a GPU if there is one.

    PYTHONPATH=python examples/torch_train.py --size 85M --text TEXT --steps 20000 --out runs

Bytes are tokens. Both runs see the same weights, data and order. On a GPU the codec is emulated in
torch operations, bit-equal to the library (python/tests/test_emulate.py), and the bytes are those
that slots would take. A run goes on from its last checkpoint, if its options are the same. Without
options: seconds, on the CPU.
"""

import argparse
import contextlib
import json
import math
import os
import sys
import time
import zlib

import torch
from torch_gpt import GPT, TEXT, recomputed

import actplane.torch

# width, heads, blocks, context, windows in a step
SIZES = {"tiny": (64, 2, 2, 64, 8), "25M": (512, 8, 8, 512, 32), "85M": (768, 12, 12, 1024, 16)}


def windows(text, split, context, count, generator=None):
    """Random pieces of the first `split` bytes, or with no generator `count` even ones of the rest."""
    if generator is not None:
        at = torch.randint(split - context - 1, (count, 1), generator=generator)
    else:
        end = len(text) - context - 1  # in float64: float32 rounds beyond 2^24 bytes, past the end too
        at = torch.linspace(split, end, count, dtype=torch.float64).long().unsqueeze(1)
    piece = text[at + torch.arange(context + 1)].long()
    return piece[:, :-1], piece[:, 1:]


def rate(step, steps, peak):
    """Warm-up over a twentieth, then a cosine to a tenth."""
    warm = max(steps // 20, 1)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.55 + 0.45 * math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


@torch.no_grad()
def held_out(model, text, split, context, size, device):
    """Bits per byte of 20 batches of the held-out part."""
    inputs, targets = windows(text, split, context, 20 * size)
    losses = [
        model(x.to(device), y.to(device)).item() for x, y in zip(inputs.split(size), targets.split(size))
    ]
    return sum(losses) / len(losses) / math.log(2)


def identity(options, text):
    """What a checkpoint has to agree in, beside its name: a run with other options is another run."""
    same = {name: getattr(options, name) for name in ("steps", "lr", "split")}
    return {**same, "device": torch.device(options.device).type, "text": (len(text), zlib.crc32(text.numpy()))}


def load(path, device, ours):
    """A checkpoint, if it is one of this run."""
    state = torch.load(path, map_location=device)
    theirs = state.get("options", {})
    other = [f"{name} {theirs.get(name)}, not {value}" for name, value in ours.items() if theirs.get(name) != value]
    if other:
        sys.exit(f"{path} is of another run ({'; '.join(other)}); choose another --out")
    return state


def run(options, text, ratio):
    """Trains with the codec at `ratio`, None: exactly. The held-out bits per byte, and the account."""
    width, heads, blocks, context, size = SIZES[options.size]
    device, split = options.device, int(0.9 * len(text))
    torch.manual_seed(options.seed)
    model = GPT(width, heads, blocks, context, recomputed).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, betas=(0.9, 0.95), weight_decay=0.1)
    held = None
    if ratio is not None:
        held = actplane.torch.compressed(model, ratio=ratio, split=options.split, emulate=device != "cpu")
    name = "exact" if ratio is None else f"ratio-{ratio:g}"
    path = options.out and os.path.join(options.out, f"{options.size}-{name}-{options.seed}.pt")
    first, before, peaks, ours = 0, 0.0, (0, 0), identity(options, text)
    if path and os.path.exists(path):
        state = load(path, device, ours)
        first, before, peaks = state["step"], state["seconds"], state["peaks"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    start, seconds = time.perf_counter(), before
    for step in range(first, options.steps):
        generator = torch.Generator().manual_seed(options.seed * 1_000_003 + step)
        x, y = windows(text, split, context, size, generator)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options.steps, options.lr)
        optimizer.zero_grad(set_to_none=True)
        with held or contextlib.nullcontext():
            loss = model(x.to(device), y.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        done, seconds = step + 1, before + time.perf_counter() - start
        if held is not None:
            peaks = tuple(max(pair) for pair in zip(peaks, (held.peak_raw_bytes, held.peak_stored_bytes)))
        if path and (done % 500 == 0 or done == options.steps):
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "step": done, "seconds": seconds, "peaks": peaks, "options": ours}, path + ".new")
            os.replace(path + ".new", path)
        if sys.stderr.isatty():
            print(f"\r{name}  {done}/{options.steps}  loss {loss.item():.4f}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    result = {
        "run": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": options.steps,
        "seed": options.seed,
        "device": str(device),
        "bits_per_byte": held_out(model, text, split, context, size, device),
        "step_seconds": seconds / max(options.steps, 1),
    }
    if held is not None:
        result["raw_bytes"], result["stored_bytes"] = peaks
    return result


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--text", help="a file; without it a source file of Python's")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--ratio", type=float, nargs="+", default=[8])
    parser.add_argument("--split", default="gradient", choices=("gradient", "even"), help="of the ratio over kinds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", help="folder of checkpoints and results; without it nothing is written")
    options = parser.parse_args(arguments)
    text = TEXT
    if options.text:
        with open(options.text, "rb") as file:
            text = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)
    context = SIZES[options.size][3]
    if len(text) - int(0.9 * len(text)) < context + 2:
        parser.error(f"the held-out tenth of {len(text)} bytes is shorter than a window of {context + 1}")
    if options.out:
        os.makedirs(options.out, exist_ok=True)
    results = []
    for ratio in [None, *options.ratio]:
        r = run(options, text, ratio)
        results.append(r)
        against = r["bits_per_byte"] - results[0]["bits_per_byte"]
        kept = f"{r['raw_bytes'] / 1e6:.1f} MB became {r['stored_bytes'] / 1e6:.1f}" if ratio else ""
        print(
            f"{r['run']:10} {r['parameters'] / 1e6:6.2f} M parameters  {r['bits_per_byte']:.4f} bits per byte "
            f"({against:+.4f})  {r['step_seconds'] * 1e3:.0f} ms a step  {kept}"
        )
        if options.out:
            with open(os.path.join(options.out, f"{options.size}-{options.seed}.json"), "w") as file:
                json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
