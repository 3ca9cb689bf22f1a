"""Figures, claims and pages: which files they are made from."""

from types import SimpleNamespace

OUTLIERS = [name for name, study in STUDIES.items() if study.question == "outliers"]
TWINNED = [name for name in OUTLIERS if STUDIES[name].twinned()]
WITH_OUTLIERS = [name for name in OUTLIERS if STUDIES[name].with_outliers()]
OF_SIZES = [name for name in OUTLIERS if STUDIES[name].sizes()]
BRIDGED = [name for name in OF_SIZES if not STUDIES[name].with_strata()]


def folder_figures(folder):
    """The figures of a folder of results: of a study, a calibration, or the public code."""
    if folder in STUDIES:
        return registry.FIGURES[STUDIES[folder].question]
    return registry.FIGURES["calibration" if folder in CONTROLS else folder]


def figures(study):
    """Every figure of a study, without those of strata that it lacks, or of images where it has none."""
    asks = STUDIES[study].question
    all_images = asks in ("outliers", "effective") and len(
        STUDIES[study].image_cells()
    ) == len(STUDIES[study].cells)
    lacking = {
        "times": study not in TWINNED,
        "density": study not in TWINNED,
        "uses": study not in WITH_OUTLIERS,
        **dict.fromkeys(
            ("within", "mass"), asks == "outliers" and not STUDIES[study].with_strata()
        ),
        "clocks": study not in OF_SIZES,
        "signals": study not in OF_SIZES,
        "levels": study not in OF_SIZES,
        "definitions": study not in BRIDGED,
        "losses": STUDIES[study].is_given(),
        "matches": asks == "effective" and not all_images,
        "images": asks == "outliers" and not all_images,
        "scatter": asks == "outliers" and bool(STUDIES[study].image_cells()),
    }
    return expand(
        "<results>/{study}/figures/{figure}.{kind}",
        study=study,
        figure=[name for name in folder_figures(study) if not lacking.get(name)],
        kind=("png", "svg"),
    )


def animation(study):
    """The animation of a study whose points lie in a plane, as a film too, and its last frame."""
    kinds = ("gif", "mp4", "png") if STUDIES[study].animated() else ()
    return [f"<results>/{study}/figures/animation.{kind}" for kind in kinds]


def frames_of_animation(wildcards):
    """The frames of the first replicate of every cell that is shown."""
    study = STUDIES[wildcards.study]
    return [
        f"<results>/{study.name}/{cell}/{study.shards[0]}/frames.npz"
        for cell in study.animated()
    ]


def words_of_animation(wildcards):
    """Cell -> its description, for the cells that are shown."""
    words = figure_options(SimpleNamespace(study=wildcards.study, figure="animation"))[
        "words"
    ]
    return {cell: words[cell] for cell in STUDIES[wildcards.study].animated()}


def figure_tables(wildcards):
    """Argument of the drawing function -> the files it is made from."""
    found = {}
    for name, path in folder_figures(wildcards.study)[wildcards.figure].tables.items():
        pattern = f"{wildcards.study}/{path}" if isinstance(path, str) else None
        if pattern and "{cell}" in pattern:
            study = STUDIES[wildcards.study]
            found[name] = expand(
                f"<results>/{pattern}", cell=study.cells, shard=study.shards[0]
            )
        elif pattern:
            found[name] = f"<results>/{pattern}"
        else:
            found[name] = [f"<results>/{wildcards.study}/{part}" for part in path]
    return found


def tables_of_figures():
    """What the figures of all studies are made from."""
    found = {}
    for study in STUDIES:
        for path in figures(study):
            wanted = SimpleNamespace(study=study, figure=Path(path).stem)
            for files in figure_tables(wanted).values():
                found |= dict.fromkeys([files] if isinstance(files, str) else files)
        found |= dict.fromkeys(frames_of_animation(SimpleNamespace(study=study)))
    return list(found)


def figure_draw(wildcards):
    """The function that draws a figure, as module:function."""
    return folder_figures(wildcards.study)[wildcards.figure].draw


def figure_options(wildcards):
    """What else a figure is told: what cells are called in it, or which of them it shows."""
    study = STUDIES.get(wildcards.study)
    if study and study.question in ("outliers", "onset", "audit"):
        figure = folder_figures(study.name).get(wildcards.figure)
        return {"words": study.words()} if figure is None or figure.names_cells else {}
    if wildcards.figure == "matches":
        arm, size = study.arms.shown()
        return {"of": f"arm {arm}, n = {size:,}"}
    return {}


def counted(wildcards):
    """What the snapshots of a study are counted in."""
    study = STUDIES.get(wildcards.study)
    return study.counted() if study else "epoch"


def figure_code(wildcards):
    """Digest of the code behind one figure."""
    return digest(workflow.source_path("../scripts/figure.py"), figure_draw(wildcards))


def claims_of(studies):
    """The tables of claims of some studies."""
    parts = {
        "claims": [name for name in studies if STUDIES[name].question != "audit"],
        "time_claims": TWINNED,
        "density_claims": TWINNED,
        "use_claims": WITH_OUTLIERS,
        "membership_claims": OUTLIERS,
        "stopping_claims": OUTLIERS,
        "clock_claims": OF_SIZES,
        "signal_claims": OF_SIZES,
        "noise_claims": OF_SIZES,
        "definition_claims": BRIDGED,
    }
    return [
        f"<results>/{name}/{part}.parquet"
        for part, having in parts.items()
        for name in studies
        if name in having
    ]


def page_tables(names):
    """Tables that say whether samples are noise, and the results of audits."""
    file = {
        "outliers": "quality.parquet",
        "effective": "runs.parquet",
        "audit": "audits.parquet",
    }
    return [
        f"<results>/{name}/{file[STUDIES[name].question]}"
        for name in names
        if STUDIES[name].question in file
    ] + [f"<results>/{name}/stopping.parquet" for name in names if name in OUTLIERS]


def page_others():
    """Folders of figures that belong to no study and have been made: the page shows them, and asks for none."""
    return [
        name
        for name in (*CONTROLS, "published")
        if os.path.isdir(f"results/{NAME}/{name}/figures")
    ]
