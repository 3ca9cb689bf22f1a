"""Choice of the exact backend by device, dimension and size.

                    up to 8 features    more                        512 and more
    CPU             k-d tree            product in NumPy            product in torch
    GPU             k-d tree            product in torch            product in torch

All but the tree compute in float32, by (1) of `exact` with the error bound (2). The index then computes the distances
of the candidates in float64 on the CPU. The choice of backend therefore changes the running time but not the result.
From about 500 features on, a matrix product in torch is faster than one in NumPy (docs/benchmarks.md).

Importing torch takes seconds, and so does the initialisation of a GPU. On the devices "cpu" and "auto" neither is used
for sets of fewer than about a million coordinates. "auto" checks whether a GPU driver is installed before it imports
torch. "cuda" uses the GPU for sets of every size that have more than 8 features.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffmem import devices
from diffmem.neighbours.centred import Positions, as_float32
from diffmem.neighbours.exact import TREE_DIMENSIONS, VALUES, Backend, Rounded
from diffmem.neighbours.exact import exact as on_cpu

if TYPE_CHECKING:
    import torch

DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # of NVIDIA, Windows and AMD
WIDE = 512  # number of features from which torch is the faster one on the CPU
WORTHWHILE = 2**20  # number of coordinates of the positions from which torch saves more time than its import takes


def exact(positions: Positions, device: str = "cpu") -> Backend:
    """The exact backend among ``positions`` (m, d) on the ``device`` ("auto", "cpu" or "cuda")."""
    d = positions.shape[1]
    if d <= TREE_DIMENSIONS or (positions.size < WORTHWHILE and device != "cuda"):
        return on_cpu(positions)
    if device == "auto" and not any(Path(driver).exists() for driver in DRIVERS):
        device = "cpu"
    if device == "cpu" and d < WIDE:
        return on_cpu(positions)
    place = devices.select_device(device)
    return on_cpu(positions) if place.type == "cpu" and d < WIDE else Product(positions, place)


class Product(Rounded):
    """Equation (1) of `exact` as a matrix product in torch on any device.

    The positions are processed in blocks, and the nearest candidates so far are kept. The device holds the positions
    in float32, a block of queries and at most ``VALUES`` squared distances.
    """

    def __init__(self, positions: Positions, device: "torch.device"):
        super().__init__(positions)
        self.device = device
        self.name = f"torch on {device.type}, float64 distances"

    @property
    def unit(self) -> float:
        """Relative spacing of the numbers that are multiplied: 2^-23 in float32, 2^-10 if torch may use TF32."""
        import torch

        return 2.0**-23 if torch.get_float32_matmul_precision() == "highest" else 2.0**-10

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both of shape (q, count), for float32 ``queries`` (q, d)."""
        import torch

        query = torch.from_numpy(queries).to(self.device)
        rows = max(count, VALUES // len(queries))
        best, where = self._nearest(query, slice(0, rows), count)
        for start in range(rows, len(self.positions), rows):
            near, index = self._nearest(query, slice(start, start + rows), count)
            best, order = torch.cat([best, near], 1).topk(count, largest=False)
            where = torch.cat([where, index], 1).gather(1, order)
        squared = best + query.square().sum(1, keepdim=True)
        return squared.cpu().numpy(), where.cpu().numpy()

    def _nearest(self, query: "torch.Tensor", block: slice, count: int) -> "tuple[torch.Tensor, torch.Tensor]":
        """The nearest positions of a ``block``: (1) without |q|^2, and rows, of shape (q, c) with c <= ``count``.

        |q|^2 is the same for all positions and does not change their order.
        """
        import torch

        positions, squares = self._stored
        part = positions[block]
        found = torch.addmm(squares[block], query, part.T, alpha=-2)  # (q, rows)
        near, index = found.topk(min(count, len(part)), largest=False)
        return near, index + block.start

    @cached_property
    def _stored(self) -> "tuple[torch.Tensor, torch.Tensor]":
        """On the device: the positions in float32, of shape (m, d), and their squared norms, of shape (m,)."""
        import torch

        positions = torch.from_numpy(as_float32(self.positions)).to(self.device)
        return positions, positions.square().sum(1)
