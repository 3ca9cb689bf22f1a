"""The frames of an animation: planted copies are marked, the mean of the marks is the net copied fraction."""

import numpy as np

from diffmem.neighbours.table import ROW
from diffmem.studies.shard.frames import FRAMES, POINTS, shard_frames


def planted(snapshots: int, points: int):
    """Points (2, s, g, 2) and their neighbour tables: of every four, one near training and one near held-out points."""
    samples = np.random.default_rng(0).standard_normal((2, snapshots, points, 2)).astype(np.float32)
    table = np.zeros((2, snapshots, points), dtype=ROW)
    kind = np.resize([1, -1, 0, 0], points)
    table["train_distance"] = np.where(kind == 1, 0.1, 1.0)[:, None]
    table["test_distance"] = np.where(kind == -1, 0.1, 1.0)
    table["plain_distance"] = 1.0
    return samples, table, kind


def test_points_close_to_one_of_the_sets_are_marked():
    samples, table, kind = planted(3, 40)
    found = shard_frames(samples, generated=table, epochs=np.array([0, 1, 9]), ratio=1.5, reference="matched")
    np.testing.assert_array_equal(found["points"], samples[0])
    np.testing.assert_array_equal(found["close"], np.tile(kind, (3, 1)))
    assert found["close"].mean() == 0
    plain = shard_frames(samples, generated=table, epochs=np.array([0, 1, 9]), ratio=1.5, reference="plain")
    assert plain["close"].mean() == 0.25, "without held-out twins, points near held-out outliers are close to neither"
    assert not shard_frames(samples, generated=table, epochs=np.arange(3), ratio=11, reference="matched")["close"].any()


def test_of_many_snapshots_and_points_some_are_kept_the_first_and_the_last_among_them():
    samples, table, _ = planted(101, POINTS + 100)
    found = shard_frames(samples, generated=table, epochs=np.arange(101) * 10, ratio=2.0, reference="matched")
    assert found["points"].shape == (FRAMES, POINTS, 2)
    assert (found["epoch"][0], found["epoch"][-1]) == (0, 1000)
    np.testing.assert_array_equal(found["points"][-1], samples[0, -1, :POINTS])
