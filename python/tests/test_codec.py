# SPDX-License-Identifier: Apache-2.0
import dataclasses
import math
import os
import subprocess
import sys

import numpy as np
import pytest

import actplane
from actplane import Compressed, Config, ConfigError, DamagedError, InputError
from actplane._library import library
from patterns import FLOAT, blocks, config


@pytest.mark.parametrize("order", ["field", "significance"])
def test_real_tensors(real, order):
    packed = actplane.compress(real, ratio=4, order=order)
    back = actplane.decompress(packed)
    assert back.shape == real.shape and back.dtype == real.dtype
    assert packed.config.ratio >= 4 and packed.slots.nbytes == packed.config.slots_bytes(real.size)
    error = np.linalg.norm(back - real) / np.linalg.norm(real)
    assert error < 0.1


def test_lossless(real):
    packed = actplane.compress(real, order="field", lossless=True)
    assert np.array_equal(actplane.decompress(packed).view(np.uint8), real.view(np.uint8))
    assert packed.nbytes < real.nbytes * 1.1
    again = Compressed.from_bytes(packed.to_bytes())
    assert np.array_equal(actplane.decompress(again).view(np.uint8), real.view(np.uint8))


@pytest.mark.parametrize("form", ["fp32", "fp16", "bf16"])
def test_bytes_and_back(rng, form):
    for _ in range(20):
        c = config(rng, form)
        x = blocks(rng, form, 4).view(FLOAT[form])
        packed = actplane.compress(x, config=c)
        again = Compressed.from_bytes(packed.to_bytes())
        assert again.config == dataclasses.replace(c) and again.shape == x.shape and again.dtype == x.dtype.name
        first, second = actplane.decompress(packed), actplane.decompress(again)
        assert np.array_equal(first.view(np.uint8), second.view(np.uint8))
        bare = actplane.decompress(packed.slots, config=c, shape=x.shape)
        assert np.array_equal(first.view(np.uint8), bare.view(np.uint8))


def test_slots_of_the_document():
    """F-8.1, the first example."""
    words = """3c00 b800 0000 34cd 3e66 2e66 b19a 3a00 0000 0000 3555 bd00 2a00 3999 3123 b6ab
               3b3b 1c00 38f1 bc44 0000 3777 3c8d 2fff b456 3d0e 3333 8000 3e01 b9c7 2c45 3abc"""
    x = np.array([int(w, 16) for w in words.split()], np.uint16).view(np.float16)
    packed = actplane.compress(x, config=Config(format="fp16", block_len=32, slot_bytes=24, order="field"))
    assert packed.slots.tobytes().hex().startswith("0fb342244cc6b040")
    assert actplane.decompress(packed).view(np.uint16)[6] == 0xB17F


def test_no_copies():
    x = np.random.default_rng(1).standard_normal((100, 128)).astype(np.float32)
    room = np.full(actplane.slots_bytes(x.size, ratio=8) + 7, 0xAA, np.uint8)
    packed = actplane.compress(x, ratio=8, out=room)
    assert np.shares_memory(packed.slots, room) and (room[-7:] == 0xAA).all()
    out = np.empty_like(x)
    assert actplane.decompress(packed, out=out) is out
    flat = np.empty(x.size, np.float32)
    assert np.array_equal(actplane.decompress(packed, out=flat), out.ravel())
    data = packed.to_bytes()
    assert np.shares_memory(Compressed.from_bytes(data).slots, np.frombuffer(data, np.uint8))


