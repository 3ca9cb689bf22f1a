"""Labels for conditional models, with or without information about the points.

    none      no labels
    class     the image's class
    random    one of C numbers, drawn independently for every image
    unique    a different number for every image

(Gu et al. 2023, https://arxiv.org/abs/2310.02664.) Labels are renumbered so that only those that occur in the training
set are used: no point is generated under a label without training points. Held-out points have a label only if labels
are classes; -1 stands for no label.
"""

import numpy as np

KINDS = ("none", "class", "random", "unique")
UNLABELLED = -1


def training(
    kind: str, *, classes: np.ndarray, rng: np.random.Generator, count: int | None = None
) -> tuple[np.ndarray, int]:
    """Labels of training points, and the number of labels of a network.

    Args:
        kind: one of ``KINDS``.
        classes: class of every point, from 0, of shape (n,).
        count: C, for random labels.

    Returns:
        Labels of shape (n,), int32, from 0, and their number. Without labels all are 0, and the number is 0. For random
        labels the number is C even if fewer occur, so that all networks of a stack have the same shape.
    """
    n = len(classes)
    if kind == "none":
        return np.zeros(n, dtype=np.int32), 0
    if kind == "random":
        assert count is not None, "random labels have a count in every valid config"
        drawn = rng.integers(count, size=n)
    else:
        drawn = classes if kind == "class" else np.arange(n)
    occurring, labels = np.unique(drawn, return_inverse=True)
    return labels.astype(np.int32), count if kind == "random" and count else len(occurring)


def held_out(kind: str, *, classes: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Labels of held-out points, int32 of shape (n',).

    Args:
        kind: one of ``KINDS``.
        classes: class of every held-out point, of shape (n',).
        trained: class of every training point, of shape (n,): a held-out point of a class that does not occur in
            it has no label.
    """
    if kind == "none":
        return np.zeros(len(classes), dtype=np.int32)
    if kind != "class":
        return np.full(len(classes), UNLABELLED, dtype=np.int32)
    occurring = np.unique(trained)
    place = np.minimum(np.searchsorted(occurring, classes), len(occurring) - 1)
    return np.where(occurring[place] == classes, place, UNLABELLED).astype(np.int32)
