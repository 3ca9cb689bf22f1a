r"""The closed-form optimum: the denoiser that minimises the training loss exactly, and therefore copies training
points.

For training points x_1, ..., x_n with multiplicities w_i, the minimiser of the denoising loss at every noise level is

    D(x; sigma) = sum_i p_i(x) x_i,   p_i(x) proportional to w_i exp(-|x - x_i|^2 / (2 sigma^2))        (1)

(Karras et al. 2022, appendix B.3, https://arxiv.org/abs/2206.00364). It has the interface of a network, so that the
same sampler and the same measures give the ceiling of every curve, the value for complete memorization. With labels,
the sum is over the points with the label of x.

The denoiser of a known distribution copies nothing. For a mixture of Gaussians with centres m_k, standard deviation s
and weights w_k it is

    D(x; sigma) = (s^2 x + sigma^2 M(x)) / (s^2 + sigma^2),                                            (2)

where M is (1) with the centres in the place of points and sqrt(s^2 + sigma^2) in the place of sigma.
"""

import torch

from diffmem.diffusion.denoiser import ConditionalDenoiser, Denoiser

LOGITS = 2**23  # largest number of exponents of (1) in memory
VALUES = 2**23  # largest number of coordinates of training points in float64 in memory


def optimum(
    points: torch.Tensor, weights: torch.Tensor | None = None, *, labels: torch.Tensor | None = None
) -> ConditionalDenoiser:
    """The denoiser (1) of ``points`` (n, d) with multiplicities ``weights`` (n,), 1 by default, and ``labels`` (n,).

    It centres the points and computes in float64, for points of any type: at the smallest noise levels, squared
    distances must separate points whose distance is a hundredth of their length. In addition to the points it needs a
    few times the memory of ``LOGITS`` and ``VALUES``. Every label in a call must be the label of at least one point.
    """
    blocks = list(points.split(max(1, VALUES // points.shape[1])))
    centre = sum(block.double().sum(0) for block in blocks) / len(points)
    log_weight = torch.zeros(len(points), dtype=torch.float64) if weights is None else weights.double().log()
    half_squares = torch.cat([(block.double() - centre).square().sum(1) / 2 for block in blocks])

    def average(x: torch.Tensor, level: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """Equation (1) for queries x (q, d) at levels (q, 1) with labels (q,)."""
        # |x|^2 is the same for all i and cancels in the softmax
        products = torch.cat([x @ (block.double() - centre).T for block in blocks], 1)
        logits = log_weight + products.sub_(half_squares).div_(level.square())
        if label is not None:
            assert labels is not None, "an optimum that is asked for labels has labelled points"
            logits.masked_fill_(label[:, None] != labels, -torch.inf)
        shares = torch.softmax(logits, 1).split([len(block) for block in blocks], 1)
        return sum(share @ block.double() for share, block in zip(shares, blocks, strict=True))

    def denoise(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        size = max(1, LOGITS // len(points))
        queries = (x.reshape(-1, x.shape[-1]).double() - centre).split(size)
        levels = sigma.double().expand(x.shape[:2]).reshape(-1, 1).split(size)
        asked = [None] * len(queries) if label is None else label.reshape(-1).split(size)
        parts = [average(*query) for query in zip(queries, levels, asked, strict=True)]
        return torch.cat(parts).view_as(x).to(x.dtype)

    return denoise


def mixture(centres: torch.Tensor, *, spread: float, weights: torch.Tensor | None = None) -> Denoiser:
    """The denoiser (2) of a mixture of Gaussians of standard deviation ``spread`` around ``centres`` (k, d)."""
    among_centres = optimum(centres, weights)

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        variance, inner = sigma[..., None] ** 2, spread**2
        return (inner * x + variance * among_centres(x, (sigma**2 + inner).sqrt())) / (inner + variance)

    return denoise
