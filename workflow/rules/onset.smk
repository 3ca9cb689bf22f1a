def onset_cells(wildcards):
    """The table of every cell of a study."""
    study = STUDIES[wildcards.study]
    return expand(
        "results/{study}/{cell}/onset.parquet", study=study.name, cell=study.cells
    )


def onset_settings(wildcards):
    """Cell -> its settings, for the closed forms and the words of the claims."""
    return json.loads(json.dumps(STUDIES[wildcards.study].cells))


rule onset_cell:
    """Train a generator on n points, for every n and repetition of a cell, and compare it with training and truth."""
    output:
        "results/{study}/{cell}/onset.parquet",
    log:
        "results/logs/{study}/{cell}/onset.log",
    benchmark:
        "results/benchmarks/{study}/{cell}/onset.tsv"
    wildcard_constraints:
        study=asking("onset"),
    conda:
        "../../envs/onset.yaml"
    params:
        cell=settings("law", "generator", "onset", "seed"),
        code=code("onset.py", "law", "generator"),
    script:
        "../scripts/onset.py"


rule onset_tables:
    """Curves over n / d, places where they turn, and verdicts on the claims, of all cells of a study."""
    input:
        onset_cells,
    output:
        points="results/{study}/points.parquet",
        onsets="results/{study}/onsets.parquet",
        claims="results/{study}/claims.parquet",
    log:
        "results/logs/{study}/onset_tables.log",
    wildcard_constraints:
        study=asking("onset"),
    conda:
        "../../envs/tables.yaml"
    params:
        cells=onset_settings,
        code=code("onset_tables.py"),
    script:
        "../scripts/onset_tables.py"


rule onset_figure:
    """Draw one figure of an onset study."""
    input:
        points="results/{study}/points.parquet",
        onsets="results/{study}/onsets.parquet",
    output:
        png=report(
            "results/{study}/figures/{figure}.png",
            caption="../report/onset.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        svg="results/{study}/figures/{figure}.svg",
    log:
        "results/logs/{study}/{figure}.log",
    wildcard_constraints:
        study=asking("onset"),
        figure="|".join(ONSET_FIGURES),
    conda:
        "../../envs/figures.yaml"
    params:
        code=figure_code("onset_figure.py"),
    script:
        "../scripts/onset_figure.py"
