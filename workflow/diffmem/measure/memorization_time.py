r"""Memorization time of a location: the first snapshot at which it is reproduced significantly more than by chance.

A generated point *reproduces* a training location j if j is the nearest location of both sets, and if j is more than r
times closer than the nearest held-out location (matched test set, r >= 1):

    r d_train < d_test.                                                                                (1)

With the roles of the sets exchanged, it reproduces a held-out location if r d_test < d_train. By chance, locations are
reproduced also without memorization. Let C_i be the number of points that reproduce a location at snapshot i, b = g / m
the number of generated points per location of the same set, and c the probability of (1) by chance
(``measure.chance``). C_i has the distribution Poisson(c b) for a model that copies nothing, and Poisson(c' b) with
c' = (1 + c) / 2 for a model half of whose points are copies of their nearest training location. The cumulative sum of
the log likelihood ratio, restricted to nonnegative values (Page 1954, https://doi.org/10.1093/biomet/41.1-2.100; for
counts Lucas 1985, https://doi.org/10.1080/00401706.1985.10488030),

    S_i = max(0, S_{i-1} + C_i log(c' / c) - b (c' - c)),     S_{-1} = 0,                              (2)

raises an alarm at the first snapshot with

    S_i >= h = log(s / alpha),                                                                         (3)

where s is the number of snapshots. From this snapshot on, the location counts as memorized. The rule does not use later
snapshots. Without memorization, the exponential of the sum from a fixed start is a nonnegative martingale with mean 1,
so that it reaches exp(h) with probability at most exp(-h). With s possible starts, the probability of a false alarm at
one location is at most s exp(-h) = alpha. No rule with the same rate of false alarms has a shorter worst-case delay
(Moustakides 1986, https://doi.org/10.1214/aos/1176350164). A location with C reproductions per snapshot is detected
after about h / (C log(c' / c) - b (c' - c)) snapshots.

The rate by chance differs between locations, since the regions around them differ in volume. The bound holds only for a
location with the average rate. The same rule is therefore applied to held-out locations. If the generator is
independent of the split, training and held-out locations have the same distribution of times. A difference between the
two is evidence of memorization.

The time lies between two snapshots. It is known up to the interval (e_{i-1}, e_i] of epochs, which is (-inf, e_0] for
the first snapshot and (e_{s-1}, inf) for a location without an alarm (interval and right censoring; Turnbull 1976,
https://doi.org/10.1111/j.2517-6161.1976.tb01597.x).
"""

import numpy as np
import pandas as pd

from diffmem.measure.chance import chance
from diffmem.measure.strata import Strata

SIDES = ("train", "held-out")
FALSE_ALARMS = 0.05  # alpha
LEAST_CHANCE = 0.01  # lower limit of c, so that a single reproduction raises no alarm in many dimensions
COPIED = 0.5  # share of copies against which (2) has most power: c' = c + COPIED (1 - c)


