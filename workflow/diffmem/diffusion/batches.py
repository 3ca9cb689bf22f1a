"""What a training step is given, drawn per replicate, each from its own generators, for many steps at once."""

from collections.abc import Iterator
from typing import NamedTuple

import torch

from diffmem.diffusion.denoiser import torch_generator

BLOCK = 64  # steps whose batches and noise are drawn at once,
MOST = 2**24  # unless that is more than so many numbers per replicate


class Batch(NamedTuple):
    """Points x0 (r, b, d), uniforms u (r, b), noise eps (r, b, d) and, where there are any, labels (r, b)."""

    x0: torch.Tensor
    u: torch.Tensor
    eps: torch.Tensor
    label: torch.Tensor | None

    def split(self, size: int) -> list["Batch"]:
        """The same in parts of ``size`` points, the last with what is left; the whole if ``size`` is 0."""
        size = size or self.x0.shape[1]
        parts = [part.split(size, 1) for part in (self.x0, self.u, self.eps)]
        labels = [None] * len(parts[0]) if self.label is None else self.label.split(size, 1)
        return [Batch(*part) for part in zip(*parts, labels, strict=True)]


def batches(
    points: torch.Tensor,
    batch: int,
    *,
    labels: torch.Tensor | None = None,
    cycle: bool = False,
    seed: int,
    replicates: list[int],
) -> Iterator[Batch]:
    """Batches without end, through one fresh permutation of the points after the other.

    Args:
        points: shape (r, n, d).
        batch: points per batch; at most n, unless they are cycled.
        labels: of the points, shape (r, n).
        cycle: whether a batch goes on into the next permutation where one ends, so that all points are used equally
            often and a batch may be larger than the set; otherwise what is left of a permutation is left out.
    """
    n, d = points.shape[1:]
    used = n if cycle else n // batch * batch
    orders = [torch_generator(seed, replicate=i, purpose="batches") for i in replicates]
    noises = [torch_generator(seed, replicate=i, purpose="noise") for i in replicates]
    size = max(1, min(BLOCK, MOST // (batch * d))) * batch
    permutations = -(-size // used) if cycle else max(1, size // used)
    left = torch.empty(len(replicates), 0, dtype=torch.long)
    while True:
        drawn = [torch.cat([torch.randperm(n, generator=g)[:used] for _ in range(permutations)]) for g in orders]
        order = torch.cat([left, torch.stack(drawn)], 1)
        whole = order.shape[1] // batch * batch
        order, left = order[:, :whole], order[:, whole:]
        for block in order.split(size, 1):
            yield from _block(points, labels, block.to(points.device), noises).split(batch)


def _block(
    points: torch.Tensor, labels: torch.Tensor | None, order: torch.Tensor, noises: list[torch.Generator]
) -> Batch:
    """The points and labels in the ``order`` (r, b), with levels and noise drawn for them."""
    d, size, kind = points.shape[2], order.shape[1], points.dtype
    x0 = torch.gather(points, 1, order[..., None].expand(-1, -1, d))
    u = torch.stack([torch.rand(size, generator=g, dtype=kind) for g in noises]).to(x0.device)
    eps = torch.stack([torch.randn(size, d, generator=g, dtype=kind) for g in noises]).to(x0.device)
    return Batch(x0, u, eps, None if labels is None else labels.gather(1, order))
