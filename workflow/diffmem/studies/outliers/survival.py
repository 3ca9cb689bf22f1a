r"""Survival curves of the times to memorize, and paired statistics within each replicate.

The times of ``measure.memorization_time`` are intervals (e_{i-1}, e_i] between neighbours of one grid of snapshots,
common to both sides and all replicates of a cell, or (e_H, inf), e_H being the last snapshot. Two of them are either
the same or disjoint, so that the nonparametric maximum likelihood estimate of the distribution (Turnbull 1976,
https://doi.org/10.1111/j.2517-6161.1976.tb01597.x) is the empirical one:

    F(e) = share of locations with by <= e,       e <= e_H,                                            (1)

and the survival function is 1 - F. Beyond e_H nothing is known: those times are censored there, and `scipy.stats.ecdf`
computes (1). The tests hold it against lifelines, which finds Turnbull's estimate by iteration; that is no dependency,
since its release 0.30 excludes pandas 3.

The difference between training and held-out locations, per stratum:

    net(e) = F_train(e) - F_held-out(e).                                                               (2)

Time runs in u = log(1 + epoch), in which epoch 0 has a place. The restricted mean is that of min(u, u_H), with the mass
of an interval spread evenly over it, times before epoch 0 being impossible:

    M = mean over locations of  (u(max(after, 0)) + u(by)) / 2   if by is finite,  u_H  otherwise.     (3)

Strata are compared within a replicate, the unit of every test: locations of one replicate share one model and depend on
each other, which a log-rank test over the locations of all replicates would ignore. With S a statistic of a stratum,

    raw = S_first,train - S_second,train,      net = raw - (S_first,held-out - S_second,held-out).     (4)

The raw difference depends on memorization, on the spacing of a stratum's locations and on the number of points
generated there. The net difference has mean zero for a model that copies nothing. For a model that copies, two effects
remain: closely spaced locations are harder to tell apart, so that strata of different spacing have different ceilings;
and a stratum in which fewer points are generated is recognised later (the delay is inversely proportional to their
number).
"""

import numpy as np
import pandas as pd
import scipy

RUN = ["study", "cell", "replicate"]
SHARE, LOG_TIME = "share", "log time"  # the statistics of ``paired``
UNEQUAL = 0.05  # by which the numbers of locations of the two sides may differ, as some distributions repeat points


def shares(times: pd.DataFrame) -> pd.DataFrame:
    """Equation (1) for every replicate, stratum and side.

    Args:
        times: tables of ``measure.memorization_time.times`` of any replicates and cells, with the columns ``RUN``.

    Returns:
        the columns ``RUN``, stratum, side, epoch (where anything happens in the cell), share, locations.
    """
    parts = []
    for _, cell in times.groupby(RUN[:2], sort=False):
        grid = _grid(cell)
        for key, rows in cell.groupby([*RUN, "stratum", "side"], observed=True, sort=False):
            times_by = scipy.stats.CensoredData.right_censored(rows["by"].clip(upper=grid[-1]), np.isinf(rows["by"]))
            share = scipy.stats.ecdf(times_by).cdf.evaluate(grid)
            part = pd.DataFrame({"epoch": grid, "share": share, "locations": len(rows)})
            parts.append(part.assign(**dict(zip([*RUN, "stratum", "side"], key, strict=True))))
    columns = [*RUN, "stratum", "side", "epoch", "share", "locations"]
    return pd.concat(parts, ignore_index=True)[columns]


def net(times: pd.DataFrame) -> pd.DataFrame:
    """Equation (2) for every replicate and stratum: the columns ``RUN``, stratum, epoch, train, held_out, net.

    Raises:
        ValueError: if the sides have different numbers of locations, whose chance levels would differ.
    """
    _check_sizes(times)
    return _sides(shares(times), by=[*RUN, "stratum", "epoch"], value="share")


def mean_log_times(times: pd.DataFrame) -> pd.DataFrame:
    """Equation (3) for every replicate, stratum and side: the columns ``RUN``, stratum, side, mean, locations."""
    parts = []
    for _, cell in times.groupby(RUN[:2], sort=False):
        horizon = _grid(cell).max(initial=0.0)
        middle = (np.log1p(cell["after"].clip(lower=0)) + np.log1p(cell["by"].clip(upper=horizon))) / 2
        value = middle.where(np.isfinite(cell["by"]), np.log1p(horizon))
        groups = cell.assign(value=value).groupby([*RUN, "stratum", "side"], observed=True, sort=False)["value"]
        parts.append(groups.agg(mean="mean", locations="count").reset_index())
    return pd.concat(parts, ignore_index=True)


def paired(times: pd.DataFrame, *, first: str = "outlier", second: str = "inlier") -> pd.DataFrame:
    """Differences (4) between two strata, of the share reproduced by each epoch and of the restricted mean log time.

    A later or rarer ``first`` shows as a negative difference of shares and a positive one of log times.

    Returns:
        one row per replicate, statistic (``SHARE`` or ``LOG_TIME``) and epoch (missing for log times): the columns
        ``RUN``, statistic, epoch, raw, net. A sign-flip test over replicates takes them from here.
    """
    if missing := {first, second} - set(times["stratum"]):
        raise ValueError(f"{', '.join(sorted(missing))}: no such locations, nothing to compare")
    by_epoch = net(times).assign(statistic=SHARE)
    log_times = _sides(mean_log_times(times), by=[*RUN, "stratum"], value="mean")
    both = pd.concat([by_epoch, log_times.assign(statistic=LOG_TIME, epoch=np.nan)], ignore_index=True)
    key = [*RUN, "statistic", "epoch"]
    one, other = (both.loc[both["stratum"] == name, [*key, "train", "net"]] for name in (first, second))
    pairs = one.merge(other, on=key, suffixes=("", "_second"))  # leaves out cells without one of the strata
    raw, difference = pairs["train"] - pairs["train_second"], pairs["net"] - pairs["net_second"]
    return pairs[key].assign(raw=raw, net=difference)


def _grid(cell: pd.DataFrame) -> np.ndarray:
    """Epochs of one cell at which an interval ends.

    Raises:
        ValueError: if an interval holds one of them inside, for which (1) would not be the likeliest distribution.
    """
    ends = np.unique(cell[["after", "by"]])
    grid = ends[np.isfinite(ends)]
    inside = np.searchsorted(grid, cell["by"], side="left") - np.searchsorted(grid, cell["after"], side="right")
    if (inside > 0).any():
        study, name = cell[RUN[:2]].iloc[0]
        raise ValueError(f"{study}/{name}: times from different grids of snapshots; give each grid a cell of its own")
    return grid


def _sides(table: pd.DataFrame, *, by: list[str], value: str) -> pd.DataFrame:
    """The ``value`` of both sides beside each other, as train and held_out, and their difference."""
    wide = table.pivot(index=by, columns="side", values=value).reset_index().rename(columns={"held-out": "held_out"})
    wide.columns.name = None
    return wide.assign(net=wide["train"] - wide["held_out"])[[*by, "train", "held_out", "net"]]


def _check_sizes(times: pd.DataFrame) -> None:
    count = times.groupby([*RUN, "side"], observed=True, sort=False).size().unstack("side")
    unequal = count[(count["train"] / count["held-out"] - 1).abs() > UNEQUAL]
    if len(unequal):
        n, n_test = unequal[["train", "held-out"]].iloc[0]
        sizes = f"{n} training and {n_test} held-out locations"
        raise ValueError(f"{sizes} are reproduced unequally by chance alone; set data.test to the number of inliers")
