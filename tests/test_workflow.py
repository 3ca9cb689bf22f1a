"""The pipeline as its users meet it: dry runs, one run from data to figures, what reruns, and what is refused."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[1]
TEST = ROOT / "config" / "test.yaml"


def snakemake(*arguments, directory: Path, config: Path = TEST) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", *arguments, "--snakefile", ROOT / "workflow" / "Snakefile"]
    options = ["--cores", "2", "--directory", directory, "--configfile", config]
    return subprocess.run([*map(str, command + options)], cwd=ROOT, capture_output=True, text=True, check=False)


def jobs(result: subprocess.CompletedProcess) -> dict[str, int]:
    """Rule -> number of jobs, from the statistics of a dry run."""
    text = (result.stdout + result.stderr).split("Job stats:")[-1]
    found = {name: int(count) for name, count in re.findall(r"^(\w[\w-]*)\s+(\d+)$", text, re.MULTILINE)}
    return {name: count for name, count in found.items() if name not in ("total", "all", "job")}


SMALL = {
    "replicates": 3,
    "shard": 2,
    "data": {"inliers": 60, "outliers": {"count": 20}, "duplicates": {"count": 20}, "near_duplicates": {"count": 20}},
    "model": {"width": 16, "blocks": 1, "embedding": 16},
    "schedule": {"steps": 10},
    "training": {"epochs": 4, "snapshots": {"count": 3}},
    "sampling": {"count": 200},
}
CURVES, FIGURE = "results/small/tiny/curves.parquet", "results/small/tiny/figures/net.png"


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A folder in which a study of one cell and two shards has been run, from its data to a figure."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "small.yaml").write_text(yaml.safe_dump({"studies": {"tiny": SMALL}}))
    result = snakemake(CURVES, FIGURE, directory=folder, config=folder / "small.yaml")
    assert result.returncode == 0, result.stderr[-3000:]
    return folder


def test_without_a_target_and_from_the_root_everything_is_made(tmp_path):
    """As ``make run`` does, which names neither the workflow's file nor a target."""
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "2", "--directory", tmp_path, "--configfile", TEST]
    result = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    assert jobs(result) == jobs(snakemake("-n", directory=tmp_path)) != {}


def test_on_a_machine_with_a_gpu_what_uses_it_runs_one_at_a_time(tmp_path):
    result = snakemake("-n", "--workflow-profile", ROOT / "profiles" / "gpu", directory=tmp_path)
    assert result.returncode == 0, result.stderr[-3000:]
    asked = {
        rule
        for rule, text in re.findall(r"^rule (\w+):\n((?: +.*\n)+)", result.stdout, re.MULTILINE)
        if "gpu=1" in text
    }
    assert asked == {"train", "sample", "neighbours"}


@pytest.mark.parametrize("name", ["config", "test", "effective-memorization", "onset", "clocks", "cifar10"])
def test_configs_can_be_planned_from_an_empty_folder(name, tmp_path):
    """One of every kind; `tests/studies/test_plan.py` reads all."""
    config = ROOT / f"config/{name}.yaml"
    studies = yaml.safe_load(config.read_text())["studies"].values()
    for study in studies:
        if path := study.get("data", {}).get("path"):
            (tmp_path / path).mkdir(parents=True)
    result = snakemake("--dry-run", directory=tmp_path, config=config)
    assert result.returncode == 0, result.stderr
    count, asked = jobs(result), [study.get("question", "outliers") for study in studies]
    assert count.get("train", 0) == count.get("sample", 0) >= len(asked) - asked.count("onset")
    assert count.get("curves", 0) == asked.count("outliers")
    assert count.get("effective", 0) == asked.count("effective")
    assert count.get("onset_tables", 0) == asked.count("onset")
    assert sum(count.values()) < 150 or config.name != "config.yaml"


