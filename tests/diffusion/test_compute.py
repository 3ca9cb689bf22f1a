"""However the arithmetic is done, the numbers are the same: compiled, padded, in one pass; in bfloat16, nearly."""

import subprocess
import sys
from functools import partial

import pytest
import torch

from diffmem.devices import DeviceError, select_device
from diffmem.diffusion import compute, denoiser, networks, samplers, schedules
from diffmem.diffusion.batches import Batches, Points
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.compute import CPU, Compute
from diffmem.diffusion.denoiser import loss
from diffmem.diffusion.generate import CHUNK, generate, in_halves
from diffmem.diffusion.losses import Losses
from diffmem.diffusion.training import Trainer, train
from diffmem.settings import sections
from diffmem.settings.networks import ImageMlp, ResidualMlp, Unet
from diffmem.settings.samplers import Ddpm, Heun
from diffmem.settings.schedules import Edm, Linear, Vp
from diffmem.settings.sections import Snapshots, Training

# torch's compiler uses parts of torch that torch has deprecated, and looks for gradients of views of a stack's matrix
pytestmark = [
    pytest.mark.filterwarnings("default::DeprecationWarning"),
    pytest.mark.filterwarnings("default:The .grad attribute:UserWarning"),
]

RESIDUAL = ResidualMlp(width=32, blocks=2, embedding=16, scale=25.0)
IMAGE = ImageMlp(width=32, blocks=1, embedding=16, time="positional", time_scale=1.0, dropout=0.1)
SHAPE = dict(image=(1, 4, 4), multipliers=(1, 2), attention=(4,), skips=(1, 2, 3, 4))
UNET = Unet(**SHAPE, width=16, blocks=1, time="fourier", time_scale=1.0, dropout=0.1)
SCHEDULE = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
SETTINGS = Training(epochs=10, batch=10, learning_rate=1e-2, ema=0.9, snapshots=Snapshots(count=2, spacing="linear"))


def trained(model, replicates, how, d=16):
    """Last snapshot of 100 steps."""
    generators = [torch.Generator().manual_seed(50 + r) for r in replicates]
    points = torch.stack([torch.randn(100, d, generator=g) for g in generators])
    network = build_network(model, dimension=d, seed=1, replicates=replicates)
    run = dict(seed=1, replicates=replicates, compute=how)
    return list(train(Trainer(network, SCHEDULE, SETTINGS, Points(points, points), **run)))[-1]


def test_auto_is_a_gpu_where_there_is_one():
    assert select_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert select_device("cpu") == CPU


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_missing_is_said_so():
    with pytest.raises(DeviceError, match="torch finds no GPU"):
        compute.start(sections.Compute(device="cuda"))


def test_a_compiler_that_is_missing_is_said_so(monkeypatch):
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", (None, "no-such-compiler"))
    with pytest.raises(DeviceError, match="install g\\+\\+"):
        compute.start(sections.Compute(device="cpu", compile=True))


def test_triton_that_is_missing_is_said_so(monkeypatch):
    monkeypatch.setattr("torch.utils._triton.has_triton", lambda: False)
    with pytest.raises(DeviceError, match="Triton"):
        compute._check_compiler(torch.device("cuda"))


@pytest.mark.parametrize("precision", ["float32", "tf32"])
def test_convolutions_and_products_use_tf32_on_request_only(precision):
    """On a GPU torch's convolutions use it unless told otherwise; the flags are there on a CPU too."""
    seen = []

    def network(x):
        seen.append((torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()))
        return x

    asked = {"float32": (False, "highest"), "tf32": (True, "high")}[precision]
    before = torch.backends.cudnn.allow_tf32
    try:
        compute._allow_tf32(precision == "tf32")
        Compute(precision=precision).error(network, torch.ones(3))
        assert seen == [asked, (False, "highest")]
        assert (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()) == asked
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.allow_tf32 = before


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor has no such flag")
def test_numbers_too_small_for_the_usual_format_are_flushed_to_zero_once_started(with_package):
    """In a process of its own: the flag is the process's, and that of the tests keeps such numbers."""
    product = "(torch.tensor([1e-40]) * 1).item()"
    code = "import torch\nfrom diffmem.diffusion import compute\nfrom diffmem.settings.sections import Compute\n"
    code += f"print({product} > 0)\ncompute.start(Compute(device='cpu'))\nprint({product} == 0)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env=with_package,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["True", "True"]


def test_stacks_are_padded_to_one_size_where_code_is_compiled_or_a_gpu_runs_it():
    assert Compute(compiles=True).padded([4, 5], size=4) == [4, 5, 5, 5]
    assert Compute(compiles=True).padded([4, 5], size=2) == [4, 5]
    assert Compute().padded([4, 5], size=4) == [4, 5]
    assert Compute(torch.device("cuda")).padded([4, 5], size=4) == [4, 5, 5, 5]


@pytest.mark.parametrize("model", [RESIDUAL, IMAGE], ids=lambda model: model.network)
def test_bfloat16_changes_a_product_by_its_seven_bits(model):
    network = build_network(model, dimension=16, seed=1, replicates=[0])
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) / p.shape[1] ** 0.5)
    inputs = torch.randn(1, 200, 16, generator=generator), torch.ones(1, 1)
    assert Compute().error(network, *inputs) == 0
    assert 2**-11 < Compute(precision="bfloat16").error(network, *inputs) < 2**-5
    assert Compute(precision="bfloat16").precise(network)(*inputs).dtype == torch.float32