def test_memory_of_a_call_is_that_of_the_slots():
    code = (
        "import numpy as np, actplane, resource\n"
        "x = np.ones(1 << 24, np.float32); out = np.empty_like(x); out[:] = 0\n"
        "room = np.zeros(actplane.slots_bytes(x.size, ratio=8), np.uint8)\n"
        "actplane.compress(x[:1024], ratio=8)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "actplane.decompress(actplane.compress(x, ratio=8, out=room), out=out)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    grown = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert grown < 16 << 10  # KiB; a copy of the input is 64 MiB


def test_empty_and_scalar():
    for x in (np.zeros(0, np.float32), np.zeros((3, 0), np.float16), np.array(1.5, np.float32)):
        back = actplane.decompress(Compressed.from_bytes(actplane.compress(x).to_bytes()))
        assert back.shape == x.shape and back.dtype == x.dtype and np.array_equal(back, x)


def test_bfloat16_as_uint16():
    x = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
    half = (x.view(np.uint32) >> 16).astype(np.uint16)
    packed = actplane.compress(half, ratio=2, format="bf16")
    assert packed.dtype == "uint16" and actplane.decompress(packed).dtype == np.uint16
    with pytest.raises(InputError, match="format='bf16'"):
        actplane.compress(half)


def test_bfloat16_of_ml_dtypes():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.random.default_rng(1).standard_normal(1000).astype(ml_dtypes.bfloat16)
    assert actplane.decompress(actplane.compress(x, ratio=2)).dtype == x.dtype


@pytest.mark.parametrize(
    "array, text",
    [
        (np.zeros(9, np.float64), "astype"),
        (np.zeros(9, np.int32), "float32 or float16"),
        (np.zeros(9, ">f4"), "newbyteorder"),
        (np.zeros((9, 9), np.float32)[:, ::2], "ascontiguousarray"),
        (np.zeros((9, 9), np.float32).T, "ascontiguousarray"),
        ([1.0, 2.0], "numpy.asarray"),
    ],
)
def test_arrays_that_are_refused(array, text):
    with pytest.raises(InputError, match=text):
        actplane.compress(array)


@pytest.mark.parametrize(
    "settings, text",
    [
        (dict(ratio=1.2), "ratio 1.566 to 128"),
        (dict(ratio=1000), "ratio 1.566 to 128"),
        (dict(ratio=20, order="field"), "ratio .* to 9.143"),
        (dict(ratio=0), "give a number"),
        (dict(ratio="8"), "give a number"),
        (dict(ratio=8, slot_bytes=65), "disagree"),
        (dict(order="sign"), "field, significance"),
        (dict(block_len=100), "32, 64, 128, 256"),
        (dict(group_len=16), "4, 8"),
        (dict(row_limit=40), "8 to 24"),
        (dict(lossless=True), "order='field'"),
        (dict(lossless=True, order="field", ratio=2), "drop ratio"),
        (dict(delta_cap=99), "0 to 9"),
        (dict(threads=-1), "threads"),
    ],
)
def test_settings_that_are_refused(settings, text):
    with pytest.raises(ConfigError, match=text):
        actplane.compress(np.zeros(9, np.float32), **settings)


_NO_RATIO = "ratio is .*; give a number, slots of 4 to 327 bytes"
_NO_SLOT = "slot_bytes is .*; give a whole number, slots of 4 to 327 bytes"
_NO_NUMBERS = [None, "8", b"8", math.nan, math.inf, 0.5, True, [8], {}, 1j, np.array([4, 8]), 10**400]


@pytest.mark.parametrize(
    "name, values, text",
    [
        ("ratio", [1e-30, 1e-310, 5e-324, -1, *_NO_NUMBERS[1:5], *_NO_NUMBERS[6:]], _NO_RATIO),
        ("slot_bytes", _NO_NUMBERS[1:-1], _NO_SLOT),
        ("slot_bytes", [-1, 0, 3, 328, 10**400], "use slots of 4 to 327"),
        ("format", [None, 32, ["fp32"], b"fp32", np.array(["fp32", "bf16"])], "format is .*; use one of fp32, fp16"),
        ("order", [None, 0, ["field"], {}], "order is .*; use one of field"),
        ("fill", [None, 0, ["zero"], {}], "fill is .*; use one of midpoint"),
        ("block_len", _NO_NUMBERS, "block_len is .*; use one of 32, 64"),
        ("group_len", _NO_NUMBERS, "group_len is .*; use one of 4, 8"),
        ("row_limit", _NO_NUMBERS, "row_limit is .*; use one of 8 to 24"),
        ("delta_cap", _NO_NUMBERS, "delta_cap is .*; use one of 0 to 9"),
        ("threads", _NO_NUMBERS, "threads is .*; use one of 0 to 1024"),
        ("lossless", [None, "no", 2, [], math.nan], "lossless is .*; use one of False, True"),
    ],
)
def test_whatever_is_given_a_config_says_what_can_be(name, values, text):
    for value in values:
        with pytest.raises(ConfigError, match=text):
            Config(**{name: value})
    with pytest.raises(ConfigError, match="drop ratio and slot_bytes"):
        Config(lossless=True, order="field", slot_bytes=np.array([4, 8]))


def test_numbers_may_be_of_any_type():
    plain = Config(ratio=8, block_len=64, group_len=8, row_limit=12, threads=2)
    for kind in (np.int64, np.uint8, np.float32, float):
        settings = dict(ratio=8, block_len=64, group_len=8, row_limit=12, delta_cap=0, threads=2)
        c = Config(**{name: kind(value) for name, value in settings.items()})
        assert c == plain and hash(c) == hash(plain) and repr(c) == repr(plain)
        assert repr(Config(slot_bytes=kind(64))) == repr(Config(slot_bytes=64))
    assert repr(Config(lossless=np.True_, order="field")) == repr(Config(lossless=True, order="field"))
    x = np.ones(300, np.float32)
    assert np.array_equal(actplane.decompress(actplane.compress(x, block_len=64.0, threads=np.int8(1))), x)


def test_config_and_settings_do_not_mix():
    with pytest.raises(ConfigError, match="config.replace"):
        actplane.compress(np.zeros(9, np.float32), config=Config(), ratio=3)
    with pytest.raises(ConfigError, match="format='fp16'"):
        actplane.compress(np.zeros(9, np.float16), config=Config())


def test_outs_that_are_refused():
    x = np.zeros((10, 128), np.float32)
    packed = actplane.compress(x)
    for room in (np.empty(3, np.uint8), np.empty(packed.nbytes, np.int8), np.empty((packed.nbytes, 1), np.uint8)):
        with pytest.raises(InputError, match="uint8|needed"):
            actplane.compress(x, out=room)
    frozen = np.empty(packed.nbytes, np.uint8)
    frozen.flags.writeable = False
    with pytest.raises(InputError, match="read-only"):
        actplane.compress(x, out=frozen)
    for out in (
        np.empty((10, 127), np.float32),
        np.empty_like(x, np.float64),
        np.empty((128, 10), np.float32).T,
        [1],
    ):
        with pytest.raises(InputError, match="out"):
            actplane.decompress(packed, out=out)


def test_damaged_slots():
    x = np.random.default_rng(1).standard_normal((10, 128)).astype(np.float32)
    packed = actplane.compress(x, ratio=4)
    whole = actplane.decompress(packed)
    packed.slots[3 * packed.config.slot_bytes] |= 5  # w = 5 or 7
    packed.slots[5 * packed.config.slot_bytes + 2] = 255  # base
    with pytest.raises(DamagedError, match="2 of 10 blocks") as caught:
        actplane.decompress(packed)
    assert caught.value.malformed == 2
    zero = actplane.decompress(packed, on_malformed="zero")
    assert np.array_equal(zero, caught.value.values)
    assert not zero[[3, 5]].any() and np.array_equal(np.delete(zero, [3, 5], 0), np.delete(whole, [3, 5], 0))
    packed.slots = packed.slots[:-1]
    with pytest.raises(DamagedError, match="check shape and config"):
        actplane.decompress(packed)


def test_damaged_bytes():
    data = actplane.compress(np.ones(1000, np.float32)).to_bytes()
    for at in range(0, len(data), 37):
        bad = bytearray(data)
        bad[at] ^= 0x40
        with pytest.raises(DamagedError):
            Compressed.from_bytes(bytes(bad))
    for cut in (0, 7, 40, len(data) - 1):
        with pytest.raises(DamagedError):
            Compressed.from_bytes(data[:cut])


def test_the_bounds_are_those_of_the_library(rng):
    lib = library()
    for _ in range(200):
        c = config(rng)
        assert lib.slots_bytes(c, 1000) == c.slots_bytes(1000)
        for slot in (c.min_slot_bytes - 1, c.max_slot_bytes + 1):
            with pytest.raises(ConfigError):
                c.replace(slot_bytes=slot)
            wrong = object.__new__(Config)
            wrong.__dict__.update(c.__dict__, slot_bytes=slot)
            with pytest.raises(ConfigError):
                lib.slots_bytes(wrong, 1000)


def test_threads_give_the_same(rng):
    x = rng.standard_normal(1 << 19).astype(np.float32)
    one = actplane.compress(x, ratio=8, threads=1)
    two = actplane.compress(x, ratio=8, threads=2)
    assert np.array_equal(one.slots, two.slots)
    assert np.array_equal(actplane.decompress(one), actplane.decompress(two))


def threads_of_decoding(monkeypatch):
    """What the library is asked for from here on."""
    found, decompress = [], type(library()).decompress

    def spy(self, config, *rest):
        found.append(config.threads)
        return decompress(self, config, *rest)

    monkeypatch.setattr(type(library()), "decompress", spy)
    return found


def test_threads_of_decoding(monkeypatch):
    found, x = threads_of_decoding(monkeypatch), np.ones(1000, np.float32)
    for settings in (dict(ratio=8, threads=2), dict(lossless=True, order="field", threads=2)):
        packed = actplane.compress(x, **settings)
        again = Compressed.from_bytes(packed.to_bytes())
        for what, threads in ((packed, None), (again, None), (again, 1), (packed, 3)):
            assert np.array_equal(actplane.decompress(what, threads=threads), x)
        assert found == [2, 0, 1, 3]
        found.clear()
    with pytest.raises(ConfigError, match="threads is -1"):
        actplane.decompress(packed, threads=-1)


def _run(library_path: str) -> str:
    code = "import actplane\ntry: actplane.library_version()\nexcept actplane.LibraryError as e: print(e)"
    env = dict(os.environ, ACTPLANE_LIBRARY=library_path)
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env).stdout


