"""A perceptron, as an example of a network of one's own."""

import torch
from torch import nn


class Network(nn.Module):
    """Two hidden layers over the point and what it is told of the noise level."""

    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        (features,) = shape
        layers = nn.Linear(features + 1, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, features)
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """From x of shape (b, features) and noise (b,) to the shape of x."""
        return self.layers(torch.cat([x, noise[:, None] / 100], 1))
