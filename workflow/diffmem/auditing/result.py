"""What an audit found."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from diffmem.auditing.verdict import Verdict
from diffmem.data.items import Items
from diffmem.measure.membership import Membership


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        copying: the verdict on copies.
        membership_verdict: the verdict on membership.
        table: a row per ratio, as from ``measure.auditing.net_copied_fractions``; empty without a held-out set.
        criteria: published criteria, of samples and of held-out items.
        samples: a row per sample; without a held-out set only its nearest training item and distances.
        training: a row per training item, how often it is the nearest and how often copied.
        membership: outcome of the guesses, or None.
        exchangeability_p: of the test of held-out against training items, or missing.
        warnings: sentences.
        sets: the three sets as they were read.
        settings: seed, ratios, permutations, features, augment, index.
        recall: a row per search, as from ``searching.recall_table``; empty if all were exact.
        null: scores t' of ``samples`` of the held-out items; empty without them.
    """

    copying: Verdict
    membership_verdict: Verdict
    table: pd.DataFrame
    criteria: pd.DataFrame
    samples: pd.DataFrame
    training: pd.DataFrame
    membership: Membership | None
    exchangeability_p: float
    warnings: list[str]
    sets: dict[str, Items] = field(repr=False)
    settings: dict[str, Any]
    recall: pd.DataFrame = field(default_factory=pd.DataFrame)
    null: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
