r"""The closed-form optimum: the denoiser that minimises the training loss exactly, and therefore copies.

For training points x_1, ..., x_n with multiplicities w_i, the minimiser of the denoising loss at every noise level is

    D(x; sigma) = sum_i p_i(x) x_i,   p_i(x) proportional to w_i exp(-|x - x_i|^2 / (2 sigma^2))        (1)

(Karras et al. 2022, appendix B.3, https://arxiv.org/abs/2206.00364). It has the interface of a network, so that the
same sampler and the same measures give the ceiling of every curve: what total memorization would score.
"""

import torch

from diffmem.diffusion.denoiser import Denoiser


def optimum(points: torch.Tensor, weights: torch.Tensor | None = None) -> Denoiser:
    """The denoiser (1) of ``points`` (n, d), float64, with multiplicities ``weights`` (n,), 1 by default.

    Squared distances are taken in float64 after centring: at the smallest noise levels they decide between neighbours
    whose distance is a hundredth of their length.
    """
    centre = points.mean(0)
    centred = points - centre
    log_weight = torch.zeros(len(points), dtype=points.dtype) if weights is None else weights.to(points.dtype).log()
    half_squares = centred.square().sum(1) / 2

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1]).to(points.dtype) - centre
        level = sigma.to(points.dtype).expand(x.shape[:2]).reshape(-1, 1)
        # |x|^2 is the same for all i and drops out of the softmax
        logits = log_weight + (flat @ centred.T - half_squares) / level.square()
        return (torch.softmax(logits, 1) @ points).view_as(x).to(x.dtype)

    return denoise
