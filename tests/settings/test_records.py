"""Choices name functions that exist and take what the records add; defaults hold; the documents are in step."""

import inspect
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from diffmem.loading import load
from diffmem.settings import docs, read
from diffmem.settings.collections import AnyData, Collection
from diffmem.settings.datasets import Distribution, Moons, Own
from diffmem.settings.onset import OnsetCell
from diffmem.settings.questions import QUESTIONS, Config
from diffmem.settings.records import Choice, alternatives
from diffmem.settings.sections import TrainedCell

CONFIGS = Path(__file__).parents[2] / "config"
SECTIONS = {**TrainedCell.sections(), **OnsetCell.sections()}
CHOICES = [record for records in SECTIONS.values() for record in records if issubclass(record, Choice)]
NEEDED = {"path": "here", "size": [3, 8, 8], "module": "my.py:f", "epochs": [0, 1]}
DATA = alternatives(AnyData)
DISTRIBUTIONS = [record for record in DATA if issubclass(record, Distribution) and record is not Own]
BUNDLED = [record for record in DATA if issubclass(record, Collection) and record.bundled_size]


def made(record):
    return record(**{key: value for key, value in NEEDED.items() if key in record.model_fields})


def test_every_choice_names_a_function_whose_options_are_those_of_the_record():
    wrong = {}
    for record in CHOICES:
        parameters = inspect.signature(load(record.function)).parameters.values()
        taken = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        if taken != set(made(record).arguments()):
            wrong[record.function] = taken ^ set(made(record).arguments())
    assert not wrong


def test_every_key_is_described_and_sections_are_too():
    records = [Config, *QUESTIONS, *(record for records in SECTIONS.values() for record in records)]
    silent = [
        f"{record.__name__}.{key}"
        for record in records
        for key, field in record.model_fields.items()
        if not (
            field.description or docs._record(field.annotation) or (issubclass(record, Choice) and key == record.tag)
        )
    ]
    assert not silent
    assert all(record.__doc__ for record in records)


def test_the_documents_are_in_step_with_the_records(tmp_path):
    docs.write(tmp_path)
    for path in tmp_path.iterdir():
        assert (CONFIGS / path.name).read_text() == path.read_text(), f"{path.name}: run make docs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_the_schema_of_editors_accepts_every_config_of_the_repository(path):
    jsonschema.Draft202012Validator(docs.schema()).validate(read.read(path))
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


@pytest.mark.parametrize(
    "bad", ["{shape: moons}", "{inliers: 0}", "{noise: much}", "{dataset: moon}", "{outliers: {size: 1}}"]
)
def test_the_schema_of_editors_refuses_what_is_refused(tmp_path, bad):
    path = tmp_path / "bad.yaml"
    path.write_text(f"studies: {{s: {{data: {bad}}}}}")
    assert not jsonschema.Draft202012Validator(docs.schema()).is_valid(read.read(path))


@pytest.mark.parametrize("cell", [TrainedCell, OnsetCell], ids=lambda cell: cell.__name__)
def test_a_cell_survives_its_way_through_the_parameters_of_a_rule_and_lacks_what_was_not_sent(cell):
    question = next(kind.choice_name() for kind in QUESTIONS if kind.cell is cell)
    whole = read.studies({"studies": {"s": {"question": question}}})["s"].cells["base"]
    sections = list(cell.sections())
    assert cell.load(whole.dump("seed", *sections)) == whole
    part = cell.load(whole.dump("seed", sections[0]))
    assert getattr(part, sections[0]) == getattr(whole, sections[0])
    with pytest.raises(AttributeError):
        getattr(part, sections[1])


@pytest.mark.parametrize("record", DISTRIBUTIONS, ids=lambda record: record.choice_name())
@pytest.mark.parametrize("count", [0, 1, 200])
def test_a_distribution_draws_distinct_points_of_its_dimension_from_its_generator_alone(record, count):
    settings = record(dimension=5) if "dimension" in record.model_fields else record()
    draw, again = (load(record.function)(count, np.random.default_rng(0), **settings.arguments()) for _ in range(2))
    assert draw.shape == (count, settings.features)
    assert np.array_equal(draw, again)
    assert len(np.unique(draw, axis=0)) == count


@pytest.mark.parametrize("record", BUNDLED, ids=lambda record: record.choice_name())
def test_a_collection_that_needs_no_file_holds_what_its_record_says(record):
    collection = load(record.function)(pixels=None)
    counts = np.unique(collection.labels, return_counts=True)[1]
    assert (len(counts), counts.min()) == record.bundled_size
    assert collection.pixels.shape[1:] == record.native


def test_no_study_can_be_called_like_a_rule_or_a_file_of_the_run():
    import re

    rules = [path.read_text() for path in (CONFIGS.parent / "workflow").rglob("*.smk")]
    rules.append((CONFIGS.parent / "workflow" / "Snakefile").read_text())
    named = {name for text in rules for name in re.findall(r"^\s*(?:rule|checkpoint) (\w+):", text, re.MULTILINE)}
    beside = {name for text in rules for name in re.findall(r'"<results>/([\w.-]+)["/]', text)}
    able = {name for name in named | beside if re.fullmatch(r"[A-Za-z][A-Za-z0-9.-]*", name)}
    assert able <= read.RESERVED, able - read.RESERVED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 0.5),
        ({"outliers": {"count": 99, "spread": 0.5}}, None),
        ({"outliers": {"count": 100, "spread": 0.5, "clusters": 2}}, None),
        ({"outliers": {"count": 100, "spread": 1}}, None),
        ({"duplicates": {"count": 1}}, None),
    ],
)
def test_outliers_are_a_class_if_they_are_one_cluster_as_large_as_the_inliers(change, expected):
    data = Moons(**{"inliers": 100, "outliers": {"count": 100, "spread": 0.5}, **change})
    assert data.class_width == expected
