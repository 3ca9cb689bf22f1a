r"""A residual multilayer perceptron for small images, without convolutions and without embeddings of coordinates.

With e the embedding of noise level and label,

    h_0 = W_in x,   h_(k+1) = h_k + W_2 dropout(silu(W_1 norm(h_k) + W_e e)),   F = W_out silu(norm(h_K)).  (1)

W_out is initialised with zeros, so that training starts from the denoiser c_skip x. (The U-Nets of Karras et al. 2022,
https://arxiv.org/abs/2206.00364, have nearly zero.)
"""

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.layers import Generators, Labels, LayerNorm, Linear, drop, frequencies, waves


class Block(nn.Module):
    """One residual block of (1)."""

    def __init__(self, generators: Generators, width: int, *, dropout: float):
        super().__init__()
        self.dropout = dropout
        self.norm = LayerNorm(len(generators), width)
        self.first, self.condition, self.second = (Linear(generators, width, width) for _ in range(3))

    def forward(self, h: torch.Tensor, e: torch.Tensor, generators: Generators | None) -> torch.Tensor:
        """h (r, b, width) and e (r, b or 1, width) to (r, b, width)."""
        inner = F.silu(self.first(self.norm(h)) + self.condition(e))
        return h + self.second(drop(inner, self.dropout, generators))


class ImageMLP(nn.Module):
    """The network (1).

    Args:
        label_count: number of labels; 0 is unconditional.
        width: features of every hidden layer.
        blocks: number of residual blocks.
        embedding: features of the embedding of the noise level, an even number.
        time: frequencies of that embedding, ``positional`` or ``fourier`` (``layers.frequencies``).
        time_scale: scale of the ``fourier`` frequencies.
        dropout: probability that a training step sets an inner feature to zero.
    """

    frequencies: torch.Tensor

    def __init__(
        self,
        generators: Generators,
        dimension: int,
        label_count: int = 0,
        *,
        width: int,
        blocks: int,
        embedding: int,
        time: str,
        time_scale: float,
        dropout: float,
    ):
        super().__init__()
        self.register_buffer("frequencies", frequencies(time, embedding // 2, scale=time_scale), persistent=False)
        self.time = nn.ModuleList([Linear(generators, embedding, width), Linear(generators, width, width)])
        self.first = Linear(generators, dimension, width)
        self.blocks = nn.ModuleList(Block(generators, width, dropout=dropout) for _ in range(blocks))
        self.norm = LayerNorm(len(generators), width)
        self.last = Linear(generators, width, dimension)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.label = Labels(generators, label_count, embedding) if label_count else None

    def forward(
        self,
        x: torch.Tensor,
        c_noise: torch.Tensor,
        label: torch.Tensor | None = None,
        generators: Generators | None = None,
    ) -> torch.Tensor:
        """F(x, c_noise, label, generators), with the shapes stated in ``networks``."""
        e = waves(c_noise, self.frequencies).expand(len(x), -1, -1)  # (r, b or 1, embedding)
        if self.label is not None:
            e = e + self.label(label)
        for layer in self.time:
            e = F.silu(layer(e))
        h = self.first(x)
        for block in self.blocks:
            h = block(h, e, generators)
        return self.last(F.silu(self.norm(h)))