def test_what_does_not_fit_into_the_memory_is_halved():
    tried = []

    def drawn(rows):
        tried.append(len(rows))
        if len(rows) > 2 * CHUNK:
            raise torch.OutOfMemoryError
        return torch.arange(rows.start, rows.stop)

    parts = in_halves(drawn, range(5 * CHUNK + 7))
    assert torch.equal(torch.cat(parts), torch.arange(5 * CHUNK + 7))
    assert tried == [5 * CHUNK + 7, 3 * CHUNK, 2 * CHUNK, CHUNK, 2 * CHUNK + 7, 2 * CHUNK, 7]


def test_a_chunk_that_does_not_fit_is_an_error():
    def drawn(rows):
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        in_halves(drawn, range(CHUNK))


@pytest.mark.parametrize("sampler", [Ddpm, Heun])
def test_all_points_at_once_as_on_a_gpu_are_those_of_chunks(sampler):
    denoise = denoiser.denoiser(build_network(RESIDUAL, dimension=2, seed=1, replicates=[0]), SCHEDULE)
    settings = sampler(steps=5)
    size = dict(count=2 * CHUNK + 99, dimension=2, seed=1, replicate=0, index=3)
    chunks = generate(denoise, SCHEDULE, settings, **size)
    seen = []

    def counting(x, sigma):
        seen.append(x.shape[1])
        return denoise(x, sigma)

    together = generate(
        counting, SCHEDULE, settings, **size, at_once=Compute(torch.device("meta")).at_once(2 * CHUNK + 99)
    )
    assert set(seen) == {2 * CHUNK + 99}
    torch.testing.assert_close(torch.from_numpy(together), torch.from_numpy(chunks), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("model", "settings"), [(RESIDUAL, Linear()), (IMAGE, Edm()), (UNET, Vp())])
def test_nothing_is_left_on_the_cpu_when_points_and_network_lie_elsewhere(model, settings, monkeypatch):
    """Torch's device without values stands in for a GPU: it refuses sums with what lies on the CPU."""
    elsewhere = torch.device("meta")
    labelled = 4 if model is not RESIDUAL else 0
    network = build_network(model, dimension=16, label_count=labelled, seed=0, replicates=[0, 1]).to(elsewhere)
    with elsewhere:
        schedule = build_schedule(settings)
    points = torch.empty(2, 40, 16, device=elsewhere)
    labels = torch.empty(2, 40, dtype=torch.int64, device=elsewhere) if labelled else None
    streams = dict(seed=0, replicates=[0, 1])
    batch = next(Batches(points, 8, labels=labels, **streams))
    packed = networks.Packed(network)
    value = loss(network, schedule, **batch._asdict(), dropout=[torch.Generator(), torch.Generator()])
    value.sum().backward()
    assert value.device == packed.values.grad.device == elsewhere

    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: tensor)  # there are no values to fetch
    sets = Points(points, points, labels, labels)
    found = Losses(schedule, sets, **streams).snapshot(network, packed.flat.clone(), step=0, epoch=0)
    assert found.test_loss.device == elsewhere

    denoise = partial(denoiser.denoiser(network, schedule), label=labels)
    for sampler in (samplers.ddim, samplers.ddpm, samplers.heun):
        out = sampler(denoise, points, torch.tensor([2.0, 1.0, 0.0]), lambda: torch.randn(points.shape).to(elsewhere))
        assert out.device == elsewhere


@pytest.mark.slow
@pytest.mark.parametrize("model", [RESIDUAL, IMAGE], ids=lambda model: model.network)
def test_compiled_training_equals_plain_training_over_a_hundred_steps(model):
    torch.set_default_dtype(torch.float64)
    try:
        plain, fast = (trained(model, [0, 1], Compute(compiles=compiles)) for compiles in (False, True))
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(fast.parameters, plain.parameters, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(fast.test_loss, plain.test_loss, rtol=1e-8, atol=1e-8)


@pytest.mark.slow
def test_a_compiled_replicate_has_the_same_numbers_in_any_shard():
    how = Compute(compiles=True)
    whole = trained(RESIDUAL, [0, 1, 2], how, d=2)
    last = trained(RESIDUAL, how.padded([2], size=3), how, d=2)
    assert torch.equal(whole.parameters[2], last.parameters[0])
    assert torch.equal(whole.test_loss[2], last.test_loss[0])


@pytest.mark.slow
def test_compiled_samples_are_those_of_plain_code():
    network = build_network(RESIDUAL, dimension=2, seed=1, replicates=[0])
    denoise = denoiser.denoiser(network, SCHEDULE)
    size = dict(count=CHUNK + 50, dimension=2, seed=1, replicate=0, index=0)
    plain, fast = (
        generate(d, SCHEDULE, Ddpm(steps=50), **size) for d in (denoise, Compute(compiles=True).compiled(denoise))
    )
    torch.testing.assert_close(torch.from_numpy(fast), torch.from_numpy(plain), rtol=1e-3, atol=1e-4)
