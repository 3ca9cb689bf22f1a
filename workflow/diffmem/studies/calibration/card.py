r"""The calibration card: how far every criterion can be trusted, from its verdicts on controls (`controls`).

    false alarms    share of verdicts "copies" on generators that copy nothing
    power           the same on mixtures with a share pi of exact copies
    bias            mean of estimate - pi over those mixtures
    coverage        share of the intervals that hold pi, over those mixtures

Every control is independent of the others, so a share has Wilson's binomial interval (1927,
https://doi.org/10.1080/01621459.1927.10502953).
"""

import numpy as np
import pandas as pd

from diffmem.measure.intervals import over_replicates, wilson

CONTROL = ("setting", "criterion", "generator", "pi", "bandwidth")
COLUMNS = (*CONTROL, "repetition", "estimate", "copies", "low", "high", "p_value")
MIXTURE = "pi-"  # how the names of the mixtures begin
POWER = {"power_1": 0.01, "power_5": 0.05, "power_20": 0.2}
ROUNDING = 1e-9  # of estimates such as 1 - 0.3 - 0.7


def card(table: pd.DataFrame) -> pd.DataFrame:
    """One row per setting and criterion.

    Args:
        table: one row per control and criterion, with the columns ``COLUMNS``.

    Returns:
        setting, criterion, false_alarm over all generators that copy nothing (with its interval _low, _high, as the
        power), false_alarm_NAME for each, power_1, power_5, power_20, bias, coverage (with its interval), controls.
        What a criterion does not give, or the table does not hold, is missing.
    """
    groups = table.groupby(["setting", "criterion"], sort=False, observed=True)
    names = list(table.loc[table["pi"] == 0, "generator"].unique())
    rows = [{"setting": setting, "criterion": name, **_entry(part, names)} for (setting, name), part in groups]
    return pd.DataFrame(rows)


def levels(table: pd.DataFrame) -> pd.DataFrame:
    """One row per setting, criterion and generator, for figures.

    Returns:
        the columns ``CONTROL``, mean, low and high (95 % interval of the mean estimate over repetitions), replicates,
        copies (share of verdicts) and coverage (of pi), each with its interval _low, _high.
    """
    means = over_replicates(table, by=list(CONTROL), value="estimate")
    groups = table.groupby(list(CONTROL), sort=False, observed=True, dropna=False)
    shares = [{**_share("copies", part["copies"]), **_share("coverage", _covered(part))} for _, part in groups]
    return means.join(pd.DataFrame(shares, index=means.index))


def _entry(part: pd.DataFrame, nothing_copied: list[str]) -> dict[str, float]:
    """A row of the card, from the controls of one setting and criterion."""
    mixtures = part[part["generator"].str.startswith(MIXTURE)]
    alarms = {f"false_alarm_{name}": part.loc[part["generator"] == name, "copies"] for name in nothing_copied}
    powers = {name: mixtures.loc[mixtures["pi"] == pi, "copies"] for name, pi in POWER.items()}
    return {
        **_share("false_alarm", part.loc[part["pi"] == 0, "copies"]),
        **{name: found.mean() if len(found) else np.nan for name, found in alarms.items()},
        **{key: value for name, found in powers.items() for key, value in _share(name, found).items()},
        "bias": (mixtures["estimate"] - mixtures["pi"]).mean(),
        **_share("coverage", _covered(mixtures)),
        "controls": len(part),
    }


def _covered(part: pd.DataFrame) -> pd.Series:
    """Whether each interval holds pi, of those controls that have both."""
    part = part.dropna(subset=["low", "high", "pi"])
    return (part["low"] <= part["pi"] + ROUNDING) & (part["pi"] <= part["high"] + ROUNDING)


def _share(name: str, found: pd.Series) -> dict[str, float]:
    hits, count = int(found.sum()), len(found)
    low, high = wilson(hits, count)
    return {name: hits / count if count else np.nan, f"{name}_low": low, f"{name}_high": high}
