"""What no schema can say of a cell of the onset study: values that depend on each other, as in ``checks``."""

from typing import Any

from diffmem.settings.onset_sizes import training_sizes

DIGITS, VARYING = 1797, 61  # handwritten digits of scikit-learn, and pixels of them that vary
EXACT = ("one-step", "gaussian-fit", "multi-step")  # generators whose law is known without samples


def dimension(law: dict[str, Any]) -> int:
    """Number of features of a law of the onset study."""
    return len(law["variances"]) if law["name"] == "spectrum" else law["dimension"]


def spectrum(cell: dict[str, Any]) -> str | None:
    """Variances that sum to their number, and a rank that the dimension holds."""
    law = cell["law"]
    if law["name"] == "spectrum" and abs(sum(law["variances"]) - len(law["variances"])) > 1e-6 * len(law["variances"]):
        total, count = sum(law["variances"]), len(law["variances"])
        return f"law.variances sum to {total:g}: must sum to their number {count}; divide each by {total / count:g}"
    if law["name"] == "low-rank" and law["rank"] > law["dimension"]:
        return f"law.rank = {law['rank']}: must be at most law.dimension = {law['dimension']}"
    return None


def sizes(cell: dict[str, Any]) -> str | None:
    """Sizes that can be trained on, drawn and compared. One dimension is allowed: bandwidths are s / n there."""
    law, onset, made = cell["law"], cell["onset"], cell["generator"]["name"]
    d = dimension(law)
    tried = training_sizes(onset["ratios"], dimension=d)
    smallest, largest = tried[0], tried[-1]
    if smallest < 2:
        return f"onset.ratios: {min(onset['ratios'])} x {d} features = {smallest}: must be at least 2 training points"
    if onset["fresh"] is not None and onset["fresh"] < largest:
        return f"onset.fresh = {onset['fresh']}: must be at least the largest number of training points, {largest}"
    if law["name"] == "digits":
        needed = 3 * largest + (onset["fresh"] or 0)
        if onset["fresh"] is None:
            return "onset.fresh = None: the density of digits is unknown; give a number of points"
        if needed > DIGITS:
            words = f"must be at most {DIGITS}, all digits there are"
            return f"onset.fresh + 3 x {largest} training points = {needed}: {words}"
        if d > VARYING:
            return f"law.dimension = {d}: must be at most {VARYING}, as many pixels of a digit vary"
    if made not in EXACT and onset["samples"] <= d:
        return f"onset.samples = {onset['samples']}: must be more than the {d} features, or {made} has no density"
    return None
