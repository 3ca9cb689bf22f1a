"""How many jobs the profile for Slurm submits, without one: light rules run where Snakemake runs, or in groups."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TEST = yaml.safe_load((ROOT / "config/test.yaml").read_text())


def local_rules() -> set[str]:
    """Rules that run where Snakemake runs; one made from another by use does not inherit that."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "workflow").rglob("*.smk")))
    blocks = re.findall(r"(?ms)^(?:rule|checkpoint|use rule \w+ as) (\w+)(?: with)?:\n(.*?)(?=^\S|\Z)", text)
    return {name for name, body in blocks if "    localrule: True\n" in body}


def submissions(folder: Path, config: dict, *words: str) -> int:
    """Groups, and jobs of no group that are not local, in a dry run of all that a config makes."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    place = ["--directory", folder, "--configfile", folder / "config.yaml"]
    options = ["-n", "--workflow-profile", ROOT / "profiles/slurm", "--snakefile", ROOT / "workflow/Snakefile"]
    command = [sys.executable, "-m", "snakemake", *words, *options, *place]
    done = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    local = local_rules() | {"all", *config["studies"]}
    alone = [name for name in re.findall(r"(?m)^rule ([\w-]+):$", done.stdout) if name not in local]
    return done.stdout.count("Group job ") + len(alone)


def test_the_test_config_takes_fewer_than_40_submissions(tmp_path):
    """With all sizes of the study that searches for them, as no group depends on its rounds."""
    studies = TEST["studies"]
    studies["tiny-arms"]["effective"]["search"] = False
    count = submissions(tmp_path, {"studies": studies})
    print(f"config/test.yaml: {count} submissions")
    assert count > 2 * 10, "each of ten shards is trained and sampled in jobs of its own"
    assert count < 40


def test_the_times_of_a_group_of_a_dozen_shards_stay_within_a_day():
    """At a third attempt, too: a job that asks for more than its partition allows would wait for ever."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    groups: dict[str, list[str]] = {}
    for rule, group in (entry.split("=") for entry in profile["groups"]):
        groups.setdefault(group, []).append(rule)
    minutes = {
        rule: int(re.match(r"min\((\d+) \* attempt", keys["runtime"])[1])
        for rule, keys in profile["set-resources"].items()
    }
    totals = {group: 12 * 3 * sum(minutes[rule] for rule in rules) for group, rules in groups.items()}
    assert max(totals.values()) <= 1440, totals
