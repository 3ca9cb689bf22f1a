r"""The U-Net DDPM++ of Song et al. 2021 (https://arxiv.org/abs/2011.13456) in the version of Karras et al. 2022
(SongUNet). Each of its skip connections can be switched off.

With e the embedding of noise level and label, a block is

    y = (W x + conv(dropout(silu(norm(conv(silu(norm(x))) + A e))))) / sqrt(2),                        (1)

followed, at the resolutions of ``attention``, by attention over pixels, which is also added and divided by sqrt(2). The
encoder is a convolution and ``blocks`` blocks per resolution; a block that halves the resolution precedes those of
every resolution except the first. The outputs of the convolution and of all these blocks are skip connections. The
decoder has ``blocks + 1`` blocks per resolution, and the input of each is concatenated with one skip connection, the
last one first.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.layers import Generators, drop, frequencies, waves
from diffmem.diffusion.stacks import Stack

NEARLY_ZERO = 1e-5  # gain of layers whose output is almost zero at first
ATTENTION = math.sqrt(0.2)  # gain of the attention's queries, keys and values


def unet(
    generators: Generators,
    _dimension: int,
    label_count: int = 0,
    *,
    image: Sequence[int],
    width: int,
    blocks: int,
    multipliers: Sequence[int],
    attention: Sequence[int],
    time: str,
    time_scale: float,
    dropout: float,
    skips: Sequence[int],
) -> Stack:
    """A stack of U-Nets.

    Args:
        label_count: number of labels; 0 is unconditional.
        image: channels, height and width of a point.
        width: base channels, and features of the embedding of the noise level.
        blocks: residual blocks per resolution.
        multipliers: channels at each resolution divided by ``width``, finest resolution first.
        attention: heights in pixels at which blocks have attention.
        time: frequencies of the embedding of the noise level, ``positional`` or ``fourier`` (``layers.frequencies``).
        time_scale: scale of the ``fourier`` frequencies.
        dropout: probability that a training step sets a feature to zero.
        skips: numbers of the skip connections that are kept, from 1 in the order of the encoder; the others are
            replaced by zeros, so that the number of parameters does not change.
    """
    waves_of_time = frequencies(time, width // 2, scale=time_scale)
    template = partial(
        UNet,
        image,
        label_count,
        waves_of_time,
        width=width,
        blocks=blocks,
        multipliers=multipliers,
        attention=attention,
        dropout=dropout,
        skips=skips,
    )
    return Stack(generators, template, draw)


class UNet(nn.Module):
    """One U-Net, with the arguments of ``unet`` and the ``frequencies`` (width / 2,) of the embedding."""

    def __init__(
        self,
        image: Sequence[int],
        label_count: int,
        frequencies: torch.Tensor,
        *,
        width: int,
        blocks: int,
        multipliers: Sequence[int],
        attention: Sequence[int],
        dropout: float,
        skips: Sequence[int],
    ):
        super().__init__()
        self.image, self.frequencies, self.skips = tuple(image), frequencies, set(skips)
        self.label = nn.Linear(label_count, width) if label_count else None
        self.time = nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, 4 * width), nn.SiLU())
        new_block = partial(Block, features=4 * width, dropout=dropout)
        levels = [(width * m, image[1] >> level in attention) for level, m in enumerate(multipliers)]
        self.first, kept, now = nn.Conv2d(image[0], width, 3, padding=1), [width], width
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for level, (outputs, attends) in enumerate(levels):
            if level:
                self.encoder.append(new_block(now, now, resample="half"))
                kept.append(now)
            for _ in range(blocks):
                self.encoder.append(new_block(now, outputs, attention=attends))
                now = outputs
                kept.append(now)
        self.middle = nn.ModuleList([new_block(now, now, attention=True), new_block(now, now)])
        for level, (outputs, attends) in reversed(list(enumerate(levels))):
            if level < len(levels) - 1:
                self.decoder.append(new_block(now, now, resample="double"))
            for i in range(blocks + 1):
                self.decoder.append(new_block(now + kept.pop(), outputs, attention=attends and i == blocks))
                now = outputs
        self.norm, self.last = _norm(now), ScaledConvolution(now, image[0], 3, gain=NEARLY_ZERO)

    def forward(
        self,
        x: torch.Tensor,
        c_noise: torch.Tensor,
        label: torch.Tensor | None,
        generator: torch.Generator | None,
    ) -> torch.Tensor:
        """F of shape (b, d) for x (b, d), c_noise (b,) or (1,), and label (b,) or None."""
        e = waves(c_noise, self.frequencies.to(x))  # (b or 1, width)
        if self.label is not None:
            assert label is not None, "a conditional network is given labels"
            one_hot = F.one_hot(label, self.label.in_features).to(x)
            e = e + self.label(one_hot * math.sqrt(self.label.in_features))
        e = self.time(e)
        h = self.first(x.view(-1, *self.image))
        skips = [h]
        for block in self.encoder:
            h = block(h, e, generator)
            skips.append(h)
        skips = [t if number in self.skips else torch.zeros_like(t) for number, t in enumerate(skips, 1)]
        for block in self.middle:
            h = block(h, e, generator)
        for block in self.decoder:
            joins = block.resample is None
            h = block(torch.cat([h, skips.pop()], 1) if joins else h, e, generator)
        return self.last(F.silu(self.norm(h))).flatten(1)


class Block(nn.Module):
    """A block (1), optionally with attention; ``resample`` is None, ``half`` or ``double``."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        features: int,
        dropout: float,
        attention: bool = False,
        resample: str | None = None,
    ):
        super().__init__()
        self.dropout, self.resample = dropout, resample
        self.norm, self.first = _norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.condition = nn.Linear(features, outputs)
        self.inner_norm, self.second = _norm(outputs), ScaledConvolution(outputs, outputs, 3, gain=NEARLY_ZERO)
        self.short = nn.Conv2d(inputs, outputs, 1) if inputs != outputs or resample else nn.Identity()
        self.attention = Attention(outputs) if attention else None

    def forward(self, x: torch.Tensor, e: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """Map x (b, inputs, height, width) and e (b or 1, features) to (b, outputs, ...)."""
        h = self.first(_resampled(F.silu(self.norm(x)), self.resample))
        h = F.silu(self.inner_norm(h + self.condition(e)[..., None, None]))
        generators = None if generator is None else [generator]
        h = self.second(drop(h[None], self.dropout, generators)[0])
        h = (self.short(_resampled(x, self.resample)) + h) / math.sqrt(2)
        return h if self.attention is None else (h + self.attention(h)) / math.sqrt(2)


class Attention(nn.Module):
    """Dot-product attention over all pixels, with one head."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = _norm(channels)
        self.inputs = ScaledConvolution(channels, 3 * channels, 1, gain=ATTENTION)
        self.last = ScaledConvolution(channels, channels, 1, gain=NEARLY_ZERO)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x`` of shape (b, channels, height, width) to the same shape."""
        q, k, v = self.inputs(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, 2)  # (b, pixels, channels) each
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.last(mixed.transpose(1, 2).reshape(x.shape))


def draw(module: nn.Module, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Yield initial values of ``module``'s parameters: Glorot's uniform weights times gain; norms 1, biases 0."""
    for name, parameter in module.named_parameters():
        owner, kind = name.rpartition(".")[::2]
        value = torch.zeros(parameter.shape)
        if kind == "weight" and value.ndim == 1:
            value += 1
        elif kind == "weight":
            nn.init.xavier_uniform_(value, gain=getattr(module.get_submodule(owner), "gain", 1.0), generator=generator)
        yield value


def _norm(channels: int) -> nn.GroupNorm:
    groups = [g for g in range(1, min(32, channels // 4) + 1) if channels % g == 0]
    return nn.GroupNorm(max(groups, default=1), channels, eps=1e-6)


class ScaledConvolution(nn.Conv2d):
    """A convolution of odd ``size`` that keeps the resolution; ``gain`` scales its initial weights."""

    def __init__(self, inputs: int, outputs: int, size: int, *, gain: float):
        super().__init__(inputs, outputs, size, padding=size // 2)
        self.gain = gain


def _resampled(x: torch.Tensor, resample: str | None) -> torch.Tensor:
    if resample is None:
        return x
    if resample == "half":
        return F.avg_pool2d(x, 2)
    b, c, h, w = x.shape
    return x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).reshape(b, c, 2 * h, 2 * w)