def times(
    table: np.ndarray,
    known: Strata,
    *,
    epochs: np.ndarray,
    ratio: float,
    dimension: float,
    false_alarms: float = FALSE_ALARMS,
) -> pd.DataFrame:
    """Memorization times of all training locations of one replicate, and the times of the same rule for held-out ones.

    Args:
        table: neighbour tables of s snapshots, of shape (s, g).
        known: strata of the m training and m' held-out locations.
        epochs: epoch of every snapshot, ascending, of shape (s,).
        ratio: r of (1), at least 1.
        dimension: local dimension of the data, which determines c of (2).
        false_alarms: alpha of (3).

    Returns:
        a table with m + m' rows and the columns location, stratum, side (one of ``SIDES``), after and by. The time lies
        in the interval (after, by], in epochs.

    Raises:
        ValueError: if a stratum has no held-out locations, if ``epochs`` are not s ascending numbers, if ``ratio`` is
            below 1, or if ``false_alarms`` is not strictly between 0 and 1.
    """
    epochs = np.asarray(epochs, dtype=float)
    _check(table, known, epochs)
    parts = []
    for side in SIDES:
        code = _codes(known, side)
        count = hits(table, known, side=side, ratio=ratio)
        level = chance_of_hit(ratio, dimension=dimension)
        index = first_alarm(count, expected=table.shape[1] / len(code), chance=level, false_alarms=false_alarms)
        after, by = _interval(index, epochs)
        stratum = pd.Categorical.from_codes(code, list(known.names))
        columns = {"location": np.arange(len(code)), "stratum": stratum, "side": side, "after": after, "by": by}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def hits(table: np.ndarray, known: Strata, *, side: str, ratio: float) -> np.ndarray:
    """Number of generated points that reproduce each location of one side at each snapshot, by (1).

    Args:
        table: neighbour tables of s snapshots, of shape (s, g).
        known: strata of the m training and m' held-out locations.
        side: one of ``SIDES``.
        ratio: r of (1), at least 1.

    Returns:
        integers of shape (s, m) for training locations, or (s, m') for held-out locations.

    Raises:
        ValueError: if ``ratio`` is below 1.
    """
    if ratio < 1:
        raise ValueError(f"ratio = {ratio}: must be at least 1; below 1 a point could reproduce a location of each set")
    # products instead of a quotient: exactly symmetric in both sets, and a point with both distances 0 reproduces none
    train, test = table["train_distance"][..., 0].astype(float), table["test_distance"].astype(float)
    if side == "train":
        close, location = ratio * train < test, table["train_location"][..., 0]
    else:
        close, location = ratio * test < train, table["test_location"]
    m = len(_codes(known, side))
    snapshot = np.nonzero(close)[0]
    return np.bincount(snapshot * m + location[close], minlength=len(table) * m).reshape(len(table), m)


def chance_of_hit(ratio: float, *, dimension: float) -> float:
    """c of (2): the chance level of (1) for sets of equal size, at least ``LEAST_CHANCE``.

    If the dimension is NaN, which means that it could not be estimated, it is replaced by 1, which gives the largest c.
    """
    level = chance(ratio, dimension=dimension if np.isfinite(dimension) else 1.0)
    return max(float(level), LEAST_CHANCE)


def first_alarm(count: np.ndarray, *, expected: float, chance: float, false_alarms: float = FALSE_ALARMS) -> np.ndarray:
    """First snapshot at which the cumulative sum (2) reaches the threshold (3).

    Args:
        count: C, number of points that reproduce each of m locations at each of s snapshots, of shape (s, m).
        expected: b, number of generated points per location.
        chance: c, strictly between 0 and 1.
        false_alarms: alpha, strictly between 0 and 1.

    Returns:
        index of the snapshot, of shape (m,); s for a location without an alarm.

    Raises:
        ValueError: if ``false_alarms`` is not strictly between 0 and 1.
    """
    if not 0 < false_alarms < 1:
        raise ValueError(f"false_alarms = {false_alarms}: must lie strictly between 0 and 1, such as {FALSE_ALARMS}")
    s = len(count)
    threshold = np.log(s / false_alarms)
    copying = chance + COPIED * (1 - chance)
    gain = count * np.log(copying / chance) - expected * (copying - chance)
    alarm = np.full(count.shape[1], s)
    total = np.zeros(count.shape[1])
    for i in range(s):
        total = np.maximum(0, total + gain[i])
        alarm = np.where((alarm == s) & (total >= threshold), i, alarm)
    return alarm


def _interval(index: np.ndarray, epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends after and by, each of shape (m,), of the intervals for the snapshots ``index`` (m,).

    The index len(epochs) stands for no alarm.
    """
    return np.concatenate([[-np.inf], epochs])[index], np.append(epochs, np.inf)[index]


def _codes(known: Strata, side: str) -> np.ndarray:
    """Stratum code of every location of a side."""
    return {"train": known.train, "held-out": known.test}[side]


def _check(table: np.ndarray, known: Strata, epochs: np.ndarray) -> None:
    if epochs.shape != table.shape[:1] or (np.diff(epochs) <= 0).any():
        raise ValueError(f"epochs: expected {len(table)} ascending numbers, one per snapshot, found {epochs.tolist()}")
    k = len(known.names)
    lone = (np.bincount(known.train, minlength=k) > 0) & (np.bincount(known.test, minlength=k) == 0)
    if lone.any():
        names = ", ".join(np.array(known.names)[lone])
        raise ValueError(f"{names}: no held-out locations to compare times with; set data.twins: true")
