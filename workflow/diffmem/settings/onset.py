"""The sections of a cell of the onset study."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from diffmem.settings.records import Cell, Choice, Number, Record, Whole

# --- the law of the training points -----------------------------------------------------------------------------------


class Law(Choice):
    """onset: distribution of the training points, with a mean variance of one per coordinate"""

    tag: ClassVar = "name"
    name: str = Field(
        description="Gaussians with several spectra, a mixture of two, or principal components of handwritten digits"
    )

    @property
    def features(self) -> int:
        """Number of features d."""
        raise NotImplementedError


class WithDimension(Law):
    """A law of any dimension."""

    dimension: Whole = Field(16, ge=1, description="number of features d")

    @property
    def features(self) -> int:
        """Number of features d."""
        return self.dimension


class Isotropic(WithDimension):
    """A Gaussian with equal variances."""

    name: Literal["isotropic"] = "isotropic"
    function: ClassVar = "diffmem.data.gaussians:isotropic"


class PowerLaw(WithDimension):
    """A Gaussian with variances that fall as a power of their rank."""

    name: Literal["power-law"] = "power-law"
    function: ClassVar = "diffmem.data.gaussians:power_law"
    exponent: Number = Field(1, description="variances fall as rank^-exponent")


class LowRank(WithDimension):
    """A Gaussian with a few large variances."""

    name: Literal["low-rank"] = "low-rank"
    function: ClassVar = "diffmem.data.gaussians:low_rank"
    rank: Whole = Field(16, ge=1, description="number of coordinates with large variance")
    floor: Number = Field(
        0.01, gt=0, le=1, description="variance of the other coordinates, divided by the large variance"
    )


class Spectrum(Law):
    """A Gaussian with given variances."""

    name: Literal["spectrum"] = "spectrum"
    function: ClassVar = "diffmem.data.gaussians:spectrum"
    variances: tuple[Annotated[Number, Field(gt=0)], ...] = Field(
        (1,), min_length=1, description="variance of every coordinate; their sum must be their number"
    )

    @property
    def features(self) -> int:
        """Number of features d."""
        return len(self.variances)


class TwoGaussians(WithDimension):
    """A mixture of two Gaussians."""

    name: Literal["mixture"] = "mixture"
    function: ClassVar = "diffmem.data.gaussians:two_gaussians"
    separation: Number = Field(4, ge=0, description="distance between the centres of the two Gaussians")


class PrincipalComponents(WithDimension):
    """Principal components of handwritten digits."""

    name: Literal["digits"] = "digits"
    function: ClassVar = "diffmem.data.digits:principal_components"


AnyLaw = Isotropic | PowerLaw | LowRank | Spectrum | TwoGaussians | PrincipalComponents

# --- what generates ---------------------------------------------------------------------------------------------------


class Generator(Choice):
    """onset: the model that is trained on n points and generates samples"""

    tag: ClassVar = "name"
    renamed: ClassVar = {"lam": "generalization"}
    needs_samples: ClassVar[bool] = True  # whether its law is known only through samples
    stacked: ClassVar[bool] = False  # whether all repetitions of one size are trained together
    name: str = Field(
        description="linear models (one-step, gaussian-fit, multi-step), the exact score of the training points "
        "(empirical), a kernel density, a network (mlp), or controls with known answers (truth, copies)"
    )


class Sampled(Generator):
    """A score that is used by a deterministic sampler."""

    steps: Whole = Field(18, ge=2, description="number of noise levels of the sampler")
    sampler: Literal["ddim", "heun"] = Field(
        "heun", description="deterministic sampler of first (ddim) or second order (heun)"
    )


class OneStep(Generator):
    """The paper's linear denoiser."""

    name: Literal["one-step"] = "one-step"
    function: ClassVar = "diffmem.studies.onset.generators:one_step"
    needs_samples: ClassVar = False
    generalization: Number = Field(1, gt=0, description="the paper's generalization parameter lambda")
    time: Number = Field(
        2,
        gt=0,
        description="the paper's diffusion time T; the noise level is sqrt(generalization (1 - exp(-2 T)))",
    )


class GaussianFit(Generator):
    """The linear score, in the limit of many sampling steps."""

    name: Literal["gaussian-fit"] = "gaussian-fit"
    function: ClassVar = "diffmem.studies.onset.generators:gaussian_fit"
    needs_samples: ClassVar = False


class MultiStep(Sampled):
    """The linear score, with a finite number of sampling steps."""

    name: Literal["multi-step"] = "multi-step"
    function: ClassVar = "diffmem.studies.onset.generators:multi_step"
    needs_samples: ClassVar = False


class Empirical(Sampled):
    """The exact score of the training points."""

    name: Literal["empirical"] = "empirical"
    function: ClassVar = "diffmem.studies.onset.generators:empirical"


class KernelDensity(Generator):
    """A kernel density of the training points."""

    name: Literal["kernel"] = "kernel"
    function: ClassVar = "diffmem.studies.onset.generators:kernel"
    smoothing: Number = Field(
        1, gt=0, description="width of the kernels around training points, divided by the paper's bandwidth"
    )


class Mlp(Generator):
    """A network."""

    name: Literal["mlp"] = "mlp"
    function: ClassVar = "diffmem.studies.onset.networks:mlp"
    stacked: ClassVar = True
    width: Whole = Field(32, ge=1, description="units of the network's two hidden layers")
    updates: Whole = Field(3000, ge=1, description="training steps of the network")


class Truth(Generator):
    """Fresh points."""

    name: Literal["truth"] = "truth"
    function: ClassVar = "diffmem.studies.onset.generators:truth"
    stretch: Number = Field(1, gt=0, description="width of the generated law, divided by that of the truth")


class Copies(Generator):
    """Copies of training points."""

    name: Literal["copies"] = "copies"
    function: ClassVar = "diffmem.studies.onset.generators:copies"
    share: Number = Field(
        1, ge=0, le=1, description="share of exact copies of training points; the other points are fresh"
    )


AnyGenerator = OneStep | GaussianFit | MultiStep | Empirical | KernelDensity | Mlp | Truth | Copies

# --- the comparison ---------------------------------------------------------------------------------------------------


class Onset(Record):
    """onset: numbers of points and repetitions, and the comparison of densities"""

    ratios: tuple[Annotated[Number, Field(gt=0)], ...] = Field(
        (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 8, 16),
        min_length=2,
        description="numbers of training points n, divided by the dimension d",
    )
    repetitions: Whole = Field(300, ge=2, description="number of independent training sets of a cell")
    trainings: Whole = Field(
        1, ge=1, description="number of models that are trained on each training set, with different noise"
    )
    fresh: Whole | None = Field(
        10000,
        ge=2,
        description="number N of points of the truth whose kernel density is compared; null is the exact density",
    )
    kernel: Literal["paper", "capacity"] = Field(
        "paper", description="kernel width: paper, s n^(-1/d), or capacity, the width at which n points fill the law"
    )
    bandwidth: Number = Field(1, gt=0, description="factor of the kernel width")
    samples: Whole = Field(200, ge=10, description="number of generated points for neighbours and energy distance")


class OnsetCell(Cell):
    """One combination of the values of an onset study."""

    law: AnyLaw = Field(discriminator="name")
    generator: AnyGenerator = Field(discriminator="name")
    onset: Onset
