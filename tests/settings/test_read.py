"""Good configs expand completely; bad ones are refused in one sentence with the key, its value and what is allowed."""

import copy
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from diffmem.settings import read as config
from diffmem.settings.datasets import INJECTED
from diffmem.settings.records import alternatives
from diffmem.settings.refusals import LONGEST, ConfigError
from diffmem.settings.schedules import AnySchedule
from diffmem.settings.shards import replicates, shards
from diffmem.studies.claims import LEAST

CONFIGS = sorted(Path(__file__).parents[2].glob("config/*.yaml"))

# what a study says, the key and the value that the refusal names, and what it says is allowed
REFUSED = [
    ("data: {inlier: 9}", "s.data.inlier", "unknown key", "did you mean inliers?"),
    ("data: {outliers: {size: 9}}", "s.data.outliers.size", "unknown key", "count, clusters"),
    ("modle: {}", "s.modle", "unknown key", "did you mean model?"),
    ("data: {inliers: -5}", "data.inliers", "-5", "at least 2"),
    ("data: {outliers: {count: -1}}", "data.outliers.count", "-1", "at least 0"),
    ("data: {test: 99.5}", "data.test", "99.5", "a whole number"),
    ("data: {duplicates: {count: 0.5}}", "data.duplicates.count", "0.5", "a whole number"),
    ("data: {inliers: yes}", "data.inliers", "True", "a whole number"),
    ("data:", "s.data", "None", "a mapping"),
    ("replicates: 0", "s.replicates", "0", "at least 1"),
    ("training: {learning_rate: 1e-3}", "training.learning_rate", "'1e-3'", "write 0.001"),
    ("training: {learning_rate: .nan}", "training.learning_rate", "nan", "a finite number"),
    ("data: {noise: .inf}", "data.noise", "inf", "a finite number"),
    ("training: {epochs: many}", "training.epochs", "'many'", "a whole number"),
    ("training: {ema: 1}", "training.ema", "1", "less than 1"),
    ("training: {epochs: 5, snapshots: {count: 7}}", "snapshots.count", "7", "at most training.epochs + 1 = 6"),
    ("training: {steps: 5, snapshots: {count: 7}}", "snapshots.count", "7", "at most training.steps + 1 = 6"),
    (
        "{data: {inliers: 100}, training: {cycle: true, batch: 50, epochs: 4, snapshots: {count: 10}}}",
        "snapshots.count",
        "10",
        "at most the number of steps, 8, + 1 = 9",
    ),
    ("schedule: {name: ve, sigma_max: 200}", "schedule.sigma_max", "200", "above 0.02, and at most 100, for ve"),
    ("schedule: {name: ve, sigma_max: 0.01}", "schedule.sigma_max", "0.01", "above 0.02, and at most 100, for ve"),
    ("model: {network: module, module: 'm.py:N', shape: [1, 3, 3]}", "model.shape", "[1, 3, 3]", "2 features; leave"),
    (
        "data: {dataset: digits, inliers: 99}\nmodel: {network: unet, multipliers: [1, 1], attention: [4, 5]}",
        "model.attention",
        "[4, 5]",
        "5 is no height of this unet; they are [8, 4]",
    ),
    ("training: {optimizer: sgd}", "training.optimizer", "'sgd'", "one of adamw, adam"),
    ("training: {decay: linear}", "training.decay", "'linear'", "one of constant, cosine"),
    ("measure: {ratio: 0.9}", "measure.ratio", "0.9", "at least 1"),
    ("measure: {ratios: [2, 0.5]}", "measure.ratios.1", "0.5", "at least 1"),
    ("measure: {ratios: []}", "measure.ratios", "[]", "at least one"),
    ("measure: {rounded: true}", "measure.rounded", "True", "one of digits, mnist, patches, cifar-10"),
    (
        "{data: {dataset: array, path: here, size: [3, 8, 8]}, measure: {rounded: true}}",
        "measure.rounded",
        "True",
        "array may be outside of [-1, 1]; write false",
    ),
    (
        "{data: {dataset: digits, inliers: 99, outliers: {count: 20}}, measure: {rounded: true}}",
        "measure.rounded",
        "True",
        "data.outliers.count = 20 may be outside of [-1, 1]; write false",
    ),
    (
        "{data: {dataset: digits, inliers: 99, near_duplicates: {count: 20}}, measure: {rounded: true}}",
        "measure.rounded",
        "True",
        "or set it to 0",
    ),
    ("model: {embedding: 7}", "model.embedding", "7", "a multiple of 2"),
    ("data: {dataset: moon}", "data.dataset", "'moon'", "one of moons, circles"),
    ("model: {network: vnet}", "model.network", "'vnet'", "one of residual-mlp, image-mlp, unet"),
    ("model: {scale: 5, dropout: 0.1}", "model.dropout", "0.1", "its options are width"),
    ("model: {network: unet}", "model.image", "[1, 1, 2]", "must be square for a unet; choose another network"),
    ("model: {network: unet, image: [1, 3, 1]}", "model.image", "[1, 3, 1]", "the data's 2 features"),
    (
        "data: {dataset: digits, inliers: 99, fresh: 100}\nmodel: {network: unet, multipliers: [1, 1, 1, 1, 1]}",
        "model.multipliers",
        "[1, 1, 1, 1, 1]",
        "a multiple of 16",
    ),
    (
        "data: {dataset: digits, inliers: 99, fresh: 100}\nmodel: {network: unet, blocks: 1, skips: [1, 7]}",
        "model.skips",
        "[1, 7]",
        "must be from 1 to 6",
    ),
    ("data: {dataset: digits, inliers: 99, fresh: 100}\nmodel: {network: unet, width: 9}", "model.width", "9", "even"),
    ("model: {network: unet, skips: [0]}", "model.skips.0", "0", "at least 1"),
    ("schedule: {name: pv}", "schedule.name", "'pv'", "one of linear, cosine, edm, vp, ve"),
    ("schedule: {name: vp, sigma_min: 90}", "schedule.sigma_min", "90", "less than schedule.sigma_max = 80"),
    ("schedule: {name: ve, p_mean: 0}", "schedule.p_mean", "0", "its options are sigma_min"),
    ("sampling: {sampler: euler}", "sampling.sampler", "'euler'", "one of ddpm, ddim, heun"),
    ("data: {twins: true}", "data.twins", "True", "set a count"),
    ("data: {inliers: 0, duplicates: {count: 20}}", "data.inliers", "0", "at least 2"),
    ("data: {inliers: 30, duplicates: {count: 31}}", "duplicates.count", "31", "at most data.inliers = 30"),
    (
        "data: {inliers: 30, duplicates: {count: 20}, near_duplicates: {count: 20}}",
        "count",
        "40",
        "at most data.inliers",
    ),
    (
        "data: {inliers: 50, duplicates: {count: 40}, near_duplicates: {count: 10}}",
        "data.near_duplicates.count",
        "50",
        "must be below data.inliers",
    ),
    ("data: {inliers: 50, test: 51}", "data.test", "51", "must be the number of inliers, 50; write null"),
    (
        "{question: effective, effective: {sizes: [50, 60]}, data: {test: 39, duplicates: {count: 40}}}",
        "data.test",
        "39",
        "at least 40",
    ),
    ("data: {outliers: {count: 1}}", "data.outliers.count", "1", "0 or at least 20"),
    ("data: {duplicates: {count: 19}}", "data.duplicates.count", "19", "0 or at least 20"),
    ("data: {near_duplicates: {count: 19}}", "data.near_duplicates.count", "19", "0 or at least 20"),
    ("data: {outliers: {count: 20, clusters: 21}}", "outliers.clusters", "21", "at most data.outliers.count = 20"),
    ("data: {dataset: digits}", "data.inliers + data.test", "2000", "at most 1720"),
    ("data: {dataset: digits, inliers: 80, classes: 1}", "data.inliers + data.test", "160", "at most 154"),
    ("data: {dataset: digits, inliers: 99, noise: 0.1}", "data.noise", "0.1", "its options are pixels"),
    ("data: {dataset: digits, inliers: 99, pixels: 3}", "data.pixels", "3", "must divide the side"),
    ("data: {dataset: patches, pixels: 428}", "data.pixels", "428", "at most 427"),
    ("data: {dataset: digits, inliers: 99, classes: 11}", "data.classes", "11", "at most 10"),
    ("data: {classes: 2}", "data.classes", "2", "moons does not have this option; its options are noise"),
    ("data: {diversity: 0.5}", "data.diversity", "0.5", "moons does not have this option"),
    ("data: {shape: digits}", "data.shape", "studies", "was renamed; write dataset"),
    ("cells: {a: {data: {shape: digits}}}", "(cell a).data.shape", "studies", "was renamed; write dataset"),
    ("{question: onset, generator: {lam: 1}}", "generator.lam", "studies", "was renamed; write generalization"),
    ("cells: {a: {data: null}}", "s.cells.a.data", "None", "a mapping"),
    ("sweep: {data: [5]}", "(cell data-5).data", "5", "a mapping"),
    ("{question: effective, cells: {a: {data: null}}}", "s.cells.a.data", "None", "a mapping"),
    ("{question: effective, cells: {a: {data: {inliers: '%s'}}}}", "data.inliers", "'%s'", "effective.sizes sets"),
    ("{question: effective, data: {inliers: 9}}", "s.data.inliers", "9", "effective.sizes sets the training sizes"),
    ("model: {blocks: 1.0e+300}", "model.blocks", "1e+300", "at most 1000"),
    ("data: {inliers: 1.0e+300}", "data.inliers", "1", "at most 1000000000000000"),
    ("replicates: 1000000", "s.replicates", "1000000", "at most 20000, use a larger shard"),
    (
        "sweep: {a: &five [1, 2, 3, 4, 5], b: *five, c: *five, d: *five, e: *five, f: *five}",
        "s.sweep",
        "10000",
        "fewer",
    ),
    ("cells: {figures: {}}", "(cell figures)", "file or folder", "rename the cell"),
    ("cells: {claims.parquet: {}}", "(cell claims.parquet)", "file or folder", "rename the cell"),
    ("{data: {inliers: -5}, cells: {a: {data: {inliers: 5}}}}", "s.data.inliers", "-5", "at least 2"),
    ("training: {epochs: '3'}", "training.epochs", "'3'", "write 3 ("),
    ("training: {ema: '0.5'}", "training.ema", "'0.5'", "write 0.5"),
    ("data: {dataset: digits, diversity: 2}", "data.diversity", "2", "at most 1"),
    ("data: {pixels: 8}", "data.pixels", "8", "its options are noise"),
    ("data: {dataset: digits, inliers: 99, path: here}", "data.path", "'here'", "its options are pixels"),
    ("{data: {dataset: digits, standardize: true}, measure: {rounded: true}}", "data.standardize", "True", "rounded"),
    ("data: {dataset: idx}", "data.path", "None", "idx needs this key"),
    ("data: {dataset: folder, path: here}", "data.size", "None", "folder needs this key"),
    ("data: {dataset: folder, path: here, size: [64]}", "data.size", "[64]", "[1 or 3, height, width]"),
    ("data: {dataset: folder, path: here, size: [2, 8, 8]}", "data.size", "[2, 8, 8]", "[1 or 3, height, width]"),
    ("data: {dataset: array, path: here, size: [8, 8]}", "data.size", "[8, 8]", "or [features]"),
    ("data: {dataset: array, path: here, size: [64], pixels: 4}", "data.pixels", "4", "square images"),
    ("data: {dataset: array, path: here, size: [3, 8, 4], pixels: 4}", "data.pixels", "4", "square images"),
    ("data: {dataset: array, path: here, size: 64}", "data.size", "64", "must be a list"),
    ("data: {labels: {kind: true}}", "data.labels.kind", "True", "one of none, class, random, unique"),
    ("data: {labels: {kind: class}}", "data.labels.kind", "class", "moons has no classes"),
    ("data: {labels: {kind: random}}", "data.labels.count", "None", "need a number"),
    ("data: {labels: {kind: unique, count: 5}}", "data.labels.count", "5", "only random labels"),
    (
        "data: {dataset: digits, inliers: 99, labels: {kind: class}, outliers: {count: 20}}",
        "kind",
        "class",
        "no class;",
    ),
    ("data: {fresh: 19}", "data.fresh", "19", "at least 20"),
    ("data: {dataset: moons, dimension: 3}", "data.dimension", "3", "its options are noise"),
    ("schedule: {name: linear, steps: 10000}", "schedule.beta_max", "0.02", "beyond what float32 can hold"),
    (
        "schedule: {name: linear, steps: 1000, beta_max: 0.2}",
        "schedule.beta_max",
        "0.2",
        "beyond what float32 can hold",
    ),
    ("schedule: {name: edm, beta_min: 0.1}", "schedule.beta_min", "0.1", "its options are sigma_min"),
    ("schedule: {sigma_max: 9}", "schedule.sigma_max", "9", "its options are steps, beta_min"),
    ("schedule: {name: edm, sigma_min: 90}", "schedule.sigma_min", "90", "less than schedule.sigma_max = 80"),
    ("neighbours: {index: tree}", "neighbours.index", "'tree'", "one of exact, flat, ivf, hnsw"),
    ("neighbours: {probes: 4}", "neighbours.probes", "4", "exact does not have this option; remove this key"),
    ("neighbours: {index: hnsw, cells: 9}", "neighbours.cells", "9", "its options are links, breadth"),
    ("neighbours: {index: ivf, breadth: 9}", "neighbours.breadth", "9", "its options are cells, probes"),
    ("neighbours: {index: ivf, cells: 9}", "neighbours.probes", "16", "at most neighbours.cells = 9"),
    ("neighbours: {index: ivf, probes: 0}", "neighbours.probes", "0", "at least 1"),
    ("neighbours: {index: hnsw, links: 1}", "neighbours.links", "1", "at least 2"),
    ("neighbours: {index: ivf, checked: 0}", "neighbours.checked", "0", "at least 1"),
    ("measure: {merge: 0.1}", "measure.merge", "0.1", "must be 0 for the question outliers"),
    ("cells: {b: {measure: {merge: 0.1}}}", "(cell b).measure.merge", "0.1", "must be 0 for the question outliers"),
    ("measure: {merge: -1}", "measure.merge", "-1", "at least 0"),
    ("sampling: {deviation: 0.02, count: 300}", "sampling.count", "300", "sampling.deviation = 0.02 asks for 2,500"),
    ("sampling: {steps: 51}", "sampling.steps", "51", "at most schedule.steps = 50"),
    ("sweep: {data.inlier: [9]}", "data.inlier", "unknown key", "did you mean inliers?"),
    ("sweep: {replicates: [9]}", "replicates", "unknown key", "a cell may change data, model"),
    ("sweep: {training.ema: [0, 1e-3]}", "training.ema", "'1e-3'", "write 0.001"),
    ("sweep: {training.ema: []}", "s.sweep.training.ema", "[]", "at least one"),
    ("sweep: {training.ema: [0, 0]}", "ema-0", "two cells", "rename one"),
    ("cells: {a: {}, b: {data: {inliers: 1}}}", "(cell b).data.inliers", "1", "at least 2"),
    ("cells: {b: {data: {dimension: 3}}}", "(cell b).data.dimension", "3", "its options are noise"),
    ("cells: {a/b: {}}", "s.cells", "'a/b'", "letters, digits, dots and dashes"),
    ("cells: {100: {}}", "s.cells", "100", "must be text"),
    ("{question: onset, data: {inliers: 9}}", "s.data", "onset does not use this key", "law, generator, onset"),
    ("{question: onset, replicates: 9}", "s.replicates", "onset does not use this key", "law, generator, onset"),
    ("{onset: {fresh: 99}}", "s.onset", "outliers does not use this key", "data, model"),
    ("{question: onset, sweep: {data.inliers: [9]}}", "data", "unknown key", "a cell may change law, generator"),
    ("{question: effective, effective: {sizes: [9]}}", "s.effective.sizes", "[9]", "at least 2 values"),
    ("{question: audit, audit: {train: a.npy}}", "s.audit", "generated", "is missing; add it"),
    ("{question: audit, audit: {train: a, generated: b, accept: [near]}}", "audit.accept.0", "'near'", "far, order"),
    ("{question: audit, audit: {train: a, generated: b, augment: [turn]}}", "audit.augment", "turn", "mirror, shift"),
    ("{question: audit, audit: {train: a, generated: b, features: m:f}}", "audit.features", "m:f", "FILE.py:NAME"),
    ("{question: audit, audit: {train: a, generated: b, index: ivf-x}}", "audit.index", "ivf-x", "ivf-PROBES"),
    ("{question: audit, model: {width: 9}}", "s.model", "audit does not use this key", "its sections are audit"),
    ("{question: onset, onset: {bandwidth: 0}}", "onset.bandwidth", "0", "greater than 0"),
    ("{question: onset, onset: {ratios: [0.05, 1]}}", "onset.ratios", "0.05 x 16", "at least 2 training points"),
    ("{question: onset, onset: {fresh: 200}}", "onset.fresh", "200", "at least the largest number"),
    ("{question: onset, law: {dimension: 0}}", "law.dimension", "0", "at least 1"),
    ("{question: onset, law: {dimension: 1}}", "onset.ratios", "0.25 x 1", "at least 2 training points"),
    ("{question: onset, law: {name: spectrum, variances: [1, 2]}}", "law.variances", "3", "sum to their number 2"),
    ("{question: onset, law: {name: spectrum, variances: [2, 0]}}", "law.variances.1", "0", "greater than 0"),
    ("{question: onset, law: {name: low-rank, floor: 0}}", "law.floor", "0", "greater than 0"),
    ("{question: onset, law: {name: low-rank, rank: 17}}", "law.rank", "17", "at most law.dimension = 16"),
    ("{question: onset, law: {rank: 3}}", "law.rank", "3", "its options are dimension"),
    ("{question: onset, law: {name: digits}}", "onset.fresh", "10768", "at most 1797"),
    ("{question: onset, law: {name: digits}, onset: {fresh: null}}", "onset.fresh", "None", "write a number"),
    (
        "{question: onset, law: {name: digits, dimension: 62}, onset: {fresh: 99, ratios: [0.1, 1]}}",
        "law.dimension",
        "62",
        "at most 61",
    ),
    (
        "{question: onset, generator: {name: mlp}, onset: {samples: 16}}",
        "onset.samples",
        "16",
        "more than the number of features",
    ),
    ("{question: onset, generator: {name: gan}}", "generator.name", "'gan'", "one of one-step"),
    ("{question: onset, generator: {updates: 5}}", "generator.updates", "5", "its options are generalization, time"),
]


