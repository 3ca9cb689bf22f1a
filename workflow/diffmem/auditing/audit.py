"""The audit: from three sets to two verdicts, with every reason for which a verdict is withheld or refused.

Order: (1) what cannot be right is refused before any verdict (`items`, `checks`); (2) rows that training and held-out
set share are left out of both; (3) the net copied fraction with its interval (`measure.auditing`); (4) is the held-out
set exchangeable with the training set (`measure.exchangeability`)? (5) could a share of 5 % have been seen? (6)
membership (`measure.membership`); (7) single samples at a false discovery rate of 5 % (`samples`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from diffmem.auditing import checks
from diffmem.auditing.samples import null_scores, sample_table, training_table
from diffmem.auditing.sets import features_of, given_sets
from diffmem.auditing.verdict import Verdict, judge_copying, judge_membership
from diffmem.data.items import AuditError, Items
from diffmem.locations import locations
from diffmem.measure.auditing import RATIOS, net_copied_fractions
from diffmem.measure.criteria import ONE_THIRD, authenticity, rank_z, second, spacing
from diffmem.measure.exchangeability import exchangeability
from diffmem.measure.membership import Membership, membership, pair
from diffmem.neighbours.index import Index, Neighbours

ACCEPTABLE = ("far", "order")  # refusals that the user may overrule


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        copying: the verdict on copies.
        membership_verdict: the verdict on membership.
        table: a row per ratio, as from ``measure.auditing.audit``; empty without a held-out set.
        criteria: published criteria, of samples and of held-out items.
        samples: a row per sample; without a held-out set only its nearest training item and distances.
        training: a row per training item, how often it is the nearest and how often copied.
        membership: outcome of the guesses, or None.
        exchangeability_p: of the test of held-out against training items, or missing.
        warnings: sentences.
        sets: the three sets as they were read.
        settings: seed, ratios, permutations, features.
        null: scores t' of ``samples`` of the held-out items; empty without them.
    """

    copying: Verdict
    membership_verdict: Verdict
    table: pd.DataFrame
    criteria: pd.DataFrame
    samples: pd.DataFrame
    training: pd.DataFrame
    membership: Membership | None
    exchangeability_p: float
    warnings: list[str]
    sets: dict[str, Items] = field(repr=False)
    settings: dict[str, Any]
    null: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)


@dataclass(frozen=True)
class _Points:
    """The three sets as points (n, d), (n', d) and (g, d)."""

    train: np.ndarray
    test: np.ndarray
    generated: np.ndarray


