"""Recall is what counting with all distances gives, and bounds what an approximate search does to the rates."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from diffmem.neighbours.approximate import hnsw, ivf
from diffmem.neighbours.exact import exact
from diffmem.neighbours.recall import REFERENCES, lowest, measured, recall
from diffmem.neighbours.table import ROW, references, tabulate

ROUGH = {"ivf": partial(ivf, probes=1), "hnsw": partial(hnsw, links=2, breadth=2)}


def replicate(backend, *, count=1500, dimension=12, seed=0):
    """Generated points, of which a third are near copies, and the references: 40 twins are not plain."""
    rng = np.random.default_rng(seed)
    train, test = rng.standard_normal((2, count, dimension))
    location = np.arange(count)
    halves = dict(train=train, train_location=location, test=test, test_location=location)
    to = references(**halves, test_plain=location >= 40, backend=backend)
    copies = train[:300] + 0.02 * rng.standard_normal((300, dimension))
    return np.vstack([copies, rng.standard_normal((600, dimension))]), to, train, test


@pytest.mark.parametrize("name", ROUGH)
def test_recall_is_what_counting_with_all_distances_gives(name):
    points, to, train, test = replicate(ROUGH[name])
    table = tabulate(points, to)
    share = measured(points, table, to, queries=10**6, rng=np.random.default_rng(0))
    far = np.sort(np.linalg.norm(points[:, None] - train, axis=2), axis=1)
    held = np.linalg.norm(points[:, None] - test, axis=2)
    true = (far[:, 0], far[:, 1], held[:, 40:].min(1), held.min(1))
    found = (*table["train_distance"].T, table["plain_distance"], table["test_distance"])
    assert share["queries"] == len(points)
    for key, a, b in zip(REFERENCES, found, true, strict=True):
        assert share[key] == np.mean(np.isclose(a, b, rtol=1e-6))
        assert 0.02 < share[key] < 1
    assert share["second"] <= share["train"]


def test_recall_is_one_where_nothing_is_overlooked():
    points, to, _, _ = replicate(partial(ivf, probes=10**6))
    share = measured(points, tabulate(points, to), to, queries=500, rng=np.random.default_rng(0))
    assert share == {"queries": 500, **dict.fromkeys(REFERENCES, 1.0)}


def test_an_exact_search_is_not_done_twice():
    points, to, _, _ = replicate(exact)
    share = measured(points, np.empty(0, ROW), to, queries=500, rng=np.random.default_rng(0))
    assert share == {"queries": 0, **dict.fromkeys(REFERENCES, 1.0)}


def test_a_location_as_far_as_the_nearest_is_no_miss():
    exact_table, table = np.zeros((2, 4), dtype=ROW)
    exact_table["train_location"][:, 0] = 7
    table["plain_distance"][1], table["test_distance"][:2] = 1e-3, 1e-3
    table["train_distance"][3] = 0, 1
    assert recall(table, exact_table) == {"train": 1.0, "second": 0.75, "plain": 0.75, "matched": 0.5}


@pytest.mark.parametrize("queries", [40, 200])
def test_a_sample_estimates_the_recall_of_all(queries):
    points, to, _, _ = replicate(ROUGH["ivf"])
    table = tabulate(points, to)
    draws = np.random.default_rng(1)
    whole = measured(points, table, to, queries=10**6, rng=draws)["train"]
    samples = [measured(points, table, to, queries=queries, rng=draws)["train"] for _ in range(60)]
    error = np.sqrt(whole * (1 - whole) / queries)
    assert abs(np.mean(samples) - whole) < 4 * error / np.sqrt(60)
    assert 0.5 * error < np.std(samples) < 1.4 * error


@pytest.mark.parametrize("name", ROUGH)
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_rates_are_off_by_no_more_than_recall_says(name, ratio):
    points, to, _, _ = replicate(ROUGH[name])
    table, sure = tabulate(points, to), tabulate(points, to.exact_only())
    share = recall(table, sure)

    def raw(t, key):
        return np.mean(ratio * t["train_distance"][:, 0] < t[key])

    def net(t, key):
        return raw(t, key) - np.mean(ratio * t[key] < t["train_distance"][:, 0])

    for key, side in (("plain_distance", "plain"), ("test_distance", "matched")):
        low, high = share["train"] - 1, 1 - share[side]
        assert low <= raw(table, key) - raw(sure, key) <= high
        assert 2 * low <= net(table, key) - net(sure, key) <= 2 * high
    third = [np.mean(t["train_distance"][:, 0] < t["train_distance"][:, 1] / 3) for t in (table, sure)]
    assert third[0] != third[1]
    assert abs(third[0] - third[1]) <= 1 - share["second"]


def test_the_lower_side_goes_with_every_rate():
    rows = [{"replicate": r, "snapshot": s, "index": "i", "queries": 9, "second": 0.1} for r in (0, 1) for s in (0, 1)]
    checked = pd.DataFrame(rows).assign(train=[0.9, 0.8, 0.7, 1], plain=[1, 0.7, 0.9, 1], matched=[0.95, 0.9, 0.6, 0.5])
    found = lowest(checked).set_index(["reference", "replicate", "snapshot"])["recall"]
    assert found["plain"].tolist() == [0.9, 0.7, 0.7, 1]
    assert found["matched"].tolist() == [0.9, 0.8, 0.6, 0.5]
