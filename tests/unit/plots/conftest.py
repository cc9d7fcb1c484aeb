"""Data shared by the tests of plots."""

import numpy as np
import pytest

from runreport.plots.downsample import Floats


@pytest.fixture
def noisy() -> tuple[Floats, Floats]:
    """Ten thousand steps with a spike, a gap and an infinite value."""
    rng = np.random.default_rng(7)
    values = rng.normal(1.0, 0.1, 10_000)
    values[7000], values[4000:4200], values[6000] = 9.0, np.nan, np.inf
    return np.arange(10_000.0), values
