"""The sections of a cell with a trained model, except `data`, `model`, `schedule` and `sampling`."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from diffmem.settings.collections import AnyData
from diffmem.settings.networks import AnyNetwork
from diffmem.settings.records import Cell, Choice, Flag, Number, Record, Whole
from diffmem.settings.samplers import AnySampling, Given
from diffmem.settings.schedules import AnySchedule

# --- training ---------------------------------------------------------------------------------------------------------


class Snapshots(Record):
    """times at which the model is stored, sampled and evaluated, including epoch 0 (untrained) and the last epoch; \
spaced in steps if the budget is in steps or batches cycle"""

    spacing: Literal["every", "linear", "log"] = Field(
        "log", description="every epoch, or count snapshots equally spaced in epochs or in the logarithm of epochs"
    )
    count: Whole = Field(20, ge=2, description="number of snapshots for linear and log")


class Training(Record):
    """training of the model"""

    epochs: Whole = Field(100, ge=1, description="passes through the training set")
    steps: Whole = Field(
        0,
        ge=0,
        description="number of training steps, in the place of epochs; snapshots are then spaced in steps; 0 uses "
        "epochs",
    )
    batch: Whole = Field(32, ge=1, description="points per step; at most the whole training set, unless cycle is true")
    cycle: Flag = Field(
        False,
        description="whether a batch at the end of a permutation of the training set continues with the next one, so "
        "that all batches have the same size; snapshots are then spaced in steps",
    )
    microbatch: Whole = Field(
        0,
        ge=0,
        description="points per call of the network in training and sampling, to save memory; gradients are "
        "accumulated over the batch; 0 is the whole batch",
    )
    optimizer: Literal["adamw", "adam"] = Field(
        "adamw",
        description="adam adds weight_decay times the weights to the gradient, adamw subtracts it from the weights",
    )
    learning_rate: Number = Field(0.001, gt=0, description="learning rate; the largest one if it varies")
    warmup: Whole = Field(0, ge=0, description="number of first steps over which the learning rate rises linearly")
    decay: Literal["constant", "cosine"] = Field(
        "constant", description="course of the learning rate; cosine falls to 0 at the last step"
    )
    weight_decay: Number = Field(0.01, ge=0, description="decoupled (adamw) or coupled (adam) weight decay")
    clip: Number = Field(1, ge=0, description="largest norm of a replicate's gradient; 0 switches clipping off")
    ema: Number = Field(
        0,
        ge=0,
        lt=1,
        description="decay per step of the exponential moving average of the weights, which is sampled; 0 samples the "
        "weights themselves",
    )
    snapshots: Snapshots = Snapshots()

    @property
    def unit(self) -> str:
        """Unit of the training budget."""
        return "steps" if self.steps else "epochs"

    @property
    def length(self) -> str:
        """The training budget in words."""
        return f"{getattr(self, self.unit):,} {self.unit}"

    def cycled_steps(self, points: int) -> int:
        """Steps of the ``epochs``, where batches cycle through so many ``points``."""
        return max(1, round(self.epochs * (points / self.batch)))


# --- measuring --------------------------------------------------------------------------------------------------------


class Neighbours(Choice):
    """search for the nearest training and test locations"""

    tag: ClassVar = "index"

    index: str = Field(
        description="exact: a k-d tree, NumPy or torch; flat: FAISS for any number of features; or an approximate "
        "index that searches only some locations and may miss the nearest: cells of k-means (ivf) or a graph (hnsw), "
        "whose recall is measured"
    )
    checked: Whole = Field(
        1000,
        ge=1,
        description="largest number of generated points, per replicate and snapshot, for which an approximate index is "
        "compared with exact search",
    )


class Exact(Neighbours):
    """Exact search."""

    index: Literal["exact"] = "exact"
    function: ClassVar = "diffmem.neighbours.on_device:exact"


class Flat(Neighbours):
    """Exact search with FAISS's flat index for any number of features."""

    index: Literal["flat"] = "flat"
    function: ClassVar = "diffmem.neighbours.exact:flat"


