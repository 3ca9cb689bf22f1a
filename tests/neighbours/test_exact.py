"""Which backend is chosen on which device; the answers of torch are tested in test_index."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from diffmem import devices
from diffmem.neighbours import exact as searches
from diffmem.neighbours import on_device
from diffmem.neighbours.index import Index
from diffmem.neighbours.on_device import Product, exact

WORKFLOW = Path(__file__).parents[2] / "workflow"
LARGE = np.zeros((2**17, 9))  # as many coordinates as "auto" finds worth a GPU, and some


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A machine with the driver of a GPU, which torch finds; FAISS has none."""
    monkeypatch.setattr(on_device, "DRIVERS", (str(tmp_path),))
    monkeypatch.setattr(devices, "select_device", lambda name: torch.device("cuda", 0))


def name(positions, device):
    return exact(positions, device).name


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_without_a_gpu_the_searches_are_those_of_the_cpu(device, monkeypatch):
    monkeypatch.setattr(on_device, "DRIVERS", ())
    for positions in (LARGE, LARGE[:, :8], LARGE[:10], np.zeros((2047, 512)), np.zeros((4000, 511))):
        assert name(positions, device) == searches.exact(positions).name


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_from_512_features_on_torch_comes_first_on_the_cpu_too_where_there_are_enough_points(device, monkeypatch):
    monkeypatch.setattr(on_device, "DRIVERS", ())
    wide = np.zeros((2048, 512))
    assert name(wide, device) == "torch on cpu, float64 distances"


def test_with_one_torch_takes_many_dimensions_and_the_tree_few(driver):
    for device in ("auto", "cuda"):
        assert name(LARGE, device) == "torch on cuda, float64 distances"
        assert name(LARGE[:, :8], device) == searches.exact(LARGE[:, :8]).name


def test_auto_leaves_small_sets_to_the_cpu_and_cuda_insists(driver):
    small = LARGE[: on_device.WORTHWHILE // 9]
    assert "cuda" not in name(small, "auto")
    assert "cuda" in name(small, "cuda")


def test_a_driver_without_a_gpu_is_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(on_device, "DRIVERS", (str(tmp_path),))
    monkeypatch.setattr(devices, "select_device", lambda name: torch.device("cpu"))
    assert name(LARGE, "auto") == searches.exact(LARGE).name


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_torch_is_not_imported_where_it_is_not_needed(device):
    code = (
        "import sys, numpy as np; from diffmem.neighbours import on_device; on_device.DRIVERS = (); "
        "from diffmem.neighbours.approximate import ivf; "
        f"p = np.random.default_rng(0).random((300, 20)); ivf(p, {device!r})(p, 1); on_device.exact(p, {device!r}); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=WORKFLOW, check=False).returncode == 0


@pytest.mark.parametrize(("precision", "digits"), [("highest", 23), ("high", 10)])
def test_products_in_tf32_widen_the_bound(precision, digits, monkeypatch):
    """Simulated: inputs rounded to ten digits. Answers stay exact, since what is in doubt is asked again."""
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: precision)
    rng = np.random.default_rng(1)
    positions, queries = 3 + rng.standard_normal((2, 400, 16))
    blocks = Product(positions - positions.mean(0), torch.device("cpu"))
    assert blocks.unit == 2.0**-digits

    def coarse(points):
        scale = 2.0 ** (np.floor(np.log2(np.abs(points))) - digits)
        return (np.round(points / scale) * scale).astype(np.float32)

    lookup = blocks.lookup
    blocks._stored = tuple(map(torch.from_numpy, (coarse(blocks.positions), np.square(blocks.positions).sum(1))))
    blocks._stored = (blocks._stored[0], blocks._stored[1].float())
    blocks.lookup = lambda queries, count: lookup(coarse(queries), count)
    found = Index(positions, lambda centred: blocks).nearest(queries, 2)
    far = np.linalg.norm(queries[:, None] - positions, axis=2)
    assert np.array_equal(found.location, np.argsort(far, axis=1)[:, :2])
