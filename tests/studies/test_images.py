"""The samples that are shown over training are no selection, and stand beside their nearest training images."""

import numpy as np

from diffmem.neighbours.index import Index
from diffmem.studies.images import over_training

ROW = [("train_distance", float, 2), ("train_location", int, 2), ("plain_distance", float)]


def test_the_first_samples_of_every_snapshot_stand_beside_their_nearest_training_images():
    rng = np.random.default_rng(0)
    train, test, points = (rng.standard_normal(shape) for shape in ((30, 12), (30, 12), (2, 9, 12)))
    points[1, 0] = train[7] + 1e-3
    neighbours = np.zeros((2, 9), dtype=ROW)
    for row, samples in zip(neighbours, points, strict=True):
        near = Index(train).nearest(samples, 2)
        row["train_distance"], row["train_location"] = near.distance, near.location
        row["plain_distance"] = Index(test).nearest(samples, 1).distance[:, 0]
    found = over_training(
        points=points, epochs=np.array([0, 1234.5]), positions=train, neighbours=neighbours, size=(3, 2, 2), count=4
    )
    assert found.kind == ("epoch 0", "epoch 1,234")
    shown = np.moveaxis(points[:, :4].reshape(2, 4, 3, 2, 2), 2, -1)
    np.testing.assert_array_equal(found.generated, shown)
    np.testing.assert_array_equal(found.nearest[1, 0], np.moveaxis(train[7].reshape(3, 2, 2), 0, -1))
    distances = [np.linalg.norm(points[:, :4, None] - half, axis=-1).min(-1) for half in (train, test)]
    np.testing.assert_allclose(found.score, distances[0] / distances[1], rtol=1e-6)


def test_a_point_of_both_halves_is_no_copy():
    neighbours = np.zeros((1, 1), dtype=ROW)
    one = np.zeros((1, 4))
    found = over_training(points=one[None], epochs=np.array([0]), positions=one, neighbours=neighbours, size=(1, 2, 2))
    assert found.score.tolist() == [[1.0]]
