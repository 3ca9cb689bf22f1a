"""Labels that a model is conditioned on, whether or not they mean anything.

    none      no labels
    class     the image's class
    random    one of C numbers, drawn independently for every image
    unique    the image's own number

(Gu et al. 2023, https://arxiv.org/abs/2310.02664.) Of random labels only those count that were given to some image, so
that nothing is ever generated under a label that nobody was trained on. Held-out points have a label only where labels
are classes; -1 is no label.
"""

import numpy as np

KINDS = ("none", "class", "random", "unique")
UNLABELLED = -1


def training(
    kind: str, *, classes: np.ndarray, rng: np.random.Generator, count: int | None = None
) -> tuple[np.ndarray, int]:
    """Labels of training points, and how many different ones a network must know.

    Args:
        kind: one of ``KINDS``.
        classes: class of every point, from 0, of shape (n,).
        count: C, for random labels.

    Returns:
        int32 of shape (n,), below that number; all 0, and the number 0, without labels. Of random labels the number
        is C in every replicate, though fewer may occur, lest a replicate's network depend on those it is stacked with.
    """
    n = len(classes)
    if kind == "none":
        return np.zeros(n, dtype=np.int32), 0
    drawn = {"class": lambda: classes, "random": lambda: rng.integers(count, size=n), "unique": lambda: np.arange(n)}
    occurring, labels = np.unique(drawn[kind](), return_inverse=True)
    return labels.astype(np.int32), count if kind == "random" else len(occurring)


def held_out(kind: str, *, classes: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """Labels of held-out points, int32 of shape (n',).

    Args:
        kind: one of ``KINDS``.
        classes: class of every held-out point, of shape (n',).
        trained: class of every training point, of shape (n,): a class that none of them has is no label.
    """
    if kind == "none":
        return np.zeros(len(classes), dtype=np.int32)
    if kind != "class":
        return np.full(len(classes), UNLABELLED, dtype=np.int32)
    known = np.unique(trained)
    place = np.minimum(np.searchsorted(known, classes), len(known) - 1)
    return np.where(known[place] == classes, place, UNLABELLED).astype(np.int32)
