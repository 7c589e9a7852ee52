# SPDX-License-Identifier: Apache-2.0
"""The configuration of a tensor and its bounds (docs/format.md, section 2)."""

from __future__ import annotations

import dataclasses
import numbers
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

from .errors import ConfigError, InputError

FORMAT_VERSION = 2  # of docs/format.md

FORMATS = ("fp32", "fp16", "bf16")
ORDERS = ("field", "significance")
FILLS = ("midpoint", "zero")
BLOCK_LENS = (32, 64, 128, 256)
GROUP_LENS = (4, 8)
ROW_LIMITS = range(8, 25)
_DEFAULT_RATIO = 3.2


class FormatInfo(NamedTuple):
    """Bits of the exponent and of the mantissa, bytes of a value (F-2.1)."""

    exp_bits: int
    man_bits: int
    value_bytes: int

    @property
    def exp_max(self) -> int:
        return (1 << self.exp_bits) - 1

    @property
    def extension_word(self) -> int:
        return (self.man_bits // 8 + 1) * 8  # W of F-3.3


FORMAT_INFO = {
    "fp32": FormatInfo(8, 23, 4),
    "fp16": FormatInfo(5, 10, 2),
    "bf16": FormatInfo(8, 7, 2),
}


def whole(value: Any) -> Optional[int]:
    """As int, also one of numpy or a float without a fraction; None for everything else."""
    try:
        return None if isinstance(value, (bool, str, bytes)) or int(value) != value else int(value)
    except (TypeError, ValueError, OverflowError):  # no number, NaN, infinity
        return None


def _choose(name: str, value: Any, allowed: Any) -> Any:
    kind = type(allowed[0])
    if kind is not int and isinstance(value, kind):
        chosen = value
    else:
        chosen = None if kind is str else whole(value)
    if chosen is None or chosen not in allowed:
        words = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else ", ".join(map(str, allowed))
        raise ConfigError(f"{name} is {value!r}; use one of {words}")
    return kind(chosen)  # not a type of numpy, nor a float


@dataclass(frozen=True)
class Config:
    """How a tensor is compressed. Immutable; ``replace`` makes a changed copy.

    Give ``ratio`` or ``slot_bytes``; without either the ratio is 3.2. Afterwards both are set:
    ``slot_bytes`` is the largest slot that reaches ``ratio``, and ``ratio`` what that slot gives.

    ==============  ================================================================================
    format          ``"fp32"``, ``"fp16"`` or ``"bf16"``: of the values
    ratio           bytes of the values over bytes of the slots; 8 is 4 bits a value of FP32, 2 bits
                    of a 16-bit format
    slot_bytes      T: bytes of a block of ``block_len`` values
    order           ``"significance"`` (bits by absolute weight) or ``"field"`` (the paper's order)
    block_len       N, values of a block: 32, 64, 128 or 256
    group_len       K, values that share an exponent: 4 or 8 (order ``significance``)
    row_limit       R, most magnitude bits of a value: 8 .. 24 (order ``significance``)
    fill            ``"midpoint"`` or ``"zero"``: what lost bits read (order ``field``)
    delta_cap       most exponent planes of a cut block, 0: no cap (order ``field``)
    lossless        slots of variable length that lose nothing (order ``field`` only)
    threads         of the library; 0: as many as the machine has
    ==============  ================================================================================

    Raises ``ConfigError`` with the bounds if it is impossible.
    """

    format: str = "fp32"
    ratio: Optional[float] = None
    slot_bytes: Optional[int] = None
    order: str = "significance"
    block_len: int = 128
    group_len: int = 4
    row_limit: int = 16
    fill: str = "midpoint"
    delta_cap: int = 0
    lossless: bool = False
    threads: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (
            ("format", FORMATS),
            ("order", ORDERS),
            ("block_len", BLOCK_LENS),
            ("group_len", GROUP_LENS),
            ("row_limit", ROW_LIMITS),
            ("fill", FILLS),
            ("lossless", (False, True)),
            ("threads", range(0, 1025)),
        ):
            object.__setattr__(self, name, _choose(name, getattr(self, name), allowed))
        object.__setattr__(self, "delta_cap", _choose("delta_cap", self.delta_cap, range(0, self.info.exp_bits + 2)))
        if self.lossless:
            if self.order != "field":
                raise ConfigError("lossless mode has order field only; add order='field'")
            sized = self.slot_bytes is not None and whole(self.slot_bytes) != self.max_slot_bytes
            if self.ratio is not None or sized:
                raise ConfigError("lossless slots have no fixed size; drop ratio and slot_bytes")
            object.__setattr__(self, "slot_bytes", self.max_slot_bytes)
            return
        if self.ratio is not None:
            number = isinstance(self.ratio, numbers.Real) and not isinstance(self.ratio, bool)
            if not (number and 1e-9 < self.ratio < 1e9):
                raise ConfigError(f"ratio is {self.ratio!r}; give a number, {self._bounds()}")
            object.__setattr__(self, "ratio", float(self.ratio))
        slot = whole(self.slot_bytes)
        if self.slot_bytes is None:
            slot = self._slot_of(_DEFAULT_RATIO if self.ratio is None else self.ratio)
        elif slot is None:
            raise ConfigError(f"slot_bytes is {self.slot_bytes!r}; give a whole number, {self._bounds()}")
        elif self.ratio is not None and self._slot_of(self.ratio) != slot:
            raise ConfigError(f"a ratio of {self.ratio:g} and a slot of {slot} bytes disagree; give one of the two")
        if not self.min_slot_bytes <= slot <= self.max_slot_bytes:
            what = (
                f"a slot of {slot} bytes"
                if self.ratio is None
                else f"a ratio of {self.ratio:g} (a slot of {slot} bytes)"
            )
            more = ", or a larger row_limit" if slot > self.max_slot_bytes and self.order == "significance" else ""
            raise ConfigError(
                f"{what} is impossible for {self.format} blocks of {self.block_len} values in order {self.order}; "
                f"use {self._bounds()}{more}"
            )
        object.__setattr__(self, "slot_bytes", slot)
        object.__setattr__(self, "ratio", self.block_bytes / slot)

    @property
    def info(self) -> FormatInfo:
        return FORMAT_INFO[self.format]

    @property
    def block_bytes(self) -> int:
        """Bytes of the values of a block."""
        return self.block_len * self.info.value_bytes

    @property
    def min_slot_bytes(self) -> int:
        """F-2.6."""
        if self.order == "significance":
            return 4
        return 2 + 2 * self.info.extension_word // 8 + 3 * self.block_len // 8

    @property
    def max_slot_bytes(self) -> int:
        """F-2.6; in lossless mode the most that a block takes."""
        if self.order == "significance":
            return 3 + -(-5 * (self.block_len // self.group_len) // 8) + (3 + self.row_limit) * self.block_len // 8
        planes = 1 + (self.info.exp_bits + 1) + self.info.man_bits
        return 2 + 2 * self.info.extension_word // 8 + planes * self.block_len // 8

    @property
    def slot_bits(self) -> int:
        return 8 * (self.slot_bytes or 0)

    def blocks(self, values: int) -> int:
        """Blocks of a tensor of so many values; the last one may be padded.

        Raises InputError for what is no whole number of at least 0."""
        count = whole(values)
        if count is None or count < 0:
            raise InputError(f"{values!r} values; give a whole number of at least 0")
        return -(-count // self.block_len)

    def slots_bytes(self, values: int) -> int:
        """Bytes of all slots of so many values; in lossless mode the most that they need. Raises as ``blocks``."""
        return self.blocks(values) * self.slot_bits // 8

    def _slot_of(self, ratio: float) -> int:
        slot = int(self.block_bytes / ratio)
        while slot > 1 and self.block_bytes / slot < ratio:
            slot -= 1
        while self.block_bytes / (slot + 1) >= ratio:
            slot += 1
        return slot

    def _bounds(self) -> str:
        low, high = self.min_slot_bytes, self.max_slot_bytes
        return f"slots of {low} to {high} bytes (ratio {self.block_bytes / high:.4g} to {self.block_bytes / low:.4g})"

    def replace(self, **changes: Any) -> "Config":
        """A changed copy. The ratio is kept unless ``ratio`` or ``slot_bytes`` is among the changes."""
        if self.lossless or changes.get("lossless"):
            changes.setdefault("slot_bytes", None)
            changes.setdefault("ratio", None)
        elif "ratio" in changes:
            changes.setdefault("slot_bytes", None)
        elif "slot_bytes" in changes:
            changes.setdefault("ratio", None)
        else:
            changes["slot_bytes"] = None
        return dataclasses.replace(self, **changes)
