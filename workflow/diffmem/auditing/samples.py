r"""Which samples are the likeliest copies, with p-values and a false discovery rate, and how often each item is copied.

The statistic of a sample is t = log(d_test / d_train), the distances to its nearest held-out and training item. Its
null distribution is that of held-out items x themselves: t'(x) = log(d_other / d_train), with d_other the distance to
the nearest *other* held-out item. At equal sizes t' has the law that t has for a sample of the truth. With m items,

    p = (1 + number of t' >= t) / (1 + m)                                                              (1)

cannot fall below 1 / (1 + m). Beyond the 90 % quantile u of t' its tail is close to exponential (for locally Poisson
items (d_test / d_train)^dimension is Pareto, so that t is exponential with the rate of the local dimension), and

    p = .1 exp(-(t - u) rate),                                                                         (2)

rate being the lower 97.5 % limit of the rate of the k excesses over u, chi2_{.025}(2 k) / (2 sum of the excesses), so
that p errs upwards. q-values are those of Benjamini and Hochberg (1995); a copy is called at q <= 5 %.
"""

import numpy as np
import pandas as pd
from scipy import stats

RATE = 0.05
TAIL = 0.1
LEAST = 50  # held-out items below which (2) is not fitted


def null_scores(*, to_train: np.ndarray, to_other: np.ndarray) -> np.ndarray:
    """t' of held-out items, from their distances (m,) to the training set and to each other."""
    return _log_ratio(to_other, to_train)


def sample_table(
    *,
    train_item: np.ndarray,
    train_distance: np.ndarray,
    test_item: np.ndarray,
    test_distance: np.ndarray,
    null: np.ndarray,
) -> pd.DataFrame:
    """A row per sample: nearest items (row numbers), distances, ratio, p, q, copy.

    Args:
        train_item, train_distance: nearest training row and its distance, each of shape (g,).
        test_item, test_distance: the same in the held-out set.
        null: as from `null_scores`.
    """
    t = _log_ratio(test_distance, train_distance)
    p = p_values(t, null)
    q = stats.false_discovery_control(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(test_distance == train_distance, 1.0, test_distance / train_distance)
    columns = {"train_item": train_item, "train_distance": train_distance, "test_item": test_item,
               "test_distance": test_distance, "ratio": ratio, "p": p, "q": q, "copy": q <= RATE}  # fmt: skip
    return pd.DataFrame(columns).rename_axis("sample").reset_index()


def p_values(t: np.ndarray, null: np.ndarray) -> np.ndarray:
    """(1), and (2) beyond the 90 % quantile of the ``null`` scores (m,), for scores ``t`` (g,)."""
    null = np.sort(null)
    m = len(null)
    p = (1 + m - np.searchsorted(null, t, side="left")) / (1 + m)
    u = np.quantile(null, 1 - TAIL)
    excess = null[(null > u) & np.isfinite(null)] - u
    if m < LEAST or excess.sum() == 0:
        return p
    rate = stats.chi2.ppf(0.025, 2 * len(excess)) / (2 * excess.sum())
    return np.where(t > u, TAIL * np.exp(-np.maximum(t - u, 0) * rate), p)


def training_table(samples: pd.DataFrame, *, items: int) -> pd.DataFrame:
    """A row per training item: how many samples have it as nearest training item, and how many of them are copies."""
    near = np.bincount(samples["train_item"], minlength=items)
    copied = np.bincount(samples.loc[samples["copy"], "train_item"], minlength=items)
    return pd.DataFrame({"item": np.arange(items), "nearest_of": near, "copied": copied})


def _log_ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """log(over / under), 0 where both are zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(over == under, 0.0, np.log(over) - np.log(under))
