"""Samples that the user's own training saved, or that a function of the user draws: snapshots without a training.

A pattern such as ``runs/epoch-{epoch}.npy`` names a file or folder for each snapshot; ``{step}`` stands for ``{epoch}``
where snapshots are counted in steps, and ``{replicate}`` for the number of the run, from 0. Files are of any kind that
`data.read` reads. Bytes are brightness, from 0 to 255, and become [-1, 1]; other numbers are taken as they are.
"""

import glob
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffmem.data.columns import numbers_of
from diffmem.data.custom import arranged
from diffmem.data.image_set import DataError
from diffmem.data.own import numbers
from diffmem.data.read import read
from diffmem.own_code import OwnError, line, load_own

COUNTED = ("{epoch}", "{step}")
REPLICATE = "{replicate}"
PROBED = 10  # samples of the first and last snapshot that show whether a function depends on the snapshot
BEYOND = 20  # largest sample over largest training value, or the other way round, that is no slip of units
SLIGHT = 0.05  # below zero, of a range of 1; and of all values, that may be negative in error


class Snapshot(NamedTuple):
    """One snapshot.

    Attributes:
        number: its epoch or step.
        source: where it is from.
        samples: function of (count, generator) that gives its samples; the count is None where all are wanted.
        drawn: whether they are drawn anew, ``count`` of them, and not read.
    """

    number: int
    source: str
    samples: Callable[[int | None, np.random.Generator], np.ndarray]
    drawn: bool


def from_files(replicate: int, *, path: str) -> list[Snapshot]:
    """The files that match the pattern ``path``, in the order of their numbers.

    Raises:
        DataError: if there are fewer than two, or two of one number.
    """
    place = next(name for name in COUNTED if name in path)
    named = path.replace(REPLICATE, str(replicate))
    before, _, after = named.partition(place)
    found: dict[int, str] = {}
    for name in glob.glob(f"{glob.escape(before)}*{glob.escape(after)}"):  # noqa: PTH207, it may be absolute
        if match := re.fullmatch(re.escape(before) + r"(\d+)" + re.escape(after), name):
            if other := found.get(int(match[1])):
                raise DataError(f"samples = {path}: {other} and {name} have one number; remove one of them")
            found[int(match[1])] = name
    if len(found) < 2:
        what = f"only {next(iter(found.values()))}" if found else "no file"
        raise DataError(
            f"samples = {path}: matches {what} in {Path.cwd()}; expected at least two, one for each {place}"
        )
    return [Snapshot(number, file, _reading(file), drawn=False) for number, file in sorted(found.items())]


def from_function(replicate: int, *, module: str, epochs: Sequence[int]) -> list[Snapshot]:
    """What the user's function ``module`` (n, snapshot, generator) draws at each of the ``epochs``.

    A function of several training runs has a fourth parameter, ``replicate``, which is passed by name. torch's own
    generator is seeded before each call, so that samplers that draw from it can be repeated.

    Raises:
        OwnError: if the samples of the first and the last of the ``epochs`` are the same for the same generator, or
            ``replicate`` is not 0 and the function does not take it.
    """
    function = load_own(module)
    options = {"replicate": replicate} if "replicate" in inspect.signature(function).parameters else {}
    if replicate and not options:
        raise OwnError(
            f"{line(module)}: is one training run, as it does not take replicate; write replicates: 1, or add it"
        )

    def drawing(epoch: int) -> Callable[[int | None, np.random.Generator], np.ndarray]:
        def samples(count: int | None, generator: np.random.Generator) -> np.ndarray:
            import torch

            with torch.random.fork_rng():
                torch.manual_seed(int(generator.integers(2**62)))
                return function(count, epoch, generator, **options)

        return samples

    ends = (drawing(epoch)(PROBED, np.random.default_rng(0)) for epoch in (epochs[0], epochs[-1]))
    if _equal(*ends):
        raise OwnError(
            f"{line(module)}: returns the same samples at snapshot {epochs[0]} and {epochs[-1]} for the same "
            "generator; use its argument snapshot"
        )
    return [Snapshot(epoch, f"{line(module)}, at snapshot {epoch}", drawing(epoch), drawn=True) for epoch in epochs]


