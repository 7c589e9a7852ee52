# SPDX-License-Identifier: Apache-2.0
"""Real tensors, random blocks of every kind, and a small GPT."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

REAL = sorted((ROOT / "tests" / "data").glob("*.npy"))


@pytest.fixture(params=REAL, ids=lambda path: path.stem)
def real(request) -> np.ndarray:
    return np.load(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(17)
