"""The claims of the onset paper, put to the test cell by cell and between cells.

    T1       P(Delta_CS > 0) crosses one half at n of order d: between d/2 and 2 d
    T1-l2    the same with the paper's squared L2 distance
    T2       E_OG, as -log c_O / d, is largest at n = d
    T2-fall  E_OG at the largest n is below that at n = d
    T3       memorizing ends where generalizing begins: n_mem / n_gen lies between 1/2 and 2
    T4       n_mem grows with the network (T4-updates: with the training steps)
    T5       KL at n = 2 d is that of isotropic data, within a tenth: it follows the ambient dimension
    T6       W2 to the truth comes down earlier than for isotropic data (T6-copying: copying ends earlier)

A statement on a place holds if its interval lies within the bounds, fails if outside, and else is undecided. T4 to T6
compare two cells whose settings differ in one thing alone; their places are resampled each for itself.
"""

from typing import Any

import numpy as np
import pandas as pd

from diffmem.studies.onset.places import resample_places
from diffmem.studies.outliers.claims import CHANCE, COLUMNS, REFUTED, REPRODUCED, verdict

ORDER = (0.5, 2.0)  # what "of the same order" is taken to mean
EARLIER, LATER = (0.0, 1.0), (1.0, np.inf)
PLACES = (
    ("T1", "cs", ORDER, "P(Delta_CS > 0) crosses one half between n = d/2 and 2 d", "n / d", "probability"),
    ("T1-l2", "l2", ORDER, "P(Delta_L2 > 0) crosses one half between n = d/2 and 2 d", "n / d", "probability"),
    ("T2", "peak", (0.9, 1.1), "E_OG is largest at n = d", "n / d", "overlaps"),
    ("T3", "ratio", ORDER, "copying ends where W2 comes down, within a factor of two", "n_mem / n_gen", "places"),
)
GROWTH = {
    "width": ("T4", "copying ends later for the larger network"),
    "updates": ("T4-updates", "copying ends later after more training steps"),
}


