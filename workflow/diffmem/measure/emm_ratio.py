r"""The ratio of two effective memorizations (`emm`), with an interval made of theirs.

On the log scale (Zou and Donner 2008, https://doi.org/10.1002/sim.3095), as if the arms were independent, with d the
difference of the logarithms m_1 and m_2 of both EMMs, and l_i and u_i those of the ends of their intervals:

    log low = d - h(m_1 - l_1, u_2 - m_2),      log high = d + h(u_1 - m_1, m_2 - l_2),
    h(x_1, x_2) = t sqrt(s_1^2 + s_2^2),        s_i = x_i / t_i,                                       (1)

t_i being Student's quantile with R_i - 1 degrees of freedom and t that with Welch's number of them.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from diffmem.measure.emm import Estimate


@dataclass(frozen=True)
class Ratio:
    """Ratio of two EMMs with its interval; ``censored`` is ``">="`` or ``"<="`` where the value is but a bound."""

    value: float
    low: float
    high: float
    censored: str = ""


def ratio(first: Estimate, second: Estimate, *, level: float = 0.95) -> Ratio:
    """Equation (1): the EMM of ``first`` over that of ``second``, whose intervals have the same ``level``."""
    with np.errstate(divide="ignore"):
        (m1, l1, u1), (m2, l2, u2) = (np.log([e.emm, e.low, e.high]) for e in (first, second))
    bounds = {first.censored} | {{">=": "<", "<": ">="}.get(second.censored, "")}
    if {"<", ">="} <= bounds:
        return Ratio(np.nan, 0.0, np.inf)
    freedom = np.array([first.replicates, second.replicates]) - 1.0
    down, up = (_together(np.array(x), freedom, (1 + level) / 2) for x in ((m1 - l1, u2 - m2), (u1 - m1, m2 - l2)))
    low, high = float(np.exp(m1 - m2 - down)), float(np.exp(m1 - m2 + up))
    return Ratio(first.emm / second.emm, low, high, ">=" if ">=" in bounds else "<=" if "<" in bounds else "")


def _together(x: np.ndarray, freedom: np.ndarray, quantile: float) -> float:
    """h of (1), for distances ``x`` (2,) that may be infinite or missing."""
    if not np.isfinite(x).all() or not x.any():
        return float(x.sum())
    s = x / stats.t.ppf(quantile, freedom)
    return float(stats.t.ppf(quantile, (s**2).sum() ** 2 / (s**4 / freedom).sum()) * np.hypot(*s))