def cells(**study):
    return config.studies({"studies": {"s": study}})["s"].cells


@pytest.mark.parametrize(("study", "key", "value", "allowed"), REFUSED, ids=[text for text, *_ in REFUSED])
def test_a_bad_config_is_refused_in_one_sentence(study, key, value, allowed):
    with pytest.raises(ConfigError) as refusal:
        cells(**yaml.safe_load(study))
    message = str(refusal.value)
    assert "\n" not in message
    assert len(message) <= LONGEST
    assert "studies.s" in message
    assert key in message
    assert value in message.replace(key, "", 1)
    assert allowed in message


@pytest.mark.parametrize(
    "data", [{"dataset": "digits"}, {"dataset": "folder", "path": "here", "size": [3, 8, 8]}], ids=str
)
def test_images_of_bytes_may_be_rounded_and_have_exact_copies(data):
    data = {**data, "inliers": 99, "duplicates": {"count": 20}}
    assert cells(data=data, measure={"rounded": True})["base"].measure.rounded


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({}, "config: the key studies is missing"),
        ({"studies": {}}, "studies = {}: must have at least one key"),
        ({"studies": {"a/b": {}}}, "'a/b': a name must consist of letters"),
        ({"studies": {5: {}}}, "5: a key must be text"),
        ({"studies": {"s": None}}, "studies.s = None: must be a mapping"),
        ({"studies": {"s": {}}, "sed": 1}, "sed: unknown key (did you mean seed?)"),
        ({"studies": {"all": {}}}, "studies.all: this is also the name of a rule, target or file"),
        ({"studies": {"plan": {}}}, "studies.plan: this is also the name of a rule, target"),
        ({"studies": {"s": {"cells": {"a.html": {}}}}}, "studies.s (cell a.html): this is also the name of a file"),
        ({"studies": {"claims.csv": {}}}, "studies.claims.csv: this is also the name of a rule, target"),
        ({"studies": {"s": {}}, "seed": "7"}, "seed = '7': must be a whole number; YAML reads 7 as text, write 7"),
        ({"studies": {"s": {}}, "k" * 5000: 1}, "unknown key; allowed here: run, seed"),
        ({"studies": {"s": {"data": ["x" * 9000] * 9000}}}, "must be a mapping"),
        ({"studies": {"s": {}}, "seed": -1}, "seed = -1: must be at least 0"),
        ({"studies": {"s": {}}, "intermediates": "drop"}, "intermediates = 'drop': must be one of keep, discard"),
    ],
)
def test_a_bad_top_level_is_refused_in_one_sentence(top, words):
    with pytest.raises(ConfigError) as refusal:
        config.studies(top)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) <= LONGEST


