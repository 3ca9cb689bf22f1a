r"""Are the held-out points exchangeable with the training points? Where they are not, no verdict of copying holds.

A held-out set that is wider by 5 % in 32 dimensions makes a perfect generator read a net copied fraction of .19.

Of N pooled locations, n of them training ones, all distances are computed once. Let a and b be the mean distance
between two training and between two held-out locations, and c that between one of each. Then

    energy statistic    E = 2 c - a - b                                                                (1)
    dispersion          S = b - a                                                                      (2)
    T = max(z(E), |z(S)|),   z(V) = (V - mean V) / sd V over all labellings drawn                      (3)
    p = (1 + number of permuted labellings with T at least as large) / (1 + number of them)            (4)

E (Szekely and Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018) sees every difference in law in the end, but
hardly that of widths in many dimensions: its mean grows with the square of the difference, that of S with the
difference (Song and Chen 2020, https://arxiv.org/abs/2011.06127, on kernels). (4) is valid at any sizes, as the true
labelling is treated like the permuted ones in (3) as well.

Power at the level .05, Gaussian data, a held-out set of n' locations that is wider or shifted by so many standard
deviations, 100 redraws (.80 at 1.05, and .33 for 1000 with 250, by E alone):

    d = 32, n = n' = 1000    wider 1.01  .42    1.02  .94    1.03  1.00    1.05  1.00    shifted .2  .58    .3   1.00
    d = 32, 1000 and 250     wider              1.02  .45                  1.05  1.00
    d = 2,  n = n' = 1000    wider 1.05  .51    1.1   .97    1.2   1.00                  shifted .1  .45    .2   .95

It compares laws, not places: near duplicates within one set pass. Sets spaced alike, as scikit-learn's moons with their
evenly spaced angles are, give p near 1 (mean .93 over redraws) instead of a uniform one.

All labellings L (N, 1 + B) take one product: the sums of distances within the training set are 1' (L * D L).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist, squareform

from diffmem.locations import checked, distinct
from diffmem.measure.quality import subsample

POINTS = 1000
PERMUTATIONS = 999
ROUNDING = 1e-9  # what the order of summation may add to a statistic of order one


@dataclass(frozen=True)
class Exchangeability:
    """Result of the test.

    Attributes:
        energy: E of (1), in the units of the data.
        wider: b / a - 1, by how much held-out distances exceed those between training locations.
        statistic: T of (3).
        p_value: (4).
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
    """Test whether ``train`` (n, d) and ``test`` (n', d) could have changed places.

    Raises:
        ValueError: if the arrays do not fit each other, hold values that are not finite, or have one location only.
    """
    sets = [distinct(given) for given in checked(train=train, test=test)]
    if min(map(len, sets)) < 2:
        raise ValueError(f"train and test need two distinct points each, found {len(sets[0])} and {len(sets[1])}")
    sets = [subsample(locations, rng, points) for locations in sets]
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
    """Which locations are called training ones: 1 or 0, of shape (total, 1 + permutations), the true ones first."""
    true = (np.arange(total) < train).astype(float)
    drawn = rng.permuted(np.tile(true, (permutations, 1)), axis=1)
    return np.vstack([true, drawn]).T


def _mean_distances(distance: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b and c of every labelling, from all distances (N, N) and ``labels`` (N, l): each of shape (l,)."""
    n, m = labels[:, 0].sum(), (1 - labels[:, 0]).sum()
    within = (labels * (distance @ labels)).sum(0)
    from_train = distance.sum(1) @ labels
    between = from_train - within
    held_out = distance.sum() - from_train - between
    return within / (n * (n - 1)), held_out / (m * (m - 1)), between / (n * m)


def _standard(values: np.ndarray, unit: float) -> np.ndarray:
    """``values`` (l,) less their mean, over their standard deviation; zero where they differ by rounding only."""
    deviation = values - values.mean()
    sd = deviation.std()
    return deviation / sd if sd > ROUNDING * unit else np.zeros_like(values)
