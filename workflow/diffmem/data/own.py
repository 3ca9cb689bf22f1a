"""Points that a function in the user's own file draws: ``draw(count, generator)``, independent points of one law."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from diffmem.locations import distinct
from diffmem.own_code import OwnError, line, load_own

PROBED = 10  # points that show whether a function uses its generator


def draw(count: int, generator: np.random.Generator, *, module: str, size: Sequence[int]) -> np.ndarray:
    """``count`` points of the function ``module``, of shape (count, d) with d the product of ``size``.

    Raises:
        OwnError: if the function cannot be imported, raises, returns something else or one point twice, or does not
            use the generator.
    """
    function, where = load_own(module), line(module)
    points = numbers(function(count, generator), count=count, size=size, where=where)
    if repeated := count - len(distinct(points)):
        raise OwnError(
            f"{where}: returned {repeated} of {count} points twice, so that held-out points would be training points; "
            "draw from a continuous law, or give a finite set as data.path"
        )
    first, second = (
        numbers(function(PROBED, np.random.default_rng(seed)), count=PROBED, size=size, where=where) for seed in (1, 2)
    )
    if np.array_equal(first, second):
        raise OwnError(f"{where}: returned the same points for two generators; use its argument generator")
    return points


def numbers(values: object, *, count: int, size: Sequence[int], where: str) -> np.ndarray:
    """What the user's function at ``where`` returned, as points (count, d), float64; each is flat or of ``size``.

    Raises:
        OwnError: if it is no such array, or holds values that are not finite.
    """
    if hasattr(values, "detach"):  # a torch tensor
        tensor: Any = values.detach().cpu()
        values = (tensor.float() if tensor.is_floating_point() else tensor).numpy()  # numpy has no bfloat16
    shape = (count, math.prod(size))
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "uif":
        found = f"an array of {values.dtype}" if isinstance(values, np.ndarray) else f"a {type(values).__name__}"
        raise OwnError(f"{where}: returned {found}; must return an array of numbers of the shape {shape}")
    if values.shape not in (shape, (count, *size)):
        raise OwnError(f"{where}: returned the shape {values.shape}; must return {shape} when asked for {count} points")
    points = values.reshape(shape).astype(np.float64)
    if broken := np.count_nonzero(~np.isfinite(points).all(1)):
        raise OwnError(f"{where}: returned {broken} of {count} points that are NaN or infinite; return finite numbers")
    return points
