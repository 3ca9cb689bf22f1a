"""Section `model`: one record per denoising network."""

from typing import ClassVar, Literal, Self

from pydantic import Field

from diffmem.settings.datasets import Data
from diffmem.settings.records import Choice, Number, Positive, Text, Whole, known

WIDTH = "features of the hidden layers; for unet the base channels"
BLOCKS = "number of residual blocks; for unet at each resolution"
EMBEDDING = (
    "features of the sinusoidal embedding of the noise level, and in residual-mlp of each coordinate; unet uses width "
    "instead"
)
DEEPEST, WIDEST = 1000, 10**6  # larger values are probably typing errors


class Network(Choice):
    """the denoising network"""

    tag: ClassVar = "network"
    network: str = Field(description="kind of network")

    def resolved(self, _data: Data) -> Self:
        """A copy with numbers in the place of nulls, for points of the data."""
        return self

    @property
    def skip_resolution(self) -> int | None:
        """Height in pixels at which all kept skip connections are, or None if there is no single height."""
        return None


class Layered(Network):
    """A network of several blocks of one width."""

    width: Whole = Field(128, ge=1, le=WIDEST, description=WIDTH)
    blocks: Whole = Field(3, ge=0, le=DEEPEST, description=BLOCKS)


class ResidualMlp(Layered):
    """A multilayer perceptron with residual blocks, for few features."""

    network: Literal["residual-mlp"] = "residual-mlp"
    function: ClassVar = "diffmem.diffusion.networks:ResidualMLP"
    embedding: Whole = Field(128, ge=2, le=WIDEST, multiple_of=2, description=EMBEDDING)
    scale: Number = Field(25, gt=0, description="factor of a coordinate before its embedding")


class Timed(Layered):
    """A network with several embeddings of the noise level, and with dropout."""

    time: Literal["positional", "fourier"] = Field(
        "positional",
        description="frequencies of the embedding of the noise level: positional, from 1 to 1/10000, or fourier, "
        "normally distributed",
    )
    time_scale: Number = Field(
        16,
        gt=0,
        description="standard deviation of the fourier frequencies, in cycles per unit of the network's input c_noise; "
        "the value 16 of Karras et al. for c_noise = ln(sigma)/4 corresponds to 0.64 here with the schedule edm, "
        "which has "
        "c_noise = 25 ln(sigma)/4",
    )
    dropout: Number = Field(0, ge=0, lt=1, description="probability that a training step sets an inner feature to zero")


class ImageMlp(Timed):
    """A multilayer perceptron with residual blocks, for images."""

    network: Literal["image-mlp"] = "image-mlp"
    function: ClassVar = "diffmem.diffusion.image_mlp:ImageMLP"
    embedding: Whole = Field(128, ge=2, le=WIDEST, multiple_of=2, description=EMBEDDING)


class Unet(Timed):
    """A U-Net."""

    network: Literal["unet"] = "unet"
    function: ClassVar = "diffmem.diffusion.unet:unet"
    image: tuple[Positive, ...] | None = Field(
        None, description="channels, height and width of a point; null takes them from the data"
    )
    multipliers: tuple[Positive, ...] = Field(
        (2, 2, 2),
        min_length=1,
        max_length=12,
        description="channels at each resolution divided by the width, finest resolution first; each further "
        "resolution has half the height and width",
    )
    attention: tuple[Positive, ...] = Field((16,), description="heights in pixels at which blocks have attention")
    skips: tuple[Positive, ...] | None = Field(
        None,
        description="numbers of the skip connections that are kept, from 1 in the order of the encoder, blocks + 1 per "
        "resolution; the others are replaced by zeros; null is all",
    )

    @property
    def connections(self) -> int:
        """Number of skip connections."""
        return len(self.multipliers) * (self.blocks + 1)

    def resolved(self, data: Data) -> Self:
        """A copy with the data's image and all skip connections in the place of nulls."""
        skips = tuple(range(1, self.connections + 1)) if self.skips is None else self.skips
        return self.replace(image=self.image or data.image, skips=skips)

    @property
    def skip_resolution(self) -> int | None:
        """Height in pixels at which all kept skip connections are, or None if there is no single height."""
        levels = {(connection - 1) // (self.blocks + 1) for connection in self.skips or ()}
        return known(self.image)[1] // 2 ** levels.pop() if len(levels) == 1 else None


class OwnNetwork(Network):
    """A torch module in a file of your own."""

    network: Literal["module"] = "module"
    function: ClassVar = "diffmem.diffusion.own:network"
    module: Text = Field(
        description="torch module in a file of your own, as my_model.py:Network, built as Network(shape), with "
        "labels=k where there are k labels, and called as network(x, noise), or network(x, noise, label), with x "
        "(b, *shape) and what it is told of the noise level, (b,); returns the shape of x"
    )
    shape: tuple[Positive, ...] | None = Field(
        None, description="what a point is; null is what the data's is known to be"
    )

    def resolved(self, data: Data) -> Self:
        """The same with the point's shape for null."""
        return self.replace(shape=self.shape or data.point)


AnyNetwork = ResidualMlp | ImageMlp | Unet | OwnNetwork
