rule plan:
    """Print what the chosen config would run, and what that costs. Runs nothing."""
    localrule: True
    conda:
        "../../envs/tables.yaml"
    params:
        studies=STUDIES,
    script:
        "../scripts/plan.py"


rule curves:
    """Mean and 95 % interval over replicates of every rate and loss of a study."""
    input:
        rates=shards(SHARD + "/rates.parquet"),
        training=shards(SHARD + "/training.parquet"),
    output:
        curves="results/{study}/curves.parquet",
        losses="results/{study}/losses.parquet",
    log:
        LOGS + "/{study}/curves.log",
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("curves.py"),
    script:
        "../scripts/curves.py"
