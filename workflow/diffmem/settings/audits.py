"""The section of a cell of a study of audits: three sets of items that lie in files."""

import re
from typing import Literal

from pydantic import Field

from diffmem.settings.records import Cell, Record, Text, Whole


class Audited(Record):
    """audit: the three sets that are compared, as files or folders in the same units and format"""

    train: Text = Field(description="items that the model was trained on, all of them; docs/audit.md lists the formats")
    generated: Text = Field(description="samples of the model")
    test: Text | None = Field(
        None,
        description="held-out items of the same source, not trained on; without them no share of copies is estimated",
    )
    features: Text = Field(
        "raw", description="what is compared: raw, pca-K such as pca-64, or a function of your own, as my.py:features"
    )
    augment: tuple[Text, ...] = Field(
        (),
        description="versions of images that count as the same image: mirror, shift (by a pixel) or shift-K, crop; "
        "docs/audit.md says what each is",
    )
    index: Text = Field(
        "exact",
        description="search: exact, or approximate for a million items, with its recall measured: ivf or ivf-PROBES, "
        "hnsw or hnsw-BREADTH",
    )
    permutations: Whole = Field(
        200, ge=20, description="number of permutations of the labels, behind chance level and interval"
    )
    accept: tuple[Literal["far", "order"], ...] = Field(
        (), description="refusals to overrule: far (samples far from both sets), order (columns in another order)"
    )

    @property
    def sets(self) -> dict[str, str]:
        """Name of a set -> its file or folder."""
        named = {"train": self.train, "test": self.test, "generated": self.generated}
        return {name: path for name, path in named.items() if path is not None}


def problem(audited: Audited) -> str | None:
    """The first option that an audit of a study does not take, as one sentence, or None."""
    if ":" in audited.features and ".py:" not in audited.features:
        return f"audit.features = {audited.features}: must be raw, pca-K or FILE.py:NAME, whose changes are noticed"
    for name in audited.augment:
        if not re.fullmatch(r"mirror|crop|shift(-[1-9]\d*)?", name):
            return f"audit.augment = {name}: must be mirror, shift, shift-K or crop"
    if not re.fullmatch(r"exact|(ivf|hnsw)(-[1-9]\d*)?", audited.index):
        return f"audit.index = {audited.index}: must be exact, ivf, ivf-PROBES, hnsw or hnsw-BREADTH"
    if audited.augment and audited.index != "exact":
        return f"audit.index = {audited.index}: goes without augment; leave one of them out"
    return None


class AuditCell(Cell):
    """A cell of a study of audits: one audit."""

    audit: Audited

    def own_files(self, *_: str) -> list[str]:
        """The function in the user's own file that computes the features, if there is one."""
        return [self.audit.features] if ".py:" in self.audit.features else []

    def functions(self, *_: str) -> list[str]:
        """None: an audit has no options with functions of the package."""
        return []
