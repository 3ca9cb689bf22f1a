"""Cells of the onset study: rows are what the definitions say, nulls are null, known answers come out."""

import numpy as np
import pytest
from scipy import stats

from diffmem import rng
from diffmem.data.gaussians import isotropic
from diffmem.diffusion import linear_model as linear
from diffmem.measure import densities, distances
from diffmem.settings.onset import OnsetCell
from diffmem.studies.onset import simulate as onset

RATIOS = [0.5, 1.0, 2.0, 4.0]


def cell(law=("isotropic", {"dimension": 8}), generator=("one-step", {"generalization": 1.0, "time": 2.0}), **changes):
    settings = {"ratios": RATIOS, "repetitions": 3, "trainings": 1, "fresh": 500, "kernel": "paper", "bandwidth": 1.0,
                "samples": 100, **changes}  # fmt: skip
    name, options = law
    made, how = generator
    sections = {"law": {"name": name, **options}, "generator": {"name": made, **how}, "onset": settings}
    return OnsetCell.load({"seed": 1, **sections})


def shares(table, column):
    return table.groupby("n")[column].apply(lambda values: (values > 0).mean())


def test_a_row_is_what_its_columns_mean():
    chosen = cell()
    table = onset.simulate(chosen)
    assert list(table["n"].unique()) == [4, 8, 16, 32]
    assert len(table) == 12
    law = isotropic(dimension=8)
    sets = onset.draw_sets(law, chosen.onset, seed=1, repetition=2)
    row = table[(table["repetition"] == 2) & (table["n"] == 16)].iloc[0]
    train, held_out = sets.train[:16], sets.held_out[:16]
    noise = rng.generator(1, replicate=2, purpose="noise", index=16).standard_normal((16, 8))
    generated = linear.one_step(train, noise, sigma=linear.noise_level(generalization=1.0, time=2.0))
    assert row["kl"] == pytest.approx(distances.kl(generated, law.gaussian))
    assert row["w2"] == pytest.approx(distances.squared_wasserstein(generated, law.gaussian) / 8)
    width = 16 ** (-1 / 8)
    of_train, of_held_out = (densities.overlaps(generated, s, width=width, sample_width=0.0) for s in (train, held_out))
    assert row["delta_matched"] == pytest.approx(densities.delta_cs(of_train, of_held_out))
    unit = densities.log_unit(scale=1.0, dimension=8)
    assert row["log_c_train"] == pytest.approx(of_train.c - unit)
    c_fresh = densities.log_cross(generated, sets.fresh, width=500 ** (-1 / 8))
    assert row["log_c_fresh"] == pytest.approx(c_fresh - unit)
    expected = densities.log_self_expected(law.parts, count=500, width=500 ** (-1 / 8))
    assert row["delta_cs"] == pytest.approx(densities.delta_cs(of_train, densities.Overlaps(expected, c_fresh)))


def test_sizes_are_nested_and_sets_of_a_repetition_share_no_point():
    sets = onset.draw_sets(isotropic(dimension=8), cell().onset, seed=1, repetition=0)
    points = np.concatenate([sets.train, sets.held_out, sets.second_held_out, sets.fresh])
    assert len(np.unique(points, axis=0)) == len(points) == 3 * 32 + 500
    fewer = onset.draw_sets(isotropic(dimension=8), cell(ratios=[1.0, 4.0]).onset, seed=1, repetition=0)
    np.testing.assert_array_equal(fewer.train, sets.train)


def test_repetitions_do_not_depend_on_how_many_there_are():
    few, many = onset.simulate(cell()), onset.simulate(cell(repetitions=5))
    np.testing.assert_array_equal(few, many[many["repetition"] < 3].to_numpy())


def test_further_trainings_share_the_points_but_not_the_noise():
    table = onset.simulate(cell(trainings=2)).set_index(["repetition", "training", "n"])
    first, second = (table.xs(t, level="training") for t in (0, 1))
    np.testing.assert_array_equal(first["log_p_train"], second["log_p_train"])
    assert (first["log_c_train"] != second["log_c_train"]).all()


