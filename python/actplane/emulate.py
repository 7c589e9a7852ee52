# SPDX-License-Identifier: Apache-2.0
"""The reconstruction in plain torch operations, on any device.

``reconstruct(x, ratio=8)`` is what ``decompress(compress(x, ratio=8))`` gives, bit for bit, without
the slots: for studies on a device that the library does not run on. Clauses are those of
docs/format.md.
"""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Tuple

import torch

from .codec import _as_config
from .config import Config, FormatInfo
from .errors import InputError

Tensor = torch.Tensor

_FORMATS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}
_NEVER = 255  # F-6.2: the delta of a group that cannot live
_CHUNK = {"cpu": 1 << 18}  # values at a time: the steps stay in the cache; elsewhere 2^22
_UNSIGNED, _SIGNED, _MID_RISE, _SPECIALS = range(4)  # F-5, form


def reconstruct(
    x: Tensor, *, ratio: Optional[float] = None, config: Optional[Config] = None, **settings: Any
) -> Tensor:
    """What the codec gives back for ``x``: a new tensor of the same shape, type and device.

    x        float32, float16 or bfloat16, of any shape; blocks follow ``x.contiguous()``
    ratio    as in ``actplane.compress``, or ``config``, or settings of ``Config``

    All bit patterns, both orders, every configuration. No gradient flows through.
    Raises InputError, ConfigError.
    """
    form = _FORMATS.get(x.dtype)
    if form is None:
        raise InputError(f"a tensor of type {x.dtype} cannot be compressed; use x.float()")
    config = _as_config(config, form, ratio, settings)
    with torch.no_grad():
        flat = x.detach().contiguous().view(-1)
        if config.lossless or flat.numel() == 0:
            return flat.clone().view(x.shape)
        out = torch.empty_like(flat)
        step = _CHUNK.get(x.device.type, 1 << 22)  # whole blocks
        for first in range(0, flat.numel(), step):
            part = flat[first : first + step]
            count = part.numel()
            patterns = _patterns(part)
            if count % config.block_len:  # F-2.3
                patterns = torch.nn.functional.pad(patterns, (0, -count % config.block_len))
            blocks = patterns.view(-1, config.block_len)
            result = _field(blocks, config) if config.order == "field" else _significance(blocks, config)
            out[first : first + count] = _values(result.reshape(-1)[:count], x.dtype)
        return out.view(x.shape)


def _patterns(x: Tensor) -> Tensor:
    """Bit patterns as int32."""
    if x.dtype == torch.float32:
        return x.view(torch.int32)
    return x.view(torch.int16).to(torch.int32) & 0xFFFF


def _values(patterns: Tensor, dtype: torch.dtype) -> Tensor:
    if dtype == torch.float32:
        return patterns.contiguous().view(dtype)
    return patterns.to(torch.int16).view(dtype)  # wraps


class _Fields:
    """Sign, exponent, mantissa and class of every value (F-2.1, F-2.2)."""

    def __init__(self, p: Tensor, info: FormatInfo) -> None:
        man, total = info.man_bits, info.exp_bits + info.man_bits
        self.magnitude = p & ((1 << total) - 1)
        self.sign_bit = p & -(1 << 31) if total == 31 else p & (1 << total)
        self.sign = self.sign_bit != 0
        self.exponent = self.magnitude >> man
        self.mantissa = self.magnitude & ((1 << man) - 1)
        self.special = self.exponent == info.exp_max
        self.nan = self.special & (self.mantissa != 0)
        self.zero = self.magnitude == 0
        self.finite = ~(self.special | self.zero)


def _bit_width(x: Tensor) -> Tensor:
    """Of 0 .. 2^24."""
    return ((x.to(torch.float32).view(torch.int32) >> 23) - 126).clamp_(min=0)


