"""Device, compilation and precision of training and sampling.

These settings change the speed, and results only through rounding. Random numbers are drawn by generators of the CPU on
every device, so that runs on different devices use the same ones. (Training is chaotic: differences in rounding grow
over thousands of steps.) The exception are the masks of dropout, a million numbers per image in a large network, which
are drawn on the device.

    float32     products and convolutions in float32
    tf32        on GPUs, the factors of products and convolutions are rounded to 10 bits
    bfloat16    products in bfloat16 (7 bits) by torch's autocast; parameters and everything else in float32

``Compute.error`` measures the effect of the last two on a network's output; it is written to the logs.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from diffmem.devices import DeviceError, select_device
from diffmem.settings import sections

CPU = torch.device("cpu")
# compiled or not -> points whose intermediate results fit into a core's cache; compiled code has fewer of them
IN_CACHE = {False: 1000, True: 2000}


class InBfloat16(nn.Module):
    """A network that computes products in bfloat16 and returns the type of its input."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor, *inputs: Any) -> torch.Tensor:
        """The network's output."""
        with torch.autocast(x.device.type, torch.bfloat16):
            return self.network(x, *inputs).to(x.dtype)


@dataclass(frozen=True)
class Compute:
    """Device, compilation and precision of functions of tensors.

    Attributes:
        device: device of the tensors.
        compiles: whether functions are compiled, once for each set of shapes.
        precision: float32, tf32 or bfloat16, as at the top of this module.
    """

    device: torch.device = CPU
    compiles: bool = False
    precision: str = "float32"

    def __str__(self) -> str:
        return f"computed on {self.device}, {'compiled' if self.compiles else 'not compiled'}, in {self.precision}"

    def at_once(self, count: int) -> int:
        """Number of points, of ``count``, that are sampled together."""
        return IN_CACHE[self.compiles] if self.device.type == "cpu" else count

    def compiled(self, function: Callable) -> Callable:
        """``function``, compiled if ``compiles`` is true."""
        return torch.compile(function, dynamic=False) if self.compiles else function

    def padded(self, replicates: list[int], *, size: int) -> list[int]:
        """``replicates``; compiled code and GPUs get the last one repeatedly, up to ``size``.

        The rounding of compiled loops, and of products on a GPU, depends on the size of the stack. A replicate's
        results are therefore equal to the last bit only between stacks of one size.
        """
        any_size = self.device == CPU and not self.compiles
        return [*replicates, *replicates[-1:] * (0 if any_size else size - len(replicates))]

    def precise(self, network: nn.Module) -> nn.Module:
        """``network`` in the precision ``precision``."""
        return InBfloat16(network) if self.precision == "bfloat16" else network

    def error(self, network: nn.Module, *inputs: Any) -> float:
        """Relative error of a network's output in this precision: root mean square difference over root mean square."""
        with torch.no_grad():
            rounded = self.precise(network)(*inputs)
            _allow_tf32(False)
            exact = network(*inputs)
            _allow_tf32(self.precision == "tf32")
        return float((rounded - exact).square().mean().sqrt() / exact.square().mean().sqrt())


def start(settings: sections.Compute) -> Compute:
    """Set torch's global flags as the ``settings`` say, and return the ``Compute``; for scripts.

    Raises:
        DeviceError: if this machine does not have the device, or no compiler although one is needed.
    """
    device = select_device(settings.device)
    if settings.compile:
        _check_compiler(device)
    if device.type == "cpu" and (allotted := os.environ.get("CUDA_VISIBLE_DEVICES")):
        warnings.warn(f"a GPU is allotted (CUDA_VISIBLE_DEVICES={allotted}) and not used", stacklevel=2)
    torch.set_flush_denormal(True)  # weight decay makes weights denormal, and products a hundred times slower
    _allow_tf32(settings.precision == "tf32")
    return Compute(device, settings.compile, settings.precision)


def _allow_tf32(allowed: bool) -> None:
    """Allow or forbid tf32. Torch's default is to use it in convolutions but not in products."""
    torch.set_float32_matmul_precision("high" if allowed else "highest")
    torch.backends.cudnn.allow_tf32 = allowed


def _check_compiler(device: torch.device) -> None:
    """Fail early if torch.compile has no working compiler."""
    from torch._inductor import cpp_builder, exc
    from torch.utils._triton import has_triton

    if device.type != "cpu":
        if has_triton():
            return
        raise DeviceError(
            "compute.compile = true: torch compiles for this GPU with Triton, which does not work here; install "
            "the package "
            "triton that belongs to this build of torch, or write false"
        )
    try:
        cpp_builder.get_cpp_compiler()
    except exc.InvalidCxxCompiler as error:
        raise DeviceError(
            "compute.compile = true: torch needs a C++ compiler and finds none; install g++, name a compiler in the "
            "environment variable CXX, or write false"
        ) from error
