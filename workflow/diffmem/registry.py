"""What can be chosen by name in a config, and where it lives.

Each table maps a name to ``module:function``. The entries are strings, so that reading a table imports nothing and a
new entry changes nothing for those who chose another one (``digest.py`` follows only the chosen module).
"""

import ast
import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

# A distribution is a function of (count, generator) that gives so many points; a collection is read whole, with labels.
DISTRIBUTIONS = {
    "moons": "diffmem.data.toy:moons",
    "circles": "diffmem.data.toy:circles",
    "swiss-roll": "diffmem.data.toy:swiss_roll",
    "s-curve": "diffmem.data.toy:s_curve",
    "gaussian": "diffmem.data.gaussians:gaussian",
    "mixture": "diffmem.data.gaussians:mixture",
}
COLLECTIONS = {
    "digits": "diffmem.data.images:digits",
    "mnist": "diffmem.data.images:mnist",
    "patches": "diffmem.data.images:patches",
    "cifar-10": "diffmem.data.cifar:cifar10",
    "cifar-100": "diffmem.data.cifar:cifar100",
    "svhn": "diffmem.data.archives:svhn",
    "idx": "diffmem.data.archives:idx",
    "folder": "diffmem.data.custom:folder",
    "array": "diffmem.data.custom:array",
}
SHAPES = {**DISTRIBUTIONS, **COLLECTIONS}
NETWORKS = {
    "residual-mlp": "diffmem.diffusion.networks:ResidualMLP",
    "image-mlp": "diffmem.diffusion.image_mlp:ImageMLP",
    "unet": "diffmem.diffusion.unet:unet",
}
SCHEDULES = {
    "linear": "diffmem.diffusion.schedules:linear",
    "cosine": "diffmem.diffusion.schedules:cosine",
    "edm": "diffmem.diffusion.schedules:edm",
    "vp": "diffmem.diffusion.schedules:vp",
    "ve": "diffmem.diffusion.schedules:ve",
}
SAMPLERS = {
    "ddpm": "diffmem.diffusion.samplers:ddpm",
    "ddim": "diffmem.diffusion.samplers:ddim",
    "heun": "diffmem.diffusion.samplers:heun",
}
# A law of the onset study is built from its options and knows its moments: ``data.gaussians.Law``.
LAWS = {
    "isotropic": "diffmem.data.gaussians:isotropic",
    "power-law": "diffmem.data.gaussians:power_law",
    "low-rank": "diffmem.data.gaussians:low_rank",
    "spectrum": "diffmem.data.gaussians:spectrum",
    "mixture": "diffmem.data.gaussians:two_gaussians",
    "digits": "diffmem.data.digits:principal_components",
}
GENERATORS = {
    "one-step": "diffmem.studies.onset.generators:one_step",
    "gaussian-fit": "diffmem.studies.onset.generators:gaussian_fit",
    "multi-step": "diffmem.studies.onset.generators:multi_step",
    "empirical": "diffmem.studies.onset.generators:empirical",
    "kernel": "diffmem.studies.onset.generators:kernel",
    "mlp": "diffmem.studies.onset.networks:mlp",
    "truth": "diffmem.studies.onset.generators:truth",
    "copies": "diffmem.studies.onset.generators:copies",
}
# how neighbours are sought: a function of (positions, device)
INDEXES = {
    "exact": "diffmem.neighbours.on_device:exact",
    "ivf": "diffmem.neighbours.approximate:ivf",
    "hnsw": "diffmem.neighbours.approximate:hnsw",
}
FIGURES = {
    "net": "diffmem.report.outliers.curves:net",
    "memorized": "diffmem.report.outliers.curves:memorized",
    "within": "diffmem.report.outliers.curves:within",
    "mass": "diffmem.report.outliers.curves:mass",
    "coverage": "diffmem.report.outliers.curves:coverage",
    "thresholds": "diffmem.report.outliers.thresholds:thresholds",
    "criteria": "diffmem.report.outliers.criteria:criteria",
    "scatter": "diffmem.report.outliers.scatter:scatter",
    "losses": "diffmem.report.outliers.losses:losses",
    "times": "diffmem.report.outliers.times:times",
    "quality": "diffmem.report.outliers.quality:quality",
    "uses": "diffmem.report.outliers.uses:uses",
}
EFFECTIVE_FIGURES = {
    "effective": "diffmem.report.effective:effective",
    "factors": "diffmem.report.effective:factors",
    "tradeoff": "diffmem.report.effective:quality",
    "noise": "diffmem.report.effective_noise:noise",
    "matches": "diffmem.report.effective:sheet",
}
ONSET_FIGURES = {
    "probability": "diffmem.report.onset:probability",
    "overlaps": "diffmem.report.onset:overlaps",
    "distances": "diffmem.report.onset:distances",
    "copying": "diffmem.report.onset:copying",
    "places": "diffmem.report.onset:places",
}

# Features of the distributions that do not take a dimension as an option.
DIMENSIONS = {"moons": 2, "circles": 2, "swiss-roll": 3, "s-curve": 3}
# Channels, height and width of the collections that do not take a size as an option.
IMAGES = {
    "digits": (1, 8, 8),
    "mnist": (1, 28, 28),
    "patches": (3, 8, 8),
    "cifar-10": (3, 32, 32),
    "cifar-100": (3, 32, 32),
    "svhn": (3, 32, 32),
    "idx": (1, 28, 28),
}
# Collections that need no file: their classes, and how many images of each there are at least.
HELD = {"digits": (10, 174), "mnist": (10, 500)}
# What a collection must have left for fresh points; fewer give no chance level.
FEWEST_FRESH = 20


def load(target: str) -> Callable:
    """Import the function or class that a table entry ``module:function`` names."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)


def options(target: str) -> tuple[str, ...]:
    """Names of the keyword-only arguments of a table entry, read from its source without importing it.

    For a class they are those of its ``__init__``.
    """
    module, name = target.split(":")
    node = next(n for n in _parse(module).body if getattr(n, "name", None) == name)
    if isinstance(node, ast.ClassDef):
        node = next(n for n in node.body if getattr(n, "name", None) == "__init__")
    return tuple(a.arg for a in node.args.kwonlyargs)


def chosen(target: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The part of ``settings`` that a table entry takes as keyword-only arguments."""
    return {name: settings[name] for name in options(target) if name in settings}


@cache
def _parse(module: str) -> ast.Module:
    path = Path(__file__).parents[1] / (module.replace(".", "/") + ".py")
    return ast.parse(path.read_text(encoding="utf-8"))
