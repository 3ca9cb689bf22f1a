"""Section `data`: one record per data set."""

import math
from typing import ClassVar, Literal, Self

from pydantic import Field

from diffmem.settings.records import Choice, Flag, Number, Positive, Record, Text, Whole

FEWEST_FRESH = 20  # fewest fresh points of a collection; fewer give no useful chance level
INJECTED = ("outliers", "duplicates", "near_duplicates")

Size = tuple[Positive, ...]
MODULE = "function in your own file that draws points, such as my_data.py:draw, called as draw(count, generator)"
SIZE = "shape of one point of a folder or array: [channels, height, width] of an image, or [features]"
NOISE = "standard deviation of the noise around a curve or surface"
DIMENSION = "number of features"


class Labels(Record):
    """labels on which the model is conditioned"""

    kind: Literal["none", "class", "random", "unique"] = Field(
        "none",
        description="none; class: the images' classes; random: one of count numbers, drawn independently for each "
        "image; unique: a different number for each image",
    )
    count: Whole | None = Field(None, ge=1, description="number of different random labels")

    def __str__(self) -> str:
        return self.kind if self.count is None else f"{self.kind}-{self.count}"


class Outliers(Record):
    """clusters of points outside of the inliers"""

    count: Whole = Field(0, ge=0, description="number of training points in all clusters together")
    clusters: Whole = Field(1, ge=1, description="number of clusters, each in a different direction")
    distance: Number = Field(
        2, gt=0, description="distance from the inliers' mean to a cluster's centre, in their standard deviations"
    )
    spread: Number = Field(
        0.1, gt=0, description="standard deviation of a cluster, in the inliers' standard deviations"
    )


class Duplicates(Record):
    """inliers with exact copies in the training set"""

    count: Whole = Field(0, ge=0, description="inliers that get copies")
    copies: Whole = Field(1, ge=1, description="number of exact copies of each")


class NearDuplicates(Record):
    """inliers with noisy copies in the training set"""

    count: Whole = Field(0, ge=0, description="inliers that get copies")
    copies: Whole = Field(1, ge=1, description="number of noisy copies of each")
    jitter: Number = Field(
        0.1,
        gt=0,
        description="root mean square distance from a copy to its original, divided by the distance from the original "
        "to the nearest other inlier",
    )


class Data(Choice):
    """training, held-out and fresh points"""

    tag: ClassVar = "dataset"
    renamed: ClassVar = {"shape": "dataset"}

    dataset: str = Field(
        description="distribution of the inliers, or collection of images; cifar-10, cifar-100, svhn, mnist-full and "
        "fashion-mnist are fetched, or read from data.path as idx (MNIST's files), folder and array are; mnist is a "
        "part of MNIST that needs no file"
    )
    labels: Labels = Labels()
    inliers: Whole = Field(1000, ge=2, description="training points drawn from the distribution")
    test: Whole | None = Field(
        None,
        ge=2,
        description="held-out points drawn from the same distribution; null is the number of inliers, and the question "
        "outliers takes no other: only for sets of the same size is the net copied fraction zero without copies",
    )
    fresh: Whole | None = Field(
        None,
        ge=FEWEST_FRESH,
        description="points of the training distribution that are not trained on and not held out, for the chance "
        "level; null is the number of generated points; a collection has at most its remaining images",
    )
    twins: Flag | None = Field(
        None,
        description="whether every injected point has a held-out twin, so that injected strata can be calibrated; null "
        "is true if any points are injected",
    )
    standardize: Flag = Field(
        False,
        description="whether the mean of the training points is subtracted, and their spread (root mean square over "
        "points and features) divided out, from training, held-out and fresh points alike; neighbours and ratios of "
        "distances stay the same",
    )
    outliers: Outliers = Outliers()
    duplicates: Duplicates = Duplicates()
    near_duplicates: NearDuplicates = NearDuplicates()

    @property
    def rows(self) -> int:
        """Number of training rows, including copies."""
        copied = sum(part.count * part.copies for part in (self.duplicates, self.near_duplicates))
        return self.inliers + self.outliers.count + copied

    @property
    def injected(self) -> bool:
        """Whether any points are injected."""
        return any(getattr(self, name).count for name in INJECTED)

    @property
    def class_width(self) -> float | None:
        """Width of the outliers over that of the inliers, if these are two classes of one size and of different width.

        None where they are not: with several clusters, copies, another number of outliers, or one width.
        """
        cluster = self.outliers
        classes = cluster.clusters == 1 and cluster.count == self.inliers
        copied = self.duplicates.count or self.near_duplicates.count
        return cluster.spread if classes and not copied and cluster.spread != 1 else None

    @property
    def twinned(self) -> bool:
        """Whether every stratum has held-out twins, with which it can be compared."""
        return bool(self.twins) or not self.injected

    @property
    def point(self) -> tuple[int, ...]:
        """Shape of one training point: channels, height and width of an image, or the number of features."""
        raise NotImplementedError

    @property
    def features(self) -> int:
        """Number of features of a point."""
        return math.prod(self.point)

    @property
    def image(self) -> tuple[int, ...]:
        """Channels, height and width of a point; a point that is not an image counts as one row of pixels."""
        return self.point if len(self.point) == 3 else (1, 1, *self.point)

    @property
    def class_count(self) -> int:
        """Number of classes; assumed for data that are read from files."""
        return 1

    @property
    def label_count(self) -> int:
        """Number of labels of the network; 0 is unconditional."""
        count = {
            "none": 0,
            "class": min(self.class_count, self.inliers),
            "random": self.labels.count or 0,
            "unique": self.inliers + self.outliers.count,  # a copy has the label of its original
        }
        return count[self.labels.kind]

    def resolved(self, *, generated: int) -> Self:
        """A copy with numbers in the place of nulls, for this number of `generated` points."""
        return self.replace(
            test=self.test or self.inliers,
            fresh=self.fresh or generated,
            twins=self.injected if self.twins is None else self.twins,
        )


