rule plan:
    """Print what the chosen config would run, and what that costs. Runs nothing."""
    log:
        "results/logs/plan.log",
    localrule: True
    conda:
        "../../envs/torch.yaml"
    params:
        studies=STUDIES,
    script:
        "../scripts/plan.py"


rule curves:
    """Mean and 95 % interval over replicates of every rate and loss of a study."""
    input:
        rates=shards("results/{study}/{cell}/{shard}/rates.parquet"),
        training=shards("results/{study}/{cell}/{shard}/training.parquet"),
    output:
        curves="results/{study}/curves.parquet",
        losses="results/{study}/losses.parquet",
    log:
        "results/logs/{study}/curves.log",
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("curves.py"),
    script:
        "../scripts/curves.py"
