r"""Frechet distance between two sets of points, and its expected value for two samples of one distribution.

With means m and covariances S of g generated and h held-out points,

    F = |m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1^(1/2) S_2 S_1^(1/2))^(1/2)).                            (1)

Dowson and Landau 1982, https://doi.org/10.1016/0047-259X(82)90077-X. On Inception features it is the FID of Heusel et
al. 2017, https://arxiv.org/abs/1706.08500. It is positive for two samples of one distribution. For samples of a
Gaussian whose covariance has the eigenvalues v_i, its mean is, to first order in 1/g + 1/h,

    E F = (1/g + 1/h) (sum_i v_i + 1/2 sum_ij v_i v_j (1 + [i = j]) / (v_i + v_j)).                    (2)

For unit variances this is (1/g + 1/h) d (d + 5) / 4. With 64 pixels and 1,000 points in each set, F is 2.2 on average
if there is no difference. Both F and F minus (2) are reported; the latter can be compared between sets of different
sizes. The v_i are estimated from the held-out sample, and estimated eigenvalues are more spread out than the true ones.
With unit variances, (2) is therefore too small by 3 % with 15 points per feature, by 15 % with 3 and by 40 % with 1.
With fewer than a few points per feature, F should be compared with that of fresh points.
"""

from collections.abc import Callable

import numpy as np

from diffmem.gaussian import fit_normal
from diffmem.locations import check_points
from diffmem.measure.distances import squared_wasserstein


def frechet(
    *, generated: np.ndarray, held_out: np.ndarray, space: Callable[[np.ndarray], np.ndarray] | None = None
) -> dict[str, float]:
    """Frechet distance (1) between generated and held-out points, in squared units of the data.

    Args:
        generated, held_out: points of shape (g, d) and (h, d).
        space: converts points (n, d) to the features (n, f) that are compared; None stands for the points themselves.

    Returns:
        frechet (1); frechet_floor (2) with the eigenvalues of the held-out points; frechet_excess, their difference.

    Raises:
        ValueError: if the arrays have other shapes or values that are not finite, or if a set has one point or none.
    """
    generated, held_out = check_points(generated=generated, held_out=held_out)
    if min(len(generated), len(held_out)) < 2:
        sizes = f"{len(generated)} generated and {len(held_out)} held-out points"
        raise ValueError(f"frechet: {sizes} have no covariance; give two or more of each")
    sets = [space(points) if space else points for points in (generated, held_out)]
    laws = [fit_normal(points) for points in _in_their_span(sets)]
    value = squared_wasserstein(*laws)
    floor = expected(laws[1].variances, sizes=(len(generated), len(held_out)))
    return {"frechet": value, "frechet_floor": floor, "frechet_excess": value - floor}


def _in_their_span(sets: list[np.ndarray]) -> list[np.ndarray]:
    """The sets (g, d) and (h, d) in coordinates of the space that they span, if that has fewer than d dimensions.

    (1) and (2) do not change under rotations. The eigenvalues of a covariance of all d features take d^3 operations,
    half a minute for colour images of 32 x 32 pixels.
    """
    points = np.vstack(sets).astype(np.float64)
    if len(points) >= points.shape[1]:
        return sets
    points -= points.mean(0)
    axes, _ = np.linalg.qr(points.T)
    return np.split(points @ axes, [len(sets[0])])


def expected(eigenvalues: np.ndarray, *, sizes: tuple[int, int]) -> float:
    """Expected value (2), from the ``eigenvalues`` (d,) of the covariance and the ``sizes`` g and h of the sets."""
    v = np.maximum(eigenvalues, 0)
    total = v[:, None] + v
    pairs = np.divide(v[:, None] * v * (1 + np.eye(len(v))), total, out=np.zeros_like(total), where=total > 0)
    return float((1 / sizes[0] + 1 / sizes[1]) * (v.sum() + pairs.sum() / 2))
