r"""The size at which a probability crosses one half, from counts at a few sizes.

Of m repetitions, h_j are positive at the ratio x_j = n_j / d. Their probability is modelled by a logistic curve with a
free plateau a, centre c and slope b,

    p(x) = a / (1 + exp(-b (log x - c))).                                                              (1)

A curve with a = 1 would cross far too late where P stays at 0.7. The parameters maximise the likelihood

    l(a, b, c) = sum_j h_j log p(x_j) + (m - h_j) log(1 - p(x_j))                                       (2)

over a grid. This needs no starting point, cannot diverge where the counts jump from none to all, and one product of
matrices serves all resamples. The steps of the grid shift a crossing by up to 5 %. The crossing is

    x = exp(c - log(2 a - 1) / b)   for a > 1/2,                                                       (3)

infinite where p stays below one half up to the largest ratio, and 0 where h_1 > m/2: P is above one half at the
smallest ratio already.
"""

import numpy as np
from scipy.special import expit

CENTRES = 200
SLOPES = np.geomspace(0.5, 40, 14)
PLATEAUS = np.append(np.linspace(0.4, 0.97, 19), 1)
SMALLEST = 1e-6  # probability, so that logarithms are finite


def find_crossings(ratios: np.ndarray, hits: np.ndarray, *, count: int) -> np.ndarray:
    """Crossing (3) of every row of ``hits`` (b, k), the positive ones of ``count`` at ascending ``ratios`` (k,).

    Returns:
        shape (b,).
    """
    x = np.log(ratios)
    centre, slope, plateau = _fit(x, hits, count)
    reaches = plateau > 0.5
    half = centre - np.log(np.where(reaches, 2 * plateau - 1, 1)) / slope
    crossing = np.where(reaches & (half <= x[-1]), np.exp(half), np.inf)
    return np.where(hits[:, 0] > count / 2, 0.0, crossing)


def spread_abrupt(
    crossings: np.ndarray, ratios: np.ndarray, hits: np.ndarray, *, count: int, rng: np.random.Generator
) -> np.ndarray:
    """``crossings`` (b,), with abrupt ones replaced by a random place in the gap between two ratios.

    A row of ``hits`` (b, k) is abrupt if no repetition is positive at one ratio, and at the next as many as later on,
    more than half and to two standard errors: the counts then contain no information on the place within the gap, and
    neither may an interval. Places are uniform in log ratio. A row that is above one half at the smallest ratio keeps
    its 0.
    """
    after = hits[:, 1:]
    share = after[:, ::-1].cumsum(1)[:, ::-1] / (count * np.arange(after.shape[1], 0, -1))  # from this ratio on
    risen = (after > count / 2) & (after >= count * share - 2 * np.sqrt(count * share * (1 - share)))
    jump = (hits[:, :-1] == 0) & risen & (hits[:, :1] <= count / 2)
    gap = jump.argmax(1)
    within = np.exp(rng.uniform(np.log(ratios[gap]), np.log(ratios[gap + 1])))
    return np.where(jump.any(1), within, crossings)


def _fit(x: np.ndarray, hits: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre, slope and plateau of (1), each of shape (b,), that maximise (2) for every row of ``hits`` (b, k)."""
    axes = np.meshgrid(np.linspace(x[0], x[-1], CENTRES), SLOPES, PLATEAUS)
    centre, slope, plateau = (axis.ravel() for axis in axes)
    p = np.clip(plateau * expit(slope * (x[:, None] - centre)), SMALLEST, 1 - SMALLEST)  # (k, grid)
    best = (hits @ np.log(p) + (count - hits) @ np.log1p(-p)).argmax(1)
    return centre[best], slope[best], plateau[best]
