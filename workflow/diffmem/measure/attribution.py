r"""Which half generated points are attributed to, snapshot by snapshot, and from which snapshot on that is no chance.

With d_train and d_test the distances from a generated point i to its nearest training and held-out location,

    s_i = 1 if r d_train < d_test,  -1 if r d_test < d_train,  0 otherwise,      c_r = mean s_i.            (1)

Pair the j-th training location with the j-th held-out one, and let D_j be the sum of s_i over the points i that are
nearest to either, so that g c_r = sum D_j. For a generator that is independent of the split, the toss of a coin decides
which of a pair was trained on. At r = 1 another toss changes the sign of D_j and nothing else. Given the |D_j|, g c_1
has mean zero and the standard deviation g v_1 = sqrt(sum D_j^2), and by Hoeffding's inequality (1963,
https://doi.org/10.1080/01621459.1963.10500830)

    P(c_r > v_r sqrt(2 log(s / a))) <= a / s,                                                               (2)

so that a run of s snapshots passes this level anywhere with probability a at most. At r > 1 another toss may also
change whether s_i is 0; (2) is then an approximation, and its rate of false alarms is measured
(`docs/method/times.md`). Near duplicates of one point are always in one half: with them v_r is too small.
"""

import numpy as np

FALSE_ALARM = 0.05


def attribution(table: np.ndarray, ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """c_r and its standard deviation v_r for a generator that is independent of the split.

    Args:
        table: neighbour tables of s snapshots, of shape (s, g), with train_distance, train_location, test_distance and
            test_location.
        ratios: at least 1, of shape (t,).

    Returns:
        two arrays of shape (s, t).
    """
    train, test = table["train_distance"][..., 0], table["test_distance"]
    pair = np.where(train <= test, table["train_location"][..., 0], table["test_location"])
    net, deviation = np.empty((2, len(table), len(ratios)))
    for j, ratio in enumerate(ratios):
        signs = (ratio * train < test).astype(int) - (ratio * test < train)
        for i, sign in enumerate(signs):
            of_pair = np.bincount(pair[i], weights=sign)
            net[i, j], deviation[i, j] = sign.mean(), np.sqrt(np.sum(of_pair**2)) / len(sign)
    return net, deviation


def level(deviation: np.ndarray, snapshots: int) -> np.ndarray:
    """The level of (2) for standard deviations of any shape, in a run of so many snapshots."""
    return deviation * np.sqrt(2 * np.log(snapshots / FALSE_ALARM))
