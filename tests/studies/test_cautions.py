"""Settings that are likely mistakes are said in one sentence, and others are not."""

import numpy as np
import pytest

from diffmem.data.dataset import dataset
from diffmem.data.image_set import points
from diffmem.data.images import digits
from diffmem.measure.quality import quality
from diffmem.settings.read import studies
from diffmem.studies.cautions import FACTOR, of_noise, of_running_mean, of_spread
from diffmem.studies.config_cautions import of_studies
from diffmem.studies.drawn_spread import drawn_spread


def sentences(**study):
    found = studies({"studies": {"s": study}})
    return of_studies(found, drawn_spread())


def cell(**study):
    return studies({"studies": {"s": study}})["s"].cells["base"]


def test_a_running_mean_that_is_longer_than_training_is_said_with_key_value_and_remedy():
    found = sentences(training={"steps": 500, "ema": 0.999})
    assert found == [
        "Study s, every cell: training.ema = 0.999: the running mean reaches back over 1,000 steps, but training has "
        "500; set it to at most 0.98, or train longer."
    ]


@pytest.mark.parametrize("training", [{"steps": 500, "ema": 0.998}, {"steps": 500}, {"epochs": 100, "ema": 0.99}])
def test_a_running_mean_that_fits_is_not(training):
    assert sentences(training=training) == []


@pytest.mark.parametrize("steps", [20, 100, 3000, 20_000, 10**6])
def test_the_remedy_for_a_running_mean_works(steps):
    said = of_running_mean(cell(training={"steps": steps, "ema": 1 - 0.1 / steps}).training, points=1000)
    remedy = said.split("at most ")[1].split(",")[0]
    assert of_running_mean(cell(training={"steps": steps, "ema": float(remedy)}).training, points=1000) is None


def test_only_the_cells_that_it_is_about_are_named():
    found = sentences(training={"steps": 500}, sweep={"training.ema": [0, 0.9, 0.9999]})
    assert len(found) == 1
    assert found[0].startswith("Study s, ema-0.9999: training.ema = 0.9999: ")


def test_a_spread_off_sigma_data_is_said_with_the_value_to_set():
    found = sentences(schedule={"name": "edm"})
    assert len(found) == 1
    assert "schedule.sigma_data = 0.5: the training points have a spread of 1.6" in found[0]
    assert "set it to 1.6, or data.standardize to true and measure.rounded to false" in found[0]
    assert sentences(schedule={"name": "edm", "sigma_data": 1.6}) == []


@pytest.mark.parametrize("dimension", [2, 8, 64])
def test_outliers_within_the_radius_of_the_inliers_are_said(dimension):
    """Judged by the points: few inliers are farther out where nothing is said, and many where it is."""
    gaussian = {"dataset": "gaussian", "dimension": dimension, "inliers": 300}
    for distance in (2, 1.5 * dimension**0.5):
        data = gaussian | {"outliers": {"count": 30, "clusters": 30, "distance": distance}}
        drawn = dataset(cell(data=data).data, seed=0, replicate=0).train
        radius = np.linalg.norm(drawn.points - drawn.points[drawn.plain].mean(0), axis=1)
        beyond = np.mean(radius[drawn.plain] > np.median(radius[~drawn.plain]))
        said = sentences(data=data)
        assert len(said) == (beyond > 0.25)
        assert all("data.outliers.distance = 2: inliers of" in sentence for sentence in said)


def test_a_standardized_data_set_is_on_the_scale_of_every_schedule():
    for name in ("linear", "cosine", "edm", "vp", "ve"):
        assert sentences(schedule={"name": name}, data={"standardize": True}) == []


def test_data_on_another_scale_than_images_are_said_for_every_schedule(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("points.npy", 100 * np.random.default_rng(0).standard_normal((300, 4)))
    data = {"dataset": "array", "path": "points.npy", "size": [4], "inliers": 100}
    (said,) = sentences(data=data)
    assert "schedule.name = linear: the training points have a spread of" in said
    assert "the schedule assumes 1; set data.standardize to true" in said
    assert sentences(data={**data, "standardize": True}) == []
    np.save("points.npy", FACTOR / 2 * np.random.default_rng(0).standard_normal((300, 4)))
    assert sentences(data=data) == []


@pytest.mark.parametrize("path", ["missing.npy", "large.npy"])
def test_a_plan_reads_no_files_that_are_missing_or_large(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "large.npy").open("wb") as file:
        file.truncate(10**9)
    data = {"dataset": "array", "path": path, "size": [4], "inliers": 100}
    assert sentences(data=data) == []


def test_images_of_bytes_are_on_the_scale_of_the_schedules():
    for schedule in ("linear", "edm", "vp", "ve"):
        assert sentences(data={"dataset": "digits", "inliers": 100}, schedule={"name": schedule}) == []


def test_noise_is_said_and_fresh_points_and_a_fair_model_are_not():
    rng = np.random.default_rng(0)
    images = rng.permutation(points(digits(pixels=None).pixels))
    held_out, fresh, train = np.split(images, [600, 1200])
    covered = {
        "gaussian": rng.multivariate_normal(train.mean(0), np.cov(train.T), 597),
        "noise": rng.standard_normal((597, 64)),
        "fresh": fresh,
        "blurred": train + 0.1 * rng.standard_normal(train.shape),
    }
    value = {
        name: quality(generated=generated, held_out=held_out, rng=np.random.default_rng(1))
        for name, generated in covered.items()
    }
    said = of_noise(value["noise"], value["fresh"])
    covers = value["noise"]["coverage"]
    assert said.startswith(f"samples of the last snapshot are close to noise: their coverage is {covers:.3f}")
    assert "training.steps" in said
    assert of_noise(value["gaussian"], value["fresh"]) is not None
    assert of_noise(value["fresh"], value["fresh"]) is None
    assert of_noise(value["blurred"], value["fresh"]) is None


def test_sizes_of_one_data_set_share_a_sentence():
    found = sentences(schedule={"name": "edm"}, sweep={"data.inliers": [20, 50, 1000]})
    assert len(found) == 1
    assert found[0].startswith(
        "Study s, every cell: schedule.sigma_data = 0.5: the training points have a spread of 1.6;"
    )


def test_a_schedule_is_judged_by_its_own_scale():
    assert of_spread(cell(schedule={"name": "edm", "sigma_data": 2}).schedule, 3.9) is None
    assert of_spread(cell(schedule={"name": "edm", "sigma_data": 2}).schedule, 4.1) is not None
    assert of_spread(cell(schedule={"name": "vp"}).schedule, 0.2) is not None


def test_a_folder_with_too_few_images_is_noticed_before_anything_runs(tmp_path):
    for number in range(45):
        (tmp_path / f"{number}.png").touch()

    def said(inliers):
        data = {"dataset": "folder", "path": str(tmp_path), "size": [1, 4, 4], "inliers": inliers}
        found = studies({"studies": {"s": {"replicates": 1, "data": data, "model": {"network": "image-mlp"}}}})
        return " ".join(of_studies(found, lambda _study, _cell: None))

    needed = "60 are needed: inliers, as many held out, and 20 more."
    assert said(20) == f"Study s, every cell: {tmp_path} holds 45 images, and {needed}"
    assert "are needed" not in said(12)
