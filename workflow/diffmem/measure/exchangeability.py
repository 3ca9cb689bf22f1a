r"""Test whether held-out points are exchangeable with training points. If not, no statement about copies is valid.

For example, if the standard deviation of the held-out set is 5 % larger in 32 dimensions, a perfect generator has a net
copied fraction of .19.

All distances between the N pooled locations, n of which are training locations, are computed once. Let a be the mean
distance between two training locations, b between two held-out locations, and c between a training and a held-out
location. Then

    energy statistic    E = 2 c - a - b                                                                (1)
    dispersion          S = b - a                                                                      (2)
    T = max(z(E), |z(S)|),   z(V) = (V - mean V) / sd V over all labellings drawn                      (3)
    p = (1 + number of permuted labellings with T at least as large) / (1 + number of them)            (4)

E (Szekely and Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018) is consistent against every difference between
distributions, but it has little power against a difference in scale in many dimensions. Its mean grows with the square
of the difference, while that of S grows linearly (Song and Chen 2020, https://arxiv.org/abs/2011.06127, on kernels).
(4) is valid for sets of any size, since (3) treats the true labelling in the same way as the permuted ones.

The power at the level .05 for Gaussian data and 100 repetitions follows. The held-out set of n' locations has a
standard deviation larger by the given factor, or is shifted by the given number of standard deviations. (With E alone
the power at the factor 1.05 is .80 for n = n' = 1000 and .33 for 1000 and 250.)

    d = 32, n = n' = 1000    wider 1.01  .42    1.02  .94    1.03  1.00    1.05  1.00    shifted .2  .58    .3   1.00
    d = 32, 1000 and 250     wider              1.02  .45                  1.05  1.00
    d = 2,  n = n' = 1000    wider 1.05  .51    1.1   .97    1.2   1.00                  shifted .1  .45    .2   .95

The test compares distributions and does not detect near duplicates within a set. If the points of both sets are evenly
spaced, as the angles of scikit-learn's moons are, p is close to 1 (mean .93 over repetitions) and not uniform.

With all labellings L (N, 1 + B) and the distances D (N, N), one matrix product gives the sums of distances within the
training set, 1' (L * D L).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist, squareform

from diffmem.locations import check_points, distinct_rows
from diffmem.measure.quality import subsample

POINTS = 1000  # locations of each set at most
PERMUTATIONS = 999
ROUNDING = 1e-9  # bound on the rounding error of a statistic of order one


@dataclass(frozen=True)
class Exchangeability:
    """Result of the test.

    Attributes:
        energy: E of (1), in the units of the data.
        wider: b / a - 1, the relative difference between the mean distances within both sets.
        statistic: T of (3).
        p_value: p of (4).
    """

    energy: float
    wider: float
    statistic: float
    p_value: float


def exchangeability(
    *,
    train: np.ndarray,
    test: np.ndarray,
    rng: np.random.Generator,
    points: int = POINTS,
    permutations: int = PERMUTATIONS,
) -> Exchangeability:
    """Test whether the points of ``train`` (n, d) and ``test`` (n', d) are exchangeable.

    Args:
        train, test: points of shape (n, d) and (n', d).
        rng: draws the subsamples and the permutations.
        points: number of locations of each set that are used, at most; larger sets are subsampled.
        permutations: number of permuted labellings.

    Raises:
        ValueError: if the arrays have other shapes or values that are not finite, or if a set has a single location.
    """
    given = check_points(train=train, test=test, compact=True)
    rows = [distinct_rows(points) for points in given]
    if min(map(len, rows)) < 2:
        raise ValueError(f"train and test need two distinct points each, found {len(rows[0])} and {len(rows[1])}")
    sets = [one[subsample(chosen, rng, points)].astype(np.float64) for one, chosen in zip(given, rows, strict=True)]
    pooled = np.vstack(sets)
    labels = _labellings(len(sets[0]), len(pooled), permutations, rng)
    a, b, c = _mean_distances(squareform(pdist(pooled)), labels)
    energy, dispersion = 2 * c - a - b, b - a
    t = np.maximum(_standard(energy, c[0]), np.abs(_standard(dispersion, c[0])))
    reached = np.count_nonzero(t[1:] >= t[0] - ROUNDING)
    return Exchangeability(
        energy=float(energy[0]),
        wider=float(b[0] / a[0] - 1),
        statistic=float(t[0]),
        p_value=(1 + reached) / (1 + permutations),
    )


def _labellings(train: int, total: int, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Labellings of shape (total, 1 + permutations): 1 for training locations, 0 for others; the true one is first."""
    true = (np.arange(total) < train).astype(float)
    drawn = rng.permuted(np.tile(true, (permutations, 1)), axis=1)
    return np.vstack([true, drawn]).T


def _mean_distances(distance: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b and c of each of l labellings, each of shape (l,), from all distances (N, N) and ``labels`` (N, l)."""
    n, m = labels[:, 0].sum(), (1 - labels[:, 0]).sum()
    within = (labels * (distance @ labels)).sum(0)
    from_train = distance.sum(1) @ labels
    between = from_train - within
    held_out = distance.sum() - from_train - between
    return within / (n * (n - 1)), held_out / (m * (m - 1)), between / (n * m)


def _standard(values: np.ndarray, unit: float) -> np.ndarray:
    """Standard scores (l,) of ``values`` (l,); zero if the values differ by rounding only, relative to ``unit``."""
    deviation = values - values.mean()
    sd = deviation.std()
    return deviation / sd if sd > ROUNDING * unit else np.zeros_like(values)
