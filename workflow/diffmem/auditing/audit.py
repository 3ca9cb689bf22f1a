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
from diffmem.data.augment import ITSELF, listed
from diffmem.data.items import AuditError, Items
from diffmem.locations import first_rows
from diffmem.measure.auditing import RATIOS, net_copied_fractions
from diffmem.measure.exchangeability import exchangeability
from diffmem.measure.membership import Membership, membership, pair
from diffmem.neighbours.index import Index, MakeSearch

ACCEPTABLE = ("far", "order")  # refusals that the user may overrule
FEWEST = 20  # permutations, below which a spread over them says nothing


@dataclass(frozen=True)
class _Points:
    """The three sets as points (n, d), (n', d) and (g, d)."""

    train: np.ndarray
    test: np.ndarray
    generated: np.ndarray


@dataclass(frozen=True)
class _Task:
    """What is audited, and how.

    Attributes:
        sets: the sets as they were read.
        flat: set -> its points in the features.
        of: what counts as one item.
        backend: makes a search that knows no versions.
        search: makes the searches of this audit.
        settings: as ``Audit.settings``.
        progress: called with a sentence before each stage.
    """

    sets: dict[str, Items]
    flat: dict[str, np.ndarray]
    of: Alone
    backend: MakeSearch
    search: Searches
    settings: dict[str, Any]
    progress: Callable[[str], None]

    @property
    def notes(self) -> list[str]:
        """What was noted when the sets were read."""
        return [note for items in self.sets.values() for note in items.notes]


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
            arrays that gives (n, d), itself or as "FILE.py:NAME" or "MODULE:NAME".
        augment: versions of images that count as the same image, of "mirror", "shift" or "shift-K" and "crop", as a
            list or with commas: the distance to an item is that to its nearest version.
        index: "exact", or an approximate search for large sets, whose recall is measured: "ivf" or "ivf-PROBES"
            (cells), "hnsw" or "hnsw-BREADTH" (a graph).
        ratios: r of the net copied fraction, at least 1.
        seed: of permutations and pairs.
        permutations: of labels, behind chance level and interval; at least 20.
        accept: refusals to overrule, of "far" (samples far from both sets) and "order" (columns in another order).
        progress: called with a sentence before each stage.
        worked: called with the share of the search, nearly all of the work on large sets, that is done.

    Raises:
        AuditError: one sentence, where no answer could be right.
    """
    if unknown := set(accept) - set(ACCEPTABLE):
        raise AuditError(f"accept: {sorted(unknown)[0]} is none of {', '.join(ACCEPTABLE)}")
    if permutations < FEWEST:
        raise AuditError(f"permutations = {permutations}: must be at least {FEWEST}")
    backend = backend_of(index)
    if augment and backend is not Index:
        raise AuditError(f"index = {index}: goes without augment; leave one of them out")
    progress("reading")
    labels = {"train": train_labels, "generated": generated_labels}
    sets = given_sets(train=train, test=test, generated=generated, labels=labels, accept=accept)
    flat, project = features_of(sets, features, compact=not augment)
    of = versions_of(augment, sets=sets, points=flat, project=project, features=features)
    named = features if isinstance(features, str) else getattr(features, "__name__", "function")
    settings = {"seed": seed, "ratios": list(ratios), "permutations": permutations, "accept": list(accept)}
    settings |= {"features": named, "augment": listed(augment or ()), "index": index}
    search = _searches(flat, of, backend, seed=seed, worked=worked)
    task = _Task(sets, flat, of, backend, search, settings, progress)
    return _with_held_out(task) if "test" in flat else _without_held_out(task)


def _searches(
    flat: dict[str, np.ndarray], of: Alone, backend: MakeSearch, *, seed: int, worked: Callable[[float], None]
) -> Searches:
    """What makes the searches among the points ``flat`` of the sets, by ``backend`` or among versions."""
    total = pairs_of(**{name: len(flat.get(name, ())) for name in ("train", "test", "generated")})
    make, step = (of.search, None) if of.names else (backend, STEP)
    return Searches(make, total=total, worked=worked, seed=seed, step=step)


def _with_held_out(task: _Task) -> Audit:
    """Both verdicts, in the order that the head of this module gives."""
    settings, points, rng = task.settings, _Points(**task.flat), np.random.default_rng(task.settings["seed"])
    task.progress("comparing the sets")
    same, kept = _compared(points, task.of, settings["accept"])
    task.progress("searching neighbours")
    rows = {"train_row": np.flatnonzero(same.train), "test_row": np.flatnonzero(same.test)}
    found = compare(**vars(kept), **rows, of=task.of, search=task.search)
    sizes = {name: len(items) for name, items in task.sets.items()}
    warned = task.notes + _warned(points, same, found, sizes=sizes, accept=settings["accept"])
    task.progress("permuting labels")
    drawn = {name: settings[name] for name in ("ratios", "seed", "permutations")}
    table = net_copied_fractions(**vars(kept), **drawn, search=task.search("items of both sets"))
    warned += checks.too_few(table, train=len(kept.train), test=len(kept.test))
    swap = exchangeability(train=kept.train, test=kept.test, rng=rng)
    task.progress("guessing members")
    guessed = _guessed(points, same.location, task, rng)
    recall = recall_table(task.search)
    counts = (len(kept.train), len(kept.test), len(kept.generated))
    return Audit(
        copying=judge_copying(table, lost=same.lost, p_value=swap.p_value, wider=swap.wider, sizes=counts),
        membership_verdict=judge_membership(guessed, lost=same.lost, p_value=swap.p_value),
        table=table,
        criteria=found.criteria,
        samples=found.samples,
        training=training_table(found.samples, items=len(points.train)),
        membership=guessed,
        exchangeability_p=swap.p_value,
        warnings=warned + said_of(recall, settings["index"]),
        recall=recall,
        sets=task.sets,
        settings=settings,
        null=found.null,
    )


def _compared(points: _Points, of: Alone, accept: Sequence[str]) -> tuple[checks.Shared, _Points]:
    """What the sets share, and their points with each location once and none that two sets share.

    Raises:
        AuditError: if columns seem to be in another order, or too few points are left.
    """
    for name in ("test", "generated") if not of.names else ("test",):  # mirrored images have other columns
        if "order" not in accept:
            checks.refuse_other_order(train=points.train, other=getattr(points, name), name=name)
    same = checks.shared(**vars(points), locate=of.locations)
    kept = _Points(_only(points.train, same.train), _only(points.test, same.test), points.generated)
    for name, word, other in (("test", "held-out", "training"), ("train", "training", "held-out")):
        if len(getattr(kept, name)) < 2:
            raise AuditError(f"{name}: {_nothing_left(word, other, lost=same.lost[word])}")
    return same, kept


def _nothing_left(word: str, other: str, *, lost: float) -> str:
    """Why a set has not two items of its own; the share ``lost`` of its items are in the ``other`` set, too."""
    if not lost:
        return f"all {word} items are the same; an audit needs at least two different ones"
    who = f"every {word} item is" if lost == 1 else f"nearly every different {word} item is"
    remedy = "give held-out items that were not trained on"
    return f"{who} a {other} item, too: {remedy} (in a table as coarse as that, copies cannot be told from coincidence)"


def _only(points: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The chosen rows of ``points`` (n, d); no copy where it is all of them."""
    return points if chosen.all() else points[chosen]


