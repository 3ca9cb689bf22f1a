"""Stacked training equals plain training, one model at a time; batches, snapshots and losses are what they claim."""

import itertools
import math

import numpy as np
import pytest
import torch

from diffmem.diffusion import denoiser, networks, schedules, training

SCHEDULE = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
MODEL = dict(network="residual-mlp", width=16, blocks=2, embedding=8, scale=5.0)
OPTIMISER = dict(learning_rate=0.01, weight_decay=0.01, clip=1.0)
SETTINGS = dict(epochs=10, batch=8, **OPTIMISER, ema=0, snapshots=dict(spacing="every", count=2))
FLOAT32 = dict(atol=1e-5, rtol=1e-5)


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def data(replicates, n=20, d=2):
    draws = [np.random.default_rng([7, r]).standard_normal((n, d)) for r in replicates]
    return torch.from_numpy(np.stack(draws)).to(torch.get_default_dtype())


def run(replicates=(0,), *, points=None, held_out=None, model=MODEL, **changes):
    """The network after training and all its snapshots."""
    points = data(replicates) if points is None else points
    held_out = data([r + 50 for r in replicates], n=15) if held_out is None else held_out
    network = denoiser.build(model, dimension=points.shape[2], seed=1, replicates=list(replicates))
    sets = dict(points=points, held_out=held_out, settings={**SETTINGS, **changes})
    return network, list(training.train(network, SCHEDULE, **sets, seed=1, replicates=list(replicates)))


def noised(x0, eps, step):
    """sqrt(abar) x_0 + sqrt(1 - abar) eps after the steps ``step`` of tiny-diffusion's process."""
    abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 50, dtype=torch.float64), 0)[step].to(x0)[..., None]
    return abar.sqrt() * x0 + (1 - abar).sqrt() * eps


def batches(points, batch, replicates=(0,)):
    return training._batches(points, batch, seed=1, replicates=list(replicates))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("clip", [0, 0.05])
