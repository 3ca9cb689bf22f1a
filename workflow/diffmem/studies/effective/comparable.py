"""Which arms can be compared with the baseline, and by which measures: a matter of the keys in which they differ.

The mean held-out loss is taken over the noise levels of the arm's own schedule, in units of its data and under its
labels. It is comparable where all three are the baseline's. The loss at one noise level does not depend on how often
the level is drawn. Frechet distance, density and coverage are taken against the arm's own held-out images and in their
units. They are comparable where these images have the distribution of the baseline's; model, labels and copies in the
training set may differ.
"""

from collections.abc import Iterable

import pandas as pd

UNSEEN = ("data.fresh",)  # points that no loss is taken of
LEVELS = ("schedule.p_mean", "schedule.p_std")  # how often each noise level comes, not what the loss there is
# all of the data that leaves the law of held-out images as it is
SAME_LAW = ("data.labels", "data.duplicates", "data.near_duplicates", "data.twins", "data.test", "data.fresh")
LOSS = "held_out_loss"

Differs = dict[str, list[str]]  # arm -> dotted keys in which its settings differ from the baseline's


def by_loss(differs: Differs) -> list[str]:
    """The arms whose mean held-out losses are comparable."""
    return _without(differs, ("data.", "schedule."), but=UNSEEN)


def by_loss_at_a_level(differs: Differs) -> list[str]:
    """The arms whose held-out losses at one noise level are comparable."""
    return _without(differs, ("data.", "schedule."), but=(*UNSEEN, *LEVELS))


def by_quality(differs: Differs) -> list[str]:
    """The arms whose samples are comparable by Frechet distance, density and coverage."""
    return _without(differs, ("data.",), but=SAME_LAW)


def comparable(curves: pd.DataFrame, *, differs: Differs, quality: Iterable[str]) -> pd.DataFrame:
    """``curves`` (arm, measure, ...) without the measures ``quality`` of arms of which they cannot be compared."""
    measure, arm = curves["measure"], curves["arm"]
    fair = arm.isin(by_quality(differs)).where(measure != LOSS, arm.isin(by_loss(differs)))
    return curves[fair | ~measure.isin(list(quality))]


def _without(differs: Differs, sections: tuple[str, ...], *, but: tuple[str, ...]) -> list[str]:
    """The arms that differ in no key of the ``sections`` except those in ``but``."""
    return [arm for arm, keys in differs.items() if not any(k.startswith(sections) and k not in but for k in keys)]
