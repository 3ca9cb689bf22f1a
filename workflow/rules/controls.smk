from diffmem.studies.calibration import settings as ladder

CONTROLS = {
    name: expand(
        "results/{ladder}/{setting}/{shard}.parquet",
        ladder=name,
        setting=known,
        shard=ladder.SHARDS[name],
    )
    for name, known in ladder.SETTINGS.items()
}


# both ladders are targets: snakemake --cores all controls
for name in ladder.SETTINGS:

    rule:
        name:
            name
        input:
            expand(
                "results/{ladder}/figures/controls.{kind}",
                ladder=name,
                kind=("png", "svg"),
            ),
            expand("results/{ladder}/card.csv", ladder=name),
        localrule: True


rule control:
    """Put generators whose answer is known before every criterion, in one setting."""
    output:
        "results/{ladder}/{setting}/{shard}.parquet",
    log:
        "results/logs/{ladder}/{setting}/{shard}.log",
    benchmark:
        "results/benchmarks/{ladder}/{setting}/{shard}.tsv"
    wildcard_constraints:
        ladder="|".join(ladder.SETTINGS),
        setting=r"[\w-]+",
    conda:
        "../../envs/tables.yaml"
    params:
        setting=lookup(dpath="{ladder}/{setting}", within=ladder.SETTINGS),
        permutations=ladder.PERMUTATIONS,
        code=code("controls.py"),
    script:
        "../scripts/controls.py"


rule controls_card:
    """Calibrate every criterion: false alarms, power, bias and coverage."""
    input:
        lookup(dpath="{ladder}", within=CONTROLS),
    output:
        card="results/{ladder}/card.parquet",
        csv=report(
            "results/{ladder}/card.csv",
            caption="../report/controls.rst",
            category="{ladder}",
            labels={"table": "calibration card"},
        ),
        levels="results/{ladder}/levels.parquet",
    log:
        "results/logs/{ladder}/card.log",
    wildcard_constraints:
        ladder="|".join(ladder.SETTINGS),
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("controls_card.py"),
    script:
        "../scripts/controls_card.py"


rule controls_figure:
    """Draw estimates, dose-response and false alarms of every criterion."""
    input:
        card="results/{ladder}/card.parquet",
        levels="results/{ladder}/levels.parquet",
    output:
        png=report(
            "results/{ladder}/figures/controls.png",
            caption="../report/controls.rst",
            category="{ladder}",
            labels={"figure": "controls"},
        ),
        svg="results/{ladder}/figures/controls.svg",
    log:
        "results/logs/{ladder}/controls.log",
    wildcard_constraints:
        ladder="|".join(ladder.SETTINGS),
    conda:
        "../../envs/figures.yaml"
    params:
        shown=lookup(dpath="{ladder}", within=ladder.SHOWN),
        code=code("controls_figure.py"),
    script:
        "../scripts/controls_figure.py"