@pytest.mark.parametrize("weight_decay", [0, 0.5])
def test_a_stack_trains_as_a_plain_loop_trains_each_of_its_models(clip, weight_decay):
    replicates = [2, 5]
    points = data(replicates)
    _, snapshots = run(replicates, points=points, epochs=25, clip=clip, weight_decay=weight_decay)
    for i in range(2):
        single = denoiser.build(MODEL, dimension=2, seed=1, replicates=[9])
        networks.load(single, snapshots[0].parameters[i : i + 1])
        optimizer = torch.optim.AdamW(single.parameters(), lr=0.01, weight_decay=weight_decay, fused=False)
        for x0, u, eps in itertools.islice(batches(points, 8, replicates), 50):
            step = (u[i] * 50).floor().long()
            out = single(noised(x0[i], eps[i], step)[None], step[None].double())[0]
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(out, eps[i]).backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(single.parameters(), clip)
            optimizer.step()
        torch.testing.assert_close(networks.flatten(single)[0], snapshots[-1].parameters[i], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(("replicates", "batch"), [([0, 3, 7], 1), ([0, 3, 7], 32), ([0, 1, 2, 3, 4], 7)])
def test_a_stack_equals_single_trainings_bit_for_bit(replicates, batch):
    model = dict(network="residual-mlp", width=128, blocks=3, embedding=128, scale=25.0)

    def trained(replicates):
        points = data(replicates, n=25 * batch)
        return run(replicates, points=points, model=model, epochs=4, batch=batch, learning_rate=1e-3)[1]

    stacked = trained(replicates)
    for i, r in enumerate(replicates):
        for whole, single in zip(stacked, trained([r]), strict=True):
            assert torch.equal(whole.parameters[i : i + 1], single.parameters)
            assert torch.equal(whole.train_loss[i : i + 1], single.train_loss)
            assert torch.equal(whole.test_loss[i : i + 1], single.test_loss)


def test_each_replicates_gradient_is_clipped_by_its_own_norm():
    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([1e-4, 1.0, 100.0])[:, None, None]
    gradients = [torch.randn(3, *shape, generator=generator) * scales for shape in ((5, 4), (1, 4))]
    stacked = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(stacked, gradients, strict=True):
        p.grad = g.clone()
    training._clip(stacked, 0.5)
    for r in range(3):
        single = [torch.nn.Parameter(torch.zeros_like(g[r])) for g in gradients]
        for p, g in zip(single, gradients, strict=True):
            p.grad = g[r].clone()
        norm = torch.nn.utils.clip_grad_norm_(single, 0.5)
        assert (norm > 0.5) == (r > 0)
        for p, q in zip(stacked, single, strict=True):
            torch.testing.assert_close(p.grad[r], q.grad)


@pytest.mark.parametrize("decay", [1e-9, 0.5, 0.95])
def test_the_running_mean_follows_its_recursion_and_leaves_training_alone(decay):
    network, raw = run([0, 1], batch=20)
    averaged_network, averaged = run([0, 1], batch=20, ema=decay)
    assert torch.equal(networks.flatten(network), networks.flatten(averaged_network))
    mean = raw[0].parameters.double()
    for plain, snapshot in zip(raw, averaged, strict=True):  # one step an epoch, so every step is here
        mean = decay * mean + (1 - decay) * plain.parameters.double()
        torch.testing.assert_close(snapshot.parameters.double(), mean, **FLOAT32)


@pytest.mark.parametrize("ema", [0, 0.9])
def test_losses_are_those_of_the_snapshots_parameters_at_sixteen_levels(ema):
    points, held_out = data([4, 6], n=20), data([54, 56], n=15)
    _, snapshots = run([4, 6], points=points, held_out=held_out, ema=ema)
    for snapshot, (i, r) in itertools.product((snapshots[0], snapshots[-1]), enumerate([4, 6])):
        single = denoiser.build(MODEL, dimension=2, seed=1, replicates=[0])
        networks.load(single, snapshot.parameters[i : i + 1])
        eps = torch.randn(20, 2, generator=denoiser.torch_generator(1, replicate=r, purpose="evaluation"))
        for level in range(16):
            step = torch.tensor([math.floor((level + 0.5) / 16 * 50)])
            abar = math.prod(1 - b for b in np.linspace(1e-4, 0.02, 50)[: step + 1])
            assert snapshot.levels[level].item() == pytest.approx(math.sqrt((1 - abar) / abar), rel=1e-5)
            for x0, losses in ((points[i], snapshot.train_loss), (held_out[i], snapshot.test_loss)):
                out = single(noised(x0, eps[: len(x0)], step)[None], step[None].float())[0]
                expected = (out - eps[: len(x0)]).square().mean()
                torch.testing.assert_close(losses[i, level], expected, **FLOAT32)


def test_the_loss_table_has_a_row_for_every_replicate_set_and_level():
    _, snapshots = run([4, 6], epochs=2)
    table = training.loss_table(snapshots[1], replicates=[4, 6])
    assert len(table) == 2 * 2 * 16
    assert set(zip(table["step"], table["epoch"], strict=True)) == {(2, 1)}
    by_key = table.set_index(["set", "replicate", "sigma"])["loss"]
    for name, losses in (("train", snapshots[1].train_loss), ("held-out", snapshots[1].test_loss)):
        for (i, r), (j, sigma) in itertools.product(enumerate([4, 6]), enumerate(snapshots[1].levels.tolist())):
            assert by_key[name, r, np.float32(sigma)] == losses[i, j]


@pytest.mark.parametrize(("n", "batch"), [(20, 5), (23, 5), (7, 7), (3, 1), (100, 1), (100, 32), (200, 2)])
def test_every_epoch_is_a_fresh_permutation_of_the_replicates_own_points(n, batch):
    points = torch.stack([torch.arange(n), n + torch.arange(n)])[..., None].float()
    stream, per_epoch, orders = batches(points, batch, [0, 1]), n // batch, []
    for _ in range(4):
        epoch = torch.cat([x0[..., 0] for x0, _, _ in itertools.islice(stream, per_epoch)], 1)
        for row, allowed in zip(epoch.tolist(), points[..., 0].tolist(), strict=True):
            assert len(row) == len(set(row)) == per_epoch * batch
            assert set(row) <= set(allowed)
            orders.append(tuple(x % n for x in row))
    assert n == 3 or len(set(orders)) == 8
    assert n % batch == 0 or set().union(*orders) > set(orders[0])


def test_levels_are_uniform_and_noise_is_standard_normal_and_fresh_at_every_step():
    drawn = list(itertools.islice(batches(torch.zeros(2, 10, 2), 10, [0, 1]), 1000))
    u, eps = torch.stack([b[1] for b in drawn]), torch.stack([b[2] for b in drawn])
    assert len(eps.unique()) > 0.99 * eps.numel()
    assert u.mean().item() == pytest.approx(1 / 2, abs=5 / math.sqrt(12 * u.numel()))
    assert u.var().item() == pytest.approx(1 / 12, rel=0.03)
    assert eps.mean().item() == pytest.approx(0, abs=5 / math.sqrt(eps.numel()))
    assert eps.var().item() == pytest.approx(1, abs=5 * math.sqrt(2 / eps.numel()))


@pytest.mark.parametrize(("n", "batch", "per_epoch"), [(20, 8, 2), (20, 10, 2), (20, 20, 1), (7, 50, 1), (1, 32, 1)])
def test_an_epoch_is_as_many_steps_as_whole_batches_fit(n, batch, per_epoch):
    _, snapshots = run(points=data([0], n=n), batch=batch, epochs=3)
    assert [s.epoch for s in snapshots] == [0, 1, 2, 3]
    assert [s.step for s in snapshots] == [0, per_epoch, 2 * per_epoch, 3 * per_epoch]


@pytest.mark.parametrize("spacing", ["every", "linear", "log"])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 9, 20, 100, "epochs", "epochs + 1"])
def test_snapshots_are_as_many_as_asked_from_the_first_epoch_to_the_last(spacing, count):
    for epochs in (1, 2, 3, 4, 5, 7, 10, 31, 100, 1000, 12_345):
        asked = {"epochs": max(epochs, 3), "epochs + 1": epochs + 1}.get(count, count)
        chosen = training.snapshot_epochs(epochs, count=asked, spacing=spacing)
        assert len(chosen) == (epochs + 1 if spacing == "every" else min(asked, epochs + 1))
        assert (chosen[0], chosen[-1]) == (0, epochs)
        assert all(a < b for a, b in itertools.pairwise(chosen))


