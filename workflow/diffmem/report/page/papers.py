"""The papers whose claims are tested, and the definitions of the measures of their claims, as texts for the page."""

from typing import NamedTuple


class Paper(NamedTuple):
    """A paper.

    Attributes:
        title: its title.
        source: where it was published; empty if it is no paper.
        asks: the question that is tested.
    """

    title: str
    source: str
    asks: str


COPYING = "copying"  # the question of a study without injected points, which is no paper's
# question of a study -> its paper, in the order of the page
PAPERS = {
    COPYING: Paper("When the model copies", "", "When does this model begin to copy, and when should training stop?"),
    "outliers": Paper(
        "Outliers memorized last: trends in memorization of diffusion models based on training distribution and epoch",
        "anonymous submission",
        "Are outliers memorized later than other points, and duplicates earlier?",
    ),
    "effective": Paper(
        "On Memorization in Diffusion Models",
        "arXiv:2310.02664",
        "Up to which training size does a model copy, and what changes this size?",
    ),
    "onset": Paper(
        "On the onset of memorization to generalization transition in diffusion models",
        "ICLR 2025 submission, withdrawn",
        "At which number of training points does a model stop imitating its training set?",
    ),
}
# question -> what the page says of it
QUESTIONS = {**PAPERS, "audit": Paper("", "", "Are these samples copies of training items?")}
_STRATA = (
    "The measure is compared between two strata within each replicate and averaged over training with equal weight "
    "for every octave of epochs. With the matched test set it is the net copied fraction. With the paper's plain test "
    "set it is the memorized share divided by that of fresh points of the true distribution."
)
_EMM = (
    "Effective model memorization (EMM) is the largest number of training points at which 90 % of the generated points "
    "are copies by the rule of 1/3. Arms are compared by the ratio of their EMMs."
)
_R_MEM = (
    "R_mem is the share of generated points at the last snapshot whose distance to the nearest training point is less "
    "than a third of that to the second-nearest one. Differences are paired by replicate."
)
_PLACE = (
    "The place on the axis n / d, with a bootstrap interval over training sets, must lie within the bounds of the "
    "claim."
)
_SPACING = (
    "Least squares over the generated points of a replicate. The local spacing is the distance from the nearest "
    "location to its third nearest neighbour among training and held-out locations."
)
_CLOCK = (
    "Least squares of the logarithm of the step against the logarithm of the number of training points in every "
    "replicate: 1 is in proportion, 0 is independent."
)
_LEVEL = (
    "The effect is the logarithm of the length of that noise, its level times the root of the number of features, over "
    "the median distance of training points to their nearest neighbours; the claim is that it is 0 within a factor of "
    "three."
)
_SIGNAL = (
    "Spearman's rank correlation with the net copied fraction at the last snapshot, over runs of one size, with a "
    "95 % interval over replicates (jackknife)."
)
# number of a claim -> definition of its measure; a number such as O1-time without an entry has that of O1
DEFINITIONS = {
    "M": "The net copied fraction of all points at the last snapshot: the share of points that are much closer to a "
    "training point than to any held-out point, minus the share that are much closer to a held-out point. It is zero "
    "on average for a model that copies nothing.",
    "M-exact": "The raw memorized fraction minus its mean under permuted labels training and held-out. It needs no "
    "assumption about the distribution.",
    "M1": "For random pairs of a training point and an exchangeable held-out point, the share of correct guesses of "
    "the training point gives a lower bound on epsilon, the privacy loss of a training run. No audit gives an upper "
    "bound, so that the claim cannot be refuted.",
    "O1": f"Outliers are memorized later or less than inliers. {_STRATA}",
    "O1-end": "The same comparison as O1, at the last snapshot only.",
    "O1-time": "The epoch at which a training location is memorized, compared between outliers and inliers on a "
    "logarithmic scale, minus the same comparison for held-out locations.",
    "O2": f"Duplicates are memorized earlier or more than inliers. {_STRATA}",
    "O2-end": "The same comparison as O2, at the last snapshot only.",
    "O2-time": "As O1-time, for duplicates.",
    "O3": "O1 at every threshold ratio from the smallest to the largest. The ratio that supports it least is shown.",
    "R": "The share of generated points near outliers over the outliers' share of the training rows, minus the same "
    "for the closed-form optimum with the same sampler. A model that does not generate outliers cannot copy them.",
    "U1": "Training is stopped when the model begins to copy known outliers. The effect is the difference in loss or "
    "distance between that snapshot and the last one.",
    "U2": "The memorization time of a training location is used as a score for outliers. The effect is a difference of "
    "areas under the ROC curve.",
    "D1": f"How much the net copied fraction rises per e-fold of local spacing, at equal stratum. {_SPACING}",
    "D2": f"The difference in net copied fraction between outliers and inliers of equal local spacing. {_SPACING}",
    "D3": f"The slope of D1 over inliers alone. {_SPACING}",
    "D4": "How much the net copied fraction changes with the distance from the centre of the inliers, in their "
    f"standard deviations, at equal stratum and local spacing. {_SPACING}",
    "D5": "Outliers that are one cluster of as many points as there are inliers are compared with these. The effect is "
    "the difference in net copied fraction per e-fold of the cluster's width, without regard to spacing and distance.",
    "G1": "Two snapshots are compared: the first one from which on the energy distance is at most that of as many "
    "draws from the held-out points, and the first one from which on the net copied fraction exceeds chance. "
    "The claim is that the former comes first.",
    "G2": "The recommended stop is the last snapshot before copies begin. The effect is the energy distance at this "
    "snapshot minus that at the end, in replicates in which copies begin.",
    "K1": "The net copied fraction at ratio 1 at the snapshot with the smallest loss on held-out points. The claim is "
    "that it is positive.",
    "K2": f"The slope of the step at which a fifth of the samples are copies. {_CLOCK}",
    "K3": f"The slope of the step at which samples are as good as held-out points. {_CLOCK}",
    "K4": f"The slope of the step at which half of the samples are biased towards the training set. {_CLOCK}",
    **dict.fromkeys(("S1", "S2", "S3", "S4"), _SIGNAL),
    "N1": f"The noise level at which the loss on training points is lowest relative to that on held-out points, when "
    f"bias begins. {_LEVEL}",
    "N2": f"The same at the last snapshot. {_LEVEL}",
    "B1": "Two snapshots are compared: the first one from which on more samples are nearest to the training set than "
    "chance allows, and the first one from which on a tenth of them are copies by the rule of 1/3.",
    "B2": "Of the runs whose generated density is nearer to that of fresh points than to that of the training set "
    "(Δ > 0) at the last snapshot, the net copied fraction at ratio 1. The claim is that it lies between -.05 and .05.",
    "B3": "The share of runs in which the density is nearer to the training set than to a held-out set of its size, by "
    "the Cauchy–Schwarz distance, exactly if more samples are nearest to the training set, at the last snapshot.",
    "E1": _R_MEM,
    "E4": f"{_EMM} The claim needs an inner depth whose EMM is above, or below, those of both outer depths.",
    "E5": f"{_EMM} The arms have the same number of skip connections, at high or at low resolution only.",
    "E11": f"{_EMM} If labels split the training set, EMM with C labels is C times that without labels.",
    "E7-n": _R_MEM,
    "E8-n": _R_MEM,
    **dict.fromkeys(("E2", "E3", "E6", "E7", "E8", "E9", "E10"), _EMM),
    "T1": "The place at which the share of training sets for which the generated density is closer to the truth than "
    f"to the training set, by the Cauchy–Schwarz distance, crosses one half. {_PLACE}",
    "T1-l2": f"As T1, by the paper's squared L2 distance. {_PLACE}",
    "T2": "The place at which the distance of the generated density to the truth, E_OG, is largest, known up to the "
    f"sizes before and after it. {_PLACE}",
    "T2-fall": "E_OG at the largest n minus E_OG at n = d, paired by training set.",
    "T3": "The ratio of two places that are estimated separately: where copying ends (n_mem) and where the Wasserstein "
    "distance to the truth has become small (n_gen).",
    "T4": "The factor by which n_mem, where copying ends, grows with the network or its training.",
    "T5": "The Kullback–Leibler divergence to the truth at the ratio nearest to n = 2 d, divided by that for isotropic "
    "data.",
    "T6": "The place where the distance to the truth becomes small (n_gen), or where copying ends (n_mem), divided by "
    "that for isotropic data.",
}


def definition(claim: str) -> tuple[str, str] | None:
    """The key of ``DEFINITIONS`` for a ``claim``, and the definition; None if there is none.

    >>> definition("T6-copying")[0]
    'T6'
    """
    for name in (claim, claim.partition("-")[0]):
        if name in DEFINITIONS:
            return name, DEFINITIONS[name]
    return None
