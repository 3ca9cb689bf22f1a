r"""Where the members of the smaller set are in the lists of neighbours, for many labellings at once.

`net_fraction` needs, for every point and labelling, the position of the first member of the smaller set in the point's
list, and the number of its members among the first so many of the list. There are two ways, which give the same
numbers:

    along the lists     running counts of every position, k numbers per point and labelling
    by member           the positions of all n' members, n' numbers per point and labelling

The lists have k = 12 (n + n') / n' entries (`pool`), so that the second way is the shorter one if n' is below about the
square root of 12 (n + n').
"""

from typing import Protocol

import numpy as np


class Counted(Protocol):
    """The smaller set in the lists of b points under l labellings.

    Attributes:
        first: position of its first member in each list, of shape (b, l), k if the list has none.
    """

    first: np.ndarray

    def within(self, around: np.ndarray) -> np.ndarray:
        """Number of its members among the first ``around`` (b, l) entries, at least one and fewer than k: (b, l)."""
        ...


class Counting(Protocol):
    """Counts the smaller set in lists of members.

    Attributes:
        entries: numbers per point and labelling that are in memory at once.
    """

    entries: int

    def __call__(self, member: np.ndarray) -> Counted:
        """Counts in the lists ``member`` (b, k) of b points."""
        ...


def counting(smaller: np.ndarray, k: int) -> Counting:
    """The shorter way for lists of ``k`` entries, if ``smaller`` (m, l) marks the smaller set in each labelling."""
    return ByMember(smaller) if np.count_nonzero(smaller[:, 0]) < k else AlongLists(smaller, k)


class AlongLists:
    """Running counts along the lists."""

    def __init__(self, smaller: np.ndarray, k: int):
        self.smaller, self.entries = smaller.astype(np.uint8), k

    def __call__(self, member: np.ndarray) -> Counted:
        """Counts in the lists ``member`` (b, k)."""
        b, k = member.shape
        before = np.empty((b, k, self.smaller.shape[1]), dtype=np.uint8 if k <= 255 else np.uint16)
        run = np.zeros((b, self.smaller.shape[1]), dtype=before.dtype)
        first = np.zeros(run.shape, dtype=run.dtype)
        for place in range(k):
            run += self.smaller[member[:, place]]
            before[:, place] = run
            first += run == 0
        return _Running(first.astype(np.intp), before)


class _Running:
    """Numbers of members up to and including every position: ``before``, of shape (b, k, l)."""

    def __init__(self, first: np.ndarray, before: np.ndarray):
        self.first, self.before = first, before

    def within(self, around: np.ndarray) -> np.ndarray:
        """Number of members among the first ``around`` (b, l) entries."""
        rows, columns = np.ogrid[: len(around), : around.shape[1]]
        return self.before[rows, around - 1, columns]


class ByMember:
    """Positions of the members of the smaller set."""

    def __init__(self, smaller: np.ndarray):
        _, member = np.nonzero(smaller.T)
        self.total, self.member = len(smaller), member.reshape(smaller.shape[1], -1).T  # (n', l)
        self.entries = max(len(self.member), -(-self.total // smaller.shape[1]))

    def __call__(self, member: np.ndarray) -> Counted:
        """Counts in the lists ``member`` (b, k)."""
        b, k = member.shape
        position = np.full((b, self.total), k, dtype=np.uint16 if k < 2**16 else np.int32)
        np.put_along_axis(position, member, np.arange(k, dtype=position.dtype)[None], axis=1)
        return _Placed(position[:, self.member])


class _Placed:
    """The position of each member of the smaller set in each list, k if it is not in it: of shape (b, n', l)."""

    def __init__(self, position: np.ndarray):
        self.position = position
        self.first = position.min(1).astype(np.intp)

    def within(self, around: np.ndarray) -> np.ndarray:
        """Number of members among the first ``around`` (b, l) entries."""
        return (self.position < around[:, None].astype(self.position.dtype)).sum(1, dtype=np.int32)
