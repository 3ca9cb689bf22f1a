r"""Exact permutation test of one snapshot, and the criterion that needs fifty neighbours.

The labels "training" and "held-out" of the pooled locations are permuted. For a generator that is independent of the
labels, the true labels and the permuted labels have the same distribution, for any sample size, dimension and quality
of the generator (`net_fraction`). The p-value is

    p = (1 + permutations with a raw fraction at least as large) / (1 + permutations).                 (1)

For a generator that copies, the fractions under permuted labels are higher than the chance level, since the labels of
copied locations are permuted too.
"""

import numpy as np
import pandas as pd

from diffmem.locations import distinct
from diffmem.measure.criteria import NEIGHBOURS, local
from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.net_interval import permuted
from diffmem.measure.pool import Members
from diffmem.neighbours.index import Index

PERMUTATIONS = 1000


def permutation_test(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    ratios: list[float],
    headline: float,
    rng: np.random.Generator,
    permutations: int = PERMUTATIONS,
) -> pd.DataFrame:
    """Raw and net fractions under the true labels, and raw fractions under permuted labels.

    Args:
        train, test, generated: points of shape (n, d), (n', d) and (g, d).
        ratios: thresholds r.
        headline: the ratio of the main figures.
        rng: draws the permutations.
        permutations: number of permutations.

    Returns:
        a table with one row per ratio and the columns threshold, headline (whether it is the ratio of the main
        figures), raw, net, permuted (mean raw fraction under permuted labels), permuted_low and permuted_high (which
        contain 95 % of these fractions) and p (1).
    """
    r = np.asarray(ratios, dtype=float)
    members = Members(train=train, test=test)
    points = members.around(generated)
    fraction = NetFraction(train=members.train, test=members.test, ratios=r)
    found = fraction.fractions(points, members.held_out())
    raw, _ = permuted(points, r, permutations=permutations, rng=rng)
    low, high = np.quantile(raw, [0.025, 0.975], axis=0)
    p = (1 + (raw >= found.raw).sum(0)) / (1 + permutations)
    columns = {"raw": found.raw, "net": found.net, "permuted": raw.mean(0), "permuted_low": low, "permuted_high": high}
    return pd.DataFrame({"threshold": r, "headline": r == headline, **columns, "p": p})


def local_share(*, train: np.ndarray, generated: np.ndarray) -> float:
    """Share of points that are copies by criterion (3) of `criteria`, with the 50 nearest training locations.

    Args:
        train, generated: points of shape (n, d) and (g, d).
    """
    found = Index(distinct(train)).nearest(generated, NEIGHBOURS)
    return float((local(found.distance.astype(np.float32)) < 1).mean())
