"""The plan counts what the stages will write and do."""

import pytest

from diffmem.config import studies
from diffmem.measure.table import ROW
from diffmem.studies.plan import ROW_BYTES, plan, summary


def planned(**study):
    return plan(
        studies({"studies": {"a": study}}), network=lambda _model, dimension: (50_000 * dimension, 100_000 * dimension)
    )


def test_a_row_of_the_neighbour_table_has_the_size_that_is_planned_with():
    assert ROW.itemsize == ROW_BYTES


def test_jobs_and_snapshots_follow_from_the_config():
    table = planned(replicates=7, shard=3, sweep={"training.ema": [0, 0.9]}, training={"snapshots": {"count": 9}})
    assert list(table["cell"]) == ["ema-0", "ema-0.9"]
    assert list(table["jobs"]) == [24, 24]  # eight stages for each of three shards
    assert list(table["snapshots"]) == [9, 9]


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


def test_the_summary_adds_up():
    table = planned(replicates=2, sweep={"data.noise": [0.1, 0.2]})
    text = summary(table, cores=4)
    assert "2 cells, 16 jobs" in text
    assert "noise-0.1" in text
    assert "4 cores" in text