def test_the_last_table_holds_all_replicates_and_every_number_of_a_curve(small):
    curves = pd.read_parquet(small / CURVES)
    assert set(curves["stratum"]) == {"inlier", "outlier", "duplicate", "near-duplicate", "all"}
    assert curves["replicates"].max() == 3
    everything = curves[(curves["criterion"] == "mass") & (curves["stratum"] == "all")]
    np.testing.assert_allclose(everything["mean"], 1)
    rates = pd.read_parquet(small / "results/small/tiny/base/r002-002/rates.parquet")
    assert set(rates["replicate"]) == {2}


def test_nothing_is_left_to_do_after_a_run(small):
    result = snakemake("--dry-run", CURVES, FIGURE, directory=small, config=small / "small.yaml")
    assert "Nothing to be done" in result.stdout + result.stderr


def test_a_truncated_artefact_stops_the_job_and_is_named(small, tmp_path):
    copy = shutil.copytree(small, tmp_path / "copy")
    broken = copy / "results/small/tiny/base/r000-001/neighbours/generated.npy"
    broken.write_bytes(broken.read_bytes()[:500])
    result = snakemake(CURVES, "--forcerun", "rates", directory=copy, config=copy / "small.yaml")
    assert result.returncode != 0
    assert "neighbours/generated.npy: truncated, damaged or of another format" in result.stdout + result.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder in which config/test.yaml has been run whole."""
    folder = tmp_path_factory.mktemp("whole")
    result = snakemake(directory=folder)
    assert result.returncode == 0, result.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_the_test_config_runs_whole_and_a_lost_figure_is_drawn_anew_to_the_same_bytes(whole):
    run = whole / "results/test"
    claims = pd.read_csv(run / "claims.csv")
    assert set(claims["study"]) == {"tiny", "tiny-arms", "tiny-onset"}
    assert (run / "report.html").stat().st_size > 100_000
    figures = {path.relative_to(run) for path in run.glob("*/figures/*.svg")}
    assert all((run / figure.with_suffix(".png")).is_file() for figure in figures)
    assert {figure.parts[0] for figure in figures} == set(claims["study"])
    lost = run / "tiny/figures/net.png"
    before = lost.read_bytes()
    lost.unlink()
    assert jobs(snakemake("--dry-run", directory=whole)) == {"figure": 1, "report_page": 1}
    assert snakemake(directory=whole).returncode == 0
    assert lost.read_bytes() == before


@pytest.mark.slow
def test_a_whole_run_is_packed_verified_and_pruned_and_its_figures_are_drawn_from_the_bundle_alone(whole, tmp_path):
    run = whole / "results/test"
    assert snakemake("bundle", directory=whole).returncode == 0
    result = snakemake("verify", directory=whole)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    found = re.search(r"(\d+) artefacts of (\d+) shards, drawn with \d+, were computed again", result.stdout)
    assert int(found[2]) == 3, "two of a cell of tiny, one of a cell of tiny-arms"
    assert int(found[1]) > 15
    assert [path.name for path in (whole / "results").iterdir()] == ["test"]
    large = [path for name in ("snapshots", "samples", "generated") for path in run.rglob(f"{name}.npy")]
    assert large
    assert snakemake("prune", directory=whole).returncode == 0
    assert not any(path.exists() for path in large)
    result = snakemake("--dry-run", "all", "bundle", directory=whole)
    assert "Nothing to be done" in result.stdout + result.stderr
    assert snakemake("verify", directory=whole).returncode == 0
    (run / "tiny/quality.parquet").write_bytes((run / "tiny/losses.parquet").read_bytes())
    (run / "tiny-arms/figures/factors.svg").unlink()
    result = snakemake("verify", directory=whole)
    assert result.returncode != 0
    said = (run / "logs/verify.log").read_text().splitlines()
    assert said == [
        "results/test/tiny-arms/figures/factors.svg: missing",
        "results/test/tiny/quality.parquet: its content is not that of the bundle",
    ]
    with zipfile.ZipFile(run / "bundle.zip") as archive:
        archive.extractall(tmp_path)
    targets = [f"results/test/{name}.png" for name in ("tiny/figures/net", "tiny-arms/figures/matches")]
    before = [(tmp_path / target).read_bytes() for target in targets]
    for target in targets:
        (tmp_path / target).unlink()
    words = [*targets, "--config", "run=test", "--allowed-rules", "figure"]
    result = snakemake(*words, directory=tmp_path, config=tmp_path / "config.json")
    assert result.returncode == 0, result.stderr[-3000:]
    assert jobs(result) == {"figure": 2}
    assert [(tmp_path / target).read_bytes() for target in targets] == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("studies: {q: {data: {inlier: 5}}}", "studies.q.data.inlier: unknown key (did you mean inliers?)"),
        ("studies: {q: [}", "not valid JSON or YAML"),
    ],
)
def test_a_bad_config_is_refused_before_the_first_job(tmp_path, text, sentence):
    config = tmp_path / "bad.yaml"
    config.write_text(text)
    result = snakemake(directory=tmp_path, config=config)
    assert result.returncode != 0
    assert sentence in result.stdout + result.stderr
    assert not (tmp_path / "results").exists()


def test_the_plan_names_every_cell_and_runs_nothing(tmp_path):
    result = snakemake("plan", directory=tmp_path, config=ROOT / "config/paper.yaml")
    assert result.returncode == 0, result.stderr
    for figure in ("figure1", "figure2", "figure3", "figure4"):
        assert re.search(rf"{figure} +base +10 +22", result.stdout)
    # ten replicates, 401 snapshots, 20,800 points: samples and parameters alone
    points, disk = map(float, re.search(r"figure1 +base(?: +\d+){3} +(\d+) +([\d.]+)", result.stdout).groups())
    assert points == 20_800
    assert disk == pytest.approx(10 * 401 * (4 * 99_074 + 20_800 * (8 + 28)) / 1e9, rel=0.02)
    assert not list(tmp_path.glob("results/*/*/base"))


def test_the_plan_of_a_run_that_does_not_fit_the_disk_is_refused_after_its_table(tmp_path):
    study = {"replicates": 1000, "sampling": {"count": 10_000_000}, "training": {"snapshots": {"count": 100}}}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"studies": {"vast": study}}))
    result = snakemake("plan", directory=tmp_path, config=config)
    assert result.returncode == 1
    assert re.search(r"vast +base +1000", result.stdout)
    log = (tmp_path / "results/config/logs/plan.log").read_text()
    assert "are free on its disk" in log
    assert "smaller studies.vast.sampling.count (now 10000000)" in log
    assert log in result.stdout + result.stderr


@pytest.mark.slow
def test_data_of_ones_own_are_read_again_when_images_come_in_and_refused_when_there_are_too_few(tmp_path):
    def add(number):
        image = np.random.default_rng(number).integers(0, 256, (4, 4), dtype=np.uint8)
        Image.fromarray(image).save(tmp_path / "own" / "class" / f"{number}.png")

    (tmp_path / "own" / "class").mkdir(parents=True)
    data = {"dataset": "folder", "path": "own", "size": [1, 4, 4], "inliers": 30}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"studies": {"own": {"data": data, "replicates": 1}}}))
    target = "results/config/own/base/r000-000/data.npz"
    for number in range(79):
        add(number)
    refused = snakemake(target, directory=tmp_path, config=config)
    assert "data.inliers + data.test = 60: must be at most 59: own has 79" in refused.stdout + refused.stderr
    add(79)
    assert snakemake(target, directory=tmp_path, config=config).returncode == 0
    assert not jobs(snakemake("--dry-run", target, directory=tmp_path, config=config))
    add(80)
    assert jobs(snakemake("--dry-run", target, directory=tmp_path, config=config)) == {"dataset": 1}


@pytest.mark.slow
def test_true_labels_are_compared_with_as_many_random_ones_as_the_data_have_classes(tmp_path):
    settings = yaml.safe_load(TEST.read_text())
    study = settings["studies"]["tiny-arms"]
    study |= {"replicates": 1, "effective": {"sizes": [10, 20]}}
    random = {f"random-{count}": {"data": {"labels": {"kind": "random", "count": count}}} for count in (2, 10)}
    study["cells"] = {"class": {"data": {"labels": {"kind": "class"}}}, **random}
    study["data"]["classes"] = 2
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"studies": {"tiny-arms": study}}))
    result = snakemake("results/config/tiny-arms/claims.parquet", directory=tmp_path, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    claims = pd.read_parquet(tmp_path / "results/config/tiny-arms/claims.parquet").set_index("claim")
    assert claims.loc["E6", ["cell", "reference"]].tolist() == ["random-2", "class"]


@pytest.mark.slow
def test_the_setting_of_cifar_10_takes_its_first_steps_on_small_files_of_that_format(tmp_path):
    """The paper's setting with fewer and smaller layers, steps and images: 30 of each class, as bytes on disk."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "data" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for batch in range(1, 6):
        labels = np.repeat(np.arange(10), 6)[:, None]
        pixels = rng.integers(0, 256, (60, 3072))
        np.hstack([labels, pixels]).astype(np.uint8).tofile(folder / f"data_batch_{batch}.bin")
    settings = yaml.safe_load((ROOT / "config/cifar10.yaml").read_text())
    study = settings["studies"]["cifar-10"]
    study |= {"replicates": 1, "effective": {"sizes": [20, 40], "search": True}}
    study["cells"] = {name: study["cells"][name] for name in ("none", "unique")}
    study["data"] |= {"test": 100, "path": "data/cifar-10-batches-bin"}
    study["model"] |= {"width": 8, "blocks": 1}
    study["training"] |= {"steps": 3, "batch": 16, "microbatch": 8, "snapshots": {"count": 2}}
    study["sampling"] |= {"steps": 2, "count": 100}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    result = snakemake("cifar-10", directory=tmp_path, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    runs = pd.read_parquet(tmp_path / "results/config/cifar-10/runs.parquet")
    assert set(zip(runs["arm"], runs["n"], strict=True)) == {(a, n) for a in ("none", "unique") for n in (20, 40)}
    assert (runs["ceiling"] > 0.99).all(), "the optimum copies"
    assert set(runs["step"]) == {0, 3}
    assert (tmp_path / "results/config/cifar-10/figures/matches.png").is_file()


@pytest.mark.slow
def test_the_onset_papers_network_of_12_million_parameters_takes_its_first_steps(tmp_path):
    """The network at its full size, with fewer images, epochs and generated points."""
    settings = yaml.safe_load((ROOT / "config/onset-unet.yaml").read_text())
    study = settings["studies"]["printed"]
    study |= {"replicates": 1, "cells": {f"n-{n}": {"data": {"inliers": n}} for n in (10, 12, 14)}}
    study["data"]["fresh"] = 100
    study["training"] |= {"epochs": 2, "batch": 10, "snapshots": {"count": 2}}
    study["sampling"] |= {"count": 100, "steps": 2}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"run": "first-steps", "intermediates": "keep", "studies": {"printed": study}}))
    targets = [f"results/first-steps/printed/{name}" for name in ("definitions.parquet", "figures/definitions.png")]
    result = snakemake(*targets, directory=tmp_path, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    weights = np.load(tmp_path / "results/first-steps/printed/n-10/r000-000/snapshots.npy", mmap_mode="r")
    assert weights.shape[-1] == 12_537_785
    assert not np.array_equal(weights[0, 0], weights[0, -1]), "it learns"
    table = pd.read_parquet(tmp_path / "results/first-steps/printed/definitions.parquet")
    assert set(table["n"]) == {10, 12, 14}
