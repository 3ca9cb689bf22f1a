"""Recommendations on when to stop training, in three sentences per cell, from stopping.parquet of a study."""

import math
from typing import Any

import pandas as pd

from diffmem.report.page.numbers import number

LISTED = 4  # largest number of cells with a paragraph


def sentences(table: pd.DataFrame, words: dict[str, str]) -> list[str]:
    """A paragraph for each of the first ``LISTED`` cells.

    Args:
        table: stopping.parquet.
        words: cell -> its description.
    """
    cells = list(table["cell"].unique())
    found = [_cell(table[table["cell"] == cell].set_index("event"), words.get(cell, cell)) for cell in cells[:LISTED]]
    rest = len(cells) - LISTED
    return found + ([f"stopping.parquet has those of {rest} more cells."] if rest > 0 else [])


def _cell(events: pd.DataFrame, name: str) -> str:
    rows = events.to_dict("index")
    generalized, stop, count = rows["tau_gen"], rows["stop"], int(events["replicates"].iloc[0])
    if math.isfinite(generalized["epoch"]):
        first = f"samples are as good as held-out points from epoch {_place(generalized)} on"
    else:
        most = f" in most of {_replicates(count)}" if count > 1 else ""
        first = f"samples do not become as good as held-out points{most}"
    second = f"Bias towards the training set begins {_when(rows['bias'])}, copies {_when(rows['copies'])}."
    if not stop["seen"]:
        third = "No copies are seen within the run, so that nothing is gained by stopping before its end."
    else:
        cost = number(stop["cost"])
        interval = f" [{number(stop['cost_low'])}, {number(stop['cost_high'])}]" if count > 1 else ""
        third = (
            f"Stop at epoch {_place(stop)}{_step(stop)}: the energy distance there is {cost}{interval} above the run's "
            f"smallest, and {number(100 * stop['net'])} % of the samples are net copies instead of "
            f"{number(100 * stop['net_end'])} % at the end."
        )
    few = " Fewer than six replicates give no verdict." if count < 6 else ""
    return f"{name}: {first}. {second} {third}{few}"


def _step(row: dict[str, Any]) -> str:
    """The step of the optimizer at the median epoch, where the two are not counted alike."""
    step = row.get("step", math.nan)
    return f", step {step:,.0f}" if math.isfinite(step) and step != row["epoch"] else ""


def _replicates(count: int) -> str:
    return "1 replicate" if count == 1 else f"{count} replicates"


def _when(row: dict[str, Any]) -> str:
    """The epoch at which an event occurs, or the number of replicates with the event if most do not have it."""
    if math.isfinite(row["epoch"]):
        return f"at epoch {_place(row)}"
    return f"in {row['seen']} of {_replicates(row['replicates'])} only" if row["seen"] else "in no replicate"


def _place(row: dict[str, Any]) -> str:
    """The median epoch of an event with its interval."""
    ends = [number(row[name]) if math.isfinite(row[name]) else "beyond the end" for name in ("low", "high")]
    return number(row["epoch"]) + ("" if math.isnan(row["low"]) else f" [{ends[0]}, {ends[1]}]")