def claims(table: pd.DataFrame, *, cells: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """One row per claim and cell, or pair of cells, with the columns of ``studies.outliers.claims``.

    Args:
        table: what ``onset.simulate`` returns for all cells, with the columns study and cell.
        cells: cell -> its settings.
    """
    parts = {cell: table[(table["cell"] == cell) & (table["training"] == 0)] for cell in cells}
    places = {cell: resample_places(part) for cell, part in parts.items()}
    rows = [row for cell in cells for row in _alone(parts[cell], places[cell], cells[cell])]
    for one, other, key in pairs(cells):
        rows += _compared(key, (parts[one], parts[other]), (places[one], places[other]), (cells[one], cells[other]))
    return pd.DataFrame(rows).assign(study=table["study"].iloc[0], reference="truth").reindex(columns=COLUMNS)


def pairs(cells: dict[str, dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Pairs (one, other, key) of cells that differ in one thing: isotropic and another law, or a smaller and the next
    larger value of a generator's width or updates."""
    found = []
    for one, a in cells.items():
        for other, b in cells.items():
            different = [key for key in a["generator"] if a["generator"][key] != b["generator"][key]]
            same_law, same_rest = a["law"] == b["law"], a["onset"] == b["onset"]
            if a["law"]["name"] == "isotropic" != b["law"]["name"] and not different and same_rest:
                if a["law"]["dimension"] == b["law"]["dimension"]:
                    found.append((one, other, "law"))
            elif same_law and same_rest and len(different) == 1 and different[0] in GROWTH:
                key = different[0]
                values = sorted({cell["generator"][key] for cell in cells.values()})
                if values.index(b["generator"][key]) == values.index(a["generator"][key]) + 1:
                    found.append((one, other, key))
    return found


def located(drawn: np.ndarray, bounds: tuple[float, float]) -> dict[str, object]:
    """Effect, interval and verdict on the claim that a place lies in ``bounds``; drawn[0] is the place itself."""
    known = drawn[1:][~np.isnan(drawn[1:])]  # 0 over 0: both places lie below the smallest n
    low, high = np.quantile(known, [0.025, 0.975], method="inverted_cdf") if len(known) else (np.nan, np.nan)
    inside, outside = bounds[0] <= low <= high <= bounds[1], high < bounds[0] or low > bounds[1]
    name = REPRODUCED if inside else REFUTED if outside else CHANCE
    return {"effect": drawn[0], "low": low, "high": high, "verdict": name}


def words(cell: dict[str, Any]) -> str:
    """What a cell's rows hold for."""
    law, made = cell["law"], cell["generator"]
    options = {"one-step": f" (lambda {made['lam']:g})", "mlp": f" ({made['width']} units, {made['updates']} updates)"}
    size = "" if law["name"] == "spectrum" else f", d = {law['dimension']}"
    return f"{law['name']}{size}, {made['name']}{options.get(made['name'], '')}"


def _alone(part: pd.DataFrame, places: pd.DataFrame, cell: dict[str, Any]) -> list[dict[str, object]]:
    """The rows of one cell."""
    same = {"cell": part["cell"].iloc[0], "holds_for": words(cell), "replicates": part["repetition"].nunique()}
    rows = []
    for claim, place, bounds, statement, unit, figure in PLACES:
        about = {"claim": claim, "statement": statement, "unit": unit, "figure": figure}
        rows.append({**same, **about, **located(places[place].to_numpy(), bounds)})
    overlap = -part.pivot(index="repetition", columns="ratio", values="log_c_fresh") / part["dimension"].iloc[0]
    nearest = np.abs(np.log(overlap.columns.to_numpy())).argmin()
    fall = verdict((overlap.iloc[:, -1] - overlap.iloc[:, nearest]).to_numpy(), sign=-1)
    statement = f"E_OG at n / d = {overlap.columns[-1]:g} is below that at {overlap.columns[nearest]:g}"
    about = {"claim": "T2-fall", "statement": statement, "unit": "-log c_O / d", "figure": "overlaps"}
    return [*rows, {**same, **about, **fall}]


def _compared(key: str, parts: tuple, places: tuple, settings: tuple) -> list[dict[str, object]]:
    """The rows of a pair of cells, the first being the isotropic or the smaller one."""
    (one, other), (here, there) = parts, places
    count = min(part["repetition"].nunique() for part in parts)
    same = {"cell": other["cell"].iloc[0], "replicates": count, "figure": "places"}
    same["holds_for"] = f"{words(settings[1])} against {words(settings[0])}"
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = {place: there[place].to_numpy() / here[place].to_numpy() for place in ("mem", "gen")}
    if key != "law":
        claim, statement = GROWTH[key]
        about = {"claim": claim, "statement": statement, "unit": "factor on n_mem"}
        return [{**same, **about, **located(ratio["mem"], LATER)}]
    rows = [
        {**same, "claim": claim, "statement": statement, "unit": unit, **located(ratio[place], EARLIER)}
        for claim, place, statement, unit in (
            ("T6", "gen", "W2 comes down earlier than for isotropic data", "factor on n_gen"),
            ("T6-copying", "mem", "copying ends earlier than for isotropic data", "factor on n_mem"),
        )
    ]
    statement = "KL at n = 2 d is that of isotropic data within a tenth"
    about = {"claim": "T5", "statement": statement, "unit": "factor on KL", "figure": "distances"}
    return [*rows, {**same, **about, **located(_kl_ratio(one, other), (0.9, 1.1))}]


def _kl_ratio(one: pd.DataFrame, other: pd.DataFrame, *, resamples: int = 200) -> np.ndarray:
    """Mean KL of ``other`` over that of ``one`` at the ratio nearest to 2, and its resamples over repetitions."""
    values = []
    for part in (one, other):
        nearest = part["ratio"].iloc[np.abs(np.log(part["ratio"] / 2)).to_numpy().argmin()]
        values.append(part.loc[part["ratio"] == nearest, "kl"].to_numpy())
    rng = np.random.default_rng(0)
    drawn = [[v.mean(), *v[rng.integers(len(v), size=(resamples, len(v)))].mean(1)] for v in values]
    return np.array(drawn[1]) / np.array(drawn[0])
