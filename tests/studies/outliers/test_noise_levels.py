"""The noise level at which training points are known best, on planted losses."""

import numpy as np
import pandas as pd
import pytest

from diffmem.measure.intervals import mean_interval
from diffmem.studies.claims import REFUTED, REPRODUCED, UNDECIDED, decide
from diffmem.studies.outliers.noise_levels import ABOUT, NOTHING_KNOWN, claims, known_shares, spacing_level, summary

SIGMAS = 0.02 * 2.0 ** np.arange(10)
CELL = {"study": "s", "cell": "n-50"}


def planted(*, peak, seen=4, replicates=8, width=0.2):
    """Shares known of eight runs: at the end .5 where sigma is near ``peak`` spacings; bias begins at ``seen``."""
    losses, found, spacings = [], [], []
    for r in range(replicates):
        key, own = {**CELL, "replicate": r}, width * (1 + 0.01 * r)
        spacings.append({**key, "spacing": own})
        found.append({**key, "bias": seen})
        for epoch, size in ((0, 0.0), (4, 0.2), (8, 0.5)):
            known = size * np.exp(-(np.log(SIGMAS / (peak * own)) ** 2))
            for side, loss in (("held-out", 2 + 0 * known), ("train", 2 * (1 - known))):
                rows = {**key, "epoch": epoch, "set": side, "sigma": SIGMAS, "loss": loss}
                losses.append(pd.DataFrame(rows))
    tables = {"found": pd.DataFrame(found), "spacings": pd.DataFrame(spacings)}
    return known_shares(pd.concat(losses), **tables)


def test_the_unit_is_the_level_whose_noise_is_as_long_as_the_median_distance_to_the_nearest_neighbour():
    assert spacing_level(np.array([[0.0], [1], [3], [7], [20]])) == 2
    assert spacing_level(np.array([[0.0], [1], [3], [7], [20], [0], [0], [20], [20]])) == 2, "copies count once"
    points = np.random.default_rng(0).standard_normal((50, 4))
    apart = np.linalg.norm(points[:, None] - points, axis=2) + 99 * np.eye(50)
    assert spacing_level(points) == pytest.approx(np.median(apart.min(1)) / 2)


@pytest.mark.parametrize(("peak", "verdict"), [(1.0, REPRODUCED), (0.1, REFUTED), (9.0, REFUTED)])
def test_the_planted_peak_is_found_in_units_of_spacing(peak, verdict):
    table = claims(planted(peak=peak), settings={"n-50": "moons"}).set_index("claim")
    assert set(table.index) == {"N1", "N2"}
    assert (table["verdict"] == verdict).all()
    assert table["effect"].tolist() == pytest.approx(
        [np.log(peak)] * 2, abs=np.log(2) / 2
    )  # levels are a factor 2 apart


def test_a_run_without_bias_is_judged_at_its_end_only():
    table = claims(planted(peak=1, seen=np.inf), settings={"n-50": "moons"})
    assert table["claim"].tolist() == ["N2"]


def test_losses_that_are_noise_have_no_best_level():
    """The levels lie around the spacing, so that the mean place of the largest of ten is near it by chance."""
    rng, verdicts, alarms = np.random.default_rng(0), [], 0
    sigmas = 0.2 * 2.0 ** np.linspace(-2, 2, 10)
    for _ in range(100):
        key = [{**CELL, "replicate": r, "when": "end", "sigma": s, "units": s / 0.2} for r in range(8) for s in sigmas]
        table = pd.DataFrame(key).assign(known=0.02 * rng.standard_normal(len(key)))
        verdicts += claims(table, settings={"n-50": "moons"})["verdict"].tolist()
        best = table.loc[table.groupby("replicate")["known"].idxmax(), "units"]
        low, high = mean_interval(np.log(best.to_numpy()))[1:]
        alarms += decide(low, high, ABOUT, replicates=8) != UNDECIDED
    assert alarms > 50, "by the place alone"
    assert sum(verdict != UNDECIDED for verdict in verdicts) <= 5


def test_a_largest_share_below_zero_is_no_knowledge():
    table = planted(peak=1.0)
    found = claims(table.assign(known=table["known"] - 0.6), settings={"n-50": "moons"})
    assert found[["verdict", "reason"]].to_numpy().tolist() == [[UNDECIDED, NOTHING_KNOWN]] * 2


def test_replicates_without_bias_are_counted_in_the_statement():
    table = planted(peak=1.0)
    table = table[(table["when"] == "end") | (table["replicate"] < 6)]
    found = claims(table, settings={"n-50": "moons"}).set_index("claim")
    assert found.loc["N1", "statement"].endswith("as long as their spacing (seen in 6 of 8 replicates)")
    assert found.loc["N2", "statement"].endswith("as long as their spacing")
    assert found["verdict"].tolist() == [REPRODUCED] * 2
    few = claims(table[(table["when"] == "end") | (table["replicate"] < 5)], settings={"n-50": "moons"})
    assert "known in 5 of 8 replicates" in few.set_index("claim").loc["N1", "reason"]


def test_the_summary_is_the_mean_share_at_every_level():
    rows = summary(planted(peak=1), sizes={"n-50": 50}).set_index(["when", "sigma"])
    assert rows["known"].groupby("when").max().to_dict() == pytest.approx({"end": 0.5, "onset": 0.2}, rel=0.15)
    assert (rows["n"] == 50).all()
    assert (rows["replicates"] == 8).all()
