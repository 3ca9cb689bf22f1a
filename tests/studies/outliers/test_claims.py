"""Claims: planted curves get the verdict they deserve, and noise gets none."""

import itertools

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.outliers.claims import (
    CHANCE,
    FEW,
    REFUTED,
    REPRODUCED,
    WITHHELD,
    by_permutation,
    claims,
    collected,
    over_training,
    verdict,
    withheld,
)  # fmt: skip

EPOCHS = [0, 1, 2, 4, 8, 16, 32, 64]
RATIOS = [1.0, 1.5, 3.0]


def planted(outlier, duplicate, *, inlier=0.5, replicates=8, noise=0.02, mass=1.0, seed=0):
    """Rates whose net fractions rise with the logarithm of the epoch to the given levels, with noise."""
    rng = np.random.default_rng(seed)
    levels = {"inlier": inlier, "outlier": outlier, "duplicate": duplicate, "all": inlier}
    share = {"inlier": 0.8, "outlier": 0.1, "duplicate": 0.1, "all": 1.0}
    rows = []
    for replicate, epoch, stratum in itertools.product(range(replicates), EPOCHS, levels):
        key = dict(study="s", cell="c", replicate=replicate, epoch=epoch, stratum=stratum)
        height = levels[stratum] * np.log1p(epoch) / np.log1p(EPOCHS[-1])
        own_mass = mass if stratum == "outlier" else 1.0
        for reference in ("plain", "matched"):
            for normalisation, value in (("generated", share[stratum] * own_mass), ("training", own_mass)):
                value += 0.01 * share[stratum] * rng.standard_normal()
                rows.append({**key, "reference": reference, "criterion": "mass", "threshold": np.nan,
                             "normalisation": normalisation, "value": value, "ceiling": value / own_mass})  # fmt: skip
            for ratio in RATIOS:
                value = height + noise * rng.standard_normal()
                for criterion, normalisation, factor in (("net", "stratum", 1), ("raw", "generated", share[stratum])):
                    names = dict(reference=reference, criterion=criterion, normalisation=normalisation)
                    rows.append({**key, **names, "threshold": ratio, "value": value * factor, "floor": 0.3 * factor})
    return pd.DataFrame(rows)


def verdicts(rates):
    table = claims(rates, ratios={"c": 1.5}, settings={"c": "moons"})
    return table.set_index(["claim", "reference"])["verdict"]


def test_late_outliers_and_early_duplicates_reproduce_the_paper():
    found = verdicts(planted(outlier=0.2, duplicate=0.8))
    for claim in ("O1", "O1-end", "O2", "O2-end", "O3"):
        assert set(found[claim]) == {REPRODUCED}, claim
    assert found["M"].item() == REPRODUCED
    assert found["R"].item() == CHANCE


def test_the_opposite_refutes_it():
    found = verdicts(planted(outlier=0.8, duplicate=0.2, mass=0.5))
    for claim in ("O1", "O1-end", "O2", "O2-end", "O3"):
        assert set(found[claim]) == {REFUTED}, claim
    assert found["R"].item() == REPRODUCED


def test_without_memorization_a_difference_is_not_a_verdict_against_twins():
    rates = planted(outlier=0.0, duplicate=0.0, inlier=0.0)
    # early on outliers are off, at the end nobody is copied
    early = (rates["stratum"] == "outlier") & rates["epoch"].between(1, 32) & (rates["criterion"] == "net")
    rates.loc[early, "value"] -= 0.3
    found = verdicts(rates)
    assert found["M"].item() == CHANCE
    assert found["O1", "matched"] == CHANCE


def test_fewer_than_six_replicates_get_no_verdict():
    assert set(verdicts(planted(outlier=0.2, duplicate=0.8, replicates=5))) == {FEW}


def test_one_ratio_at_which_it_fails_refutes_the_claim_for_all():
    rates = planted(outlier=0.2, duplicate=0.8)
    against = (rates["stratum"] == "outlier") & (rates["threshold"] == 3.0)
    rates.loc[against, "value"] += 0.9
    table = claims(rates, ratios={"c": 1.5}, settings={"c": "moons"}).set_index(["claim", "reference"])
    assert table.loc[("O3", "matched"), "verdict"] == REFUTED
    assert "reproduced at 2 of 3" in table.loc[("O3", "matched"), "statement"]


def test_noise_is_called_a_finding_in_one_case_of_twenty():
    rng = np.random.default_rng(0)
    wrong = [verdict(rng.standard_normal(10), sign=1)["verdict"] != CHANCE for _ in range(400)]
    assert 0.02 < np.mean(wrong) < 0.08


@pytest.mark.parametrize("epochs", [[0, 1, 10, 100], [1, 3, 10, 30, 100]])
def test_the_mean_over_training_weighs_every_octave_the_same(epochs):
    linear_in_log = pd.DataFrame([[np.log10(max(e, 1)) for e in epochs]], columns=epochs)
    assert over_training(linear_in_log)[0] == pytest.approx(1.0)  # the middle of 0 and 2


def test_a_snapshot_without_points_in_the_stratum_is_bridged():
    curve = pd.DataFrame([[9.0, 0.0, np.nan, 2.0]], columns=[0, 1, 10, 100])
    assert over_training(curve)[0] == pytest.approx(1.0)


def test_against_permuted_labels_the_last_snapshot_decides():
    rows = [
        dict(
            study="s", cell="c", replicate=r, epoch=e, threshold=t, raw=0.3 + copied * (e == 9) + r / 1e3, permuted=0.3
        )
        for r, e, (t, copied) in itertools.product(range(8), (1, 9), ((1.5, 0.2), (3.0, 0.0)))
    ]
    table = by_permutation(pd.DataFrame(rows), ratios={"c": 1.5}, settings={"c": "moons"})
    assert table["verdict"].tolist() == [REPRODUCED]
    assert table["effect"].item() == pytest.approx(0.2 + 3.5 / 1e3)


def test_claims_of_studies_without_a_test_of_their_halves_keep_their_verdicts():
    part = pd.DataFrame({"study": ["labels"], "cell": ["none"], "reference": [""], "verdict": ["reproduced"]})
    assert collected([part, part], [])["verdict"].tolist() == ["reproduced"] * 2
    tested = pd.DataFrame({"study": ["labels"], "cell": ["none"], "reference": [""], "p_value": [1e-9]})
    assert "reproduced" not in collected([part], [tested])["verdict"].tolist()


def test_verdicts_are_withheld_where_and_only_where_held_out_points_differ():
    found = claims(planted(outlier=0.2, duplicate=0.8), ratios={"c": 1.5}, settings={"c": "moons"})
    p = {"plain": [0.5] * 8, "matched": [0.02] * 8}
    tested = pd.DataFrame([dict(study="s", cell="c", reference=k, p_value=v) for k, vs in p.items() for v in vs])
    result = withheld(found, tested)
    assert set(result.loc[result["reference"] == "matched", "verdict"]) == {WITHHELD}
    assert WITHHELD not in set(result.loc[result["reference"] == "plain", "verdict"])
    assert result.drop(columns="verdict").equals(found.drop(columns="verdict"))
    uniform = tested.assign(p_value=np.tile((np.arange(8) + 0.5) / 8, 2))
    assert withheld(found, uniform).equals(found)
