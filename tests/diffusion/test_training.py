"""Stacked training equals plain training, one model at a time; budgets and snapshots are what they claim."""

import itertools
import math

import numpy as np
import pytest
import torch

from diffmem.diffusion import budget, denoiser, networks, schedules, training
from diffmem.diffusion.batches import Batches, Points
from diffmem.diffusion.build import build_network
from diffmem.diffusion.denoiser import loss
from diffmem.settings.sections import TrainedCell, Training

SCHEDULE = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
MODEL = dict(network="residual-mlp", width=16, blocks=2, embedding=8, scale=5.0)
OPTIMISER = dict(learning_rate=0.01, weight_decay=0.01, clip=1.0)
BUDGET = dict(epochs=10, steps=0, batch=8, cycle=False, microbatch=0, snapshots=dict(spacing="every", count=2))
RATE = dict(optimizer="adamw", warmup=0, decay="constant")
SETTINGS = dict(**BUDGET, **RATE, **OPTIMISER, ema=0)
FLOAT32 = dict(atol=1e-5, rtol=1e-5)


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def data(replicates, n=20, d=2):
    draws = [np.random.default_rng([7, r]).standard_normal((n, d)) for r in replicates]
    return torch.from_numpy(np.stack(draws)).to(torch.get_default_dtype())


def run(replicates=(0,), *, points=None, held_out=None, labels=None, label_count=0, model=MODEL, **changes):
    """The network after training and all its snapshots."""
    points = data(replicates) if points is None else points
    held_out = data([r + 50 for r in replicates], n=15, d=points.shape[2]) if held_out is None else held_out
    size = dict(dimension=points.shape[2], label_count=label_count)
    network = build_network(TrainedCell.load({"model": model}).model, **size, seed=1, replicates=list(replicates))
    unlabelled = None if labels is None else torch.full(held_out.shape[:2], -1)
    sets, settings = Points(points, held_out, labels, unlabelled), Training(**{**SETTINGS, **changes})
    trainer = training.Trainer(network, SCHEDULE, settings, sets, seed=1, replicates=list(replicates))
    return network, list(training.train(trainer))


def noised(x0, eps, step):
    """sqrt(abar) x_0 + sqrt(1 - abar) eps after the steps ``step`` of tiny-diffusion's process."""
    abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 50, dtype=torch.float64), 0)[step].to(x0)[..., None]
    return abar.sqrt() * x0 + (1 - abar).sqrt() * eps


