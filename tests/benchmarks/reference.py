"""The public recipe, plainly: one model, one batch after the other, samples of the full set, FAISS flat search.

In the style of tiny-diffusion's training script, with its defaults; nothing here is shared with the package, so that it
serves as the yardstick of the benchmark.
"""

import math

import faiss
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STEPS = 50


class Embedding(nn.Module):
    """Sinusoidal embedding of 128 features."""

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale
        self.register_buffer("frequencies", torch.exp(-math.log(10_000) / 63 * torch.arange(64)))

    def forward(self, x):
        """Shape (b,) to (b, 128)."""
        angle = self.scale * x[:, None] * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], 1)


class Block(nn.Module):
    """x + GELU(W x)."""

    def __init__(self):
        super().__init__()
        self.map = nn.Linear(128, 128)

    def forward(self, x):
        """Shape (b, 128)."""
        return x + F.gelu(self.map(x))


class Model(nn.Module):
    """Noise prediction for two features."""

    def __init__(self):
        super().__init__()
        self.time, self.first, self.second = Embedding(1.0), Embedding(25.0), Embedding(25.0)
        self.layers = nn.Sequential(nn.Linear(384, 128), nn.GELU(), Block(), Block(), Block(), nn.Linear(128, 2))

    def forward(self, z, t):
        """Shapes (b, 2) and (b,) to (b, 2)."""
        return self.layers(torch.cat([self.first(z[:, 0]), self.second(z[:, 1]), self.time(t.float())], 1))


BETAS = torch.linspace(1e-4, 0.02, STEPS)
ABAR = torch.cumprod(1 - BETAS, 0)


def epoch(model: Model, optimizer: torch.optim.Optimizer, loader) -> None:
    """One pass through the training set."""
    for (x0,) in loader:
        noise = torch.randn_like(x0)
        t = torch.randint(0, STEPS, (len(x0),))
        signal = ABAR[t].sqrt()[:, None] * x0 + (1 - ABAR[t]).sqrt()[:, None] * noise
        loss = F.mse_loss(model(signal, t), noise)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


@torch.no_grad()
def sample(model: Model, count: int) -> torch.Tensor:
    """Ancestral sampling of ``count`` points at once."""
    z = torch.randn(count, 2)
    for t in reversed(range(STEPS)):
        eps = model(z, torch.full((count,), t))
        x0 = (z - (1 - ABAR[t]).sqrt() * eps) / ABAR[t].sqrt()
        before = ABAR[t - 1] if t else torch.tensor(1.0)
        z = before.sqrt() * BETAS[t] / (1 - ABAR[t]) * x0 + (1 - BETAS[t]).sqrt() * (1 - before) / (1 - ABAR[t]) * z
        if t:
            z = z + (BETAS[t] * (1 - before) / (1 - ABAR[t])).sqrt() * torch.randn_like(z)
    return z


def memorized(train: np.ndarray, test: np.ndarray, generated: np.ndarray, ratio: float) -> float:
    """The paper's fraction, by two flat searches."""
    distances = []
    for points in (train, test):
        index = faiss.IndexFlatL2(2)
        index.add(points)
        distances.append(np.sqrt(index.search(generated, 1)[0][:, 0]))
    return float((ratio * distances[0] < distances[1]).mean())
