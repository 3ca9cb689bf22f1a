"""A run that would not fit the disk is refused with its bytes and the key that would help."""

import shutil

import pytest

from diffmem.settings.read import studies
from diffmem.studies.disk import DiskError, bytes_in, free_bytes, refuse_full
from diffmem.studies.plan import plan

PARAMETERS, POINTS, SNAPSHOTS = 1000, 5000, 6
# a snapshot of one replicate: weights, samples, rows of the neighbour table, rates
SNAPSHOT = 4 * PARAMETERS + POINTS * (2 * 4 + 28) + 3 * 500
SMALL = {
    "replicates": 5,
    "shard": 2,
    "training": {"epochs": 5, "snapshots": {"spacing": "every"}},
    "sampling": {"count": POINTS},
}
LARGE = SMALL | {"sweep": {"training.ema": [0, 0.9]}}
KEPT = (5 + 2 * 5) * SNAPSHOTS * SNAPSHOT


def refusal(free: int, *, there: int = 0, cores: int = 2, discard: bool = False, **config) -> str:
    known = studies({"studies": config or {"small": SMALL, "large": LARGE}})
    table = plan(known, network=lambda *_: (PARAMETERS, 10))
    try:
        refuse_full(table, known, folder="results/a", free=free, there=there, cores=cores, discard=discard)
    except DiskError as error:
        return str(error)
    return ""


def test_what_is_kept_must_fit_beside_what_is_there():
    assert not refusal(KEPT)
    said = refusal(KEPT - 1)
    assert said.startswith(f"results/a would take {KEPT:,} more bytes, and {KEPT - 1:,} are free")
    assert not refusal(KEPT - 10, there=10)
    assert not refusal(0, there=2 * KEPT)


def test_the_study_that_takes_most_is_named_with_its_keys():
    said = refusal(0)
    assert "studies.large.training.snapshots (now 6)" in said
    assert "studies.large.sampling.count (now 5000)" in said
    assert f"{10 * SNAPSHOTS * SNAPSHOT:,}" in said


@pytest.mark.parametrize("cores", [1, 3])
def test_deleted_arrays_need_room_for_the_shards_that_run_at_once(cores):
    at_once = cores * 2 * SNAPSHOTS * SNAPSHOT  # a shard has two replicates
    assert not refusal(at_once, cores=cores, discard=True)
    said = refusal(at_once - 1, cores=cores, discard=True)
    assert f"{at_once:,} more bytes" in said
    assert f"with intermediates: discard, {cores} shards at once; use fewer cores, a smaller shard" in said
    # and the key is named only where it would help
    assert f"set intermediates to discard, with which {cores} shards at once take {at_once:,}" in refusal(
        at_once, cores=cores
    )
    assert "intermediates" not in refusal(at_once - 1, cores=cores)


def test_an_onset_study_is_told_of_its_own_key():
    onset = {"question": "onset", "onset": {"repetitions": 77}}
    assert "lower studies.o.onset.repetitions (now 77)" in refusal(0, o=onset)
    assert refusal(0, o=onset, small=SMALL).count("studies.small") == 2


def test_bytes_are_those_of_the_files_and_of_the_disk(tmp_path):
    assert bytes_in(str(tmp_path / "none")) == 0
    (tmp_path / "a" / "b").mkdir(parents=True)
    for path, size in (("x", 11), ("a/y", 200), ("a/b/.z", 3000)):
        (tmp_path / path).write_bytes(bytes(size))
    (tmp_path / "a" / "link").symlink_to(tmp_path / "x")
    assert bytes_in(str(tmp_path)) == 3211
    free = shutil.disk_usage(tmp_path).free
    assert free_bytes(str(tmp_path / "not" / "yet" / "there")) == pytest.approx(free, rel=0.05)
