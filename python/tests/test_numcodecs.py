# SPDX-License-Identifier: Apache-2.0
import configparser
import json
from pathlib import Path

import numpy as np
import pytest

numcodecs = pytest.importorskip("numcodecs")

import actplane
from actplane import ConfigError, DamagedError, InputError
from actplane.numcodecs import Actplane
from test_codec import threads_of_decoding


def test_codec_alone(real):
    codec = Actplane(ratio=4)
    data = codec.encode(real)
    wants = actplane.decompress(actplane.compress(real, ratio=4)).ravel()
    assert np.array_equal(codec.decode(data), wants)
    out = np.empty_like(real)
    assert codec.decode(data, out) is out and np.array_equal(out.ravel(), wants)
    with pytest.raises(InputError, match="bytes"):
        codec.decode(data, np.empty(3, np.float32))
    with pytest.raises(DamagedError, match="CRC"):
        codec.decode(data[:-1])


def test_threads_are_those_of_the_codec_both_ways(monkeypatch):
    found, x = threads_of_decoding(monkeypatch), np.ones(1000, np.float32)
    for codec, threads in ((Actplane(ratio=8, threads=1), 1), (Actplane(ratio=8), 0)):
        data = codec.encode(x)
        codec.decode(data), codec.decode(data, np.empty_like(x))
        assert found == 2 * [threads]
        found.clear()


def test_settings_come_back():
    codec = Actplane(ratio=4, group_len=8, block_len=64)
    again = numcodecs.get_codec(json.loads(json.dumps(codec.get_config())))
    assert again == codec and "group_len=8" in repr(again)
    with pytest.raises(ConfigError, match="ratio 1.566"):
        Actplane(ratio=1)


def test_entry_point_names_the_class():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    parser = configparser.ConfigParser()
    parser.read_string(
        "\n".join(text.split('[project.entry-points."numcodecs.codecs"]')[1:]).join(["[points]\n", ""])
    )
    module, name = parser["points"]["actplane"].strip('"').split(":")
    assert getattr(__import__(module, fromlist=[name]), name) is Actplane


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "codec", [Actplane(ratio=4), Actplane(lossless=True, order="field"), Actplane(ratio=3, order="field")]
)
def test_zarr(codec, order):
    zarr = pytest.importorskip("zarr")
    x = np.random.default_rng(1).standard_normal((100, 70)).astype(np.float32)
    z = zarr.array(x, chunks=(40, 33), compressor=codec, order=order)
    y = z[:]
    assert y.shape == x.shape and np.linalg.norm(y - x) / np.linalg.norm(x) < 0.1
    if codec.settings.get("lossless"):
        assert np.array_equal(x, y)
    z[3:7] = 1
    assert z[4] == pytest.approx(np.ones(70), abs=0 if codec.settings.get("lossless") else 0.1)


def test_zarr_on_disk(tmp_path):
    zarr = pytest.importorskip("zarr")
    x = np.random.default_rng(1).standard_normal((64, 64)).astype(np.float16)
    zarr.save_array(str(tmp_path / "a.zarr"), x, compressor=Actplane(ratio=2), chunks=(32, 64))
    y = zarr.open(str(tmp_path / "a.zarr"), mode="r")
    assert isinstance(y.compressor, Actplane) and y.compressor.ratio == 2
    assert np.linalg.norm(y[:].astype("f4") - x) < 0.02 * np.linalg.norm(x.astype("f4"))
    half = np.arange(4096, dtype=np.uint16)
    z = zarr.array(half, chunks=1024, compressor=Actplane(ratio=1.8, format="bf16"))
    assert z[:].dtype == np.uint16