def test_library_that_is_not_there(tmp_path):
    text = _run(str(tmp_path / "none.so"))
    assert "actplane_shared" in text and "ACTPLANE_LIBRARY" in text


def test_library_of_another_kind():
    import ctypes.util

    text = _run(ctypes.util.find_library("m") or "libm.so.6")
    assert "not libactplane" in text


@pytest.mark.parametrize(
    "function, what", [("actplane_abi_version", "interface"), ("actplane_format_version", "block format")]
)
def test_library_of_another_version(tmp_path, function, what):
    import shutil

    compiler = shutil.which("cc") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C compiler")
    other = {"actplane_abi_version": 0, "actplane_format_version": actplane.FORMAT_VERSION, function: 9}
    text = "".join(f"unsigned {name}(void) {{ return {value}; }}\n" for name, value in other.items())
    source = tmp_path / "other.c"
    source.write_text(text + 'const char* actplane_version(void) { return "9.9"; }\n')
    subprocess.run([compiler, "-x", "c", "-shared", "-fPIC", "-o", tmp_path / "other.so", source], check=True)
    said = _run(str(tmp_path / "other.so"))
    assert f"{what} version 9" in said and "same release" in said


def test_shapes_of_bare_slots():
    x = np.arange(256, dtype=np.float32)
    packed = actplane.compress(x, ratio=4)
    values = actplane.decompress(packed)
    for shape in (256, np.int64(256), 256.0, (2, np.uint8(128)), [2, 128]):
        assert np.array_equal(actplane.decompress(packed.slots, config=packed.config, shape=shape).ravel(), values)
    assert actplane.decompress(b"", config=Config(), shape=0).size == 0
    for shape in ("256", -1, 1.5, (2, None), (2, -128), {}):
        with pytest.raises(InputError, match="shape is .*give whole numbers of at least 0"):
            actplane.decompress(packed.slots, config=packed.config, shape=shape)
    with pytest.raises(ConfigError, match="config is a int; give an actplane.Config"):
        actplane.decompress(b"", config=8, shape=0)
    for what in ("abc", None, 5, [1]):
        with pytest.raises(InputError, match="is no buffer of bytes"):
            Compressed.from_bytes(what)
        with pytest.raises(InputError, match="is no buffer of bytes"):
            actplane.decompress(what, config=Config(), shape=0)


