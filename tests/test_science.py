"""What the whole pipeline must say: memorization where it is real, chance where it is not."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIG = {
    "studies": {
        "small": {
            "replicates": 6,
            "shard": 3,
            "cells": {
                "n-100": {
                    "data": {"inliers": 100, "outliers": {"count": 20}, "duplicates": {"count": 20}},
                    "training": {"epochs": 1000},
                },
                "n-2000": {
                    "data": {"inliers": 2000, "outliers": {"count": 100}, "duplicates": {"count": 100}},
                    "training": {"epochs": 30},
                },
            },
            "training": {"snapshots": {"count": 4}},
            "sampling": {"count": 2000},
        }
    }
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("science")
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", ROOT / "workflow/Snakefile"]
    options = ["--directory", folder, "--configfile", folder / "config.yaml"]
    done = subprocess.run([*map(str, command + options)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "results" / "config"


def last(curves: pd.DataFrame, cell: str, criterion: str) -> pd.Series:
    """All points of a cell at its last snapshot, matched test set, ratio 1.5."""
    own = curves[(curves["cell"] == cell) & (curves["criterion"] == criterion) & (curves["threshold"] == 1.5)]
    own = own[(own["stratum"] == "all") & (own["reference"] == "matched") & (own["normalisation"] == "stratum")]
    return own.sort_values("epoch").iloc[-1]


@pytest.mark.slow
def test_a_hundred_points_are_memorized_and_two_thousand_are_not(results):
    curves = pd.read_parquet(results / "small" / "curves.parquet")
    few, many = (last(curves, cell, "net") for cell in ("n-100", "n-2000"))
    assert few["low"] > 0.15
    assert few["ceiling"] > 0.95
    assert many["low"] < 0.02
    assert many["high"] > -0.02
    assert abs(many["mean"]) < 0.05


@pytest.mark.slow
def test_the_raw_fraction_of_two_thousand_points_is_the_chance_level(results):
    many = last(pd.read_parquet(results / "small" / "curves.parquet"), "n-2000", "raw")
    assert many["floor"] == pytest.approx(4 / 13, abs=0.02)  # rho / (rho + r^m) at r = 1.5 in the plane
    assert many["chance"] == pytest.approx(many["floor"], abs=0.02)
    assert many["mean"] == pytest.approx(many["floor"], abs=0.06)


@pytest.mark.slow
def test_the_claims_say_so(results):
    """Sizes for the null, no verdicts: one test in twenty at 5 % rejects it rightly made."""
    claims = pd.read_csv(results / "claims.csv").set_index(["cell", "claim", "reference"])
    assert claims["verdict"]["n-100", "M", "matched"] == "reproduced"
    assert claims["effect"]["n-100", "M", "matched"] > 0.2
    assert claims["verdict"]["n-100", "M-exact", "matched"] == "reproduced"
    assert abs(claims["effect"]["n-2000", "M", "matched"]) < 0.05
    assert abs(claims["effect"]["n-2000", "M-exact", "matched"]) < 0.05
    assert abs(claims["effect"]["n-2000", "O1", "matched"]) < 0.15
