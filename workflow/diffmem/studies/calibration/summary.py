r"""Calibration of every criterion, from its results on generators whose answer is known (`simulate`).

    false alarms    share of controls called copies, of generators that copy nothing
    power           the same of mixtures with a share pi of exact copies
    bias            mean of estimate - pi over those mixtures
    coverage        share of the intervals that contain pi, over those mixtures

Controls are independent of each other, so a share has Wilson's binomial interval (1927,
https://doi.org/10.1080/01621459.1927.10502953).
"""

import numpy as np
import pandas as pd

from diffmem.measure.intervals import over_replicates, share

CONTROL = ("setting", "criterion", "generator", "pi", "bandwidth")
COLUMNS = (*CONTROL, "repetition", "estimate", "copies", "low", "high", "p_value")
MIXTURE = "pi-"  # how the names of the mixtures begin
POWER = {"power_1": 0.01, "power_5": 0.05, "power_20": 0.2}
ROUNDING = 1e-9  # of estimates such as 1 - 0.3 - 0.7


def summarise_criteria(table: pd.DataFrame) -> pd.DataFrame:
    """One row per setting and criterion.

    Args:
        table: one row per control and criterion, with the columns ``COLUMNS``.

    Returns:
        setting, criterion, false_alarm over all generators that copy nothing (with its interval _low, _high, as the
        power), false_alarm_NAME for each, power_1, power_5, power_20, bias, coverage (with its interval), controls.
        A value is missing if the criterion does not give it or the table has no controls for it.
    """
    groups = table.groupby(["setting", "criterion"], sort=False, observed=True)
    names = list(table.loc[table["pi"] == 0, "generator"].unique())
    rows = [{"setting": setting, "criterion": name, **_summarise(part, names)} for (setting, name), part in groups]
    return pd.DataFrame(rows)


def summarise_generators(table: pd.DataFrame) -> pd.DataFrame:
    """One row per setting, criterion and generator, for figures.

    Args:
        table: as for `summarise_criteria`.

    Returns:
        the columns ``CONTROL``, mean, low and high (95 % interval of the mean estimate over repetitions), replicates,
        copies (share called copies) and coverage (of pi), each with its interval _low, _high.
    """
    means = over_replicates(table, by=list(CONTROL), value="estimate")
    groups = table.groupby(list(CONTROL), sort=False, observed=True, dropna=False)
    shares = [{**_share("copies", part["copies"]), **_share("coverage", _covers(part))} for _, part in groups]
    return means.join(pd.DataFrame(shares, index=means.index))


def _summarise(part: pd.DataFrame, nothing_copied: list[str]) -> dict[str, float]:
    """A row of `summarise_criteria`, from the controls of one setting and criterion."""
    mixtures = part[part["generator"].str.startswith(MIXTURE)]
    alarms = {f"false_alarm_{name}": part.loc[part["generator"] == name, "copies"] for name in nothing_copied}
    powers = {name: mixtures.loc[mixtures["pi"] == pi, "copies"] for name, pi in POWER.items()}
    return {
        **_share("false_alarm", part.loc[part["pi"] == 0, "copies"]),
        **{name: copies.mean() if len(copies) else np.nan for name, copies in alarms.items()},
        **{key: value for name, copies in powers.items() for key, value in _share(name, copies).items()},
        "bias": (mixtures["estimate"] - mixtures["pi"]).mean(),
        **_share("coverage", _covers(mixtures)),
        "controls": len(part),
    }


def _covers(part: pd.DataFrame) -> pd.Series:
    """Whether each interval contains pi, of those controls that have both."""
    part = part.dropna(subset=["low", "high", "pi"])
    return (part["low"] <= part["pi"] + ROUNDING) & (part["pi"] <= part["high"] + ROUNDING)


def _share(name: str, hits: pd.Series) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), share(hits), strict=True))
