r"""Three definitions of memorization at every snapshot of a shard, of the same samples.

With the distances d_1 <= d_2 from a sample to its two nearest training points, the distance d' to its nearest held-out
point, as many held-out as training points, and overlaps of kernel densities (`measure.densities`, equation 4),

    net      share of samples with r d_1 < d' less share with r d' < d_1                                    (1)
    r_mem    share of samples with d_1 < d_2 / 3 (Gu et al. 2023, https://arxiv.org/abs/2310.02664)         (2)
    delta    Delta_CS of the training set and N fresh points (the third paper)                              (3)
    matched  Delta_CS of the training set and the held-out set, with the same number of points and kernels  (4)

(1) is in attribution.parquet. Kernels have the third paper's bandwidth, s n^(-1/d), for samples too.
"""

from typing import Any

import numpy as np
import pandas as pd

from diffmem.measure import criteria
from diffmem.measure.densities import Overlaps, bandwidth, delta_cs, log_cross, log_self
from diffmem.studies.shard.replicates import Arrays, by_replicate, snapshots

DATA = ("train", "test", "fresh", "replicate")


def shard_definitions(
    data: Arrays, *, samples: np.ndarray, generated: np.ndarray, training: pd.DataFrame
) -> pd.DataFrame:
    """(2), (3) and (4) in every replicate and snapshot.

    Args:
        data: ``DATA`` of a data file.
        samples: generated points (r, s, g, d).
        generated: their neighbour tables (r, s, g).
        training: losses of the shard.

    Returns:
        the columns replicate, step, r_mem, delta and matched.
    """
    steps, rows = snapshots(training)["step"].tolist(), []
    for i, (replicate, sets) in enumerate(by_replicate(data, DATA)):
        kernels = Kernels(sets)
        for j, step in enumerate(steps):
            row: dict[str, Any] = {"replicate": replicate, "step": step}
            row["r_mem"] = float((criteria.second(generated[i, j]["train_distance"]) < criteria.ONE_THIRD).mean())
            rows.append({**row, **kernels.compare(samples[i, j].astype(float))})
    return pd.DataFrame(rows)


class Kernels:
    """Kernel densities of a replicate's ``sets``: train and test (n, d), fresh (N, d)."""

    def __init__(self, sets: Arrays):
        self.sets = {name: np.asarray(sets[name], dtype=float) for name in ("train", "test", "fresh")}
        self.scale = float(np.sqrt(self.sets["fresh"].var(0).mean()))
        self.own = {name: log_self(points, width=self._width(points)) for name, points in self.sets.items()}

    def compare(self, samples: np.ndarray) -> dict[str, float]:
        """(3) and (4) of ``samples`` (g, d): negative if they are nearer to the training set."""
        narrow = self._width(samples)
        train, test, fresh = (
            Overlaps(self.own[name], log_cross(samples, points, width=self._width(points), sample_width=narrow))
            for name, points in self.sets.items()
        )
        return {"delta": delta_cs(train, fresh), "matched": delta_cs(train, test)}

    def _width(self, points: np.ndarray) -> float:
        return bandwidth(len(points), scale=self.scale, dimension=points.shape[1])
