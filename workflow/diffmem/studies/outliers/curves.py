"""The study of paper 1: from the rates of single replicates to curves with intervals."""

import pandas as pd

from diffmem.measure.intervals import band, over_replicates

CURVE = [
    "study", "cell", "weights", "step", "epoch", "stratum", "reference", "criterion", "threshold", "headline",
    "normalisation",
]  # fmt: skip
SPAN = 0.02  # least distance between floor and ceiling for a relative value
QUALITY = ["study", "cell", "step", "epoch", "measure"]
LOSS = ["study", "cell", "step", "epoch", "set"]


def curves(rates: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of every rate, beside its floor, ceiling and chance level.

    The relative value puts a rate on the scale from what the truth scores to what total memorization scores,
    (mean - floor) / (ceiling - floor); it is missing where the two are nearly equal.

    Args:
        rates: the tables of all shards of a study, with the columns ``CURVE``, replicate, value, floor, ceiling,
            chance, resolution and recall. Where ``headline`` says that a threshold is the ratio of the main figures,
            curves get a simultaneous band as well.

    Returns:
        the columns ``CURVE``, mean, low, high, replicates, floor (its 95 % interval: floor_low, floor_high), ceiling,
        chance, resolution, recall (each a mean), relative, relative_low, relative_high, band_low, band_high.
    """
    result = over_replicates(rates, by=CURVE, value="value")
    floor = over_replicates(rates, by=CURVE, value="floor")
    result = result.assign(floor=floor["mean"], floor_low=floor["low"], floor_high=floor["high"])
    for name in ("ceiling", "chance", "resolution", "recall"):
        result[name] = over_replicates(rates, by=CURVE, value=name)["mean"]
    span = (result["ceiling"] - result["floor"]).where(lambda apart: apart.abs() > SPAN)
    for name, of in (("relative", "mean"), ("relative_low", "low"), ("relative_high", "high")):
        result[name] = (result[of] - result["floor"]) / span
    return result.merge(bands(rates), on=CURVE, how="left")


def bands(rates: pd.DataFrame) -> pd.DataFrame:
    """Simultaneous 95 % bands over the snapshots of every curve at its cell's main ratio.

    Returns the columns ``CURVE``, band_low and band_high. Snapshots at which a replicate has no value are left out.
    """
    shown = rates[rates["headline"] & (rates["normalisation"] != "location")]
    parts = [shown.iloc[:0][CURVE].assign(band_low=0.0, band_high=0.0)]
    for _, curve in shown.groupby([c for c in CURVE if c not in ("step", "epoch")], observed=True, sort=False):
        wide = curve.pivot(index="replicate", columns="step", values="value").dropna(axis=1)
        if len(wide) > 1 and wide.shape[1]:
            low, high = band(wide.to_numpy())
            drawn = pd.DataFrame({"step": wide.columns, "band_low": low, "band_high": high})
            parts.append(curve[CURVE].drop_duplicates().merge(drawn, on="step"))
    return pd.concat(parts, ignore_index=True)


def losses(training: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of the loss: averaged over noise levels as training does, and the gap.

    Args:
        training: the tables of all shards of a study: columns ``LOSS``, replicate, sigma and loss.

    Returns:
        the columns ``LOSS``, sigma, mean, low, high, replicates; set is train or held-out, with sigma missing, or gap,
        the loss on held-out points less that on training points at every noise level.
    """
    training = training.dropna(subset="loss")
    if training.empty:  # the model was trained elsewhere
        return pd.DataFrame(columns=[*LOSS, "sigma", "mean", "low", "high", "replicates"])
    per_replicate = training.groupby([*LOSS, "replicate"], sort=False)["loss"].mean().reset_index()
    key = [*(name for name in LOSS if name != "set"), "replicate", "sigma"]
    sides = training.pivot_table(index=key, columns="set", values="loss")  # a mean where levels coincide
    gaps = (sides["held-out"] - sides["train"]).rename("loss").reset_index().assign(set="gap")
    table = pd.concat([per_replicate.assign(sigma=float("nan")), gaps], ignore_index=True)
    return over_replicates(table, by=[*LOSS, "sigma"], value="loss")


def quality(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of every measure of quality, beside the means of floor and held_out.

    Args:
        table: the tables of all shards of a study: columns ``QUALITY``, replicate, value, floor and held_out.
    """
    result = over_replicates(table, by=QUALITY, value="value")
    beside = {name: over_replicates(table, by=QUALITY, value=name)["mean"] for name in ("floor", "held_out")}
    return result.assign(**beside)
