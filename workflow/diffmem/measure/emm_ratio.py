r"""The ratio of two effective memorizations (`emm`), with an interval that is derived from their intervals.

The method is that of Zou and Donner 2008, https://doi.org/10.1002/sim.3095, on the log scale, for independent arms. Let
m_i be the logarithm of the EMM of arm i, l_i and u_i the logarithms of the ends of its interval, and d = m_1 - m_2:

    log low = d - h(m_1 - l_1, u_2 - m_2),      log high = d + h(u_1 - m_1, m_2 - l_2),
    h(x_1, x_2) = t sqrt(s_1^2 + s_2^2),        s_i = x_i / t_i,                                       (1)

t_i is the quantile of Student's t distribution with R_i - 1 degrees of freedom, where R_i is the number of replicates,
and t is the quantile with Welch's degrees of freedom.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from diffmem.measure.emm import Estimate


@dataclass(frozen=True)
class Ratio:
    """Ratio of two EMMs with its interval.

    Attributes:
        value: the ratio; NaN if it is not known.
        low, high: its interval.
        censored: ``">="`` or ``"<="`` if the value is only a bound, else empty.
    """

    value: float
    low: float
    high: float
    censored: str = ""


def ratio(first: Estimate, second: Estimate, *, level: float = 0.95) -> Ratio:
    """The EMM of ``first`` over that of ``second``, with the interval (1).

    Args:
        first, second: estimates whose intervals have the same confidence level.
        level: this level.
    """
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
    """h of (1) for distances ``x`` (2,), which may be infinite or NaN.

    Args:
        x: distances between an estimate and an end of its interval, of both arms.
        freedom: degrees of freedom R_i - 1, of shape (2,).
        quantile: probability of the quantiles t and t_i.
    """
    if not np.isfinite(x).all() or not x.any():
        return float(x.sum())
    s = x / scipy.special.stdtrit(freedom, quantile)
    return float(scipy.special.stdtrit((s**2).sum() ** 2 / (s**4 / freedom).sum(), quantile) * np.hypot(*s))
