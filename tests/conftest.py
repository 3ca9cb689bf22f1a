"""The suite is stricter than its users: one thread, deterministic algorithms, warnings are errors."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def with_package() -> dict[str, str]:
    """Environment of a process of its own that imports the package."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "workflow")}


@pytest.fixture(scope="session", autouse=True)
def _deterministic():
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
