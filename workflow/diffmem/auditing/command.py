"""The command ``diffmem``: audit samples, try it on planted copies, check the installation.

Exit codes: 0 where the audit ran (with any verdict), 2 where an input or option was refused in one sentence.
"""

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from diffmem.auditing.audit import audit
from diffmem.auditing.result import Audit
from diffmem.auditing.verdict import percent
from diffmem.auditing.write import refuse_out, write
from diffmem.data.items import AuditError
from diffmem.version import __version__, installed

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
console, errors = Console(), Console(stderr=True)
AUDIT = ("numpy", "scipy", "pandas", "pyarrow", "faiss-cpu", "pillow", "safetensors", "matplotlib")
PIPELINE = ("pyyaml", "scikit-learn", "seaborn", "snakemake", "torch")
INSTALL = 'pip install ".[pipeline]" in a clone'

Train = Annotated[str, typer.Option(help="Items that the model was trained on: all of them.")]
Generated = Annotated[str, typer.Option(help="Samples of the model.")]
Test = Annotated[
    str | None,
    typer.Option(
        help="Held-out items of the same source, not trained on. Without them no share of copies is estimated."
    ),
]
Out = Annotated[
    Path, typer.Option(help="Folder for audit.html, audit.json, samples.parquet, training.parquet, figures.")
]
Features = Annotated[
    str,
    typer.Option(
        help="raw, pca-K (such as pca-64), or FILE.py:FUNCTION or MODULE:FUNCTION, from (n, ...) to (n, d) arrays."
    ),
]


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    """Which of these samples are copies of training data, and how sure is that?"""
    if show:
        console.print(__version__)
        raise typer.Exit


@app.command("audit")
def audit_command(
    train: Train,
    generated: Generated,
    out: Out,
    test: Test = None,
    features: Features = "raw",
    augment: Annotated[
        str | None,
        typer.Option(
            help="Versions of images that count as the same: mirror, shift (by a pixel) or shift-K, crop, with commas."
        ),
    ] = None,
    index: Annotated[
        str,
        typer.Option(
            help="exact, or for a million items an approximate search whose recall is measured: ivf, "
            "ivf-PROBES, hnsw, hnsw-BREADTH."
        ),
    ] = "exact",
    seed: Annotated[int, typer.Option(help="Of permutations and pairs.")] = 0,
    permutations: Annotated[int, typer.Option(help="Permutations of labels, behind chance level and interval.")] = 200,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Overrule a refusal: far (samples far from both sets), order (columns in another order)."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite the folder if it holds an audit.")] = False,
) -> None:
    """Audit samples: are they copies of the training items?

    Sets are files or folders: .npy, .npz, .parquet, .csv, .pt, .safetensors, or a folder of images (sub-folders are
    classes). All three in the same units and format.

    Example: `diffmem audit --train train.npy --test held_out.npy --generated samples.npy --out audit`
    """
    try:
        refuse_out(out, force=force)
        found = _run(
            train=train,
            test=test,
            generated=generated,
            features=features,
            augment=augment,
            index=index,
            seed=seed,
            permutations=permutations,
            accept=accept,
        )
        write(found, out, force=force)
    except AuditError as error:
        errors.print(str(error), highlight=False, markup=False)
        raise typer.Exit(2) from error
    _show(found, out)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the three files and the audit.")] = Path("diffmem-demo"),
) -> None:
    """Make three small files, 10 % of the samples planted copies, and audit them."""
    if out.exists():
        errors.print(f"out = {out}: exists already; name another folder")
        raise typer.Exit(2)
    out.mkdir(parents=True)
    rng = np.random.default_rng(0)
    train, test, new = np.split(rng.standard_normal((7600, 8)), [3000, 6000])
    copies = train[rng.choice(len(train), 160, replace=False)] + 0.02 * rng.standard_normal((160, 8))
    sets = {"train": train, "test": test, "generated": rng.permutation(np.vstack([copies, new[:1440]]))}
    for name, values in sets.items():
        np.save(out / f"{name}.npy", values)
    paths = {name: str(out / f"{name}.npy") for name in sets}
    console.print("$ diffmem audit " + " ".join(f"--{k} {v}" for k, v in paths.items()) + f" --out {out / 'audit'}")
    found = _run(**paths)
    write(found, out / "audit")
    _show(found, out / "audit")
    console.print("160 of the 1,600 samples (10 %) are training items with a little noise.")


