"""A job starts soon: scripts of tables load no library that takes a second and that they do not use."""

import ast
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
# times.py finds outliers with scikit-learn, and figure.py draws with seaborn; the others train, sample or read tensors
HEAVY = {
    "animation",
    "audit",
    "signals",
    "times",
    "figure",
    "onset",
    "optimum",
    "plan",
    "published",
    "sample",
    "saved",
    "train",
}
SLOW = ("torch", "sklearn", "seaborn", "matplotlib", "scipy.stats")


def test_light_scripts_load_no_slow_library(with_package):
    lines = []
    for path in sorted(SCRIPTS.glob("*.py")):
        if path.stem not in HEAVY:
            tree = ast.parse(path.read_text())
            lines += [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
            lines.append(f"for name in {SLOW}: assert name not in sys.modules, '{path.name} loads ' + name")
    done = subprocess.run(
        [sys.executable, "-"],
        input="\n".join(["import sys", *lines]),
        env=with_package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-300:]