@pytest.mark.parametrize("path", [p for p in CONFIGS if p.name != "test.yaml"], ids=lambda path: path.name)
def test_every_study_of_effective_memorization_has_the_replicates_of_a_verdict(path):
    for study in config.studies(config.read(path)).values():
        assert study.question != "effective" or study.replicates >= LEAST


@pytest.mark.parametrize(("section", "key"), [("data", "inliers"), ("training", "epochs"), ("sampling", "count")])
def test_a_whole_number_written_with_a_point_becomes_whole(section, key):
    value = getattr(getattr(cells(**{section: {key: 200.0}})["base"], section), key)
    assert (value, type(value)) == (200, int)


def test_replicates_written_with_a_point_become_whole():
    assert config.studies({"studies": {"s": {"replicates": 10.0}}})["s"].shards == ("r000-004", "r005-009")


def test_a_number_without_a_point_is_a_fraction_where_one_is_needed():
    value = cells(training={"ema": 0})["base"].training.ema
    assert (value, type(value)) == (0, float)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("studies:\n  s: {}\n  t: {}\n  s: {}\n", "'s' occurs twice in the block at line 2"),
        ("seed: 1\nstudies: {s: {}}\nseed: 1\n", "'seed' occurs twice"),
        ("studies:\n  s:\n    data: {inliers: 5, test: 5, inliers: 9}\n", "'inliers' occurs twice"),
        ("studies: [1", "not valid YAML (line 1)"),
        ("seed: 1\nstudies: a: b\n", "not valid YAML (line 2)"),
        ("seed: 1\n\tstudies: 3\n", "not valid YAML (line 2)"),
        ("a: !!python/object/apply:os.getcwd []", "not valid YAML (line 1)"),
        ("seed: 1\x00", "not valid YAML"),
        ("", "must have keys at the top level"),
        ("just words", "must have keys at the top level, not 'just words'"),
        ("- 1\n- 2\n", "must have keys at the top level, not [1, 2]"),
        ("seed: " + "9" * 5000, "not valid YAML"),
        ("a: 2020-99-99", "not valid YAML"),
        ("[" * 3000, "not valid YAML"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_read_as_meant_is_refused_in_one_sentence(tmp_path, text, words):
    path = tmp_path / "my.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as refusal:
        config.read(path)
    assert f"{path}: " in str(refusal.value)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_of_the_repository_reads_and_expands(path):
    content = config.read(path)
    assert content == yaml.safe_load(path.read_text())
    assert list(config.studies(content)) == list(content["studies"])


def test_zero_injections_are_fine_and_leave_nothing_to_twin():
    data = cells(data={name: {"count": 0} for name in INJECTED})["base"].data
    assert data.twins is False
    assert data.rows == data.inliers == data.test == data.fresh == 1000


def test_nulls_stand_for_the_numbers_that_the_records_promise():
    data = {"inliers": 70, "duplicates": {"count": 30, "copies": 3}, "near_duplicates": {"count": 20, "copies": 2}}
    cell = cells(data=data, schedule={"steps": 9}, measure={"ratio": 1.2})["base"]
    rows = 70 + 30 * 3 + 20 * 2
    assert (cell.data.test, cell.data.fresh, cell.sampling.count) == (70, rows, rows)
    assert cell.data.twins is True
    assert cell.sampling.steps == 9
    assert cell.measure.ratios == (1, 1.1, 1.2, 1.25, 1.5, 1.75, 2, 2.5, 3, 4)
    assert cells(sampling={"deviation": 0.05})["base"].sampling.count == 400
    unet = cells(data={"dataset": "digits", "inliers": 9}, model={"network": "unet", "blocks": 1})["base"].model
    assert (unet.image, unet.skips) == ((1, 8, 8), (1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize("schedule", alternatives(AnySchedule), ids=lambda record: record.choice_name())
def test_no_null_that_stands_for_a_number_is_left_in_a_cell(schedule):
    def nulls(node, key=""):
        if isinstance(node, dict):
            return {name for part in node for name in nulls(node[part], f"{key}.{part}")}
        return {key} if node is None else set()

    cell = cells(
        schedule={"name": schedule.choice_name()},
        data={"dataset": "mnist"},
        model={"network": "unet", "multipliers": [1]},
    )["base"]
    absent = {".data.pixels", ".data.classes", ".data.diversity", ".data.labels.count", ".sampling.deviation"}
    assert nulls(cell.dump(*type(cell).sections())) == absent


def test_a_study_of_the_onset_has_its_own_sections_and_one_dimension_and_exact_truths_are_allowed():
    cell = cells(question="onset", law={"dimension": 1}, onset={"ratios": [2, 50], "fresh": None})["base"]
    assert list(type(cell).sections()) == ["law", "generator", "onset"]
    assert cell.onset.fresh is None
    named = cells(question="onset", sweep={"law.dimension": [16, 100], "generator.generalization": [1, 0.1]})
    assert list(named)[1] == "dimension-16_generalization-0.1"


def test_cells_times_sweep_are_all_combinations_and_each_changes_what_it_names():
    expanded = cells(
        data={"inliers": 50, "outliers": {"count": 20, "spread": 0.2}},
        cells={"few": {"data": {"inliers": 30}}, "far": {"data": {"outliers": {"distance": 9}}}},
        sweep={"training.ema": [0, 0.9], "data.outliers.clusters": [1, 2, 3]},
    )
    found = [
        (c.data.inliers, c.data.outliers.distance, c.training.ema, c.data.outliers.clusters) for c in expanded.values()
    ]
    assert found == [(n, x, e, c) for n, x in ((30, 2), (50, 9)) for e in (0, 0.9) for c in (1, 2, 3)]
    assert all(cell.data.outliers.spread == 0.2 for cell in expanded.values())
    assert "few_ema-0.9_clusters-3" in expanded


@pytest.mark.parametrize(
    "sweep", ["{measure.ratios: [[1, 2], [3]]}", "{data.outliers: [{count: 20}]}", "{data.dataset: [a/b]}"]
)
def test_swept_values_that_name_no_folder_are_refused(sweep):
    with pytest.raises(ConfigError, match="part of a cell's name; use cells for lists"):
        cells(sweep=yaml.safe_load(sweep))


def test_an_option_is_fine_where_one_of_the_cells_takes_it():
    expanded = cells(data={"noise": 0.1}, sweep={"data.dataset": ["moons", "gaussian"]})
    assert len(expanded) == 2


def test_expanding_leaves_the_config_as_it_is_and_cells_cannot_be_changed():
    given = {"studies": {"s": {"data": {"outliers": {"count": 20}}, "cells": {"a": {}, "b": {}}}}}
    before = copy.deepcopy(given)
    found = config.studies(given)["s"].cells
    assert found["a"] == found["b"] == config.studies(given)["s"].cells["a"]
    assert given == before
    with pytest.raises(ValidationError, match="frozen"):
        found["a"].data.outliers.count = 99


@pytest.mark.parametrize(("total", "size"), [(1, 5), (5, 5), (7, 3), (10, 1), (12, 100), (1001, 250)])
def test_shards_hold_every_replicate_once(total, size):
    names = shards(replicates=total, size=size)
    assert [r for name in names for r in replicates(name)] == list(range(total))
    assert max(len(replicates(name)) for name in names) <= size


SAVED = {
    "samples": "runs/epoch-{epoch}.npy",
    "replicates": 1,
    "data": {"dataset": "array", "path": "train.npy", "held_out": "test.npy", "size": [4], "inliers": 50},
}


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, "epoch"),
        ({"samples": "runs/step-{step}.npy"}, "step"),
        ({"samples": "my_model.py:sample", "sampling": {"epochs": [1, 2]}}, "snapshot"),
        ({"cells": {"a": {}, "b": {"sampling": {"path": "{step}.npy"}}}}, "snapshot"),
        ({"samples": None}, "epoch"),
    ],
)  # fmt: skip
def test_snapshots_are_counted_as_the_samples_that_are_given(changes, counted):
    assert config.studies({"studies": {"mine": {**SAVED, **changes}}})["mine"].counted() == counted


