"""The plan counts what the stages will write and do."""

from pathlib import Path

import pytest
import yaml

from diffmem.data.dataset import dataset
from diffmem.diffusion import networks
from diffmem.diffusion.build import build_network
from diffmem.neighbours.table import ROW
from diffmem.settings.read import studies
from diffmem.studies.plan import ROW_BYTES, chances, measured, plan, summary

ROOT = Path(__file__).parents[2]
ARMS = dict(question="effective", replicates=6, shard=6, data={"dataset": "digits", "test": 100})
ARMS |= dict(schedule={"name": "edm"}, training={"steps": 2000, "batch": 64, "cycle": True, "snapshots": {"count": 4}})


def planned(**study):
    return plan(
        studies({"studies": {"a": study}}),
        network=lambda _model, dimension, _labels: (50_000 * dimension, 100_000 * dimension),
    )


def test_a_row_of_the_neighbour_table_has_the_size_that_is_planned_with():
    assert ROW.itemsize == ROW_BYTES


def test_jobs_and_snapshots_follow_from_the_config():
    table = planned(replicates=7, shard=3, sweep={"training.ema": [0, 0.9]}, training={"snapshots": {"count": 9}})
    assert list(table["cell"]) == ["ema-0", "ema-0.9"]
    assert list(table["jobs"]) == [33, 33]  # eleven stages for each of three shards
    assert list(table["snapshots"]) == [9, 9]
    sizes = planned(replicates=7, shard=3, sweep={"data.inliers": [50, 100, 200]}, sampling={"count": 100})
    assert list(sizes["jobs"]) == [39] * 3  # and two for a study of sizes


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_can_be_planned(path):
    table = plan(studies(yaml.safe_load(path.read_text())), network=lambda *_: (10**5, 10**6))
    assert (table["jobs"] > 0).all()
    assert (table["time [core hours]"] > 0).all()


def test_of_given_samples_only_the_jobs_are_counted():
    data = {"dataset": "array", "path": "x.npy", "held_out": "y.npy", "size": [2], "inliers": 50}
    table = planned(replicates=1, data=data, sampling={"sampler": "saved", "path": "epoch-{epoch}.npy"})
    assert list(table["jobs"]) == [9]
    assert table["time [core hours]"][0] < 0.01


@pytest.mark.parametrize("replicates", [1, 10])
def test_disk_is_the_size_of_the_arrays(replicates):
    table = planned(
        replicates=replicates,
        data={"inliers": 500},
        training={"epochs": 5, "snapshots": {"spacing": "every"}},
        sampling={"count": 100_000},
    )
    arrays = replicates * 6 * (4 * 100_000 + 100_000 * (2 * 4 + ROW.itemsize))
    assert table["disk [GB]"][0] == pytest.approx(arrays / 1e9, rel=0.01)


def test_memory_grows_with_the_points_of_a_shard_and_with_the_network():
    images = {
        "dataset": "array",
        "path": "x.npy",
        "size": [3, 32, 32],
        "inliers": 50_000,
        "test": 50_000,
        "fresh": 1000,
    }
    one, two = (planned(replicates=2, shard=s, data=images)["memory [GB]"][0] for s in (1, 2))
    points = 101_000 * 3072 * 8 / 1e9
    assert one == pytest.approx(0.5 + 4 * points, rel=1e-3)
    assert two == pytest.approx(0.5 + 8 * points, rel=1e-3)
    wide = plan(studies({"studies": {"a": {"replicates": 5, "shard": 5}}}), network=lambda *_: (10**8, 10**6))
    assert wide["memory [GB]"][0] == pytest.approx(0.5 + 6 * 5 * 0.4, rel=1e-3)


