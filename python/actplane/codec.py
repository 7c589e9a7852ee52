# SPDX-License-Identifier: Apache-2.0
"""numpy arrays in and out of slots, without a copy of either."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Optional, Tuple, Union

import numpy as np

from ._library import damaged, library
from .config import FILLS, FORMAT_VERSION, FORMATS, ORDERS, Config, whole
from .errors import ConfigError, DamagedError, InputError

try:
    from ml_dtypes import bfloat16 as _bfloat16
except ImportError:
    _bfloat16 = None

_NUMPY_TYPES = {"fp32": "float32", "fp16": "float16", "bf16": "uint16"}
_ENDIAN_FIX = "convert it with array.astype(array.dtype.newbyteorder('='))"


def format_of(dtype: np.dtype, wanted: Optional[str] = None) -> str:
    """The format of an array of this type. ``uint16`` is BF16, and only if ``wanted`` says so.

    Raises InputError with the conversion that helps.
    """
    dtype = np.dtype(dtype)
    if not dtype.isnative:
        raise InputError(f"an array of type {dtype} is big-endian; {_ENDIAN_FIX}")
    found = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}.get(dtype.name)
    if dtype == np.uint16:
        if wanted != "bf16":
            raise InputError("an array of type uint16 is taken for bfloat16 only with format='bf16'")
        found = "bf16"
    if found is None:
        raise InputError(
            f"an array of type {dtype} cannot be compressed; give float32 or float16 (array.astype('float32')), or "
            "bfloat16 as a uint16 view with format='bf16'"
        )
    if wanted is not None and wanted != found:
        raise InputError(f"an array of type {dtype} is {found}, not {wanted}; drop format, or convert the array")
    return found


def _check_config(config: Any) -> None:
    if not isinstance(config, Config):
        raise ConfigError(f"config is a {type(config).__name__}; give an actplane.Config")


def _as_config(config: Optional[Config], form: str, ratio: Optional[float], settings: dict) -> Config:
    if config is None:
        return Config(format=form, ratio=ratio, **settings)
    if ratio is not None or settings:
        names = ", ".join((["ratio"] if ratio is not None else []) + sorted(settings))
        raise ConfigError(f"config and {names} are given; put {names} into config, as in config.replace({names}=...)")
    _check_config(config)
    if config.format != form:
        raise ConfigError(
            f"the array is {form} and config is for {config.format}; use config.replace(format='{form}')"
        )
    return config


def _same(a: Optional[np.ndarray], b: Optional[np.ndarray]) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def _address(array: Optional[np.ndarray]) -> int:
    return 0 if array is None else array.ctypes.data


@dataclass(eq=False)
class Compressed:
    """A tensor in slots. Equal are two of the same shape, type, configuration and bytes.

    ``slots``: uint8, flat; slot i of fixed mode is ``slots[i * T : (i + 1) * T]``, T being
    ``config.slot_bytes``. ``boundaries``: None in fixed mode; in lossless mode uint32 of one more
    than there are blocks, and slot i is ``slots[boundaries[i] : boundaries[i + 1]]``.
    ``shape`` and ``dtype`` (a numpy name, or ``"bfloat16"``) are those of the array.
    """

    shape: Tuple[int, ...]
    dtype: str
    config: Config
    slots: np.ndarray
    boundaries: Optional[np.ndarray] = None

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Compressed):
            return NotImplemented
        same = (self.shape, self.dtype, self.config) == (other.shape, other.dtype, other.config)
        return same and np.array_equal(self.slots, other.slots) and _same(self.boundaries, other.boundaries)

    @property
    def size(self) -> int:
        """Values."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of the slots, and of the boundaries in lossless mode."""
        return self.slots.nbytes + (0 if self.boundaries is None else self.boundaries.nbytes)

    @property
    def ratio(self) -> float:
        """Bytes of the array over bytes held; below ``config.ratio`` if the last block is padded."""
        return self.size * self.config.info.value_bytes / max(self.nbytes, 1)

    def to_bytes(self) -> bytes:
        """One string of bytes that says all: settings, shape, slots, CRC-32."""
        return b"".join(_frame(self))

    @staticmethod
    def from_bytes(data: Any) -> "Compressed":
        """What ``to_bytes`` made; ``slots`` is a view of ``data``. Raises DamagedError, and InputError for
        what is no contiguous buffer of bytes."""
        return _parse(data)