def test_samples_of_a_model_that_was_trained_elsewhere_replace_its_training():
    study = config.studies({"studies": {"mine": SAVED}})["mine"]
    assert study.is_given()
    assert study.cells["base"].sampling.path == "runs/epoch-{epoch}.npy"
    of_function = {**SAVED, "samples": "my_model.py:sample", "sampling": {"epochs": [1, 2]}}
    assert config.studies({"studies": {"mine": of_function}})["mine"].own_functions() == ["my_model.py:sample"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples": "runs/last.npy"}, r"sampling.path = runs/last.npy: must hold \{epoch\} or \{step\} once"),
        ({"replicates": 3}, r"replicates = 3: one pattern is one run; write 1, or put \{replicate\}"),
        ({"data": {**SAVED["data"], "held_out": None}}, "data.held_out = None: samples that are given are judged"),
        ({"data": {**SAVED["data"], "held_out": "train.npy"}}, "data.held_out = train.npy: is data.path, too"),
        ({"data": {**SAVED["data"], "classes": 2}}, "data.classes = 2: cannot be chosen where data.held_out is given"),
        ({"data": {**SAVED["data"], "outliers": {"count": 20}}}, "injected or labelled after training"),
        ({"sampling": {"sampler": "heun"}}, "samples = .*: sampling.sampler says it, too"),
        ({"samples": "my.py:f", "sampling": {"epochs": [2, 1]}}, r"sampling.epochs = \[2, 1\]: must ascend"),
        ({"samples": "my.py:f", "sampling": {"epochs": [-5, 3]}}, r"sampling.epochs.0 = -5: must be at least 0"),
        ({"sampling": {"steps": 3}}, "sampling.steps = 3: samples that are given take no steps"),
        ({"model": {"width": 64}}, r"studies.mine.model: samples are given, and nothing is trained; remove"),
        ({"sweep": {"training.batch": [8, 9]}}, r"\(cell batch-8\).training: samples are given, and nothing is"),
        ({"samples": None, "cells": {"a": {"sampling": {"sampler": "saved", "path": "{epoch}.npy"}}, "b": {}}},
         "samples are given in some cells only"),
    ],
)  # fmt: skip
def test_samples_that_cannot_be_judged_are_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        config.studies({"studies": {"mine": {**SAVED, **changes}}})


def test_few_duplicates_are_taken_where_no_rate_of_theirs_is_asked_for():
    given = {"question": "effective", "effective": {"sizes": [10, 20]}, "data": {"duplicates": {"count": 10}}}
    assert config.studies({"studies": {"s": given}})["s"].first_cell.data.duplicates.count == 10
    with pytest.raises(ConfigError, match="must be 0 or at least 20 for a rate with an interval"):
        config.studies({"studies": {"s": {"data": {"duplicates": {"count": 10}}}}})