def test_segments_and_parts_shorten_the_longest_job():
    study = {"replicates": 2, "shard": 2, "training": {"steps": 10**6, "batch": 1000}, "sampling": {"count": 100}}
    whole = planned(**study, data={"inliers": 2000})
    cut = planned(**study, data={"inliers": 2000}, compute={"segment": 250_000})
    assert cut["longest job [h]"][0] == pytest.approx(whole["longest job [h]"][0] / 4, rel=0.01)
    assert cut["time [core hours]"][0] == pytest.approx(whole["time [core hours]"][0], rel=0.01)


def test_time_doubles_with_epochs_and_with_second_order_sampling():
    one, two = (
        planned(data={"inliers": 10_000}, training={"epochs": e}, sampling={"count": 100}) for e in (1000, 2000)
    )
    assert two["time [core hours]"][0] == pytest.approx(2 * one["time [core hours]"][0], rel=0.05)
    ddim, heun = (planned(sampling={"count": 200_000, "sampler": s}) for s in ("ddim", "heun"))
    assert heun["time [core hours]"][0] == pytest.approx(2 * ddim["time [core hours]"][0], rel=0.05)


def test_a_budget_in_steps_costs_the_same_for_every_set_of_at_least_a_batch():
    cells = dict(sweep={"data.inliers": [1000, 4000]}, data={"fresh": 100}, sampling={"count": 100})
    costs = planned(**cells, replicates=30, training={"steps": 200_000, "batch": 1000})["time [core hours]"]
    assert costs[1] == pytest.approx(costs[0], rel=0.01)
    by_epochs = planned(**cells, replicates=30, training={"epochs": 200_000, "batch": 1000})["time [core hours]"]
    assert by_epochs[1] == pytest.approx(4 * by_epochs[0], rel=0.01)


def test_convolutions_cost_their_operations_and_not_their_parameters():
    study = studies({"studies": {"a": {"replicates": 1, "training": {"epochs": 1000}}}})
    few, many = (plan(study, network=lambda *_, n=n: (1000, n))["time [core hours]"][0] for n in (10**7, 10**8))
    assert many == pytest.approx(10 * few, rel=0.1)


@pytest.mark.parametrize("network", ["residual-mlp", "image-mlp", "unet"])
@pytest.mark.parametrize("labels", [0, 30])
def test_a_network_is_measured_with_its_table_of_labels(network, labels):
    model = next(
        iter(studies({"studies": {"a": {**ARMS, "model": {"network": network, "width": 8}}}})["a"].cells.values())
    )
    model, build = model.model, dict(dimension=64, seed=3, replicates=[5])
    parameters, operations = measured(model, 64, labels)
    assert parameters == networks.flatten(build_network(model, label_count=labels, **build)).shape[1]
    features = model.embedding if network == "image-mlp" else 8  # that a label is embedded in
    table = (labels + 1) * features if labels else 0
    assert parameters - measured(model, 64, 0)[0] == table
    assert operations > 0


@pytest.mark.parametrize(
    ("labels", "others"),
    [
        ({"kind": "none"}, {}),
        ({"kind": "class"}, {}),
        ({"kind": "class"}, {"classes": 4}),
        ({"kind": "random", "count": 7}, {}),
        ({"kind": "unique"}, {}),
        ({"kind": "unique"}, {"outliers": {"count": 20}, "duplicates": {"count": 20, "copies": 3}}),
    ],
)
def test_labels_are_as_many_as_the_data_have(labels, others):
    study = {**ARMS, "effective": {"sizes": [40, 90]}, "data": {**ARMS["data"], "labels": labels, **others}}
    for cell in studies({"studies": {"a": study}})["a"].cells.values():
        assert cell.data.label_count == dataset(cell.data, seed=0, replicate=0).label_count


