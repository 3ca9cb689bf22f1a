"""What the page says of audits: the two sentences of each verdict, and where its own page is."""

from dataclasses import dataclass
from pathlib import Path

from diffmem import files
from diffmem.report.page.findings import Finding

SHOWN = 3  # audits of a study among the findings


@dataclass(frozen=True)
class Told:
    """An audit on the page: its cell in words, the sentences of its two verdicts, and the file of its page."""

    cell: str
    copying: str
    membership: str
    file: str


def tell(folder: Path, cells: dict[str, str]) -> list[Told]:
    """The audits of a study in ``folder``, from its table audits.parquet; ``cells`` is cell -> its description."""
    columns = ("cell", "copying_sentence", "membership_sentence")
    rows = files.load_table(folder / "audits.parquet", columns=columns).drop_duplicates("cell").set_index("cell")
    return [
        Told(
            cell=words,
            copying=str(rows.loc[cell, "copying_sentence"]),
            membership=str(rows.loc[cell, "membership_sentence"]),
            file=f"{folder.name}/{cell}/audit/audit.html",
        )
        for cell, words in cells.items()
    ]


def findings(study: str, told: list[Told]) -> list[Finding]:
    """The first audits of a study as findings at the top of the page."""
    found = [Finding(_about(study, audit.cell), audit.copying) for audit in told[:SHOWN]]
    rest = len(told) - SHOWN
    return found + ([Finding(f"Audit {study}", f"{rest} more audits are below.")] if rest > 0 else [])


def _about(study: str, cell: str) -> str:
    return f"Audit {study}" if cell == study else f"Audit {study}, {cell}"
