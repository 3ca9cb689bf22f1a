"""The study of paper 1: from the rates of single replicates to curves with intervals."""

import pandas as pd

from diffmem.measure.intervals import over_replicates

CURVE = [
    "study", "cell", "weights", "step", "epoch", "stratum", "reference", "criterion", "threshold", "normalisation",
]  # fmt: skip
LOSS = ["study", "cell", "step", "epoch", "set"]


def curves(rates: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of every rate, beside the mean floor and chance level.

    Args:
        rates: the tables of all shards of a study, with the columns ``CURVE``, replicate, value, floor and chance.

    Returns:
        the columns ``CURVE``, mean, low, high, replicates, floor (95 % interval: floor_low, floor_high) and chance.
    """
    result = over_replicates(rates, by=CURVE, value="value")
    floor = over_replicates(rates, by=CURVE, value="floor")
    chance = over_replicates(rates, by=CURVE, value="chance")
    return result.assign(floor=floor["mean"], floor_low=floor["low"], floor_high=floor["high"], chance=chance["mean"])


def losses(training: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of the loss, averaged over noise levels as training does.

    Args:
        training: the tables of all shards of a study: columns ``LOSS``, replicate, sigma and loss.
    """
    per_replicate = training.groupby([*LOSS, "replicate"], sort=False)["loss"].mean().reset_index()
    return over_replicates(per_replicate, by=LOSS, value="loss")
