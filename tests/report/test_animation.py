"""The animation: as many frames as the longest training has, marks in their colours, the same bytes every time."""

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffmem.report.outliers import animation

WORDS = {"a": "100 training points", "b": "2,000 training points"}
RED = tuple(int(animation.KINDS[1][0][i : i + 2], 16) for i in (1, 3, 5))


def cell(snapshots: int, copied: float) -> dict[str, np.ndarray]:
    """Frames in which the share of marked points grows to ``copied``."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((snapshots, 100, 2)).astype(np.float32)
    close = np.zeros((snapshots, 100), dtype=np.int8)
    for number in range(snapshots):
        close[number, : round(100 * copied * number / max(snapshots - 1, 1))] = 1
    train, test = rng.standard_normal((2, 60, 2))
    return {"points": points, "close": close, "epoch": np.arange(snapshots) * 10, "train": train, "test": test}


def curves(*cells: str) -> pd.DataFrame:
    rows = [
        {"cell": name, "reference": "matched", "stratum": "all", "normalisation": "stratum", "criterion": criterion,
         "threshold": 1.5, "headline": True, "epoch": epoch, "mean": epoch / 100, "low": 0.0, "high": 0.5, "floor": 0.3}
        for name in cells for criterion in ("raw", "net") for epoch in (0, 10, 20, 30)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def made(folder, frames, **options):
    paths = {kind: folder / f"a.{kind}" for kind in ("gif", "mp4", "png")}
    words = {name: WORDS[name] for name in frames}
    animation.animate(frames, curves=curves(*frames), words=words, **paths, **options)
    return paths


def reds(image: Image.Image) -> int:
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return int((np.abs(pixels[:, : pixels.shape[1] // 2] - RED).sum(-1) < 60).sum())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return made(tmp_path_factory.mktemp("drawn"), {"a": cell(4, 0.9), "b": cell(3, 0.0)})


def test_it_has_a_frame_per_snapshot_and_rests_at_the_end(drawn):
    with Image.open(drawn["gif"]) as image:
        assert image.n_frames == 4
        assert image.info["loop"] == 0
        pauses = []
        for number in range(image.n_frames):
            image.seek(number)
            pauses.append(image.info["duration"])
    assert pauses == [animation.PAUSE] * 3 + [animation.LAST]


def test_copies_are_marked_more_and_more(drawn):
    with Image.open(drawn["gif"]) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append(reds(image))
    assert found == sorted(found)
    assert found[-1] > found[0] + 200


def test_the_still_image_is_the_last_frame(drawn):
    with Image.open(drawn["gif"]) as image, Image.open(drawn["png"]) as still:
        image.seek(image.n_frames - 1)
        last = np.asarray(image.convert("RGB")).astype(int)
        difference = np.abs(last - np.asarray(still).astype(int))
    assert difference.mean() < 2
    assert (last[0] == 255).all(), "the background is white"


def test_the_film_shows_the_same_and_rests_as_long(drawn):
    with av.open(str(drawn["mp4"])) as film:
        shown = [frame.to_image() for frame in film.decode(video=0)]
        assert film.streams.video[0].codec_context.name == "h264"
    each, last = (pause * animation.RATE // 1000 for pause in (animation.PAUSE, animation.LAST))
    assert len(shown) == 3 * each + last
    found = [reds(shown[number]) for number in (0, each, 2 * each, 3 * each)]
    assert found == sorted(found)
    assert found[-1] > found[0] + 200
    with Image.open(drawn["png"]) as still:
        width, height = shown[-1].size
        difference = np.abs(np.asarray(still)[:height, :width].astype(int) - np.asarray(shown[-1]))
    assert difference.mean() < 3


def test_the_same_frames_give_the_same_bytes(tmp_path):
    first, second = (made(tmp_path / name, {"a": cell(2, 0.5)}) for name in ("one", "two"))
    assert all(first[kind].read_bytes() == second[kind].read_bytes() for kind in first)


def test_a_single_snapshot_is_a_single_frame(tmp_path):
    with Image.open(made(tmp_path, {"a": cell(1, 0.0)})["gif"]) as image:
        assert getattr(image, "n_frames", 1) == 1
