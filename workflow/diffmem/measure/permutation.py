r"""One snapshot judged in full: permuted labels as an exact null, and the criterion that needs fifty neighbours.

The labels "training" and "held-out" of the pooled locations are permuted. For a generator that knows nothing of them
the true labels are one draw among the permuted ones, at any sample size, dimension and quality (fractions of `pool`):

    p = (1 + permutations with a raw fraction at least as large) / (1 + permutations).                 (1)

For one that copies, the permuted fractions are too high a chance level, since copied locations are permuted too.
"""

import numpy as np
import pandas as pd

from diffmem.locations import distinct
from diffmem.measure.criteria import NEIGHBOURS, local
from diffmem.measure.pool import fractions, permuted, pool
from diffmem.neighbours.index import Index

PERMUTATIONS = 1000


def pooled(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    ratios: list[float],
    rng: np.random.Generator,
    permutations: int = PERMUTATIONS,
) -> pd.DataFrame:
    """Raw and net fractions of ``generated`` (g, d) beside those under permuted labels of ``train`` and ``test``.

    Returns:
        one row per ratio: threshold, raw, net, permuted (the mean raw fraction under permuted labels), permuted_low and
        permuted_high (which hold 95 % of them), p as in (1).
    """
    r = np.asarray(ratios, dtype=float)
    searched = pool(train=train, test=test, generated=generated)
    found = fractions(searched, searched.held_out(), r)
    raw, _ = permuted(searched, r, permutations=permutations, rng=rng)
    low, high = np.quantile(raw, [0.025, 0.975], axis=0)
    p = (1 + (raw >= found.raw).sum(0)) / (1 + permutations)
    columns = {"raw": found.raw, "net": found.net, "permuted": raw.mean(0), "permuted_low": low, "permuted_high": high}
    return pd.DataFrame({"threshold": r, **columns, "p": p})


def local_share(*, train: np.ndarray, generated: np.ndarray) -> float:
    """Share of ``generated`` (g, d) that lie within half the mean distance of their 50 nearest training locations."""
    found = Index(distinct(train)).nearest(generated, NEIGHBOURS)
    return float((local(found.distance.astype(np.float32)) < 1).mean())