class Ivf(Neighbours):
    """Approximate search by cells of k-means."""

    index: Literal["ivf"] = "ivf"
    function: ClassVar = "diffmem.neighbours.approximate:ivf"
    cells: Whole | None = Field(
        None,
        ge=1,
        description="number of cells for the locations of each set; null is the square root of their number",
    )
    probes: Whole = Field(16, ge=1, description="number of cells that are searched, nearest centres first")


class Hnsw(Neighbours):
    """Approximate search by a graph."""

    index: Literal["hnsw"] = "hnsw"
    function: ClassVar = "diffmem.neighbours.approximate:hnsw"
    links: Whole = Field(32, ge=2, description="number of links per location in the graph")
    breadth: Whole = Field(
        64, ge=1, description="number of candidates that are kept while the graph is built and searched"
    )


AnyNeighbours = Exact | Flat | Ivf | Hnsw


class Compute(Record):
    """device, compilation and precision of training and sampling, which change the speed"""

    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="device; auto is a GPU if torch finds one")
    compile: Flag = Field(
        False,
        description="whether torch compiles the network, which takes up to half a minute per job and needs a C++ "
        "compiler; useful for runs of many epochs",
    )
    precision: Literal["float32", "tf32", "bfloat16"] = Field(
        "float32",
        description="precision of matrix products; tf32 (GPUs) and bfloat16 are faster, and their error is measured "
        "and logged",
    )
    segment: Whole = Field(
        0,
        ge=0,
        description="steps of training in one job; a longer training is cut into segments, one job after the other, so "
        "that a kill or a time limit costs one of them; 0 is one job, with the same results",
    )


class Measure(Record):
    """criteria for copies"""

    ratio: Number = Field(
        1.5, ge=1, description="the ratio r of the main figures; a point is a copy if r d_train < d_test"
    )
    ratios: tuple[Annotated[Number, Field(ge=1)], ...] = Field(
        (1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4),
        min_length=1,
        description="all ratios that are evaluated; measure.ratio is added if it is missing",
    )
    rounded: Flag = Field(
        False,
        description="whether points are rounded to 256 shades before distances are computed; only for images of bytes "
        "without outliers or near-duplicates",
    )
    merge: Number = Field(
        0,
        ge=0,
        description="effective: training points within this distance (root mean square difference per feature, in "
        "units of the data) count as one location, so that the rule of 1/3 also finds copies of training points with "
        "near copies in the training set; 0 merges only exact repeats",
    )

    def resolved(self) -> Self:
        """A copy whose `ratios` are sorted and include `ratio`."""
        return self.replace(ratios=tuple(sorted({*self.ratios, self.ratio})))


class TrainedCell(Cell):
    """A cell of a study whose models are trained, sampled and measured."""

    data: AnyData = Field(discriminator="dataset")
    model: AnyNetwork = Field(discriminator="network")
    schedule: AnySchedule = Field(discriminator="name")
    training: Training
    sampling: AnySampling = Field(discriminator="sampler")
    neighbours: AnyNeighbours = Field(discriminator="index")
    compute: Compute
    measure: Measure

    def resolved(self) -> Self:
        """A copy with numbers in the place of those nulls that stand for numbers."""
        sampling = self.sampling.resolved(data=self.data, schedule=self.schedule)
        data = self.data.resolved(generated=sampling.count or self.data.rows)
        model, measure = self.model.resolved(data), self.measure.resolved()
        return self.replace(data=data, model=model, sampling=sampling, measure=measure)

    @property
    def summary(self) -> str:
        """The main settings in a few words, for the claims."""
        training = self.training
        if isinstance(self.sampling, Given):
            return f"{self.data.dataset}, {self.data.inliers} inliers, {self.sampling.words}"
        return f"{self.data.dataset}, {self.data.inliers} inliers, {getattr(training, training.unit)} {training.unit}"

    @property
    def arm_summary(self) -> str:
        """The main settings in a few words without the training size, for claims about arms."""
        return f"{self.data.dataset}, {self.model.network}, {self.training.length}"
