"""Verdicts follow from intervals and bounds; pairs of cells are those that differ in one thing."""

import numpy as np
import pandas as pd
import pytest

from diffmem.settings import read as config
from diffmem.studies.claims import CHANCE, COLUMNS, FEW, REFUTED, REPRODUCED, UNDECIDED
from diffmem.studies.onset import claims

RATIOS = [0.5, 0.75, 1.0, 1.25, 2.0, 4.0, 8.0]


def cells(**study):
    return config.studies({"studies": {"s": {"question": "onset", **study}}})["s"].cells


def rows(cell, *, mem=2.0, gen=1.0, crossing=1.0, kl=1.0, peak=1.0, repetitions=40, seed=0):
    """A cell whose copying ends at ``mem``, whose W2 falls at ``gen``, whose P crosses at ``crossing``."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame([(r, x) for r in range(repetitions) for x in RATIOS], columns=["repetition", "ratio"])
    noise = rng.standard_normal((4, len(table)))
    log = np.log(table["ratio"])
    delta = 4 * (log - np.log(crossing)) + noise[0]
    near = 0.5 + 0.4 / (1 + (table["ratio"] / mem) ** 4) + 0.01 * noise[1]
    w2 = 0.25 * np.exp(3 / (1 + (table["ratio"] / gen) ** 4) - 1.5 + 0.05 * noise[2])
    overlap = -3 + 8 * np.abs(log - np.log(peak)) + 0.1 * noise[3]
    deltas = {"l2_sign": np.sign(delta), "delta_cs": delta, "delta_matched": delta, "delta_kl": delta}
    found = {"near_share": near, "w2": w2, "log_c_fresh": overlap, "kl": kl * (1 + 0.02 * noise[1])}
    return table.assign(study="s", cell=cell, training=0, dimension=8, n=8 * table["ratio"], **deltas, **found)


@pytest.mark.parametrize(
    ("low", "high", "name"), [(0.6, 1.9, REPRODUCED), (2.1, 3, REFUTED), (0.1, 0.4, REFUTED), (1.8, 2.2, UNDECIDED)]
)
def test_a_place_is_judged_by_its_interval(low, high, name):
    drawn = np.array([1.0, *np.linspace(low, high, 200)])
    found = claims.bounds_of_place(drawn, np.array([0.01, 100]))
    assert claims.judge_place(found, claims.ORDER, replicates=40).verdict == name
    assert claims.judge_place(found, claims.ORDER, replicates=5).verdict == FEW


@pytest.mark.parametrize(
    ("place", "sizes", "name"),
    [(0, (1, 16), UNDECIDED), (0, (0.25, 16), REFUTED), (np.inf, (0.25, 1), UNDECIDED), (np.inf, (0.25, 16), REFUTED),
     (np.nan, (0.25, 16), UNDECIDED)],
)  # fmt: skip
def test_a_place_beyond_the_sizes_is_known_to_lie_there_only(place, sizes, name):
    known = claims.bounds_of_place(np.full(201, float(place)), np.array(sizes))
    assert claims.judge_place(known, claims.ORDER, replicates=40).verdict == name


@pytest.mark.parametrize(
    ("mem", "gen", "low", "high"),
    [
        (np.inf, 3.89, 4 / 3.89, np.inf),
        (1.49, 0, 1.49, np.inf),
        (np.inf, np.inf, 0, np.inf),
        (0, 2, 0, 0.5),
        (3, 2, 1.5, 1.5),
    ],
)
def test_a_ratio_of_places_is_known_as_well_as_they_are(mem, gen, low, high):
    ratios = np.array([1.0, 2.0, 4.0])
    one, other = (claims.bounds_of_place(np.array([place, place], dtype=float), ratios) for place in (mem, gen))
    known = one / other
    np.testing.assert_allclose([known.low[1], known.high[1]], [low, high])


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [([0.75, 1, 1.25], REPRODUCED), ([0.5, 1, 1.5], UNDECIDED), ([1, 2, 4], UNDECIDED), ([0.25, 0.5, 1], UNDECIDED)],
)
def test_a_peak_is_known_as_well_as_the_sizes_around_it(ratios, verdict):
    known = claims.bounds_of_peak(np.ones(201), np.array(ratios))
    assert claims.judge_place(known, claims.QUARTER, replicates=40).verdict == verdict


def test_growth_that_is_mostly_beyond_the_sizes_is_not_reproduced_by_the_rest():
    drawn = np.where(np.arange(201) < 195, np.inf, 20.0)
    one, other = (claims.bounds_of_place(found, np.array([1.0, 64.0])) for found in (drawn, np.full(201, np.inf)))
    assert claims.judge_place(other / one, claims.MORE, replicates=40).verdict == CHANCE


def test_a_planted_cell_gets_the_verdicts_that_were_planted():
    table = claims.claims(rows("base"), cells=cells()).set_index("claim")
    assert list(table.columns) == [name for name in COLUMNS if name != "claim"]
    assert (table.loc[["T1", "T1-l2", "T2", "T2-fall"], "verdict"] == REPRODUCED).all()
    assert table.loc["T1", "holds_for"] == "isotropic, d = 16, one-step (lambda 1)"
    late = claims.claims(rows("base", crossing=5.0, mem=6.0, peak=4.0), cells=cells()).set_index("claim")
    assert (late.loc[["T1", "T2", "T3"], "verdict"] == REFUTED).all()


def test_networks_are_compared_with_the_next_larger_and_nothing_else():
    named = cells(generator={"name": "mlp"}, sweep={"generator.width": [16, 64, 32], "generator.updates": [10, 20]})
    found = claims.pairs(named)
    assert ("width-16_updates-10", "width-32_updates-10", "width") in found
    assert ("width-32_updates-10", "width-64_updates-10", "width") in found
    assert ("width-16_updates-10", "width-16_updates-20", "updates") in found
    assert len(found) == 2 * 2 + 3


def test_laws_are_compared_with_the_isotropic_one_of_the_same_generator():
    named = cells(cells={"a": {}, "b": {"law": {"name": "power-law"}}, "c": {"generator": {"name": "gaussian-fit"}}})
    assert claims.pairs(named) == [("a", "b", "law")]


def test_growth_with_the_network_and_dependence_on_the_spectrum_are_judged_by_ratios():
    named = cells(generator={"name": "mlp"}, sweep={"generator.width": [16, 32]})
    table = pd.concat([rows("width-16", mem=1.5), rows("width-32", mem=4.0, seed=1)])
    growth = claims.claims(table, cells=named).set_index("claim").loc["T4"]
    assert growth["verdict"] == REPRODUCED
    assert growth["effect"] == pytest.approx(4 / 1.5, rel=0.15)
    named = cells(cells={"a": {}, "b": {"law": {"name": "power-law"}}})
    table = pd.concat([rows("a", gen=3.0, mem=4.0), rows("b", gen=1.0, mem=4.0, seed=1)])
    found = claims.claims(table, cells=named).set_index("claim")
    assert found.loc["T6", "verdict"] == REPRODUCED
    assert found.loc["T6", "effect"] < 0.6
    assert found.loc["T6-copying", "verdict"] == CHANCE
    assert found.loc["T5", "verdict"] == REPRODUCED
    table = pd.concat([rows("a"), rows("b", kl=2.0)])
    assert claims.claims(table, cells=named).set_index("claim").loc["T5", "verdict"] == REFUTED


def test_kl_of_both_cells_is_resampled_with_the_same_repetitions():
    one = rows("a").assign(kl=lambda table: np.exp(np.random.default_rng(0).normal(size=len(table))))
    ratios = claims._kl_ratio(one, one.assign(kl=1.3 * one["kl"]).iloc[::-1], at=2.0)
    np.testing.assert_allclose(ratios, 1.3)


def compared(ratios, **changes):
    """The rows of two laws that were measured at ``ratios``, by claim."""
    named = cells(cells={"a": {}, "b": {"law": {"name": "power-law"}}})
    table = pd.concat([rows("a"), rows("b")])
    return claims.claims(table[table["ratio"].isin(ratios)].assign(**changes), cells=named).set_index("claim")


@pytest.mark.parametrize(("ratios", "at"), [([0.5, 2, 4], 2), ([0.5, 1, 2.5, 4], 2.5)])
def test_kl_is_compared_at_the_ratio_that_the_statement_names(ratios, at):
    named = cells(cells={"a": {}, "b": {"law": {"name": "power-law"}}})
    table = pd.concat([rows("a"), rows("b")], ignore_index=True).replace({"ratio": {1.25: 2.5}})
    double = table["kl"].where((table["ratio"] == at) | (table["cell"] == "a"), 9.0)
    found = claims.claims(table[table["ratio"].isin(ratios)].assign(kl=double), cells=named).set_index("claim")
    assert found.loc["T5", "statement"] == f"KL at n / d = {at:g} is that of isotropic data within a tenth"
    assert found.loc["T5", "verdict"] == REPRODUCED


@pytest.mark.parametrize("ratios", [[0.5, 4, 8], [0.5, 1, 8]])
def test_kl_far_from_twice_the_dimension_says_nothing_of_it(ratios):
    found = compared(ratios)
    assert "T5" not in found.index
    assert "T6" in found.index


def test_an_infinite_kl_is_said_to_be_infinite_and_not_to_lack_replicates():
    found = compared([0.5, 2, 8], kl=np.inf).loc["T5"]
    assert (found["verdict"], found["reason"], found["replicates"]) == (UNDECIDED, claims.INFINITE, 40)
