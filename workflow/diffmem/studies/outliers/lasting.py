"""Events that last: a net copied fraction counts once it exceeds a level ``CONFIRM`` snapshots in a row."""

import numpy as np

from diffmem.measure.attribution import level

CONFIRM = 3


def first_lasting(held: np.ndarray, confirm: int = CONFIRM, *, to_end: bool = True) -> int:
    """Index of the first of ``confirm`` true values in a row of ``held`` (s,); s if there are none.

    Args:
        to_end: whether fewer true values count as well if they stay true to the end.

    >>> first_lasting(np.array([True, False, True, True, True, False]))
    2
    >>> first_lasting(np.array([False, False, True]))
    2
    >>> first_lasting(np.array([False, False, True]), to_end=False)
    3
    """
    padded = np.concatenate([held, np.full(confirm - 1, to_end)])
    rows = np.lib.stride_tricks.sliding_window_view(padded, confirm).all(1)
    return int(rows.argmax()) if rows.any() else len(held)


def onset(net: np.ndarray, deviation: np.ndarray, *, least: float = 0.0) -> int:
    """Index of the first snapshot from which on ``net`` (s,) lastingly exceeds chance and ``least``; s if none.

    Args:
        net: net copied fraction at every snapshot.
        deviation: its standard deviation if the model knew nothing of the split (`measure.attribution`).
    """
    return first_lasting(net > np.maximum(level(deviation, len(net)), least))
