"""For any fault of a config or an artefact, the answer is right or one sentence: properties over drawn cases."""

import copy
import io
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffmem import files
from diffmem.settings.read import studies
from diffmem.settings.refusals import ConfigError

CONFIG = yaml.safe_load((Path(__file__).parents[1] / "config/test.yaml").read_text())
LONGEST = 300
pytestmark = pytest.mark.slow
cases: dict[str, int] = {}
many = settings(
    max_examples=350, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def count(kind: str) -> None:
    cases[kind] = cases.get(kind, 0) + 1


@pytest.fixture(scope="module", autouse=True)
def _number_of_cases():
    yield
    print(f"bad inputs: {cases}, {sum(cases.values())} in all")
    assert sum(cases.values()) >= 1000 or len(cases) < 2  # one kind alone, by -k


def one_sentence(error: Exception) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) <= LONGEST, str(error)


ARRAY = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
TABLE = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, float("nan"), -1], "c": ["x", "y", "z"]})


def written(path: Path) -> bytes:
    """A whole artefact, of the kind that the name's ending says."""
    if path.suffix == ".npy":
        with files.new_array(path, shape=ARRAY.shape, dtype="float32") as out:
            out[:] = ARRAY
    elif path.suffix == ".npz":
        files.save_arrays(path, {"a": ARRAY, "b": ARRAY[0]})
    else:
        files.save_table(path, TABLE)
    return path.read_bytes()


def read_as_written(path: Path) -> bool:
    if path.suffix == ".npy":
        return np.array_equal(files.load_array(path, ndim=3), ARRAY)
    if path.suffix == ".npz":
        found = files.load_arrays(path, names=("a", "b"))
        return np.array_equal(found["a"], ARRAY) and np.array_equal(found["b"], ARRAY[0])
    return files.load_table(path, columns=("a", "b", "c")).equals(TABLE)


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


FOREIGN = [b"", b"\x93NUMPY", b"PK\x03\x04", b"PAR1", pickle.dumps({"a": 1}), pickled(), b"PAR1" * 10]


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.parquet"])
@many
@given(data=st.data())
def test_a_damaged_artefact_is_refused_in_one_sentence_or_read_as_it_was_written(name, data, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "damaged"
    path = Path(folder, name)
    whole = written(path)
    kind = data.draw(st.sampled_from(["random", "truncated", "flipped", "foreign", "longer", "other kind"]))
    if kind == "random":
        damaged = data.draw(st.binary(max_size=400))
    elif kind == "truncated":
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    elif kind == "flipped":
        place, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
        damaged = whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
    elif kind == "longer":
        damaged = whole + data.draw(st.binary(min_size=1, max_size=50))
    elif kind == "foreign":
        damaged = data.draw(st.sampled_from(FOREIGN))
    else:
        damaged = written(Path(folder, data.draw(st.sampled_from(["b.npy", "b.npz", "b.parquet"]))))
    path.write_bytes(damaged)
    count("artefacts")
    try:
        assert read_as_written(path)
    except files.ArtefactError as error:
        one_sentence(error)


def places(part: object, before: tuple = ()) -> list[tuple]:
    """The path of keys to everything within a config."""
    found = [before] if before else []
    pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return found + [place for key, value in pairs for place in places(value, (*before, key))]


ODD = [
    None,
    True,
    -1,
    0,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "%s",
    "{x}",
    "../x",
    "all",
    [],
    {},
    [[]],
    10**30,
    "é" * 99,
]
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.integers(),
    st.floats(),
    st.text(max_size=2000),
    st.lists(st.integers(-5, 5), max_size=4),
    st.dictionaries(st.text(max_size=8), st.integers(-5, 5), max_size=3),
)


@settings(many, max_examples=500)
@given(place=st.sampled_from(places(CONFIG)), value=VALUES, key=st.none() | st.text(max_size=500))
def test_a_config_with_one_thing_changed_is_read_or_refused_in_one_sentence(place, value, key):
    config = copy.deepcopy(CONFIG)
    part = config
    for step in place[:-1]:
        part = part[step]
    if key is not None and isinstance(part, dict):
        part[key] = value  # beside it
    else:
        part[place[-1]] = value
    count("configs")
    try:
        assert studies(config)
    except ConfigError as error:
        one_sentence(error)
