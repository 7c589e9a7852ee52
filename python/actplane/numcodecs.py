# SPDX-License-Identifier: Apache-2.0
"""A codec for numcodecs, and so for zarr 2.

>>> zarr.array(x, chunks=..., compressor=actplane.numcodecs.Actplane(ratio=6))

A chunk is stored as ``Compressed.to_bytes`` has it: settings, shape, slots, CRC-32. An installed
package is found by ``numcodecs.get_codec`` through its entry point; without installing, importing
this module registers it.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

import numcodecs
import numpy as np
from numcodecs.abc import Codec

from .codec import Compressed, compress, decompress, format_of
from .config import Config
from .errors import ActplaneError, ConfigError, InputError


class Actplane(Codec):
    """Arrays of float32 or float16, or of uint16 that are bfloat16, in slots of a fixed size.

    ratio       bytes of a chunk over bytes of its slots; or ``lossless=True, order="field"``
    format      None: of the array; ``"bf16"`` for arrays of uint16
    settings    of ``actplane.Config``

    Raises ConfigError for what is impossible; without ``format``, in float32.
    """

    codec_id = "actplane"

    def __init__(self, ratio: Optional[float] = None, format: Optional[str] = None, **settings: Any) -> None:
        if "slot_bytes" in settings and ratio is not None:
            raise ConfigError("ratio and slot_bytes are given; give one of the two")
        settings.pop("id", None)
        self.ratio, self.format, self.settings = ratio, format, settings
        Config(format=format or "fp32", ratio=ratio, **settings)

    def encode(self, buf: Any) -> bytes:
        """A chunk to bytes. The chunk must be contiguous, in either order."""
        array = np.asanyarray(buf)
        if not array.flags.c_contiguous:
            if not array.flags.f_contiguous:
                raise InputError("a chunk that is not contiguous; use numpy.ascontiguousarray(chunk)")
            array = array.reshape(-1, order="A")  # in memory order, as numcodecs has it
        form = format_of(array.dtype, self.format)
        return compress(array, format=form, ratio=self.ratio, **self.settings).to_bytes()

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Bytes to the flat values of a chunk, into ``out`` if there is one. Raises DamagedError."""
        packed = Compressed.from_bytes(numcodecs.compat.ensure_contiguous_ndarray(buf))
        packed.shape, threads = (packed.size,), self.settings.get("threads")
        if out is None:
            return decompress(packed, threads=threads)
        flat = numcodecs.compat.ensure_contiguous_ndarray(out).view(np.uint8)
        bytes_ = packed.size * packed.config.info.value_bytes
        if flat.nbytes != bytes_:
            raise InputError(f"out has {flat.nbytes} bytes and the chunk {bytes_}; give an array of the chunk's size")
        name = {"fp32": np.float32, "fp16": np.float16, "bf16": np.uint16}[packed.config.format]
        decompress(packed, out=flat.view(name), threads=threads)
        return out

    def get_config(self) -> Dict[str, Any]:
        config = {"id": self.codec_id, "ratio": self.ratio, "format": self.format}
        return {**config, **self.settings}

    @classmethod
    def from_config(cls, config: Dict[str, Any]) -> "Actplane":
        return cls(**{k: v for k, v in config.items() if k != "id"})

    def __repr__(self) -> str:
        words = {"ratio": self.ratio, "format": self.format, **self.settings}
        return f"Actplane({', '.join(f'{k}={v!r}' for k, v in words.items() if v is not None)})"


numcodecs.register_codec(Actplane)

__all__ = ["Actplane", "ActplaneError"]