def collected(
    snapshots: list[Snapshot],
    *,
    point: Sequence[int],
    train: np.ndarray,
    count: int | None,
    generators: Sequence[np.random.Generator],
) -> np.ndarray:
    """The samples of all ``snapshots``, of shape (s, g, d), float32.

    Args:
        point: what a point is, channels, height and width or the number of features.
        train: the training points (n, d), for their units.
        count: samples of each snapshot, the first ones; None is all that the files hold.
        generators: one per snapshot.

    Raises:
        DataError, OwnError: if they differ in number or in width, are in other units or the same at two snapshots.
    """
    parts: list[np.ndarray] = []
    for snapshot, generator in zip(snapshots, generators, strict=True):
        values = snapshot.samples(count, generator)
        points = _points(values, point, snapshot.source, drawn=count if snapshot.drawn else None)
        if count is not None and len(points) < count:
            raise DataError(f"{snapshot.source}: holds {len(points)} samples; sampling.count = {count} asks for more")
        points = points[:count]
        if parts and len(points) != len(parts[0]):
            raise DataError(
                f"{snapshot.source}: holds {len(points)} samples, {snapshots[0].source} {len(parts[0])}; save as many "
                "at every snapshot, or give sampling.count"
            )
        _refuse_units(points, train, snapshot.source, last=snapshot is snapshots[-1])
        for other, before in zip(snapshots, parts, strict=False):
            if np.array_equal(points, before):
                raise DataError(
                    f"{snapshot.source}: holds the same samples as {other.source}; save those of the model then"
                )
        parts.append(points)
    return np.stack(parts)


def _equal(one: object, other: object) -> bool:
    """Whether two sets of samples, arrays or torch tensors, are the same; what is neither is refused later."""
    pair = [part.detach().cpu().float() if hasattr(part, "detach") else part for part in (one, other)]
    return np.array_equal(np.asarray(pair[0]), np.asarray(pair[1]))


def _reading(path: str) -> Callable[[int | None, np.random.Generator], np.ndarray]:
    """Function that reads the samples in a file or folder."""

    def samples(_count: int | None, _generator: np.random.Generator) -> np.ndarray:
        items = read(path, name="samples")
        if items.frame is None:
            return items.values
        return numbers_of(items.frame, where=path)

    return samples


def _points(values: np.ndarray, point: Sequence[int], source: str, *, drawn: int | None) -> np.ndarray:
    """Points (g, d), float32, of what a file holds, or of what a function drew."""
    if drawn is not None:
        return numbers(values, count=drawn, size=point, where=source).astype(np.float32)
    shaped = arranged(values, list(point), source)
    flat = shaped.reshape(len(shaped), -1).astype(np.float32)
    return flat / np.float32(127.5) - 1 if values.dtype == np.uint8 else flat


def _refuse_units(points: np.ndarray, train: np.ndarray, source: str, *, last: bool) -> None:
    """Refuse samples from 0 to 1, or from 0 to 255, where training points lie from -1 to 1, and the other way round.

    Samples of an untrained model may be small, or negative where no training point is, those of the ``last`` snapshot
    not.
    """
    low, high = float(points.min()), float(points.max())
    images = train.min() >= -1 and train.max() <= 1 and train.min() < -0.5
    size, given = np.abs(points).max(), np.abs(train).max()
    shifted = images and low >= -SLIGHT and high > 0.5
    small = size * BEYOND < given
    centred = train.min() >= 0 and np.mean(points < -given / 2) > SLIGHT
    if shifted or size > BEYOND * given or (last and (small or centred)):
        raise DataError(
            f"{source}: samples lie from {low:.4g} to {high:.4g}, training points from {train.min():.4g} to "
            f"{train.max():.4g}; bring both to the same units (bytes become [-1, 1])"
        )
