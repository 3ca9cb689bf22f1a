rule onset_cell:
    """Train a generator on n points, for every n and repetition of a cell; compare it with its points and the truth."""
    output:
        "<results>/{study}/{cell}/onset.parquet",
    log:
        "<logs>/{study}/{cell}/onset.log",
    benchmark:
        "<benchmarks>/{study}/{cell}/onset.tsv"
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
        points="<results>/{study}/points.parquet",
        onsets="<results>/{study}/onsets.parquet",
        claims="<results>/{study}/claims.parquet",
    log:
        "<logs>/{study}/onset_tables.log",
    wildcard_constraints:
        study=asking("onset"),
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        cells=onset_settings,
        code=code("onset_tables.py"),
    script:
        "../scripts/onset_tables.py"


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
        expand("<results>/published/figures/published.{kind}", kind=("png", "svg")),
    localrule: True


rule published_part:
    """As published: signs of Delta by the public code's arithmetic, and by its formulas."""
    output:
        "<results>/published/{part}.parquet",
    log:
        "<logs>/published/{part}.log",
    wildcard_constraints:
        part="|".join(PUBLISHED),
    localrule: True
    conda:
        "../../envs/onset.yaml"
    params:
        settings=lookup(dpath="{part}", within=PUBLISHED),
        code=code("published.py"),
    script:
        "../scripts/published.py"