@app.command()
def doctor() -> None:
    """Say what is installed, which hardware is there, and how to get what is missing."""
    table = Table("what", "found", "how to get it", box=None)
    table.add_row(
        "Python", platform.python_version(), "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    )
    versions = installed(AUDIT + PIPELINE)
    for name in AUDIT:
        table.add_row(name, versions.get(name, "missing"), "" if name in versions else f"pip install {name}")
    for name in PIPELINE:
        hint = "" if name in versions else f"only for studies: {escape(INSTALL)}"
        table.add_row(name, versions.get(name, "missing"), hint)
    table.add_row("processor cores", str(os.cpu_count()), "")
    compiler = next((name for name in ("g++", "clang++") if shutil.which(name)), None)
    table.add_row(
        "C++ compiler", compiler or "missing", "" if compiler else "only for compute.compile: apt-get install g++"
    )
    if importlib.util.find_spec("torch"):
        import torch

        gpus = torch.cuda.device_count()
        hint = "" if gpus else "a CUDA build of torch, if this machine has a GPU"
        table.add_row("GPUs that torch sees", str(gpus), hint)
        table.add_row("threads of torch", str(torch.get_num_threads()), "OMP_NUM_THREADS changes it")
    console.print(table)


@app.command()
def plan(config: Annotated[Path, typer.Argument(help="A config of studies.")]) -> None:
    """Say what a config of studies would run, and what that costs in jobs, disk and time."""
    try:
        from diffmem.settings.read import ConfigError, read, studies
        from diffmem.studies.plan import measured, summary
        from diffmem.studies.plan import plan as planned
    except ModuleNotFoundError as error:
        errors.print(f"a plan needs {error.name}, which is missing: {INSTALL}", highlight=False, markup=False)
        raise typer.Exit(2) from error

    try:
        content = read(str(config))
        table = planned(studies(content), network=measured)
    except (ConfigError, OSError) as error:
        errors.print(str(error), highlight=False, markup=False)
        raise typer.Exit(2) from error
    console.print(summary(table, cores=os.cpu_count() or 1, discard=content.get("intermediates") == "discard"))


def _run(**given: Any) -> Audit:
    """The audit, with what it is doing shown on a terminal."""
    moving = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    columns = (*moving, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        given["accept"] = tuple(given.get("accept") or ())
        shown = partial(bar.update, task)
        return audit(
            **given,
            progress=lambda stage: shown(description=stage),
            worked=lambda share: shown(completed=share),
        )


def _show(found: Audit, out: Path) -> None:
    console.print(found.copying.sentence, style="bold", highlight=False)
    console.print(f"Membership: {found.membership_verdict.sentence}", highlight=False)
    for warning in found.warnings:
        console.print(f"Note: {warning}", highlight=False, markup=False)
    if len(found.table):
        table = Table("ratio", "net", "95 % interval", "raw", "sets mixed", "would be found", box=None)
        for row in found.table.to_dict("records"):
            interval = f"{percent(row['net_low'])} to {percent(row['net_high'])}"
            cells = [percent(row[name]) for name in ("raw", "chance", "detectable")]
            table.add_row(
                f"{row['ratio']:g}" + (" (to read)" if row["read"] else ""), percent(row["net"]), interval, *cells
            )
        console.print(table)
    console.print(f"Page: {out / 'audit.html'}", highlight=False)
