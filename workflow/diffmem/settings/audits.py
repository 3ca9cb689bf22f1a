"""The section of a cell of a study of audits: three sets of items that lie in files."""

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


class AuditCell(Cell):
    """A cell of a study of audits: one audit."""

    audit: Audited

    def own_files(self, *_: str) -> list[str]:
        """The function in the user's own file that computes the features, if there is one."""
        return [self.audit.features] if ".py:" in self.audit.features else []

    def functions(self, *_: str) -> list[str]:
        """None: an audit has no options with functions of the package."""
        return []
