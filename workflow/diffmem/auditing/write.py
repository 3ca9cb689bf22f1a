"""Files of an audit: audit.json, audit.html, samples.parquet, training.parquet and figures, all or none."""

import base64
import io
import json
import math
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from diffmem import files, runs
from diffmem.auditing.figures import figures, likeliest
from diffmem.auditing.result import Audit
from diffmem.auditing.verdict import percent
from diffmem.data.items import AuditError
from diffmem.measure.auditing import RATIOS
from diffmem.version import __version__, installed

SCHEMA = 1  # version of audit.json
PACKAGES = ("numpy", "scipy", "faiss-cpu", "pandas")
MOST = 10
IN_MEMORY = ("array", "table")  # sources of sets that were given as such
USUAL = {"augment": [], "index": "exact", "permutations": 200}  # options that the command to repeat an audit leaves out
CAPTIONS = {
    "net": "Net copied fraction by ratio, with 95 % intervals; raw fraction and its level with the two sets mixed.",
    "scores": "Distance to held-out over distance to training items. Copies lie to the right of the held-out items.",
    "gallery": "The likeliest copies, one column each: sample, nearest training item and held-out item.",
    "scatter": "Samples among training and held-out items; the likeliest copies are circled.",
}


def refuse_out(folder: Path, *, force: bool) -> None:
    """Refuse a folder that cannot be written, or that ``force`` must not overwrite, before anything is computed.

    Raises:
        AuditError: if it exists without ``force`` or holds no audit, has no name, or its parent is not writable.
    """
    if folder.name in ("", ".."):
        raise AuditError(f"out = {folder}: must name a folder of its own, such as {folder / 'audit'}")
    if folder.exists() and not force:
        raise AuditError(f"out = {folder}: exists already; name another folder, or overwrite it with --force")
    if folder.exists() and not (folder / "audit.json").is_file():
        raise AuditError(f"out = {folder}: holds no audit, so that --force does not overwrite it; name another folder")
    parent = next(above for above in folder.absolute().parents if above.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise AuditError(f"out = {folder}: {parent} is no folder that can be written to; name another one")


def write(audit: Audit, folder: Path, *, force: bool = False) -> None:
    """Write all files to ``folder``, which appears only when they are complete.

    Raises:
        AuditError: if it exists already and ``force`` is not given, or cannot be written.
    """
    folder = Path(folder)
    if not force:
        refuse_out(folder, force=force)
    part = runs.temporary(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        (part / "figures").mkdir(parents=True)
        drawn = figures(audit)
        for title, figure in drawn.items():
            for kind in ("png", "svg"):
                figure.savefig(part / "figures" / f"{title}.{kind}", dpi=150, metadata=_undated(kind))
        (part / "audit.json").write_text(json.dumps(record(audit), indent=1))
        (part / "audit.html").write_text(page(audit, drawn))
        for figure in drawn.values():
            plt.close(figure)
        files.save_table(part / "samples.parquet", audit.samples)
        files.save_table(part / "training.parquet", audit.training)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    except (OSError, files.ArtefactError) as error:
        raise AuditError(f"out = {folder}: cannot be written ({error}); name a folder with room for it") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def record(audit: Audit) -> dict[str, Any]:
    """What audit.json holds; numbers that are missing or infinite are null."""
    return _plain(
        {
            "schema": SCHEMA,
            "copying": vars(audit.copying),
            "membership": {
                **vars(audit.membership_verdict),
                "measured": vars(audit.membership) if audit.membership else None,
            },
            "net": next((row for row in audit.table.to_dict("records") if row["read"]), None),
            "ratios": audit.table.to_dict("records"),
            "criteria": audit.criteria.to_dict("records"),
            "exchangeability_p": audit.exchangeability_p,
            "samples": len(audit.samples),
            "called_copies": int(audit.samples["copy"].sum()),
            "recall": audit.recall.to_dict("records"),
            "warnings": audit.warnings,
            "inputs": _inputs(audit),
            "settings": audit.settings,
            "versions": _versions(),
        }
    )


def page(audit: Audit, drawn: dict[str, Figure]) -> str:
    """The HTML page, which needs no other file."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("diffmem.auditing"), PackageLoader("diffmem.report.page")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )

    def figure(name: str) -> Markup:
        if name not in drawn:
            return Markup("")
        buffer = io.BytesIO()
        drawn[name].savefig(buffer, format="png", dpi=150, metadata=_undated("png"))
        source = base64.b64encode(buffer.getvalue()).decode()
        image = '<figure><img alt="{0}" src="data:image/png;base64,{1}"><figcaption>{0}</figcaption></figure>'
        return Markup(image).format(CAPTIONS[name], source)

    copied = audit.training[audit.training["copied"] > 0].sort_values("copied", ascending=False, kind="stable")
    return environment.get_template("audit.html").render(
        audit=audit,
        rows=audit.table.to_dict("records"),
        criteria=audit.criteria.to_dict("records"),
        likeliest=likeliest(audit).to_dict("records"),
        most=copied.head(MOST).to_dict("records") if copied["copied"].max() > 1 else [],
        classes=_classes(audit),
        called=int(audit.samples["copy"].sum()),
        inputs=_inputs(audit),
        settings=audit.settings,
        recall=audit.recall.to_dict("records"),
        versions=_versions(),
        command=_command(audit),
        figure=figure,
        number=_number,
        percent=percent,
    )


def _classes(audit: Audit) -> list[dict[str, Any]]:
    labels = audit.sets["generated"].labels
    if labels is None:
        return []
    groups = pd.DataFrame({"label": labels, "copy": audit.samples["copy"]}).groupby("label")["copy"]
    return groups.agg(samples="size", copied="mean").reset_index().to_dict("records")


def _inputs(audit: Audit) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "source": items.source,
            "items": len(items),
            "shape": list(items.values.shape[1:]),
            "sha256": items.sha256,
        }
        for name, items in audit.sets.items()
    ]


def _command(audit: Audit) -> str:
    """The command that gives this audit again, or the call in Python where no command can name a set or an option."""
    sources, settings = {name: items.source for name, items in audit.sets.items()}, dict(audit.settings)
    own = not re.search(r"^raw$|^pca-|:", settings["features"])  # a function, of which only the name is known
    if own or settings["ratios"] != list(RATIOS) or not set(IN_MEMORY).isdisjoint(sources.values()):
        sets = [f"{name}={name if source in IN_MEMORY else repr(source)}" for name, source in sources.items()]
        options = [f"{name}={value if own and name == 'features' else repr(value)}" for name, value in settings.items()]
        return f"diffmem.audit({', '.join(sets + options)})"
    parts = [part for name, source in sources.items() for part in (f"--{name}", source)]
    for name in ("features", "augment", "index", "seed", "permutations"):
        value = settings[name]
        if value != USUAL.get(name):
            parts += [f"--{name}", ",".join(value) if isinstance(value, list) else str(value)]
    parts += [part for name in settings["accept"] for part in ("--accept", name)]
    return shlex.join(["diffmem", "audit", *parts, "--out", "DIR"])


def _versions() -> dict[str, str]:
    return {"diffmem": __version__, **installed(PACKAGES)}


def _number(value: float) -> str:
    if value is None or math.isnan(value):
        return "not known"
    return f"{value:.3g}"


def _undated(kind: str) -> dict[str, None]:
    """Metadata without the date, so that the same audit gives the same bytes."""
    return {"Date": None} if kind == "svg" else {}


def _plain(value: Any) -> Any:
    """``value`` in types that JSON has."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
