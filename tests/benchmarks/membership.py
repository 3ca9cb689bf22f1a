"""The bound on epsilon under randomized response of known epsilon: how often it holds, and how far it lies below.

Of every pair one item is generated: the one trained on with probability e^epsilon / (1 + e^epsilon). No mechanism of
that epsilon tells more, so that no setting is harder for the bound. 2,000 runs a row; the table of
docs/method/membership.md.

    PYTHONPATH=workflow python tests/benchmarks/membership.py
"""

import math

import numpy as np
from scipy import stats

from diffmem.measure.membership import epsilon_bound, membership, pair

RUNS = 2000
SIZES = ((20, 20), (120, 120), (120, 30), (500, 500))  # pairs and guesses
EPSILONS = (0.0, 0.5, 1.0, 2.0, 4.0)


def simulate(*, pairs: int, guesses: int, epsilon: float, rng: np.random.Generator) -> np.ndarray:
    """Bounds of ``RUNS`` audits, of shape (RUNS,)."""
    bounds = np.empty(RUNS)
    for run in range(RUNS):
        points = 10.0 * rng.permutation(2 * pairs)[:, None]
        train, test = points[:pairs], points[pairs:]
        drawn = pair(train_location=np.arange(pairs), test_location=np.arange(pairs, 2 * pairs), rng=rng)
        truthful = rng.random((pairs, 1)) < 1 / (1 + math.exp(-epsilon))
        told = np.where(truthful, train[drawn.train], test[drawn.test])
        generated = told + 0.1 * rng.random((pairs, 1))
        found = membership(train=train, test=test, generated=generated, pairs=drawn, guesses=guesses)
        bounds[run] = found.epsilon_low
    return bounds


def promised(*, guesses: int, epsilon: float) -> float:
    """Probability that the bound holds, summed over the binomial law of the right guesses."""
    right = np.arange(guesses + 1)
    bounds = np.array([epsilon_bound(pairs=guesses, guesses=guesses, right=int(v)) for v in right])
    return float(stats.binom.pmf(right, guesses, 1 / (1 + math.exp(-epsilon)))[bounds <= epsilon].sum())


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    print("| pairs | guesses | epsilon | holds, of 2,000 | holds, exact | median bound | largest possible |")
    print("|---|---|---|---|---|---|---|")
    for pairs, guesses in SIZES:
        largest = epsilon_bound(pairs=pairs, guesses=guesses, right=guesses)
        for epsilon in EPSILONS:
            bounds = simulate(pairs=pairs, guesses=guesses, epsilon=epsilon, rng=rng)
            exact = promised(guesses=guesses, epsilon=epsilon)
            print(f"| {pairs} | {guesses} | {epsilon:g} | {np.mean(bounds <= epsilon):.4f} | {exact:.4f} "
                  f"| {np.median(bounds):.2f} | {largest:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
