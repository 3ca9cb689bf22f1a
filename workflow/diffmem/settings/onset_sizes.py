"""Training sizes n of the onset study, which a config states as ratios n / d."""

from collections.abc import Iterable


def training_sizes(ratios: Iterable[float], *, dimension: int) -> list[int]:
    """n = round(ratio d) for all ``ratios``, ascending and without repetition."""
    return sorted({round(ratio * dimension) for ratio in ratios})
