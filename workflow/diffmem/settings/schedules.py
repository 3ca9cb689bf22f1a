"""Records of the section `schedule`: the noise levels of the process."""

import math
from typing import ClassVar, Literal

from pydantic import Field

from diffmem.settings.records import Choice, Number, Whole

EDM_STEPS = 18  # default number of sampling steps along the noise levels of Karras et al.


class Schedule(Choice):
    """noise levels"""

    tag: ClassVar = "name"
    name: str = Field(
        description="kind of noise schedule: of a DDPM (linear, cosine), of the continuous processes of Song et al. "
        "(vp, ve), or of Karras et al. (edm)"
    )

    @property
    def all_steps(self) -> int:
        """Default number of noise levels in sampling."""
        return EDM_STEPS


class Discrete(Schedule):
    """The schedule of a DDPM."""

    steps: Whole = Field(50, ge=1, description="number of noise levels of the process")

    @property
    def all_steps(self) -> int:
        """The number of noise levels of the process."""
        return self.steps


class Ramped(Schedule):
    """A continuous process, sampled along the noise levels of Karras et al."""

    sigma_min: Number = Field(0.002, gt=0, description="smallest noise level of sampling; for ve at least 0.02")
    sigma_max: Number = Field(80, gt=0, description="largest noise level of sampling; for ve at most 100")
    rho: Number = Field(7, gt=0, description="sampling levels are equally spaced in sigma^(1/rho)")


class Linear(Discrete):
    """A DDPM whose betas rise linearly."""

    name: Literal["linear"] = "linear"
    function: ClassVar = "diffmem.diffusion.schedules:linear"
    beta_min: Number = Field(0.0001, gt=0, lt=1, description="first beta")
    beta_max: Number = Field(0.02, gt=0, lt=1, description="last beta")

    @property
    def fall(self) -> float:
        """-ln abar at the last level: twice the number of e-folds by which the signal falls."""
        last = max(self.steps - 1, 1)
        betas = (self.beta_min + (self.beta_max - self.beta_min) * step / last for step in range(self.steps))
        return -math.fsum(map(math.log1p, (-beta for beta in betas)))


class Cosine(Discrete):
    """A DDPM whose signal falls as the square of a cosine."""

    name: Literal["cosine"] = "cosine"
    function: ClassVar = "diffmem.diffusion.schedules:cosine"


class Edm(Ramped):
    """Log-normal training levels."""

    name: Literal["edm"] = "edm"
    function: ClassVar = "diffmem.diffusion.schedules:edm"
    p_mean: Number = Field(-1.2, description="mean of ln(sigma) in training")
    p_std: Number = Field(1.2, gt=0, description="standard deviation of ln(sigma) in training")
    sigma_data: Number = Field(
        0.5,
        gt=0,
        description="standard deviation of the data in the preconditioning; two moons have about 1.5",
    )


class Vp(Ramped):
    """The variance-preserving process."""

    name: Literal["vp"] = "vp"
    function: ClassVar = "diffmem.diffusion.schedules:vp"


VE_RANGE = 0.02, 100.0  # noise levels of the variance-exploding process, in training and in sampling


class Ve(Ramped):
    """The variance-exploding process."""

    name: Literal["ve"] = "ve"
    function: ClassVar = "diffmem.diffusion.schedules:ve"


AnySchedule = Linear | Cosine | Edm | Vp | Ve
