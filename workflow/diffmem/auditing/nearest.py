"""Nearest items of samples and of held-out items, and what published criteria make of their distances."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diffmem.auditing.samples import null_scores, sample_table
from diffmem.auditing.searching import Searches
from diffmem.auditing.versions import Alone, matched
from diffmem.measure.criteria import ONE_THIRD, authenticity, rank_z, second, spacing
from diffmem.neighbours.index import Neighbours


@dataclass(frozen=True)
class Found:
    """Result of `compare`.

    Attributes:
        samples: a row per sample, as from ``samples.sample_table``.
        criteria: published criteria, of samples and of held-out items.
        to_train: distance of every held-out item to its nearest training item.
        null: scores t' of ``samples`` of the held-out items.
    """

    samples: pd.DataFrame
    criteria: pd.DataFrame
    to_train: np.ndarray
    null: np.ndarray


def compare(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    train_row: np.ndarray,
    test_row: np.ndarray,
    of: Alone,
    search: Searches,
) -> Found:
    """Nearest training and held-out items of samples and held-out items, in one search per set.

    Args:
        train, test, generated: points of shape (n, d), (n', d) and (g, d); the first two distinct items.
        train_row, test_row: row of each of them in the set that was given, of shape (n,) and (n',).
        of: what counts as one item.
        search: makes the searches.
    """
    trained, held_out = search("training items")(train), search("held-out items")(test)
    near, far = _rounded(trained.nearest(generated, 2)), _rounded(held_out.nearest(generated, 1))
    to_train = _rounded(trained.nearest(test, 2))
    to_other = spacing(test, held_out).astype(float)
    null = null_scores(to_train=to_train.distance[:, 0], to_other=to_other)
    samples = sample_table(
        train_item=train_row[near.location[:, 0]],
        train_distance=near.distance[:, 0],
        test_item=test_row[far.location[:, 0]],
        test_distance=far.distance[:, 0],
        null=null,
    )
    if of.names:
        samples["version"] = matched(of, queries=generated, items=train[near.location[:, 0]])
    criteria = _criteria(near, far, to_train, to_other, spacing(train, trained))
    return Found(samples, criteria, to_train.distance[:, 0], null)


def compare_alone(
    *, train: np.ndarray, generated: np.ndarray, train_row: np.ndarray, of: Alone, search: Searches
) -> Found:
    """The same without held-out items: no p-values, and no column of held-out items in the criteria."""
    trained = search("training items")(train)
    near = _rounded(trained.nearest(generated, 2))
    own, item = near.distance[:, 0], near.location[:, 0]
    rows = [(name, share, np.nan) for name, share in _among_training_items(near, spacing(train, trained)).items()]
    samples = pd.DataFrame({"sample": np.arange(len(own)), "train_item": train_row[item], "train_distance": own})
    samples["copy"] = own == 0
    if of.names:
        samples["version"] = matched(of, queries=generated, items=train[item])
    criteria = pd.DataFrame(rows, columns=["criterion", "generated", "held_out"])
    return Found(samples, criteria, np.empty(0), np.empty(0))


def _rounded(found: Neighbours) -> Neighbours:
    """Neighbours with distances rounded to float32 as in `spacing`: equal ones are then equal in all searches."""
    return Neighbours(found.distance.astype(np.float32).astype(np.float64), found.location)


def _among_training_items(near: Neighbours, gaps: np.ndarray) -> dict[str, float]:
    """Criteria that need no held-out items, of points with the two neighbours ``near`` in the training set.

    ``gaps`` are the distances of the training items to each other.
    """
    own, item = near.distance[:, 0], near.location[:, 0]
    return {
        "rule of 1/3": np.mean(second(near.distance) < ONE_THIRD),
        "not authentic": np.mean(authenticity(own, gaps[item]) <= 1),
        "exact copies": np.mean(own == 0),
    }


def _criteria(
    near: Neighbours, far: Neighbours, to_train: Neighbours, to_other: np.ndarray, gaps: np.ndarray
) -> pd.DataFrame:
    """Published criteria of the samples, and of held-out items, which copy nothing.

    ``near`` and ``far`` are the samples' neighbours in the training and the held-out set, ``to_train`` those of the
    held-out items in the training set, ``to_other`` their distances to each other, ``gaps`` those of training items.
    """
    own, other, gap = near.distance[:, 0], to_train.distance[:, 0], float(np.median(gaps))
    copies, chance = (_among_training_items(found, gaps) for found in (near, to_train))
    z = rank_z(generated=own.astype(np.float32), held_out=other.astype(np.float32))
    closer = np.mean(own < far.distance[:, 0]), np.mean(other < to_other)
    rows = [
        *((name, copies[name], chance[name]) for name in copies),
        ("C_T (below -2: closer to the training set than held-out items are)", z, 0.0),
        ("median distance to the training set, in spacings", np.median(own) / gap, np.median(other) / gap),
    ]
    rows.insert(1, ("closer to a training than to any held-out item", *closer))
    return pd.DataFrame(rows, columns=["criterion", "generated", "held_out"])