def test_what_is_compressed_alike_is_equal():
    x = np.arange(300, dtype=np.float32)
    for settings in (dict(ratio=8), dict(lossless=True, order="field")):
        packed = actplane.compress(x, **settings)
        again = Compressed.from_bytes(packed.to_bytes())
        assert packed == again and not packed != again and packed != packed.to_bytes()
        others = (x + 1, x.reshape(3, 100), x.astype(np.float16))
        assert all(packed != actplane.compress(other, **settings) for other in others)
        assert packed != actplane.compress(x, ratio=4)


def test_bytes_of_slots():
    assert actplane.slots_bytes(1000, ratio=8) == actplane.slots_bytes(np.int32(1000), config=Config(ratio=8)) == 512
    assert repr(actplane.slots_bytes(1e3, ratio=8)) == "512" and actplane.slots_bytes(0) == 0
    assert actplane.slots_bytes(1000, format="bf16", ratio=4) == 512
    with pytest.raises(ConfigError, match="config and ratio are given"):
        actplane.slots_bytes(1000, config=Config(), ratio=8)
    with pytest.raises(ConfigError, match="give an actplane.Config"):
        actplane.slots_bytes(1000, config=8)
    for values in (-5, 1.5, "5", None, math.nan):
        with pytest.raises(InputError, match="values; give a whole number of at least 0"):
            actplane.slots_bytes(values)
        with pytest.raises(InputError, match="values; give a whole number of at least 0"):
            Config().blocks(values)
