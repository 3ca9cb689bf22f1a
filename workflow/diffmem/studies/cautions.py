"""Settings that are likely mistakes, each as one sentence with key, value and remedy, for plan, log and page.

*Running mean.* The running mean of the weights reaches back over 1 / (1 - ema) steps, its horizon. If that is more than
the steps of training, the untrained weights have a share of more than 1/e in what is sampled.

*Scale.* A schedule assumes a spread of the data: sigma_data of edm, and 1 of the others. Off by a factor of two,
sigma_data leaves inputs and targets of the network without unit variance (Karras et al. 2022, https://arxiv.org/abs/2206.00364,
equation 7). The others are used for images in [-1, 1], whose spread is .4 to .7, so that a factor of four is allowed.

*Outliers.* Lengths are in standard deviations of each of the d features, so that the root mean square distance of
inliers from their mean is sqrt(d). Clusters of outliers that are nearer to it lie within the radius of the inliers.

*Noise.* Samples of the last snapshot that `measure.noise` calls noise.
"""

from collections.abc import Mapping

from diffmem.diffusion.budget import budget
from diffmem.measure.noise import is_noise
from diffmem.settings.datasets import Data
from diffmem.settings.schedules import Edm, Schedule
from diffmem.settings.sections import Training

FACTOR, FACTOR_EDM = 4.0, 2.0  # largest ratio of the spread of the data and that of the schedule, or its inverse


def of_running_mean(training: Training, *, points: int) -> str | None:
    """A sentence if the horizon of the running mean exceeds the ``training`` on so many ``points``."""
    ema, steps = training.ema, budget(training, points=points).steps[-1]
    horizon = 1 / (1 - ema)
    if not ema or horizon <= steps:
        return None
    return (
        f"training.ema = {ema:g}: the running mean reaches back over {horizon:,.0f} steps, but training has {steps:,}; "
        f"set it to at most {_floor(1 - 10 / max(steps, 11))}, or train longer"
    )


def of_spread(schedule: Schedule, spread: float) -> str | None:
    """A sentence if the ``spread`` of the training points is off the scale of the ``schedule``."""
    edm = isinstance(schedule, Edm)
    scale, factor = (schedule.sigma_data, FACTOR_EDM) if isinstance(schedule, Edm) else (1.0, FACTOR)
    if scale / factor <= spread <= scale * factor:
        return None
    key = f"schedule.sigma_data = {scale:g}" if edm else f"schedule.name = {schedule.name}"
    assumed = "" if edm else f" and the schedule assumes {scale:g}"
    remedy = f"set it to {spread:.2g}, or" if edm else "set"
    both = "data.standardize to true and measure.rounded to false"
    return f"{key}: the training points have a spread of {spread:.2g}{assumed}; {remedy} {both}"


def of_outliers(data: Data) -> str | None:
    """A sentence if the clusters of outliers of ``data`` are nearer to the mean than inliers are."""
    radius, distance = data.features**0.5, data.outliers.distance
    if not data.outliers.count or distance >= radius:
        return None
    return (
        f"data.outliers.distance = {distance:g}: inliers of {data.features} features are {radius:.3g} away from their "
        f"mean, so that these outliers lie within their radius; set it to {1.5 * radius:.2g}, for example"
    )


def of_noise(samples: Mapping[str, float], fresh: Mapping[str, float]) -> str | None:
    """A sentence if ``samples`` are close to noise, from their density and coverage and those of ``fresh`` points."""
    if not is_noise(samples, fresh):
        return None
    return (
        f"samples of the last snapshot are close to noise: their coverage is {samples['coverage']:.3f}, that of fresh "
        f"points {fresh['coverage']:.3f}; raise training.steps or training.epochs, or choose a model.network that fits "
        "the data"
    )


def _floor(value: float) -> str:
    """A number below 1, cut after the digits that matter."""
    text = f"{max(value, 0):.6f}"
    nines = len(text) - len(text.lstrip("0.").lstrip("9"))
    return text[: max(nines + 1, 4)].rstrip("0").rstrip(".") or "0"
