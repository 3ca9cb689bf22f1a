"""Recommendations on when to stop training, in three sentences per cell, from stopping.parquet of a study."""

import math
from typing import Any

import pandas as pd

from diffmem.report.page.numbers import number

LISTED = 4  # largest number of cells with a paragraph


def sentences(table: pd.DataFrame, words: dict[str, str], *, counted: str = "epoch") -> list[str]:
    """A paragraph for each of the first ``LISTED`` cells.

    Args:
        table: stopping.parquet.
        words: cell -> its description.
        counted: what snapshots are counted in.
    """
    cells = list(table["cell"].unique())
    found = [
        _cell(table[table["cell"] == cell].set_index("event"), words.get(cell, cell), counted)
        for cell in cells[:LISTED]
    ]
    rest = len(cells) - LISTED
    return found + ([f"stopping.parquet has those of {rest} more cells."] if rest > 0 else [])


def _cell(events: pd.DataFrame, name: str, counted: str) -> str:
    rows = events.to_dict("index")
    stop, count = rows["stop"], int(events["replicates"].iloc[0])
    bias = _when(rows["bias"], f"from {counted} {{}} on")
    copies = _when(rows["copies"], f"after {counted} {number(stop['epoch'])} and by {counted} {{}}")
    second = (
        f"A bias towards the training set, more samples nearest to it than chance allows, is seen {bias}; copies, by "
        f"the main ratio, begin {copies}."
    )
    third = (
        _advice(stop, good_from=rows["tau_gen"]["epoch"], count=count, counted=counted)
        if stop["seen"]
        else "No copies are seen within the run, so that nothing is gained by stopping before its end."
    )
    few = " Fewer than six replicates give no verdict." if count < 6 else ""
    return f"{name}: {third} {second} {_quality(rows['tau_gen'], count, counted)}{few}"


def _quality(row: dict[str, Any], count: int, counted: str) -> str:
    """From which snapshot on samples are good, and in how many replicates."""
    if math.isfinite(row["epoch"]):
        some = f", in {row['seen']} of {count} replicates" if count > 1 else ""
        return f"Samples are as good as held-out points from {counted} {_place(row)} on{some}."
    most = f" in most of {_replicates(count)}" if count > 1 else ""
    return f"Samples do not become as good as held-out points{most}."


def _advice(stop: dict[str, Any], *, good_from: float, count: int, counted: str) -> str:
    """Where to stop, what that saves in copies, and what it costs in quality."""
    ends = (max(0.0, stop["cost_low"]), stop["cost_high"])  # it is not negative in any replicate
    interval = f" [{number(ends[0])}, {number(ends[1])}]" if count > 1 else ""
    return (
        f"Stop at {counted} {_place(stop)}{_step(stop)}: {number(100 * stop['net'])} % of the samples are net copies "
        f"there instead of {number(100 * stop['net_end'])} % at the end. The energy distance to fresh points is there "
        f"{number(stop['cost'])}{interval} above the smallest of the same replicate, on average."
        + (" It comes before samples are as good as held-out points." if stop["epoch"] < good_from < math.inf else "")
    )


def _step(row: dict[str, Any]) -> str:
    """The step of the optimizer at the median epoch, where the two are not counted alike."""
    step = row.get("step", math.nan)
    return f", step {step:,.0f}" if math.isfinite(step) and step != row["epoch"] else ""


def _replicates(count: int) -> str:
    return "1 replicate" if count == 1 else f"{count} replicates"


def _when(row: dict[str, Any], words: str) -> str:
    """The ``words`` with the epoch of an event, or the number of replicates with the event if most do not have it."""
    if math.isfinite(row["epoch"]):
        return words.format(_place(row))
    return f"in {row['seen']} of {_replicates(row['replicates'])} only" if row["seen"] else "in no replicate"


def _place(row: dict[str, Any]) -> str:
    """The median epoch of an event with its interval."""
    ends = [number(row[name]) if math.isfinite(row[name]) else "beyond the end" for name in ("low", "high")]
    return number(row["epoch"]) + ("" if math.isnan(row["low"]) else f" [{ends[0]}, {ends[1]}]")
