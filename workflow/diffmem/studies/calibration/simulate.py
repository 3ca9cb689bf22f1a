"""Runs of the generators whose answer is known, and the results of every criterion.

A *control* is one fresh draw of all sets, the samples of one generator, and the results of all criteria on them. Every
control has random streams of its own, so that controls are independent.
"""

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.studies.calibration.criteria import apply_criteria
from diffmem.studies.calibration.generators import CONTROLS, Setting, draw_sets

SEED = 0


def simulate(setting: Setting, *, repetitions: Iterable[int], permutations: int) -> pd.DataFrame:
    """All controls of a setting.

    Returns:
        one row per generator, repetition and criterion: generator, pi, bandwidth, repetition, criterion, and the fields
        of ``criteria.Result``.
    """
    names = [name for name in CONTROLS if setting.duplicates or name != "duplicates"]
    rows = []
    for name, repetition in itertools.product(names, repetitions):
        control = CONTROLS[name]
        data, sampling, measure = _streams(name, repetition)
        sets = draw_sets(setting, data)
        generated = control.generate(sets, sampling, setting.generated)
        results = apply_criteria(
            train=sets.train, test=sets.test, generated=generated, permutations=permutations, rng=measure
        )
        same = {"generator": name, "pi": control.pi, "bandwidth": control.bandwidth, "repetition": repetition}
        rows += [{**same, "criterion": criterion, **result._asdict()} for criterion, result in results.items()]
    return pd.DataFrame(rows)


def _streams(name: str, repetition: int) -> list[np.random.Generator]:
    """Random generators of a control: for its sets, its samples and its permutations."""
    index = list(CONTROLS).index(name)
    purposes = ("data", "sampling", "measure")
    return [rng.generator(SEED, replicate=repetition, purpose=purpose, index=index) for purpose in purposes]