@pytest.mark.parametrize(
    "generator",
    [("one-step", {"generalization": 1.0, "time": 2.0}), ("copies", {"share": 1.0}), ("truth", {"stretch": 1.5})],
)
def test_the_null_of_the_matched_design_is_a_fair_coin(generator):
    table = onset.simulate(cell(generator=generator, repetitions=200, fresh=50, samples=50))
    for share in shares(table, "delta_null"):
        assert stats.binomtest(round(share * 200), 200).pvalue > 0.01 / 4


@pytest.mark.slow
def test_known_answers_come_out_in_sixteen_dimensions():
    """Copies are nearer to training by all that compares equals; the truth is not, a wide law neither."""
    law = ("isotropic", {"dimension": 16})
    options = dict(ratios=[4.0, 4.01], repetitions=60, fresh=4000, samples=400)
    found = {
        name: onset.simulate(cell(law, generator, **options))
        for name, generator in {
            "truth": ("truth", {"stretch": 1.0}),
            "wide": ("truth", {"stretch": 1.5}),
            "narrow": ("truth", {"stretch": 0.5}),
            "copies": ("copies", {"share": 1.0}),
            "tenth": ("copies", {"share": 0.1}),
        }.items()
    }
    share = {name: {c: (t[c] > 0).mean() for c in ("delta_cs", "delta_matched")} for name, t in found.items()}
    assert min(share[name]["delta_cs"] for name in ("truth", "wide", "narrow")) > 0.85
    for name in ("truth", "wide", "narrow"):
        assert 0.3 < share[name]["delta_matched"] < 0.7
    assert share["copies"] == {"delta_cs": 0, "delta_matched": 0}
    assert share["tenth"]["delta_cs"] < 0.1
    assert found["copies"]["near_share"].mean() == found["copies"]["third"].mean() == 1
    assert found["tenth"]["near_share"].mean() == pytest.approx(0.55, abs=0.02)
    assert found["truth"]["near_share"].mean() == pytest.approx(0.5, abs=0.02)


def test_the_exact_truth_is_the_limit_of_many_points_and_small_kernels():
    exact, drawn = (onset.simulate(cell(fresh=fresh, ratios=[4.0, 4.01])) for fresh in (None, 500))
    law = isotropic(dimension=8)
    train = onset.draw_sets(law, cell(ratios=[4.0, 4.01]).onset, seed=1, repetition=0).train
    noise = rng.generator(1, replicate=0, purpose="noise", index=32).standard_normal((32, 8))
    generated = linear.one_step(train, noise, sigma=linear.noise_level(generalization=1.0, time=2.0))
    points = np.random.default_rng(0).standard_normal((400_000, 8))
    mean = np.exp(generated.log_density(points)).mean() / np.exp(densities.log_unit(scale=1.0, dimension=8))
    assert np.exp(exact["log_c_fresh"][0]) == pytest.approx(mean, rel=0.01)
    assert exact["log_p_fresh"][0] == pytest.approx(0)
    assert not np.allclose(drawn["log_p_fresh"][0], 0)


@pytest.mark.parametrize(
    "law",
    [
        ("power-law", {"dimension": 8, "exponent": 1.0}),
        ("low-rank", {"dimension": 8, "rank": 2, "floor": 0.01}),
        ("mixture", {"dimension": 8, "separation": 4.0}),
        ("digits", {"dimension": 8}),
        ("isotropic", {"dimension": 1}),
    ],
    ids=lambda law: law[0],
)
@pytest.mark.parametrize("name", ["gaussian-fit", "kernel"])
def test_every_law_and_both_kinds_of_generator_give_finite_overlaps(law, name):
    options = {"kernel": {"smoothing": 1.0}, "gaussian-fit": {}}[name]
    ratios = RATIOS if law[1]["dimension"] > 1 else [3.0, 10.0]
    for kernel in ("paper", "capacity"):
        table = onset.simulate(cell(law, (name, options), kernel=kernel, fresh=200, ratios=ratios))
        unknown = [] if law[0] != "digits" else ["delta_kl"]
        columns = ["delta_cs", "delta_matched", "delta_null", "delta_kl", "log_c_fresh", "w2", "energy", "near_share"]
        assert np.isfinite(table[[c for c in columns if c not in unknown]]).all().all()
        assert set(table["l2_sign"]) <= {-1.0, 0.0, 1.0}
