"""The exact search by device, dimension and size.

                    up to 8 features    more                                 512 and more
    CPU             k-d tree            FAISS's flat index                   blocked product in torch
    GPU             k-d tree            FAISS's flat index on the GPU, or, where FAISS has none, torch there

All but the tree propose in float32, by (1) of `searches` and within its bound (2), and the index measures in float64 on
the CPU, so that this changes how long an answer takes and not the answer. From some 500 features on, torch multiplies
three times as fast as the FAISS wheel (docs/benchmarks.md).

Torch takes seconds to import, and a GPU as long to wake, so that neither is asked about sets of fewer than a million
coordinates; "auto" looks for a driver before it asks torch, "cuda" insists.
"""

from functools import cached_property
from pathlib import Path

import numpy as np

from diffmem import devices
from diffmem.neighbours import exact as searches
from diffmem.neighbours.exact import TREE_DIMENSIONS, VALUES, Rounded, Search

DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # NVIDIA's, Windows' and AMD's
WIDE = 512  # features from which torch is the faster one on the CPU
WORTHWHILE = 2**20  # coordinates of the positions from which importing torch pays


def exact(positions: np.ndarray, device: str = "cpu") -> list[Search]:
    """The searches among ``positions`` (m, d), the first of them on the ``device`` ("auto", "cpu" or "cuda")."""
    sure, (_, d) = searches.exact(positions), positions.shape
    if d <= TREE_DIMENSIONS or (positions.size < WORTHWHILE and device != "cuda"):
        return sure
    if device == "auto" and not any(Path(driver).exists() for driver in DRIVERS):
        device = "cpu"
    if device == "cpu" and d < WIDE:
        return sure
    place = devices.chosen(device)
    if place.type == "cpu":
        return [Blocks(positions, place), *sure[1:]] if d >= WIDE else sure
    return [FaissGpu(positions, place.index or 0) if faiss_gpus() else Blocks(positions, place), *sure[1:]]


def faiss_gpus() -> int:
    """How many GPUs the installed FAISS can use; faiss-cpu none."""
    import faiss

    return getattr(faiss, "get_num_gpus", lambda: 0)()


class FaissGpu(Rounded):
    """FAISS's flat index on a GPU, which multiplies in full float32."""

    name = "faiss flat on GPU, float64 distances"

    def __init__(self, positions: np.ndarray, number: int):
        super().__init__(positions)
        self.number = number

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both (q, count)."""
        return self._index[0].search(queries, count)

    @cached_property
    def _index(self):
        import faiss

        flat = faiss.IndexFlatL2(self.positions.shape[1])
        flat.add(self.positions.astype(np.float32))
        resources = faiss.StandardGpuResources()  # kept beside the index, which needs it
        return faiss.index_cpu_to_gpu(resources, self.number, flat), resources


class Blocks(Rounded):
    """(1) by torch on any device, for blocks of positions, keeping the best candidates so far.

    On the device lie the positions in float32, a block of queries and at most ``VALUES`` squared distances.
    """

    def __init__(self, positions: np.ndarray, device):
        super().__init__(positions)
        self.device = device
        self.name = f"torch on {device.type}, float64 distances"

    @property
    def unit(self) -> float:
        """Spacing of the numbers that are multiplied: TF32 has ten binary digits, and torch may be told to use it."""
        import torch

        return 2.0**-23 if torch.get_float32_matmul_precision() == "highest" else 2.0**-10

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both (q, count)."""
        import torch

        positions, squares = self._stored
        query = torch.from_numpy(queries).to(self.device)
        rows = max(count, VALUES // len(queries))
        best, where = None, None
        for start in range(0, len(positions), rows):
            part, square = positions[start : start + rows], squares[start : start + rows]
            found = torch.addmm(square, query, part.T, alpha=-2)  # (q, rows), without |q|^2, which orders nothing
            near, index = found.topk(min(count, len(part)), largest=False)
            index += start
            if best is not None:
                near, order = torch.cat([best, near], 1).topk(count, largest=False)
                index = torch.cat([where, index], 1).gather(1, order)
            best, where = near, index
        squared = best + query.square().sum(1, keepdim=True)
        return squared.cpu().numpy(), where.cpu().numpy()

    @cached_property
    def _stored(self):
        import torch

        positions = torch.from_numpy(self.positions.astype(np.float32)).to(self.device)
        return positions, positions.square().sum(1)
