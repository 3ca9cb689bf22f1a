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
        ratios=headline_ratios,
        code=code("curves.py"),
    script:
        "../scripts/curves.py"


rule quality_curves:
    """Mean and 95 % interval over replicates of the quality of the samples."""
    input:
        shards("results/{study}/{cell}/{shard}/quality.parquet"),
    output:
        "results/{study}/quality.parquet",
    log:
        "results/logs/{study}/quality_curves.log",
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("quality_curves.py"),
    script:
        "../scripts/quality_curves.py"


rule timing:
    """Curves of the share memorized, claims by the clock, and how well memorization times find outliers."""
    input:
        times=shards("results/{study}/{cell}/{shard}/times.parquet", twins=True),
        detection=shards("results/{study}/{cell}/{shard}/detection.parquet", twins=True),
    output:
        times="results/{study}/times.parquet",
        detection="results/{study}/detection.parquet",
        claims="results/{study}/time_claims.parquet",
    log:
        "results/logs/{study}/timing.log",
    conda:
        "../../envs/tables.yaml"
    params:
        settings=cell_words,
        code=code("timing.py"),
    script:
        "../scripts/timing.py"


rule claims:
    """Put the paper's claims to the test in every cell of a study."""
    input:
        shards("results/{study}/{cell}/{shard}/rates.parquet"),
    output:
        "results/{study}/claims.parquet",
    log:
        "results/logs/{study}/claims.log",
    conda:
        "../../envs/tables.yaml"
    params:
        ratios=headline_ratios,
        settings=cell_words,
        code=code("claims.py"),
    script:
        "../scripts/claims.py"


rule claims_table:
    """Collect the claims of all studies."""
    input:
        expand("results/{study}/claims.parquet", study=STUDIES),
        expand("results/{study}/time_claims.parquet", study=TWINNED),
    output:
        report(
            "results/claims.csv",
            caption="../report/claims.rst",
            category="claims",
            labels={"table": "claims"},
        ),
    log:
        "results/logs/claims.log",
    conda:
        "../../envs/tables.yaml"
    params:
        code=code("claims_table.py"),
    script:
        "../scripts/claims_table.py"
