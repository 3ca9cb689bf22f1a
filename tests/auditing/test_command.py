"""The command line: files in, a folder out; one sentence and exit code 2 for what is wrong, nothing half-written."""

import json
import re
import shlex
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import diffmem
from diffmem.auditing.audit import audit
from diffmem.auditing.command import app
from diffmem.auditing.write import write

runner = CliRunner()


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    train, test, new = np.split(rng.integers(0, 256, (1700, 1, 6, 6)).astype(np.uint8), [700, 1400])
    sets = {"train": train, "test": test, "generated": np.concatenate([train[:60], new[:240]])}
    for name, values in sets.items():
        np.savez(tmp_path / f"{name}.npz", points=values, labels=np.arange(len(values)) % 2)
    return [part for name in sets for part in (f"--{name}", str(tmp_path / f"{name}.npz"))]


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def shown_command(folder):
    """The command on the page of an audit."""
    return unescape(re.search("<pre>(.*?)</pre>", (folder / "audit.html").read_text(), re.DOTALL)[1])


def test_the_command_on_the_page_repeats_the_audit(files, tmp_path):
    spaced = tmp_path / "two words"
    spaced.mkdir()
    for name in ("train", "test", "generated"):
        (tmp_path / f"{name}.npz").rename(spaced / f"{name}.npz")
    moved = [str(spaced / part.rpartition("/")[2]) if part.endswith(".npz") else part for part in files]
    given = [*moved, "--permutations", "40", "--seed", "3", "--features", "pca-5", "--accept", "far"]
    assert runner.invoke(app, ["audit", *given, "--out", str(tmp_path / "one")]).exit_code == 0
    _, *parts = shlex.split(shown_command(tmp_path / "one"))
    assert runner.invoke(app, [*parts[:-1], str(tmp_path / "again")]).exit_code == 0
    one, again = ((tmp_path / name / "audit.json").read_text() for name in ("one", "again"))
    assert one == again
    assert '"permutations": 40' in one


def test_what_no_command_repeats_is_shown_as_a_call(tmp_path):
    train, test, new = np.split(np.random.default_rng(0).standard_normal((600, 3)), 3)
    write(audit(train=train, test=test, generated=new, ratios=(1.0, 3.0)), tmp_path / "out")
    shown = shown_command(tmp_path / "out")
    assert shown.startswith("diffmem.audit(train=train, test=test, generated=generated, ")
    found = eval(shown, {"diffmem": diffmem, "train": train, "test": test, "generated": new})
    assert found.table["ratio"].tolist() == [1.0, 3.0]


def test_an_audit_writes_its_folder(files, tmp_path):
    out = tmp_path / "out"
    result = runner.invoke(app, ["audit", *files, "--out", str(out)])
    assert result.exit_code == 0, result.output
    record = json.loads((out / "audit.json").read_text())
    assert record["copying"]["word"] == "copies"
    assert record["net"]["net_low"] < 0.2 < record["net"]["net_high"]
    assert [len(item["sha256"]) for item in record["inputs"]] == [64] * 3
    assert record["copying"]["sentence"] in " ".join(result.output.split())
    samples = pd.read_parquet(out / "samples.parquet")
    assert len(samples) == 300
    called = samples[samples["copy"]]
    assert called["train_item"].tolist()[:60] == list(range(60))
    assert len(called) <= 64
    assert pd.read_parquet(out / "training.parquet")["copied"].sum() == len(called)
    text = (out / "audit.html").read_text()
    images = [found["src"] for tag, found in Page(text).found if tag == "img"]
    assert len(images) == 3
    assert all(source.startswith("data:image/png;base64,") for source in images)
    assert not re.findall(r"(?:src|href)=.https?:", text)
    assert "private" not in text
    assert text.index("Net copied fraction") < text.index("The likeliest copies") < text.index("Limits")
    assert (out / "figures" / "gallery.svg").is_file()
    assert "By class" in text
    assert [f"<td>{count}</td><td>[1, 6, 6]</td>" in text for count in (700, 300)] == [True, True]
    assert "built-in" not in text


def test_without_held_out_items_the_page_names_the_limits_and_shows_exact_copies(files, tmp_path):
    out = tmp_path / "out"
    given = [part for i in (0, 4) for part in files[i : i + 2]]
    assert runner.invoke(app, ["audit", *given, "--out", str(out)]).exit_code == 0
    text = " ".join((out / "audit.html").read_text().split())
    assert "No share of copies is estimated" in text
    assert "None of them is a share of copies" in text
    assert "No held-out items were given. Samples that are near a training item" in text
    assert "60 of 300 samples are called copies, as they equal a training item exactly" in text
    assert "held-out item</th>" not in text
    assert "p and q" not in text
    assert (out / "figures" / "gallery.png").is_file()
    samples = pd.read_parquet(out / "samples.parquet")
    assert samples["copy"].sum() == 60
    assert samples["train_item"].tolist()[:60] == list(range(60))


def test_the_same_audit_gives_the_same_bytes(files, tmp_path):
    for name in ("one", "two"):
        assert runner.invoke(app, ["audit", *files, "--out", str(tmp_path / name)]).exit_code == 0
    for name in ("audit.json", "samples.parquet", "training.parquet", "figures/net.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_an_existing_folder_is_kept_unless_forced(files, tmp_path):
    out = tmp_path / "out"
    assert runner.invoke(app, ["audit", *files, "--out", str(out)]).exit_code == 0
    (out / "mine").write_text("mine")
    result = runner.invoke(app, ["audit", *files, "--out", str(out)])
    assert result.exit_code == 2
    assert "--force" in result.output
    assert (out / "mine").exists()
    assert runner.invoke(app, ["audit", *files, "--out", str(out), "--force"]).exit_code == 0
    assert not (out / "mine").exists()


def test_a_folder_that_holds_no_audit_is_kept_even_if_forced(files, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").write_text("mine")
    monkeypatch.chdir(tmp_path)
    for out, words in (("data", "holds no audit"), ("data/mine", "holds no audit"), (".", "name a folder of its own")):
        result = runner.invoke(app, ["audit", *files, "--out", out, "--force"])
        assert result.exit_code == 2
        assert words in " ".join(result.output.split())
    result = runner.invoke(app, ["audit", *files, "--out", "data/mine/audit"])
    assert result.exit_code == 2
    assert "is no folder that can be written to" in " ".join(result.output.split())
    assert (tmp_path / "data" / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--features", "nothing:here"], "features = nothing:here"),
        (["--accept", "everything"], "none of far, order"),
        (["--train", "missing.npy"], "no such file"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_leaves_nothing(files, tmp_path, options, message):
    before = sorted(tmp_path.iterdir())
    result = runner.invoke(app, ["audit", *files, *options, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert sorted(tmp_path.iterdir()) == before


def test_the_demonstration_finds_what_it_planted(tmp_path):
    result = runner.invoke(app, ["demo", "--out", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "demo" / "audit" / "audit.json").read_text())
    assert record["copying"]["word"] == "copies"
    assert record["net"]["net_low"] < 0.1 < record["net"]["net_high"]


def test_the_doctor_names_what_is_installed():
    result = runner.invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert np.__version__ in result.output


def test_a_plan_of_a_missing_config_is_refused_in_one_sentence():
    result = runner.invoke(app, ["plan", "missing.yaml"])
    assert result.exit_code == 2
    assert "missing.yaml" in result.output


def test_a_plan_names_the_cells():
    result = runner.invoke(app, ["plan", "config/test.yaml"])
    assert result.exit_code == 0, result.output
    assert "tiny" in result.output
