rule train:
    """Train the replicates of a shard, stacked, and keep the snapshots."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
    output:
        snapshots=passing("results/{study}/{cell}/{shard}/snapshots.npy"),
        training="results/{study}/{cell}/{shard}/training.parquet",
    log:
        "results/logs/{study}/{cell}/{shard}/train.log",
    benchmark:
        "results/benchmarks/{study}/{cell}/{shard}/train.tsv"
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("model", "schedule", "training", "compute", "seed"),
        stack=lambda wildcards: STUDIES[wildcards.study].stack,
        code=code("train.py", "model", "schedule"),
    script:
        "../scripts/train.py"


rule sample:
    """Generate points from every snapshot of a shard."""
    input:
        data="results/{study}/{cell}/{shard}/data.npz",
        snapshots="results/{study}/{cell}/{shard}/snapshots.npy",
        training="results/{study}/{cell}/{shard}/training.parquet",
    output:
        samples=passing("results/{study}/{cell}/{shard}/samples.npy"),
        glimpse="results/{study}/{cell}/{shard}/glimpse.npz",
    log:
        "results/logs/{study}/{cell}/{shard}/sample.log",
    benchmark:
        "results/benchmarks/{study}/{cell}/{shard}/sample.tsv"
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("model", "schedule", "training", "sampling", "compute", "seed"),
        code=code("sample.py", "model", "schedule", "sampling"),
    script:
        "../scripts/sample.py"


rule optimum:
    """Sample the closed-form optimum of every replicate of a shard, the ceiling of its curves."""
    input:
        "results/{study}/{cell}/{shard}/data.npz",
    output:
        "results/{study}/{cell}/{shard}/ceiling.npz",
    log:
        "results/logs/{study}/{cell}/{shard}/optimum.log",
    benchmark:
        "results/benchmarks/{study}/{cell}/{shard}/optimum.tsv"
    conda:
        "../../envs/torch.yaml"
    params:
        cell=settings("schedule", "sampling", "seed"),
        code=code("optimum.py", "schedule", "sampling"),
    script:
        "../scripts/optimum.py"
