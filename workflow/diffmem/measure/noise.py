"""When samples are called noise: they are far from fresh points by density and by coverage.

Density and coverage (`measure.quality`; Naeem et al. 2020, https://arxiv.org/abs/2002.09797) of the samples are both
less than a quarter of those of fresh points of the true distribution. On the handwritten digits, where fresh points
have about 1, they are for

                                             density       coverage
    copies of 6, 10, 25 training images      .8 to 2.3     .05, .1, .2
    a Gaussian with the moments of the data  .11 to .14    .2 to .4
    standard normal noise                    0             0

Coverage alone would not do: few training points cover little of the distribution, and so do their copies.
"""

from collections.abc import Mapping

SHARE = 0.25  # of the density and the coverage of fresh points
MEASURES = ("density", "coverage")


def is_noise(samples: Mapping[str, float], fresh: Mapping[str, float]) -> bool:
    """Whether ``samples`` are noise, from their ``MEASURES`` and those of ``fresh`` points, or none known."""
    return not any(samples[name] >= SHARE * fresh[name] for name in MEASURES)