def test_snapshots_are_equally_spaced_in_epochs_or_in_their_logarithm():
    linear = np.array(training.snapshot_epochs(10_000, count=9, spacing="linear"))
    log = np.array(training.snapshot_epochs(10_000, count=10, spacing="log"))
    np.testing.assert_allclose(linear, np.linspace(0, 10_000, 9), atol=0.5)
    np.testing.assert_allclose(log[1:], np.geomspace(1, 10_000, 9), atol=0.5)


def test_divergence_names_replicate_step_and_learning_rate():
    points = data([4, 9, 11])
    points[1, 3] = math.nan
    with pytest.raises(training.DivergedError, match=r"replicate 9: .* step 2 .* learning rate 0\.01\b"):
        run([4, 9, 11], points=points, batch=10)


def test_a_learning_rate_beyond_all_bounds_is_refused():
    with pytest.raises(training.DivergedError, match=r"replicate 0: .* learning rate 1e\+30\b"):
        run(learning_rate=1e30)


def test_divergence_in_the_very_last_step_is_noticed():
    with pytest.raises(training.DivergedError):
        run(learning_rate=1e30, epochs=1, batch=20)


def test_a_repeated_point_is_learnt_as_the_answer_at_every_level():
    point = torch.tensor([0.8, -0.5])
    points = point.expand(1, 64, 2)
    network, snapshots = run(
        points=points, held_out=points, batch=64, epochs=600, snapshots=dict(spacing="log", count=3)
    )
    sigma = SCHEDULE.quantile(torch.tensor([[0.1, 0.5, 0.9]]))
    eps = torch.randn(1, 3, 2, generator=torch.Generator().manual_seed(0))
    estimate = denoiser.denoiser(network, SCHEDULE)(point + sigma[..., None] * eps, sigma)
    assert snapshots[-1].train_loss.mean() < 0.1 * snapshots[0].train_loss.mean()
    assert ((estimate - point).abs() < 0.5 * sigma[..., None]).all()
