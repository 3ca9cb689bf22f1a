"""The suite is stricter than its users: one thread, deterministic algorithms, warnings are errors."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _deterministic():
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
