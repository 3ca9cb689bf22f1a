r"""The U-Net DDPM++ of Song et al. 2021 (https://arxiv.org/abs/2011.13456), as Karras et al. 2022 have it (SongUNet),
with a switch for each of its skip connections.

With e the embedding of noise level and label, a block is

    y = (W x + conv(dropout(silu(norm(conv(silu(norm(x))) + A e))))) / sqrt(2),                        (1)

followed, where its resolution asks for it, by attention over pixels, likewise added and divided by sqrt(2). The encoder
takes a convolution and then ``blocks`` blocks per resolution, with a halving block before those of each resolution but
the first. Each of these hands its output to the decoder, which has ``blocks + 1`` blocks per resolution and joins what
was handed over, last first, to their inputs.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.layers import Generators, drop, frequencies, waves
from diffmem.diffusion.stacks import Stack

NEARLY_ZERO = 1e-5  # gain of the layers that begin by adding almost nothing
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
        width: base channels; the embedding has as many features.
        blocks: residual blocks per resolution.
        multipliers: channels at each resolution, from the finest, over ``width``.
        attention: heights of the resolutions at which blocks attend.
        time: ``positional`` or ``fourier``, the frequencies of the noise level's embedding (``layers.frequencies``).
        time_scale: scale of the ``fourier`` ones.
        dropout: share of features that a training step leaves out.
        skips: skip connections that are kept, counted from 1 in the order of the encoder; the others hand over zeros,
            so that the number of parameters stays.
    """
    waves_of_time = frequencies(time, width // 2, scale=time_scale)
    shape = dict(width=width, blocks=blocks, multipliers=multipliers, attention=attention, dropout=dropout, skips=skips)
    return Stack(generators, lambda: UNet(image, label_count, waves_of_time, **shape), draw)


class UNet(nn.Module):
    """One U-Net; arguments as those of ``unet``, and the ``frequencies`` (width / 2,)."""

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
        block = dict(features=4 * width, dropout=dropout)
        levels = [(width * m, image[1] >> level in attention) for level, m in enumerate(multipliers)]
        self.first, kept, now = nn.Conv2d(image[0], width, 3, padding=1), [width], width
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for level, (outputs, attends) in enumerate(levels):
            if level:
                self.encoder.append(Block(now, now, resample="half", **block))
                kept.append(now)
            for _ in range(blocks):
                self.encoder.append(Block(now, outputs, attention=attends, **block))
                now = outputs
                kept.append(now)
        self.middle = nn.ModuleList([Block(now, now, attention=True, **block), Block(now, now, **block)])
        for level, (outputs, attends) in reversed(list(enumerate(levels))):
            if level < len(levels) - 1:
                self.decoder.append(Block(now, now, resample="double", **block))
            for i in range(blocks + 1):
                self.decoder.append(Block(now + kept.pop(), outputs, attention=attends and i == blocks, **block))
                now = outputs
        self.norm, self.last = _norm(now), _convolution(now, image[0], 3, gain=NEARLY_ZERO)

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
            one_hot = F.one_hot(label, self.label.in_features).to(x)
            e = e + self.label(one_hot * math.sqrt(self.label.in_features))
        e = self.time(e)
        h = self.first(x.view(-1, *self.image))
        handed = [h]
        for block in self.encoder:
            h = block(h, e, generator)
            handed.append(h)
        handed = [t if number in self.skips else torch.zeros_like(t) for number, t in enumerate(handed, 1)]
        for block in self.middle:
            h = block(h, e, generator)
        for block in self.decoder:
            joins = block.resample is None
            h = block(torch.cat([h, handed.pop()], 1) if joins else h, e, generator)
        return self.last(F.silu(self.norm(h))).flatten(1)


class Block(nn.Module):
    """A block (1), with ``attention`` after it, at the same, ``half`` or ``double`` resolution."""

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
        self.inner_norm, self.second = _norm(outputs), _convolution(outputs, outputs, 3, gain=NEARLY_ZERO)
        self.short = nn.Conv2d(inputs, outputs, 1) if inputs != outputs or resample else nn.Identity()
        self.attention = Attention(outputs) if attention else None

    def forward(self, x: torch.Tensor, e: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """x (b, inputs, height, width) and e (b or 1, features) to (b, outputs, ...)."""
        h = self.first(_resampled(F.silu(self.norm(x)), self.resample))
        h = F.silu(self.inner_norm(h + self.condition(e)[..., None, None]))
        generators = None if generator is None else [generator]
        h = self.second(drop(h[None], self.dropout, generators)[0])
        h = (self.short(_resampled(x, self.resample)) + h) / math.sqrt(2)
        return h if self.attention is None else (h + self.attention(h)) / math.sqrt(2)


class Attention(nn.Module):
    """Dot-product attention of every pixel to all, one head."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = _norm(channels)
        self.inputs = _convolution(channels, 3 * channels, 1, gain=ATTENTION)
        self.last = _convolution(channels, channels, 1, gain=NEARLY_ZERO)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (b, channels, height, width) to the same."""
        q, k, v = self.inputs(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, 2)  # (b, pixels, channels) each
        seen = F.scaled_dot_product_attention(q, k, v)
        return self.last(seen.transpose(1, 2).reshape(x.shape))


def draw(module: nn.Module, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """First values of ``module``'s parameters: Glorot's uniform weights times the layer's gain, norms 1, biases 0."""
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


def _convolution(inputs: int, outputs: int, size: int, *, gain: float) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2)
    layer.gain = gain
    return layer


def _resampled(x: torch.Tensor, resample: str | None) -> torch.Tensor:
    if resample is None:
        return x
    if resample == "half":
        return F.avg_pool2d(x, 2)
    b, c, h, w = x.shape
    return x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).reshape(b, c, 2 * h, 2 * w)
