"""What labels without information do to a training set of a given size: the claims on labels, size by size.

    E7-n    random labels raise R_mem at n points; and more of them raise it more
    E8-n    labels of one image each raise it above that of the most random ones

The effect is the difference of R_mem at the last snapshot between two arms that differ in their labels alone, paired by
replicate, whose data, initialisation and noise are common to all arms. These hold where EMM, the crossing of 0.9, lies
outside the sizes that were run.
"""

import pandas as pd

from diffmem.studies.effective.emm import Arms, changed, chosen
from diffmem.studies.outliers.claims import COLUMNS, verdict


def label_claims(runs: pd.DataFrame, *, arms: Arms, baseline: str, study: str, settings: str) -> pd.DataFrame:
    """One row per size and pair of neighbouring kinds of labels, with the columns of ``studies.outliers.claims``.

    Args:
        runs, arms, baseline: as in ``studies.effective.emm``.
        settings: what the study holds for, in words.
    """
    last = chosen(runs, "last")
    labels = {arms[arm]["labels"]: arm for arm in arms if set(changed(arms[arm], arms[baseline])) <= {"labels"}}
    random = sorted((kind for kind in labels if kind.startswith("random-")), key=lambda kind: int(kind[7:]))
    order = [kind for kind in ("none", *random, "unique") if kind in labels]
    rows = []
    for n, at_size in last.groupby("n"):
        wide = at_size.pivot(index="replicate", columns="arm", values="r_mem")
        for one, other in zip(order[1:], order, strict=False):
            pair = [labels[one], labels[other]]
            if set(pair) <= set(wide):
                difference = (wide[pair[0]] - wide[pair[1]]).dropna()
                rows.append({**_words(one, other, n), "cell": pair[0], **verdict(difference.to_numpy(), sign=1)})
    same = {"study": study, "holds_for": settings, "unit": "difference of R_mem", "figure": "effective"}
    return pd.DataFrame(rows).assign(**same).reindex(columns=COLUMNS)


def _words(one: str, other: str, n: int) -> dict[str, str]:
    names = {"none": "no labels", "unique": "labels of one image each"}
    first, second = (names.get(kind, f"{kind.removeprefix('random-')} random labels") for kind in (one, other))
    claim = "E8-n" if one == "unique" else "E7-n"
    return {"claim": claim, "reference": other, "statement": f"at n = {n:,}, {first} raise R_mem above {second}"}
