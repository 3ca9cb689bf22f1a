"""One call on three arrays: are these copies?

The interval is that of a single set of samples judged against a single pair of reference sets (``net_interval``):
labels are permuted, with the points that are taken for copies travelling along with theirs, which gives the noise of
the reference sets, and the binomial spread of the copies is added. A bootstrap over generated points would leave the
reference sets out and be far too narrow; one over reference points would drop copied locations.
"""

import numpy as np
import pandas as pd

from diffmem.locations import checked
from diffmem.measure.net_interval import score_interval, spread
from diffmem.measure.pool import fractions, permuted, pool

RATIOS = (1.0, 1.5, 2.0, 3.0)


def audit(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    ratios: tuple[float, ...] = RATIOS,
    seed: int = 0,
    permutations: int = 200,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate which share of ``generated`` copies ``train``, against held-out points ``test`` of the same source.

    Args:
        train, test, generated: points of shape (n, d), (n', d) and (g, d), in the same units. Any sizes; exact copies
            within a set count as one location (at unequal sizes, data without atoms: where rows coincide by chance, as
            counts do, the distinct ones of the larger set follow another law).
        ratios: a point is called memorized at r if it is r times closer to a training than to a held-out location.
        seed: of the permutations.
        permutations: number of label permutations behind the chance level and the interval.
        level: of the interval.

    Returns:
        one row per ratio: ratio, raw (share called memorized), chance (that share under permuted labels: exact for
        samples that copy nothing, too high for copies, whose locations are permuted too), net (estimated share of
        copies), net_low, net_high.

    Raises:
        ValueError: if the arrays do not fit each other or hold values that are not finite.
    """
    train, test, generated = checked(train=train, test=test, generated=generated)
    r = np.asarray(sorted(ratios), dtype=float)
    if r.min(initial=1) < 1:
        raise ValueError(f"ratios = {list(r)}: each must be at least 1")
    pooled = pool(train=train, test=test, generated=generated)
    found = fractions(pooled, pooled.held_out(), r)
    raw, _ = permuted(pooled, r, permutations=permutations, rng=np.random.default_rng(seed))
    noise = spread(
        train=train, test=test, pooled=pooled, ratios=r, permutations=permutations, rng=np.random.default_rng(seed)
    )
    low, high = score_interval(noise, level=level)
    columns = {"ratio": r, "raw": found.raw, "chance": raw.mean(0), "net": found.net, "net_low": low, "net_high": high}
    return pd.DataFrame(columns)
