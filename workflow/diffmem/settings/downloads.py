"""Files of published data sets: where each is put, where it is to be had, and its SHA-256.

Addresses and sums are those of TensorFlow Datasets (tensorflow_datasets/url_checksums), which fetches the same files.
"""

from pathlib import PurePath
from typing import NamedTuple


class Download(NamedTuple):
    """A published file.

    Attributes:
        path: where it is put, relative to the folder in which the workflow runs.
        url: its official address.
        sha256: of its content, hexadecimal.
        size: in bytes.
    """

    path: str
    url: str
    sha256: str
    size: int


_CIFAR = "https://www.cs.toronto.edu/~kriz"
_SVHN = "http://ufldl.stanford.edu/housenumbers"
_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"

CIFAR_10 = Download(
    "data/cifar-10/cifar-10-binary.tar.gz",
    f"{_CIFAR}/cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170052171,
)
CIFAR_100 = Download(
    "data/cifar-100/cifar-100-binary.tar.gz",
    f"{_CIFAR}/cifar-100-binary.tar.gz",
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    168513733,
)
SVHN = Download(
    "data/svhn/train_32x32.mat",
    f"{_SVHN}/train_32x32.mat",
    "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
    182040794,
)
MNIST = Download(
    "data/mnist/train-images-idx3-ubyte.gz",
    f"{_MNIST}/train-images-idx3-ubyte.gz",
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    9912422,
)
MNIST_LABELS = Download(
    "data/mnist/train-labels-idx1-ubyte.gz",
    f"{_MNIST}/train-labels-idx1-ubyte.gz",
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    28881,
)
FASHION = Download(
    "data/fashion-mnist/train-images-idx3-ubyte.gz",
    f"{_FASHION}/train-images-idx3-ubyte.gz",
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    26421880,
)
FASHION_LABELS = Download(
    "data/fashion-mnist/train-labels-idx1-ubyte.gz",
    f"{_FASHION}/train-labels-idx1-ubyte.gz",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    29515,
)

DOWNLOADS = {
    file.path: file for file in (CIFAR_10, CIFAR_100, SVHN, MNIST, MNIST_LABELS, FASHION, FASHION_LABELS)
}  # fmt: skip


def needed_for(path: str) -> list[str]:
    """The published files that a data set at ``path`` consists of; none if ``path`` is not where one is put."""
    if path not in DOWNLOADS:
        return []
    folder = PurePath(path).parent
    return [other for other in DOWNLOADS if PurePath(other).parent == folder]
