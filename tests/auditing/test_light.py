"""The light installation: an audit runs with the packages that `pip install .` brings, and no others."""

import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image
from safetensors.numpy import save_file

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# hides the modules that it is given, then runs the command
BLOCKER = """
import sys
class Without:
    def __init__(self, finder, names): self.finder, self.names = finder, names
    def find_spec(self, name, *rest):
        return None if name.split(".")[0] in self.names else self.finder.find_spec(name, *rest)
names = set(sys.argv.pop(1).split(","))
sys.meta_path[:] = [Without(finder, names) for finder in sys.meta_path]
from diffmem.auditing.command import app
app()
"""


def brought(requirements) -> set[str]:
    """The distributions that pip installs for ``requirements``, with all that they ask for."""
    found, open_ = set(), [Requirement(text) for text in requirements]
    while open_:
        asked = open_.pop()
        name = canonicalize_name(asked.name)
        if asked.marker and not asked.marker.evaluate({"extra": ""}):
            continue
        if name not in found:
            found.add(name)
            open_ += [Requirement(text) for text in metadata.requires(name) or []]
    return found


@pytest.fixture(scope="module")
def absent() -> str:
    """Every module that is installed here and is not part of the light installation."""
    light = brought(PROJECT["dependencies"]) | {"diffmem"}
    modules = metadata.packages_distributions()
    return ",".join(
        module for module, owners in modules.items() if not light & {canonicalize_name(owner) for owner in owners}
    )


def diffmem(absent: str, *arguments: object) -> subprocess.CompletedProcess:
    words = [sys.executable, "-c", BLOCKER, absent, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "COLUMNS": "200"}
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def save(kind: str, points: np.ndarray, path: Path) -> None:
    """Save bytes (n, 36) as a file or folder of a ``kind``."""
    if kind == "folder":
        path.mkdir()
        for number, image in enumerate(points.reshape(-1, 6, 6)):
            Image.fromarray(image).save(path / f"{number}.png")
    elif kind == "npy":
        np.save(path, points)
    elif kind == "safetensors":
        save_file({"samples": points}, path)
    else:
        frame = pd.DataFrame(points, columns=[f"c{number}" for number in range(points.shape[1])])
        frame.to_parquet(path) if kind == "parquet" else frame.to_csv(path, index=False)


def test_the_light_installation_has_neither_torch_nor_snakemake_nor_seaborn(absent):
    assert {"torch", "snakemake", "seaborn", "sklearn", "tqdm", "yaml"} <= set(absent.split(","))
    assert not {"numpy", "scipy", "pandas", "pyarrow", "faiss", "PIL", "matplotlib", "jinja2"} & set(absent.split(","))


@pytest.mark.parametrize(
    "kind",
    ["npy", "folder", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("parquet", "csv", "safetensors"))],
)
def test_an_audit_of_every_kind_of_file_imports_nothing_else(tmp_path, absent, kind):
    rng = np.random.default_rng(0)
    train, test, new = np.split(rng.integers(0, 256, (700, 36)).astype(np.uint8), [300, 600])
    sets = {"train": train, "test": test, "generated": np.concatenate([train[:60], new])}
    paths = {name: tmp_path / (name if kind == "folder" else f"{name}.{kind}") for name in sets}
    for name, values in sets.items():
        save(kind, values, paths[name])
    named = [word for name, path in paths.items() for word in (f"--{name}", path)]
    features = "pca-4" if kind == "npy" else "raw"
    done = diffmem(absent, "audit", *named, "--features", features, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out/audit.html").is_file()
    assert json.loads((tmp_path / "out/audit.json").read_text())["copying"]["word"] == "copies"


def test_what_needs_more_says_so_in_one_sentence(tmp_path, absent):
    tensor = tmp_path / "x.pt"
    tensor.write_bytes(b"")
    audited = diffmem(absent, "audit", "--train", tensor, "--generated", tensor, "--out", tmp_path / "out")
    assert (audited.returncode, "pip install torch, or save .npy" in audited.stderr) == (2, True), audited.stderr
    planned = diffmem(absent, "plan", "config/test.yaml")
    assert (planned.returncode, 'pip install ".[pipeline]"' in planned.stderr) == (2, True), planned.stderr
    doctor = diffmem(absent, "doctor")
    assert doctor.returncode == 0, doctor.stderr


def test_the_pipeline_brings_what_the_lock_pins():
    extras = PROJECT["optional-dependencies"]
    every = [name for part in extras.values() for name in part if not name.startswith("diffmem[")]
    lock = {canonicalize_name(line.split("==")[0]) for line in (ROOT / "requirements.lock").read_text().splitlines()}
    site = {
        canonicalize_name(line.split("==")[0]) for line in (ROOT / "requirements-site.lock").read_text().splitlines()
    }
    direct = {canonicalize_name(Requirement(name).name) for name in PROJECT["dependencies"] + every}
    assert direct <= lock | site