def _fold(x: Tensor, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Over the last dimension, a power of two."""
    while x.shape[-1] > 1:
        half = x.shape[-1] // 2
        x = combine(x[..., :half], x[..., half:])
    return x[..., 0]


def _to_int(x: Tensor) -> Tensor:
    return x.to(torch.int32)


# ---- order field (sections 3 and 4) ----


def _field(p: Tensor, config: Config) -> Tensor:
    info, n = config.info, config.block_len
    man, slot_bits = info.man_bits, config.slot_bits
    all_man, word = (1 << man) - 1, info.extension_word
    v = _Fields(p, info)

    # F-4.1 .. F-4.3
    base = torch.where(v.finite, v.exponent, 0).amax(1)
    least = torch.where(v.finite, v.exponent, info.exp_max).amin(1)
    max_delta = torch.where(v.finite.any(1), base - least, -1)
    has_zero, has_special = _to_int(v.zero.any(1)), _to_int(v.special.any(1))
    needed = _bit_width((max_delta + has_zero + 2 * has_special).clamp(min=0))
    any_negative, all_negative = _to_int(v.sign.any(1)), _to_int(v.sign.all(1))
    relevant = v.finite | v.nan
    ones = _fold(torch.where(relevant, v.mantissa, all_man), torch.bitwise_and)
    zeros = _fold(torch.where(relevant, v.mantissa ^ all_man, all_man), torch.bitwise_and)
    uniform = ones | zeros
    bits = [(uniform >> k) & 1 for k in range(man)]

    # F-4.4, F-4.5
    some_sign = any_negative * (1 - all_negative)
    plain = 16 + n * (any_negative + needed + man)
    extended = 16 + 2 * word + n * (some_sign + needed + man - sum(bits))
    x_whole = (has_special == 1) | (extended < plain)
    cut = torch.where(x_whole, extended, plain) > slot_bits

    # F-4.6 .. F-4.8
    fits = (slot_bits - 16 - 2 * word - n) // n
    width = needed.clamp(max=fits)
    if config.delta_cap:
        width = width.clamp(max=config.delta_cap)
    width = torch.maximum(width, 1 + has_special)
    width = torch.where(cut, width, needed)
    flushed = cut & (width < needed)
    zero_code = torch.where(flushed, 1, has_zero)
    reach = ((slot_bits - 16) // n - any_negative - width).clamp(max=man)
    saved = all_negative + sum(bit * _to_int(k >= man - reach) for k, bit in enumerate(bits))
    x_cut = (has_special == 1) | (n * saved > 2 * word)
    extension = torch.where(cut, x_cut, x_whole)
    signs = torch.where(extension, some_sign, any_negative)
    planes = torch.where(extension, uniform ^ all_man, all_man)  # the map
    constant = torch.where(extension, ones & ~zeros, 0)

    # F-3.4, F-3.5: which stored mantissa planes reach a value. Values below `edge` know one more.
    room = slot_bits - 16 - 2 * word * _to_int(extension) - n * (signs + width)
    stored = torch.where(extension, man - sum(bits), man)
    complete = n * stored <= room
    edge = room % n
    lost_first, lost_rest = planes.clone(), planes.clone()
    seen = torch.zeros_like(planes)
    for k in reversed(range(man)):
        bit = planes & (1 << k)
        lost_first &= ~torch.where(seen <= room // n, bit, 0)
        lost_rest &= ~torch.where(seen < room // n, bit, 0)
        seen += bit >> k
    index = torch.arange(n, device=p.device, dtype=torch.int32)
    lost = torch.where(index < edge[:, None], lost_first[:, None], lost_rest[:, None])
    lost = torch.where(complete[:, None], 0, lost)

    # F-3.6 .. F-3.12
    known = (v.mantissa & (planes[:, None] & ~lost)) | constant[:, None]
    highest = (1 << _bit_width(lost)) >> 1
    odd = (((v.exponent << man) | known) & (highest << 1)) != 0
    fill = torch.where(odd, lost & ~highest, highest) if config.fill == "midpoint" else 0
    value = (v.exponent << man) | known | fill
    top = (1 << width) - 1 - zero_code - 2 * has_special
    kept = v.finite & (base[:, None] - v.exponent <= top[:, None])
    quiet = (_to_int(~complete) << (man - 1))[:, None]
    special = (info.exp_max << man) | torch.where(v.nan, known | quiet, 0)
    return v.sign_bit | torch.where(kept, value, torch.where(v.special, special, 0))


# ---- order significance (sections 5 and 6) ----


class _Groups:
    """Facts of the groups of some blocks (F-6.2, F-6.9), [blocks, G]."""

    names = ("delta", "empty", "special", "negative", "mixed", "need")

    def __init__(self, *facts: Tensor) -> None:
        self.delta, self.empty, self.special, self.negative, self.mixed, self.need = facts

    def of(self, rows: Tensor) -> "_Groups":
        return _Groups(*(getattr(self, name)[rows] for name in self.names))


class _Coder:
    """F-6.3 .. F-6.7 for many blocks at once."""

    def __init__(self, config: Config, device: torch.device) -> None:
        self.groups = config.block_len // config.group_len
        self.units = min(self.groups, 32)
        self.group_len, self.rows = config.group_len, config.row_limit
        self.slot_bits = config.slot_bits
        self.scaled = torch.arange(self.groups, device=device, dtype=torch.int32) * self.units

    def ends(self, level: Tensor) -> Tensor:
        """t(g), F-5.3."""
        rest = (level % self.units) * self.groups
        return (level // self.units)[:, None] + _to_int(self.scaled < rest[:, None])

    def choose(self, delta: Tensor, special: Tensor, form: Tensor, level: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """F-6.4 .. F-6.6: width, Z and size in bits; a size of 2^30 where nothing is allowed."""
        end = self.ends(level)
        lives = delta < end
        deepest = torch.where(lives, delta, -1).amax(1)
        any_dead = _to_int(~lives.all(1))
        bits = lambda x: _bit_width(x).clamp_(max=4)
        none = deepest < 0
        narrowest = torch.where(none, 0, (bits(deepest.clamp(min=0)) - 1).clamp(min=0))
        widest = torch.where(none, 0, bits((deepest + any_dead).clamp(min=0)))
        mid = form == _MID_RISE
        sign_rows, flags = _to_int(form > 0), _to_int(form == _SPECIALS)
        special_rows = 2 * special.sum(1, dtype=torch.int32)
        special_only = special & ~lives
        best_size = torch.full_like(level, 1 << 30)
        best_width, best_dead = torch.zeros_like(level), torch.zeros_like(level)
        for step in range(3):  # narrowest .. widest are at most three
            width = narrowest + step
            highest = (1 << width) - 1
            for dead in (1, 0):
                top = highest - dead
                code = torch.minimum(delta, top[:, None])
                height = end - code - _to_int(mid)[:, None]
                bad = (lives & (code < delta) & (height > self.rows)).any(1) | (~none & (top < 0))
                rows = torch.where(lives, height.clamp(max=self.rows) + sign_rows[:, None], 0)
                count = rows.sum(1, dtype=torch.int32)
                if dead:
                    count += sign_rows * special_only.sum(1, dtype=torch.int32)
                else:  # groups that do not live may get rows of zeros
                    spare = ~lives & (highest[:, None] < end)
                    bad |= mid & spare.any(1)
                    height = end - highest[:, None]
                    more = torch.where(spare, height.clamp(max=self.rows), 0)
                    more = more + sign_rows[:, None] * _to_int(spare | special_only)
                    count += more.sum(1, dtype=torch.int32)
                front = (24 + flags * self.groups + self.groups * width + 7) // 8 * 8
                size = front + (count + special_rows) * self.group_len
                better = ~bad & (width <= widest) & (size < best_size)
                best_size = torch.where(better, size, best_size)
                best_width = torch.where(better, width, best_width)
                best_dead = torch.where(better, dead, best_dead)
        return best_width, best_dead, best_size

    def search(self, delta: Tensor, special: Tensor, form: Tensor) -> Tensor:
        """F-6.7, one search: the level."""
        level = torch.zeros_like(form)
        step = 16 * self.units
        while step:
            size = self.choose(delta, special, form, level + step)[2]
            level = level + step * _to_int(size <= self.slot_bits)
            step //= 2
        return level

    def prune(self, delta: Tensor, special: Tensor, form: Tensor) -> Tensor:
        """The deltas after the first search."""
        end = self.ends(self.search(delta, special, form))
        return torch.where(delta < end, delta, _NEVER)

    def is_exact(self, g: _Groups, form: Tensor) -> Tensor:
        """F-6.9."""
        possible = (g.empty | ((g.delta != _NEVER) & (g.need <= self.rows))).all(1) & ~g.special.any(1)
        own = (g.delta + g.need - 1) * self.units + self.scaled // self.groups + 1
        level = torch.where(g.empty, 0, own).amax(1)
        possible &= level < 32 * self.units
        size = self.choose(g.delta, g.special, form, torch.where(possible, level, 0))[2]
        return possible & (size <= self.slot_bits)


def _significance(p: Tensor, config: Config) -> Tensor:
    info, n = config.info, config.block_len
    slot_bits = config.slot_bits
    out = p.clone()
    first = p[:, :1]
    differs = p != first
    high = torch.where(differs, p, -(1 << 31)).amax(1)
    low = torch.where(differs, p, (1 << 31) - 1).amin(1)
    pair = ~differs.any(1) | (high == low)
    if 8 + 2 * (1 + info.exp_bits + info.man_bits) + n > slot_bits:  # F-6.1
        pair = torch.zeros_like(pair)
    rows = (~pair).nonzero()[:, 0]
    if rows.numel():
        out[rows] = _groups_of_rows(p[rows], config)
    return out


def _groups_of_rows(p: Tensor, config: Config) -> Tensor:
    info, n, k = config.info, config.block_len, config.group_len
    man = info.man_bits
    coder = _Coder(config, p.device)
    v = _Fields(p.view(-1, n // k, k), info)

    # F-5.7, F-6.2, F-6.9
    significand = torch.where(v.exponent > 0, v.mantissa | (1 << man), v.mantissa)
    unit = v.exponent.clamp(min=1) - man
    weight = unit + _bit_width(significand) - 1
    lowest = unit + _bit_width(significand & -significand) - 1
    empty = ~v.finite.any(2)
    top = torch.where(v.finite, weight, -1000).amax(2)
    need = top - torch.where(v.finite, lowest, 1000).amin(2) + 1
    base = torch.where(empty, 1, top).amax(1).clamp(min=1)
    delta = base[:, None] - top
    delta = torch.where(empty | (delta > 30), _NEVER, delta)
    special = v.special.any(2)
    g = _Groups(delta, empty, special, v.sign.any(2), v.zero.any(2) & ~empty, need)

    form, level, delta = _schedule(g, coder)
    nothing = (delta == _NEVER).all(1)  # F-6.7
    level = torch.where(nothing, 0, level)
    base = torch.where(nothing, 1, base)
    width, dead, size = coder.choose(delta, special, form, level)
    poisoned = special.any(1) & (coder.choose(g.delta, special, form, torch.zeros_like(level))[2] > coder.slot_bits)

    # F-6.3, F-5.3, F-5.4: what encoder and decoder take the groups for
    end = coder.ends(level)
    lives = delta < end
    highest = (1 << width) - 1
    code = torch.where(lives, torch.minimum(delta, (highest - dead)[:, None]), highest[:, None])
    read = ~((dead == 1)[:, None] & (code == highest[:, None])) & (code < end)
    mid = (form == _MID_RISE)[:, None]
    rows = torch.where(read, (end - code - _to_int(mid)).clamp(max=config.row_limit), 0)
    step = (base[:, None] - code - rows + 1)[:, :, None]

    # F-6.12
    down = step - unit
    left = significand << (-down).clamp(0, 24)
    shift = down.clamp(0, 31)
    cell = significand >> shift
    rest = significand - (cell << shift)
    half = 1 << (shift - 1).clamp(min=0)
    up = (rest > half) | ((rest == half) & ((cell & 1) == 1))
    nearest = torch.minimum(cell + _to_int(up & (down <= 31)), ((1 << rows) - 1)[:, :, None])
    steps = torch.where(down <= 0, left, torch.where(mid[:, :, None], cell, nearest))
    steps = torch.where(lives[:, :, None] & ~v.special, steps, 0)

    magnitude = torch.where(read[:, :, None], _rebuild(steps, step, mid[:, :, None], info), 0)
    infinite = torch.full_like(magnitude, info.exp_max << man)
    magnitude = torch.where(v.special, infinite | (_to_int(v.nan) << (man - 1)), magnitude)
    signed = (lives | special) & (form > 0)[:, None] & (read | special)
    result = (torch.where(signed[:, :, None], v.sign_bit, 0) | magnitude).view(-1, n)
    quiet = (info.exp_max << man) | (1 << (man - 1))
    return torch.where(poisoned[:, None], quiet, result)  # F-5.12


def _schedule(g: _Groups, coder: _Coder) -> Tuple[Tensor, Tensor, Tensor]:
    """F-6.7 .. F-6.11: form, level, and the deltas of the groups that are left."""
    specials = g.special.any(1)
    signed = (g.negative & ~g.empty).any(1)
    form = torch.where(specials, _SPECIALS, _to_int(signed)).to(torch.int32)
    level = torch.zeros_like(form)
    delta = g.delta.clone()
    plain = torch.ones_like(specials)
    asks = (form == _SIGNED) & ~g.mixed.any(1) & ~coder.is_exact(g, form)
    rows = asks.nonzero()[:, 0]
    if rows.numel():  # F-6.10
        h = g.of(rows)
        mid = torch.full_like(form[rows], _MID_RISE)
        pruned = coder.prune(h.delta, h.special, mid)
        found = coder.search(pruned, h.special, mid)
        left = pruned != _NEVER
        stands = (h.negative & left).any(1) & (~left | (pruned < coder.ends(found))).all(1)
        rows = rows[stands]
        delta[rows], level[rows], form[rows], plain[rows] = pruned[stands], found[stands], _MID_RISE, False
    rows = plain.nonzero()[:, 0]
    if rows.numel():
        h = g.of(rows)
        pruned = coder.prune(h.delta, h.special, form[rows])
        signed = (h.negative & (pruned != _NEVER)).any(1)  # F-6.11
        last = torch.where(specials[rows], _SPECIALS, _to_int(signed)).to(torch.int32)
        delta[rows], form[rows] = pruned, last
        level[rows] = coder.search(pruned, h.special, last)
    return form, level, delta


def _rebuild(k: Tensor, step: Tensor, mid: Tensor, info: FormatInfo) -> Tensor:
    """F-5.8, F-5.9."""
    man = info.man_bits
    half = (k == 0) & mid & (step - 1 >= 1 - man)
    k = torch.where(half, 1, k)
    step = step - _to_int(half)
    between = mid & ~half & (k > 0)
    weight = step + _bit_width(k) - 1
    unit = weight.clamp(min=1) - man
    lost = (step - unit).clamp(0, 24)
    m = (k << lost) >> (unit - step).clamp(0, 31)
    middle = ((1 << lost) >> 1) - (k & 1)
    m = m + torch.where(between & (lost > 0), middle, 0)
    m = torch.where(k > 0, m, 0)
    exponent = torch.where((weight >= 1) & (k > 0), weight, 0)
    return (exponent << man) | (m & ((1 << man) - 1))
