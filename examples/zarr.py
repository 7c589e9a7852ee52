#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An activation as a zarr array, beside what numcodecs has.

    ACTPLANE_LIBRARY=... PYTHONPATH=python examples/zarr.py [FILE.npy]
"""

import sys
from pathlib import Path

import numcodecs
import numpy as np

HERE = Path(__file__).resolve().parent  # this file is called zarr too
sys.path[:] = [path for path in sys.path if Path(path).resolve() != HERE]
import zarr

from actplane.numcodecs import Actplane

DEFAULT = HERE.parent / "tests" / "data" / "gpt2.mlp.in.npy"


def snr(x, y):
    noise = np.sum((x.astype(np.float64) - y) ** 2)
    return np.inf if noise == 0 else 10 * np.log10(np.sum(x.astype(np.float64) ** 2) / noise)


def main():
    x = np.load(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)
    x = x.reshape(-1, x.shape[-1])
    codecs = [
        Actplane(ratio=4),
        Actplane(ratio=8, group_len=8),
        Actplane(lossless=True, order="field"),
        numcodecs.Zstd(),
        numcodecs.Blosc("zstd", shuffle=numcodecs.Blosc.SHUFFLE),
    ]
    print(f"{'ratio':>6} {'SNR in dB':>10}  codec")
    for codec in codecs:
        z = zarr.array(x, chunks=(max(x.shape[0] // 4, 1), x.shape[1]), compressor=codec)
        print(f"{z.nbytes / z.nbytes_stored:6.2f} {snr(x, z[:]):10.1f}  {codec!r}")


if __name__ == "__main__":
    main()
