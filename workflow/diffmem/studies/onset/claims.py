"""The claims of the onset paper, put to the test cell by cell and between cells.

    T1       P(Delta_CS > 0) crosses one half at n of order d: between d/2 and 2 d
    T1-l2    the same with the paper's squared L2 distance
    T2       E_OG, as -log c_O / d, is largest at n = d, within a quarter
    T2-fall  E_OG at the largest n is below that at n = d
    T3       memorizing ends where generalizing begins: n_mem / n_gen lies between 1/2 and 2
    T4       n_mem grows with the network (T4-updates: with the training steps)
    T5       KL at n / d = 2, or the ratio nearest to it of those from 4/3 to 3, is that of isotropic data, within a
             tenth: it follows the ambient dimension; undecided where it is infinite
    T6       W2 to the truth comes down earlier than for isotropic data (T6-copying: copying ends earlier)

A claim on a place is reproduced if its interval lies within the bounds, not reproduced if outside, and otherwise
undecided. A place beyond the sizes that were run lies anywhere there, and the largest value of a curve anywhere between
the sizes before and after it. T4 to T6 compare two cells that differ in one
setting. Their repetitions have the same random numbers and are resampled together.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from diffmem.settings.onset import Mlp, OneStep, OnsetCell, Spectrum
from diffmem.studies.claims import (
    FEWER,
    LEAST,
    MORE,
    NEGATIVE,
    UNDECIDED,
    Claim,
    Finding,
    Region,
    between,
    decide,
    judge_mean,
    tabulate,
)
from diffmem.studies.onset.places import CROSSINGS, resample_places

ORDER = between(0.5, 2.0)  # the meaning of "of the same order" here
QUARTER = between(0.75, 1.25)  # the sizes before and after n = d
NEAR = between(0.9, 1.1)
ABOUT_TWO = 4 / 3, 3.0  # ratios n / d at which T5 is asked
INFINITE = "KL to the truth is infinite at this ratio"
PLACES = (
    ("T1", "cs", ORDER, "P(Delta_CS > 0) crosses one half between n = d/2 and 2 d", "n / d", "probability"),
    ("T1-l2", "l2", ORDER, "P(Delta_L2 > 0) crosses one half between n = d/2 and 2 d", "n / d", "probability"),
    ("T2", "peak", QUARTER, "E_OG is largest at n = d, within a quarter", "n / d", "overlaps"),
    ("T3", "ratio", ORDER, "copying ends where W2 comes down, within a factor of two", "n_mem / n_gen", "places"),
)
GROWTH = {
    "width": ("T4", "copying ends later for the larger network"),
    "updates": ("T4-updates", "copying ends later after more training steps"),
}


def claims(table: pd.DataFrame, *, cells: dict[str, OnsetCell]) -> pd.DataFrame:
    """One row per claim and cell, or pair of cells, with the columns of `studies.claims`.

    Args:
        table: what ``onset.simulate`` returns for all cells, with the columns study and cell.
        cells: cell -> its settings.
    """
    parts = {cell: table[(table["cell"] == cell) & (table["training"] == 0)] for cell in cells}
    places = {cell: resample_places(part) for cell, part in parts.items()}
    rows = [row for cell in cells for row in _alone(parts[cell], places[cell], cells[cell])]
    for one, other, key in pairs(cells):
        rows += _compare_cells(
            key, (parts[one], parts[other]), (places[one], places[other]), (cells[one], cells[other])
        )
    return tabulate(replace(row, study=table["study"].iloc[0]) for row in rows)


def pairs(cells: dict[str, OnsetCell]) -> list[tuple[str, str, str]]:
    """Pairs (one, other, key) of cells that differ in one setting: isotropic and another law, or a smaller and the next
    larger value of a generator's width or updates."""
    found = []
    for one, a in cells.items():
        for other, b in cells.items():
            made, other_made = dict(a.generator), dict(b.generator)
            different = [key for key in made if made[key] != other_made.get(key)]
            same_law, same_rest = a.law == b.law, a.onset == b.onset
            if a.law.name == "isotropic" != b.law.name and not different and same_rest:
                if a.law.features == b.law.features:
                    found.append((one, other, "law"))
            elif same_law and same_rest and len(different) == 1 and different[0] in GROWTH:
                key = different[0]
                values = sorted(
                    {getattr(cell.generator, key) for cell in cells.values() if hasattr(cell.generator, key)}
                )
                if values.index(other_made[key]) == values.index(made[key]) + 1:
                    found.append((one, other, key))
    return found


@dataclass(frozen=True)
class Known:
    """What is known of a place, or of a factor between two, and of its resamples: it lies between two bounds.

    Attributes:
        found: the place and after it its resamples, of shape (1 + resamples,).
        low, high: bounds of the same shape.
    """

    found: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __truediv__(self, other: "Known") -> "Known":
        """The ratio of two places that were resampled together."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return Known(self.found / other.found, self.low / other.high, self.high / other.low)


def bounds_of_place(found: np.ndarray, ratios: np.ndarray) -> Known:
    """Bounds of a place: 0 lies somewhere below the smallest of the ascending ``ratios``, inf above the largest."""
    low = np.where(np.isinf(found), ratios[-1], np.nan_to_num(found))
    high = np.where(found == 0, ratios[0], np.nan_to_num(found, nan=np.inf, posinf=np.inf))
    return Known(found, low, high)


def bounds_of_peak(found: np.ndarray, ratios: np.ndarray) -> Known:
    """Bounds of the ratio at which a curve is largest: those before and after it of the ascending ``ratios``."""
    at = np.searchsorted(ratios, found)
    return Known(found, np.append(0, ratios)[at], np.append(ratios, np.inf)[at + 1])


def judge_place(known: Known, region: Region, *, replicates: int) -> Finding:
    """Finding on the claim that a place lies in a ``region``, of which ``replicates`` were resampled.

    The 2.5 % quantile of the resamples' lower bounds and the 97.5 % quantile of their upper bounds decide.
    """
    low = np.quantile(known.low[1:], 0.025, method="inverted_cdf")
    high = np.quantile(known.high[1:], 0.975, method="inverted_cdf")
    return Finding(decide(low, high, region, replicates=replicates), known.found[0], low, high, replicates=replicates)


def words(cell: OnsetCell) -> str:
    """What a cell's rows hold for."""
    law, made, options = cell.law, cell.generator, ""
    if isinstance(made, OneStep):
        options = f" (lambda {made.generalization:g})"
    elif isinstance(made, Mlp):
        options = f" ({made.width} units, {made.updates} updates)"
    size = "" if isinstance(law, Spectrum) else f", d = {law.features}"
    return f"{law.name}{size}, {made.name}{options}"


