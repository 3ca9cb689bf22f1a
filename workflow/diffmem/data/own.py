"""Points that a function in the user's own file draws: ``draw(count, generator)``, independent points of one law."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from diffmem.own_code import OwnError, line, load_own


def draw(count: int, generator: np.random.Generator, *, module: str, size: Sequence[int]) -> np.ndarray:
    """``count`` points of the function ``module``, of shape (count, d) with d the product of ``size``.

    Raises:
        OwnError: if the function cannot be imported, raises, or returns something else.
    """
    return numbers(load_own(module)(count, generator), count=count, size=size, where=line(module))


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
