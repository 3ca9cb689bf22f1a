"""The torch device that a config names. Torch is imported only when a device is selected."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class DeviceError(RuntimeError):
    """This machine lacks what the config asks for; the message is one sentence with key, value and remedy."""


def select_device(name: str) -> "torch.device":
    """The torch device ``name``: ``cpu``, ``cuda``, or ``auto`` (a GPU if torch finds one, otherwise the CPU).

    Raises:
        DeviceError: if ``name`` is ``cuda`` and torch finds no GPU.
    """
    import torch

    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise DeviceError(
            "compute.device = cuda: torch finds no GPU on this machine; write auto or cpu, or install a build of torch "
            "that fits the GPU's driver"
        )
    return torch.device("cuda" if found and name != "cpu" else "cpu")
