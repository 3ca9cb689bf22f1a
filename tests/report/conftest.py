"""Figures are saved coarsely, and closed after every test: matplotlib warns where more than twenty are open."""

import matplotlib.pyplot as plt
import pytest

from diffmem.report import style  # noqa: F401 (it sets the resolution that is replaced here)


@pytest.fixture(autouse=True)
def _coarse_and_closed():
    with plt.rc_context({"savefig.dpi": 40}):
        yield
    plt.close("all")
