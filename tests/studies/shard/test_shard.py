"""The stages of a shard give planted answers: one snapshot is drawn from the truth, the next copies training points."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from diffmem.data.dataset import stack
from diffmem.neighbours.table import ROW
from diffmem.settings import read as config
from diffmem.studies.shard import copies, exchangeability, neighbours, permutations, quality, rates, times
from diffmem.studies.shard.replicates import by_replicate, snapshots

COUNT, EPOCHS, COPIED = 400, (0, 7), 50
CELL = config.studies({"studies": {"s": {"data": {"inliers": 300, "fresh": 1000}}}})["s"].cells["base"]
NUMBERS = range(3, 5)  # of the replicates: a shard that is not the first


@pytest.fixture(scope="module")
def data():
    return stack(CELL.data, seed=CELL.seed, replicates=NUMBERS)


@pytest.fixture(scope="module")
def samples(data):
    """Points (r, 2, g, d): fresh draws, then copies of training rows."""
    true = stack(CELL.data, seed=CELL.seed + 1, replicates=NUMBERS)["fresh"][:, :COUNT]
    copied = data["train"][:, np.arange(COUNT) % COPIED]
    return np.stack([true, copied], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def training():
    """Losses of two noise levels; the replicates follow each other, as a trained shard writes them."""
    rows = [
        {"replicate": r, "snapshot": j, "step": 10 * epoch, "epoch": epoch, "sigma": sigma, "loss": 1.0}
        for r in NUMBERS
        for j, epoch in enumerate(EPOCHS)
        for sigma in (0.1, 1.0)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def found(data, samples):
    """Neighbour tables, the other arrays, and recall; the closed-form optimum is taken to copy perfectly."""
    tables = np.empty(samples.shape[:3], dtype=ROW)
    how = {"cell": CELL, "merge": 0.0, "rounded": False, "device": "cpu"}
    arrays, recall = neighbours.find_neighbours(data, samples=samples, ceiling=samples[:, 1], out=tables, **how)
    return tables, {**arrays, "sigma_min": np.float64(0.01)}, recall


def test_replicates_and_snapshots_are_taken_apart(data, training):
    parts = dict(by_replicate(data, ("train", "replicate")))
    assert set(parts[4]) == {"train"}
    assert list(parts) == [3, 4]
    np.testing.assert_array_equal(parts[4]["train"], data["train"][1])
    assert snapshots(training).to_numpy().tolist() == [[0, 0, 0], [1, 70, 7]]


def test_neighbours_are_those_of_brute_force(data, samples, found):
    tables, arrays, recall = found
    for i in range(2):
        for j in range(2):
            for column, half in (("plain_distance", "test"), ("test_distance", "test")):
                nearest = cdist(samples[i, j], data[half][i]).min(1)
                np.testing.assert_allclose(tables[i, j][column], nearest, rtol=1e-6)
            nearest = np.sort(cdist(samples[i, j], data["train"][i]), axis=1)[:, :2]
            np.testing.assert_allclose(tables[i, j]["train_distance"], nearest, rtol=1e-6, atol=1e-12)
        between = cdist(data["train"][i], data["train"][i]) + np.diag(np.full(300, np.inf))
        np.testing.assert_allclose(arrays["spacing"][i], between.min(1), rtol=1e-6)
        np.testing.assert_allclose(arrays["held_out"][i], cdist(data["test"][i], data["train"][i]).min(1), rtol=1e-6)
    assert recall[["replicate", "snapshot"]].to_numpy().tolist() == [[3, 0], [3, 1], [4, 0], [4, 1]]
    assert (recall["train"] == 1).all()


def test_copies_are_measured_at_the_epoch_at_which_they_were_planted(data, training, found):
    tables, arrays, recall = found
    given = {"generated": tables, "references": arrays, "training": training, "recall": recall}
    table = rates.shard_rates(data, **given, cell=CELL)
    one = table[table["headline"] & (table["stratum"] == "all") & (table["reference"] == "plain")]
    net = one[(one["criterion"] == "net") & (one["normalisation"] == "generated")].set_index(["replicate", "epoch"])
    assert net.loc[[(3, 7), (4, 7)], "value"].tolist() == [1, 1]
    assert net.loc[[(3, 0), (4, 0)], "value"].abs().max() < 0.1
    assert (net["ceiling"] == 1).all()
    np.testing.assert_allclose(net["resolution"].unique(), [np.median(s) / 0.01 for s in arrays["spacing"]], rtol=1e-6)
    assert set(table["weights"]) == {"raw"}

    third = copies.shard_copies(data, **given).set_index(["replicate", "epoch", "threshold"]).xs(1 / 3, level=2)
    assert third.loc[[(3, 7), (4, 7)], "r_mem"].tolist() == [1, 1]
    assert third.loc[[(3, 0), (4, 0)], "r_mem"].to_numpy() == pytest.approx(1 / 9, abs=0.06)  # 3^-dimension
    assert (third["ceiling"] == 1).all()


def test_the_recall_of_a_snapshot_stands_beside_its_rates(data, training, found):
    tables, arrays, recall = found
    planted = recall.assign(train=[0.9, 0.8, 0.7, 0.6], second=[0.5, 0.4, 0.3, 0.2])
    given = {"generated": tables, "references": arrays, "training": training, "recall": planted}
    runs = ["replicate", "epoch"]
    of_rates = rates.shard_rates(data, **given, cell=CELL).groupby(runs)["recall"].unique()
    of_copies = copies.shard_copies(data, **given).groupby(runs)["recall"].unique()
    assert of_rates.index.tolist() == [(3, 0), (3, 7), (4, 0), (4, 7)]
    assert [list(values) for values in of_rates] == [[0.9], [0.8], [0.7], [0.6]]
    assert [list(values) for values in of_copies] == [[0.5], [0.4], [0.3], [0.2]]


def test_the_locations_that_are_copied_have_a_time(data, found):
    tables, arrays, _ = found
    rule = {"epochs": np.array(EPOCHS), "ratio": 1.5, "outliers": False}
    table, scores = times.shard_times(data, generated=tables, fresh=arrays["fresh"], **rule)
    assert scores.empty
    assert table.groupby("replicate").size().tolist() == [600, 600]  # training and held-out locations
    held_out = table["side"] != "train"
    assert np.isinf(table.loc[held_out, "by"]).mean() > 0.95
    copied = data["train_location"][:, :COPIED]
    hit = [row.location in copied[NUMBERS.index(row.replicate)] for row in table[~held_out].itertuples()]
    reached = (table.loc[~held_out, "by"] <= EPOCHS[1]).to_numpy()
    assert reached[hit].all()
    assert reached[~np.array(hit)].mean() < 0.05


def test_quality_of_true_points_is_that_of_the_floor_and_of_a_shift_is_not(data, samples, training):
    moved = np.stack([samples[:, 0], samples[:, 0] + 1], axis=1)
    table = quality.shard_quality(data, samples=moved, training=training, seed=CELL.seed)
    assert set(table["replicate"]) == set(NUMBERS)
    distance = table[table["measure"] == "energy"].set_index("epoch")
    shifted = distance.loc[7, "value"].min()
    assert shifted > 20 * distance[["floor", "held_out"]].abs().to_numpy().max()
    assert shifted > 20 * distance.loc[0, "value"].abs().max()


def test_permuted_labels_tell_copies_from_true_points(data, samples):
    preview = {"points": samples[:, :, :200], "epoch": np.array(EPOCHS)}
    table = permutations.shard_permutations(data, preview=preview, cell=CELL)
    p = table[table["headline"]].set_index("epoch")["p"]
    assert (p[7] == 1 / 1001).all()
    assert (p[0] > 0.01).all()


def test_near_duplicates_do_not_make_halves_of_one_law_differ():
    """Permuted one by one, originals and copies would be in both halves: p below .05 in two thirds of the sets."""
    data = dict(inliers=100, near_duplicates={"count": 20, "copies": 4}, twins=True)
    settings = config.studies({"studies": {"s": {"data": data}}})["s"].cells["base"].data
    table = exchangeability.shard_exchangeability(stack(settings, seed=3, replicates=range(30)), seed=0, twins=True)
    assert (table.loc[table["reference"] == "matched", "p_value"] < 0.05).sum() <= 5


def test_sets_of_one_law_are_exchangeable_and_a_wider_one_is_not(data):
    same = exchangeability.shard_exchangeability(data, seed=0, twins=False)
    assert same["reference"].tolist() == ["plain", "plain"]
    assert (same["p_value"] > 0.01).all()
    wider = {**data, "test": 1.5 * data["test"]}
    both = exchangeability.shard_exchangeability(wider, seed=0, twins=True)
    assert both["reference"].tolist() == ["plain", "matched"] * 2
    assert (both["p_value"] < 0.01).all()
