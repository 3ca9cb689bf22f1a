"""All tables of a study of effective memorization, from the tables of its cells and shards.

EMM is estimated from the runs; factors and losses are taken at the size nearest to the baseline's EMM; the claims
follow from these. The panels of the figures are a table too, so that figures contain no decisions.
"""

from typing import Any

import pandas as pd

from diffmem.studies.effective import emm
from diffmem.studies.effective.claims import claims
from diffmem.studies.effective.comparable import by_quality, comparable
from diffmem.studies.effective.factors import factors
from diffmem.studies.effective.label_claims import label_claims
from diffmem.studies.effective.losses import by_noise
from diffmem.studies.effective.thresholds import thresholds


def analyse(
    copies: pd.DataFrame,
    quality: pd.DataFrame,
    training: pd.DataFrame,
    *,
    arms: dict[str, Any],
    resolutions: dict[str, int | None],
    classes: int | None,
    study: str,
    settings: dict[str, str],
) -> dict[str, pd.DataFrame]:
    """Name of a table -> the table.

    Args:
        copies, quality, training: the tables of all cells and shards.
        arms: factors (arm -> factor -> value), baseline, differs (arm -> keys in which it differs from the baseline)
            and cells (name -> arm and size).
        resolutions, classes, settings: as in ``claims.claims``.

    Returns:
        runs, curves, estimates, thresholds, fits, factors, losses, panels and claims.
    """
    compared: dict[str, Any] = {"arms": arms["factors"], "baseline": arms["baseline"]}
    words: dict[str, Any] = {"study": study, "settings": settings}
    runs = emm.runs(copies, quality, training, cells=arms["cells"])
    estimates = {estimator: emm.estimates(runs, of=estimator) for estimator in emm.OF}
    found = estimates["last"]
    fair = by_quality(arms["differs"])
    effects = factors(runs, found, **compared, quality="frechet_beyond_fresh", fair=fair)
    curves = emm.curves(runs, quality=[*emm.SHARES, *emm.QUALITY])
    kept = comparable(curves, differs=arms["differs"], quality=emm.QUALITY).index
    rows = claims(runs, found, **compared, **words, factors=effects, classes=classes, resolutions=resolutions)
    if any("labels" in values for values in arms["factors"].values()):
        rows = pd.concat([rows, label_claims(runs, **compared, **words)])
    near = found[arms["baseline"]].emm
    return {
        "runs": runs,
        "curves": curves.assign(comparable=curves.index.isin(kept)),
        "estimates": emm.table(estimates),
        "thresholds": thresholds(copies, cells=arms["cells"]),
        "fits": emm.fits(found),
        "factors": effects,
        "losses": by_noise(training, cells=arms["cells"], **compared, differs=arms["differs"], near=near),
        "panels": panels(**compared, fair=fair),
        "claims": rows,
    }


def panels(*, arms: emm.Arms, baseline: str, fair: list[str]) -> pd.DataFrame:
    """The arms that share a panel of a figure, the baseline first.

    Returns:
        factor (the panel), arm, comparable (whether its quality can be compared with the baseline's).
    """
    rows = [
        {"factor": factor, "arm": arm, "comparable": arm in fair}
        for factor, names in emm.groups(arms, baseline=baseline).items()
        for arm in names
    ]
    return pd.DataFrame(rows)
