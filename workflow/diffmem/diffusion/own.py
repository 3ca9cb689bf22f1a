"""A torch module in the user's own file as a network of this room: one replicate after the other (`stacks.Stack`).

The module is built as ``Network(shape)``, with ``labels=k`` where there are k labels. It is called as
``network(x, noise)`` or ``network(x, noise, label)``, with x of shape (b, *shape), noise and label of shape (b,), and
returns the shape of x. Buffers are constants, the same in all replicates; layers that change theirs (batch norm) are
refused. Dropout is off.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from diffmem.diffusion.layers import Generators
from diffmem.diffusion.stacks import Stack
from diffmem.own_code import OwnError, guarded, line, load_own

SHAKEN = 0.1  # standard deviation by which parameters are moved in the test for a network that ignores its input


class OwnStack(Stack):
    """A stack whose template has values of its own: first parameters as its constructor draws them, and buffers."""

    tied = True

    def __init__(self, generators: Generators, template: Callable[[], nn.Module]):
        seeds = [int(torch.randint(2**62, (1,), generator=generator)) for generator in generators]
        drawn = [[p.detach().clone() for p in _seeded(template, seed).parameters()] for seed in seeds]
        module = _seeded(template, 0)  # its buffers are the same for all replicates, in training and in sampling
        nn.Module.__init__(self)
        self.single = (module,)
        self.names = [name for name, _ in module.named_parameters()]
        self.values = nn.ParameterList(nn.Parameter(torch.stack(v)) for v in zip(*drawn, strict=True))

    def _apply(self, function: Callable, recurse: bool = True) -> "OwnStack":
        """Buffers move with the parameters."""
        self.single[0]._apply(function, recurse)
        return super()._apply(function, recurse)


def _seeded(template: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A module with values that are drawn from ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return template()


class _Flat(nn.Module):
    """The user's module between flat points."""

    def __init__(self, inner: nn.Module, shape: Sequence[int], module: str):
        super().__init__()
        self.inner = inner.eval()
        self.shape, self.where, self.call = tuple(shape), line(module), guarded(module, inner)

    def forward(
        self, x: torch.Tensor, noise: torch.Tensor, label: torch.Tensor | None, _generator: torch.Generator | None
    ) -> torch.Tensor:
        labels = () if label is None else (label,)
        out = self.call(x.view(-1, *self.shape), noise.expand(len(x)), *labels)
        wanted = (len(x), *self.shape)
        if not isinstance(out, torch.Tensor) or out.shape != wanted:
            found = f"the shape {tuple(out.shape)}" if isinstance(out, torch.Tensor) else f"a {type(out).__name__}"
            raise OwnError(f"{self.where}: returned {found}; must return a tensor of the shape of x, {wanted}")
        return out.flatten(1)


def network(generators: Generators, dimension: int, label_count: int, *, module: str, shape: Sequence[int]) -> Stack:
    """A stack of the user's ``module``, one for each generator.

    Raises:
        OwnError: if it cannot be built or called, returns another shape or NaN, ignores its input, or has batch norm.
    """
    built = load_own(module)
    options = {"labels": label_count} if label_count else {}

    def template() -> nn.Module:
        inner = built(tuple(shape), **options)
        if not isinstance(inner, nn.Module):
            raise OwnError(f"{line(module)}: makes a {type(inner).__name__}; must be a class of torch modules")
        return _Flat(inner, shape, module)

    stack = OwnStack(generators, template)
    _refuse(stack, dimension, label_count, module)
    return stack


def _refuse(stack: OwnStack, dimension: int, label_count: int, module: str) -> None:
    """Refuse a network that cannot be trained here. Its parameters are moved, as last layers often begin at zero."""
    single = stack.single[0]
    if any(isinstance(part, _BatchNorm) for part in single.modules()):
        raise OwnError(f"{line(module)}: has batch norm, whose statistics are not kept; use group norm")
    if not stack.names:
        raise OwnError(f"{line(module)}: has no parameters to train; register its layers as attributes")
    if frozen := [name for name, p in single.named_parameters() if not p.requires_grad]:
        raise OwnError(f"{line(module)}: does not train {frozen[0].removeprefix('inner.')}; register it as a buffer")
    generator = torch.Generator().manual_seed(0)
    shaken = {
        name: p.detach() + SHAKEN * torch.randn(p.shape, generator=generator) for name, p in single.named_parameters()
    }
    x, label = torch.randn(4, dimension, generator=generator), torch.zeros(4, dtype=torch.long) if label_count else None
    with torch.no_grad():
        one, other = (
            torch.func.functional_call(single, shaken, (points, torch.ones(4), label, None))
            for points in (x, x.flip(0))
        )
    if not torch.isfinite(one).all():
        raise OwnError(
            f"{line(module)}: returned NaN or infinite values for normal points; look for a division or logarithm"
        )
    if torch.equal(one, other):
        raise OwnError(f"{line(module)}: its output does not depend on its input x; use x in forward")