PLAIN = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
CHANGES = [
    dict(clip=0, weight_decay=0),
    dict(clip=0.05, weight_decay=0.5),
    dict(clip=0, weight_decay=0.5, optimizer="adam"),
    dict(clip=0.05, weight_decay=0.5, warmup=7, decay="cosine"),
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_a_stack_trains_as_a_plain_loop_trains_each_of_its_models(changes):
    replicates = [2, 5]
    points, settings = data(replicates), {**SETTINGS, **changes}
    _, snapshots = run(replicates, points=points, epochs=50, **changes)

    def share(step):  # LambdaLR counts from 0
        rise = min(1, (step + 1) / 7) if settings["warmup"] else 1
        return rise * (0.5 + 0.5 * math.cos(math.pi * step / 100) if settings["decay"] == "cosine" else 1)

    for i in range(2):
        single = build_network(TrainedCell.load({"model": MODEL}).model, dimension=2, seed=1, replicates=[9])
        networks.load(single, snapshots[0].parameters[i : i + 1])
        rule = dict(lr=0.01, weight_decay=settings["weight_decay"], fused=False)
        optimizer = PLAIN[settings["optimizer"]](single.parameters(), **rule)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        for x0, u, eps, _ in itertools.islice(Batches(points, 8, seed=1, replicates=replicates), 100):
            step = (u[i] * 50).floor().long()
            out = single(noised(x0[i], eps[i], step)[None], step[None].double())[0]
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(out, eps[i]).backward()
            if settings["clip"]:
                torch.nn.utils.clip_grad_norm_(single.parameters(), settings["clip"])
            optimizer.step()
            schedule.step()
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


IMAGE_MLP = dict(network="image-mlp", width=64, blocks=1, embedding=32, time="positional", time_scale=1.0, dropout=0.2)
UNET = dict(network="unet", image=[1, 4, 4], width=16, blocks=1, multipliers=[1, 2], attention=[4], skips=[1, 2, 3, 4])
UNET |= dict(time="fourier", time_scale=1.0, dropout=0.2)


@pytest.mark.parametrize("model", [IMAGE_MLP, UNET], ids=lambda model: model["network"])
def test_a_stack_with_labels_dropout_and_parts_of_batches_equals_single_trainings_bit_for_bit(model):
    def trained(replicates):
        points = data(replicates, n=20, d=16)
        labels = torch.stack([torch.arange(20) * (r + 1) % 3 for r in replicates])
        changes = dict(batch=32, cycle=True, microbatch=16, steps=2, optimizer="adam", ema=0.5)
        changes["snapshots"] = dict(spacing="linear", count=2)
        return run(replicates, points=points, labels=labels, label_count=3, model=model, **changes)[1]

    stacked = trained([3, 7])
    for whole, single in zip(stacked, trained([7]), strict=True):
        assert torch.equal(whole.parameters[1:], single.parameters)
        assert torch.equal(whole.train_loss[1:], single.train_loss)
        assert torch.equal(whole.test_loss[1:], single.test_loss)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("microbatch", [1, 3, 8, 100])
def test_gradients_of_parts_add_up_to_those_of_the_batch(microbatch):
    points, labels = data([0, 1]), torch.arange(40).view(2, 20) % 4
    batch = next(Batches(points, 8, labels=labels, seed=1, replicates=[0, 1]))
    gradients, losses = [], []
    for size in (0, microbatch):
        network = build_network(
            TrainedCell.load({"model": MODEL}).model, dimension=2, label_count=4, seed=1, replicates=[0, 1]
        )
        losses.append(training._accumulate(loss, network, SCHEDULE, batch.split(size), None))
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(*losses)


@pytest.mark.usefixtures("float64")
def test_training_in_parts_of_batches_is_training_on_batches():
    whole, parts = (run([0, 1], microbatch=size)[1][-1].parameters for size in (0, 3))
    torch.testing.assert_close(parts, whole, rtol=1e-8, atol=1e-8)
    assert not torch.equal(parts, whole)


def test_dropout_acts_in_training_and_not_in_the_losses():
    points = data([0], d=16)
    with_dropout, without = (run(points=points, model={**IMAGE_MLP, "dropout": p})[1] for p in (0.5, 0.0))
    assert torch.equal(with_dropout[0].train_loss, without[0].train_loss)
    assert not torch.equal(with_dropout[1].parameters, without[1].parameters)


def test_a_conditional_network_learns_the_point_of_each_label():
    points = torch.tensor([[0.9, -0.7], [-0.8, 0.6]])[None]
    labels, model = torch.tensor([[0, 1]]), {**IMAGE_MLP, "dropout": 0.0}
    budget = dict(batch=64, cycle=True, steps=400, snapshots=dict(spacing="linear", count=2))
    network, _ = run(points=points, labels=labels, label_count=2, model=model, **budget)
    denoise, sigma = denoiser.denoiser(network, SCHEDULE), SCHEDULE.quantile(torch.tensor([[1.0, 1.0]]))
    for label in (0, 1):
        estimate = denoise(torch.zeros(1, 2, 2), sigma, torch.tensor([[label, label]]))
        assert (estimate - points[:, label]).abs().max() < 0.2


@pytest.mark.parametrize(("n", "batch"), [(25, 128), (800, 128), (50, 7)])
def test_a_budget_in_steps_has_as_many_steps_for_every_set(n, batch):
    settings = {**SETTINGS, "batch": batch, "steps": 40, "snapshots": dict(spacing="linear", count=5)}
    for cycle, per_epoch in ((True, n / batch), (False, max(1, n // batch))):
        plan = budget.budget(Training(**{**settings, "cycle": cycle}), points=n)
        assert plan.steps == [0, 10, 20, 30, 40]
        assert plan.epochs == pytest.approx([s / per_epoch for s in plan.steps])
        assert plan.batch == (batch if cycle else min(batch, n))
        assert plan.per_epoch == max(1, round(per_epoch))


@pytest.mark.parametrize(("n", "batch", "steps"), [(25, 128, 20), (128, 128, 100), (200, 64, 312), (3, 128, 2)])
def test_cycled_batches_make_as_many_steps_as_the_epochs_hold_points(n, batch, steps):
    settings = {**SETTINGS, "batch": batch, "cycle": True, "epochs": 100}
    plan = budget.budget(Training(**settings), points=n)
    assert plan.steps[-1] == steps
    assert plan.epochs[-1] == pytest.approx(100, abs=0.5 * batch / n)


def test_snapshots_of_a_budget_in_steps_lie_where_it_says():
    settings = dict(steps=9, batch=50, cycle=True, snapshots=dict(spacing="linear", count=4))
    _, snapshots = run(**settings)
    assert [s.step for s in snapshots] == [0, 3, 6, 9]
    assert [s.epoch for s in snapshots] == pytest.approx([0, 7.5, 15, 22.5])


def test_the_learning_rate_rises_over_the_warmup_and_falls_to_nothing():
    settings = {**SETTINGS, "learning_rate": 0.2, "warmup": 4, "decay": "cosine"}
    rates = [training.learning_rate(Training(**settings), step, last=100) for step in range(1, 101)]
    assert rates[:4] == pytest.approx([0.05, 0.1, 0.15, 0.2], rel=0.01)
    assert rates[50] == pytest.approx(0.1)
    assert 0 < rates[-1] < 0.001
    constant = [training.learning_rate(Training(**SETTINGS), step, last=100) for step in (1, 50, 100)]
    assert constant == [0.01] * 3


def test_each_replicates_gradient_is_clipped_by_its_own_norm():
    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([1e-4, 1.0, 100.0])[:, None, None]
    gradients = [torch.randn(3, *shape, generator=generator) * scales for shape in ((5, 4), (1, 4))]
    stacked = torch.cat([g.flatten(1) for g in gradients], 1)
    training._clip(stacked, 0.5)
    for r in range(3):
        single = [torch.nn.Parameter(torch.zeros_like(g[r])) for g in gradients]
        for p, g in zip(single, gradients, strict=True):
            p.grad = g[r].clone()
        norm = torch.nn.utils.clip_grad_norm_(single, 0.5)
        assert (norm > 0.5) == (r > 0)
        torch.testing.assert_close(stacked[r], torch.cat([p.grad.flatten() for p in single]))


@pytest.mark.parametrize("decay", [1e-9, 0.5, 0.95])
def test_the_running_mean_follows_its_recursion_and_leaves_training_alone(decay):
    network, raw = run([0, 1], batch=20)
    averaged_network, averaged = run([0, 1], batch=20, ema=decay)
    assert torch.equal(networks.flatten(network), networks.flatten(averaged_network))
    mean = raw[0].parameters.double()
    for plain, snapshot in zip(raw, averaged, strict=True):  # one step an epoch, so every step is here
        mean = decay * mean + (1 - decay) * plain.parameters.double()
        torch.testing.assert_close(snapshot.parameters.double(), mean, **FLOAT32)


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
        chosen = budget.snapshot_times(epochs, count=asked, spacing=spacing)
        assert len(chosen) == (epochs + 1 if spacing == "every" else min(asked, epochs + 1))
        assert (chosen[0], chosen[-1]) == (0, epochs)
        assert all(a < b for a, b in itertools.pairwise(chosen))


def test_snapshots_are_equally_spaced_in_epochs_or_in_their_logarithm():
    linear = np.array(budget.snapshot_times(10_000, count=9, spacing="linear"))
    log = np.array(budget.snapshot_times(10_000, count=10, spacing="log"))
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


def conditional(model, changes):
    """A trainer of two replicates of points of 16 features with labels."""
    replicates = [3, 7]
    labels = torch.stack([torch.arange(20) * (r + 1) % 3 for r in replicates])
    points = Points(data(replicates, d=16), data([53, 57], n=15, d=16), labels, torch.full((2, 15), -1))
    settings = TrainedCell.load({"model": model}).model
    network = build_network(settings, dimension=16, label_count=3, seed=1, replicates=replicates)
    settings = Training(**{**SETTINGS, **changes})
    return training.Trainer(network, SCHEDULE, settings, points, seed=1, replicates=replicates)


CYCLED = dict(batch=32, cycle=True, optimizer="adam", ema=0.5)


@pytest.mark.parametrize(
    ("model", "changes", "ends"),
    [
        (IMAGE_MLP, dict(batch=8), [2, 4, 6]),
        (IMAGE_MLP, dict(batch=8), [5, 7]),
        (IMAGE_MLP, CYCLED, [1]),
        (IMAGE_MLP, CYCLED, [2, 7]),
        (UNET, CYCLED, [3]),
    ],
)
def test_a_training_that_goes_on_from_its_states_is_the_training_in_one_piece(model, changes, ends):
    changes = changes | dict(steps=8, snapshots=dict(spacing="linear", count=5), warmup=5, decay="cosine")
    whole = list(training.train(conditional(model, changes)))
    pieces, state = [], None
    for end in [*ends, 8]:
        trainer = conditional(model, changes)
        if state:
            trainer.restore(state)
        due, piece = trainer.due(end), list(training.train(trainer, until=end))
        assert len(due) == len(piece)
        pieces, state = pieces + piece, trainer.state()
    assert [s.step for s in pieces] == [s.step for s in whole] == [0, 2, 4, 6, 8]
    for one, other in zip(whole, pieces, strict=True):
        for name in ("parameters", "train_loss", "test_loss"):
            assert torch.equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("length", [0, 1, 7, 9, 10, 50])
def test_segments_cover_a_training_and_none_is_longer_than_asked(length):
    ends = budget.segment_ends(Training(**{**SETTINGS, "epochs": 5}), points=20, length=length)  # 10 steps
    assert ends[-1] == 10
    steps = [b - a for a, b in itertools.pairwise([0, *ends])]
    assert all(0 < step <= (length or 10) for step in steps)
    assert len(ends) == (math.ceil(10 / length) if length else 1)
