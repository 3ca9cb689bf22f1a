r"""Numbers that a trained network shows without a sample.

The stable rank of a weight matrix W is

    |W|_F^2 / |W|_2^2,                                                                                 (1)

and the norm of a denoiser's answer to a clean point x, as if it had noise of level sigma, is

    A(x) = |x - D(x; sigma)| / sigma,                                                                  (2)

which is smaller for points that the network was trained on (the attack SimA, https://arxiv.org/abs/2509.25003).
"""

import torch
from torch import nn

from diffmem.diffusion.denoiser import ConditionalDenoiser


@torch.no_grad()
def stable_rank(network: nn.Module) -> float:
    """Mean of (1) over the weight matrices of a stack of one ``network``, without vectors and convolutions; NaN without
    any."""
    matrices = [p[0] for p in network.parameters() if p.ndim == 3 and min(p.shape[1:]) > 1]
    ranks = [m.square().sum() / torch.linalg.matrix_norm(m, ord=2).square() for m in matrices]
    return float(torch.stack(ranks).mean()) if ranks else float("nan")


@torch.no_grad()
def answer_norm(denoise: ConditionalDenoiser, points: torch.Tensor, *, sigma: torch.Tensor) -> float:
    """Mean of (2) over ``points`` (n, d) at one noise level ``sigma``, for an unconditional model."""
    x = points[None]
    answer = denoise(x, sigma.view(1, 1).to(x))
    return float(((x - answer) / sigma).norm(dim=-1).mean())