def audit(
    *,
    train: Any,
    generated: Any,
    test: Any = None,
    train_labels: Any = None,
    generated_labels: Any = None,
    features: str | Callable[[np.ndarray], np.ndarray] = "raw",
    ratios: tuple[float, ...] = RATIOS,
    seed: int = 0,
    permutations: int = 200,
    accept: tuple[str, ...] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Are these samples copies of the training set?

    Args:
        train, test, generated: arrays (n, ...), torch tensors, tables, or paths of files and folders, in the same
            units. ``test`` holds items of the same source that were not trained on; without it no share of copies is
            estimated.
        train_labels, generated_labels: class of every item, where files do not hold them.
        features: "raw", "pca-K" (K principal components of training and held-out items), or a function of (n, ...)
            arrays that gives (n, d), itself or as "FILE.py:NAME".
        ratios: r of the net copied fraction, at least 1.
        seed: of permutations and pairs.
        permutations: of labels, behind chance level and interval.
        accept: refusals to overrule, of "far" (samples far from both sets) and "order" (columns in another order).
        progress: called with a sentence before each stage.

    Raises:
        AuditError: one sentence, where no answer could be right.
    """
    if unknown := set(accept) - set(ACCEPTABLE):
        raise AuditError(f"accept: {sorted(unknown)[0]} is none of {', '.join(ACCEPTABLE)}")
    progress("reading")
    sets = given_sets(
        train=train, test=test, generated=generated, labels={"train": train_labels, "generated": generated_labels}
    )
    flat = features_of(sets, features)
    rng = np.random.default_rng(seed)
    named = features if isinstance(features, str) else getattr(features, "__name__", "function")
    settings = {"seed": seed, "ratios": list(ratios), "permutations": permutations, "accept": list(accept)}
    settings["features"] = named
    notes = [note for items in sets.values() for note in items.notes]
    if "test" not in flat:
        return _without_held_out(flat["train"], flat["generated"], sets, settings, notes)
    points = _Points(**flat)
    progress("comparing the sets")
    same, kept = _compared(points, accept)
    progress("searching neighbours")
    found = _neighbours(kept, same)
    warned = notes + _warned(points, same, found, sizes={k: len(v) for k, v in sets.items()}, accept=accept)
    progress("permuting labels")
    table = net_copied_fractions(
        train=kept.train, test=kept.test, generated=kept.generated, ratios=ratios, seed=seed, permutations=permutations
    )
    swap = exchangeability(train=kept.train, test=kept.test, rng=rng)
    guessed = _guessed(points, rng)
    share = same.overlap / len(points.test)
    sizes = (len(kept.train), len(kept.test), len(kept.generated))
    return Audit(
        copying=judge_copying(table, overlap=share, p_value=swap.p_value, wider=swap.wider, sizes=sizes),
        membership_verdict=judge_membership(guessed, overlap=share, p_value=swap.p_value),
        table=table,
        criteria=found.criteria,
        samples=found.samples,
        training=training_table(found.samples, items=len(points.train)),
        membership=guessed,
        exchangeability_p=swap.p_value,
        warnings=warned,
        sets=sets,
        settings=settings,
        null=found.null,
    )


@dataclass(frozen=True)
class _Found:
    samples: pd.DataFrame
    criteria: pd.DataFrame
    to_train: np.ndarray
    null: np.ndarray


def _compared(points: _Points, accept: tuple[str, ...]) -> tuple[checks.Shared, _Points]:
    """What the sets share, and their points with each location once and none that two sets share.

    Raises:
        AuditError: if columns seem to be in another order, or too few points are left.
    """
    for name in ("test", "generated"):
        if "order" not in accept:
            checks.refuse_other_order(train=points.train, other=getattr(points, name), name=name)
    same = checks.shared(train=points.train, test=points.test, generated=points.generated)
    kept = _Points(points.train[same.train], points.test[same.test], points.generated)
    if min(len(kept.train), len(kept.test)) < 2:
        raise AuditError(
            "test: every held-out item is a training item, too: give items that were not trained on (in a table as "
            "coarse as that, copies cannot be told from coincidence)"
        )
    return same, kept


def _warned(
    points: _Points, same: checks.Shared, found: _Found, *, sizes: dict[str, int], accept: tuple[str, ...]
) -> list[str]:
    """What may be wrong with the sets, a sentence each.

    Raises:
        AuditError: if the units seem to differ and "far" is not one of ``accept``.
    """
    equal = len(points.train) == len(points.generated) and bool((found.samples["train_distance"] == 0).all())
    warned = checks.warnings_of(same, sizes=sizes, equal=equal)
    warned += checks.constant(points.train, points.generated)
    nearest = found.samples[["train_distance", "test_distance"]].min(axis=1).to_numpy()
    sets = {"train": points.train, "generated": points.generated}
    try:
        return warned + checks.refuse_other_units(nearest=nearest, held_out=found.to_train, **sets)
    except AuditError as error:
        if "far" not in accept:
            raise
        return [*warned, f"Accepted: {error}"]


def _guessed(points: _Points, rng: np.random.Generator) -> Membership:
    """The guesses which point of each pair of a training and a held-out location was trained on."""
    n = len(points.train)
    location = locations(np.vstack([points.train, points.test]))
    pairs = pair(train_location=location[:n], test_location=location[n:], rng=rng)
    return membership(train=points.train, test=points.test, generated=points.generated, pairs=pairs)


def _neighbours(kept: _Points, same: checks.Shared) -> _Found:
    """Nearest items of samples and of held-out items, in one search per set."""
    row = {"train": np.flatnonzero(same.train), "test": np.flatnonzero(same.test)}
    trained, held_out = Index(kept.train), Index(kept.test)
    near, far = trained.nearest(kept.generated, 2), held_out.nearest(kept.generated, 1)
    to_train = trained.nearest(kept.test, 2)
    to_other = spacing(kept.test, held_out).astype(float)
    null = null_scores(to_train=to_train.distance[:, 0], to_other=to_other)
    samples = sample_table(
        train_item=row["train"][near.location[:, 0]],
        train_distance=near.distance[:, 0],
        test_item=row["test"][far.location[:, 0]],
        test_distance=far.distance[:, 0],
        null=null,
    )
    gaps = spacing(kept.train, trained)
    criteria = _criteria(near, far, to_train, to_other, gaps)
    return _Found(samples, criteria, to_train.distance[:, 0], null)


def _criteria(
    near: Neighbours, far: Neighbours, to_train: Neighbours, to_other: np.ndarray, gaps: np.ndarray
) -> pd.DataFrame:
    """Published criteria of the samples, and of held-out items, which copy nothing.

    ``near`` and ``far`` are the samples' neighbours in the training and the held-out set, ``to_train`` those of the
    held-out items in the training set, ``to_other`` their distances to each other, ``gaps`` those of training items.
    """
    own, other, gap = near.distance[:, 0], to_train.distance[:, 0], float(np.median(gaps))
    authentic = [authenticity(d.distance[:, 0], gaps[d.location[:, 0]]) for d in (near, to_train)]
    z = rank_z(generated=own.astype(np.float32), held_out=other.astype(np.float32))
    rows = [
        ("rule of 1/3", *(np.mean(second(d.distance) < ONE_THIRD) for d in (near, to_train))),
        (
            "closer to a training than to any held-out item",
            np.mean(own < far.distance[:, 0]),
            np.mean(other < to_other),
        ),
        ("not authentic", *(np.mean(score <= 1) for score in authentic)),
        ("exact copies", np.mean(own == 0), np.mean(other == 0)),
        ("C_T (below -2: closer to the training set than held-out items are)", z, 0.0),
        ("median distance to the training set, in spacings", np.median(own) / gap, np.median(other) / gap),
    ]
    return pd.DataFrame(rows, columns=["criterion", "generated", "held_out"])


def _without_held_out(
    train: np.ndarray, generated: np.ndarray, sets: dict[str, Items], settings: dict[str, Any], notes: list[str]
) -> Audit:
    """What can be said without held-out items: distances, the rule of 1/3, exact copies; no share of copies."""
    trained = Index(train)
    near = trained.nearest(generated, 2)
    gaps = spacing(train, trained)
    own = near.distance[:, 0]
    rows = [
        ("rule of 1/3", np.mean(second(near.distance) < ONE_THIRD), np.nan),
        ("not authentic", np.mean(authenticity(own, gaps[near.location[:, 0]]) <= 1), np.nan),
        ("exact copies", np.mean(own == 0), np.nan),
    ]
    samples = pd.DataFrame({"sample": np.arange(len(own)), "train_item": near.location[:, 0], "train_distance": own})
    samples["copy"] = own == 0
    reason = (
        "no held-out items were given, so that copies cannot be told from coincidence; only exact copies are certain"
    )
    return Audit(
        copying=Verdict("not possible", f"No share of copies is estimated: {reason}."),
        membership_verdict=Verdict("not possible", "Membership cannot be tested without held-out items."),
        table=pd.DataFrame(),
        criteria=pd.DataFrame(rows, columns=["criterion", "generated", "held_out"]),
        samples=samples,
        training=training_table(samples, items=len(train)),
        membership=None,
        exchangeability_p=float("nan"),
        warnings=notes,
        sets=sets,
        settings=settings,
    )
