"""Whether the held-out points of every replicate could have been its training points."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.data.dataset import NEAR_DUPLICATE
from diffmem.measure.exchangeability import exchangeability
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = ("train", "test", "train_plain", "test_plain", "train_stratum", "test_stratum", "replicate")


def shard_exchangeability(data: Arrays, *, seed: int, twins: bool) -> pd.DataFrame:
    """The test of ``measure.exchangeability`` for every replicate.

    Args:
        data: ``DATA`` of a data file.
        seed: of the cell.
        twins: whether injected points have held-out twins, so that all points can be compared.

    Returns:
        the columns replicate, reference (plain: the points drawn from the inliers' distribution; matched: all points
        but near duplicates, which are always in the half of their original) and the fields of the test.
    """
    rows = []
    for replicate, points in by_replicate(data, DATA):
        train, test = points["train"], points["test"]
        sets = {"plain": (train[points["train_plain"]], test[points["test_plain"]])}
        if twins:
            sets["matched"] = train[_drawn(points, "train")], test[_drawn(points, "test")]
        for reference, (one, other) in sets.items():
            random = rng.generator(seed, replicate=replicate, purpose="measure", index=2)
            found = exchangeability(train=one, test=other, rng=random)
            rows.append({"replicate": replicate, "reference": reference, **dataclasses.asdict(found)})
    return pd.DataFrame(rows)


def _drawn(points: Mapping[str, np.ndarray], half: str) -> np.ndarray:
    """Which rows of a half are no near duplicates; exact ones are one location each."""
    return points[f"{half}_plain"] | (points[f"{half}_stratum"] != NEAR_DUPLICATE)
