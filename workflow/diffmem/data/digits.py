"""scikit-learn's handwritten digits as a distribution of the onset study: a finite set with known moments."""

import numpy as np

from diffmem.data.gaussians import Law
from diffmem.data.image_set import points
from diffmem.data.images import digits
from diffmem.gaussian import fit_normal


def principal_components(*, dimension: int) -> Law:
    """The first principal components of the 1,797 digits, drawn without replacement.

    They are divided by the root of their mean variance, so that the mean variance per coordinate is one.
    """
    images = points(digits(pixels=None).pixels)
    whole = fit_normal(images)
    largest = np.argsort(whole.variances)[::-1][:dimension]
    scores = (images - whole.mean) @ whole.axes[:, largest]
    scores /= np.sqrt(whole.variances[largest].mean())
    return Law(fit_normal(scores), (), lambda count, rng: scores[rng.permutation(len(scores))[:count]])