def _warned(
    points: _Points, same: checks.Shared, found: Found, *, sizes: dict[str, int], accept: Sequence[str]
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


def _guessed(points: _Points, location: np.ndarray, task: _Task, rng: np.random.Generator) -> Membership:
    """The guesses which point of each pair of a training and a held-out ``location`` (n + n',) was trained on."""
    n = len(points.train)
    pairs = pair(train_location=location[:n], test_location=location[n:], rng=rng)
    search = task.search("samples", task.backend)
    return membership(**vars(points), pairs=pairs, versions=task.of.versions, search=search)


def _without_held_out(task: _Task) -> Audit:
    """What can be said without held-out items: distances, the rule of 1/3, exact copies; no share of copies."""
    train = task.flat["train"]
    rows = first_rows(task.of.locations(train))
    if len(rows) < 2:
        raise AuditError("train: all training items are the same; an audit needs at least two different ones")
    searched = {"train": train[rows], "generated": task.flat["generated"]}
    found = compare_alone(**searched, train_row=rows, of=task.of, search=task.search)
    recall = recall_table(task.search)
    reason = (
        "no held-out items were given, so that copies cannot be told from coincidence; only exact copies are certain"
    )
    return Audit(
        copying=Verdict("not possible", f"No share of copies is estimated: {reason}."),
        membership_verdict=Verdict("not possible", "Membership cannot be tested without held-out items."),
        table=pd.DataFrame(),
        criteria=found.criteria,
        samples=found.samples,
        training=training_table(found.samples, items=len(train)),
        membership=None,
        exchangeability_p=float("nan"),
        warnings=task.notes + said_of(recall, task.settings["index"]),
        recall=recall,
        sets=task.sets,
        settings=task.settings,
    )
