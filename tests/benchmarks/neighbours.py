"""make bench: which search is fastest where, and what approximate ones gain and miss, on one thread.

Prints the tables of docs/benchmarks.md on neighbours, in seconds of processor time, which other work on the machine
stretches less than it does the clock. Every case of the second table runs in a process of its own, for its peak memory.
"""

import multiprocessing
import resource
import time
from functools import partial

import numpy as np
import pandas as pd
import torch

from diffmem.neighbours.approximate import hnsw, ivf
from diffmem.neighbours.exact import Blocks, Flat, Tree
from diffmem.neighbours.index import Index
from diffmem.neighbours.on_device import Product, exact

QUERIES, NEIGHBOURS = 2000, 2
FEW, MANY = 1_000_000, 50_000_000  # coordinates beyond which the slow searches, and all, are left out
EXACT = {
    "k-d tree": Tree,
    "NumPy product": Blocks,
    "FAISS flat": Flat,
    "torch": lambda p: Product(p, torch.device("cpu")),
}
APPROXIMATE = {
    "exact": exact,
    "ivf, 4 probes": partial(ivf, probes=4),
    "ivf, 16 probes": ivf,
    "ivf, 64 probes": partial(ivf, probes=64),
    "hnsw, breadth 16": partial(hnsw, breadth=16),
    "hnsw, breadth 64": hnsw,
    "hnsw, breadth 256": partial(hnsw, breadth=256),
}
SIZES = ((20_000, 2, 2), (50_000, 64, 64), (50_000, 64, 12), (50_000, 3072, 12))  # locations, features, latent ones


def crossover() -> pd.DataFrame:
    """Seconds to build an index of normal points and to search it, by features and locations."""
    rows = []
    for d in (2, 3, 5, 8, 10, 16, 64, 784, 3072):
        for n in (100, 1_000, 10_000, 50_000):
            rng = np.random.default_rng(0)
            positions, queries = rng.standard_normal((n, d)), rng.standard_normal((QUERIES, d))
            taken = {
                name: _seconds(partial(_search, positions, queries, searches))[0]
                for name, searches in EXACT.items()
                if n * d <= (MANY if name != "k-d tree" else FEW)
            }
            rows.append({"features": d, "locations": n, **taken})
    return pd.DataFrame(rows)


def approximate() -> pd.DataFrame:
    """Seconds, recall and memory of approximate searches, among fresh points and among near copies."""
    rows = []
    for size in SIZES:
        for name in APPROXIMATE:
            if "256" in name and size[0] * size[1] > MANY:
                continue  # minutes to build
            with multiprocessing.get_context("spawn").Pool(1) as process:
                rows.append(process.apply(case, (*size, name)))
    table = pd.DataFrame(rows)
    first = table.groupby(["locations", "features", "latent"], sort=False)["search [s]"].transform("first")
    return table.assign(speedup=first / table["search [s]"])


def case(n: int, d: int, latent: int, name: str) -> dict[str, object]:
    """One row of the second table.

    The points are ``latent`` normal features, turned into ``d`` with noise of 5 % on each. Half of the queries are
    fresh, half lie a tenth of a typical distance (between the nearest of 2,000 locations) from a location.
    """
    rng = np.random.default_rng(0)
    turn = rng.standard_normal((latent, d)) / np.sqrt(latent) if latent < d else np.eye(d)
    positions, fresh = (rng.standard_normal((m, latent)) @ turn for m in (n, QUERIES // 2))
    for points in (positions, fresh):
        for row in points:  # one by one, so that the noise does not take as much memory as the points
            row += 0.05 * rng.standard_normal(d)
    apart = np.median(Index(positions[:2000]).nearest(positions[:100], 2).distance[:, 1])
    copies = positions[: QUERIES // 2] + 0.1 * apart * rng.standard_normal((QUERIES // 2, d)) / np.sqrt(d)
    queries = np.vstack([fresh, copies])
    index = Index(positions, APPROXIMATE[name])
    build, _ = _seconds(lambda: index.nearest(queries[:1], NEIGHBOURS))
    seconds, found = _seconds(lambda: index.nearest(queries, NEIGHBOURS))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    hit = found.distance <= index.exact_only().nearest(queries, NEIGHBOURS).distance
    half = QUERIES // 2
    return {
        "locations": n, "features": d, "latent": latent, "index": name, "build [s]": build, "search [s]": seconds,
        "recall": hit[:half, 0].mean(), "second": hit[:half, 1].mean(), "of copies": hit[half:, 0].mean(),
        "peak [GB]": peak,
    }  # fmt: skip


def _search(positions: np.ndarray, queries: np.ndarray, searches) -> None:
    Index(positions, searches).nearest(queries, NEIGHBOURS)


def _seconds(work):
    """Seconds of processor time that ``work`` takes, and its result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


if __name__ == "__main__":
    torch.set_num_threads(1)
    # first, since a process begins with the peak memory of the one that starts it
    print(f"{QUERIES:,} queries, half of them near copies; recall of the fresh ones\n")
    print(approximate().to_string(index=False, float_format="{:.3f}".format))
    print(f"\n{QUERIES:,} queries, {NEIGHBOURS} neighbours, one thread, seconds to build and search\n")
    print(crossover().to_string(index=False, float_format="{:.3f}".format, na_rep=""))
