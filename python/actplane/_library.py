# SPDX-License-Identifier: Apache-2.0
"""libactplane through ctypes: found, its version checked, its status turned into exceptions."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import List, Optional, Tuple

from .config import FILLS, FORMAT_VERSION, FORMATS, ORDERS, Config
from .errors import ActplaneError, ConfigError, DamagedError, InputError, LibraryError

ABI_VERSION = 0  # of the soname
_NAME = f"libactplane.so.{ABI_VERSION}"
_NAMES = (_NAME, "libactplane.so")
_FIELDS = "size format order block_len slot_bytes lossless fill delta_cap group_len row_limit threads".split()


class CConfig(ctypes.Structure):
    """struct actplane_config."""

    _fields_ = [(name, ctypes.c_uint32) for name in _FIELDS]


_STATUS = {1: ConfigError, 2: InputError, 3: InputError, 4: MemoryError}
_U64, _PTR = ctypes.c_uint64, ctypes.c_void_p
_CONFIG = ctypes.POINTER(CConfig)
_U64_OUT = ctypes.POINTER(_U64)


def _candidates() -> Tuple[List[str], bool]:
    """Names to try in turn, and whether the user named the only one."""
    own = os.environ.get("ACTPLANE_LIBRARY")
    if own:
        path = Path(own)
        return ([str(p) for n in _NAMES if (p := path / n).exists()] or [own]) if path.is_dir() else [own], True
    here = Path(__file__).resolve().parent
    return [str(here / n) for n in _NAMES if (here / n).exists()] + list(_NAMES), False


class Library:
    """The functions of a loaded library. Its versions must be those of this package."""

    def __init__(self, names: List[str], only: bool) -> None:
        failures = []
        for name in names:
            try:
                dll = ctypes.CDLL(name)
                break
            except OSError as error:
                failures.append(f"{name}: {error}")
        else:
            where = "ACTPLANE_LIBRARY names no library that loads" if only else f"{_NAME} was not found"
            raise LibraryError(
                f"{where}: build it (cmake --build BUILD --target actplane_shared) and set ACTPLANE_LIBRARY to the "
                f"file, or put it beside {Path(__file__).parent}, or install it. Tried: {'; '.join(failures)}"
            )
        self.path = name
        self._check_version(dll)
        dll.actplane_last_error.restype = ctypes.c_char_p
        dll.actplane_compress.argtypes = [_CONFIG, _PTR, _U64, _PTR, _U64, _U64_OUT, _PTR]
        dll.actplane_decompress.argtypes = [_CONFIG, _PTR, _U64, _PTR, _PTR, _U64, _U64_OUT]
        dll.actplane_slots_bytes.argtypes = [_CONFIG, _U64, _U64_OUT]
        for function in (dll.actplane_compress, dll.actplane_decompress, dll.actplane_slots_bytes):
            function.restype = ctypes.c_int
        self._dll = dll
        self._configs: dict = {}

    def _check_version(self, dll: ctypes.CDLL) -> None:
        try:
            dll.actplane_abi_version.restype = ctypes.c_uint32
            dll.actplane_format_version.restype = ctypes.c_uint32
            dll.actplane_version.restype = ctypes.c_char_p
            abi, form = dll.actplane_abi_version(), dll.actplane_format_version()
            self.version = (dll.actplane_version() or b"").decode()
        except AttributeError as error:
            raise LibraryError(
                f"{self.path} is not libactplane, or is older than its C interface ({error}); build actplane_shared "
                "from the same checkout as this package and set ACTPLANE_LIBRARY to it"
            ) from None
        for what, has, wants in (("interface", abi, ABI_VERSION), ("block format", form, FORMAT_VERSION)):
            if has != wants:
                raise LibraryError(
                    f"{self.path} (version {self.version}) has {what} version {has}, this package needs {wants}; "
                    "take package and library from the same release, or set ACTPLANE_LIBRARY to one that fits"
                )

    def c_config(self, config: Config) -> CConfig:
        c = self._configs.get(config)
        if c is None:
            c = CConfig(
                size=ctypes.sizeof(CConfig),
                format=FORMATS.index(config.format),
                order=ORDERS.index(config.order),
                block_len=config.block_len,
                slot_bytes=config.slot_bytes,
                lossless=config.lossless,
                fill=FILLS.index(config.fill),
                delta_cap=config.delta_cap,
                group_len=config.group_len,
                row_limit=config.row_limit,
                threads=config.threads,
            )
            if len(self._configs) > 1000:
                self._configs.clear()
            self._configs[config] = c
        return c

    def _check(self, status: int) -> None:
        if status != 0:
            text = (self._dll.actplane_last_error() or b"").decode(errors="replace")
            raise _STATUS.get(status, ActplaneError)(text or f"libactplane gave status {status}")

    def slots_bytes(self, config: Config, values: int) -> int:
        out = _U64()
        self._check(self._dll.actplane_slots_bytes(self.c_config(config), values, out))
        return out.value

    def compress(self, config: Config, values: int, count: int, slots: int, room: int, boundaries: int = 0) -> int:
        """Addresses of memory that the caller keeps alive. Returns the bytes that were written."""
        out = _U64()
        c = self.c_config(config)
        self._check(self._dll.actplane_compress(c, values, count, slots, room, out, boundaries or None))
        return out.value

    def decompress(self, config: Config, slots: int, room: int, values: int, count: int, boundaries: int = 0) -> int:
        """Returns the number of malformed blocks."""
        out = _U64()
        c = self.c_config(config)
        self._check(self._dll.actplane_decompress(c, slots, room, boundaries or None, values, count, out))
        return out.value


_loaded: Optional[Library] = None


def library() -> Library:
    """The library, loaded at the first call. Raises LibraryError."""
    global _loaded
    if _loaded is None:
        if sys.byteorder != "little":
            raise LibraryError("values lie little-endian in this format; this machine is big-endian")
        _loaded = Library(*_candidates())
    return _loaded


def damaged(malformed: int, blocks: int, values: object = None) -> DamagedError:
    return DamagedError(
        f"{malformed} of {blocks} blocks are malformed: another configuration wrote these slots, or they were "
        "damaged. Check config, or pass on_malformed='zero' to read those blocks as +0",
        malformed,
        values,
    )
