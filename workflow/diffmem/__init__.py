"""Measure when and what diffusion models memorize.

Each folder imports only from the folders to its left:

    data -> diffusion -> neighbours -> measure -> studies -> report -> auditing

``data``, ``diffusion`` and ``neighbours`` do not import each other: they exchange arrays and files. ``measure`` imports
only ``neighbours``. All folders use ``settings`` and the modules of the top level.

The public functions take arrays. Each is imported on first use, so that ``import diffmem`` is fast. Does a set of
generated points contain copies? Here 150 of 600 are training points, the others are new:

    >>> import numpy as np
    >>> import diffmem
    >>> draw = np.random.default_rng(0).standard_normal((1650, 2))
    >>> train, test, new = np.split(draw, [600, 1200])
    >>> found = diffmem.audit(train=train, test=test, generated=np.vstack([train[:150], new]))
    >>> found.copying.word
    'copies'
    >>> row = found.table.set_index("ratio").loc[2.0]
    >>> bool(row["net_low"] < 0.25 < row["net_high"])
    True

What share of a perfect model's points is at least twice as close to a training point as to any held-out point, if
both sets have the same size?

    >>> print(round(float(diffmem.chance(2.0, dimension=2)), 3))
    0.2

Are training and held-out points exchangeable?

    >>> same = diffmem.exchangeability(train=train, test=test, rng=np.random.default_rng(1))
    >>> bool(same.p_value > 0.05)
    True

How large is the Fréchet distance of the samples to held-out points, minus that of equally many true points?

    >>> scores = diffmem.frechet(generated=new, held_out=test)
    >>> bool(abs(scores["frechet_excess"]) < 0.1)
    True

An interval for a mean over replicates, one for a share, and the p-value of a test for a mean of zero:

    >>> print([round(float(x), 2) for x in diffmem.mean_interval(np.array([1.0, 2.0, 3.0]))])
    [2.0, -0.48, 4.48]
    >>> print([round(float(x), 3) for x in diffmem.wilson(0, 10)])
    [0.0, 0.278]
    >>> print(diffmem.sign_flip(np.array([1.0, 2.0, 3.0, 2.0, 1.0, 2.0])))
    0.03125
"""

_PUBLIC = {
    "audit": "auditing.audit",
    "chance": "measure.chance",
    "exchangeability": "measure.exchangeability",
    "frechet": "measure.frechet",
    "mean_interval": "measure.intervals",
    "sign_flip": "measure.intervals",
    "wilson": "measure.intervals",
    "__version__": "version",
}
__all__ = ["audit", "chance", "exchangeability", "frechet", "mean_interval", "sign_flip", "wilson"]


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; public are {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(f"diffmem.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]
