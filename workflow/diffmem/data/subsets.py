"""Selection of a replicate's images from a collection: nested, balanced over classes, with adjustable diversity.

*Nested.* A replicate has one random order of the images, and its training set is the first n of them. A training set of
n images is therefore contained in one of n + k. The images after it are held out; they are drawn in the same way.

*Balanced.* The j-th image of each class precedes the (j + 1)-th of any class, so that the numbers of two classes among
the first n images differ by at most one. The order ends when the smallest class is used up.

*Diversity within a class.* A class is divided into two sources: the quarter of its images that is nearest to its most
central image (near), and the other three quarters (far). Let alpha be the share of the far source, and u a number of
the replicate and class, uniform between 0 and 1. The images of a class are sorted by

    (j - u) / alpha for the j-th image of the far source,    (j - 1 + u) / (1 - alpha) for the near source.   (1)

This is systematic sampling: of the first k images floor(k alpha + u) are far, which is k alpha up to one image. As u is
random, the next k images of the class, which are held out, follow the same law. With alpha = 0 all images of a class
are similar, with alpha = 1 the most similar ones are left out, and alpha = 3/4 is the composition of the class. (Gu et
al. 2023, https://arxiv.org/abs/2310.02664, mix dogs of CIFAR-10 with more varied dogs of ImageNet.)
"""

import numpy as np

from diffmem.data.image_set import points

NEAR = 0.25  # share of the near source in a class


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
    """Random order of rows whose first n, for every n, are balanced over ``classes`` (N,): shape (m,), m <= N.

    Args:
        far: which rows belong to the far source, of shape (N,); None stands for no row.
        diversity: alpha, the share of the far source.

    Returns:
        Row numbers. Their number m does not depend on ``rng``.
    """
    far = np.zeros(len(classes), dtype=bool) if far is None else far
    order = rng.permutation(len(classes))
    order = order[np.where(far[order], diversity, 1 - diversity) > 0]
    source, label = far[order], classes[order]
    share = np.where(source, diversity, 1 - diversity)
    rank, size = _ranks(2 * label + source)
    u = rng.random(label.max() + 1)[label] if 0 < diversity < 1 else 0.0
    blended = np.argsort((rank + np.where(source, 1 - u, u)) / share, kind="stable")  # (1), with rank = j - 1
    place = np.empty(len(order), dtype=int)
    place[blended] = _ranks(label[blended])[0]
    # neither source of any class runs out before, for any u
    end = np.floor(size / share).min()
    taken = np.argsort(place, kind="stable")
    return order[taken][place[taken] < end]


def far_from_centre(pixels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Whether each image of ``pixels`` (N, ...) belongs to the far source of its class: booleans of shape (N,).

    The most central image of a class is the one nearest to the class mean.
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
    """For each row, the number of earlier rows of its group, and the size of its group: shapes (N,)."""
    by_group = np.argsort(groups, kind="stable")
    _, start, inverse, size = np.unique(groups[by_group], return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(groups), dtype=int)
    rank[by_group] = np.arange(len(groups)) - start[inverse]
    total = np.empty(len(groups), dtype=int)
    total[by_group] = size[inverse]
    return rank, total