def compress(
    array: Any,
    *,
    ratio: Optional[float] = None,
    config: Optional[Config] = None,
    format: Optional[str] = None,
    out: Optional[np.ndarray] = None,
    **settings: Any,
) -> Compressed:
    """Compresses a C-contiguous array of any shape; the array is read where it lies.

    array     float32, float16, ``ml_dtypes.bfloat16``, or uint16 with ``format="bf16"``
    ratio     bytes of the array over bytes of the slots, default 3.2; or ``config``, or any settings
              of ``Config``: ``compress(x, ratio=8, group_len=8)``
    out       uint8, flat, of at least ``slots_bytes(array.size, ...)`` bytes: the slots go there

    >>> packed = actplane.compress(x, ratio=8)
    >>> y = actplane.decompress(packed)

    Raises InputError (type, layout, size of ``out``), ConfigError (an impossible ratio), LibraryError.
    """
    if not isinstance(array, np.ndarray):
        raise InputError(f"a {type(array).__name__} is no numpy array; use numpy.asarray (a tensor: tensor.numpy())")
    if config is not None and format is None and array.dtype == np.uint16:
        format = config.format
    if format is not None and format not in FORMATS:
        raise ConfigError(f"format is {format!r}; use one of {', '.join(FORMATS)}")
    form = format_of(array.dtype, format)
    if not array.flags.c_contiguous:
        raise InputError(
            f"an array of strides {array.strides} is not C-contiguous; use numpy.ascontiguousarray(array)"
        )
    config = _as_config(config, form, ratio, settings)
    lib = library()
    need = config.slots_bytes(array.size)
    slots = _buffer(out, need, "out") if out is not None else np.empty(need, np.uint8)
    boundaries = np.empty(config.blocks(array.size) + 1, np.uint32) if config.lossless else None
    written = lib.compress(
        config,
        _address(array),
        array.size,
        _address(slots),
        slots.nbytes,
        _address(boundaries),
    )
    slots = slots[:written] if out is not None or not config.lossless else slots[:written].copy()
    return Compressed(array.shape, array.dtype.name, config, slots, boundaries)


def decompress(
    packed: Union[Compressed, np.ndarray, bytes],
    *,
    out: Optional[np.ndarray] = None,
    on_malformed: str = "raise",
    config: Optional[Config] = None,
    shape: Union[int, Tuple[int, ...], None] = None,
    threads: Optional[int] = None,
) -> np.ndarray:
    """The array of ``packed``, or of bare slots with their ``config`` and ``shape``.

    out             C-contiguous, of the shape (or as many values, flat) and type of the array
    on_malformed    ``"raise"``: DamagedError, with all that could be read in ``.values``;
                    ``"zero"``: malformed blocks read +0
    threads         of the library; None: as ``config`` says, which after ``from_bytes`` is 0, as many as
                    the machine has

    BF16 comes back as ``ml_dtypes.bfloat16`` if it went in so, else as uint16.
    Raises DamagedError, InputError, ConfigError, LibraryError.
    """
    if on_malformed not in ("raise", "zero"):
        raise InputError(f"on_malformed is {on_malformed!r}; use 'raise' or 'zero'")
    if not isinstance(packed, Compressed):
        packed = _bare(packed, config, shape)
    elif config is not None or shape is not None:
        raise InputError("config and shape belong to bare slots; a Compressed has its own")
    config, size = packed.config, packed.size
    if threads is not None:
        config = config.replace(threads=threads)
    slots = _buffer(packed.slots, 0, "slots", write=False)
    _check_slots(packed, slots)
    if out is None:
        out = np.empty(packed.shape, _dtype_of(packed))
    else:
        _check_out(out, packed)
    marks = packed.boundaries
    count = library().decompress(config, _address(slots), slots.nbytes, _address(out), size, _address(marks))
    if count and on_malformed == "raise":
        raise damaged(count, config.blocks(size), out)
    return out


