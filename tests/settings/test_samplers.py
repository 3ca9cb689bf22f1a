"""The number of points that a precision asks for."""

import numpy as np
import pytest

from diffmem.settings.samplers import Ddpm


@pytest.mark.parametrize(("deviation", "count"), [(0.1, 100), (0.02, 2500), (0.022, 2067), (0.001, 1_000_000)])
def test_a_deviation_asks_for_so_many_points(deviation, count):
    assert Ddpm(deviation=deviation).enough == count


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.3, 0.3), (0.6, 0.1)])
def test_the_net_fraction_of_so_many_points_varies_by_no_more_than_was_asked(shares):
    asked = 0.02
    count = Ddpm(deviation=asked).enough
    near, far, _ = np.random.default_rng(0).multinomial(count, [*shares, 1 - sum(shares)], 20_000).T
    found, bound = ((near - far) / count).std(), asked * np.sqrt(sum(shares) - (shares[0] - shares[1]) ** 2)
    assert found == pytest.approx(bound, rel=0.02)  # four standard errors of the standard deviation
    assert bound <= asked