def _alone(part: pd.DataFrame, places: pd.DataFrame, cell: OnsetCell) -> list[Claim]:
    """The rows of one cell."""
    same = {"cell": part["cell"].iloc[0], "holds_for": words(cell), "reference": "truth"}
    count, ratios = part["repetition"].nunique(), np.unique(part["ratio"])
    known = _known(places, ratios)
    rows = [
        Claim(
            claim=claim,
            statement=statement,
            unit=unit,
            figure=figure,
            finding=judge_place(known[place], region, replicates=count),
            **same,
        )
        for claim, place, region, statement, unit, figure in PLACES
    ]
    overlap = -part.pivot(index="repetition", columns="ratio", values="log_c_fresh") / part["dimension"].iloc[0]
    nearest = np.abs(np.log(overlap.columns.to_numpy())).argmin()
    fall = Claim(
        claim="T2-fall",
        statement=f"E_OG at n / d = {overlap.columns[-1]:g} is below that at {overlap.columns[nearest]:g}",
        unit="-log c_O / d",
        figure="overlaps",
        finding=judge_mean((overlap.iloc[:, -1] - overlap.iloc[:, nearest]).to_numpy(), NEGATIVE),
        **same,
    )
    return [*rows, fall]


def _compare_cells(key: str, parts: tuple, places: tuple, settings: tuple) -> list[Claim]:
    """The rows of a pair of cells, the first being the isotropic or the smaller one."""
    one, other = parts
    count = min(part["repetition"].nunique() for part in parts)
    holds_for = f"{words(settings[1])} against {words(settings[0])}"
    first, second = (_known(drawn, np.unique(part["ratio"])) for drawn, part in zip(places, parts, strict=True))
    ratio = {place: second[place] / first[place] for place in ("mem", "gen")}

    def row(claim: str, statement: str, unit: str, known: Known, region: Region, figure: str = "places") -> Claim:
        finding = judge_place(known, region, replicates=count)
        cell = other["cell"].iloc[0]
        return Claim(claim=claim, statement=statement, unit=unit, cell=cell, reference="truth", finding=finding,
                     figure=figure, holds_for=holds_for)  # fmt: skip

    if key != "law":
        return [row(*GROWTH[key], "factor on n_mem", ratio["mem"], MORE)]
    rows = [
        row("T6", "W2 comes down earlier than for isotropic data", "factor on n_gen", ratio["gen"], FEWER),
        row("T6-copying", "copying ends earlier than for isotropic data", "factor on n_mem", ratio["mem"], FEWER),
    ]
    if (at := _ratio_near_two(one)) is None:
        return rows
    factor = _kl_ratio(one, other, at=at)
    kl = f"KL at n / d = {at:g} is that of isotropic data within a tenth"
    found = row("T5", kl, "factor on KL", Known(factor, factor, factor), NEAR, "distances")
    unknown = count >= LEAST and not np.isfinite(factor).all()
    return [*rows, replace(found, finding=Finding(UNDECIDED, replicates=count, reason=INFINITE)) if unknown else found]


def _known(places: pd.DataFrame, ratios: np.ndarray) -> dict[str, Known]:
    """Place -> what is known of it, for the `places` of a cell that was run at the ascending ``ratios``."""
    found = {place: bounds_of_place(places[place].to_numpy(), ratios) for place in (*CROSSINGS, "mem", "gen")}
    return {**found, "peak": bounds_of_peak(places["peak"].to_numpy(), ratios), "ratio": found["mem"] / found["gen"]}


def _ratio_near_two(part: pd.DataFrame) -> float | None:
    """The ratio n / d nearest to 2 of those in ``ABOUT_TWO``, if there is one."""
    low, high = ABOUT_TWO
    ratios = np.unique(part["ratio"])
    near = ratios[(ratios >= low) & (ratios <= high)]
    return float(near[np.abs(np.log(near / 2)).argmin()]) if len(near) else None


def _kl_ratio(one: pd.DataFrame, other: pd.DataFrame, *, at: float, resamples: int = 200) -> np.ndarray:
    """Mean KL of ``other`` over that of ``one`` ``at`` a ratio n / d, and its resamples over repetitions.

    A repetition of both cells is resampled as one, because it has the same random numbers in both. Not finite where
    either KL is infinite.
    """
    means = []
    for part in (one, other):
        values = part[part["ratio"] == at].sort_values("repetition")["kl"].to_numpy()
        picks = np.random.default_rng(0).integers(len(values), size=(resamples, len(values)))
        means.append(np.append(values.mean(), values[picks].mean(1)))
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(means).any(0), np.nan, means[1] / means[0])
