"""Claims on planted arms."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from diffmem.studies.effective.claims import claims
from diffmem.studies.effective.emm import estimates
from diffmem.studies.effective.factors import factors

SIZES = 25 * 2 ** np.arange(8)
BASE = {"labels": "none", "width": 128, "weight_decay": 0, "ema": 0.99, "depth": 2, "dimension": 16}
GOOD = {"density": 0.9, "coverage": 0.1, "density_floor": 1.0, "coverage_floor": 0.97}  # as of copies of few images
NOISE = {"density": 0.01, "coverage": 0.0}


def judge(emm, *, replicates=6, spread=0.03, seed=0, classes=10, resolutions=None, fair=None, noise=()):
    """The claims on arms that differ from ``BASE`` in one factor and have the given EMM; those of ``noise`` draw it."""
    rng = np.random.default_rng(seed)
    arms = {"base" if BASE[k] == v else f"{k} {v}": {**BASE, k: v} for k, v in emm}
    rows = []
    for arm, crossing in zip(arms, emm.values(), strict=True):
        share = expit(
            logit(0.9) - 3 * np.log(SIZES / crossing)[:, None] + spread * rng.standard_normal((8, replicates))
        )
        i, replicate = np.indices(share.shape).reshape(2, -1)
        rows.append(pd.DataFrame({"arm": arm, "n": SIZES[i], "replicate": replicate, "r_mem": share.ravel()}))
    runs = pd.concat(rows, ignore_index=True).assign(step=1, epoch=1.0, count=1000, frechet=0.5, **GOOD)
    runs.loc[runs["arm"].isin(noise), list(NOISE)] = list(NOISE.values())
    found = estimates(runs)
    known = dict(arms=arms, baseline="base")
    quality = factors(runs, found, quality="frechet", **known, fair=list(arms) if fair is None else fair)
    known |= dict(classes=classes, resolutions={arm: (resolutions or {}).get(arm) for arm in arms})
    return claims(runs, found, study="s", settings={arm: f"digits, {arm}" for arm in arms}, factors=quality, **known)


@pytest.fixture
def judged():
    """The function ``judge``."""
    return judge


@pytest.fixture
def kept(monkeypatch):
    """Function of EMM by the skips that are kept, where the baseline keeps all nine; its rows of E5."""
    monkeypatch.setitem(BASE, "skips", "1, 2, 3, 4, 5, 6, 7, 8, 9")

    def rows(emm, noise=()):
        heights = {1: 8, 2: 8, 3: 8, 4: 4, 5: 4, 6: 4, 7: 2, 8: 2, 9: 2}
        at = {skips: {heights[int(number)] for number in skips.split(", ")} for skips in emm}
        resolutions = {f"skips {skips}": found.pop() for skips, found in at.items() if len(found) == 1}
        arms = {("skips", BASE["skips"]): 200, **{("skips", skips): value for skips, value in emm.items()}}
        table = judge(arms, resolutions=resolutions, noise=noise)
        return table[table["claim"] == "E5"].reset_index(drop=True)

    return rows