def slots_bytes(
    values: int, *, ratio: Optional[float] = None, config: Optional[Config] = None, **settings: Any
) -> int:
    """Bytes of the slots of so many values; in lossless mode the most that they need.

    Raises ConfigError (an impossible ratio, settings beside ``config``), InputError (no whole number, below 0).
    """
    form = config.format if isinstance(config, Config) else settings.pop("format", "fp32")
    return _as_config(config, form, ratio, settings).slots_bytes(values)


def _dtype_of(packed: Compressed) -> np.dtype:
    if packed.dtype == "bfloat16" and _bfloat16 is not None:
        return np.dtype(_bfloat16)
    return np.dtype(_NUMPY_TYPES[packed.config.format])


def _buffer(array: Any, need: int, name: str, write: bool = True) -> np.ndarray:
    if (
        not isinstance(array, np.ndarray)
        or array.dtype != np.uint8
        or array.ndim != 1
        or not array.flags.c_contiguous
    ):
        raise InputError(
            f"{name} must be a flat, contiguous uint8 array; use numpy.empty({need or 'bytes'}, 'uint8')"
        )
    if write and not array.flags.writeable:
        raise InputError(f"{name} is read-only; give an array that can be written")
    if array.nbytes < need:
        raise InputError(f"{name} has {array.nbytes} bytes and {need} are needed; actplane.slots_bytes says how many")
    return array


def _check_out(out: Any, packed: Compressed) -> None:
    types = {_dtype_of(packed), np.dtype(_NUMPY_TYPES[packed.config.format])}
    if not isinstance(out, np.ndarray) or out.dtype not in types:
        kind = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        raise InputError(
            f"out is {kind} and the array is {packed.dtype}; use numpy.empty({packed.shape}, '{_dtype_of(packed)}')"
        )
    if out.shape not in (packed.shape, (packed.size,)):
        raise InputError(f"out has shape {out.shape}; give {packed.shape}, or ({packed.size},)")
    if not out.flags.c_contiguous or not out.flags.writeable:
        raise InputError("out must be C-contiguous and writeable; give numpy.empty_like of the array")


def _check_slots(packed: Compressed, slots: np.ndarray) -> None:
    config, blocks = packed.config, packed.config.blocks(packed.size)
    if not config.lossless:
        if slots.nbytes != config.slots_bytes(packed.size):
            raise DamagedError(
                f"{slots.nbytes} bytes of slots, but {packed.size} values need {config.slots_bytes(packed.size)} "
                f"({blocks} slots of {config.slot_bytes}); check shape and config, or compress again",
                blocks,
            )
        return
    marks = packed.boundaries
    if marks is None or marks.dtype != np.uint32 or marks.shape != (blocks + 1,) or not marks.flags.c_contiguous:
        raise DamagedError(f"lossless slots need boundaries: uint32, {blocks + 1} of them; compress again", blocks)
    if (np.diff(marks.astype(np.int64)) < 0).any() or marks[-1] > slots.nbytes:
        raise DamagedError(f"boundaries do not cut {slots.nbytes} bytes into {blocks} slots; compress again", blocks)


