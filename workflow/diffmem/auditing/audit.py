"""The audit: from three sets to two verdicts, with every reason for which a verdict is withheld or refused.

Order: (1) what cannot be right is refused before any verdict (`items`, `checks`); (2) rows that training and held-out
set share are left out of both; (3) the net copied fraction with its interval (`measure.auditing`); (4) is the held-out
set exchangeable with the training set (`measure.exchangeability`)? (5) could a share of 5 % have been seen? (6)
membership (`measure.membership`); (7) single samples at a false discovery rate of 5 % (`samples`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from diffmem.auditing import checks
from diffmem.auditing.nearest import Found, compare, compare_alone
from diffmem.auditing.result import Audit
from diffmem.auditing.samples import training_table
from diffmem.auditing.searching import STEP, Searches, backend_of, pairs_of, recall_table, said_of
from diffmem.auditing.sets import features_of, given_sets
from diffmem.auditing.verdict import Verdict, judge_copying, judge_membership
from diffmem.auditing.versions import Alone, versions_of
from diffmem.data.augment import ITSELF
from diffmem.data.items import AuditError, Items
from diffmem.locations import first_rows
from diffmem.measure.auditing import RATIOS, net_copied_fractions
from diffmem.measure.exchangeability import exchangeability
from diffmem.measure.membership import Membership, membership, pair
from diffmem.neighbours.index import Index, MakeSearch

ACCEPTABLE = ("far", "order")  # refusals that the user may overrule


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
    index: str = "exact",
    ratios: tuple[float, ...] = RATIOS,
    seed: int = 0,
    permutations: int = 200,
    accept: tuple[str, ...] = (),
    progress: Callable[[str], None] = lambda _: None,
    worked: Callable[[float], None] = lambda _: None,
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
        index: "exact", or an approximate search for large sets, whose recall is measured: "ivf" or "ivf-PROBES"
            (cells), "hnsw" or "hnsw-BREADTH" (a graph).
        ratios: r of the net copied fraction, at least 1.
        seed: of permutations and pairs.
        permutations: of labels, behind chance level and interval.
        accept: refusals to overrule, of "far" (samples far from both sets) and "order" (columns in another order).
        progress: called with a sentence before each stage.
        worked: called with the share of the search, nearly all of the work on large sets, that is done.

    Raises:
        AuditError: one sentence, where no answer could be right.
    """
    if unknown := set(accept) - set(ACCEPTABLE):
        raise AuditError(f"accept: {sorted(unknown)[0]} is none of {', '.join(ACCEPTABLE)}")
    make = backend_of(index)
    if augment and make is not Index:
        raise AuditError(f"index = {index}: goes without augment; leave one of them out")
    progress("reading")
    sets = given_sets(
        train=train, test=test, generated=generated, labels={"train": train_labels, "generated": generated_labels}
    )
    flat, project = features_of(sets, features, compact=not augment)
    of = versions_of(augment, sets=sets, points=flat, project=project, features=features)
    rng = np.random.default_rng(seed)
    named = features if isinstance(features, str) else getattr(features, "__name__", "function")
    settings = {"seed": seed, "ratios": list(ratios), "permutations": permutations, "accept": list(accept)}
    settings |= {"features": named, "augment": _listed(augment), "index": index}
    notes = [note for items in sets.values() for note in items.notes]
    make = of.search if of.names else make
    total = pairs_of(**{name: len(flat.get(name, ())) for name in ("train", "test", "generated")})
    search = Searches(make, total=total, worked=worked, seed=seed, step=None if of.names else STEP)
    if "test" not in flat:
        return _without_held_out(flat, of, search, sets, settings, notes)
    points = _Points(**flat)
    progress("comparing the sets")
    same, kept = _compared(points, of, accept)
    progress("searching neighbours")
    rows = {"train_row": np.flatnonzero(same.train), "test_row": np.flatnonzero(same.test)}
    found = compare(**vars(kept), **rows, of=of, search=search)
    warned = notes + _warned(points, same, found, sizes={k: len(v) for k, v in sets.items()}, accept=accept)
    progress("permuting labels")
    pooled = search("items of both sets")
    table = net_copied_fractions(**vars(kept), ratios=ratios, seed=seed, permutations=permutations, search=pooled)
    warned += checks.too_few(table, train=len(kept.train), test=len(kept.test))
    swap = exchangeability(train=kept.train, test=kept.test, rng=rng)
    progress("guessing members")
    guessed = _guessed(points, of, search("samples", backend_of(index)), rng)
    recall = recall_table(search)
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
        warnings=warned + said_of(recall, index),
        recall=recall,
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
    kept = _Points(_only(points.train, same.train), _only(points.test, same.test), points.generated)
    if min(len(kept.train), len(kept.test)) < 2:
        raise AuditError(
            "test: every held-out item is a training item, too: give items that were not trained on (in a table as "
            "coarse as that, copies cannot be told from coincidence)"
        )
    return same, kept


def _only(points: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The chosen rows of ``points`` (n, d); no copy where it is all of them."""
    return points if chosen.all() else points[chosen]


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


def _guessed(points: _Points, of: Alone, search: MakeSearch, rng: np.random.Generator) -> Membership:
    """The guesses which point of each pair of a training and a held-out location was trained on."""
    n = len(points.train)
    location = of.locations(np.vstack([points.train, points.test]))
    pairs = pair(train_location=location[:n], test_location=location[n:], rng=rng)
    return membership(**vars(points), pairs=pairs, versions=of.versions, search=search)


def _listed(augment: str | Sequence[str] | None) -> list[str]:
    """The names of the versions, as they were given."""
    return [name.strip() for name in (augment.split(",") if isinstance(augment, str) else augment or ())]


def _without_held_out(
    flat: dict[str, np.ndarray],
    of: Alone,
    search: Searches,
    sets: dict[str, Items],
    settings: dict[str, Any],
    notes: list[str],
) -> Audit:
    """What can be said without held-out items: distances, the rule of 1/3, exact copies; no share of copies."""
    rows = first_rows(of.locations(flat["train"]))
    if len(rows) < 2:
        raise AuditError("train: all training items are the same; an audit needs at least two different ones")
    searched = {"train": flat["train"][rows], "generated": flat["generated"]}
    found = compare_alone(**searched, train_row=rows, of=of, search=search)
    recall = recall_table(search)
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
        warnings=notes + said_of(recall, settings["index"]),
        recall=recall,
        sets=sets,
        settings=settings,
    )
