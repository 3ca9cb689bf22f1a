"""Membership in studies: planted copiers and bystanders, pooled guesses, the claim M1."""

import numpy as np
import pandas as pd
import pytest

from diffmem.measure.membership import epsilon_bound
from diffmem.studies.claims import CHANCE, FEW, REPRODUCED
from diffmem.studies.outliers.membership import claims, curves, draw_pairs, snapshots


def audits(*, copied, replicates, pairs=40, seed=0):
    """A model that is untrained at epoch 0 and generates the share ``copied`` of its training points at epoch 10."""
    rng = np.random.default_rng(seed)
    tables = []
    for replicate in range(replicates):
        train, test = rng.normal(size=(2, pairs, 2))
        fresh = rng.normal(size=(2, pairs, 2))
        number = round(copied * pairs)
        samples = np.stack([fresh[0], np.vstack([train[:number], fresh[1, number:]])])
        kind = np.zeros(pairs, int)
        drawn = draw_pairs(train=train, test=test, train_stratum=kind, test_stratum=kind, radius=0, rng=rng)
        table = snapshots(train=train, test=test, samples=samples, pairs=drawn)
        tables.append(table.assign(study="s", cell="a", replicate=replicate, step=[0, 50], epoch=[0, 10]))
    return pd.concat(tables, ignore_index=True)


def test_curves_pool_the_guesses_of_replicates():
    table = audits(copied=0.5, replicates=7)
    found = curves(table).set_index("epoch").loc[10]
    rows = table[table["epoch"] == 10]
    assert (found["pairs"], found["right"]) == (280, rows["right"].sum())
    assert found["epsilon_low"] == epsilon_bound(pairs=280, guesses=280, right=int(rows["right"].sum()))
    assert found["largest_possible"] == pytest.approx(np.log(0.05 ** (1 / 280) / (1 - 0.05 ** (1 / 280))))
    assert found["lowest"] <= found["epsilon_low"]
    assert found["highest"] == rows["epsilon_low"].max()


def test_a_copier_leaks_and_a_model_that_knows_nothing_is_not_said_to():
    words = {"a": "planted"}
    copier = claims(audits(copied=0.5, replicates=7), settings=words).iloc[0]
    assert (copier["claim"], copier["verdict"], copier["reason"]) == ("M1", REPRODUCED, "")
    assert 0 < copier["low"] < copier["effect"] < copier["high"] == np.inf
    assert copier["p"] < 0.001
    nothing = claims(audits(copied=0, replicates=7), settings=words).iloc[0]
    assert (nothing["verdict"], nothing["low"]) == (CHANCE, 0)
    assert "shows nothing" in nothing["reason"]
    assert claims(audits(copied=1, replicates=5), settings=words)["verdict"].item() == FEW


def test_without_a_guess_a_study_of_enough_replicates_is_undecided():
    words = {"a": "moons"}
    none = audits(copied=1, replicates=8).assign(guesses=0, right=0)
    assert claims(none, settings=words)[["verdict", "reason"]].to_numpy().tolist() == [[CHANCE, "no guess was made"]]


def test_false_alarms_are_as_rare_as_promised():
    """At epsilon 0 the claim is raised in at most 2.5 % of studies: none or few of 60."""
    verdicts = [claims(audits(copied=0, replicates=6, pairs=20, seed=seed), settings={"a": ""}) for seed in range(60)]
    assert sum(table["verdict"].item() == REPRODUCED for table in verdicts) <= 5


def test_injected_copies_form_no_pairs_and_near_ones_only_without_a_radius():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(2, 8, 2))
    test[0] = train[0] + 1e-3
    kind = np.array([0, 0, 0, 0, 1, 1, 2, 3])
    strata = dict(train_stratum=kind, test_stratum=kind)
    drawn = draw_pairs(train=train, test=test, **strata, radius=0, rng=rng)
    assert sorted(drawn.train) == [0, 1, 2, 3, 4, 5]
    assert (kind[drawn.train] == kind[drawn.test]).all()
    merged = draw_pairs(train=train, test=test, **strata, radius=0.01, rng=rng)
    assert (sorted(merged.train), merged.repeated) == ([1, 2, 3, 4, 5], 2)
