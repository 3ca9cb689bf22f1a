"""make bench: what audits of several sizes cost, in seconds of processor time and peak memory.

Every audit runs in a process of its own on one thread, so that its peak memory is its own and other work on the machine
stretches its seconds less than those of the clock. The sets are files, as a user has them: normal points, a tenth of
the samples training items with a little noise.

    PYTHONPATH=workflow OMP_NUM_THREADS=1 python tests/benchmarks/audits.py           # the first rows, some minutes
    PYTHONPATH=workflow OMP_NUM_THREADS=1 python tests/benchmarks/audits.py --all     # the large ones, too
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from diffmem.auditing.audit import audit

SIZES = (  # samples, features, training items, held-out items, index
    (20_000, 2, 20_000, 20_000, "exact"),
    (5_000, 16, 5_000, 25, "exact"),
    (5_000, 64, 20_000, 5_000, "exact"),
    (5_000, 1_024, 20_000, 5_000, "exact"),
)
LARGE = ((10_000, 64, 1_000_000, 100_000, "ivf"), (50_000, 3_072, 50_000, 10_000, "exact"))
LATENT = 12  # independent features behind those of an approximate search, which gains nothing where all are independent


def case(samples: int, features: int, train: int, held_out: int, index: str = "exact") -> dict[str, object]:
    """One audit, of float32 files."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _files(Path(folder), samples, features, {"train": train, "test": held_out}, latent=index != "exact")
        start, clock = time.process_time(), time.perf_counter()
        found = audit(**paths, index=index)
        seconds, clock = time.process_time() - start, time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    read = found.table[found.table["read"]].iloc[0]
    return {
        "samples": samples, "features": features, "training": train, "held out": held_out,
        "index": index, "processor [s]": seconds, "clock [s]": clock, "peak [GB]": peak, "net": read["net"],
        "recall": found.recall["nearest"].min() if len(found.recall) else 1.0,
    }  # fmt: skip


def _files(folder: Path, samples: int, features: int, sizes: dict[str, int], *, latent: bool) -> dict[str, str]:
    """Paths of the three sets, written block by block so that no set is in memory."""
    rng = np.random.default_rng(0)
    turn = rng.standard_normal((LATENT, features), dtype=np.float32) / np.float32(np.sqrt(LATENT))
    sets = {}
    for name, count in {**sizes, "generated": samples}.items():
        sets[name] = np.lib.format.open_memmap(
            folder / f"{name}.npy", mode="w+", dtype=np.float32, shape=(count, features)
        )
        for row in range(0, count, 1000):
            block = sets[name][row : row + 1000]
            noise = rng.standard_normal(block.shape, dtype=np.float32)
            few = rng.standard_normal((len(block), LATENT), dtype=np.float32)
            block[:] = few @ turn + np.float32(0.05) * noise if latent else noise
    copies = samples // 10
    source = sets["train"][np.sort(rng.permutation(sizes["train"])[:copies])]
    sets["generated"][:copies] = source + np.float32(0.01) * rng.standard_normal(source.shape, dtype=np.float32)
    return {name: str(folder / f"{name}.npy") for name in sets}


def main() -> None:
    """Print the table."""
    rows = []
    for size in SIZES + (LARGE if "--all" in sys.argv else ()):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            rows.append(process.apply(case, size))
        print(pd.DataFrame(rows[-1:]).to_string(index=False, float_format="{:.3f}".format), flush=True)


if __name__ == "__main__":
    main()
