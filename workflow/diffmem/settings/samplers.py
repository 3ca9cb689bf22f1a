"""Records of the section `sampling`: samplers, and samples of a model that was trained elsewhere.

Of g points a share a lies nearer to the training set, by the ratio of the criterion, and a share b to the held-out set.
Given the model, the net copied fraction a - b then has the variance

    (a + b - (a - b)^2) / g  <=  1 / g.                                                                    (1)
"""

import math
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from diffmem.settings.datasets import Data
from diffmem.settings.records import Choice, Number, Text, Whole
from diffmem.settings.schedules import Schedule


class Sampling(Choice):
    """generation of samples at every snapshot"""

    tag: ClassVar = "sampler"
    evaluations: ClassVar[int] = 1  # evaluations of the denoiser per step

    sampler: str = Field(
        description="ancestral (ddpm), deterministic of first order (ddim) or of second order (heun); saved and "
        "function use samples of a model that was trained elsewhere, and no model is trained"
    )
    steps: Whole | None = Field(
        None, ge=1, description="number of noise levels; null is all levels of a DDPM, and 18 for other schedules"
    )
    count: Whole | None = Field(
        None,
        ge=100,
        description="number of points per snapshot and replicate; null is the size of the training set, or all points "
        "of saved files",
    )

    def resolved(self, *, data: Data, schedule: Schedule) -> Self:
        """A copy with numbers in the place of nulls."""
        return self.replace(count=self.count or data.rows, steps=self.steps or schedule.all_steps)


class Drawn(Sampling):
    """Samples that this workflow draws from the models that it trains."""

    part: Whole = Field(
        0,
        ge=0,
        description="snapshots that are sampled in one job; more are cut into parts, which may run at the same time, "
        "so that a kill or a time limit costs one of them; 0 is one job, with the same results",
    )
    deviation: Number | None = Field(
        None,
        ge=0.001,
        le=0.1,
        description="the standard deviation that the choice of points may give the net copied fraction of a replicate; "
        "sampling.count is then the number of points for this, whatever the fraction is: .02 needs 2,500",
    )

    @property
    def enough(self) -> int | None:
        """The number of points for which the bound (1) is the square of the key `deviation`."""
        return math.ceil(self.deviation**-2 - 1e-6) if self.deviation else None

    def resolved(self, *, data: Data, schedule: Schedule) -> Self:
        """As of `Sampling`, with the number of points that the key `deviation` asks for."""
        return super(Drawn, self.replace(count=self.count or self.enough)).resolved(data=data, schedule=schedule)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the sampler; parts and the number of points are the workflow's."""
        return {key: value for key, value in super().arguments().items() if key not in ("part", "deviation")}


class Ddpm(Drawn):
    """Ancestral."""

    sampler: Literal["ddpm"] = "ddpm"
    function: ClassVar = "diffmem.diffusion.samplers:ddpm"


class Ddim(Drawn):
    """Deterministic, of first order."""

    sampler: Literal["ddim"] = "ddim"
    function: ClassVar = "diffmem.diffusion.samplers:ddim"


class Heun(Drawn):
    """Deterministic, of second order."""

    sampler: Literal["heun"] = "heun"
    function: ClassVar = "diffmem.diffusion.samplers:heun"
    evaluations: ClassVar = 2


class Given(Sampling):
    """Samples of a model that was trained elsewhere."""

    evaluations: ClassVar = 0

    @property
    def counted(self) -> str:
        """What its snapshots are counted in."""
        return "snapshot"

    def resolved(self, **_others: Data | Schedule) -> Self:
        """The same; a count of null stays, since it is what the files hold."""
        return self


class Saved(Given):
    """Samples in files."""

    sampler: Literal["saved"] = "saved"
    function: ClassVar = "diffmem.data.saved:from_files"
    path: Text = Field(
        description="pattern of the files or folders in which a training saved samples, as runs/epoch-{epoch}.npy, one "
        "for each snapshot; {step} instead of {epoch} counts steps, {replicate} is the number of the run, from 0"
    )

    @property
    def counted(self) -> str:
        """What its snapshots are counted in."""
        return "step" if "{step}" in self.path else "epoch"

    @property
    def words(self) -> str:
        """Where they are from."""
        return f"samples of {self.path}"


class FromFunction(Given):
    """Samples that a function draws."""

    sampler: Literal["function"] = "function"
    function: ClassVar = "diffmem.data.saved:from_function"
    module: Text = Field(
        description="function in a file of your own that draws samples, as my_model.py:sample, called as "
        "sample(n, snapshot, generator), and with replicate=0, 1, ... if it has that parameter"
    )
    epochs: tuple[Annotated[Whole, Field(ge=0)], ...] = Field(
        min_length=2, description="snapshots at which it is called, in ascending order"
    )

    @property
    def words(self) -> str:
        """Where they are from."""
        return f"samples of {self.module}"


AnySampling = Ddpm | Ddim | Heun | Saved | FromFunction
