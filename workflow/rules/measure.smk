rule neighbours:
    """Find the nearest training and test locations of every generated, fresh and optimal point of a shard."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        samples="results/{study}/{cell}/{shard}/samples.npy",
        ceiling="results/{study}/{cell}/{shard}/ceiling.npz",
    output:
        generated=passing("results/{study}/{cell}/{shard}/neighbours/generated.npy"),
        references="results/{study}/{cell}/{shard}/neighbours/references.npz",
        recall="results/{study}/{cell}/{shard}/neighbours/recall.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/neighbours.log",
    benchmark:
        "results/benchmarks/{study}/{cell}/{shard}/neighbours.tsv"
    conda:
        "../../envs/onset.yaml"
    params:
        cell=settings("neighbours", "seed"),
        rounded=lambda wildcards: settings("measure")(wildcards)["measure"]["rounded"],
        merge=lambda wildcards: settings("measure")(wildcards)["measure"]["merge"],
        device=lambda wildcards: settings("compute")(wildcards)["compute"]["device"],
        code=code("neighbours.py", "neighbours"),
    script:
        "../scripts/neighbours.py"


rule rates:
    """Judge every snapshot of a shard: raw and net copied fractions, mass and coverage per stratum."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        generated="results/{study}/{cell}/{shard}/neighbours/generated.npy",
        references="results/{study}/{cell}/{shard}/neighbours/references.npz",
        recall="results/{study}/{cell}/{shard}/neighbours/recall.parquet",
        training="results/{study}/{cell}/{shard}/training.parquet",
    output:
        "results/{study}/{cell}/{shard}/rates.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/rates.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("data", "training", "measure"),
        code=code("rates.py"),
    script:
        "../scripts/rates.py"


rule times:
    """When every location of a shard is memorized, and how well that finds the injected outliers."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        generated="results/{study}/{cell}/{shard}/neighbours/generated.npy",
        training="results/{study}/{cell}/{shard}/training.parquet",
    output:
        times="results/{study}/{cell}/{shard}/times.parquet",
        detection="results/{study}/{cell}/{shard}/detection.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/times.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("data", "measure"),
        code=code("times.py"),
    script:
        "../scripts/times.py"


rule quality:
    """How good the samples of a shard are, beside what they copy."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        samples="results/{study}/{cell}/{shard}/samples.npy",
        training="results/{study}/{cell}/{shard}/training.parquet",
    output:
        "results/{study}/{cell}/{shard}/quality.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/quality.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("seed"),
        code=code("quality.py"),
    script:
        "../scripts/quality.py"


rule pooled:
    """Judge chosen snapshots of a shard in full: permuted labels, and the criterion of fifty neighbours."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        glimpse="results/{study}/{cell}/{shard}/glimpse.npz",
    output:
        "results/{study}/{cell}/{shard}/pooled.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/pooled.log",
    conda:
        "../../envs/tables.yaml"
    params:
        cell=settings("measure", "seed"),
        code=code("pooled.py"),
    script:
        "../scripts/pooled.py"
