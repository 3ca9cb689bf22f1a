"""Write the example reports of docs/examples/audit: a copier, a model that copies nothing, and too few items.

    python tools/example_audits.py

The items are scikit-learn's handwritten digits. The copier's samples are training items with a little noise, one in
five; the other samples are digits that neither set holds.
"""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from diffmem.auditing.audit import audit
from diffmem.auditing.write import write

OUT = Path(__file__).parents[1] / "docs" / "examples" / "audit"


def main() -> None:
    """Make the three reports."""
    rng = np.random.default_rng(0)
    bunch = load_digits()
    order = rng.permutation(len(bunch.images))
    images = (bunch.images[order, None] * (255 / 16)).astype(np.uint8)
    labels = bunch.target[order]
    train, test, new = images[:700], images[700:1400], images[1400:]
    noisy = np.clip(train[:80] + rng.normal(0, 4, train[:80].shape), 0, 255).astype(np.uint8)
    copier = np.concatenate([noisy, new[:320]])
    classes = np.concatenate([labels[:80], labels[1400:1720]])
    reports = {
        "copier": audit(train=train, test=test, generated=copier, generated_labels=classes),
        "no-copies": audit(train=train, test=test, generated=new),
        "too-few": audit(train=train[:40], test=test[:20], generated=new[:20]),
    }
    OUT.mkdir(parents=True, exist_ok=True)
    for name, report in reports.items():
        with tempfile.TemporaryDirectory() as folder:
            write(report, Path(folder) / name)
            shutil.copy(Path(folder) / name / "audit.html", OUT / f"{name}.html")
        print(name, report.copying.word, report.copying.sentence)


if __name__ == "__main__":
    main()
