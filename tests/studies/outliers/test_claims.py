"""Claims: planted curves get the verdict they deserve, and noise gets none."""

import itertools

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import CHANCE, FEW, REFUTED, REPRODUCED
from diffmem.studies.outliers.claims import (
    NO_LEVEL,
    UNTRAINED,
    by_permutation,
    claims,
    without_exact_test,
    without_twins,
)
from diffmem.studies.outliers.strata import over_training

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
                rows.append({**key, "reference": reference, "criterion": "mass", "threshold": np.nan, "headline": False,
                             "normalisation": normalisation, "value": value, "ceiling": value / own_mass})  # fmt: skip
            for ratio in RATIOS:
                value = height + noise * rng.standard_normal()
                for criterion, normalisation, factor in (("net", "stratum", 1), ("raw", "generated", share[stratum])):
                    names = dict(reference=reference, criterion=criterion, normalisation=normalisation)
                    rows.append(
                        {
                            **key,
                            **names,
                            "threshold": ratio,
                            "headline": ratio == 1.5,
                            "value": value * factor,
                            "floor": 0.3 * factor,
                        }
                    )
    return pd.DataFrame(rows)


def verdicts(rates):
    table = claims(rates, settings={"c": "moons"})
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


def test_outliers_without_twins_allow_no_verdict_on_copies():
    rates = planted(outlier=0.5, duplicate=0.5)
    plain = rates[rates["reference"] == "plain"]
    assert without_twins(rates) == set()
    assert without_twins(plain) == {"c"}
    assert without_twins(plain[plain["stratum"] != "outlier"]) == set()
    table = claims(plain, settings={"c": "moons"}).set_index("claim")
    assert table.loc["M", "verdict"] == CHANCE
    assert "no held-out twins" in table.loc["M", "reason"]
    assert without_exact_test(rates) == {}
    near = rates.assign(stratum=rates["stratum"].replace("duplicate", "near-duplicate"))
    assert "near duplicates" in without_exact_test(near)["c"]


def test_fewer_than_six_replicates_get_no_verdict():
    assert set(verdicts(planted(outlier=0.2, duplicate=0.8, replicates=5))) == {FEW}


def test_one_ratio_at_which_it_fails_refutes_the_claim_for_all():
    rates = planted(outlier=0.2, duplicate=0.8)
    against = (rates["stratum"] == "outlier") & (rates["threshold"] == 3.0)
    rates.loc[against, "value"] += 0.9
    table = claims(rates, settings={"c": "moons"}).set_index(["claim", "reference"])
    assert table.loc[("O3", "matched"), "verdict"] == REFUTED
    assert "reproduced at 2 of 3" in table.loc[("O3", "matched"), "statement"]


@pytest.mark.parametrize("epochs", [[0, 1, 10, 100], [1, 3, 10, 30, 100]])
def test_the_mean_over_training_weighs_every_octave_the_same(epochs):
    linear_in_log = pd.DataFrame([[np.log10(max(e, 1)) for e in epochs]], columns=epochs)
    assert over_training(linear_in_log)[0] == pytest.approx(1.0)  # the middle of 0 and 2


def test_a_snapshot_without_points_in_the_stratum_is_bridged():
    curve = pd.DataFrame([[9.0, 0.0, np.nan, 2.0]], columns=[0, 1, 10, 100])
    assert over_training(curve)[0] == pytest.approx(1.0)


def test_two_strata_are_compared_where_both_are_known():
    rates = planted(outlier=0.2, duplicate=0.8)
    unknown = (rates["stratum"] == "outlier") & (rates["epoch"] < 8) & (rates["criterion"] == "net")
    late = rates.assign(value=rates["value"].mask(unknown))
    for table in (rates, late):
        epochs = table["epoch"].clip(lower=1)
        table.loc[table["criterion"] == "net", "value"] *= np.log(epochs) / np.log(epochs.max())
    assert verdicts(late)["O1", "matched"] == verdicts(rates)["O1", "matched"] == REPRODUCED


