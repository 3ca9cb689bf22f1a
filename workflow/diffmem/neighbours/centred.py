"""Points minus their centre in float64, without a copy of all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS = 2048  # rows converted at once


@dataclass(frozen=True)
class Centred:
    """Points in float32, of which rows are converted to float64 and centred when they are asked for.

    The rows are the same as those of ``given.astype(float64) - centre``, which takes twice the memory of ``given``.

    Attributes:
        given: of shape (m, d), perhaps a file mapped into memory.
        centre: of shape (d,), float64.
    """

    given: np.ndarray
    centre: np.ndarray

    def __len__(self) -> int:
        return len(self.given)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """The selected rows; ``rows`` is a slice or an integer array of any shape."""
        found = self.given[rows].astype(np.float64)
        found -= self.centre
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """(m, d)."""
        return self.given.shape

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.given.size


Positions = np.ndarray | Centred  # centred positions of shape (m, d)


def blocks(positions: Positions, rows: int = ROWS) -> Iterator[np.ndarray]:
    """``positions`` (m, d), so many ``rows`` at once."""
    return (positions[start : start + rows] for start in range(0, len(positions), rows))


def as_float32(positions: Positions) -> np.ndarray:
    """``positions`` (m, d) in float32."""
    found = np.empty(positions.shape, dtype=np.float32)
    for start, part in zip(range(0, len(found), ROWS), blocks(positions), strict=True):
        found[start : start + ROWS] = part
    return found
