"""The audit: from three sets to two verdicts, with every reason for which a verdict is withheld or refused.

Order: (1) what cannot be right is refused before any verdict (`items`, `checks`); (2) rows that training and held-out
set share are left out of both; (3) the net copied fraction with its interval (`measure.auditing`); (4) is the held-out
set exchangeable with the training set (`measure.exchangeability`)? (5) could a share of 5 % have been seen? (6)
membership (`measure.membership`); (7) single samples at a false discovery rate of 5 % (`samples`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from diffmem.auditing import checks
from diffmem.auditing.nearest import Found, compare, compare_alone
from diffmem.auditing.samples import training_table
from diffmem.auditing.sets import features_of, given_sets
from diffmem.auditing.verdict import Verdict, judge_copying, judge_membership
from diffmem.auditing.versions import Alone, versions_of
from diffmem.data.augment import ITSELF
from diffmem.data.items import AuditError, Items
from diffmem.locations import first_rows
from diffmem.measure.auditing import RATIOS, net_copied_fractions
from diffmem.measure.exchangeability import exchangeability
from diffmem.measure.membership import Membership, membership, pair

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
        settings: seed, ratios, permutations, features, augment.
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
    augment: str | Sequence[str] | None = None,
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
        augment: versions of images that count as the same image, of "mirror", "shift" or "shift-K" and "crop", as a
            list or with commas: the distance to an item is that to its nearest version.
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
    flat, project = features_of(sets, features)
    of = versions_of(augment, sets=sets, points=flat, project=project, features=features)
    rng = np.random.default_rng(seed)
    named = features if isinstance(features, str) else getattr(features, "__name__", "function")
    settings = {"seed": seed, "ratios": list(ratios), "permutations": permutations, "accept": list(accept)}
    settings |= {"features": named, "augment": _listed(augment)}
    notes = [note for items in sets.values() for note in items.notes]
    if "test" not in flat:
        return _without_held_out(flat, of, sets, settings, notes)
    points = _Points(**flat)
    progress("comparing the sets")
    same, kept = _compared(points, of, accept)
    progress("searching neighbours")
    rows = {"train_row": np.flatnonzero(same.train), "test_row": np.flatnonzero(same.test)}
    found = compare(**vars(kept), **rows, of=of)
    warned = notes + _warned(points, same, found, sizes={k: len(v) for k, v in sets.items()}, accept=accept)
    progress("permuting labels")
    table = net_copied_fractions(**vars(kept), ratios=ratios, seed=seed, permutations=permutations, search=of.search)
    warned += checks.too_few(table, train=len(kept.train), test=len(kept.test))
    swap = exchangeability(train=kept.train, test=kept.test, rng=rng)
    guessed = _guessed(points, of, rng)
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


def _compared(points: _Points, of: Alone, accept: tuple[str, ...]) -> tuple[checks.Shared, _Points]:
    """What the sets share, and their points with each location once and none that two sets share.

    Raises:
        AuditError: if columns seem to be in another order, or too few points are left.
    """
    for name in ("test", "generated") if not of.names else ("test",):  # mirrored images have other columns
        if "order" not in accept:
            checks.refuse_other_order(train=points.train, other=getattr(points, name), name=name)
    same = checks.shared(**vars(points), locate=of.locations)
    kept = _Points(points.train[same.train], points.test[same.test], points.generated)
    if min(len(kept.train), len(kept.test)) < 2:
        raise AuditError(
            "test: every held-out item is a training item, too: give items that were not trained on (in a table as "
            "coarse as that, copies cannot be told from coincidence)"
        )
    return same, kept


def _warned(
    points: _Points, same: checks.Shared, found: Found, *, sizes: dict[str, int], accept: tuple[str, ...]
) -> list[str]:
    """What may be wrong with the sets, a sentence each.

    Raises:
        AuditError: if the units seem to differ and "far" is not one of ``accept``.
    """
    equal = len(points.train) == len(points.generated) and bool((found.samples["train_distance"] == 0).all())
    versions = "version" in found.samples
    equal = equal and not (versions and (found.samples["version"] != ITSELF).any())
    warned = checks.warnings_of(same, sizes=sizes, equal=equal, versions=versions)
    warned += checks.constant(points.train, points.generated)
    nearest = found.samples[["train_distance", "test_distance"]].min(axis=1).to_numpy()
    sets = {"train": points.train, "generated": points.generated}
    try:
        return warned + checks.refuse_other_units(nearest=nearest, held_out=found.to_train, **sets)
    except AuditError as error:
        if "far" not in accept:
            raise
        return [*warned, f"Accepted: {error}"]


def _guessed(points: _Points, of: Alone, rng: np.random.Generator) -> Membership:
    """The guesses which point of each pair of a training and a held-out location was trained on."""
    n = len(points.train)
    location = of.locations(np.vstack([points.train, points.test]))
    pairs = pair(train_location=location[:n], test_location=location[n:], rng=rng)
    return membership(**vars(points), pairs=pairs, versions=of.versions)


def _listed(augment: str | Sequence[str] | None) -> list[str]:
    """The names of the versions, as they were given."""
    return [name.strip() for name in (augment.split(",") if isinstance(augment, str) else augment or ())]


def _without_held_out(
    flat: dict[str, np.ndarray], of: Alone, sets: dict[str, Items], settings: dict[str, Any], notes: list[str]
) -> Audit:
    """What can be said without held-out items: distances, the rule of 1/3, exact copies; no share of copies."""
    rows = first_rows(of.locations(flat["train"]))
    if len(rows) < 2:
        raise AuditError("train: all training items are the same; an audit needs at least two different ones")
    found = compare_alone(train=flat["train"][rows], generated=flat["generated"], train_row=rows, of=of)
    reason = (
        "no held-out items were given, so that copies cannot be told from coincidence; only exact copies are certain"
    )
    return Audit(
        copying=Verdict("not possible", f"No share of copies is estimated: {reason}."),
        membership_verdict=Verdict("not possible", "Membership cannot be tested without held-out items."),
        table=pd.DataFrame(),
        criteria=found.criteria,
        samples=found.samples,
        training=training_table(found.samples, items=len(flat["train"])),
        membership=None,
        exchangeability_p=float("nan"),
        warnings=notes,
        sets=sets,
        settings=settings,
    )
