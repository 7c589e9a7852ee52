# SPDX-License-Identifier: Apache-2.0
"""Fixed-rate compression of activations: arrays of FP32, FP16 or BF16 in slots of a fixed size.

>>> packed = actplane.compress(x, ratio=8)         # x: numpy, float32, float16 or bfloat16
>>> y = actplane.decompress(packed)

``actplane.torch``: what autograd keeps, compressed, in one line. ``actplane.emulate``: the
reconstruction in torch operations, on any device. ``actplane.numcodecs``: a codec for zarr.
"""

from . import errors
from ._library import library as _library
from .codec import Compressed, compress, decompress, slots_bytes
from .config import FORMAT_VERSION, Config
from .errors import ActplaneError, ConfigError, DamagedError, InputError, LibraryError

__version__ = "0.2.0"
__all__ = [
    "ActplaneError",
    "Compressed",
    "Config",
    "ConfigError",
    "DamagedError",
    "FORMAT_VERSION",
    "InputError",
    "LibraryError",
    "compress",
    "decompress",
    "errors",
    "library_version",
    "slots_bytes",
]


def library_version() -> str:
    """Version of the libactplane that is in use. Raises LibraryError."""
    return _library().version
