"""Rules and conda environments, kept honest without conda."""

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

from diffmem import digest, registry

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow" / "scripts"
RULES = [
    "rule " + part
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    for part in re.split(r"^rule ", path.read_text(), flags=re.MULTILINE)[1:]
]
ENVIRONMENTS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "envs").glob("*.yaml")}
DISTRIBUTION = {"sklearn": "scikit-learn", "faiss": "faiss-cpu", "PIL": "pillow"}
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


def needed(script: str) -> set[str]:
    """Distributions that a script imports, directly, through the package or by name from a registry."""
    targets = {
        "dataset.py": registry.SHAPES,
        "train.py": {**registry.NETWORKS, **registry.SCHEDULES},
        "sample.py": {**registry.NETWORKS, **registry.SCHEDULES, **registry.SAMPLERS},
        "neighbours.py": registry.INDEXES,
        "optimum.py": {**registry.SCHEDULES, **registry.SAMPLERS},
        "plan.py": registry.NETWORKS,
        "curve_figure.py": registry.FIGURES,
        "onset.py": {**registry.LAWS, **registry.GENERATORS, **registry.SAMPLERS},
        "onset_figure.py": registry.ONSET_FIGURES,
    }.get(script, {})
    modules = digest.reached(SCRIPTS / script, *targets.values())
    paths = [SCRIPTS / script, *(ROOT / "workflow" / (m.replace(".", "/") + ".py") for m in modules)]
    return set().union(*map(third_party, paths))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.split(":")[0])
def test_every_rule_says_what_it_does_and_has_a_log_an_environment_and_a_digest_of_its_code(rule):
    assert re.match(r'rule \w+:\n    """[A-Z].*?\."?', rule)
    for directive in ("log", "conda", "script", "params"):
        assert f"    {directive}:" in rule
    assert "code=" in rule or rule.startswith("rule plan")
    assert "job.start(snakemake.log[0])" in (SCRIPTS / script_of(rule)).read_text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.split(":")[0])
def test_a_rules_environment_holds_what_its_script_imports(rule):
    assert needed(script_of(rule)) <= set(pip_section(environment_of(rule)))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_used_and_pins_the_versions_that_the_tests_ran_with(name):
    users = [rule for rule in RULES if environment_of(rule) == name]
    assert users
    assert ENVIRONMENTS[name]["channels"] == ["conda-forge", "nodefaults"]
    lock = pins((ROOT / "requirements.lock").read_text().splitlines())
    section = pip_section(name)
    assert section == {package: lock[package] for package in section}
    assert set(section) <= set().union(*(needed(script_of(rule)) for rule in users)) | IMPLIED


def test_no_pickle_is_read_or_written_but_for_those_of_cifar():
    """Its reader resolves no name to anything that could act (tests/data/test_cifar.py)."""
    found = [
        path.name
        for path in sorted((ROOT / "workflow").rglob("*.py"))
        if re.search(
            r"\bpickle\b.*import|import pickle|torch\.(load|save)\(|joblib|allow_pickle=True", path.read_text()
        )
    ]
    assert found == ["cifar.py"]


def test_the_reference_of_the_config_is_in_step_with_the_schema():
    from diffmem.settings.docs import markdown

    assert (ROOT / "config" / "README.md").read_text() == markdown()
