rule plan:
    """Print what the chosen config would run, and what that costs. Runs nothing."""
    log:
        "results/logs/plan.log",
    localrule: True
    conda:
        "../../envs/onset.yaml"
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
    wildcard_constraints:
        study=asking("outliers"),
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
    wildcard_constraints:
        study=asking("outliers"),
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
    wildcard_constraints:
        study=asking("outliers"),
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
        rates=shards("results/{study}/{cell}/{shard}/rates.parquet"),
        pooled=shards("results/{study}/{cell}/{shard}/pooled.parquet"),
    output:
        "results/{study}/claims.parquet",
    log:
        "results/logs/{study}/claims.log",
    wildcard_constraints:
        study=asking("outliers"),
    conda:
        "../../envs/tables.yaml"
    params:
        ratios=headline_ratios,
        settings=cell_words,
        code=code("claims.py"),
    script:
        "../scripts/claims.py"


rule exchangeability:
    """Test whether the held-out points of every replicate could have been its training points."""
    input:
        shards("results/{study}/{cell}/{shard}/data.npz"),
    output:
        "results/{study}/exchangeability.parquet",
    log:
        "results/logs/{study}/exchangeability.log",
    wildcard_constraints:
        study=asking("outliers"),
    conda:
        "../../envs/tables.yaml"
    params:
        cells=tested_cells,
        code=code("exchangeability.py"),
    script:
        "../scripts/exchangeability.py"


rule uses:
    """Put the uses proposed for memorization times to the test: stopping early, and finding outliers."""
    input:
        rates=shards("results/{study}/{cell}/{shard}/rates.parquet"),
        training=shards("results/{study}/{cell}/{shard}/training.parquet"),
        quality=shards("results/{study}/{cell}/{shard}/quality.parquet"),
        detection=shards("results/{study}/{cell}/{shard}/detection.parquet", twins=True),
    output:
        uses="results/{study}/uses.parquet",
        claims="results/{study}/use_claims.parquet",
    log:
        "results/logs/{study}/uses.log",
    wildcard_constraints:
        study=asking("outliers"),
    conda:
        "../../envs/tables.yaml"
    params:
        ratios=headline_ratios,
        settings=cell_words,
        code=code("uses.py"),
    script:
        "../scripts/uses.py"


rule claims_table:
    """Collect the claims of all studies, without verdicts where held-out points differ from training points."""
    input:
        claims=[
            *expand("results/{study}/claims.parquet", study=STUDIES),
            *expand("results/{study}/time_claims.parquet", study=TWINNED),
            *expand("results/{study}/use_claims.parquet", study=WITH_OUTLIERS),
        ],
        exchangeability=expand(
            "results/{study}/exchangeability.parquet", study=OUTLIERS
        ),
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
