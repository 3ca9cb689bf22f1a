"""Points that a function of the user draws."""

import numpy as np
import pytest

from diffmem.data.dataset import dataset
from diffmem.data.own import draw
from diffmem.own_code import OwnError
from diffmem.settings.datasets import Own


def own(tmp_path, body: str) -> str:
    (tmp_path / "my_data.py").write_text(f"import numpy as np\ndef draw(count, generator):\n    return {body}\n")
    return f"{tmp_path}/my_data.py:draw"


def test_points_of_its_law_are_drawn_and_split(tmp_path):
    module = own(tmp_path, "generator.uniform(3, 4, (count, 2, 3))")
    settings = Own(module=module, size=(2, 3), inliers=50).resolved(generated=100)
    found = dataset(settings, seed=1, replicate=0)
    assert found.train.points.shape == (50, 6)
    assert found.test.points.shape == (50, 6)
    assert found.fresh.shape == (100, 6)
    pool = np.vstack([found.train.points, found.test.points, found.fresh])
    assert 3 <= pool.min() < pool.max() <= 4
    assert len(np.unique(pool, axis=0)) == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[[1.0, 2.0]] * count", r"line 2: returned a list; must return an array of numbers of the shape \(7, 2\)"),
        ("np.full((count, 2), 'a')", "line 2: returned an array of <U1"),
        ("generator.normal(size=(count, 3))", r"line 2: returned the shape \(7, 3\); must return \(7, 2\)"),
        ("generator.normal(size=(1, 2))", r"line 2: returned the shape \(1, 2\)"),
        ("np.full((count, 2), np.nan)", "line 2: returned 7 of 7 points that are NaN or infinite"),
        ("generator.no_such(3)", "line 3: raised AttributeError"),
        ("np.arange(6.).reshape(3, 2)[np.arange(count) % 3]", "line 2: returned 4 of 7 points twice, .*data.path"),
        ("np.random.default_rng(0).normal(size=(count, 2))", "line 2: returned the same points for two generators"),
    ],
)
def test_what_is_no_array_of_such_points_is_refused_with_its_line(tmp_path, body, words):
    with pytest.raises(OwnError, match=words):
        draw(7, np.random.default_rng(0), module=own(tmp_path, body), size=(2,))
