"""Batches: fresh permutations of each replicate's points, with uniform levels, normal noise and their labels."""

import itertools
import math

import pytest
import torch

from diffmem.diffusion import batches as module


def batches(points, batch, replicates=(0,), **options):
    return module.Batches(points, batch, seed=1, replicates=list(replicates), **options)


def numbered(n):
    """Two replicates whose only feature is the number of the point."""
    return torch.stack([torch.arange(n), n + torch.arange(n)])[..., None].float()


@pytest.mark.parametrize(("n", "batch"), [(20, 5), (23, 5), (7, 7), (3, 1), (100, 1), (100, 32), (200, 2)])
def test_every_epoch_is_a_fresh_permutation_of_the_replicates_own_points(n, batch):
    points = numbered(n)
    stream, per_epoch, orders = batches(points, batch, [0, 1]), n // batch, []
    for _ in range(4):
        epoch = torch.cat([x0[..., 0] for x0, *_ in itertools.islice(stream, per_epoch)], 1)
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


@pytest.mark.parametrize(("n", "batch"), [(25, 128), (100, 128), (1, 5), (20, 7), (300, 2), (9000, 128)])
def test_cycled_batches_are_whole_and_use_every_point_once_before_any_again(n, batch):
    steps = 3 * max(1, n // batch) + 200 // batch
    drawn = list(itertools.islice(batches(numbered(n), batch, [0, 1], cycle=True), steps))
    assert {b.x0.shape for b in drawn} == {(2, batch, 1)}
    order = torch.cat([b.x0[..., 0] for b in drawn], 1)
    for i, row in enumerate(order):
        for permutation in row[: len(row) // n * n].view(-1, n):
            assert torch.equal(permutation.sort().values, torch.arange(n) + n * i)


def test_cycling_changes_nothing_where_batches_fit():
    one, other = (itertools.islice(batches(numbered(64), 16, [0, 1], cycle=c), 300) for c in (False, True))
    for a, b in zip(one, other, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a[:3], b[:3], strict=True))


@pytest.mark.parametrize("cycle", [False, True])
def test_labels_are_those_of_the_points(cycle):
    points, labels = numbered(23), torch.arange(46).view(2, 23) % 7
    for b in itertools.islice(batches(points, 5, [0, 1], labels=labels, cycle=cycle), 50):
        assert torch.equal(b.label, b.x0[..., 0].long() % 7)


def test_labels_leave_the_draws_as_they_are():
    labelled = batches(numbered(23), 5, [0, 1], labels=torch.zeros(2, 23, dtype=torch.long))
    for a, b in itertools.islice(zip(labelled, batches(numbered(23), 5, [0, 1]), strict=False), 50):
        assert all(torch.equal(x, y) for x, y in zip(a[:3], b[:3], strict=True))


def test_large_points_are_drawn_a_few_steps_at_a_time(monkeypatch):
    monkeypatch.setattr(module, "MOST", 100)
    drawn = list(itertools.islice(batches(numbered(60), 30, [0, 1]), 8))
    for first, second in zip(drawn[::2], drawn[1::2], strict=True):
        assert torch.cat([first.x0, second.x0], 1)[..., 0].sort(1).values.tolist() == numbered(60)[..., 0].tolist()


def test_parts_of_a_batch_are_the_batch():
    batch = next(batches(numbered(20), 20, [0, 1], labels=torch.arange(40).view(2, 20)))
    for size, count in ((0, 1), (20, 1), (100, 1), (7, 3), (1, 20)):
        parts = batch.split(size)
        assert len(parts) == count
        assert all(
            torch.equal(torch.cat(p, 1), whole) for p, whole in zip(zip(*parts, strict=True), batch, strict=True)
        )


@pytest.mark.parametrize(("n", "batch", "cycle"), [(20, 5, False), (23, 5, True), (300, 2, False), (7, 30, True)])
@pytest.mark.parametrize("given", [0, 1, 63, 64, 65, 200])
def test_batches_that_go_on_from_a_state_are_those_that_would_have_followed(n, batch, cycle, given):
    one, other = (batches(numbered(n), batch, [0, 1], cycle=cycle) for _ in range(2))
    for _ in range(given):
        next(one)
    other.restore({name: value.clone() for name, value in one.state().items()})
    for a, b in itertools.islice(zip(one, other, strict=True), 150):
        assert all(torch.equal(x, y) for x, y in zip(a[:3], b[:3], strict=True))