def _bare(slots: Any, config: Optional[Config], shape: Union[int, Tuple[int, ...], None]) -> Compressed:
    if config is None or shape is None:
        raise InputError("bare slots need config and shape; or give the Compressed that compress returned")
    _check_config(config)
    if config.lossless:
        raise InputError("bare lossless slots lack their boundaries; give the Compressed that compress returned")
    if not isinstance(slots, np.ndarray):
        slots = np.frombuffer(_bytes_of(slots), np.uint8)
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    found = tuple(whole(size) for size in sizes)
    if any(size is None or size < 0 for size in found):
        raise InputError(f"shape is {shape!r}; give whole numbers of at least 0")
    shape = found
    return Compressed(shape, _NUMPY_TYPES[config.format], config, slots)


# to_bytes: magic, version of this layout, version of the block format, settings, shape, bytes of the
# slots, boundaries, slots, CRC-32 of all before. Little-endian.
_MAGIC = b"actplane"
_HEAD = struct.Struct("<8s8B2I2BHQ")
_DTYPES = ("float32", "float16", "bfloat16", "uint16")


def _frame(packed: Compressed) -> list:
    c = packed.config
    head = _HEAD.pack(
        _MAGIC,
        1,
        FORMAT_VERSION,
        FORMATS.index(c.format),
        ORDERS.index(c.order),
        FILLS.index(c.fill),
        c.lossless,
        c.delta_cap,
        c.group_len,
        c.block_len,
        c.slot_bytes,
        c.row_limit,
        _DTYPES.index(packed.dtype),
        len(packed.shape),
        packed.slots.nbytes,
    )
    parts = [head, struct.pack(f"<{len(packed.shape)}Q", *packed.shape)]
    if packed.boundaries is not None:
        parts.append(packed.boundaries.view(np.uint8).data)
    parts.append(packed.slots.data)
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return parts + [struct.pack("<I", crc)]


def _bytes_of(data: Any) -> memoryview:
    try:
        view = memoryview(data)
    except TypeError:
        raise InputError(f"a {type(data).__name__} is no buffer of bytes; give bytes, or an array of uint8") from None
    if not view.c_contiguous:
        raise InputError("the bytes do not lie together; give bytes, or a contiguous buffer")
    return view.cast("B") if view.nbytes else view


def _parse(data: Any) -> Compressed:
    view = _bytes_of(data)
    if view.nbytes < _HEAD.size + 4 or bytes(view[:8]) != _MAGIC:
        raise DamagedError(
            "these bytes are not what Compressed.to_bytes made; an .apl container is read by `actplane`"
        )
    (
        _,
        layout,
        version,
        form,
        order,
        fill,
        lossless,
        cap,
        group,
        block,
        slot,
        rows,
        dtype,
        dims,
        size,
    ) = _HEAD.unpack(view[: _HEAD.size])
    if (layout, version) != (1, FORMAT_VERSION):
        raise DamagedError(
            f"bytes of layout {layout} and block format {version}; this package reads 1 and "
            f"{FORMAT_VERSION}: compress again"
        )
    if zlib.crc32(view[:-4]) != struct.unpack("<I", view[-4:])[0]:
        raise DamagedError(
            "the CRC-32 does not fit: the bytes were damaged or cut; take them from where they were made"
        )
    try:
        config = Config(
            format=FORMATS[form],
            slot_bytes=slot,
            order=ORDERS[order],
            block_len=block,
            group_len=group,
            row_limit=rows,
            fill=FILLS[fill],
            delta_cap=cap,
            lossless=bool(lossless),
        )
        end = _HEAD.size + 8 * dims
        shape = struct.unpack(f"<{dims}Q", view[_HEAD.size : end])
        marks = None
        if lossless:
            count = config.blocks(int(np.prod(shape, dtype=object))) + 1
            marks = np.require(np.frombuffer(view, np.uint32, count, end), requirements="A")
            end += 4 * count
        if view.nbytes != end + size + 4:
            raise ValueError("size")
        slots = np.frombuffer(view, np.uint8, size, end)
        return Compressed(shape, _DTYPES[dtype], config, slots, marks)
    except (IndexError, ValueError, struct.error) as error:
        raise DamagedError(f"a header that Compressed.to_bytes does not make ({error}); compress again") from None
