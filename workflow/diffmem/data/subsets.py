"""Which images of a collection a replicate gets: equally many of each class, nested, and as alike as is asked for.

*Nested.* A replicate's images stand in one random order, and every subset is a beginning of it. A training set of n
images is contained in that of n + k, and whatever follows it is held out: never seen, and drawn in the same way.

*Balanced.* The j-th image of each class comes before the (j + 1)-th of any, so that the numbers of two classes in a
beginning differ by one at most. The order ends where the first class runs out.

*Diversity within a class.* A class is cut in two sources: the quarter of its images that are nearest to its most
central one, and the other three quarters. With a share alpha of the second,

    the j-th image of the near source has the place (j - 1/2) / (1 - alpha), of the far source (j - 1/2) / alpha,

and the images are taken by their places. Among the first n of a class, n alpha come from the far source, up to one.
So alpha = 0 is a class of look-alikes, alpha = 1 one without them, and three quarters the composition of the class.
(Gu et al. 2023, https://arxiv.org/abs/2310.02664, blend dogs of CIFAR-10 with more varied dogs of ImageNet.) Held-out
images are blended in the same shares.
"""

import numpy as np

from diffmem.data.image_set import points

NEAR = 0.25  # share of a class that is its near source


def first_classes(labels: np.ndarray, count: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the first ``count`` classes (None: all), and the classes of those rows, numbered from 0.

    Classes are ordered by their label in ``labels`` (N,). Both arrays have the shape (m,).
    """
    _, classes = np.unique(labels, return_inverse=True)
    rows = np.flatnonzero(classes < (classes.max() + 1 if count is None else count))
    return rows, classes[rows]


def balanced(
    classes: np.ndarray, rng: np.random.Generator, *, far: np.ndarray | None = None, diversity: float = 0.0
) -> np.ndarray:
    """Random order of rows of which every beginning is balanced over ``classes`` (N,): shape (m,), m <= N.

    Args:
        far: which rows belong to the far source, of shape (N,); None: none does.
        diversity: alpha, the share of the far source.

    Returns:
        Row numbers. How many there are does not depend on ``rng``.
    """
    far = np.zeros(len(classes), dtype=bool) if far is None else far
    order = rng.permutation(len(classes))
    order = order[np.where(far[order], diversity, 1 - diversity) > 0]
    source, share = far[order], np.where(far[order], diversity, 1 - diversity)
    rank, size = _ranks(2 * classes[order] + source)
    place, end = (rank + 0.5) / share, (size + 0.5) / share
    # of equal places the near source's come first: at alpha = 1/2 both sources have the same, and classes stay balanced
    taken = np.lexsort((source, place))
    return order[taken][place[taken] < end.min()]


def far_from_centre(pixels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Which of the ``pixels`` (N, ...) belong to the far source of their class, boolean of shape (N,).

    A class's most central image is the one nearest to its mean.
    """
    far = np.empty(len(classes), dtype=bool)
    for label in np.unique(classes):
        rows = np.flatnonzero(classes == label)
        members = points(pixels[rows])
        central = members[np.argmin(np.linalg.norm(members - members.mean(0), axis=1))]
        distance = np.linalg.norm(members - central, axis=1)
        far[rows] = np.argsort(np.argsort(distance, kind="stable")) >= NEAR * len(rows)
    return far


def _ranks(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row, how many rows of its group stand before it, and how many it has in all: shapes (N,)."""
    by_group = np.argsort(groups, kind="stable")
    _, start, inverse, size = np.unique(groups[by_group], return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(groups), dtype=int)
    rank[by_group] = np.arange(len(groups)) - start[inverse]
    total = np.empty(len(groups), dtype=int)
    total[by_group] = size[inverse]
    return rank, total
