"""Rules and conda environments, kept honest without conda."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from diffmem import digest, registry
from diffmem.settings.onset import OnsetCell
from diffmem.settings.sections import TrainedCell

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
RULES = [
    "rule " + part
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    for part in re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]
    if "touch(" not in part  # such a rule only waits for others
]
ENVIRONMENTS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "envs").glob("*.yaml")}
DISTRIBUTION = {
    "sklearn": "scikit-learn",
    "faiss": "faiss-cpu",
    "PIL": "pillow",
    "jinja2": "Jinja2",
    "markupsafe": "MarkupSafe",
    "yaml": "PyYAML",
}
# read parquet through pandas; never imported by name
IMPLIED = {"pyarrow"}


def pins(lines) -> dict[str, str]:
    return dict(line.strip().split("==") for line in lines if "==" in line)


def pip_section(name: str) -> dict[str, str]:
    return pins(next(part["pip"] for part in ENVIRONMENTS[name]["dependencies"] if isinstance(part, dict)))


def script_of(rule: str) -> str:
    return re.search(r'"\.\./scripts/([\w.]+)"', rule)[1]


def environment_of(rule: str) -> str:
    return re.search(r'"\.\./\.\./envs/(\w+)\.yaml"', rule)[1]


def third_party(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return {DISTRIBUTION.get(n, n) for n in names - set(sys.stdlib_module_names) - {"diffmem"}}


def choices(*sections: str) -> dict[str, str]:
    every = {**TrainedCell.sections(), **OnsetCell.sections()}
    return {f"{section} {record.choice_name()}": record.function for section in sections for record in every[section]}


def needed(script: str) -> set[str]:
    """Distributions that a script imports, directly, through the package or by name from a registry."""
    targets = {
        "dataset.py": choices("data"),
        "train.py": choices("model", "schedule"),
        "sample.py": choices("model", "schedule", "sampling"),
        "neighbours.py": choices("neighbours"),
        "optimum.py": choices("schedule", "sampling"),
        "plan.py": choices("data", "model"),
        "figure.py": {name: figure.draw for part in registry.FIGURES.values() for name, figure in part.items()},
        "onset.py": choices("law", "generator"),
    }.get(script, {})
    modules = digest.reached(SCRIPTS / script, *targets.values(), every=True)
    paths = [SCRIPTS / script, *map(digest._path, modules)]
    return set().union(*map(third_party, paths))


def test_every_rule_says_what_it_does_and_has_a_log_an_environment_and_a_digest_of_its_code():
    wrong = []
    for rule in RULES:
        name = rule.split(":")[0]
        wrong += [] if re.match(r'rule \w+:\n    """[A-Z].*?\."?', rule) else [f"{name}: docstring"]
        wrong += [f"{name}: {part}" for part in ("log", "conda", "script", "params") if f"    {part}:" not in rule]
        wrong += [] if "code=" in rule or name == "rule plan" else [f"{name}: code"]
        script = (SCRIPTS / script_of(rule)).read_text()
        wrong += [] if "job.start(snakemake.log[0])" in script else [f"{name}: job.start"]
    assert not wrong


def test_profiles_name_rules_that_exist():
    files = [*(ROOT / "workflow/rules").glob("*.smk"), ROOT / "workflow/Snakefile"]
    rules = {name for file in files for name in re.findall(r"(?:^rule|\bas) (\w+)(?::| with:)", file.read_text(), re.M)}
    for path in sorted((ROOT / "profiles").glob("*/profile.yaml")):
        profile = yaml.safe_load(path.read_text())
        grouped = {entry.split("=")[0] for entry in profile.get("groups", [])}
        named = grouped | set(profile.get("set-resources", {})) | set(profile.get("set-threads", {}))
        assert named <= rules, f"{path.parent.name}: {named - rules}"


@pytest.mark.slow
def test_resources_of_one_rule_are_changed_in_the_profile_and_not_on_the_command_line(tmp_path):
    """What docs/operations.md says of --set-resources: it replaces those of all rules."""
    (tmp_path / "Snakefile").write_text('rule train:\n    output: "x"\n    shell: "touch {output}"\n')
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    part = {name: profile[name] for name in ("default-resources", "set-resources")}
    part["set-resources"] = {"train": part["set-resources"]["train"]}

    def planned(mem_mb, *options):
        part["set-resources"]["train"]["mem_mb"] = mem_mb
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine/profile.yaml").write_text(yaml.safe_dump(part))
        command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1", "--workflow-profile", "mine", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return dict(re.findall(r"(mem_mb|runtime)=(\d+)", done.stdout + done.stderr))

    assert planned("min(4000 * attempt, 64000)") == {"mem_mb": "4000", "runtime": "720"}
    assert planned("min(9000 * attempt, 64000)") == {"mem_mb": "9000", "runtime": "720"}
    assert planned(4000, "--set-resources", "train:mem_mb=9000") == {"mem_mb": "9000", "runtime": "20"}
    row = next(line for line in (ROOT / "docs/operations.md").read_text().splitlines() if "more memory for one" in line)
    assert "change its line in the profile" in row
    assert "replaces the whole `set-resources`" in row


def test_a_rules_environment_holds_what_its_script_imports():
    lacking = {rule.split(":")[0]: needed(script_of(rule)) - set(pip_section(environment_of(rule))) for rule in RULES}
    assert not {rule: names for rule, names in lacking.items() if names}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_used_and_pins_the_versions_that_the_tests_ran_with(name):
    users = [rule for rule in RULES if environment_of(rule) == name]
    assert users
    assert ENVIRONMENTS[name]["channels"] == ["conda-forge", "nodefaults"]
    lock = pins((ROOT / "requirements.lock").read_text().splitlines())
    section = pip_section(name)
    assert section == {package: lock[package] for package in section}
    assert set(section) <= set().union(*(needed(script_of(rule)) for rule in users)) | IMPLIED


def test_pixi_installs_what_the_package_requires_in_the_versions_that_the_tests_ran_with():
    read = {name: tomllib.loads((ROOT / name).read_text()) for name in ("pixi.toml", "pyproject.toml")}
    project = read["pyproject.toml"]["project"]
    extras = project["optional-dependencies"]
    required = project["dependencies"] + extras["pipeline"] + extras["figures"]
    names = {re.split(r"[\[<>=]", line)[0] for line in required} - {"diffmem"}
    lock = {
        name.lower(): version for name, version in pins((ROOT / "requirements.lock").read_text().splitlines()).items()
    }
    pinned = read["pixi.toml"]["pypi-dependencies"]
    assert pinned.pop("diffmem") == {"path": ".", "editable": True}
    assert pinned == {name: f"=={lock[name]}" for name in names}
    commands = {line.split()[0] for line in read["pixi.toml"]["tasks"].values()}
    assert commands == {"snakemake", *project["scripts"]}


def test_no_pickle_is_read_or_written_but_for_those_of_cifar():
    """Its reader resolves no name to anything that could act (tests/data/test_cifar.py)."""
    pattern = r"import pickle|\bpickle\b.*import|torch\.load\((?!.*weights_only=True)|torch\.save\(|joblib"
    sources = sorted((ROOT / "workflow").rglob("*.py"))
    found = [path.name for path in sources if re.search(f"{pattern}|allow_pickle=True", path.read_text())]
    assert found == ["cifar.py"]
