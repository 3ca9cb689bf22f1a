"""The smallest squared distances by matrix products in float32, tile by tile, without a matrix of all distances.

With a column of squared norms beside the positions p, and ones beside -2 q, the product of a tile of queries with a
tile of positions is |p|^2 - 2 q.p. The nearest of the first positions give a limit, and of each further tile only the
values below the limit are looked at. The positions are stored in random order, so that the first ones are as near as
any.
"""

from dataclasses import dataclass

import numpy as np

from diffmem.neighbours.centred import Positions

TILE = 256, 2048  # queries and positions of one product, whose values stay in the processor's cache
LEAST = 512  # positions whose nearest give the first limit


@dataclass(frozen=True)
class Stored:
    """Positions as they are multiplied.

    Attributes:
        points: in random order, the positions with their squared norms, of shape (m, d + 1), float32.
        row: row of each of them, of shape (m,).
    """

    points: np.ndarray
    row: np.ndarray


def stored(positions: Positions) -> Stored:
    """Store centred ``positions`` (m, d)."""
    order = np.random.default_rng(0).permutation(len(positions))
    points = np.empty((len(order), positions.shape[1] + 1), dtype=np.float32)
    for start in range(0, len(order), TILE[1]):
        part = positions[order[start : start + TILE[1]]]
        points[start : start + TILE[1], :-1] = part
        points[start : start + TILE[1], -1] = np.einsum("md,md->m", part, part)
    return Stored(points, order)


def smallest(queries: np.ndarray, among: Stored, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances and rows of the ``count`` nearest to the float32 ``queries`` (q, d): (q, count), unordered."""
    parts = [_nearest(queries[i : i + TILE[0]], among.points, count) for i in range(0, len(queries), TILE[0])]
    squared, place = (np.concatenate(part) for part in zip(*parts, strict=True))
    with np.errstate(over="ignore"):
        squares = np.einsum("qd,qd->q", queries, queries)
    return squared + squares[:, None], among.row[place]


def _nearest(query: np.ndarray, points: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """|p|^2 - 2 q.p and places of the ``count`` nearest of the stored ``points`` (m, d + 1): (q, count) each."""
    query = np.column_stack([-2 * query, np.ones(len(query), np.float32)])
    space = np.empty((len(query), TILE[1]), dtype=np.float32)
    rows = max(LEAST, 4 * count)
    value = _values(query, points[:rows], None)
    best, where = _least(value, np.broadcast_to(np.arange(value.shape[1]), value.shape), count)
    waiting: list[tuple[np.ndarray, ...]] = []
    for start in range(rows, len(points), TILE[1]):
        value = _values(query, points[start : start + TILE[1]], space)
        below = np.flatnonzero(value < best.max(1)[:, None])
        row, column = np.divmod(below, value.shape[1])
        waiting.append((row, value.ravel()[below], column + start))
        if sum(len(part[0]) for part in waiting) > best.size or start + TILE[1] >= len(points):
            best, where = _with(best, where, *map(np.concatenate, zip(*waiting, strict=True)))
            waiting = []
    return best, where


def _values(query: np.ndarray, part: np.ndarray, space: np.ndarray | None) -> np.ndarray:
    """The product of a tile, (q, p), in ``space`` (q, ``TILE[1]``) if it has this shape."""
    fits = space is not None and space.shape[1] == len(part)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.matmul(query, part.T, out=space if fits else None)


def _least(value: np.ndarray, place: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` smallest of each row of ``value`` (q, c), and their ``place`` (q, c)."""
    if value.shape[1] <= count:
        return value, place
    chosen = np.argpartition(value, count - 1, axis=1)[:, :count]
    return np.take_along_axis(value, chosen, 1), np.take_along_axis(place, chosen, 1)


def _with(
    best: np.ndarray, where: np.ndarray, row: np.ndarray, value: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The smallest of ``best`` (q, c) and of further values (n,) of the given rows, as many, and where they are."""
    order = np.argsort(row, kind="stable")
    number = np.bincount(row, minlength=len(best))
    column = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    more = np.full((len(best), number.max(initial=0)), np.inf, dtype=best.dtype)
    its = np.zeros(more.shape, dtype=where.dtype)
    more[row[order], column], its[row[order], column] = value[order], place[order]
    return _least(np.hstack([best, more]), np.hstack([where, its]), best.shape[1])
