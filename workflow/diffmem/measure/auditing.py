r"""The net copied fraction of one set of samples at several ratios, with interval, chance level and power.

The interval is that of one set of samples and one pair of reference sets (``net_interval``). Permuted labels, with the
presumed copies moving along with the labels, give the variance that is due to the choice of the reference sets. The
binomial variance of the number of copies is added. A bootstrap over generated points would leave out the variance of
the reference sets, and its interval would be far too narrow. A bootstrap over reference points would drop copied
locations.

Detectable share. The interval lies above 0 if A_r > z sqrt(V). A share p of copies is detected with a power of 80 % if

    p = z sqrt(V) + z' sqrt(V + p (1 - p) / g),   z = 1.96, z' = 0.84,                                  (1)

and if the g points contain a copy at all with this probability, 1 - (1 - p)^g >= .8. V is the variance of A_r under
permuted labels, of the points that are not presumed to be copies. With the copies included, V would be too large.

Choice of the ratio. With few features V decreases as r grows. In many dimensions V is large at r = 1, where a few
locations are the nearest neighbours of most points, and vanishes at larger r. The ratio to read is the smallest one at
which a share of 5 % is detectable, or, if there is none, the ratio with the smallest detectable share. The choice
depends on the variance and not on the estimate. (If V_0 is above 1/16, A_r may be near 1 by chance. V is then V_0, as
nearly all points would be presumed copies and the variance of no others would be left.)
"""

import numpy as np
import pandas as pd
import scipy

from diffmem.locations import check_points
from diffmem.measure.net_interval import Spread, score_interval, spread
from diffmem.neighbours.index import Index, MakeSearch

RATIOS = (1.0, 1.5, 2.0, 3.0)
POWER = 0.8
LARGEST_DETECTABLE = 0.05  # no verdict if only larger shares are detectable


def net_copied_fractions(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    ratios: tuple[float, ...] = RATIOS,
    seed: int = 0,
    permutations: int = 200,
    level: float = 0.95,
    search: MakeSearch = Index,
) -> pd.DataFrame:
    """Estimate the share of ``generated`` points that copy ``train``, using held-out points ``test``.

    Args:
        train, test, generated: points of shape (n, d), (n', d) and (g, d), in the same units. ``test`` is from the same
            source as ``train``. Exact duplicates within a set count as one location. If n and n' differ, the data must
            be continuous: where rows coincide by chance, as counts do, the distinct rows of the larger set have another
            distribution than those of the smaller one.
        ratios: a point is called memorized at r if it is r times closer to a training than to a held-out location.
        seed: of the permutations.
        permutations: number of label permutations for the chance level and the interval.
        level: confidence level of the interval.
        search: makes the search among training and held-out locations; another than the default one where several
            versions of an item count as one (`neighbours.versions`).

    Returns:
        a table with one row per ratio and the columns ratio, raw (share called memorized), chance (mean of raw under
        permuted labels), net (estimated share of copies), net_low, net_high, detectable (the smallest share that is
        detected with a power of 80 %) and read (whether this is the ratio to read). All shares lie in [-1, 1]. chance
        is exact for samples without copies, and too high for samples with copies, since the labels of copied locations
        are permuted too.

    Raises:
        ValueError: if the arrays have other shapes or values that are not finite, or if a ratio is below 1.
    """
    train, test, generated = check_points(train=train, test=test, generated=generated, compact=True)
    r = np.asarray(sorted(ratios), dtype=float)
    if r.min(initial=1) < 1:
        raise ValueError(f"ratios = {list(r)}: each must be at least 1")
    rng = np.random.default_rng(seed)
    found = spread(
        train=train, test=test, generated=generated, ratios=r, permutations=permutations, rng=rng, search=search
    )
    return table(found, r, level=level)


def table(found: Spread, ratios: np.ndarray, *, level: float = 0.95) -> pd.DataFrame:
    """The table of `net_copied_fractions` from the results ``found`` at the ``ratios`` (r,), with one row per ratio."""
    low, high = score_interval(found, level=level)
    seen = detectable(found.others, count=found.count, level=level)
    columns = {"net": found.net, "net_low": low, "net_high": high}
    shares = {name: np.clip(value, -1, 1) for name, value in columns.items()}
    return pd.DataFrame(
        {"ratio": ratios, "raw": found.raw, "chance": found.chance, **shares, "detectable": seen}
        | {"read": np.arange(len(ratios)) == select_ratio(seen)}
    )


def detectable(variance: np.ndarray, *, count: int, level: float = 0.95) -> np.ndarray:
    """Detectable share by (1), for a ``variance`` V of any shape and ``count`` generated points.

    Returns:
        shares in [0, 1], of the shape of ``variance``.
    """
    z, power = scipy.special.ndtri((1 + level) / 2), scipy.special.ndtri(POWER)
    variance = np.asarray(variance, dtype=float)
    least = z * np.sqrt(variance)
    # the larger root of (p - least)^2 = power^2 (V + p (1 - p) / g)
    a, b, c = 1 + power**2 / count, 2 * least + power**2 / count, least**2 - power**2 * variance
    share = (b + np.sqrt(np.maximum(b**2 - 4 * a * c, 0))) / (2 * a)
    return np.clip(np.maximum(share, 1 - (1 - POWER) ** (1 / count)), 0, 1)


def select_ratio(seen: np.ndarray) -> int:
    """Index of the ratio to read, from the `detectable` shares (r,) at ascending ratios."""
    enough = np.flatnonzero(seen <= LARGEST_DETECTABLE)
    return int(enough[0] if len(enough) else np.argmin(seen))
