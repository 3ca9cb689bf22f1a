"""A bundle names every file that was changed or lost since; what prune removes is not missed."""

import json
import os
import random
import re
import zipfile
from pathlib import Path

import pytest

from diffmem import bundle, files, recompute

ROOT = Path(__file__).parents[1]
RUN = Path("results/r")
CONTENT = {
    "claims.csv": b"claim\n",
    "s/curves.parquet": b"table",
    "s/figures/net.png": b"picture",
    "s/c/r000-000/data.npz": b"data",
    "s/c/r000-000/snapshots.npy": b"large",
    "s/c/r000-000/neighbours/generated.npy": b"larger",
    "logs/a.csv": b"no artefact",
    "before/figures/net.png": b"of a study that was renamed",
    ".run": b"token",
}


@pytest.fixture(autouse=True)
def run(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in CONTENT.items():
        (RUN / name).parent.mkdir(parents=True, exist_ok=True)
        (RUN / name).write_bytes(content)
    assert bundle.write(RUN, RUN / "bundle.zip", config={"studies": {"s": {}}}) == 6
    return RUN / "bundle.zip"


def test_a_bundle_packs_tables_and_figures_and_lists_the_rest(run):
    with zipfile.ZipFile(run) as archive:
        packed = {name for name in archive.namelist() if name.startswith("results/")}
        listed = json.loads(archive.read(bundle.MANIFEST))
    assert packed == {"results/r/claims.csv", "results/r/s/curves.parquet", "results/r/s/figures/net.png"}
    assert set(listed) - packed == {f"results/r/s/c/r000-000/{n}" for n in ("data.npz", *list(map(str, LARGE)))}
    before = run.read_bytes()
    os.utime(RUN / "claims.csv", (0, 0))
    bundle.write(RUN, run, config={"studies": {"s": {}}})
    assert run.read_bytes() == before


LARGE = (Path("snapshots.npy"), Path("neighbours/generated.npy"))


def test_a_whole_run_is_found_whole_before_and_after_it_is_pruned(run):
    assert bundle.differences(run) == []
    assert sum(bundle.prune(RUN).values()) == 11
    assert bundle.differences(run) == []
    assert not any((RUN / "s/c/r000-000" / name).exists() for name in LARGE)
    assert (RUN / "s/c/r000-000/data.npz").exists()


def test_tampered_and_missing_files_are_named(run):
    (RUN / "claims.csv").write_bytes(b"other\n")
    (RUN / "s/c/r000-000/snapshots.npy").write_bytes(b"Large")
    (RUN / "s/figures/net.png").unlink()
    assert bundle.differences(run) == [
        "results/r/claims.csv: its content is not that of the bundle",
        "results/r/s/c/r000-000/snapshots.npy: its content is not that of the bundle",
        "results/r/s/figures/net.png: missing",
    ]


def test_what_is_no_bundle_is_refused_in_one_sentence(run):
    run.write_bytes(run.read_bytes()[:-30])
    with pytest.raises(files.ArtefactError, match="no bundle, or a damaged one"):
        bundle.differences(run)


def test_of_every_study_with_shards_a_tenth_of_the_cells_is_computed_again_and_at_least_one():
    names = [f"results/r/{study}/c-{k}/r000-000/rates.parquet" for study, n in (("s", 20), ("t", 1)) for k in range(n)]
    names += ["results/r/onset/c/onset.parquet", "results/r/s/figures/net.png"]
    names += ["results/r/removed/c-0/r000-000/rates.parquet"]
    cells = {(study, f"c-{k}") for study in ("s", "t") for k in range(20)}
    draws = [recompute.choose(names, RUN, cells=cells, draw=random.Random(seed)) for seed in range(30)]
    assert {tuple(path.parts[2] for path in drawn) for drawn in draws} == {("s", "s", "t")}
    assert len({path for drawn in draws for path in drawn}) > 15


def test_only_what_is_stored_is_computed_from(run):
    shard = RUN / "s/c/r000-000"
    names = [(shard / name).as_posix() for name in ("quality.parquet", "rates.parquet", "ceiling.npz", "data.npz")]
    assert recompute.targets(shard, names) == ["ceiling.npz", "rates.parquet"]
    (shard / "samples.npy").write_bytes(b"samples")
    assert recompute.targets(shard, names) == ["ceiling.npz", "quality.parquet", "rates.parquet"]
    bundle.prune(RUN)
    assert recompute.targets(shard, names) == ["ceiling.npz"]


def test_every_measure_of_a_shard_is_made_by_a_rule_of_that_name():
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    for name, rule in recompute.RULES.items():
        body = re.search(rf"(?ms)^rule {rule}:\n(.*?)^    log:", text)[1]
        assert f'/{{shard}}/{name}"' in body, name
