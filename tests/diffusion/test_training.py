"""Stacked training equals plain training, one model at a time; batches, snapshots and losses are what they claim."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch

from diffmem.diffusion import denoiser, networks, schedules, training

SCHEDULE = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
MODEL = dict(network="residual-mlp", width=16, blocks=2, embedding=8, scale=5.0)
EVERY = dict(spacing="every", count=2)
SETTINGS = dict(epochs=10, batch=8, learning_rate=0.01, weight_decay=0.01, clip=1.0, ema=0, snapshots=EVERY)
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
        torch.testing.assert_close(
            networks.flatten(single)[0], snapshots[-1].parameters[i], atol=1e-9, rtol=1e-9
        )


@pytest.mark.parametrize("width", [16, 128])
def test_a_stack_of_three_equals_three_trainings_bit_for_bit(width):
    def trained(replicates):
        points = data(replicates, n=70)
        return run(replicates, points=points, model={**MODEL, "width": width}, epochs=4, batch=32, clip=0.1)[1]

    stacked = trained([0, 3, 7])
    for i, r in enumerate([0, 3, 7]):
        for whole, single in zip(stacked, trained([r]), strict=True):
            assert torch.equal(whole.parameters[i : i + 1], single.parameters)
            assert torch.equal(whole.train_loss[i : i + 1], single.train_loss)
            assert torch.equal(whole.test_loss[i : i + 1], single.test_loss)


def test_each_replicates_gradient_is_clipped_by_its_own_norm():
    network = denoiser.build(MODEL, dimension=2, seed=1, replicates=[0, 1, 2])
    generator = torch.Generator().manual_seed(0)
    for p in network.parameters():
        p.grad = torch.randn(p.shape, generator=generator) * torch.tensor([1e-4, 1.0, 100.0])[:, None, None]
    expected = [[p.grad[r].clone() for p in network.parameters()] for r in range(3)]
    training._clip(list(network.parameters()), 0.5)
    for r, gradients in enumerate(expected):
        plain = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for p, g in zip(plain, gradients, strict=True):
            p.grad = g.clone()
        torch.nn.utils.clip_grad_norm_(plain, 0.5)
        for p, q in zip(network.parameters(), plain, strict=True):
            torch.testing.assert_close(p.grad[r], q.grad)
        assert torch.equal(plain[0].grad, gradients[0]) == (r == 0)


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
    stream = dict(purpose="evaluation")
    for snapshot, (i, r) in itertools.product((snapshots[0], snapshots[-1]), enumerate([4, 6])):
        single = denoiser.build(MODEL, dimension=2, seed=1, replicates=[0])
        networks.load(single, snapshot.parameters[i : i + 1])
        eps = torch.randn(20, 2, generator=denoiser.torch_generator(1, replicate=r, **stream))
        for level in range(16):
            step = torch.tensor([math.floor((level + 0.5) / 16 * 50)])
            abar = math.prod(1 - b for b in np.linspace(1e-4, 0.02, 50)[: step + 1])
            assert snapshot.levels[level].item() == pytest.approx(math.sqrt((1 - abar) / abar), rel=1e-5)
            for x0, losses in ((points[i], snapshot.train_loss), (held_out[i], snapshot.test_loss)):
                out = single(noised(x0, eps[: len(x0)], step)[None], step[None].float())[0]
                expected = (out - eps[: len(x0)]).square().mean()
                torch.testing.assert_close(losses[i, level], expected, **FLOAT32)


def test_training_and_held_out_loss_are_equal_on_equal_points():
    _, snapshots = run(points=data([0]), held_out=data([0]))
    assert all(torch.equal(s.train_loss, s.test_loss) for s in snapshots)
    assert snapshots[-1].train_loss.mean() < snapshots[0].train_loss.mean()


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
def test_every_epoch_is_a_fresh_permutation_in_whole_batches(n, batch):
    replicates, per_epoch = [0, 1], n // batch
    points = torch.arange(n, dtype=torch.float32).expand(2, n)[..., None]
    stream = batches(points, batch, replicates)
    orders = []
    for _ in range(4):
        epoch = torch.cat([x0[..., 0] for x0, _, _ in itertools.islice(stream, per_epoch)], 1)
        assert epoch.shape == (2, per_epoch * batch)
        for row in epoch.tolist():
            assert len(set(row)) == len(row)
            assert set(row) <= set(range(n))
            orders.append(tuple(row))
    if n > 3:
        assert len(set(orders)) == 8
    if n % batch:
        assert set().union(*orders) > set(orders[0])


def test_a_batch_draws_its_points_from_its_own_replicate():
    points = torch.arange(3.0)[:, None, None].expand(3, 20, 2)
    for x0, _, _ in itertools.islice(batches(points, 8, [0, 1, 2]), 5):
        assert torch.equal(x0, points[:, :8])


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


def test_the_clock_ticks_once_an_epoch():
    ticks, points = [], data([0])
    network = denoiser.build(MODEL, dimension=2, seed=1, replicates=[0])
    sets = dict(points=points, held_out=points, settings=copy.deepcopy(SETTINGS))
    list(training.train(network, SCHEDULE, **sets, seed=1, replicates=[0], tick=lambda: ticks.append(1)))
    assert len(ticks) == 10


EPOCHS = [1, 2, 3, 4, 5, 7, 10, 31, 100, 1000, 54_321]


@pytest.mark.parametrize("spacing", ["linear", "log"])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 9, 20, 100])
def test_snapshots_are_as_many_as_asked_from_the_first_epoch_to_the_last(spacing, count):
    for epochs in EPOCHS:
        chosen = training.snapshot_epochs(epochs, count=count, spacing=spacing)
        assert len(chosen) == min(count, epochs + 1)
        assert (chosen[0], chosen[-1]) == (0, epochs)
        assert all(a < b for a, b in itertools.pairwise(chosen))


@pytest.mark.parametrize("epochs", [1, 2, 3, 10, 50])
def test_snapshots_of_every_epoch_are_all_epochs(epochs):
    everything = list(range(epochs + 1))
    assert training.snapshot_epochs(epochs, count=2, spacing="every") == everything
    for spacing in ("linear", "log"):
        assert training.snapshot_epochs(epochs, count=epochs + 1, spacing=spacing) == everything
        assert len(training.snapshot_epochs(epochs, count=max(epochs, 2), spacing=spacing)) == max(epochs, 2)


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


@pytest.mark.parametrize("clip", [0, 1.0])
def test_no_snapshot_holds_a_diverged_model(clip):
    with pytest.raises(training.DivergedError):
        for snapshot in run(learning_rate=1e30, epochs=1, batch=20, clip=clip)[1]:
            assert snapshot.train_loss.isfinite().all()


def test_a_repeated_point_is_learnt_as_the_answer_at_every_level():
    point = torch.tensor([0.8, -0.5])
    points = point.expand(1, 64, 2)
    network, snapshots = run(points=points, held_out=points, batch=64, epochs=600, snapshots=dict(spacing="log", count=3))
    sigma = SCHEDULE.quantile(torch.tensor([[0.1, 0.5, 0.9]]))
    eps = torch.randn(1, 3, 2, generator=torch.Generator().manual_seed(0))
    estimate = denoiser.denoiser(network, SCHEDULE)(point + sigma[..., None] * eps, sigma)
    assert snapshots[-1].train_loss.mean() < 0.1 * snapshots[0].train_loss.mean()
    assert ((estimate - point).abs() < 0.5 * sigma[..., None]).all()
