"""Curves of one stratum of a cell over its snapshots, from tables of rates, and their mean over training."""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def best_reference(references: Iterable[str]) -> str:
    """The test set that holds out twins of every stratum if it is one of ``references``, otherwise the plain one."""
    return "matched" if "matched" in set(references) else "plain"


def headline(table: pd.DataFrame) -> float:
    """The ratio of the main figures, of the rates of one cell."""
    return float(table.loc[table["headline"], "threshold"].iloc[0])


def over_training(table: pd.DataFrame) -> pd.Series:
    """(1) of `claims`: mean over log epochs of every row of a ``table``, one column per epoch, untrained left out.

    A row without a value at some epochs is interpolated between the others, and its mean is over their range. NaN
    where a row has no value, or where training ended before its first epoch.
    """
    trained = table[[epoch for epoch in table.columns if epoch >= 1]]
    if trained.shape[1] == 0:
        return pd.Series(np.nan, index=table.index)
    x = np.log(trained.columns.to_numpy(dtype=float))
    return pd.Series([_mean_over(x, row) for row in trained.to_numpy(dtype=float)], index=trained.index)


def _mean_over(x: np.ndarray, values: np.ndarray) -> float:
    """Mean of ``values`` (k,) over ascending ``x`` (k,), from the first known value to the last."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return float(values[known][0]) if known.any() else np.nan
    x, values = x[known], values[known]
    return float(np.trapezoid(values, x) / (x[-1] - x[0]))


def net_at_end(rates: pd.DataFrame, reference: str, stratum: str, ratio: float) -> np.ndarray:
    """Net copied fraction of every replicate at the last snapshot."""
    return wide(rates, reference, stratum, "net", "stratum", ratio).iloc[:, -1].to_numpy()


def curves(rates: pd.DataFrame, reference: str, stratum: str, ratio: float) -> pd.DataFrame:
    """What a stratum scores, v of `claims`: one row per replicate, one column per epoch.

    Against the plain test set it is in units of what fresh points score, and needs a level (`has_levels`).
    """
    if reference == "matched":
        return wide(rates, reference, stratum, "net", "stratum", ratio)
    memorized, floor = (wide(rates, reference, stratum, "raw", "generated", ratio, v) for v in ("value", "floor"))
    return memorized / np.nanmean(floor)


def has_levels(rates: pd.DataFrame, strata: Iterable[str], reference: str, ratio: float) -> bool:
    """Whether all ``strata`` have ``curves``: against the plain test set only if any fresh point of them is so near."""
    floors = (wide(rates, reference, stratum, "raw", "generated", ratio, "floor") for stratum in strata)
    return reference == "matched" or all(np.nansum(floor) > 0 for floor in floors)


def wide(
    rates: pd.DataFrame,
    reference: str,
    stratum: str,
    criterion: str,
    normalisation: str,
    ratio: float | None,
    column: str = "value",
) -> pd.DataFrame:
    """One ``column`` of the rates, one row per replicate and one column per epoch."""
    keep = (rates["reference"] == reference) & (rates["stratum"] == stratum) & (rates["criterion"] == criterion)
    keep &= rates["normalisation"] == normalisation
    if ratio is not None:
        keep &= rates["threshold"] == ratio
    return rates[keep].pivot(index="replicate", columns="epoch", values=column)
