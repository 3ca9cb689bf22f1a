"""Batches of training points, noise levels and noise, for many steps at once.

Every replicate draws from its own generators, so that its batches do not depend on the stack that it is trained in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from diffmem.diffusion.build import torch_generator

EVALUATED = 250  # largest number of points of each set on which the losses are evaluated
BLOCK = 64  # steps that are drawn at once,
MOST = 2**24  # or fewer, so that a replicate draws at most this many numbers at once


@dataclass(frozen=True)
class Points:
    """Training points of a stack, and held-out points on which its loss is reported.

    Attributes:
        train: training points of shape (r, n, d).
        held_out: held-out points of shape (r, n', d).
        train_label, held_out_label: labels of shape (r, n) and (r, n'), -1 for none; None for unconditional networks.
        judged: rows of ``train`` on which its loss is reported, of shape (k,); None for the first.
    """

    train: torch.Tensor
    held_out: torch.Tensor
    train_label: torch.Tensor | None = None
    held_out_label: torch.Tensor | None = None
    judged: torch.Tensor | None = None


def stacked_points(data: dict[str, np.ndarray], *, rows: list[int], device: torch.device) -> tuple[Points, int]:
    """Points and number of labels of a stack, from a shard's ``data`` (arrays of ``dataset.stack``).

    ``rows`` are the replicates of the shard that the stack trains. Of the held-out points only the plain ones are used.
    """

    def ready(values: np.ndarray, kind: torch.dtype) -> torch.Tensor:
        return torch.from_numpy(values)[rows].to(device, kind)

    r, _, d = data["train"].shape
    plain, label_count = data["test_plain"], int(data["label_count"].max())
    held_out = ready(data["test"][plain].reshape(r, -1, d), torch.float32)
    judged = torch.from_numpy(judged_rows(plain=data["train_plain"][0], stratum=data["train_stratum"][0])).to(device)
    points = Points(ready(data["train"], torch.float32), held_out, judged=judged)
    if label_count:
        labels = ready(data["test_label"][plain].reshape(r, -1), torch.int64)
        points = replace(points, train_label=ready(data["train_label"], torch.int64), held_out_label=labels)
    return points, label_count


def judged_rows(*, plain: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Rows of a training set on which its loss is reported, as on held-out points: of the inliers' distribution.

    Those that are duplicated stand first, so that the rows are spread evenly where there are any.

    Args:
        plain: which rows were drawn from the inliers' distribution, of shape (n,).
        stratum: code of every row, 0 for inliers, of shape (n,).
    """
    rows = np.flatnonzero(plain)
    if not stratum[rows].any():
        return rows[:EVALUATED]
    return rows[np.linspace(0, len(rows) - 1, min(EVALUATED, len(rows))).round().astype(int)]


class Batch(NamedTuple):
    """Points x0 (r, b, d), uniforms u (r, b), noise eps (r, b, d), and labels (r, b) or None."""

    x0: torch.Tensor
    u: torch.Tensor
    eps: torch.Tensor
    label: torch.Tensor | None

    def split(self, size: int) -> list["Batch"]:
        """Split into parts of ``size`` points, the last one smaller; a ``size`` of 0 gives one part."""
        size = size or self.x0.shape[1]
        parts = [part.split(size, 1) for part in (self.x0, self.u, self.eps)]
        labels = [None] * len(parts[0]) if self.label is None else self.label.split(size, 1)
        return [Batch(*part) for part in zip(*parts, labels, strict=True)]


class Batches:
    """Batches without end, from one random permutation of the points after another.

    Args:
        points: shape (r, n, d).
        batch: points per batch; at most n, unless ``cycle`` is true.
        labels: of the points, shape (r, n).
        cycle: whether a batch at the end of a permutation continues with the next one. All points are then used equally
            often, and a batch may be larger than the set. Otherwise the points after the last whole batch of a
            permutation are skipped.
    """

    def __init__(
        self,
        points: torch.Tensor,
        batch: int,
        *,
        labels: torch.Tensor | None = None,
        cycle: bool = False,
        seed: int,
        replicates: list[int],
    ):
        self.points, self.batch, self.labels, self.cycle = points, batch, labels, cycle
        self.orders = [torch_generator(seed, replicate=i, purpose="batches") for i in replicates]
        self.noises = [torch_generator(seed, replicate=i, purpose="noise") for i in replicates]
        self.left = torch.empty(len(replicates), 0, dtype=torch.long)
        self._begin_round()
        self.drawn = self._draw()

    def __iter__(self) -> Iterator[Batch]:
        """The batches from here on."""
        return self

    def __next__(self) -> Batch:
        """The next batch."""
        return next(self.drawn)

    def state(self) -> dict[str, torch.Tensor]:
        """Where the batches are: the generators before what was drawn last, and how much of it was given."""
        return {**self.begun, "given": torch.tensor(self.given)}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from a ``state``: draw again what was drawn last, and leave out what was given."""
        for name, generators in (("orders", self.orders), ("noises", self.noises)):
            for generator, own in zip(generators, state[name], strict=True):
                generator.set_state(own.clone())  # torch crashes on a part of a tensor
        self.left = state["left"]
        self.drawn = self._draw()
        for _ in range(int(state["given"])):
            next(self.drawn)

    def _begin_round(self) -> None:
        """Keep what the next draws depend on."""
        named = {"orders": self.orders, "noises": self.noises}
        self.begun = {name: torch.stack([g.get_state() for g in own]) for name, own in named.items()}
        self.begun["left"], self.given = self.left, 0

    def _draw(self) -> Iterator[Batch]:
        """Some permutations at a time, cut into blocks of batches."""
        n, d = self.points.shape[1:]
        used = n if self.cycle else n // self.batch * self.batch
        size = max(1, min(BLOCK, MOST // (self.batch * d))) * self.batch
        permutations = -(-size // used) if self.cycle else max(1, size // used)
        while True:
            self._begin_round()
            drawn = [[torch.randperm(n, generator=g)[:used] for _ in range(permutations)] for g in self.orders]
            order = torch.cat([self.left, torch.stack([torch.cat(own) for own in drawn])], 1)
            whole = order.shape[1] // self.batch * self.batch
            order, self.left = order[:, :whole], order[:, whole:]
            for rows in order.split(size, 1):
                block = _block(self.points, self.labels, rows.to(self.points.device), self.noises)
                for batch in block.split(self.batch):
                    self.given += 1
                    yield batch


def _block(
    points: torch.Tensor, labels: torch.Tensor | None, order: torch.Tensor, noises: list[torch.Generator]
) -> Batch:
    """The points and labels in the ``order`` (r, b), with newly drawn noise levels and noise."""
    d, size, kind = points.shape[2], order.shape[1], points.dtype
    x0 = torch.gather(points, 1, order[..., None].expand(-1, -1, d))
    u = torch.stack([torch.rand(size, generator=g, dtype=kind) for g in noises]).to(x0.device)
    eps = torch.stack([torch.randn(size, d, generator=g, dtype=kind) for g in noises]).to(x0.device)
    return Batch(x0, u, eps, None if labels is None else labels.gather(1, order))