class Distribution(Data):
    """A distribution: `function(count, generator, *, ...)` draws any number of points."""

    fixed: ClassVar[int]  # number of features of distributions without the key dimension

    @property
    def point(self) -> tuple[int, ...]:
        """The number of features."""
        return (getattr(self, "dimension", None) or self.fixed,)


class Noisy(Distribution):
    """A curve or surface with Gaussian noise around it."""

    noise: Number = Field(0.03, ge=0, description=NOISE)


class Moons(Noisy):
    """Two interleaving half circles."""

    dataset: Literal["moons"] = "moons"
    function: ClassVar = "diffmem.data.toy:moons"
    fixed: ClassVar = 2


class Circles(Noisy):
    """Two concentric circles."""

    dataset: Literal["circles"] = "circles"
    function: ClassVar = "diffmem.data.toy:circles"
    fixed: ClassVar = 2


class SwissRoll(Noisy):
    """A rolled-up sheet."""

    dataset: Literal["swiss-roll"] = "swiss-roll"
    function: ClassVar = "diffmem.data.toy:swiss_roll"
    fixed: ClassVar = 3


class SCurve(Noisy):
    """A sheet bent to an S."""

    dataset: Literal["s-curve"] = "s-curve"
    function: ClassVar = "diffmem.data.toy:s_curve"
    fixed: ClassVar = 3


class Gaussian(Distribution):
    """A Gaussian of unit variances."""

    dataset: Literal["gaussian"] = "gaussian"
    function: ClassVar = "diffmem.data.gaussians:gaussian"
    dimension: Whole = Field(2, ge=1, description=DIMENSION)


class Mixture(Distribution):
    """Gaussians whose centres have the same distance from the origin."""

    dataset: Literal["mixture"] = "mixture"
    function: ClassVar = "diffmem.data.gaussians:mixture"
    dimension: Whole = Field(2, ge=1, description=DIMENSION)
    components: Whole = Field(4, ge=1, description="number of Gaussians in the mixture")
    separation: Number = Field(
        4, ge=0, description="distance of each Gaussian's centre from the origin, in its standard deviations"
    )


class Own(Distribution):
    """Points that a function in a file of your own draws."""

    dataset: Literal["module"] = "module"
    function: ClassVar = "diffmem.data.own:draw"
    module: Text = Field(description=MODULE)
    size: Size = Field(min_length=1, description=SIZE)

    @property
    def point(self) -> tuple[int, ...]:
        """Shape of a point, as the config gives it."""
        return self.size


AnyDistribution = Moons | Circles | SwissRoll | SCurve | Gaussian | Mixture | Own
