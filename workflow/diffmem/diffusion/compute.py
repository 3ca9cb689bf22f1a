"""How the arithmetic of training and sampling is done: on which device, compiled or not, and how precisely.

All of it is a matter of speed. Random numbers are drawn by the CPU's generators whatever the device, but for the masks
of dropout, a million numbers per image in a large network: without it, runs on different devices differ by rounding
alone (which training, being chaotic, magnifies over thousands of steps).

    float32     products and convolutions in float32
    tf32        on GPUs, factors of both rounded to 10 bits; nothing else changes
    bfloat16    products in bfloat16 (7 bits) by torch's autocast, parameters and all else in float32

What the lesser two cost is measured by ``error`` and written into the logs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from diffmem.devices import DeviceError, chosen

CPU = torch.device("cpu")
# whole chunks of points that fit into a core's cache with what becomes of them, which is less where code is compiled
IN_CACHE = {False: 1000, True: 2000}


class InBfloat16(nn.Module):
    """A network whose products are taken in bfloat16, and whose output is that of its input's type."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor, *inputs: Any) -> torch.Tensor:
        """What the network returns."""
        with torch.autocast(x.device.type, torch.bfloat16):
            return self.network(x, *inputs).to(x.dtype)


@dataclass(frozen=True)
class Compute:
    """How functions of tensors are run.

    Attributes:
        device: where their tensors lie.
        compiles: whether they are compiled, once for each set of shapes.
        precision: one of those at the top of this module.
    """

    device: torch.device = CPU
    compiles: bool = False
    precision: str = "float32"

    def __str__(self) -> str:
        return f"computed on {self.device}, {'compiled' if self.compiles else 'not compiled'}, in {self.precision}"

    def at_once(self, count: int) -> int:
        """How many of ``count`` points are best sampled together."""
        return IN_CACHE[self.compiles] if self.device.type == "cpu" else count

    def compiled(self, function: Callable) -> Callable:
        """``function``, compiled if that is asked for."""
        return torch.compile(function, dynamic=False) if self.compiles else function

    def padded(self, replicates: list[int], *, size: int) -> list[int]:
        """``replicates``, the last repeated up to ``size`` where code is compiled or runs on a GPU.

        What a compiler makes of a loop, or a GPU's library of a product, depends on its length: only in stacks of one
        size does a replicate have the same numbers, to the last bit, whichever others it is trained with.
        """
        alike = self.device == CPU and not self.compiles
        return [*replicates, *replicates[-1:] * (0 if alike else size - len(replicates))]

    def precise(self, network: nn.Module) -> nn.Module:
        """``network`` in the precision that is asked for."""
        return InBfloat16(network) if self.precision == "bfloat16" else network

    def error(self, network: nn.Module, *inputs: Any) -> float:
        """Root mean square of what the precision changes in a network's output, over that of the output."""
        with torch.no_grad():
            with_it = self.precise(network)(*inputs)
            _allow_tf32(False)
            exact = network(*inputs)
            _allow_tf32(self.precision == "tf32")
        return float((with_it - exact).square().mean().sqrt() / exact.square().mean().sqrt())


def start(settings: dict[str, Any]) -> Compute:
    """What the ``compute`` section of a cell says, with the process's flags set accordingly; for scripts.

    Raises:
        DeviceError: if this machine has no such device, or no compiler.
    """
    device = chosen(settings["device"])
    if settings["compile"]:
        _check_compiler(device)
    torch.set_flush_denormal(True)  # weight decay otherwise makes products a hundred times slower
    _allow_tf32(settings["precision"] == "tf32")
    return Compute(device, settings["compile"], settings["precision"])


def _allow_tf32(allowed: bool) -> None:
    """Torch's convolutions use tf32 unless they are told not to, its products only if they are told to."""
    torch.set_float32_matmul_precision("high" if allowed else "highest")
    torch.backends.cudnn.allow_tf32 = allowed


def _check_compiler(device: torch.device) -> None:
    """Refuse before anything is trained what torch would refuse in the midst of it, in two hundred lines."""
    from torch._inductor import cpp_builder, exc
    from torch.utils._triton import has_triton

    if device.type != "cpu":
        if has_triton():
            return
        raise DeviceError(
            "compute.compile = true: torch compiles for this GPU with Triton and cannot use it; install the package "
            "triton that belongs to this build of torch, or write false"
        )
    try:
        cpp_builder.get_cpp_compiler()
    except exc.InvalidCxxCompiler as error:
        raise DeviceError(
            "compute.compile = true: torch compiles for this processor with a C++ compiler and finds none; install g++ "
            "(or name one in the environment variable CXX), or write false"
        ) from error
