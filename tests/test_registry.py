"""What can be chosen by name exists, takes only what the schema knows, and is as the tables describe it."""

import inspect

import numpy as np
import pytest

from diffmem import registry
from diffmem.settings import checks
from diffmem.settings import read as config

TABLES = {
    "SHAPES": "data",
    "NETWORKS": "model",
    "SCHEDULES": "schedule",
    "SAMPLERS": "sampling",
    "INDEXES": "neighbours",
    "LAWS": "law",
    "GENERATORS": "generator",
}
ENTRIES = [
    pytest.param(target, id=f"{table}-{name}")
    for table in (*TABLES, "FIGURES", "ONSET_FIGURES")
    for name, target in getattr(registry, table).items()
]


def section(name):
    study = config.load_schema()["properties"]["studies"]["additionalProperties"]
    return study["properties"][name]["properties"]


def points(shape, count, **changes):
    defaults = {key: part.get("default") for key, part in section("data").items()}
    target = registry.SHAPES[shape]
    settings = registry.chosen(target, {**defaults, **changes})
    return registry.load(target)(count, np.random.default_rng(0), **settings)


@pytest.mark.parametrize("target", ENTRIES)
def test_every_entry_loads_and_its_options_are_read_right_from_the_source(target):
    parameters = inspect.signature(registry.load(target)).parameters.values()
    keyword_only = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
    assert registry.options(target) == keyword_only


@pytest.mark.parametrize(("table", "name"), TABLES.items())
def test_options_of_a_table_are_the_option_keys_of_its_schema_section(table, name):
    taken = {option for target in getattr(registry, table).values() for option in registry.options(target)}
    marked = {key for key, part in section(name).items() if part.get("x-option")}
    assert taken == marked


@pytest.mark.parametrize(("table", "name"), TABLES.items())
def test_the_schema_offers_exactly_the_names_of_the_table(table, name):
    key, chosen_from = checks.CHOICES[name]
    assert chosen_from is getattr(registry, table)
    assert section(name)[key]["enum"] == list(chosen_from)
    assert section(name)[key]["default"] in chosen_from


@pytest.mark.parametrize("shape", registry.DISTRIBUTIONS)
@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_distribution_has_as_many_points_and_features_as_it_says(shape, count):
    dimension = checks.dimension({"shape": shape, "dimension": 5})
    assert points(shape, count, dimension=5).shape == (count, dimension)


@pytest.mark.parametrize("shape", registry.DISTRIBUTIONS)
def test_a_distribution_has_a_fixed_dimension_or_takes_one(shape):
    assert (shape in registry.DIMENSIONS) != ("dimension" in registry.options(registry.SHAPES[shape]))


@pytest.mark.parametrize("shape", registry.COLLECTIONS)
def test_a_collection_has_a_fixed_size_or_takes_one(shape):
    assert (shape in registry.IMAGES) != ("size" in registry.options(registry.SHAPES[shape]))


@pytest.mark.parametrize("shape", registry.HELD)
def test_a_collection_that_needs_no_file_holds_what_the_table_says(shape):
    collection = registry.load(registry.SHAPES[shape])(pixels=None)
    classes, each = registry.HELD[shape]
    counts = np.unique(collection.labels, return_counts=True)[1]
    assert (len(counts), counts.min()) == (classes, each)
    assert collection.pixels.shape[1:] == registry.IMAGES[shape]


@pytest.mark.parametrize("shape", registry.DISTRIBUTIONS)
def test_a_distribution_draws_distinct_points_from_its_generator_alone(shape):
    draw = points(shape, 200)
    assert np.array_equal(draw, points(shape, 200))
    assert len(np.unique(draw, axis=0)) == 200


def test_chosen_keeps_only_what_an_entry_takes():
    target = registry.SHAPES["mixture"]
    settings = {"noise": 0.1, "dimension": 3, "components": 2, "inliers": 10}
    assert registry.chosen(target, settings) == {"dimension": 3, "components": 2}