def test_a_label_for_each_image_makes_its_snapshots_larger():
    model = {"network": "image-mlp", "width": 32, "embedding": 16}
    cells = {"none": {}, "unique": {"data": {"labels": {"kind": "unique"}}}}
    study = {**ARMS, "effective": {"sizes": [50, 400]}, "model": model, "cells": cells}
    disk = plan(studies({"studies": {"a": study}}), network=measured).set_index("cell")["disk [GB]"]
    for n in (50, 400):
        more = 6 * 4 * 4 * (n + 1) * 16  # replicates, snapshots, bytes, numbers
        assert disk[f"unique_n-{n}"] - disk[f"none_n-{n}"] == pytest.approx(more / 1e9)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 9, 30])
def test_a_search_is_expected_to_run_the_ends_a_bisection_and_the_neighbours_of_where_it_ends(number):
    runs = [0] * number
    for above in range(number + 1):
        run, low, high = {0, number - 1}, 0, number - 1
        while 0 < above < number and high - low > 1:
            middle = (low + high) // 2
            run.add(middle)
            low, high = (middle, high) if middle < above else (low, middle)
        run |= {place for place in (above - 2, above + 1) if 0 <= place < number}
        runs = [count + (place in run) for place, count in enumerate(runs)]
    found = chances([10 * place for place in range(1, number + 1)])
    assert list(found.values()) == pytest.approx([count / (number + 1) for count in runs])


def test_a_search_costs_what_its_sizes_cost_by_their_chance_to_be_run():
    sizes = [20, 40, 80, 160, 320, 640]
    training = {**ARMS["training"], "steps": 0, "epochs": 5000}
    study = {**ARMS, "training": training, "cells": {"one": {}, "two": {"training": {"ema": 0.9}}}}
    every, some = (planned(**study, effective={"sizes": sizes, "search": search}) for search in (False, True))
    weight, table = chances(sizes), every[every["cell"].str.startswith("two")]
    row = some[some["cell"].str.startswith("two")].squeeze()
    assert len(every) == 12
    assert row["cell"] == f"two: about {sum(weight.values()):.1f} of 6 sizes"
    for column in ("disk [GB]", "time [core hours]"):
        assert row[column] == pytest.approx((table[column].to_numpy() * list(weight.values())).sum())
    assert row["jobs"] == round(7 * sum(weight.values())), "seven stages for one shard"
    assert row["time [core hours]"] < 0.9 * table["time [core hours]"].sum()


def test_the_summary_adds_up():
    table = planned(replicates=2, sweep={"data.noise": [0.1, 0.2]})
    text = summary(table, cores=4)
    assert "\n2 cells, 22 jobs" in text
    assert "noise-0.1" in text
    assert "4 cores" in text
    assert "trains its cells again" not in text
    assert summary(table, cores=4, discard=True).startswith(text)
    assert "another ratio, trains its cells again" in summary(table, cores=4, discard=True)
    searched = planned(**ARMS, effective={"sizes": [20, 40, 80, 160, 320], "search": True})
    assert f"about {searched['cells'].sum():.0f} cells" in summary(searched, cores=1)
    assert f"by study: a {searched['time [core hours]'].sum():.1f}." in summary(searched, cores=1)


def test_an_onset_cell_is_one_job_of_minutes_at_a_hundred_dimensions():
    """300 repetitions of 11 sizes took 150 s on one core (docs/benchmarks.md)."""
    table = planned(question="onset", sweep={"law.dimension": [16, 100]})
    assert list(table["jobs"]) == [1, 1]
    small, large = table["time [core hours]"] * 3600
    assert 10 < small < 40
    assert 75 < large < 300


def test_the_plan_says_how_many_points_a_precision_asks_for():
    assert planned(sampling={"deviation": 0.02})["points"].tolist() == [2500]


@pytest.mark.parametrize(("cores", "hours"), [(1, 12.0), (4, 3.0), (64, 2.5)])
def test_no_number_of_cores_is_faster_than_the_longest_job(cores, hours):
    table = planned()
    table["time [core hours]"], table["longest job [h]"] = 12.0, 2.5
    assert f"{hours} hours on {cores} cores" in summary(table, cores=cores)
