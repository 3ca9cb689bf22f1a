"""What a config will cost, before anything runs.

Disk is exact for the arrays between the rules. Time counts the floating-point operations of training and sampling,
which are nearly all of the work, at the speed measured on one core (docs/benchmarks.md); expect it within a factor of
two.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

from diffmem import checks
from diffmem.cells import Study
from diffmem.diffusion.training import snapshot_epochs

FLOPS = 6e10  # per second on one core
STEP_OVERHEAD = 2e-4  # seconds per replicate and training step, beside the arithmetic
START = {"light": 1.2, "torch": 3.5}  # seconds until a job does its work
STAGES = 5  # jobs per shard: dataset, train, sample, neighbours, rates
ROW_BYTES = 28  # of the neighbour table, per generated point (measure.table.ROW)
ROWS_PER_SNAPSHOT = 500  # rows of rates.parquet, of some 3 bytes once compressed


def plan(studies: dict[str, Study], *, parameters: Callable[[dict[str, Any], int], int]) -> pd.DataFrame:
    """One row per cell: study, cell, replicates, jobs, snapshots, disk (GB) and time (core hours).

    Args:
        studies: as ``config.studies`` returns them.
        parameters: number of a network's parameters, from the ``model`` section of a cell and the dimension.
    """
    rows = []
    for study in studies.values():
        for name, cell in study.cells.items():
            size = parameters(cell["model"], checks.dimension(cell["data"]))
            rows.append({"study": study.name, "cell": name, **_cost(cell, study, size)})
    return pd.DataFrame(rows)


def _cost(cell: dict[str, Any], study: Study, parameters: int) -> dict[str, float]:
    data, training, sampling = cell["data"], cell["training"], cell["sampling"]
    n, d = checks.rows(data), checks.dimension(data)
    batch = min(training["batch"], n)
    steps = training["epochs"] * (n // batch)
    snapshots = len(snapshot_epochs(training["epochs"], **training["snapshots"]))
    forward = 2 * parameters  # operations per point
    evaluations = sampling["steps"] * (2 if sampling["sampler"] == "heun" else 1)
    seconds = study.replicates * (
        steps * (3 * forward * batch / FLOPS + STEP_OVERHEAD)
        + snapshots * sampling["count"] * evaluations * forward / FLOPS
    )
    seconds += len(study.shards) * (2 * START["torch"] + (STAGES - 2) * START["light"])
    per_snapshot = 4 * parameters + sampling["count"] * (4 * d + ROW_BYTES) + 3 * ROWS_PER_SNAPSHOT
    return {
        "replicates": study.replicates,
        "jobs": STAGES * len(study.shards),
        "snapshots": snapshots,
        "disk [GB]": study.replicates * snapshots * per_snapshot / 1e9,
        "time [core hours]": seconds / 3600,
    }


def summary(table: pd.DataFrame, *, cores: int) -> str:
    """The plan as text, with its totals."""
    hours = table["time [core hours]"].sum()
    return (
        f"{table.to_string(index=False, float_format='{:.2f}'.format)}\n\n"
        f"{len(table)} cells, {table['jobs'].sum()} jobs and some for the figures, "
        f"up to {table['disk [GB]'].sum():.1f} GB in results/ (less with intermediates: discard),\n"
        f"about {hours:.1f} core hours: {hours / cores:.1f} hours on this machine's {cores} cores."
    )
