"""Numbers of training points of the onset study, which a config gives as ratios n / d."""

from collections.abc import Iterable


def training_sizes(ratios: Iterable[float], *, dimension: int) -> list[int]:
    """n = round(ratio d) for every one of the ``ratios``, ascending and without repetition."""
    return sorted({round(ratio * dimension) for ratio in ratios})
