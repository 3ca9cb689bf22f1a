rule onset_cell:
    """Train a generator on n points, for every n and repetition of a cell; compare it with its points and the truth."""
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


# the paper's public code as it is, next to what its formulas say: snakemake --cores all published
PUBLISHED = {
    "kernels-16": {
        "part": "linear",
        "dimension": 16,
        "repetitions": 200,
        "seed": 1,
    },
    "kernels-100": {
        "part": "linear",
        "dimension": 100,
        "repetitions": 60,
        "seed": 1,
    },
    "pixels": {"part": "pixels", "repetitions": 60, "seed": 1},
}


rule:
    name:
        "published"
    input:
        expand("results/published/figures/published.{kind}", kind=("png", "svg")),
    localrule: True


rule published_part:
    """As published: signs of Delta by the public code's arithmetic, and by its formulas."""
    output:
        "results/published/{part}.parquet",
    log:
        "results/logs/published/{part}.log",
    wildcard_constraints:
        part="|".join(PUBLISHED),
    conda:
        "../../envs/onset.yaml"
    params:
        settings=lookup(dpath="{part}", within=PUBLISHED),
        code=code("published.py"),
    script:
        "../scripts/published.py"


rule published_figure:
    """As published: draw P(Delta > 0) of the public code beside that of its formulas."""
    input:
        kernels=expand(
            "results/published/kernels-{dimension}.parquet", dimension=(16, 100)
        ),
        pixels="results/published/pixels.parquet",
    output:
        png=report(
            "results/published/figures/published.png",
            caption="../report/published.rst",
            category="onset",
            labels={"figure": "as published"},
        ),
        svg="results/published/figures/published.svg",
    log:
        "results/logs/published/figure.log",
    conda:
        "../../envs/figures.yaml"
    params:
        code=code("published_figure.py"),
    script:
        "../scripts/published_figure.py"
