"""The sheet of images shows the best, the doubtful and the worst matches."""

import numpy as np
import pytest

from diffmem.neighbours.index import Index
from diffmem.studies.effective.matches import matches


def test_matches_are_the_nearest_those_at_the_threshold_and_the_farthest():
    train = 10 * np.eye(6)
    far = np.sqrt(200)  # between any two
    steps = np.array([0.05, 0.25, 0.45]) * far
    toward = (train[[1, 2, 3]] - train[[0, 1, 2]]) / far
    generated = np.concatenate([train[:3] + steps[:, None] * toward, train[5:] * 9])
    found = Index(train).nearest(generated, 2)
    neighbours = {"train_distance": found.distance, "train_location": found.location}
    sheet = matches(generated=generated, positions=train, neighbours=neighbours, size=(1, 2, 3), count=2)
    assert sheet.generated.shape == sheet.nearest.shape == (3, 2, 2, 3)
    np.testing.assert_allclose(sheet.score[0], [0.05 / 0.95, 0.25 / 0.75])
    assert sheet.score[1, 0] == pytest.approx(1 / 3)
    np.testing.assert_allclose(sheet.generated[2, 0].ravel(), train[5] * 9)
    np.testing.assert_allclose(sheet.nearest[2, 0].ravel(), train[5])
    np.testing.assert_allclose(sheet.nearest[0, 0].ravel(), train[0])


def test_a_training_image_is_shown_once_while_there_are_others():
    train = 10 * np.eye(4)
    generated = np.concatenate([train[[0, 0, 0]], train[[1]] + 0.5])
    found = Index(train).nearest(generated, 2)
    neighbours = {"train_distance": found.distance, "train_location": found.location}
    sheet = matches(generated=generated, positions=train, neighbours=neighbours, size=(1, 1, 4), count=3)
    assert sheet.nearest[0, :, 0].argmax(1).tolist() == [0, 1, 0]


def test_channels_come_last_as_images_are_shown():
    train = np.arange(24.0).reshape(2, 12)
    found = Index(train).nearest(train, 2)
    neighbours = {"train_distance": found.distance, "train_location": found.location}
    sheet = matches(generated=train, positions=train, neighbours=neighbours, size=(3, 2, 2), count=1)
    assert sheet.generated.shape == (3, 1, 2, 2, 3)
    np.testing.assert_allclose(sheet.nearest[0, 0, 0, 0], [0, 4, 8])
