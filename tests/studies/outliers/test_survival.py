"""Survival curves are the likeliest ones, differences are paired within replicates, and censoring is respected."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.outliers.survival import LOG_TIME, RUN, SHARE, mean_log_times, net, paired, shares

EPOCHS = np.array([0, 1, 3, 7, 15, 31])
NEVER = None


def rows(snapshots, *, stratum="inlier", side="train", replicate=0, cell="a", epochs=EPOCHS):
    """Times of locations that are reproduced from these snapshots on; ``NEVER`` is censored after the last."""
    before = [-np.inf, *epochs]
    ends = [(epochs[-1], np.inf) if i is NEVER else (before[i], epochs[i]) for i in snapshots]
    after, by = np.array(ends, dtype=float).T
    table = pd.DataFrame({"location": np.arange(len(ends)), "stratum": stratum, "side": side, "after": after, "by": by})
    return table.assign(study="s", cell=cell, replicate=replicate)


def table(planted, **options):
    """(stratum, side) -> snapshots."""
    return pd.concat([rows(at, stratum=stratum, side=side, **options) for (stratum, side), at in planted.items()])


PLANTED = {
    ("inlier", "train"): [1, 1, 2, NEVER],
    ("inlier", "held-out"): [2, 5, NEVER, NEVER],
    ("outlier", "train"): [4, NEVER],
    ("outlier", "held-out"): [NEVER, NEVER],
}


def random_times(rng, *, replicate=0, size=40, later=0, cell="a", epochs=EPOCHS):
    """Both strata and sides; the trained outliers start at snapshot ``later``."""
    parts = []
    for stratum in ("inlier", "outlier"):
        for side in ("train", "held-out"):
            low = later if (stratum, side) == ("outlier", "train") else 0
            at = [i if i < len(epochs) else NEVER for i in rng.integers(low, len(epochs) + 1, size=size)]
            parts.append(rows(at, stratum=stratum, side=side, replicate=replicate, cell=cell, epochs=epochs))
    return pd.concat(parts, ignore_index=True)


# --- curves -----------------------------------------------------------------------------------------------------------


def test_planted_shares_by_each_epoch():
    found = shares(table(PLANTED)).pivot(index="epoch", columns=["stratum", "side"], values="share")
    assert found.index.tolist() == [0, 1, 3, 7, 15, 31]
    assert found["inlier", "train"].tolist() == [0, 0.5, 0.75, 0.75, 0.75, 0.75]
    assert found["inlier", "held-out"].tolist() == [0, 0, 0.25, 0.25, 0.25, 0.5]
    assert found["outlier", "train"].tolist() == [0, 0, 0, 0, 0.5, 0.5]
    assert found["outlier", "held-out"].tolist() == [0] * 6


@pytest.mark.parametrize("seed", range(8))
def test_shares_are_the_nonparametric_maximum_likelihood_estimate(seed):
    """lifelines takes closed intervals, so half-open ones begin just above their lower end."""
    lifelines = pytest.importorskip("lifelines")
    times = random_times(np.random.default_rng(seed), size=25)
    for _, own in times.groupby(["stratum", "side"]):
        # a finite stand-in for -inf, which lifelines refuses
        left = np.maximum(own["after"].to_numpy(), -1) + 1e-6
        fitter = lifelines.KaplanMeierFitter().fit_interval_censoring(left, own["by"].to_numpy(), tol=1e-9)
        events = np.unique(own["by"])[:-1]
        survival = fitter.survival_function_["NPMLE_estimate_lower"].loc[events].to_numpy()
        mine = shares(own).set_index("epoch")["share"].loc[events].to_numpy()
        assert np.allclose(1 - mine, survival, rtol=0, atol=1e-6)


def test_shares_maximise_the_likelihood_among_distributions_nearby():
    """The same without a library: mass moved from any interval to any other makes the data less likely."""
    times = random_times(np.random.default_rng(0), size=60).query("stratum == 'inlier' and side == 'train'")
    share = shares(times)["share"].to_numpy()
    mass = np.diff([0, *share, 1])
    count = np.append([np.sum(times["by"] == e) for e in EPOCHS], np.isinf(times["by"]).sum())
    best = count @ np.log(mass)
    for i, j in np.ndindex(len(mass), len(mass)):
        other = mass.copy()
        other[i] -= 1e-3
        other[j] += 1e-3
        assert i == j or count @ np.log(other) < best


def test_curves_end_at_the_last_snapshot_and_start_before_training():
    found = shares(table({("inlier", "train"): [0, 0, NEVER, 2], ("inlier", "held-out"): [NEVER] * 4}))
    assert found["epoch"].max() == 31
    first = found[(found["side"] == "train") & (found["epoch"] == 0)]
    assert first["share"].item() == 0.5
    assert (found["locations"] == 4).all()


def test_cells_with_grids_of_their_own_are_kept_apart():
    slow = EPOCHS * 10
    both = pd.concat([table(PLANTED), table(PLANTED, cell="b", epochs=slow)])
    found = shares(both)
    assert found.loc[found["cell"] == "b", "epoch"].unique().tolist() == slow.tolist()
    one, other = (part.reset_index(drop=True) for _, part in found.groupby("cell"))
    pd.testing.assert_series_equal(one["share"], other["share"])
    means = pd.concat([mean_log_times(table(PLANTED)), mean_log_times(table(PLANTED, cell="b", epochs=slow))])
    pd.testing.assert_frame_equal(mean_log_times(both), means.reset_index(drop=True))
    with pytest.raises(ValueError, match="s/a: times from different grids"):
        shares(both.assign(cell="a"))


# --- beyond held-out locations ----------------------------------------------------------------------------------------


def test_net_is_train_minus_held_out():
    found = net(table(PLANTED)).set_index(["stratum", "epoch"])
    assert found["net"]["inlier"].tolist() == [0, 0.5, 0.5, 0.5, 0.5, 0.25]
    assert found["net"]["outlier"].tolist() == [0, 0, 0, 0, 0.5, 0.5]
    assert found["held_out"]["inlier"].tolist() == [0, 0, 0.25, 0.25, 0.25, 0.5]


def test_swapping_the_sides_changes_the_sign_of_every_net_number():
    times = random_times(np.random.default_rng(3), later=2)
    turned = times.assign(side=times["side"].map({"train": "held-out", "held-out": "train"}))
    there, back = net(times), net(turned)
    assert np.allclose(there["net"], -back["net"])
    assert np.allclose(paired(times)["net"], -paired(turned)["net"])


def test_mean_log_times_by_hand_with_what_is_censored_at_the_horizon():
    u = np.log1p(EPOCHS)
    found = mean_log_times(table(PLANTED)).set_index(["stratum", "side"])["mean"]
    assert found["inlier", "train"] == pytest.approx(np.mean([(u[0] + u[1]) / 2] * 2 + [(u[1] + u[2]) / 2, u[5]]))
    assert found["outlier", "train"] == pytest.approx(np.mean([(u[3] + u[4]) / 2, u[5]]))
    assert found["outlier", "held-out"] == u[5]
    at_once = mean_log_times(table({("inlier", "train"): [0, 0], ("inlier", "held-out"): [NEVER, 1]}))
    assert at_once["mean"].tolist() == [0, pytest.approx((u[5] + (u[0] + u[1]) / 2) / 2)]


def test_the_mean_log_time_is_the_area_under_the_survival_curve():
    """Interpolated linearly in log time, which spreads the mass of an interval evenly over it."""
    times = random_times(np.random.default_rng(5), size=300)
    means = mean_log_times(times).set_index(["stratum", "side"])["mean"]
    for key, curve in shares(times).groupby(["stratum", "side"]):
        assert np.trapezoid(1 - curve["share"], np.log1p(curve["epoch"])) == pytest.approx(means[key])


def test_pairs_are_the_differences_of_strata_within_each_replicate():
    times = pd.concat([random_times(np.random.default_rng(r), replicate=r, later=3) for r in range(6)])
    found = paired(times)
    assert found.columns.tolist() == [*RUN, "statistic", "epoch", "raw", "net"]
    assert not found.duplicated([*RUN, "statistic", "epoch"]).any()
    curves = net(times).set_index(["replicate", "stratum", "epoch"])
    for row in found[found["statistic"] == SHARE].itertuples():
        one, other = (curves.loc[row.replicate, stratum, row.epoch] for stratum in ("outlier", "inlier"))
        assert row.raw == pytest.approx(one["train"] - other["train"])
        assert row.net == pytest.approx(one["net"] - other["net"])
    log_times = found[found["statistic"] == LOG_TIME]
    assert log_times["replicate"].tolist() == list(range(6))
    assert log_times["epoch"].isna().all()
    means = mean_log_times(times).set_index(["replicate", "stratum", "side"])["mean"]
    for row in log_times.itertuples():
        own = means[row.replicate].unstack("side").loc[["outlier", "inlier"]].diff().iloc[1]
        assert (row.raw, row.net) == pytest.approx((-own["train"], own["held-out"] - own["train"]))


def test_planted_late_outliers_come_out_late_and_equal_ones_do_not():
    """Eleven replicates: late by construction, and by nothing."""
    late, equal = (
        paired(pd.concat([random_times(np.random.default_rng(r), replicate=r, later=later) for r in range(11)]))
        for later in (3, 0)
    )
    for found, expected in ((late, True), (equal, False)):
        time = found.loc[found["statistic"] == LOG_TIME, "net"]
        share = found.loc[(found["statistic"] == SHARE) & (found["epoch"] == 3), "net"]
        assert (time > 0).all() == expected
        assert (share < 0).all() == expected
    time = equal.loc[equal["statistic"] == LOG_TIME, "net"]
    assert abs(time.mean()) < 3 * time.std() / np.sqrt(11)


def test_the_order_of_rows_does_not_matter():
    times = pd.concat([random_times(np.random.default_rng(r), replicate=r) for r in range(3)])
    key = [*RUN, "statistic", "epoch"]
    one, other = (
        paired(t).sort_values(key).reset_index(drop=True) for t in (times, times.sample(frac=1, random_state=0))
    )
    pd.testing.assert_frame_equal(one, other)


def test_a_cell_without_outliers_has_curves_but_no_pairs():
    alone = {key: at for key, at in PLANTED.items() if key[0] == "inlier"}
    times = pd.concat([table(PLANTED), table(alone, cell="b")])
    assert set(net(times)["cell"]) == {"a", "b"}
    assert set(paired(times)["cell"]) == {"a"}
    with pytest.raises(ValueError, match="outlier: no such locations"):
        paired(table(alone))


def test_sides_of_different_size_are_not_compared():
    times = table({("inlier", "train"): [1] * 8, ("inlier", "held-out"): [1, 2]})
    assert len(shares(times))
    with pytest.raises(ValueError, match="8 training and 2 held-out locations"):
        net(times)
