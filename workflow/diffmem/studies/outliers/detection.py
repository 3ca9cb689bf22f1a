"""Finding injected outliers by how they are memorized (paper 1's second use), beside detectors that need no model.

Every detector gives each training location a score, higher for what it takes for an outlier:

    memorized late                     snapshot of the alarm (measure.memorization_time), s without one          (1)
    seldom memorized, by snapshots     minus the number of snapshots at which it is reproduced                   (2)
    seldom memorized, by points        minus the number of generated points that reproduce it, all snapshots     (3)
    distance to neighbour k            Euclidean, among the training locations                                   (4)
    isolation forest                   scikit-learn (Liu et al. 2008, https://doi.org/10.1109/ICDM.2008.17)      (5)
    local outlier factor               scikit-learn (Breunig et al. 2000, https://doi.org/10.1145/335191.335388) (6)

A score is measured by the area under its ROC curve (.5 without information, below .5 if it points the wrong way; its
sign is not changed) and by its average precision, which is the prevalence without information.

(1) to (3) need neither labels nor held-out twins. Where there are twins, the same scores are computed for the held-out
locations. A score that finds held-out outliers as well as trained ones measures where the model puts its mass, or how
closely points lie there, and not what the model memorized.
"""

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from diffmem.measure.memorization_time import SIDES, chance_of_hit, first_alarm, hits
from diffmem.measure.strata import Strata

NEIGHBOURS = 20  # scikit-learn's default of the local outlier factor


def detection(
    table: np.ndarray,
    known: Strata,
    *,
    positions: np.ndarray,
    ratio: float,
    dimension: float,
    seed: int,
    neighbours: int = NEIGHBOURS,
    target: str = "outlier",
) -> pd.DataFrame:
    """How well each detector finds the ``target`` stratum of one replicate.

    Args:
        table: neighbour table of shape (s, g), snapshot first.
        positions: of the training locations, of shape (m, d).
        ratio, dimension: of the memorization time, as in ``measure.memorization_time.times``.
        seed: of the isolation forest.
        neighbours: k of (4) and (6).

    Returns:
        one row per detector and side: detector, side (one of ``measure.memorization_time.SIDES``; held-out for (1) to
        (3) only), auroc, average_precision, prevalence.
    """
    code = known.names.index(target)
    parts = []
    for side, strata in zip(SIDES, (known.train, known.test), strict=True):
        if side != "train" and not (strata == code).any():
            continue
        count = hits(table, known, side=side, ratio=ratio)
        level = chance_of_hit(ratio, dimension=dimension)
        scores = memorization_scores(count, expected=table.shape[1] / len(strata), chance=level)
        if side == "train":
            scores |= geometry_scores(positions, neighbours=neighbours, seed=seed)
        parts.append(judge(scores, target=strata == code).assign(side=side))
    columns = ["detector", "side", "auroc", "average_precision", "prevalence"]
    return pd.concat(parts, ignore_index=True)[columns]


def memorization_scores(count: np.ndarray, *, expected: float, chance: float) -> dict[str, np.ndarray]:
    """Detector -> scores (m,) by (1) to (3), from ``count`` (s, m), the points that reproduce a location.

    ``expected`` points per location and ``chance`` of a hit are those of ``measure.memorization_time.first_alarm``.
    """
    return {
        "memorized late": first_alarm(count, expected=expected, chance=chance),
        "seldom memorized, by snapshots": -(count > 0).sum(0),
        "seldom memorized, by points": -count.sum(0),
    }


def geometry_scores(positions: np.ndarray, *, neighbours: int, seed: int) -> dict[str, np.ndarray]:
    """Detector -> scores (m,) by (4) to (6), from ``positions`` (m, d) alone."""
    k = min(neighbours, len(positions) - 1)
    distance = NearestNeighbors(n_neighbors=k).fit(positions).kneighbors()[0]  # without queries: none is its own
    forest = IsolationForest(random_state=seed).fit(positions)
    factor = LocalOutlierFactor(n_neighbors=k).fit(positions)
    return {
        f"distance to neighbour {k}": distance[:, -1],
        "isolation forest": -forest.score_samples(positions),
        "local outlier factor": -factor.negative_outlier_factor_,
    }


def judge(scores: dict[str, np.ndarray], *, target: np.ndarray) -> pd.DataFrame:
    """Areas under the ROC curve and average precisions.

    Args:
        scores: detector -> scores (m,).
        target: which locations are to be found, booleans of shape (m,).

    Returns:
        one row per detector: detector, auroc, average_precision, prevalence.
    """
    if target.all() or not target.any():
        raise ValueError(f"{target.sum()} of {len(target)} locations are outliers: detection needs some of either kind")
    rows = [
        {
            "detector": name,
            "auroc": roc_auc_score(target, score),
            "average_precision": average_precision_score(target, score),
            "prevalence": target.mean(),
        }
        for name, score in scores.items()
    ]
    return pd.DataFrame(rows)
