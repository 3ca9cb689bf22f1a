r"""When each location is memorized: a clock for training locations, and the same clock for held-out ones, its null.

A training location j is *reproduced* at a snapshot if some generated point has it as its nearest location of either set
and lies much closer to it than to the nearest held-out location (matched test set, r >= 1):

    r d_train < d_test.                                                                                (1)

A held-out location is reproduced if the same holds with the roles swapped, r d_test < d_train. Swapping the two sets
swaps the two clocks. A generator that does not know which half it was trained on reproduces both alike when both have
as many locations, so that whatever the training clock shows beyond the held-out one is memorization; on a first-hit
clock alone a model that copies nothing "memorizes" nearly everything, one chance hit at a time.

Let x_0, ..., x_{s-1} say whether a location is reproduced at the snapshots, of epochs e_0 < ... < e_{s-1}. Its
reproduction *lasts* from snapshot i <= s - K on if x_i = 1 and

    x_i + ... + x_{s-1} >= p (s - i)       (at least the share p of all snapshots from there on), or   (2)
    x_i = ... = x_{i+K-1} = 1              (K in a row; p is None).                                    (3)

The default is (2) with p = 1/2, for what a snapshot can show: a perfect copier that draws as many points as there are
locations reproduces each with probability 1 - 1/e = .63, hence three in a row with .25 but at half of many snapshots
nearly surely, while chance, at r = 1.5 in the plane, reproduces one in four. K, the least number that confirm, keeps
a single hit at the very end from counting as lasting. With many more points than locations chance hits are the
rule on both sides: judge the first g = n columns of the table then, which also makes cells comparable.

The time lies between two snapshots: it is known as the interval (e_{i-1}, e_i], (-inf, e_0] for the first snapshot, and
(e_{s-K}, inf) for a location without a lasting reproduction, since none can be confirmed later (interval and right
censoring; Turnbull 1976, https://doi.org/10.1111/j.2517-6161.1976.tb01597.x).
"""

import numpy as np
import pandas as pd

from diffmem.measure.strata import Strata

SIDES = ("train", "held-out")
CONFIRM = 3  # K
SHARE = 0.5  # p


def times(
    table: np.ndarray,
    known: Strata,
    *,
    epochs: np.ndarray,
    ratio: float,
    confirm: int = CONFIRM,
    share: float | None = SHARE,
) -> pd.DataFrame:
    """When every location of one replicate is first reproduced lastingly, on both clocks.

    Args:
        table: neighbour table of shape (s, g), snapshot first.
        known: strata of the m training and m' held-out locations.
        epochs: of the snapshots, ascending, of shape (s,).
        ratio: r of (1), at least 1.
        confirm, share: K and p of (2); with ``share`` None, (3).

    Returns:
        tidy table of m + m' rows: location, stratum, side (one of ``SIDES``), after and by (the time lies in
        (after, by], in epochs).

    Raises:
        ValueError: if a stratum has no held-out locations, or the numbers do not fit each other.
    """
    epochs = np.asarray(epochs, dtype=float)
    _check(table, known, epochs)
    parts = []
    for side in SIDES:
        code = _codes(known, side)
        index = first_lasting(hits(table, known, side=side, ratio=ratio) > 0, confirm=confirm, share=share)
        after, by = _interval(index, epochs, confirm)
        stratum = pd.Categorical.from_codes(code, list(known.names))
        columns = {"location": np.arange(len(code)), "stratum": stratum, "side": side, "after": after, "by": by}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def hits(table: np.ndarray, known: Strata, *, side: str, ratio: float) -> np.ndarray:
    """How many generated points reproduce each location of one side at each snapshot.

    Args:
        table: neighbour table of shape (s, g).
        side: one of ``SIDES``.
        ratio: r of (1), at least 1.

    Returns:
        integers of shape (s, m), or (s, m') for held-out locations.
    """
    if ratio < 1:
        raise ValueError(f"ratio = {ratio}: below 1 the nearest location of either set would not be the one reproduced")
    # products in place of a quotient: exactly antisymmetric, and a point on both sets at once reproduces neither
    train, test = table["train_distance"][..., 0].astype(float), table["test_distance"].astype(float)
    if side == "train":
        close, location = ratio * train < test, table["train_location"][..., 0]
    else:
        close, location = ratio * test < train, table["test_location"]
    m = len(_codes(known, side))
    snapshot = np.nonzero(close)[0]
    return np.bincount(snapshot * m + location[close], minlength=len(table) * m).reshape(len(table), m)


def first_lasting(hit: np.ndarray, *, confirm: int = CONFIRM, share: float | None = SHARE) -> np.ndarray:
    """First snapshot from which a reproduction lasts, by (2) or (3).

    Args:
        hit: which of m locations is reproduced at which of s snapshots, of shape (s, m).
        confirm, share: as in ``times``.

    Returns:
        index of the snapshot, of shape (m,); s for a location without one.
    """
    s = len(hit)
    if not 1 <= confirm <= s:
        raise ValueError(f"{s} snapshots cannot show {confirm} from any of them on: take more snapshots")
    if share is not None and not 0 < share <= 1:
        raise ValueError(f"share = {share}: must be above 0 and at most 1, or None for {confirm} snapshots in a row")
    starts = s - confirm + 1
    if share is None:
        lasts = np.lib.stride_tricks.sliding_window_view(hit, confirm, axis=0).all(-1)
    else:
        remaining = hit[::-1].cumsum(0)[::-1]
        needed = share * np.arange(s, 0, -1)[:, None] - 1e-9  # 0.56 * 25 > 14 in binary
        lasts = (hit & (remaining >= needed))[:starts]
    return np.where(lasts.any(0), lasts.argmax(0), s)


def _interval(index: np.ndarray, epochs: np.ndarray, confirm: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals for the snapshots ``index`` (m,), len(epochs) meaning never: after and by, each (m,)."""
    never = index == len(epochs)
    before = np.append(np.concatenate([[-np.inf], epochs[:-1]]), epochs[len(epochs) - confirm])
    return before[index], np.where(never, np.inf, np.append(epochs, np.inf)[index])


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
        raise ValueError(f"{names}: no held-out locations, hence no clock to compare with; set data.twins: true")
