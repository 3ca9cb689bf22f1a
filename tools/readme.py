"""Fill the numbers of README.md from the results of the quick run.

    python tools/readme.py [--results results/quick] [--check] [README.md]

A number stands in the README between two comments, which a page does not show:

    <!--=claim outliers n-100 M matched-->.53 [.47, .58]<!--=-->

The first comment says what it is:

    claim STUDY CELL CLAIM REFERENCE      effect and 95 % interval of a row of claims.csv;
                                          REFERENCE is - where the row has none
    verdict STUDY CELL CLAIM REFERENCE    its verdict
    curve STUDY CELL STRATUM REFERENCE CRITERION NORMALISATION [COLUMN]
                                          the last snapshot of a curve at the ratio of the main figures, in percent;
                                          COLUMN is mean (default), floor or ceiling
    share STUDY ARM N                     share of copies by the rule of 1/3 at the last snapshot, in percent

``--check`` changes nothing and exits with 1 where a number differs.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

MARK = re.compile(r"<!--=(?P<what>[^>]+?)-->(?P<text>.*?)<!--=-->", re.DOTALL)


def fill(text: str, results: Path) -> str:
    """``text`` with every marked number replaced by that of the folder ``results``.

    Raises:
        ValueError: if a mark names no number of the results.
    """
    return MARK.sub(lambda mark: f"<!--={mark['what']}-->{_number(mark['what'], results)}<!--=-->", text)


def _number(what: str, results: Path) -> str:
    kind, *key = what.split()
    kinds: dict[str, Callable] = {"claim": _claim, "verdict": _verdict, "curve": _curve, "share": _share}
    if kind not in kinds:
        raise ValueError(f"README mark '{what}': expected one of {', '.join(kinds)}")
    try:
        return kinds[kind](results, *key)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"README mark '{what}': no such number in {results} ({error})") from error


def _row(results: Path, study: str, cell: str, claim: str, reference: str) -> pd.Series:
    table = pd.read_csv(results / "claims.csv", keep_default_na=False, na_values=[""])
    wanted = {"study": study, "cell": cell, "claim": claim, "reference": reference}
    chosen = table.fillna({"reference": "-"})
    for column, value in wanted.items():
        chosen = chosen[chosen[column] == value]
    if len(chosen) != 1:
        raise IndexError(f"{len(chosen)} rows")
    return chosen.iloc[0]


def _claim(results: Path, *key: str) -> str:
    row = _row(results, *key)
    return f"{_short(row['effect'])} [{_short(row['low'])}, {_short(row['high'])}]"


def _verdict(results: Path, *key: str) -> str:
    return str(_row(results, *key)["verdict"])


def _curve(
    results: Path, study: str, cell: str, stratum: str, reference: str, criterion: str, normalisation: str, *column: str
) -> str:
    table = pd.read_parquet(results / study / "curves.parquet")
    wanted = {"cell": cell, "stratum": stratum, "reference": reference, "criterion": criterion,
              "normalisation": normalisation}  # fmt: skip
    for name, value in wanted.items():
        table = table[table[name] == value]
    table = table[table["headline"] & (table["epoch"] == table["epoch"].max())]
    return f"{100 * table[column[0] if column else 'mean'].iloc[0]:.0f}"


def _share(results: Path, study: str, arm: str, n: str) -> str:
    table = pd.read_parquet(results / study / "effective_curves.parquet")
    wanted = (
        (table["arm"] == arm) & (table["n"] == int(n)) & (table["snapshot"] == "last") & (table["measure"] == "r_mem")
    )
    return f"{100 * table.loc[wanted, 'mean'].iloc[0]:.0f}"


def _short(value: float) -> str:
    """Two decimals without the zero before the point; three below a tenth."""
    text = f"{value:.3f}" if abs(value) < 0.0995 else f"{value:.2f}"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def main() -> int:
    """Fill or check the README."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readme", nargs="?", type=Path, default=Path("README.md"))
    parser.add_argument("--results", type=Path, default=Path("results/quick"))
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    text = given.readme.read_text()
    filled = fill(text, given.results)
    if given.check:
        differing = [
            f"{old['what']}: {old['text']} in {given.readme}, {new['text']} in {given.results}"
            for old, new in zip(MARK.finditer(text), MARK.finditer(filled), strict=True)
            if old["text"] != new["text"]
        ]
        print("\n".join(differing) or f"{len(MARK.findall(text))} numbers agree")
        return int(bool(differing))
    given.readme.write_text(filled)
    print(f"{len(MARK.findall(text))} numbers of {given.readme} are those of {given.results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
