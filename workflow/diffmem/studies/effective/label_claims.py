"""The effect of labels without information at a given training size: the claims on labels, size by size.

    E7-n    random labels raise R_mem at n points, and more of them raise it more
    E8-n    labels of one image each raise R_mem above that of the largest number of random labels

The effect is the difference of R_mem at the last snapshot between two arms that differ in their labels alone, paired by
replicate, whose data, initialisation and noise are common to all arms. These claims can be decided even where EMM, the
crossing of 0.9, lies outside the sizes that were run.
"""

import pandas as pd

from diffmem.studies.claims import POSITIVE, Claim, judge_mean, tabulate
from diffmem.studies.effective.emm import Arms, chosen
from diffmem.studies.effective.pairs import matching_arms


def label_claims(
    runs: pd.DataFrame, *, arms: Arms, baseline: str, study: str, settings: dict[str, str]
) -> pd.DataFrame:
    """One row per size and pair of neighbouring kinds of labels, with the columns of `studies.claims`.

    Args:
        runs, arms, baseline: as in ``studies.effective.emm``.
        settings: arm -> what it holds for, in words.
    """
    last = chosen(runs, "last")
    labels = {str(kind): arm for kind, arm in matching_arms(arms, baseline, arms, "labels").items()}
    random = sorted((kind for kind in labels if kind.startswith("random-")), key=lambda kind: int(kind[7:]))
    order = [kind for kind in ("none", *random, "unique") if kind in labels]
    rows = []
    for n, at_size in last.groupby("n"):
        wide = at_size.pivot(index="replicate", columns="arm", values="r_mem")
        for one, other in zip(order[1:], order, strict=False):
            pair = [labels[one], labels[other]]
            if set(pair) <= set(wide):
                claim = Claim(
                    claim="E8-n" if one == "unique" else "E7-n",
                    statement=f"at n = {n:,}, {_words(one)} raise R_mem above {_words(other)}",
                    unit="difference of R_mem",
                    cell=pair[0],
                    reference=other,
                    finding=judge_mean((wide[pair[0]] - wide[pair[1]]).dropna().to_numpy(), POSITIVE),
                    figure="effective",
                    study=study,
                    holds_for=settings[pair[0]],
                )
                rows.append(claim)
    return tabulate(rows)


def _words(kind: str) -> str:
    """The words for a kind of labels in a statement."""
    named = {"none": "no labels", "unique": "labels of one image each"}
    return named.get(kind, f"{kind.removeprefix('random-')} random labels")
