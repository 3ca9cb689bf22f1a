rule copies:
    """Judge every snapshot of a shard by the rule of 1/3, beside what held-out points and the optimum score."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        generated="results/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="results/{study}/{cell}/{shard}/neighbours/references.npz",
        recall="results/{study}/{cell}/{shard}/neighbours/recall.parquet",
        training="results/{study}/{cell}/{shard}/training.parquet",
    output:
        "results/{study}/{cell}/{shard}/copies.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/copies.log",
    wildcard_constraints:
        study=asking("effective"),
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("copies.py"),
    script:
        "../scripts/copies.py"


checkpoint search:
    """Which sizes of an arm to run next, so that few runs close in on its effective memorization."""
    input:
        searched,
    output:
        "results/{study}/search/{arm}/{round}.json",
    log:
        "results/logs/{study}/search/{arm}/{round}.log",
    wildcard_constraints:
        study=asking("effective"),
        round=r"\d+",
    conda:
        "../../envs/tables.yaml"
    params:
        sizes=lambda wildcards: list(STUDIES[wildcards.study].arms.cells[wildcards.arm]),
        code=code("search.py"),
    script:
        "../scripts/search.py"


rule effective:
    """Effective memorization of every arm, and the paper's claims about what drives it."""
    input:
        copies=of_cells("copies.parquet"),
        quality=of_cells("quality.parquet"),
        training=of_cells("training.parquet"),
        labelled=of_cells("data.npz", arms=true_labels),
    output:
        runs="results/{study}/runs.parquet",
        curves="results/{study}/effective_curves.parquet",
        estimates="results/{study}/effective.parquet",
        thresholds="results/{study}/thresholds.parquet",
        fits="results/{study}/fits.parquet",
        factors="results/{study}/factors.parquet",
        losses="results/{study}/effective_losses.parquet",
        claims="results/{study}/claims.parquet",
    log:
        "results/logs/{study}/effective.log",
    wildcard_constraints:
        study=asking("effective"),
    conda:
        "../../envs/tables.yaml"
    params:
        arms=lambda wildcards: arms_of(wildcards.study),
        resolutions=lambda wildcards: STUDIES[wildcards.study].arms.resolutions,
        settings=arm_words,
        code=code("effective.py"),
    script:
        "../scripts/effective.py"


rule effective_figure:
    """Draw one figure of a study of effective memorization."""
    input:
        curves="results/{study}/effective_curves.parquet",
        estimates="results/{study}/effective.parquet",
        fits="results/{study}/fits.parquet",
        factors="results/{study}/factors.parquet",
        losses="results/{study}/effective_losses.parquet",
    output:
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="../report/effective.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        svg="results/{study}/figures/{figure}.svg",
    log:
        "results/logs/{study}/{figure}.log",
    wildcard_constraints:
        study=asking("effective"),
        figure="effective|factors|tradeoff|noise",
    conda:
        "../../envs/figures.yaml"
    params:
        arms=lambda wildcards: arms_of(wildcards.study),
        code=figure_code("effective_figure.py"),
    script:
        "../scripts/effective_figure.py"


rule matches:
    """Show generated images beside the training images nearest to them."""
    input:
        data=shown_cell("data.npz"),
        glimpse=shown_cell("glimpse.npz"),
        generated=shown_cell("neighbours/generated.npy"),
    output:
        png=report(
            "results/{study}/figures/matches.png",
            caption="../report/effective.rst",
            category="{study}",
            labels={"figure": "matches"},
        ),
        svg="results/{study}/figures/matches.svg",
    log:
        "results/logs/{study}/matches.log",
    wildcard_constraints:
        study=asking("effective"),
    conda:
        "../../envs/figures.yaml"
    params:
        size=lambda wildcards: checks.size(
            next(iter(STUDIES[wildcards.study].cells.values()))["data"]
        ),
        code=figure_code("matches.py"),
    script:
        "../scripts/matches.py"
