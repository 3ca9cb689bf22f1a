"""What counts as one item in an audit: the item alone, or an image with its mirror image and the like.

Training and held-out items have the same versions, so that a sample that copies nothing is as close to the ones as to
the others, and the net copied fraction keeps its expectation of 0.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial

import numpy as np

from diffmem.data.augment import augmentation
from diffmem.data.items import AuditError, Items
from diffmem.locations import locations
from diffmem.neighbours.index import Index, MakeSearch
from diffmem.neighbours.versions import VersionedIndex, closest_version, shared_locations

Project = Callable[[np.ndarray], np.ndarray]  # flat items (n, d') -> points (n, d) in the features


class Alone:
    """Every item is itself and nothing else.

    Attributes:
        names: of the versions, none but the item itself.
        search: makes a search among items.
    """

    names: tuple[str, ...] = ()
    search: MakeSearch = staticmethod(Index)

    def versions(self, points: np.ndarray) -> Iterator[np.ndarray]:
        """The ``points`` (m, d)."""
        yield points

    def locations(self, points: np.ndarray) -> np.ndarray:
        """Location of each of the ``points`` (n, d), of shape (n,)."""
        return locations(points)


class Augmented(Alone):
    """Each image is one item with its versions; the first name is "itself"."""

    def __init__(
        self,
        asked: str | Sequence[str],
        *,
        sets: dict[str, Items],
        points: dict[str, np.ndarray],
        project: Project | None,
    ):
        """Versions of the items of the ``sets``, as ``points`` (n, d) of these features.

        ``project`` computes the features; None where the points are the items themselves.
        """
        self._images = augmentation(asked, shape=sets["train"].values.shape[1:])
        self._project = project
        self._known = [name for name in sets if name != "generated"]
        self._sets, self._points = sets, points
        self.names = tuple(version.name for version in self._images.versions)
        self.search = partial(VersionedIndex, versions=self.versions)

    def versions(self, points: np.ndarray) -> Iterator[np.ndarray]:
        """The versions, one by one, of the ``points`` (m, d), which are training or held-out items."""
        items = points if self._project is None else self._items[[self._row[point.tobytes()] for point in points]]
        yield points
        for version in self._images.versions[1:]:
            images = self._images.applied(version, items)
            yield images if self._project is None else self._project(images)

    def locations(self, points: np.ndarray) -> np.ndarray:
        """Location of each of the ``points`` (n, d): items that are versions of each other have the same."""
        return shared_locations(points, self.versions)

    @cached_property
    def _items(self) -> np.ndarray:
        return np.concatenate([self._sets[name].flat() for name in self._known])

    @cached_property
    def _row(self) -> dict[bytes, int]:
        """Features of an item -> its row in ``_items``."""
        points = np.concatenate([self._points[name] for name in self._known])
        return {point.tobytes(): row for row, point in enumerate(points)}


def matched(of: Alone, *, queries: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Name of the version of ``items[i]`` that is nearest to ``queries[i]``, of shape (q,); both are (q, d)."""
    return np.array(of.names)[closest_version(queries, items, of.versions)]


def versions_of(
    augment: str | Sequence[str] | None,
    *,
    sets: dict[str, Items],
    points: dict[str, np.ndarray],
    project: Project | None,
    features: str | Callable[[np.ndarray], np.ndarray],
) -> Alone:
    """What counts as one item, for the option ``augment``.

    Raises:
        AuditError: if the items are no images, a name is unknown, or features are computed by the user's function.
    """
    if not augment:
        return Alone()
    if project is None and features != "raw":
        raise AuditError(
            "augment: goes with the features raw and pca-K; a function of your own can give the same features to an "
            "image and its versions instead"
        )
    return Augmented(augment, sets=sets, points=points, project=project)