def test_one_ratio_of_nine_that_fails_by_chance_does_not_refute_the_claim_for_all():
    rates = planted(outlier=0.5, duplicate=0.8, replicates=6)
    ratios = sorted(rates["threshold"].dropna().unique())
    against = (rates["stratum"] == "outlier") & (rates["threshold"] == ratios[-1]) & (rates["criterion"] == "net")
    rates.loc[against, "value"] += 0.4
    assert verdicts(rates)["O3", "matched"] == CHANCE  # six signs reach p = .03, and .05 / number of ratios is below


def test_against_permuted_labels_the_last_snapshot_decides():
    rows = [
        dict(
            study="s",
            cell="c",
            replicate=r,
            epoch=e,
            threshold=t,
            headline=t == 1.5,
            raw=0.3 + copied * (e == 9) + r / 1e3,
            permuted=0.3,
        )
        for r, e, (t, copied) in itertools.product(range(8), (1, 9), ((1.5, 0.2), (3.0, 0.0)))
    ]
    table = by_permutation(pd.DataFrame(rows), settings={"c": "moons"})
    assert table["verdict"].tolist() == [REPRODUCED]
    assert table["effect"].item() == pytest.approx(0.2 + 3.5 / 1e3)
    table = by_permutation(pd.DataFrame(rows), settings={"c": "moons"}, untestable={"c": "near duplicates"})
    assert table["verdict"].tolist() == [CHANCE]


def test_a_training_that_ends_before_its_first_epoch_has_no_mean_over_training():
    curves = pd.DataFrame([[0.1, 0.2]], columns=[0.0, 0.5])
    assert over_training(curves).isna().all()
    assert over_training(pd.DataFrame([[0.1, 0.3]], columns=[0.0, 1.0])).tolist() == [0.3]


def test_a_training_that_ends_before_its_first_epoch_is_undecided_and_says_so():
    rates = planted(outlier=0.2, duplicate=0.8).query("epoch < 2").assign(epoch=lambda table: table["epoch"] / 2)
    table = claims(rates, settings={"c": "moons"})
    of_training = table[table["claim"].isin(["O1", "O2", "O3", "R"])]
    assert of_training["verdict"].tolist() == [CHANCE] * len(of_training)
    assert of_training["reason"].tolist() == [UNTRAINED] * len(of_training)
    few = claims(rates[rates["replicate"] < 5], settings={"c": "moons"})
    assert set(few["verdict"]) == {FEW}


def test_a_ratio_at_which_no_fresh_point_is_so_near_decides_nothing():
    rates = planted(outlier=0.2, duplicate=0.8)
    far = rates["threshold"] == 3.0
    rates["floor"] = rates["floor"].mask(far, 0.0)
    rates["headline"] = far & (rates["criterion"] != "mass")
    table = claims(rates, settings={"c": "moons"}).set_index(["claim", "reference"])
    for claim in ("O1", "O1-end", "O2", "O2-end"):
        assert table.loc[(claim, "plain"), ["verdict", "reason"]].tolist() == [CHANCE, NO_LEVEL]
        assert table.loc[(claim, "matched"), "verdict"] == REPRODUCED
    assert table.loc["O3", "verdict"].tolist() == [REPRODUCED] * 2
    counts = table.loc["O3", "statement"].str.partition(" (")[2]
    assert counts["plain"] == "reproduced at 2 of 2; at 1 more there is no chance level)"
    assert counts["matched"] == "reproduced at 3 of 3)"


def test_without_a_chance_level_at_any_ratio_there_is_no_verdict_for_all():
    rates = planted(outlier=0.2, duplicate=0.8).assign(floor=0.0)
    row = claims(rates, settings={"c": "moons"}).set_index(["claim", "reference"]).loc[("O3", "plain")]
    assert row[["verdict", "reason"]].tolist() == [CHANCE, NO_LEVEL]


def test_curves_of_one_onset_and_half_the_height_are_said_to_be_later_or_less():
    table = claims(planted(outlier=0.25, duplicate=0.9), settings={"c": "moons"}).set_index(["claim", "reference"])
    assert table.loc[("O1", "matched"), "verdict"] == table.loc[("O2", "matched"), "verdict"] == REPRODUCED
    assert (
        table.loc[("O1", "matched"), "statement"] == "outliers are memorized later or less than inliers, over training"
    )
    assert (
        table.loc[("O2", "matched"), "statement"]
        == "duplicates are memorized earlier or more than inliers, over training"
    )
