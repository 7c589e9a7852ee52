# SPDX-License-Identifier: Apache-2.0
"""Random bit patterns: every class of values, in the mixes that the two orders tell apart."""

import numpy as np

from actplane.config import FORMAT_INFO, FORMATS, ORDERS, Config

UINT = {"fp32": np.uint32, "fp16": np.uint16, "bf16": np.uint16}
FLOAT = {"fp32": np.float32, "fp16": np.float16, "bf16": np.uint16}


def blocks(rng: np.random.Generator, form: str, count: int) -> np.ndarray:
    """About 256 * count patterns; the last block is not full."""
    info, n = FORMAT_INFO[form], 256
    man, exps = info.man_bits, 1 << info.exp_bits
    sign = 1 << (info.exp_bits + man)
    out = []
    for _ in range(count):
        kind = rng.integers(0, 12)
        p = rng.integers(0, 2 * sign, n, dtype=np.uint64)
        if kind:  # exponents around one
            spread = rng.choice([0, 1, 2, 4, 8, 16, 40])
            around = rng.integers(0, exps) + np.rint(rng.normal(0, 1, n) * spread)
            e = np.clip(around, 0, exps - 1 - (rng.random() < 0.9)).astype(np.uint64)
            m = p & np.uint64((1 << man) - 1)
            if kind in (2, 3):  # few mantissa bits: exact blocks
                m &= ~np.uint64((1 << int(rng.integers(0, man + 1))) - 1)
            p = (p & np.uint64(sign)) | (e << np.uint64(man)) | m
        if kind == 4:
            p &= np.uint64(sign - 1)
        if kind == 5:
            p |= np.uint64(sign)
        if kind in (6, 7):  # zeros
            p[rng.random(n) < rng.random()] = 0
        if kind == 7:
            p[rng.random(n) < rng.random()] = sign
        if kind in (8, 9):  # NaN, Inf
            some = rng.random(n) < rng.choice([0.01, 0.1, 0.5])
            p[some] = (exps - 1) << man if kind == 9 else p[some] | np.uint64((exps - 1) << man)
        if kind == 10:  # pairs
            p = rng.choice(p[:2], n)
        if kind == 11:  # subnormal values
            p &= np.uint64(sign | (1 << int(rng.integers(1, man + 1))) - 1)
        if rng.random() < 0.2:  # dead groups
            first = int(rng.integers(0, n // 4)) * 4
            p[first : first + rng.choice([4, 8, 64])] = 0
        out.append(p)
    return np.concatenate(out).astype(UINT[form])[: -int(rng.integers(1, 200))]


def config(rng: np.random.Generator, form: str = "", order: str = "") -> Config:
    """Any legal configuration of fixed mode, slots from least to most."""
    form, order = form or str(rng.choice(FORMATS)), order or str(rng.choice(ORDERS))
    c = dict(format=form, order=order, block_len=int(rng.choice([32, 64, 128, 256])))
    if order == "field":
        c.update(
            fill=str(rng.choice(["midpoint", "zero"])), delta_cap=int(rng.integers(0, FORMAT_INFO[form].exp_bits + 2))
        )
    else:
        c.update(group_len=int(rng.choice([4, 8])), row_limit=int(rng.integers(8, 25)))
    any_slot = Config(
        slot_bytes={
            "field": {"fp32": 256, "fp16": 120, "bf16": 120}[form] * c["block_len"] // 256 + 10,
            "significance": 32,
        }[order],
        **c,
    )
    low, high = any_slot.min_slot_bytes, any_slot.max_slot_bytes
    few = min(high, low + int(rng.exponential((high - low) / 6)))
    return any_slot.replace(slot_bytes=int(rng.choice([low, high, few, few, rng.integers(low, high + 1)])))
